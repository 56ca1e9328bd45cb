"""The two routes of an inequality: coefficients that show a sign, and instances that break it."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

from verify.bounds.instances import Instance
from verify.claims.claim import Setup
from verify.claims.inequality import Argued, Inequality, climb, decided_inequality, family, judged, left_open
from verify.claims.nonnegative import below_one, nonnegative, unknowns, unproved, zero
from verify.claims.open_instances import cells
from verify.claims.quotients import Open, positive
from verify.claims.theorem1_steps import FOURTEEN, NINETEEN, TEN, TWENTY
from verify.verdict import Verdict

x, y = unknowns("x y")


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        (x * y + x, True),
        ((x + y) ** 2 - x**2, True),
        (1 / (1 + x) - 1 / (1 + x + y), True),
        (1 - below_one(x), True),
        (sympy.Integer(0), True),
        (sympy.Integer(3), True),
        (sympy.Integer(-3), False),
        (-x, False),
        (x - y, False),
        (1 / (1 + x + y) - 1 / (1 + x), False),
        ((x - y) ** 2, False),  # nonnegative, but not by its coefficients
    ],
)
def test_coefficients_show_the_sign(expression, shown):
    assert nonnegative(expression) is shown


def test_an_unknown_that_may_be_negative_is_refused():
    with pytest.raises(ValueError, match="may be negative"):
        nonnegative(sympy.Symbol("z") ** 2)


def test_what_is_not_proved_is_named():
    assert unproved([x, -x, x - y]) == ["-x", "x - y"]
    assert unproved(zero((x + y) - (y + x))) == []


def one(_: Instance) -> Fraction:
    return Fraction(1)


def half(_: Instance) -> Fraction:
    return Fraction(1, 2)


@pytest.mark.parametrize(
    ("inequality", "verdict"),
    [
        (Inequality(half, one, lambda: [x]), Verdict.PROVED),
        (Inequality(half, one, lambda: [x, -x]), Verdict.UNDECIDED),
        (Inequality(half, one), Verdict.UNDECIDED),
        (Inequality(one, half, lambda: [x]), Verdict.REFUTED),
        (Inequality(one, half, lambda: [x], lambda _: False), Verdict.VACUOUS),
    ],
)
def test_both_routes_have_their_say(inequality, verdict):
    check = decided_inequality("T1", "planted", inequality, Setup(fast=True), "planted")
    assert check.verdict is verdict
    assert (check.witness is None) is (verdict is not Verdict.REFUTED)


@pytest.mark.parametrize("share", [Fraction(9, 10), Fraction(99, 100), Fraction(999, 1000)])
def test_a_right_side_a_little_too_small_is_refuted_with_its_proof_in_place(share):
    """The proof's terms know nothing of the two sides, so that a proof alone would have called each of these proved."""
    scaled = replace(NINETEEN, right=lambda each: share * NINETEEN.right(each))
    check = decided_inequality("T1-19", "planted", scaled, Setup(), "planted")
    assert check.verdict is Verdict.REFUTED
    assert check.value > check.bound


@pytest.mark.parametrize("inequality", [TEN, FOURTEEN, NINETEEN, TWENTY])
def test_the_sides_with_unknowns_do_not_follow_from_any_proof(inequality):
    """A search that finds nothing leaves a false inequality undecided, whatever is said to prove it."""
    planted = replace(inequality, right=lambda each: inequality.right(each) * Fraction(9, 10))
    assert left_open(planted) != ""
    proof = Argued(planted.proof(), "sizes", left_open(planted))
    assert judged("T1", "planted", "planted", "few", 1, None, proof).verdict is Verdict.UNDECIDED


def test_cells_are_instances_of_assumption_1_of_every_pattern():
    assert all(each.meets_assumption_1() for each in cells())
    patterns = {(len(each.scores), each.pos, each.L, each.matched) for each in cells()}
    found = {
        (len(each.scores), each.pos, each.L, each.matched)
        for each in family()
        if each.meets_assumption_1() and len(each.scores) <= 3
    }
    assert found <= patterns


def test_a_climb_finds_what_the_family_has_not():
    """The last coefficient is 1/2 or 1 in the family, and the inequality is broken near 3/4 only."""

    def near(each: Instance) -> Fraction:
        return -abs(each.forgetting[-1] - Fraction(3, 4))

    inequality = Inequality(near, lambda _: Fraction(-1, 8))
    assert all((inequality.gap(each) or 0) <= 0 for each in family())
    found = climb(inequality, seed=0, starts=6)
    assert found is not None
    assert found.meets_assumption_1()
    assert near(found) > Fraction(-1, 8)


def test_the_family_has_every_kind():
    assert {(each.pos == 1, each.pos == len(each.scores)) for each in family()} == {
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    }
    assert {each.meets_assumption_1() for each in family()} == {True, False}
    assert {len(each.scores) for each in family()} == {1, 2, 3, 4, 16}
    assert {each.delta == 0 for each in family() if each.meets_assumption_1()} == {True, False}


def test_open_numbers_compute_and_compare_by_coefficients():
    s, t = positive(["s", "t"])
    assert s + t - s == t
    assert 1 / (1 + t) + t / (1 + t) == 1
    assert (1 - t**2) / (1 - t) == 1 + Fraction(2, 2) * t
    assert s < s + t
    assert t / (1 + t) < 1 < 1 + t
    assert abs(-t) == t
    assert max(s, s + t) == s + t
    for left, right in ((s, t), (t, 1)):
        with pytest.raises(Open, match="the sign of"):
            _ = left < right
