"""Closed forms past the paper against every integer, fine lines and both of Lemma 5's blocks, and where they end."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import gadgets_beyond as beyond
from bounds.gadget_gap import descent, gap, gap_peak, gap_slope
from bounds.gadgets import PEAK_ABOVE, SPARE, enough, network_lambda, product_drift, product_lambda
from bounds.reals import Order, balls, decide
from verify.gadgets.separate import _BEFORE

LAMBDAS = st.floats(4.0, 200.0)
ERRORS = st.fractions(Fraction(1, 10**6), Fraction(1, 4), max_denominator=10**6)
FORMS = {
    "open gate": (lambda e, r: beyond.open_gate_lambda(10, e, r), lambda lam, r: beyond.open_gate_error(lam, 10, r), 0),
    "modulus": (
        lambda e, r: beyond.modulus_lambda(5, 3, e, r),
        lambda lam, r: beyond.modulus_error(lam, 5, 3, r),
        2,
    ),
    "kink": (lambda e, r: beyond.kink_lambda(3, 2, e, r), lambda lam, r: beyond.kink_error(lam, 3, 2, r), 0),
    "clip": (lambda e, r: beyond.clip_lambda(3, e, r), lambda lam, r: beyond.clip_error(lam, 3, r), 0),
    "nearest": (lambda e, r: beyond.nearest_lambda(22, e, r), lambda lam, r: beyond.nearest_error(lam, 22, r), 4),
    "composed": (beyond.composed_lambda, beyond.composed_error, 1.28),
}


def unit(lam, z):
    """silu(lambda z)/lambda."""
    e = np.exp(-lam * np.abs(z))
    return z * np.where(z > 0, 1.0, e) / (1 + e)


def roundings(lam, largest, terms):
    """A few hundred operations on numbers up to `largest`."""
    return terms * (largest + lam**2) * 2.0**-50


@settings(max_examples=20)
@given(st.floats(2.0, 200.0), st.integers(1, 7), st.integers(1, 6))
def test_modulus_error_is_the_worst(lam, p, Q):
    x = np.arange(p * Q, dtype=float)
    out = x - p * sum((unit(lam, x - q * p + 1) - unit(lam, x - q * p) for q in range(1, Q)), np.zeros_like(x))
    off, form = np.abs(out - x % p).max(), float(beyond.modulus_error(lam, p, Q))
    assert off <= form + roundings(1, p * Q, Q)
    if p >= 2:
        assert form <= off + roundings(1, p * Q, Q)


@settings(max_examples=20)
@given(st.floats(0.01, 200.0), st.floats(0.01, 9.0))
def test_kink_and_clip_errors_are_the_worst(lam, reach):
    """Maximum with |a - b| <= reach, and a clip to [0, reach] on [-reach, 2 reach]: on fine lines, densest at kinks."""
    x = np.minimum(np.concatenate([np.linspace(0, reach, 4001), np.linspace(0, 3 / lam, 4001)]), reach)
    off, form = (x - unit(lam, x)).max(), float(beyond.kink_error(lam, reach, 1))
    assert off <= form + roundings(1, reach, 3)
    assert form <= off * (1 + 1e-6) + roundings(1, reach, 3)
    x = np.concatenate([-x, x, reach - x, reach + x])
    clipped = x + unit(lam, -x) - unit(lam, x - reach)
    off, form = np.abs(clipped - np.clip(x, 0, reach)).max(), float(beyond.clip_error(lam, reach))
    assert off <= form + roundings(1, 2 * reach, 3)
    assert form <= off * (1 + 1e-6) + roundings(1, 2 * reach, 3)


@settings(max_examples=20)
@given(LAMBDAS, st.integers(1, 8), st.sampled_from([0.5, 0.25, 0.1]))
def test_nearest_error_is_never_exceeded(lam, n, alpha):
    whole = np.arange(n + 1)[:, None]
    x = (whole + np.linspace(alpha - 0.5, 0.5 - alpha, 101)).ravel()
    s = (x[:, None] - (np.arange(n) + 0.5)) / alpha
    out = unit(lam, 1 - unit(lam, 0.5 - s)).sum(axis=1)
    assert np.abs(out - np.rint(x)).max() <= float(beyond.nearest_error(lam, n)) + roundings(1, n / alpha, n)


@settings(max_examples=20)
@given(st.floats(1.28, 60.0))
def test_composed_error_is_never_exceeded(lam):
    d = np.concatenate([[0.0], 1 + np.linspace(0, 15, 3001) / lam])
    d = np.concatenate([d, -d])
    P, Q = (unit(lam, 2 - 2 * t) - unit(lam, 1 - 2 * t) for t in (d, -d))
    four = sum(sign * unit(1.0, (P + k * Q) * s / lam) for k, sign in ((1, 1), (-1, -1)) for s in (1, -1))
    off = np.abs(1 - lam**2 / 2 * four - (d != 0)).max()
    form = float(beyond.composed_error(lam))
    assert off <= form + roundings(lam, 4, 4)
    assert form <= off * 1.001 + roundings(lam, 4, 4)


def test_the_two_blocks_form_falls_and_bounds_a_equal_to_b():
    """In balls over pieces of [1.28, 8]: dg/dlambda < 0 where p = phi/lambda (up to 2.5) and p = F/lambda (from 2.4 on:
    phi falls, F rises), q only falling; and |1 - g(p, p)| at a = b is less than the form."""
    for at, order in ((Fraction(12, 5), Order.GREATER), (Fraction(5, 2), Order.LESS)):
        forms = [lambda r, f=f, at=at: f(r.number(at), r) for f in (gap, descent)]
        assert decide(forms[0], forms[1]) is order
    for k in range(64, 400):
        with ctx.workprec(64):
            lam, reals = arb(k).union(arb(k + 1)) / 50, balls(64)
            m = [gap(lam * z, reals) / lam for z in range(1, 5)]
            q, form = 1 + m[2] - m[3], beyond.composed_error(Fraction(k + 1, 50), reals)  # falls, as is shown here
            if k < 125:
                assert _falls(m[0], gap_slope(lam, reals) / lam - m[0] / lam, q, lam, reals)
            if k >= 120:
                v = _best(lam, reals)
                F = descent(lam.lower(), reals).union(descent(lam.upper(), reals))  # it rises
                assert _falls(F / lam, -gap_slope(v + lam, reals) / lam - F / lam**2, q, lam, reals)
            assert all(_alike(arb(j).union(arb(j + 1)) / 200, reals) < form for j in range(4 * k, 4 * k + 4))


def _alike(lam, reals):
    """|1 - g(p, p)| at a = b, where s = 2p/lambda and t = 0."""
    p = 1 + (gap(lam, reals) - gap(2 * lam, reals)) / lam
    return abs(1 - p * p * _tanh(p / lam, reals) / (p / lam))


def _falls(p, slope, q, lam, reals):
    """(lambda/2)(2h - x h')(s) - (2h - x h')(t)) + (lambda/2)(h'(s) + h'(t)) p' < 0."""

    def parts(x):
        T = _tanh(x / 2, reals)
        h, slope_of_h = x * T, T + x / 2 * (1 - T * T)
        return 2 * h - x * slope_of_h, slope_of_h

    (here, rises), (there, rises_too) = parts((q + p) / lam), parts((q - p) / lam)
    return lam / 2 * (here - there) + lam / 2 * (rises + rises_too) * slope < 0


