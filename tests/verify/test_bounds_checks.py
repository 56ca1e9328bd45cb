"""The checks of `verify bounds`: what they say of the truth, and that each notices a planted fault."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.reals import FRACTIONS, Irrational, Reals
from bounds.theorem1 import Theorem1
from bounds.theorem2 import Theorem2
from verify.bounds import growth
from verify.bounds.attention import attention_checks, enough, exact, logarithm
from verify.bounds.checks import block_checks, consistency, dtype_limits, sufficiency
from verify.bounds.growth import as_printed, growth_checks, worst_case
from verify.bounds.limits import limits_of
from verify.bounds.rows import Row, rows_of
from verify.bounds.settings import BoundsSettings
from verify.verdict import Check, Result, Verdict

A_MIN = Fraction(9, 10)


def rows(**fields: Any) -> list[Row]:
    asked = BoundsSettings(**({"a_min": (A_MIN,), "L": (1, 2, 8, 64)} | fields))
    a_min = asked.a_min[0]
    return list(rows_of(asked, a_min, limits_of(asked, a_min)))


def verdicts(checks: list[Check]) -> dict[str, Verdict]:
    return {check.id.removeprefix("bounds/"): check.verdict for check in checks}


def test_a_satisfiable_block():
    found = verdicts(block_checks(rows(), limits_of(BoundsSettings((A_MIN,)), A_MIN)))
    assert found == {
        "T1-consistency/a_min=0.9/PROVED": Verdict.PROVED,
        "dtype-limits/a_min=0.9": Verdict.PROVED,
        "T1-sufficient/a_min=0.9": Verdict.PROVED,
    }


def test_a_block_that_speaks_in_part_says_where():
    checks = consistency(rows(delta=Fraction(9, 1000), L=(8, 16, 32)))
    assert {check.verdict: check.evidence.partition(":")[0] for check in checks} == {
        Verdict.VACUOUS: "a_min=0.9, L = 8, 16",
        Verdict.PROVED: "a_min=0.9, L = 32",
    }
    assert all(check.met for check in checks)
    assert checks[0].witness is not None
    assert Fraction(checks[0].witness["delta"]) == Fraction(9, 1000)


def test_an_undefined_threshold_is_skipped_and_not_compared():
    checks = block_checks(rows(a_min=(Fraction(1),)), limits_of(BoundsSettings((Fraction(1),)), Fraction(1)))
    assert verdicts(checks) == {"T1-consistency/a_min=1/SKIPPED": Verdict.SKIPPED}
    assert checks[0].claim == "T1-EDGE"


def test_no_rows_no_checks():
    assert block_checks([], limits_of(BoundsSettings((A_MIN,)), A_MIN)) == []
    assert attention_checks([]) == []


units = st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20)
positive = st.fractions(Fraction(1, 1000), 3, max_denominator=1000)


@settings(max_examples=12)
@given(a_min=units, a_max=units, delta=positive, epsilon=positive, M=positive, L=st.integers(1, 40), rho=positive)
def test_whatever_is_asked_nothing_comes_out_against_the_ledger(
    a_min: Fraction, a_max: Fraction, delta: Fraction, epsilon: Fraction, M: Fraction, L: int, rho: Fraction
):
    asked = BoundsSettings((a_min,), (L, L + 7), a_max, delta, epsilon, M, rho=rho)
    limits = limits_of(asked, a_min)
    block = list(rows_of(asked, a_min, limits))
    checks = block_checks(block, limits) + growth_checks(block) + attention_checks([row.theorem2 for row in block])
    assert Result("bounds", {}, {}, checks, [], "").exit_code == 0
    assert [check.claim for check in checks if check.verdict is Verdict.REFUTED] == ["T1-REQ"]


# Planted faults: a theorem whose formula is wrong in one place.


class LowThreshold(Theorem1):
    def threshold(self, reals: Reals = FRACTIONS) -> Any:
        return super().required(reals) * reals.number(Fraction(999999, 1000000))


class HighThreshold(Theorem1):
    def threshold(self, reals: Reals = FRACTIONS) -> Any:
        return super().cap(reals) * 2


class FlatRequirement(Theorem1):
    def required(self, reals: Reals = FRACTIONS, before: int | None = None) -> Any:
        return reals.number(1 if before is None else before)


class HugeRequirement(Theorem1):
    def required(self, reals: Reals = FRACTIONS, before: int | None = None) -> Any:
        return super().cap(reals) * (2 if before is None else before)


class NaN(Theorem1):
    def threshold(self, reals: Reals = FRACTIONS) -> Any:
        if reals.bits is None:
            raise Irrational("not a number")
        return arb("nan")


def broken(kind: type[Theorem1], row: Row) -> Row:
    names = ("a_min", "a_max", "L", "delta", "epsilon", "M", "Delta", "alpha_pos")
    return replace(row, theorem1=kind(**{name: getattr(row.theorem1, name) for name in names}))


@pytest.mark.parametrize(
    ("check", "kind", "verdict"),
    [
        (sufficiency, LowThreshold, Verdict.REFUTED),
        (worst_case, FlatRequirement, Verdict.REFUTED),
        (worst_case, HugeRequirement, Verdict.REFUTED),
    ],
)
def test_a_wrong_formula_is_refuted_with_its_parameters(
    check: Callable[[list[Row]], Check], kind: type[Theorem1], verdict: Verdict
):
    good = rows(L=(8, 64))
    assert check(good).verdict is Verdict.PROVED
    caught = check([good[0], broken(kind, good[1])])
    assert caught.verdict is verdict
    assert caught.witness is not None
    assert caught.witness["L"] == "64"
    assert not caught.met


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"alpha_pos": A_MIN, "L": (8, 64)},
        {"delta": Fraction(100)},
        {"epsilon": Fraction(1, 3), "M": Fraction(7)},
        {"a_max": Fraction(1)},
        {"a_min": (Fraction(1, 10**9),)},
    ],
)
def test_the_printed_growth_is_refuted_by_a_score_that_does_not_grow(fields: dict[str, Any]):
    """The witness again: over the L coefficients behind it alpha_pos is a_min, so the error is M Delta (1 - a s)."""
    block = rows(**fields)
    *_, check = growth_checks(block)
    assert (check.verdict, check.met) == (Verdict.REFUTED, True)
    assert check.witness is not None
    near, far = check.witness["at"]
    assert far["L"] >= 100 * near["L"]
    a_min, size = block[0].a_min, Fraction(check.witness["values_at_most"])
    for entry in (near, far):
        score = Fraction(entry["requirement"])
        assert Fraction(check.witness["delta"]) <= score < Fraction(entry["cap"]) == 1 / a_min
        assert size * (1 - a_min * score) == Fraction(entry["error"]) <= Fraction(check.witness["epsilon"])
    assert near["requirement"] == far["requirement"]


def test_the_conditional_growth_is_proved_whatever_alpha_pos_is_asked():
    asked = growth_checks(rows(alpha_pos=A_MIN, L=(8, 64)))[0]
    plain = growth_checks(rows(L=(8, 64)))[0]
    assert asked.document() == plain.document()
    assert (asked.id, asked.verdict) == ("bounds/T1-REQ/a_min=0.9/worst-case", Verdict.PROVED)
    assert "if every coefficient after pos equals a_min" in asked.evidence


def test_nothing_is_said_of_growth_where_nothing_grows_or_is_demanded():
    assert growth_checks([]) == []
    assert growth_checks(rows(a_min=(Fraction(1),))) == []
    assert [check.id for check in growth_checks(rows(epsilon=Fraction(3)))] == ["bounds/T1-REQ/a_min=0.9/as-printed"]


def test_a_witness_that_does_not_stand_refutes_nothing(monkeypatch: pytest.MonkeyPatch):
    """The planted fault: a score demanded that is a thousandth too high, then one that is too low."""
    right = growth.share_demanded
    for factor in (Fraction(1001, 1000), Fraction(999, 1000)):
        monkeypatch.setattr(growth, "share_demanded", lambda theorem, factor=factor: factor * right(theorem))
        check = as_printed(rows()[0])
        assert (check.verdict, check.met) == (Verdict.UNDECIDED, False)


def test_two_routes_that_disagree_leave_it_undecided():
    (row,) = rows(L=(8,))
    (check,) = consistency([broken(HighThreshold, row)])
    assert check.verdict is Verdict.UNDECIDED
    assert Result("bounds", {}, {}, [check], [], "").exit_code == 3


def test_a_nan_is_never_proved():
    (row,) = rows(L=(8,))
    nan = broken(NaN, row)
    assert not nan.speaks
    assert sufficiency([nan]).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("change", [-1, 1])
def test_a_limit_off_by_one_is_refuted(change: int):
    limits = limits_of(BoundsSettings((A_MIN,)), A_MIN)
    row = rows(L=(8,))[0]
    assert dtype_limits(row, limits).verdict is Verdict.PROVED
    wrong = replace(limits, largest=limits.largest | {"float32": 843 + change})
    caught = dtype_limits(row, wrong)
    assert caught.verdict is Verdict.REFUTED
    assert caught.witness is not None
    assert caught.witness["format"] == "float32"


class ShortOfL(Theorem2):
    """Forgets how many positions there are."""

    def threshold(self, reals: Reals = FRACTIONS) -> Any:
        return reals.number(self.rho) + self.c(reals)


class OffByATrifle(Theorem2):
    def required(self, reals: Reals = FRACTIONS) -> Any:
        return super().required(reals) + reals.number(self.trifle)

    trifle = Fraction(1, 10**8)


class OffByATrifleBelow(OffByATrifle):
    trifle = -Fraction(1, 10**8)


class Linear(Theorem2):
    def required(self, reals: Reals = FRACTIONS) -> Any:
        return super().required(reals) * reals.number(self.i)


@pytest.mark.parametrize(
    ("check", "kind"),
    [(enough, ShortOfL), (exact, OffByATrifle), (exact, OffByATrifleBelow), (logarithm, Linear)],
)
def test_a_wrong_attention_formula_is_refuted(check: Callable[[list[Theorem2]], Check], kind: type[Theorem2]):
    good = [row.theorem2 for row in rows(L=(8, 64))]
    assert check(good).verdict is Verdict.PROVED
    last = good[1]
    caught = check([good[0], kind(last.L, last.i, last.matched, last.rho, last.epsilon, last.M, last.W_V)])
    assert caught.verdict is Verdict.REFUTED
    assert caught.witness is not None
    assert caught.witness["L"] == "64"
