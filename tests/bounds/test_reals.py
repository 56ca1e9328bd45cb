"""One text in three kinds of number, and the proofs by balls: decisions and digits."""

from fractions import Fraction

import pytest
import sympy
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from bounds.reals import FLOATS, FRACTIONS, Irrational, Order, Undecided, balls, decide, digits, enclose, ends, narrow

RATIONALS = st.fractions(min_value=-50, max_value=50, max_denominator=1000)


def constant(x):
    return lambda reals: reals.number(x)


@given(RATIONALS, RATIONALS)
def test_a_rational_form_lies_in_its_ball_whatever_the_precision_in_force(x, y):
    def form(reals):
        return (reals.number(x) ** 3 + reals.number(y)) / (1 + reals.number(y) ** 2)

    exact = form(FRACTIONS)
    for ball in (enclose(form, 30), enclose(form, 300), form(balls(300))):
        low, high = ends(ball)
        assert low <= exact <= high
    low, high = ends(enclose(form, 300))
    assert high - low <= abs(exact) / 2**250 + Fraction(1, 2**250)


@given(RATIONALS, RATIONALS)
def test_decide_agrees_with_exact_comparison(x, y):
    expected = Order.LESS if x < y else Order.GREATER if x > y else Order.EQUAL
    assert decide(constant(x), constant(y)) is expected


def test_decide_separates_numbers_that_floats_cannot():
    tail = Fraction(1, 2**900)

    def one_and_a_bit(reals):
        return reals.exp(reals.number(tail))

    assert one_and_a_bit(FLOATS) == 1.0
    assert decide(constant(1), one_and_a_bit) is Order.LESS
    assert decide(one_and_a_bit, constant(1 + 2 * tail)) is Order.LESS


def test_equal_irrational_forms_stay_undecided():
    assert decide(lambda r: r.exp(r.log(r.number(2))), constant(2), cap_bits=256) is Order.UNDECIDED


def test_a_ball_that_tells_nothing_decides_nothing():
    def blind(reals):
        if reals is FRACTIONS:
            raise Irrational("nothing is known")
        return arb("nan")

    assert decide(blind, constant(1)) is Order.UNDECIDED
    assert decide(constant(1), blind) is Order.UNDECIDED
    with pytest.raises(Undecided, match="not finite"):
        ends(arb("nan"))


def test_digits_wait_for_a_ball_that_tells_some():
    """exp(x - y) at 64 bits, x and y of size 10^300 and 2 apart, is a ball up to 2^(10^280): no end of it is formed."""
    huge = Fraction(10) ** 300

    def e_squared(reals):
        return reals.exp(reals.log(reals.exp(reals.number(huge + 2))) - reals.number(huge))

    assert not narrow(enclose(e_squared, 64))
    assert not narrow(arb("nan"))
    assert narrow(arb(0))
    assert digits(e_squared, 6) == "7.38906"


def test_the_global_precision_is_put_back_also_after_an_error():
    before = ctx.prec
    enclose(lambda r: r.pi(), 500)
    with pytest.raises(ZeroDivisionError):
        enclose(lambda r: r.number(Fraction(1, 0)), 500)
    assert ctx.prec == before


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "expm1", "sqrt", "sin"])
def test_fractions_refuse_what_is_not_rational(name):
    with pytest.raises(Irrational, match=name):
        getattr(FRACTIONS, name)(Fraction(1))
    with pytest.raises(Irrational, match="pi"):
        FRACTIONS.pi()
    with pytest.raises(Irrational, match="interval"):
        FRACTIONS.between(0, 1)


def test_between_holds_the_whole_interval_as_a_ball_and_its_middle_as_a_float():
    low, high = ends(enclose(lambda r: r.between(1, 2), 64))
    assert low <= 1
    assert high >= 2
    assert FLOATS.between(1, 2) == 1.5


@pytest.mark.parametrize(
    ("form", "exact"),
    [
        (lambda r: r.log(r.number(4096)), sympy.log(4096)),
        (lambda r: r.exp(r.number(100)), sympy.exp(100)),
        (lambda r: -r.sqrt(r.number(2)) / 10**30, -sympy.sqrt(2) / 10**30),
        (lambda r: r.pi() * r.sin(r.number(1)), sympy.pi * sympy.sin(1)),
        (
            lambda r: r.log1p(r.number(Fraction(1, 7))) + r.expm1(r.number(3)),
            sympy.log(sympy.S(8) / 7) + sympy.E**3 - 1,
        ),
    ],
)
def test_digits_of_irrational_numbers_are_right_to_the_last(form, exact):
    for n in (1, 5, 17, 40):
        shown, true = sympy.Rational(digits(form, n)), exact.evalf(80)
        last_place = sympy.Rational(10) ** (sympy.floor(sympy.log(abs(true), 10)) - n + 1)
        assert abs(shown - true) <= last_place / 2


def test_digits_of_exact_numbers_and_ties():
    assert digits(Fraction(1, 8), 2) == "0.12"
    assert digits(constant(Fraction(1, 8)), 2) == "0.12"  # balls never settle a tie; the rational form does
    assert digits(0.1, 20) == "0.10000000000000000555"  # a float counts as the binary number that it is
    assert digits(3485, 2) == "3485"


def test_digits_that_cannot_be_decided_are_not_made_up():
    with pytest.raises(Undecided, match=r"2 digits are not decided at 512 bits; the value lies in \[?0\.125"):
        digits(lambda r: r.exp(r.log(r.number(Fraction(1, 8)))), 2, cap_bits=512)
    with pytest.raises(Undecided, match="3 digits"):
        digits(lambda r: r.sin(r.pi()), 3, cap_bits=512)
    with pytest.raises(ValueError, match="nan has no decimal digits"):
        digits(float("nan"), 3)


def test_a_ball_needs_a_precision():
    with pytest.raises(ValueError, match="the least is 2"):
        balls(1)
