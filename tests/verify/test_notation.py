"""Numbers as text."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.notation import number, plural, seconds, size


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


def test_durations_and_counts():
    assert (seconds(1.234), seconds(0.00045)) == ("1.23 s", "0.45 ms")
    assert (plural(1, "row", "rows"), plural(0, "row", "rows")) == ("1 row", "0 rows")
