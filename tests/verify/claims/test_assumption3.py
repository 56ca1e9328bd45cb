"""Assumption 3 in the ledger: committed verdicts, planted alterations, and values that leave their interval."""

from dataclasses import replace

import pytest

from constructions.problems import edit_distance, lis
from constructions.problems.edit_distance import Costs
from constructions.programs.expression import modulo
from verify.claims.assumption3 import _every_n, _only_through, _values, intervals
from verify.verdict import Verdict


def test_intervals_hold_every_value_of_lis():
    assert intervals(lis.two_indices(), (3,)) == {
        (1, 1): (0, 1),
        (1, 2): (0, 1),
        (2, 1): (0, 2),
        (2, 2): (0, 2),
        (2, 3): (0, 2),
        (3, 1): (0, 2),
        (3, 2): (0, 3),
        (3, 3): (0, 3),
        (3, 4): (0, 3),
    }


def test_a_ranged_read_has_no_interval():
    with pytest.raises(ValueError, match="ranged read"):
        intervals(lis.one_index(), (2,))


def test_a_bound_that_no_instance_breaks_and_no_interval_keeps_stays_open():
    """dp(1, 1) is 0 or 3 in the one instance looked at, but nothing was shown for the others."""
    problem = edit_distance.edit_distance(Costs())
    tight = replace(problem, value_bounds=lambda _: (0, 0))
    assert _values("A3-ED", tight, [((1,), (1,))], [(1, 1), (2, 2)], "").verdict is Verdict.UNDECIDED


def test_operations_that_grow_and_ranged_reads_are_found():
    problem = lis.two_indices()
    assert _every_n("A3-LIS-2D", problem, "").verdict is Verdict.PROVED
    grows = replace(problem, transition=modulo(problem.transition, 3))
    assert _every_n("A3-LIS-2D", grows, "").witness == {"read over a range": [], "operations that grow": ["modulo"]}
    ranged = _every_n("A3-LIS-2D", lis.one_index(), "").witness
    assert ranged
    assert ranged["read over a range"] == ["longest before", "longest"]


@pytest.mark.parametrize(("n", "i", "through"), [(4, 2, True), (4, 3, True), (4, 1, False), (8, 7, True)])
def test_the_pair_differs_in_one_value_before_the_last(n, i, through):
    """s_1 has no number before it that is smaller: it needs no reading."""
    assert _only_through(lis.one_index(), n, i) is through
