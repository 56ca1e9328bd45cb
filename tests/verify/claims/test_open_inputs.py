"""All inputs of a size at once: what is shipped passes, and faults that a few inputs would not show do not."""

from dataclasses import replace

import pytest

from bounds.formats import format_of
from constructions.problem import InputRead
from constructions.problems import edit_distance, lis
from constructions.problems.arithmetic import Arithmetic
from constructions.problems.table import Table
from constructions.programs.expression import maximum, name, renamed, select
from constructions.programs.stack import reach_of
from verify.claims.blocks import EDIT, LIS
from verify.claims.open_inputs import _first_wrong, all_inputs
from verify.claims.runs import first_wrong
from verify.claims.theorem4 import TASKS
from verify.claims.theorem5 import ROWS
from verify.verdict import Verdict

LONGEST = 3


@pytest.mark.parametrize("task", [*TASKS, ROWS], ids=lambda task: f"{task.name} {task.theorem}")
def test_what_ships_is_proved_for_all_inputs(task):
    same, exact = all_inputs("T4", task, LONGEST)
    assert (same.verdict, exact.verdict) == (Verdict.PROVED, Verdict.PROVED)


def compiled_from(problem, notation, longest=LONGEST):
    wrong = Table(problem, notation, 4)
    return wrong.program(wrong.limits([tuple((1,) * longest for _ in problem.alphabets)]))


def test_a_fault_that_only_large_tokens_show_is_found():
    """No number of `every`, which has 1 to 3, tells s_k < s_j from s_k < min(s_j, 500)."""
    problem = lis.two_indices()
    s_j = name("s_j")
    low = select(s_j > 500, 500, s_j)
    planted = replace(problem, transition=renamed(problem.transition, {"s_j": low}))
    program = compiled_from(planted, lis.notation())
    assert first_wrong(LIS, program, tuple(LIS.every(LONGEST))) is None
    same, _ = all_inputs("T4", LIS, LONGEST, program)
    assert same.verdict is Verdict.REFUTED
    assert same.witness
    assert same.witness["reason"] == "another term than the oracle's"


def test_a_read_one_place_early_is_found():
    problem = edit_distance.edit_distance(edit_distance.Costs())
    early = InputRead("s2_k", 1, maximum(name("k") - 1, 1))
    planted = replace(problem, reads=tuple(early if r.name == "s2_k" else r for r in problem.reads))
    same, _ = all_inputs("T4", EDIT, LONGEST, compiled_from(planted, edit_distance.notation()))
    assert same.verdict is Verdict.REFUTED
    assert same.witness
    assert same.witness["lengths"][1] >= 2


def test_a_program_whose_values_may_leave_their_interval_is_found():
    problem = replace(lis.two_indices(), value_bounds=lambda lengths: (0, max(lengths[0] - 1, 1)))
    same, _ = all_inputs("T4", LIS, LONGEST, compiled_from(problem, lis.notation()))
    assert same.verdict is Verdict.REFUTED
    assert same.witness
    assert "must lie in" in same.witness["reason"]


def test_numbers_beyond_the_format_are_found():
    problem = replace(lis.two_indices(), alphabets=((0, 2**24),))
    wide = Table(problem, lis.notation(), 4)
    program = wide.program(wide.limits([((1,) * LONGEST,)]))
    assert max(reach.share for reach in reach_of(program, format_of("float32"))) > 1
    _, exact = all_inputs("T4", LIS, LONGEST, program)
    assert exact.verdict is Verdict.REFUTED


def test_a_chain_whose_control_reads_its_inputs_is_no_case():
    """Arithmetic decides by the symbols: such a run is refused and never called proved."""
    task = Arithmetic()
    program = task.program(task.limits([(2, "+", 2)]))
    wrong, _ = _first_wrong(EDIT, program, (1, 1))
    assert wrong is not None
