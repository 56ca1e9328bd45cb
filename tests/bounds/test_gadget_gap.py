"""phi and the suprema made of it, against brute force and in balls."""

import math
from fractions import Fraction

import numpy as np
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from bounds.formats import format_of
from bounds.gadget_gap import (
    INFLECTION_BELOW,
    bisect,
    descent,
    gap,
    gap_peak,
    gap_slope,
    larger,
    rise,
    second_difference,
    spread,
)
from bounds.gadget_rounding import SILU_SLOPE
from bounds.reals import FLOATS, Order, Reals, balls, decide, enclose
from bounds.rounding import growth

LENGTHS = st.floats(0.01, 60.0)
GRID = np.linspace(0.0, 80.0, 80_001)


def phi(x):
    return x * np.exp(-x) / (1 + np.exp(-x))


def test_gap_is_relu_minus_silu():
    x = np.linspace(-30, 30, 6001)
    silu = x / (1 + np.exp(-x))
    assert np.abs(np.maximum(x, 0) - silu - phi(np.abs(x))).max() < 1e-14


def test_peak_is_lambert_of_1_over_e():
    """w e^w = 1/e, and no point of a fine grid is above it."""
    for bits in (64, 512):
        w = enclose(gap_peak, bits)
        with ctx.workprec(bits):
            assert (w * w.exp() - arb(-1).exp()).contains(0)
    assert phi(GRID).max() * (1 - 1e-15) <= gap_peak() < phi(GRID).max() + 1e-7


def test_slope_is_the_derivative():
    h = 1e-6
    x = np.linspace(0.1, 20, 200)
    slopes = np.array([gap_slope(float(each)) for each in x])
    assert np.abs((phi(x + h) - phi(x - h)) / (2 * h) - slopes).max() < 1e-9


def test_inflection_lies_below_the_bracket():
    def excess(reals: Reals):
        x = reals.number(INFLECTION_BELOW)
        return x * (1 - reals.exp(-x)) / (1 + reals.exp(-x))

    assert decide(excess, lambda reals: reals.number(2)) is Order.GREATER


def test_silu_slope_is_above_every_slope():
    """silu' = 1 - phi' on x > 0 is largest where phi'' = 0, below 2.4; in balls over [0, 3] it stays below 1.1."""
    for k in range(3000):
        with ctx.workprec(64):
            x = arb(k).union(arb(k + 1)) / 1000
            e = (-x).exp()
            assert 1 - e / (1 + e) * (1 - x / (1 + e)) < SILU_SLOPE


@given(LENGTHS)
def test_spread_is_the_supremum(m):
    """S(m) against every v of a fine grid: never below it, and reached."""
    off = np.abs(phi(GRID) - phi(GRID + m)).max()
    assert off <= spread(m) * (1 + 1e-12)
    assert spread(m) <= off + 1e-6


@given(LENGTHS)
def test_select_form_has_the_same_supremum(m):
    """The largest |phi(w) - phi(p)| over w >= m, |p - w| <= m, which Lemma 4 needs, is S(m) too."""
    w = m + np.linspace(0, 20, 2001)[:, None]
    p = w + m * np.linspace(-1, 1, 201)[None, :]
    off = np.abs(phi(w) - phi(np.maximum(p, 0.0))).max()
    assert off <= spread(m) * (1 + 1e-12)


@given(LENGTHS, st.floats(1.001, 3.0))
def test_spread_over_length_falls(m, factor):
    assert spread(m * factor) / (m * factor) < spread(m) / m


@given(LENGTHS)
def test_rise_is_the_supremum(m):
    assert abs(phi(np.linspace(0, m, 40_001)).max() - rise(m)) <= 1e-7


@given(st.floats(3.0, 40.0))
def test_second_difference_is_the_supremum(m):
    off = (phi(GRID) - 2 * phi(GRID + m) + phi(GRID + 2 * m)).max()
    assert off <= second_difference(m) * (1 + 1e-12)
    assert second_difference(m) <= off + 1e-6


@given(st.floats(1.28, 3.0))
def test_below_3_the_second_difference_is_less_than_the_peak(m):
    assert second_difference(m) < gap_peak() < 2 * gap(m)


def test_second_difference_over_length_falls_where_it_counts():
    """Up to 3.4 twice phi(m) is more; from 3.4 to 3.8 m dD/dm < D in balls, the best v enclosed by the signs of D'."""
    assert decide(lambda r: second_difference(r.number(3.4), r), lambda r: 2 * gap(r.number(3.4), r)) is Order.LESS
    reals = balls(64)

    def slope(v, m):
        return gap_slope(v, reals) - 2 * gap_slope(v + m, reals) + gap_slope(v + 2 * m, reals)

    for k in range(340, 380):
        with ctx.workprec(64):
            m = arb(k).union(arb(k + 1)) / 100
            places = [arb(j) / 200 for j in range(280, 340)]  # v from 1.4 to 1.7
            low = max(v for v in places if slope(v, m) > 0)
            high = min(v for v in places if slope(v, m) < 0)
            v = low.union(high)
            D = gap(high, reals) - 2 * gap(low + m, reals) + gap(high + 2 * m, reals)  # phi falls behind its peak
            assert 2 * m * (gap_slope(v + 2 * m, reals) - gap_slope(v + m, reals)) < D
    far, k = Fraction(38, 10), 1 + gap_peak()
    assert 2 * 3.8 * -gap_slope(k + float(far)) + 2 * gap(k + float(far)) < 0.95 * gap_peak()


def test_spread_has_both_regimes():
    """Which of the two is larger is decided in balls; in floats `larger` rounds four times, numbers up to x + y."""
    forms = {m: [lambda r, m=m, f=f: f(r.number(m), r) for f in (gap, descent)] for m in (1, 50)}
    assert decide(forms[1][0], forms[1][1]) is Order.GREATER
    assert decide(lambda r: 10**10 * forms[50][0](r), forms[50][1]) is Order.LESS
    for m, larger_one in ((1.0, gap), (50.0, descent)):
        off = growth(4, format_of("float64")) * 2 * (gap(m) + descent(m))
        assert abs(spread(m) - larger_one(m)) <= off


@given(LENGTHS)
def test_balls_hold_the_float(m):
    ball = enclose(lambda reals: spread(reals.number(m), reals), 128)
    assert abs(ball - arb(spread(m))) < 1e-12
    assert ball.rad() < 1e-15


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_larger_is_the_maximum(x, y):
    assert larger(Fraction(x), Fraction(y)) == max(Fraction(x), Fraction(y))


def test_bisect_finds_a_root():
    root = enclose(lambda r: bisect(lambda x: x * x, r.number(2), Fraction(0), Fraction(2), r), 128)
    with ctx.workprec(128):
        assert (root * root).contains(arb(2))
        assert root.rad() < 1e-30
    assert math.isclose(bisect(lambda x: x * x, 2.0, Fraction(0), Fraction(2), FLOATS), math.sqrt(2), rel_tol=1e-15)
