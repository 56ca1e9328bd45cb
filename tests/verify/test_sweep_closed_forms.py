"""The parts of a sweep that run nothing: tolerances, predictions, break points, estimates, the version, the figure."""

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bounds.decimals import round_decimal
from bounds.formats import format_of
from bounds.rounding import LIBRARY_ULPS, growth, recurrence_error
from constructions.memories.constant import constant, projection_keys
from constructions.memories.theorem3 import theorem3
from verify.console import Console
from verify.notation import spoken
from verify.sweep.checks import checks
from verify.sweep.estimate import Estimate
from verify.sweep.figure import figure, least_entries
from verify.sweep.frontier import frontiers, tables
from verify.sweep.grid import Cell, Run
from verify.sweep.measure import Record
from verify.sweep.programs import kind_of
from verify.sweep.rows import copies, csv_text, predicted, row
from verify.sweep.settings import SweepSettings
from verify.sweep.tolerance import constant_tolerance, is_exact
from verify.sweep.version import version
from verify.sweep.work import untimed_first
from verify.verdict import Verdict

TENTH = Fraction(1, 10)
NAN = float("nan")
COPIED = Record(
    d_h=64, state_entries=1024, execution="scan", devices=1, judged=8, step=63, worst=0.05, surely=0.04, possibly=0.06,
    measured=0.05, attained=0.05, random=0.03, off_stated=0.0, off_allowed=0.0, routes=0.0, routes_allowed=0.01,
    routes_step=63, rms=0.02, rms_exact=0.02, rms_least=None, exact=False, score=0.95, others=0.0, loudest=0.0,
    log_others=None, seconds=0.1,
)  # fmt: skip


def cell(N: int = 64, L: int | None = 8, d_h: int = 64, a: str = "0.9") -> Cell:
    return Cell(Run("ssm-constant", N, L, d_h, Fraction(a), None, "float32", 0), TENTH)


def verdicts(*found: tuple[Cell, Record]) -> dict[str, Verdict]:
    cells = [c for c, _ in found]
    made = checks(cells, {c.run: record for c, record in found}, [row(c, record) for c, record in found])
    return {check.id.rpartition("/")[2]: check.verdict for check in made}


@pytest.mark.parametrize(
    ("surely", "possibly", "said"),
    [(0.04, 0.06, True), (0.04, 0.1, True), (0.1, 0.2, None), (0.11, 0.2, False), (-math.inf, math.inf, None)],
)
def test_a_cell_is_predicted_where_rounding_cannot_change_it(surely: float, possibly: float, said: bool | None):
    assert predicted(replace(COPIED, surely=surely, possibly=possibly), 0.1) is said


@pytest.mark.parametrize(
    ("fault", "refuted"),
    [
        ({}, set()),
        ({"measured": 0.2}, {"cells", "break-points", "worst-case"}),
        ({"random": 0.2}, {"cells", "break-points", "worst-case"}),
        ({"measured": NAN}, {"cells", "break-points", "worst-case"}),
        ({"random": NAN}, {"cells", "break-points", "worst-case"}),
        ({"attained": 0.03}, {"worst-case"}),
        ({"attained": NAN}, {"worst-case"}),
        ({"routes": 0.02}, {"two-routes"}),
        ({"routes": NAN}, {"two-routes"}),
        ({"surely": 0.2, "possibly": 0.3}, {"cells", "break-points", "worst-case"}),
        ({"exact": True}, {"bit-by-bit"}),
        ({"off_stated": 0.1}, {"as-stated"}),
        ({"off_stated": NAN}, {"as-stated"}),
    ],
)
def test_each_planted_fault_is_seen_by_its_checks(fault: dict, refuted: set[str]):
    found = verdicts((cell(), replace(COPIED, **fault)))
    assert {name for name, verdict in found.items() if verdict is Verdict.REFUTED} == refuted


def test_nan_copies_nothing():
    assert not copies(replace(COPIED, measured=NAN), 0.1)
    assert not copies(replace(COPIED, random=NAN), 0.1)
    assert row(cell(), replace(COPIED, score=NAN))["available_score"] is None


def test_where_rounding_decides_every_cell_nothing_is_checked_of_them():
    found = verdicts((cell(), replace(COPIED, surely=-math.inf, possibly=math.inf, routes_allowed=math.inf)))
    assert set(found) == {"two-routes", "worst-case", "as-stated", "thresholds"}


