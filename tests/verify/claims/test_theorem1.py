"""Rows of Theorem 1 in the ledger: committed verdicts, planted alterations, and what their sides are."""

from fractions import Fraction

import pytest

from bounds.reals import FRACTIONS
from bounds.theorem1 import Theorem1
from verify.bounds.instances import Instance
from verify.claims import theorem1_sides as side
from verify.claims.claim import Setup
from verify.claims.inequality import family
from verify.claims.theorem1 import CLAIMS, HALVED, UNMET, theorem
from verify.claims.theorem1_edges import BELOW_ZERO, EDGES
from verify.claims.theorem1_steps import STEPS
from verify.verdict import Verdict


def test_the_steps_come_first():
    assert CLAIMS[: len(STEPS)] == STEPS


def instance(a: str, scores: str, pos: int, L: int, delta: str = "1/2") -> Instance:
    return Instance(tuple(map(Fraction, a.split())), tuple(map(Fraction, scores.split())), pos, L, Fraction(delta))


def test_the_sides_by_hand():
    """alpha = 1/8, 1/4, 1/2, 1 at pos = 2; matched are 2 and 4."""
    x = instance("1/2 1/2 1/2 1/2", "1/4 1 1/4 1/2", 2, 3)
    assert [side.ratio(x, j) for j in (1, 2, 3, 4)] == [Fraction(1, 2), 1, 2, 4]
    assert side.unmatched(x) == [1, 3]
    assert side.weighed(x, side.unmatched(x)) == Fraction(5, 8)
    assert (side.a_min(x), side.a_max(x), side.a_max_with_pos(x)) == (Fraction(1, 2),) * 3
    assert side.eq_16(x) == Fraction(1, 2) * (Fraction(1, 2) + 6)
    assert side.closed(x, 2) == side.eq_16(x)
    assert side.eq_19(x) == Fraction(1, 2) * (1 + 8)
    assert side.eq_10(x) == Fraction(1, 32) + Fraction(1, 8) + Fraction(1, 2) + 1 - Fraction(1, 4)


def test_a_max_as_printed_leaves_out_a_pos():
    x = instance("1/4 1/3 1/2 1", "0 0 1 0", 3, 2)
    assert side.a_max(x) == Fraction(1, 3)
    assert side.a_max_with_pos(x) == Fraction(1, 2)
    assert not side.defined(x)  # a_min = 1


@pytest.mark.parametrize("k", range(0, 400, 57))
def test_the_least_epsilon_is_where_the_threshold_is_met(k):
    """Against the closed form of bounds/, which evaluates Eq. 24 itself."""
    x = [x for x in family() if side.defined(x)][k]
    epsilon = side.least_epsilon_of_24(x)
    alpha_pos = x.alphas[x.pos - 1]
    at = Theorem1(side.a_min(x), side.a_max(x), x.L, x.delta, epsilon, 1, 1, alpha_pos)
    assert at.threshold(FRACTIONS) == x.scores[x.pos - 1]


@pytest.mark.parametrize("altered", [HALVED, UNMET])
def test_a_planted_fault_in_the_repaired_theorem_is_found(altered):
    assert theorem(Setup(altered=altered)).repaired_verdict is Verdict.REFUTED


def test_the_witness_against_delta_in_R_meets_every_printed_hypothesis():
    """A score of 0 is at least the threshold (1 - eps/2)/alpha + delta/2 (..) = 19/10 - 9/2 at eps = 1/10."""
    x = EDGES[BELOW_ZERO]
    assert x.meets_assumption_1()
    assert all(0 < a < 1 for a in x.forgetting)
    assert side.worst_error(x) == 1
    assert side.least_epsilon_of_24(x) <= Fraction(1, 10)
