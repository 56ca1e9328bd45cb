"""Theorem 1's threshold: right as written, sufficient, and honest about where it can hold."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.formats import FORMATS, FloatFormat
from bounds.reals import FLOATS, FRACTIONS, digits, enclose, ends
from bounds.theorem1 import Status, Theorem1

TENTH, HALF = Fraction(1, 10), Fraction(1, 2)


def between(low, high):
    return st.fractions(min_value=low, max_value=high, max_denominator=20)


@st.composite
def theorems(draw):
    a_min, L = draw(between(Fraction(1, 4), Fraction(19, 20))), draw(st.integers(1, 6))
    alpha_pos = draw(st.none() | between(Fraction(19, 20), 1) if L > 1 else st.none())
    return Theorem1(
        a_min,
        draw(between(0, Fraction(19, 20))),
        L,
        draw(between(Fraction(1, 20), 1)) / 50,
        draw(between(Fraction(1, 20), 3)),
        draw(between(Fraction(1, 2), 3)),
        draw(between(Fraction(1, 2), 3)),
        alpha_pos,
    )


@given(theorems())
def test_the_threshold_is_never_below_what_is_required(p):
    required = p.required(FRACTIONS)
    if p.status() is Status.SATISFIABLE:
        assert required is not None
    if required is not None:
        assert max(p.threshold(FRACTIONS), p.delta) >= required


def test_the_formula_of_eq_24_by_hand():
    p = Theorem1(Fraction(9, 10), HALF, 3, Fraction(1, 5), TENTH, 2, 3)
    c = Fraction(1, 5) / Fraction(2, 10)
    scale = (1 - TENTH / 12) * Fraction(100, 81)
    before = Fraction(1, 5) * HALF / 1
    assert p.c(FRACTIONS) == c == 1
    assert p.parts(FRACTIONS) == {"after": Fraction(100, 81), "scale": scale, "before": before}
    assert p.d(FRACTIONS) == scale + before
    assert p.threshold(FRACTIONS) == c * Fraction(100, 81) + scale + before
    assert p.cap(FRACTIONS) == Fraction(100, 81)
    assert replace(p, alpha_pos=Fraction(9, 10)).cap(FRACTIONS) == Fraction(10, 9)


@given(theorems())
def test_floats_and_balls_agree_with_fractions(p):
    for form in (p.c, p.d, p.threshold, p.cap, p.largest_delta):
        exact = form(FRACTIONS)
        low, high = ends(enclose(form, 200))
        assert low <= exact <= high
        assert abs(Fraction(form(FLOATS)) - exact) <= (high + abs(exact) + 1) / 10**9


def test_the_paper_scale_of_numbers_right_to_the_last_digit():
    p = Theorem1(Fraction(9, 10), Fraction(9, 10), 4096, Fraction(1, 1000), TENTH, 1, 1)
    assert digits(p.threshold, 6) == digits(p.threshold(FRACTIONS), 6) == "2.27472e+187"
    assert digits(p.cap, 6) == "2.38190e+187"


@given(theorems(), st.integers(0, 3))
def test_satisfiable_exactly_below_the_largest_delta(p, before):
    largest = p.largest_delta(FRACTIONS)
    assert replace(p, delta=largest).status(before) is Status.VACUOUS
    assert replace(p, delta=largest * Fraction(999, 1000)).status(before) is Status.SATISFIABLE
    expected = Status.SATISFIABLE if p.delta < largest else Status.VACUOUS
    assert p.status(before) is expected


def test_delta_zero_leaves_no_room_for_unmatched_positions():
    p = Theorem1(HALF, HALF, 4, 0, TENTH, 1, 1)
    assert p.status() is p.status(before=1) is Status.VACUOUS
    assert p.status(before=0) is Status.SATISFIABLE


@pytest.mark.parametrize(
    ("a_min", "a_max", "said"),
    [
        (1, HALF, "1 - a_min = 0 stands in a denominator"),
        (HALF, 1, "1 - a_max = 0 stands in a denominator"),
        (1, 1, "1 - a_min = 0 and 1 - a_max = 0 stand in denominators"),
    ],
)
def test_where_the_printed_formula_divides_by_zero(a_min, a_max, said):
    p = Theorem1(a_min, a_max, 3, TENTH, TENTH, 1, 1)
    assert p.undefined == said
    assert p.status() is Status.UNDEFINED
    for form in (p.c, p.d, p.parts, p.threshold, p.largest_delta):
        assert form(FRACTIONS) is None
    assert p.cap(FRACTIONS) == Fraction(a_min) ** -2
    with pytest.raises(ValueError, match=said):
        p.largest_holdable_L(FORMATS["float16"])


SMALL_FORMATS = st.builds(lambda p, emax: FloatFormat("small", p, emax, -2), st.integers(2, 5), st.integers(1, 9))


@given(theorems(), SMALL_FORMATS)
def test_the_largest_holdable_L_is_the_last_one(p, format):
    found = p.largest_holdable_L(format)

    def holds(L):
        return replace(p, L=L, alpha_pos=None).threshold(FRACTIONS) <= format.max

    if found is None:
        assert all(holds(L) for L in (1, 10, 100)) or not holds(1)
    else:
        assert not holds(found + 1)
        assert found == 0 or holds(found)


def test_the_largest_holdable_L_of_the_formats_and_where_there_is_none():
    p = Theorem1(Fraction(9, 10), Fraction(9, 10), 8, Fraction(1, 1000), TENTH, 1, 1)
    assert {name: p.largest_holdable_L(each) for name, each in FORMATS.items()} == {
        "bfloat16": 843,
        "float16": 106,
        "float32": 843,
        "float64": 6738,
    }
    assert replace(p, epsilon=3, delta=Fraction(1, 10**6)).largest_holdable_L(FORMATS["float16"]) is None
    assert replace(p, delta=10**6).largest_holdable_L(FORMATS["float16"]) == 0
    slow = replace(p, a_min=1 - Fraction(1, 10**12))
    L = slow.largest_holdable_L(FORMATS["float64"])
    assert L is not None
    assert L > 10**14


def test_floats_beyond_float64_overflow_loudly():
    p = Theorem1(HALF, HALF, 5000, TENTH, TENTH, 1, 1)
    for form in (p.threshold, p.cap, replace(p, delta=Fraction(1, 1000)).required):
        with pytest.raises(OverflowError):
            form(FLOATS)
    assert digits(p.threshold, 3) == "7.42e+1504"  # (delta + 1 - eps/2) 2^4999 = 1.05 * 7.06e1504


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a_min": 0}, r"a_min = 0 was given; allowed are numbers in \(0, 1\]"),
        ({"a_min": float("nan")}, "a_min = nan"),
        ({"a_max": Fraction(3, 2)}, "a_max = 3/2"),
        ({"L": 0}, "L = 0 was given; allowed are integers from 1 on"),
        ({"delta": -1}, "delta = -1"),
        ({"delta": float("inf")}, "delta = inf"),
        ({"epsilon": 0}, "epsilon = 0"),
        ({"M": -2}, "M = -2"),
        ({"Delta": float("nan")}, "Delta = nan"),
        ({"alpha_pos": Fraction(1, 5)}, r"alpha_pos = 1/5 .*from a_min\^\(L-1\) = \(1/2\)\^2 to 1"),
        ({"alpha_pos": 2}, "alpha_pos = 2"),
        ({"alpha_pos": 0}, "alpha_pos = 0"),
    ],
)
def test_parameters_out_of_range_are_named(changes, message):
    p = Theorem1(HALF, HALF, 3, TENTH, TENTH, 1, 1)
    with pytest.raises(ValueError, match=message):
        replace(p, **changes)
