"""The two routes of an inequality: coefficients that show a sign, and instances that break it."""

from fractions import Fraction

import pytest
import sympy

from verify.bounds.instances import Instance
from verify.claims.claim import Setup
from verify.claims.inequality import Inequality, climb, decided_inequality, family
from verify.claims.nonnegative import below_one, nonnegative, unknowns, unproved, zero
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
        (Inequality(one, half, lambda: [x], lambda _: False), Verdict.PROVED),
    ],
)
def test_both_routes_have_their_say(inequality, verdict):
    check = decided_inequality("T1", "planted", inequality, Setup(fast=True), "planted")
    assert check.verdict is verdict
    assert (check.witness is None) is (verdict is not Verdict.REFUTED)


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
    assert {len(each.scores) for each in family()} == {1, 2, 3, 4}