def test_break_points_are_the_largest_that_copy():
    failed = replace(COPIED, worst=1.0, surely=0.9, possibly=1.1, measured=1.0, attained=1.0)
    left_open = replace(failed, surely=0.0)
    rows = [row(cell(N=16), COPIED), row(cell(N=32, L=16), COPIED), row(cell(N=64, L=32), left_open)]
    rows.append(row(cell(N=64, L=64), failed))
    (found,) = frontiers(rows)
    assert (found.N.measured, found.N.surely, found.N.possibly) == (32, 32, 64)
    assert (found.L.measured, found.L.surely, found.L.possibly) == (16, 16, 32)
    assert found.N.agrees
    assert tables([found])[0].rows[0][3:7] == ("32", "32 to 64", "1024", "L = 16, a = 0.9")
    assert not replace(found.N, measured=16).agrees
    assert not replace(found.N, measured=None).agrees


def test_scores_are_exact_beyond_floats():
    far = row(cell(N=4096, L=4096, a="0.5"), COPIED)
    assert far["required_score"] == round_decimal(Fraction(9, 10) * 2**4095, 17)
    assert row(cell(), replace(COPIED, others=0.2))["required_score"] is None  # the others alone exceed epsilon
    assert "4096" in csv_text([far])


def test_term_by_term_is_sharper_than_all_roundings_at_once_and_never_below_one_term():
    """One-hot keys: one product, with the roundings of its own lag alone."""
    N, lag, float32 = 64, 7, format_of("float32")
    memory = constant(N, 1, projection_keys(N, N), "projection", 0.9)
    steps = np.array([lag, N - 1])
    found = constant_tolerance(memory, steps - lag, steps, N, 4096, "scan", "float32")
    call = 2 * LIBRARY_ULPS  # in units of u
    per_step = 2 + call + (3 + 2 * call) * -math.log(0.9)
    once = 6 + 2 + N + 1 + 2 * call
    single = growth(math.ceil(once + lag * per_step) + 1, float32) * 0.9**lag
    least = growth(6 + N + 2 * lag, float32) * 0.9**lag
    room = growth(8 * N, format_of("float64"))
    assert (found >= least * (1 - room)).all()
    assert (found <= single * (1 + room) + recurrence_error(0.0, N, N, float32)).all()
    whole = growth(2 * N + N + N * 3, float32, library_calls=2 + 3 * N)  # verify.copy.tolerance
    assert (found < whole).all()


def test_no_bound_is_no_number_that_passes():
    """Where roundings outgrow float64 the bound is inf, also beside weights that vanish; never NaN."""
    N = 4096
    memory = constant(N, 1, projection_keys(N, 4), "projection", 1.0)
    found = constant_tolerance(memory, np.array([0]), np.array([N - 1]), N, N, "scan", "bfloat16")
    assert not np.isnan(found).any()
    assert (found > 1).all()


def test_exact_memories_are_told_by_their_structure():
    assert is_exact(theorem3(8, 1))
    assert is_exact(constant(8, 1, projection_keys(8, 8), "projection", 1.0))
    assert not is_exact(constant(8, 1, projection_keys(8, 8), "projection", 0.5))
    assert not is_exact(constant(9, 1, projection_keys(9, 8), "projection", 1.0))


def attention_runs(*sizes: int) -> list[Run]:
    return [Run("attention", N, L, 0, Fraction(1), TENTH, "float32", 0) for N in sizes for L in (1, 2)]


def test_the_estimate_is_what_runs_of_the_family_took():
    clock, said = [0.0], []
    runs = [*attention_runs(64, 1024, 16384), Run("ssm-linear", 64, 1, 0, Fraction(1), None, "float32", 0)]
    estimate = Estimate(runs, kind_of, said.append, now=lambda: clock[0])
    clock[0] = 3.0
    for run, seconds in zip((*runs[:1], *runs[4:6]), (1.0, 9.0, 11.0), strict=True):
        estimate.made(run, seconds)
    estimate.left([*runs[1:4], runs[6]])
    assert said == ["3 of 7 runs done, 1 kinds of run not timed yet"]
    clock[0] = 21.0  # no more than the runs took
    between = 1.0 + (9.0 - 1.0) * 3 * (1024 - 64) / (
        16384 - 4096 + 3 * (16384 - 64)
    )  # 4096 or 16384 padded steps, and N
    assert math.isclose(estimate.seconds(runs[1:4]), 1.0 + 2 * between)
    estimate.made(runs[2], 5.0)  # corrected
    clock[0] = 26.0
    assert math.isclose(estimate.seconds(runs[1:4:2]), 1.0 + 5.0)
    clock[0] = 52.0  # another process takes half of the time
    assert math.isclose(estimate.seconds(runs[1:4:2]), 2 * (1.0 + 5.0))
    estimate.waited(kind_of(runs[0]), 26.0)  # no: all that time went into one of three programs
    assert math.isclose(estimate.seconds([*runs[1:4:2], runs[4]]), 1.0 + 5.0 + 9.0 + 26.0)
    estimate.left(runs[1:4:2])
    assert said[1:] == ["5 of 7 runs done, about 6 s left"]
    estimate.left(runs[3:4])
    assert len(said) == 2  # so soon nothing is said again
    assert [spoken(x) for x in (4.04, 89.0, 600.0, 7200.0)] == ["4 s", "89 s", "10 min", "2 h"]


