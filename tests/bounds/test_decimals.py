"""Decimal strings against Python's decimal module, which rounds a quotient once and correctly."""

import decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.decimals import floor_log10, round_decimal

MAGNITUDES = st.builds(
    lambda sign, mantissa, e: sign * mantissa * Fraction(10) ** e,
    st.sampled_from([-1, 1]),
    st.fractions(min_value=1, max_value=10, max_denominator=10**6),
    st.integers(-400, 400),
)


def nearest(x: Fraction, n: int) -> decimal.Decimal:
    context = decimal.Context(prec=n, rounding=decimal.ROUND_HALF_EVEN, Emax=10**6, Emin=-(10**6))
    return context.divide(decimal.Decimal(x.numerator), decimal.Decimal(x.denominator))


@given(MAGNITUDES, st.integers(1, 30))
def test_every_printed_digit_is_right(x, n):
    positional = Fraction(1, 10**4) <= abs(x) < 10**7
    shown = max(n, floor_log10(abs(x)) + 1) if positional else n
    assert decimal.Decimal(round_decimal(x, n)) == nearest(x, shown)


@given(MAGNITUDES)
def test_floor_log10_brackets(x):
    e = floor_log10(abs(x))
    assert Fraction(10) ** e <= abs(x) < Fraction(10) ** (e + 1)


@pytest.mark.parametrize(
    ("x", "n", "text"),
    [
        (Fraction(0), 5, "0"),
        (Fraction(1, 3), 5, "0.33333"),
        (Fraction(-2, 3), 3, "-0.667"),
        (Fraction(1, 8), 2, "0.12"),  # ties go to the even digit
        (Fraction(3, 8), 2, "0.38"),
        (Fraction(999996, 10**5), 5, "10.000"),  # the rounding carries into a new digit
        (Fraction(1234567), 3, "1234567"),  # no digit before the point is made up
        (Fraction(12345678), 3, "1.23e+07"),
        (Fraction(1, 10**4), 2, "0.00010"),
        (Fraction(99999, 10**9), 4, "1.000e-04"),
        (Fraction(10, 9) ** 4095, 5, "2.3819e+187"),
        (Fraction(7) * 10**400, 1, "7e+400"),
    ],
)
def test_the_two_notations(x, n, text):
    assert round_decimal(x, n) == text


def test_no_digits_are_refused():
    with pytest.raises(ValueError, match="0 significant digits"):
        round_decimal(Fraction(1), 0)
