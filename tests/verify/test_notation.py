"""Numbers as text."""

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.reals import Reals
from verify.notation import closed, nearest, not_below, number, seconds, size


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("as is", "as is"),
        (0, "0"),
        (4096, "4096"),
        (0.1, "0.1"),
        (1.0, "1"),
        (Fraction(1, 3), "0.33333"),
        (Fraction(-2, 3), "-0.66667"),
        (1e-9, "1e-09"),
        (1 << 40, "1099511627776"),
        (10**20, "1e+20"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (31872 * Fraction(10) ** 39, "3.1872e+43"),
    ],
)
def test_number(value: int | float | Fraction | str | None, text: str):
    assert number(value) == text


@given(st.fractions().filter(lambda x: x.denominator > 1), st.integers(1, 12))
def test_every_printed_digit_is_right(value: Fraction, significant: int):
    printed = Fraction(number(value, significant))
    assert abs(printed - value) * 2 <= abs(value) * Fraction(10) ** (1 - significant)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (3 << 29, "1.5 GiB"), (1 << 62, "4.1e+03 PiB")]
)
def test_size(count: int, text: str):
    assert size(count) == text


def test_durations():
    assert (seconds(1.234), seconds(0.00045)) == ("1.23 s", "0.45 ms")


def test_closed_forms_are_right_to_the_last_digit():
    tie = Fraction(1234565, 10**6)
    assert closed(lambda reals: reals.number(tie), 6) == "1.23456"
    assert nearest(lambda reals: reals.number(tie)) == 1.234565
    assert closed(lambda reals: reals.exp(reals.number(1)), 8) == "2.7182818"
    assert nearest(lambda reals: reals.exp(reals.number(1))) == math.e
    assert nearest(lambda reals: reals.exp(reals.number(1000))) == "1.9700711140170470e+434"
    assert nearest(lambda reals: reals.exp(reals.number(-1000))) == "5.0759588975494568e-435"


def test_a_tie_between_floats_that_hides_in_a_logarithm_is_one_of_the_two():
    tie = 2**53 + 1

    def hidden(reals: Reals) -> Any:
        return reals.exp(reals.log(reals.number(tie)))

    assert nearest(hidden) in (float(tie - 1), float(tie + 1))


def test_a_value_that_no_precision_settles_is_shown_as_its_enclosure():
    def zero(reals: Reals) -> Any:
        return reals.log(reals.number(2)) + reals.log(reals.number(Fraction(1, 2)))

    assert closed(zero).startswith("[+/- ")
    assert str(nearest(zero)).startswith("[+/- ")


def test_what_is_enough_is_rounded_up():
    for value in (Fraction(1, 3), Fraction(1825730904, 10**6), Fraction(40000), Fraction(108 * 10**6), 2.0**-30):
        for significant in (1, 4, 5):
            shown = Fraction(not_below(value, significant))
            assert Fraction(value) <= shown <= Fraction(value) * (1 + Fraction(10, 10**significant))
    assert (not_below(Fraction(40000)), not_below(108e6), not_below(1825.7309)) == ("40000", "1.08e+08", "1825.8")
    assert (not_below(Fraction(0)), not_below(float("inf"))) == ("0", "inf")
