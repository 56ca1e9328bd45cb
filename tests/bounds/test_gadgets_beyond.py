"""Closed forms past the paper against every integer, fine lines and both of Lemma 5's blocks, and where they end."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import gadgets_beyond as beyond
from bounds.gadget_gap import gap_peak
from bounds.gadgets import PEAK_ABOVE, SPARE, enough, network_lambda, product_drift, product_lambda
from bounds.reals import Order, decide
from verify.gadgets.separate import _BEFORE

LAMBDAS = st.floats(4.0, 200.0)
ERRORS = st.fractions(Fraction(1, 10**6), Fraction(1, 4), max_denominator=10**6)
FORMS = {
    "open gate": (lambda e, r: beyond.open_gate_lambda(10, e, r), lambda lam, r: beyond.open_gate_error(lam, 10, r), 0),
    "modulus": (
        lambda e, r: beyond.modulus_lambda(5, 3, e, r),
        lambda lam, r: beyond.modulus_error(lam, 5, 3, r),
        1.28,
    ),
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
@given(LAMBDAS, st.integers(1, 7), st.integers(1, 6))
def test_modulus_error_is_never_exceeded(lam, p, Q):
    x = np.arange(p * Q, dtype=float)
    out = x - p * sum((unit(lam, x - q * p + 1) - unit(lam, x - q * p) for q in range(1, Q)), np.zeros_like(x))
    assert np.abs(out - x % p).max() <= float(beyond.modulus_error(lam, p, Q)) + roundings(1, p * Q, Q)


@settings(max_examples=20)
@given(LAMBDAS, st.integers(1, 8), st.sampled_from([0.5, 0.25, 0.1]))
def test_nearest_error_is_never_exceeded(lam, n, alpha):
    whole = np.arange(n + 1)[:, None]
    x = (whole + np.linspace(alpha - 0.5, 0.5 - alpha, 101)).ravel()
    s = (x[:, None] - (np.arange(n) + 0.5)) / alpha
    out = unit(lam, 1 - unit(lam, 0.5 - s)).sum(axis=1)
    assert np.abs(out - np.rint(x)).max() <= float(beyond.nearest_error(lam, n)) + roundings(1, n / alpha, n)


@settings(max_examples=20)
@given(LAMBDAS)
def test_composed_error_is_never_exceeded(lam):
    d = np.concatenate([[0.0], 1 + np.linspace(0, 30, 3001) / lam])
    d = np.concatenate([d, -d])
    P, Q = (unit(lam, 2 - 2 * t) - unit(lam, 1 - 2 * t) for t in (d, -d))
    four = sum(sign * unit(1.0, (P + k * Q) * s / lam) for k, sign in ((1, 1), (-1, -1)) for s in (1, -1))
    off = np.abs(1 - lam**2 / 2 * four - (d != 0)).max()
    assert off <= float(beyond.composed_error(lam)) + roundings(lam, 4, 4)


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