def test_both_ends_of_each_family_are_timed_first():
    runs = attention_runs(64, 8192, 16384)
    estimate, groups = Estimate(runs, kind_of, print), [[run] for run in runs]

    def order() -> list[int]:
        return [group[0].N for group in untimed_first(groups, estimate)]

    assert order() == [64, 16384, 64, 8192, 8192, 16384]
    estimate.made(runs[0], 1.0)
    estimate.made(runs[4], 1.0)
    del groups[4], groups[0]
    assert order() == [16384, 64, 8192, 8192]  # the first of the largest built what the others share
    estimate.made(runs[5], 1.0)
    assert order() == [64, 8192, 8192, 16384]


def test_the_version_changes_with_every_source(tmp_path: Path):
    for name in ("bounds", "constructions", "verify/copy", "verify/sweep"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text("x = 1\n")
    (tmp_path / "verify" / "independent.py").write_text("x = 1\n")
    before = version(tmp_path)
    assert version(tmp_path) == before
    (tmp_path / "bounds" / "a.py").write_text("x = 2\n")
    assert version(tmp_path) != before


def test_the_information_bound_counts_levels():
    """epsilon = 0.3: four levels -1, -1/3, 1/3, 1 lie 2/3 > 0.6 apart, so 2 bits a coordinate, 16 coordinates."""
    assert least_entries(10, Fraction(3, 10), 32) == 10 * 16 * 2 / 32


def test_the_figure_stands_without_modules_too():
    rows = [row(cell(), COPIED), row(cell(a="1", L=None), replace(COPIED, rms_least=0.0))]
    settings = SweepSettings(N=(64,), L=(8,), epsilon=(TENTH,), d_h=(64,), dtypes=("float32",))
    assert figure(settings, rows).startswith(b"\x89PNG")
    linear = Cell(Run("ssm-linear", 64, 8, 0, Fraction(1), None, "float32", 0), TENTH)
    alone = SweepSettings(N=(64,), L=(8,), epsilon=(TENTH,), dtypes=("float32",), modules=("ssm-linear",))
    assert figure(alone, [row(linear, COPIED)]).startswith(b"\x89PNG")


def test_the_bound_that_is_shown_is_the_one_that_is_checked():
    """Within rounding of the exact worst case: the page showed HELD beside a value above the bound."""
    above = replace(COPIED, measured=0.055, attained=0.055)
    cells = [cell(), cell(N=32)]
    made = checks(cells, {cells[0].run: above, cells[1].run: COPIED}, [row(cells[0], above), row(cells[1], COPIED)])
    (shown,) = (check for check in made if check.id.endswith("/worst-case"))
    assert (shown.verdict, shown.value, shown.bound) == (Verdict.HELD, 0.055, 0.06)
    assert "the exact worst case 0.05 with what rounding may add" in shown.evidence


def test_a_narrow_screen_keeps_the_break_points_and_the_state_in_one_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """The widest that the issue's grid makes: it was drawn downwards, a record a row.  What is predicted of L goes
    before what is predicted of N.
    """
    large = replace(COPIED, surely=0.0, possibly=0.2)
    rows = [row(cell(N=4096, L=4096, d_h=256), COPIED), row(cell(N=65536, L=4096, d_h=256), large)]
    (shown,) = tables(frontiers(rows))
    assert len({column.header for column in shown.columns}) == len(shown.columns)
    monkeypatch.setenv("COLUMNS", "80")
    Console().table(shown)
    said, _, left_out = capsys.readouterr().out.partition("no room here for: ")
    assert any("ssm-constant" in line and "4096 to 65536" in line for line in said.splitlines())
    assert left_out.startswith("L predicted, N reached at, L reached at (")
