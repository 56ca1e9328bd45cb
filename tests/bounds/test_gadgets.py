"""Closed forms of Lemmas 1-5 against brute force; every lambda is enough and 0.99 of it is not."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import gadgets
from bounds.formats import format_of
from bounds.reals import FLOATS, Order, decide, enclose, ends
from bounds.rounding import growth

SIZES = st.fractions(Fraction(1, 4), 50, max_denominator=8)
ERRORS = st.fractions(Fraction(1, 10**6), Fraction(2, 5), max_denominator=10**6)
FLOAT64 = format_of("float64")
LAMBDAS = st.floats(0.1, 300.0)
LEMMAS = {
    "product": (lambda M, e, r: gadgets.product_lambda(M, e, r), lambda lam, M, r: gadgets.product_error(lam, M, r)),
    "network": (lambda M, e, r: gadgets.network_lambda(M, e, r), lambda lam, M, r: gadgets.network_error(lam, M, r)),
    "select": (lambda M, e, r: gadgets.select_lambda(M, e, r), lambda lam, M, r: gadgets.select_error(lam, M, r)),
    "indicator": (lambda _, e, r: gadgets.indicator_lambda(e, r), lambda lam, _, r: gadgets.indicator_error(lam, r)),
    "different": (lambda _, e, r: gadgets.different_lambda(e, r), lambda lam, _, r: gadgets.different_error(lam, r)),
}


def silu(x):
    e = np.exp(-np.abs(x))
    return x * np.where(x > 0, 1.0, e) / (1 + e)


def test_lemma_1_identity():
    """silu(x) + silu(-x) = x tanh(x/2) and silu(x) - silu(-x) = x."""
    x = sympy.Symbol("x", real=True)
    s = x / (1 + sympy.exp(-x))
    even = s + s.subs(x, -x) - x * sympy.tanh(x / 2)
    assert sympy.simplify(even.rewrite(sympy.exp)) == 0
    assert sympy.simplify(s - s.subs(x, -x) - x) == 0


@given(st.floats(0.5, 20.0), LAMBDAS)
def test_product_error_is_the_supremum(M, lam):
    a, b = np.meshgrid(np.linspace(-M, M, 41), np.linspace(-M, M, 41))
    g = lam**2 / 2 * (silu((a + b) / lam) + silu(-(a + b) / lam) - silu((a - b) / lam) - silu((b - a) / lam))
    # The grid has (M, M), where the supremum is attained. Each |silu| is at most 2 M / lambda and carries 2 roundings
    # of its argument (silu' < 1.1, so as 3), 4 and exp of its own, 5 of what follows; a b and the difference 2 more.
    rounding = growth(12, FLOAT64, library_calls=1) * 4 * M * lam + growth(2, FLOAT64) * (2 * M**2 + 4 * M * lam)
    low, high = ends(enclose(lambda reals: gadgets.product_error(lam, M, reals), 200))
    assert low - Fraction(rounding) <= Fraction(float(np.abs(g - a * b).max())) <= high + Fraction(rounding)


def test_the_supremum_is_told_from_a_hundredth_less():
    """The tolerance above can fail: at lambda = 10, M = 10 it is far below the error itself."""
    rounding = growth(12, FLOAT64, library_calls=1) * 400 + growth(2, FLOAT64) * 600
    assert rounding < 0.01 * gadgets.product_error(10, 10)


@settings(max_examples=20)
@given(st.floats(0.5, 10.0), LAMBDAS, st.floats(0.05, 2.0))
def test_select_error_is_never_exceeded(M, lam, alpha):
    k = M / alpha
    t = alpha + np.linspace(0, 10, 200)[:, None] / (lam * k)
    x = np.clip(-M + np.linspace(0, 10, 200)[None, :] / lam, -M, M)
    one = (silu(lam * (x + k * t)) - silu(lam * k * t)) / lam - x
    other = (silu(lam * (-x - k * t)) - silu(-lam * k * t)) / lam
    worst = max(np.abs(one.max(axis=1) + other.max(axis=1)).max(), np.abs(one.min(axis=1) + other.min(axis=1)).max())
    assert worst <= gadgets.select_error(lam, M) * (1 + 1e-9)
    if lam * M > 8:
        assert worst >= 0.97 * gadgets.select_error(lam, M)


@given(LAMBDAS)
def test_indicator_error_is_reached(lam):
    v = np.linspace(0, 30, 30_001) / lam
    t = np.concatenate([-v, 1 + v])
    off = np.abs((silu(lam * t) - silu(lam * (t - 1))) / lam - (t >= 1)).max()
    assert off <= gadgets.indicator_error(lam) * (1 + 1e-9) + 1e-15
    assert off >= 0.999 * gadgets.indicator_error(lam)


@given(st.floats(1.3, 300.0))
def test_different_error_is_the_worst(lam):
    v = np.linspace(0, 30, 30_001) / lam
    t = np.concatenate([1 + v, -1 - v, [0.0]])
    f = (silu(lam * t) - silu(lam * (t - 1)) + silu(-lam * t) - silu(-lam * (t + 1))) / lam
    off = np.abs(f - (t != 0)).max()
    assert off <= gadgets.different_error(lam) * (1 + 1e-9) + 1e-15
    assert off >= 0.999 * gadgets.different_error(lam)


@given(st.floats(0.5, 5.0), st.floats(3.0, 60.0), st.sampled_from([2, 3, 5]))
def test_steep_error_bounds(M, lam, rho):
    k = rho * M
    t = 1 + np.linspace(0, 10, 300)[:, None] / (lam * k)
    x = np.linspace(-M, M, 401)[None, :]
    one = (silu(lam * (x + k * t)) - silu(lam * k * t)) / lam - x
    other = (silu(lam * (-x - k * t)) - silu(-lam * k * t)) / lam
    assert (np.abs(one).max() + np.abs(other).max()) <= 2 * gadgets.steep_error(lam, M, rho) + 1e-14
    assert np.abs(one + other).max() <= gadgets.steep_error(lam, M, rho) * (1 + 1e-9) + 1e-14


@pytest.mark.parametrize("name", LEMMAS)
@pytest.mark.parametrize(("M", "epsilon"), [(10, Fraction(1, 1000))])
def test_lambda_is_enough_and_needed(name, M, epsilon):
    lam_of, error = LEMMAS[name]
    lam = gadgets.enough(lambda r: lam_of(M, epsilon, r))

    def order(at):
        return decide(lambda r: error(at, M, r), lambda r: r.number(epsilon))

    assert order(lam) is Order.LESS
    assert order(Fraction(lam) * Fraction(99, 100)) is Order.GREATER
    assert order(10 * lam) is Order.LESS


@settings(max_examples=8)
@given(SIZES, ERRORS)
def test_paper_lambdas_are_never_smaller(M, epsilon):
    assert gadgets.product_lambda_paper(M, epsilon) > gadgets.product_lambda(M, epsilon)
    assert gadgets.product_lambda_simple(M, epsilon) >= gadgets.product_lambda(M, epsilon) * (1 - 1e-4)
    assert gadgets.network_lambda_paper(M, 3, epsilon) > gadgets.network_lambda(3 * M, epsilon)
    assert gadgets.select_lambda_paper(M, 1, epsilon) > gadgets.select_lambda(M, epsilon)
    assert gadgets.indicator_lambda_paper(1, epsilon) > gadgets.indicator_lambda(epsilon)
    assert gadgets.linear_lambda_paper(M, 2, epsilon) > 0


def test_nothing_is_needed_for_large_epsilon():
    assert gadgets.product_lambda(2, 4) == 0
    assert gadgets.select_lambda(2, 2) == 0
    assert gadgets.indicator_lambda(Fraction(1, 2)) == 0
    assert gadgets.linear_error(3, FLOATS) == 0


@pytest.mark.parametrize("bad", [0, -1, float("inf"), float("nan")])
def test_numbers_must_be_positive(bad):
    for call in (
        lambda: gadgets.product_error(bad, 1),
        lambda: gadgets.network_lambda(1, bad),
        lambda: gadgets.select_error(1, bad),
        lambda: gadgets.indicator_lambda_paper(bad, 1),
        lambda: gadgets.linear_error(bad),
    ):
        with pytest.raises(ValueError, match="must be a finite number above 0"):
            call()


def test_formulas_say_where_they_end():
    with pytest.raises(ValueError, match=r"at least 1\.28"):
        gadgets.different_error(1)
    with pytest.raises(ValueError, match=r"at least 1\.28"):
        gadgets.steep_error(1, 1, 2)
    with pytest.raises(ValueError, match="beyond float64"):
        gadgets.enough(lambda r: r.number(10**400))


@pytest.mark.parametrize("u", [1e-6, 0.5, 20.0, 1e3, 1e9])
def test_the_share_of_the_product_neither_overflows_nor_differs_from_balls(u):
    """e^(2u) once overflowed floats from M/lambda = 355 on, so that no page came out for M from 89 on."""
    share = enclose(lambda reals: gadgets.product_share(reals.number(u), reals), 128)
    # E within two roundoffs, twice that in E/(2 - E), as E <= 1; two roundings there, one by u, one of the difference.
    off = Fraction(gadgets.product_share(u, FLOATS)) - sum(ends(share)) / 2
    assert abs(off) <= growth(8, FLOAT64)
