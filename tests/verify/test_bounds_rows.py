"""Rows of `verify bounds`: every number against a second way of getting it, every status against its definition."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.reals import FRACTIONS, enclose, ends
from verify.bounds.limits import limits_of
from verify.bounds.rows import BEYOND, SATISFIABLE, UNDEFINED, VACUOUS, Row, rows_of
from verify.bounds.settings import BoundsSettings

ROW_FIELDS = [
    "L",
    "a_min",
    "ssm_threshold",
    "ssm_required",
    "ssm_cap",
    "attention_threshold",
    "attention_required",
    "status",
    "dtype_limit",
]


def rows(**fields: Any) -> list[Row]:
    asked = BoundsSettings(**({"a_min": (Fraction(9, 10),), "L": (1, 2, 8, 64)} | fields))
    a_min = asked.a_min[0]
    return list(rows_of(asked, a_min, limits_of(asked, a_min)))


def printed_threshold(asked: BoundsSettings, L: int) -> Fraction:
    """Eq. 24 written down once more, in fractions."""
    a, delta = asked.a_min[0], asked.delta
    a_max = a if asked.a_max is None else asked.a_max
    alpha = a ** (L - 1) if asked.alpha_pos is None else asked.alpha_pos
    e = asked.epsilon / (asked.M * asked.Delta)
    return delta / (2 * (1 - a)) * (1 / a) ** (L - 1) + (1 - e / 2) / alpha + delta * a_max / (2 * (1 - a_max))


def nearest_to(rho: Fraction, inside: Fraction) -> float:
    """The float nearest to rho + log(inside): both ends of a ball of it round there."""
    low, high = map(float, ends(enclose(lambda reals: reals.number(rho) + reals.log(reals.number(inside)), 400)))
    assert low == high
    return low


units = st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=40)
positive = st.fractions(Fraction(1, 1000), 3, max_denominator=1000)


@settings(max_examples=25)
@given(a_min=units, a_max=units, delta=positive, epsilon=positive, M=positive, L=st.integers(1, 20))
def test_a_row_says_what_the_formulas_say(
    a_min: Fraction, a_max: Fraction, delta: Fraction, epsilon: Fraction, M: Fraction, L: int
):
    asked = BoundsSettings((a_min,), (L,), a_max, delta, epsilon, M)
    (row,) = rows_of(asked, a_min, limits_of(asked, a_min))
    document = row.document()
    threshold, cap = printed_threshold(asked, L), 1 / a_min ** (L - 1)
    assert list(document) == ROW_FIELDS
    assert document["ssm_threshold"] == float(threshold)
    assert document["ssm_cap"] == float(cap)
    assert row.speaks == (threshold < cap and delta < cap)
    required = row.theorem1.required(FRACTIONS)
    assert document["ssm_required"] == (None if required is None else float(required))
    odds = 2 * M / epsilon - 1
    demanded = L > 1 and odds > 0
    assert (document["attention_required"] is not None) == demanded
    if demanded:
        assert document["attention_required"] == nearest_to(delta, (L - 1) * odds)


def test_five_digits_and_a_dash_where_there_is_no_number():
    first, *_, last = rows()
    assert first.texts["attention_required"] == "-"
    assert last.texts["ssm_threshold"] == "729.00"
    assert first.document()["attention_required"] is None


@pytest.mark.parametrize(
    ("fields", "L", "status"),
    [
        ({}, 8, SATISFIABLE),
        ({"L": (1024,)}, 1024, BEYOND),
        ({"L": (1024,), "dtype": "float64"}, 1024, SATISFIABLE),
        ({"L": (128,), "dtype": "float16"}, 128, BEYOND),
        ({"delta": Fraction(9, 1000)}, 8, VACUOUS),
        ({"delta": Fraction(9, 1000), "L": (32,)}, 32, SATISFIABLE),
        ({"delta": Fraction(9), "L": (1024,)}, 1024, VACUOUS),
        ({"delta": Fraction(1, 100), "a_max": Fraction(0)}, 8, VACUOUS),
        ({"a_min": (Fraction(1),)}, 8, UNDEFINED),
        ({"a_max": Fraction(1)}, 8, UNDEFINED),
    ],
)
def test_status(fields: dict[str, Any], L: int, status: str):
    assert {row.L: row.status for row in rows(**fields)}[L] == status


def test_numbers_that_no_float_holds_are_text():
    (row,) = rows(L=(10**5,))
    document = row.document()
    assert document["ssm_threshold"].endswith("e+4575")
    assert document["attention_required"] == nearest_to(Fraction(1, 1000), Fraction(19 * (10**5 - 1)))


@pytest.mark.parametrize("alpha_pos", [None, Fraction(1, 2), Fraction(1)])
@pytest.mark.parametrize("a_min", [Fraction(1, 2), Fraction(9, 10)])
def test_limits_are_the_last_L_that_fits(a_min: Fraction, alpha_pos: Fraction | None):
    asked = BoundsSettings((a_min,), (64,), alpha_pos=alpha_pos)
    limits = limits_of(asked, a_min)
    for name, limit in limits.largest.items():
        assert limit is not None
        assert printed_threshold(asked, limit) <= FORMATS[name].max < printed_threshold(asked, limit + 1)
        assert limits.first_beyond(name) == limit + 1


def test_a_part_far_below_zero_leaves_more_room():
    """(1 - e/2) / alpha_pos = -10^30: the growing part may reach 10^30 more than the format holds."""
    a_min = Fraction(1, 10**9)
    asked = BoundsSettings((a_min,), (8,), delta=Fraction(3), epsilon=Fraction(2 * 10**30), alpha_pos=Fraction(1))
    limits = limits_of(asked, a_min)
    for name, limit in limits.largest.items():
        assert limit is not None
        assert printed_threshold(asked, limit) <= FORMATS[name].max < printed_threshold(asked, limit + 1)


def test_limits_that_are_never_reached_or_not_defined():
    unbounded = BoundsSettings((Fraction(9, 10),), epsilon=Fraction(3))
    assert set(limits_of(unbounded, Fraction(9, 10)).largest.values()) == {None}
    assert limits_of(unbounded, Fraction(9, 10)).first_beyond("float16") is None
    flat = BoundsSettings((Fraction(1),))
    assert set(limits_of(flat, Fraction(1)).largest.values()) == {None}


def test_a_format_too_small_for_any_L():
    asked = BoundsSettings((Fraction(1, 2),), (64,), alpha_pos=Fraction(1, 4), delta=Fraction(10) ** 6)
    limits = limits_of(asked, Fraction(1, 2))
    assert limits.smallest_L == 3
    assert limits.largest["float16"] == 2
    assert limits.first_beyond("float16") == 3
