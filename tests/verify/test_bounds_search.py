"""Instances in exact fractions: Eq. 6 itself, Assumption 1, and the search that may refute the requirement."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.exact import ssm_worst_case
from bounds.reals import FRACTIONS, Reals
from bounds.theorem1 import Theorem1
from verify.bounds import search as bounds_search
from verify.bounds.instances import Instance, decaying, extreme, fading, scattered
from verify.bounds.limits import limits_of
from verify.bounds.rows import Row, rows_of
from verify.bounds.search import needed, sampled
from verify.bounds.settings import BoundsSettings
from verify.verdict import Check, Verdict

units = st.fractions(0, 1, max_denominator=8)
scores = st.fractions(-3, 3, max_denominator=8)


def rows(**fields: Any) -> list[Row]:
    settings = BoundsSettings(**({"a_min": (Fraction(9, 10),), "L": (1, 2, 8, 64, 128)} | fields))
    a_min = settings.a_min[0]
    return list(rows_of(settings, a_min, limits_of(settings, a_min)))


def instance_of(parts: list[tuple[Fraction, Fraction]], pos: int, L: int) -> Instance:
    a, s = zip(*parts, strict=True)
    return Instance(tuple(a), tuple(s), 1 + pos % len(parts), L, Fraction(1, 2))


pairs = st.lists(st.tuples(units, scores), min_size=1, max_size=6)


@given(pairs, st.integers(0, 5), st.integers(1, 6))
def test_the_recurrence_and_the_closed_form_agree(parts: list[tuple[Fraction, Fraction]], pos: int, L: int):
    instance = instance_of(parts, pos, L)
    weights = np.array([[a * s for a, s in zip(instance.alphas, instance.scores, strict=True)]], dtype=object)
    closed = ssm_worst_case(weights, np.array([instance.pos - 1]), 2, 1)
    assert instance.worst_error(Fraction(2)) == closed[0]


@given(pairs, st.integers(0, 5), st.lists(st.fractions(-2, 2, max_denominator=3), min_size=6, max_size=6))
def test_no_values_do_worse_than_the_worst(parts: list[tuple[Fraction, Fraction]], pos: int, values: list[Fraction]):
    instance = instance_of(parts, pos, 1)
    some = values[: len(parts)]
    assert abs(instance.output(some) - some[instance.pos - 1]) <= instance.worst_error(Fraction(2))


def test_eq_6_with_explicit_keys():
    """H in R^{2 x 1}, keys and query written out, against the carried scalar."""
    a = (Fraction(1, 3), Fraction(1, 2), Fraction(3, 4))
    keys = [(1, 2), (3, -1), (0, 5)]
    query = (Fraction(1, 7), Fraction(2))
    values = [Fraction(5), Fraction(-2), Fraction(1)]
    state = [Fraction(0), Fraction(0)]
    for coefficient, key, value in zip(a, keys, values, strict=True):
        state = [coefficient * h + k * value for h, k in zip(state, key, strict=True)]
    read = tuple(sum((c * k for c, k in zip(query, key, strict=True)), Fraction(0)) for key in keys)
    expected = sum((c * h for c, h in zip(query, state, strict=True)), Fraction(0))
    assert Instance(a, read, 1, 3, Fraction(1)).output(values) == expected


@pytest.mark.parametrize(
    ("scores", "pos", "L", "meets"),
    [
        (("0.1", "0.5", "0.1"), 2, 2, True),
        (("0.1", "0.5", "0.1"), 2, 1, False),
        (("0.5", "0.5", "0.1"), 2, 2, False),
        (("0.1", "0.2", "0.1"), 2, 2, True),
        (("0.1", "0.1999", "0.1"), 2, 2, False),
        (("0.1", "2", "0.1"), 2, 2, False),
        (("0.1", "-1", "-0.5"), 2, 2, False),
        (("0.1", "-0.9", "-0.5"), 2, 2, True),
    ],
)
def test_assumption_1(scores: tuple[str, ...], pos: int, L: int, meets: bool):
    """Forgetting 1/2: the matched part is |s_2| / 2 + |s_3|, each only from delta = 0.2 on."""
    half = Fraction(1, 2)
    instance = Instance((half,) * 3, tuple(map(Fraction, scores)), pos, L, Fraction("0.2"))
    assert instance.meets_assumption_1() is meets


def test_an_instance_checks_itself():
    one = Fraction(1)
    with pytest.raises(ValueError, match="2 coefficients and 1 scores"):
        Instance((one, one), (one,), 1, 1, one)
    with pytest.raises(ValueError, match="pos = 3 was given; allowed are 1 to 2"):
        Instance((one, one), (one, one), 3, 1, one)
    with pytest.raises(ValueError, match="outside"):
        Instance((2 * one,), (one,), 1, 1, one)


@given(st.fractions(Fraction(1, 5), 1, max_denominator=10), st.integers(0, 8), st.integers(0, 8))
def test_decaying_reaches_alpha_pos_and_never_forgets_faster(a_min: Fraction, after: int, step: int):
    alpha_pos = a_min**after + (1 - a_min**after) * Fraction(step, 8)
    coefficients = decaying(alpha_pos, a_min, after)
    product = Fraction(1)
    for a in coefficients:
        assert a_min <= a <= 1
        product *= a
    assert product == (alpha_pos if after else 1)


@given(st.integers(0, 2**32 - 1))
def test_random_instances_meet_assumption_1(seed: int):
    rng = np.random.default_rng(seed)
    a, delta = Fraction(9, 10), Fraction(1, 100)
    for made in (
        extreme((a,) * 8, 4, 5, delta, Fraction(1), Fraction(1, 100)),
        scattered((a,) * 8, 4, 5, delta, Fraction(1), rng),
    ):
        assert made.meets_assumption_1()
        assert made.scores[3] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"delta": Fraction(9, 1000)},
        {"alpha_pos": Fraction(1), "a_max": Fraction(0), "epsilon": Fraction(1, 2)},
        {"alpha_pos": Fraction(99, 100), "L": (2, 8, 64)},
        {"a_max": Fraction(99, 100), "delta": Fraction(1, 10**4)},
        {"a_min": (Fraction(1),), "a_max": Fraction(9, 10), "L": (2, 8)},
        {"M": Fraction(7), "Delta": Fraction(1, 9)},
    ],
)
def test_just_below_the_requirement_an_instance_errs(fields: dict[str, Any]):
    (check,) = needed(rows(**fields))
    assert check.verdict is Verdict.PROVED
    assert Fraction(check.value) > Fraction(check.bound)


def test_it_is_the_printed_requirement_that_is_attacked():
    """At L = 8 the rest before pos weighs more than the step: without it an instance with 8 before pos would pass."""
    (row,) = rows(L=(8,))
    printed, short = row.theorem1.required(FRACTIONS), row.theorem1.required(FRACTIONS, before=8)
    assert short < (1 - bounds_search.STEP) * printed
    (check,) = needed([broken(Printed, row)])
    assert check.verdict is Verdict.PROVED
    (caught,) = needed([broken(TooHighInTheTable, row)])
    assert caught.verdict is Verdict.REFUTED


@pytest.mark.parametrize("fields", [{"a_min": (Fraction(1),)}, {"a_max": Fraction(1)}, {"delta": Fraction(1, 50)}])
def test_where_the_table_has_a_dash_nothing_is_said_of_the_requirement(fields: dict[str, Any]):
    block = rows(**fields)
    assert {row.texts["ssm_required"] for row in block} == {"-"}
    assert needed(block) == []


@pytest.mark.parametrize("fields", [{"a_min": (Fraction(1),)}, {"a_max": Fraction(1)}])
def test_without_a_threshold_the_samples_are_vacuous(fields: dict[str, Any]):
    check = sampled(rows(**fields)[0], 0)
    assert (check.verdict, check.met, check.value) == (Verdict.VACUOUS, True, None)
    assert "every L: Theorem 1 has no threshold" in check.evidence


@given(units, st.fractions(Fraction(1, 10**9), 1, max_denominator=10**9))
def test_fading_keeps_all_weight_but_what_may_be_missing(a_max: Fraction, missing: Fraction):
    found = fading(a_max, missing, 400)
    if a_max == 1:
        assert found is None
        return
    assert found is not None
    assert all(0 <= a <= a_max for a in found)
    weight, product = Fraction(0), Fraction(1)
    for a in found[:0:-1]:
        product *= a
        weight += product
    assert a_max / (1 - a_max) - missing <= weight <= a_max / (1 - a_max)


def test_fading_gives_up_where_too_many_positions_would_be_needed():
    assert fading(Fraction(99, 100), Fraction(1, 10**6), 100) is None
    assert fading(Fraction(0), Fraction(1, 10**6), 0) == (Fraction(0),)


def test_where_delta_decides_there_is_nothing_below():
    assert needed(rows(epsilon=Fraction(3))) == []


class Scaled(Theorem1):
    """A requirement that is a thousandth off."""

    factor = Fraction(1)

    def required(self, reals: Reals = FRACTIONS, before: int | None = None) -> Any:
        found = super().required(reals, before)
        return None if found is None else found * reals.number(self.factor)


class TooHigh(Scaled):
    factor = Fraction(1001, 1000)


class TooLow(Scaled):
    factor = Fraction(999, 1000)


class Printed(Theorem1):
    """Right, and asked for the printed requirement alone."""

    def required(self, reals: Reals = FRACTIONS, before: int | None = None) -> Any:
        assert before is None
        return super().required(reals)


class TooHighInTheTable(Printed):
    """Right but for a few millionths in the printed requirement."""

    def required(self, reals: Reals = FRACTIONS, before: int | None = None) -> Any:
        return super().required(reals, before) * reals.number(1 + 3 * bounds_search.STEP)


def broken(kind: type[Theorem1], row: Row) -> Row:
    theorem = row.theorem1
    return Row(
        row.a_min, row.L, kind(row.a_min, theorem.a_max, row.L, theorem.delta, theorem.epsilon, 1, 1), *row_rest(row)
    )


def row_rest(row: Row) -> tuple[Any, ...]:
    return row.theorem2, row.dtype, row.dtype_limit


def test_a_requirement_that_is_too_high_is_caught():
    good = rows(L=(8, 64))
    (check,) = needed([good[0], broken(TooHigh, good[1])])
    assert check.verdict is Verdict.REFUTED
    assert check.witness is not None
    assert check.witness["L"] == 64


def test_a_requirement_that_is_too_low_is_caught_with_a_witness_that_stands(monkeypatch: pytest.MonkeyPatch):
    row = rows()[0]
    assert sampled(row, 0).verdict is Verdict.HELD
    monkeypatch.setattr(bounds_search, "Theorem1", TooLow)
    check = sampled(row, 0)
    assert check.verdict is Verdict.REFUTED
    assert not check.met
    instance = from_witness(check)
    assert instance.meets_assumption_1()
    assert instance.worst_error(Fraction(1)) > Fraction(1, 10)


def from_witness(check: Check) -> Instance:
    assert check.witness is not None
    a, scores = (tuple(map(Fraction, check.witness[name])) for name in ("a", "scores"))
    return Instance(a, scores, check.witness["pos"], check.witness["L"], Fraction(check.witness["delta"]))


def test_the_seed_decides_the_samples_and_is_named():
    row = rows()[0]
    first, again, other = (sampled(row, seed) for seed in (1, 1, 2))
    assert first.document() == again.document()
    assert "drawn with seed 1 " in first.evidence
    assert first.document() != other.document()


def test_no_instance_with_a_sufficient_score_is_vacuous():
    check = sampled(rows(delta=Fraction(100))[0], 0)
    assert check.verdict is Verdict.VACUOUS
    assert check.met