def _tanh(x, reals):
    E = reals.exp(-2 * x)
    return (1 - E) / (1 + E)


def _best(lam, reals):
    """A ball of the v at which phi falls most over the length lam, for all lengths in it: by signs of the slope."""
    places = [arb(j) / 200 for j in range(240, 481)]
    rises = [gap_slope(v, reals) - gap_slope(v + lam, reals) for v in places]
    low = max(v for v, slope in zip(places, rises, strict=True) if slope > 0)
    return low.union(min(v for v, slope in zip(places, rises, strict=True) if slope < 0))


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=5)
@given(epsilon=ERRORS)
def test_lambda_is_enough_and_a_smaller_one_is_not(name, epsilon):
    lam_of, error, least = FORMS[name]
    lam = enough(lambda r: lam_of(epsilon, r))

    def order(at):
        return decide(lambda r: error(at, r), lambda r: r.number(epsilon))

    assert order(max(lam, least)) is Order.LESS
    if lam * 0.99 > max(least, 0.0) * 1.02:
        assert order(Fraction(lam) * Fraction(99, 100)) is Order.GREATER


@given(st.integers(1, 50), ERRORS)
def test_enough_has_something_to_spare(M, epsilon):
    lam = Fraction(enough(lambda r: network_lambda(M, epsilon, r)))
    assert decide(lambda r: network_lambda(M, epsilon, r) * r.number(1 + SPARE), lambda r: r.number(lam)) is Order.LESS


@given(st.fractions(1, 50, max_denominator=7), st.fractions(Fraction(1, 10**6), Fraction(1, 10), max_denominator=10**6))
def test_the_power_law_of_lemma_1_drifts_by_no_more(M, epsilon):
    law = float(np.log(float(product_lambda(M, epsilon)) ** 2 * 3 * float(epsilon) / float(M) ** 4))
    assert abs(law) <= product_drift(M, epsilon) + 2.0**-20  # what the float bisection leaves


def test_the_peak_lies_between_the_rational_numbers_used():
    for bound, order in ((1 + PEAK_ABOVE, Order.LESS), (Fraction(127, 100), Order.GREATER)):
        assert decide(lambda r: 1 + gap_peak(r), lambda r, bound=bound: r.number(bound)) is order
    assert Fraction(int(_BEFORE.p), int(_BEFORE.q)) == Fraction(127, 100)


@pytest.mark.parametrize("name", ["modulus", "nearest", "composed"])
def test_forms_say_where_they_end(name):
    with pytest.raises(ValueError, match="it must be at least"):
        FORMS[name][1](1, beyond.FLOATS)
    for bad in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="must be a finite number above 0"):
            FORMS[name][1](bad, beyond.FLOATS)
    with pytest.raises(ValueError, match="must be a finite number above 0"):
        beyond.open_gate_error(1, 0)
