"""One run of a sweep against its closed forms, and the faults that its checks catch."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import jax
import numpy as np
import pytest

from bounds.converse import mean_square_floor, worst_case_floor
from bounds.formats import format_of
from bounds.rounding import growth
from constructions.mamba import SSM
from verify.sweep import measure as measuring
from verify.sweep.checks import checks
from verify.sweep.devices import mesh
from verify.sweep.grid import Cell, D, Run
from verify.sweep.layers import rates
from verify.sweep.measure import Record, judged, measure
from verify.sweep.memories import memory_of
from verify.sweep.programs import JUDGED, Programs
from verify.sweep.rows import copies, predicted, row
from verify.verdict import Verdict

LINEAR = Run("ssm-linear", 40, 8, 0, Fraction(1), None, "float32", 0)
GATED = Run("ssm-gated", 40, 8, 0, Fraction(1), Fraction(1, 10), "float32", 0)
FORGETS = Run("ssm-constant", 12, 8, 12, Fraction("0.9"), None, "float32", 0)
CROWDED = Run("ssm-constant", 40, 8, 12, Fraction("0.9"), None, "float32", 0)
WRITTEN_FIRST = Run("ssm-constant", 40, None, 12, Fraction(1), None, "float32", 0)
ATTENTION = Run("attention", 40, 8, 0, Fraction(1), Fraction(1, 10), "float32", 0)
NARROW = tuple(replace(run, dtype="bfloat16") for run in (GATED, FORGETS, CROWDED, WRITTEN_FIRST, ATTENTION))
NARROW += (replace(GATED, dtype="float16"), replace(CROWDED, dtype="float16"), replace(ATTENTION, dtype="float16"))
ALL = (LINEAR, GATED, FORGETS, CROWDED, WRITTEN_FIRST, ATTENTION, *NARROW)


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    made = Programs(mesh(None))
    yield made
    made.close()


def measured(run: Run, programs: Programs) -> Record:
    (record,) = measure([run], programs)
    return record


def verdicts(run: Run, record: Record, epsilon: Fraction = Fraction(1, 10)) -> dict[str, Verdict]:
    cell = Cell(run, epsilon)
    found = checks([cell], {run: record}, [row(cell, record)])
    return {check.id.rpartition("/")[2]: check.verdict for check in found}


@pytest.mark.parametrize("run", ALL, ids=lambda run: f"{run.module}-{run.N}-{run.L}-{run.dtype}")
def test_measured_and_predicted_agree(programs: Programs, run: Run):
    record = measured(run, programs)
    assert record.surely <= record.attained <= record.measured <= record.possibly
    assert set(verdicts(run, record).values()) == {Verdict.HELD}


def test_one_value_alone_is_worth_what_is_forgotten(programs: Programs):
    """One-hot keys: the error is 1 - a^(L-1), and Theorem 1's exact requirement is (1 - eps) / a^(L-1)."""
    record, eps64 = measured(FORGETS, programs), format_of("float64")
    lost = 1 - Fraction("0.9") ** 7
    stored = growth(30, format_of("float32"), library_calls=3 * 7)  # a is stored as a rounded logarithm
    assert abs(record.worst - float(lost)) <= stored
    fields = row(Cell(FORGETS, Fraction(1, 10)), record)
    required = float(Fraction(9, 10) / Fraction("0.9") ** 7)
    assert abs(fields["required_score"] - required) <= growth(4, eps64) * required
    assert fields["copies"] is fields["copies_predicted"] is False


@pytest.mark.parametrize("run", NARROW, ids=lambda run: f"{run.module}-{run.N}-{run.L}-{run.dtype}")
def test_16_bits_are_enclosed_far_below_its_rounding_bound(programs: Programs, run: Run):
    """The rounding bound of all values would leave every one of these to the dtype."""
    record = measured(run, programs)
    bound = growth(3 * run.N, format_of(run.dtype))
    assert record.possibly - record.surely < bound / 4
    assert predicted(record, 0.3) is copies(record, 0.3)


def test_in_bfloat16_a_forgetting_near_1_is_none(programs: Programs):
    """exp(log 0.999) rounds to 1, whose neighbour is 1 - 2^-8."""
    run = replace(FORGETS, a=Fraction("0.999"), dtype="bfloat16")
    module = memory_of(run, D).module
    assert isinstance(module, SSM)
    Delta, a = rates(module, format_of("bfloat16"))
    assert a is not None
    assert [float(end[0]) for end in (Delta.lo, Delta.hi, a.lo, a.hi)] == [1.0] * 4
    record = measured(run, programs)
    assert record.worst > 0.0 == record.measured == record.possibly


def test_after_all_is_written_the_floors_are_reached(programs: Programs):
    record = measured(WRITTEN_FIRST, programs)
    assert record.worst >= worst_case_floor(40, 12, 1, 1)
    assert record.rms_least == mean_square_floor(40, 12)
    assert record.rms_least is not None
    assert abs(record.rms_exact - record.rms_least) <= growth(2 * 40 + 12, format_of("float32"))


def test_judged_steps_ask_exactly_that_far_back():
    steps = judged(Run("ssm-linear", 500, 8, 0, Fraction(1), None, "float32", 0))
    assert len(steps) == JUDGED
    assert (steps[0], steps[-1]) == (7, 499)
    assert list(judged(Run("ssm-linear", 8, 8, 0, Fraction(1), None, "float32", 0))) == [7]
    assert judged(WRITTEN_FIRST)[[0, -1]].tolist() == [40, 79]


@pytest.mark.parametrize(
    "run", [GATED, FORGETS, CROWDED, ATTENTION, *NARROW], ids=lambda r: f"{r.module}-{r.N}-{r.dtype}"
)
@pytest.mark.parametrize("factor", [1.01, float("nan")])
def test_a_weight_that_is_off_is_seen(programs: Programs, run: Run, factor: float, monkeypatch: pytest.MonkeyPatch):
    """The program runs with weights 1 % off (or NaN), the second route with the right ones."""
    true = programs.outputs

    def off(asked):
        (own,) = asked
        module = jax.tree.map(lambda leaf: np.asarray(leaf * factor, leaf.dtype), own.prepared.memory.module)
        prepared = replace(own.prepared, memory=replace(own.prepared.memory, module=module))
        return true([replace(own, prepared=prepared)])

    monkeypatch.setattr(programs, "outputs", off)
    found = verdicts(run, measured(run, programs))
    assert found["two-routes"] is Verdict.REFUTED


@pytest.mark.parametrize("run", [LINEAR, WRITTEN_FIRST], ids=lambda run: run.module)
def test_an_output_that_belongs_to_another_step_is_seen(programs: Programs, run: Run, monkeypatch: pytest.MonkeyPatch):
    true = programs.outputs

    def earlier(asked):
        return true([replace(each, steps=np.maximum(each.steps - 1, 0)) for each in asked])

    monkeypatch.setattr(programs, "outputs", earlier)
    found = verdicts(run, measured(run, programs))
    assert found["two-routes"] is Verdict.REFUTED
    assert found["worst-case"] is Verdict.REFUTED


def test_values_that_are_not_the_worst_are_seen(programs: Programs, monkeypatch: pytest.MonkeyPatch):
    """The measured error must reach the closed form, not only stay below it."""
    monkeypatch.setattr(measuring, "ssm_worst_values", lambda scores, *_: np.ones(scores.shape))
    assert verdicts(CROWDED, measured(CROWDED, programs))["worst-case"] is Verdict.REFUTED
