"""What constructions state and what theorems ask for, beside the weights: faults of the constructions and of the
thresholds themselves, which runs of wrong weights do not show, since those are predicted from the same weights.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bounds.theorem1 import Theorem1
from bounds.theorem2 import Theorem2
from constructions.mamba import SSM
from constructions.memories.memory import Memory
from verify.copy.modules import build
from verify.sweep import memories, rows
from verify.sweep.devices import mesh
from verify.sweep.grid import Cell, Run
from verify.sweep.measure import Record, judged, measure
from verify.sweep.programs import Programs
from verify.sweep.rows import row
from verify.sweep.settings import SweepSettings
from verify.sweep.stated import beyond_stated
from verify.sweep.thresholds import thresholds
from verify.verdict import Verdict

TENTH = Fraction(1, 10)
LINEAR = Run("ssm-linear", 40, 8, 0, Fraction(1), None, "float32", 0)
GATED = Run("ssm-gated", 40, 8, 0, Fraction(1), TENTH, "float32", 0)
ATTENTION = Run("attention", 40, 8, 0, Fraction(1), TENTH, "float32", 0)
FORGETS = Run("ssm-constant", 12, 8, 12, Fraction("0.9"), None, "float32", 0)
CROWDED = Run("ssm-constant", 40, 8, 12, Fraction("0.9"), None, "float32", 0)
WRITTEN_FIRST = Run("ssm-constant", 40, None, 12, Fraction(1), None, "float32", 0)
FARTHEST = replace(FORGETS, L=12)  # nothing lies before it, so that Theorem 1 has instances with no other score
SHORT = Run("ssm-constant", 12, 2, 12, Fraction("0.999"), None, "float32", 0)
Change = Callable[[Memory], Memory]


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Change], None]]:
    """Constructions with a fault in them."""

    def plant(change: Change) -> None:
        monkeypatch.setattr(memories, "build", lambda *words: change(build(*words)))
        memories._stored.cache_clear()
        memories._derived.cache_clear()

    yield plant
    memories._stored.cache_clear()
    memories._derived.cache_clear()


@pytest.mark.parametrize("run", [LINEAR, GATED, ATTENTION, FORGETS, CROWDED, WRITTEN_FIRST], ids=str)
@pytest.mark.parametrize("N", [1, 12, 40, 300])
def test_the_weights_do_what_is_stated(run: Run, N: int):
    run = replace(run, N=N, L=None if run.L is None else min(run.L, N), d_h=min(run.d_h, N))
    off, allowed = beyond_stated(run, judged(run))
    assert off <= allowed < 1e-9


def weaker(memory: Memory) -> Memory:
    """Weights for three times the error that is stated."""
    assert memory.stated_error is not None
    run = GATED if memory.name == "ssm-gated" else ATTENTION
    settings = replace(memories.CopySettings(), d=memory.encoding.d, epsilon=3 * TENTH)
    return replace(build(run.module, memories.task_of(run), 0, settings), stated_error=memory.stated_error)


def faster(memory: Memory) -> Memory:
    """Forgetting a^1.5."""
    module = memory.module
    assert isinstance(module, SSM)
    assert module.A is not None
    return replace(memory, module=replace(module, A=np.array(1.5 * float(np.asarray(module.A)))))


def swapped(memory: Memory) -> Memory:
    """The sines of the code are cosines."""
    codes = memory.encoding.codes
    assert codes is not None
    half = codes.shape[1] // 2
    return replace(memory, encoding=replace(memory.encoding, codes=np.concatenate([codes[:, :half]] * 2, axis=1)))


@pytest.mark.parametrize(
    ("run", "change"),
    [(GATED, weaker), (ATTENTION, weaker), (FORGETS, faster), (CROWDED, faster), (WRITTEN_FIRST, swapped)],
    ids=lambda given: getattr(given, "__name__", None) or given.module,
)
def test_a_construction_that_is_wrong_is_refuted(run: Run, change: Change, planted: Callable[[Change], None]):
    from tests.verify.test_sweep_measure import verdicts

    planted(change)
    programs = Programs(mesh(1))
    (record,) = measure([run], programs)
    programs.close()
    found = verdicts(run, record)
    assert found.pop("as-stated") is Verdict.REFUTED
    assert set(found.values()) == {Verdict.HELD}  # all else follows the weights that are run


def told(run: Run, record: Record) -> dict[str, Any]:
    return row(Cell(run, run.epsilon or TENTH), record)


@pytest.fixture(scope="module")
def records() -> dict[Run, Record]:
    programs, runs = Programs(mesh(1)), (FORGETS, FARTHEST, CROWDED, SHORT, ATTENTION)
    found = {run: record for run in runs for record in measure([run], programs)}
    programs.close()
    return found


@pytest.mark.parametrize("run", [FORGETS, FARTHEST, CROWDED, SHORT, ATTENTION], ids=str)
def test_requirements_and_thresholds_are_in_order(records: dict[Run, Record], run: Run):
    (check,) = thresholds(run.module, run.dtype, [told(run, records[run])])
    assert check.verdict is Verdict.HELD
    assert check.value == (run is SHORT)  # the one whose score meets the threshold


@pytest.mark.parametrize(
    ("theorem", "name", "run", "factor"),
    [
        (Theorem1, "threshold", FORGETS, 0.5),
        (Theorem1, "required", FARTHEST, 2.0),
        (Theorem2, "threshold", ATTENTION, 0.25),
        (Theorem2, "required", ATTENTION, 0.5),
    ],
)
def test_a_threshold_that_is_wrong_is_refuted(
    theorem: Any, name: str, run: Run, factor: float, records: dict[Run, Record], monkeypatch: pytest.MonkeyPatch
):
    true = getattr(theorem, name)
    monkeypatch.setattr(theorem, name, lambda *words, **more: factor * true(*words, **more))
    for kept in (rows._theorem1, rows._theorem2):
        kept.cache_clear()
    try:
        (check,) = thresholds(run.module, run.dtype, [told(run, records[run])])
    finally:
        for kept in (rows._theorem1, rows._theorem2):
            kept.cache_clear()
    assert check.verdict is Verdict.REFUTED
    assert check.witness is not None
    assert check.witness["L"] == run.L


def test_a_score_that_meets_its_threshold_and_does_not_copy_is_refuted(records: dict[Run, Record]):
    wrong = told(SHORT, records[SHORT]) | {"worst_case_error": 0.2}
    (check,) = thresholds("ssm-constant", "float32", [wrong])
    assert check.verdict is Verdict.REFUTED


def test_coefficients_that_a_format_rounds_are_none_of_theorem_1(records: dict[Run, Record]):
    assert list(thresholds("ssm-constant", "bfloat16", [told(FORGETS, records[FORGETS])])) == []
    assert (
        list(thresholds("ssm-linear", "float32", [told(FORGETS, records[FORGETS]) | {"theorem_threshold": None}])) == []
    )
    assert SweepSettings().dtypes[0] == "bfloat16"  # such cells are usual
