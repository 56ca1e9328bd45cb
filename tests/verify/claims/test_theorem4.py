"""Theorem 4 in the ledger: its blocks, its runs and its sizes, and what their checks would not let pass."""

from dataclasses import replace
from typing import Any

import pytest

from constructions.compiler import copy_of
from verify.claims.blocks import EDIT, LIS, Place, answer_states, clash, copies, generating, positions, run_of
from verify.claims.runs import by_weights, constant_check, first_wrong, linear_check
from verify.dp.dtypes import size_limits
from verify.dp.growth import point
from verify.verdict import Verdict


@pytest.fixture(scope="module")
def lis_points():
    """Sizes of the stacks of LIS at three lengths."""
    return [point(LIS, size_limits(LIS, n)) for n in (2, 4, 6)]


def test_two_places_clash_only_where_what_is_seen_is_equal():
    places = [Place(1, "a", "first"), Place(2, "b", "second"), Place(1, "a", "third")]
    assert clash(places) is None
    assert clash([*places, Place(2, "c", "fourth")]) == (places[1], Place(2, "c", "fourth"))


def test_the_steps_of_a_run():
    """7 | (1,1) 1 (1,2) 1 | 1: the separator before the states, two states, the separator after them, the answer."""
    steps = run_of(LIS, ((7,),))
    assert [step.t for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.mark for step in steps] == [0, 1, 0, 0, 2, 0]
    assert [step.state for step in steps] == [None, None, (1, 1), (1, 2), None, None]
    assert [step.last for step in steps] == [False, False, False, True, False, False]
    assert [step.upcoming for step in steps] == [None, (1, 1), (1, 2), None, None, None]
    assert [step.t for step in generating(LIS, [((7,),)])] == [2, 3, 4, 5]


def test_where_the_next_state_reads_and_what():
    """After dp(1, 1) of a|ba, the state (1, 2) reads s1_1 = a, s2_2 = a and dp(1, 1) = 3, which lies in slot 0."""
    step = run_of(EDIT, ((1,), (2, 1)))[5]
    assert positions(EDIT, step) == {"s1_j": 0, "s2_k": 3, "left": 0, "above": -1, "corner": -1}
    read = {"s1_j": 1, "s2_k": 1, "left": 3, "above": 0, "corner": 0}
    assert copies(EDIT, step) == {copy_of(name): value for name, value in read.items()}
    assert answer_states(EDIT, step) == {"whole": (1, 2)}


class _OtherOracle:
    """LIS with another oracle: `told` changes the tokens that are expected."""

    def __init__(self, told):
        self.told = told

    def __getattr__(self, name):
        return getattr(LIS, name)

    def expected(self, instance):
        return self.told(LIS.expected(instance))


def test_a_wrong_answer_is_found_at_its_token():
    task: Any = _OtherOracle(lambda tokens: [*tokens[:-1], {n: v + 1 for n, v in tokens[-1].items()}])
    found = first_wrong(task, LIS.program(LIS.limits([((7,),)])), [((7,),)])
    assert found is not None
    assert found["token"] == 6
    check = by_weights("T4", task, [((7,),)])
    assert check.verdict is Verdict.REFUTED
    assert check.witness == {"instance": "7", "token": 6}


def test_a_run_that_ends_early_is_wrong():
    task: Any = _OtherOracle(lambda tokens: [*tokens, {}])
    found = first_wrong(task, LIS.program(LIS.limits([((7,),)])), [((7,),)])
    assert found == {"instance": "7", "token": 7, "reason": "the run has ended"}


@pytest.mark.parametrize("count", ["state_entries", "operations_per_step", "parameters_nonzero"])
def test_a_size_off_the_line_is_found(lis_points, count):
    assert linear_check("T4", LIS, lis_points, "T", lambda p: p.T).verdict is Verdict.PROVED
    middle = lis_points[1]
    off = replace(middle, carried=replace(middle.carried, **{count: getattr(middle.carried, count) + 1}))
    check = linear_check("T4", LIS, [lis_points[0], off, lis_points[2]], "T", lambda p: p.T)
    assert check.verdict is Verdict.REFUTED


def test_more_slots_than_tokens_are_found(lis_points):
    assert linear_check("T4", LIS, lis_points, "T", lambda p: p.T // 2).verdict is Verdict.REFUTED


def test_sizes_that_differ_at_another_length_are_found(lis_points):
    assert constant_check("T5", LIS, [lis_points[0]] * 2).verdict is Verdict.PROVED
    assert constant_check("T5", LIS, lis_points).verdict is Verdict.REFUTED
