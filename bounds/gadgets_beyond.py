"""Gadgets beside the lemmas' own: the worst error of each as a closed form of lambda, and the lambda for an eps.

The conventions are those of bounds/gadgets.py: every error falls in lambda, so each lambda from the root of error = eps
on is enough. phi and S are those of bounds/gadget_gap.py, and

    m(z) = phi(lambda z)/lambda = z/(e^(lambda z) + 1)

is what one unit misses at the distance z from its kink. It falls in lambda, and in z where lambda z >= 1.28, behind the
peak of phi; the least lambda of each form sees to that.

Raises: every function raises ValueError for a number that is not finite and above 0, and for a lambda below `LEAST`.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from bounds.gadget_gap import bisect, gap, rise, spread
from bounds.gadgets import PEAK_ABOVE, above_zero, select_lambda
from bounds.reals import FLOATS, Number, Reals

LEAST = {"one-hot": 1 + PEAK_ABOVE, "modulus": Fraction(2), "nearest": Fraction(4), "composed": 1 + PEAK_ABOVE}
"""The least lambda of which each form speaks."""


def open_gate_error(lam: Number, weight: Number, reals: Reals = FLOATS) -> Any:
    """weight m(1) = weight/(e^lambda + 1), attained: what `weight` loses behind a gate silu(lambda)/lambda.

    The open linear map: weight = M times the largest row sum of |W|. Select by a flag: weight = M, as the other gate is
    silu(0) = 0. One-hot, lambda >= 1.28: weight = 2, two units at the distance 1 where n = j; elsewhere the error is
    m(d - 1) - 2 m(d) + m(d + 1), of modulus at most 2 m(1).
    """
    above_zero(lam=lam, weight=weight)
    return reals.number(weight) * _missed(reals.number(1), reals.number(lam), reals)


def open_gate_lambda(weight: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """log(weight/eps - 1), the smallest lambda; 0 for eps >= weight/2."""
    above_zero(weight=weight, epsilon=epsilon)
    ratio = Fraction(weight) / Fraction(epsilon) - 1
    return reals.number(0) if ratio <= 1 else reals.log(reals.number(ratio))


def kink_error(lam: Number, reach: Number, weight: Number, reals: Reals = FLOATS) -> Any:
    """weight max {m(x) : 0 <= x <= reach} = weight phi(min(lambda reach, k))/lambda, attained.

    What `weight` units miss that share a kink from which the domain goes up to `reach`. Maximum and minimum: one unit,
    |a - b| <= 2M. Absolute value: two units, |x| <= M.
    """
    above_zero(lam=lam, reach=reach, weight=weight)
    return reals.number(weight) * rise(reals.number(Fraction(lam) * Fraction(reach)), reals) / reals.number(lam)


def kink_lambda(reach: Number, weight: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The smallest lambda: weight kappa/eps, or less where that does not reach the peak; 0 for eps >= weight reach/2.

    With m = lambda reach the error is weight reach times rise(m)/m, which falls strictly from 1/2.
    """
    above_zero(reach=reach, weight=weight, epsilon=epsilon)
    share = Fraction(epsilon) / (Fraction(weight) * Fraction(reach))
    if share >= Fraction(1, 2):
        return reals.number(0)
    m = bisect(lambda m: -rise(m, reals) / m, reals.number(-share), Fraction(0), PEAK_ABOVE / share, reals)
    return m / reals.number(reach)


def clip_error(lam: Number, width: Number, reals: Reals = FLOATS) -> Any:
    """Clipping to [low, high], width = high - low, on a domain that goes beyond one end by `width`: S(lambda width)/
    lambda, attained.

    x + relu(low - x) - relu(x - high) misses (phi(lambda |x - high|) - phi(lambda |x - low|))/lambda.
    Beyond an end by v/lambda that is |phi(v) - phi(v + m)|, m = lambda width: `spread`, whose best v is 0, or below
    2.4 and then m > k (up to there phi rises faster than it ever falls), so that v/lambda < 2 width; the domain is to
    go that far.
    Between the ends it is |phi(t) - phi(m - t)|, say with t >= u = m - t, and no more than S(m):
    - t <= k: it rises in t, to phi(m) at t = m <= k, else to t = k;
    - k <= t, u >= k: phi(u) >= phi(t + m), so it is at most phi(t) - phi(t + m) <= F(m);
    - k <= t, u <= k: at most phi(m), since phi(m - u) - phi(m) <= phi(u): phi falls with a slope of 0.0999 at most and
      phi(u) >= u kappa/k > 0.21 u, phi being concave up to k.
    """
    above_zero(lam=lam, width=width)
    return spread(reals.number(Fraction(lam) * Fraction(width)), reals) / reals.number(lam)


def clip_lambda(width: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The smallest lambda: m/width with S(m)/m = eps/width, as for Lemma 4's select with twice the error."""
    return select_lambda(width, 2 * Fraction(epsilon), reals)


def modulus_error(lam: Number, p: int, Q: int, reals: Reals = FLOATS) -> Any:
    """x mod p on {0, ..., Q p - 1} by Q - 1 steps of height p: p (m(1) + sum_{d=1}^{Q-2} (m(dp - 1) - m(dp))), attained
    at x = p, for p >= 2 and lambda >= 2. Q = 1 needs no step. p = 1: all steps are one from 0 to Q - 1, at most m(1).

    The step relu(x - q p + 1) - relu(x - q p) misses m(1) at x = q p, -m(1) at x = q p - 1, and where its nearer kink
    is at a distance z >= 1 it misses m(z) - m(z + 1), upwards where it lies above x, downwards below.
    x = q p: steps above are at z = dp - 1, those below at z = dp, d = 1, 2, ...; the sum is largest in modulus where
    all others are above, at q = 1. x = q p - 1 is its mirror. x = q p + r, 1 <= r <= p - 2, so p >= 3: no m(1); the
    first step above takes its place, with less, and the next are at z = (d + 1)p - r - 1 > dp - 1.
    m(z) - m(z + 1) falls in z where lambda z >= 2.4, phi being convex there, so for p >= 3; for p = 2 the first is the
    largest too, since phi(lambda) + phi(3 lambda) >= 2 phi(2 lambda) for e^lambda >= 4.7.

    Falls in lambda: dm(z)/dlambda = -z^2 g(1 - g) at lambda z, which falls in z for lambda z >= 2.4; and 2 m(1) - m(2)
    falls for lambda >= 2.
    """
    above_zero(lam=lam, p=p, Q=Q)
    _speaks("modulus", lam)
    return _modulus(p, Q, reals)(reals.number(lam))


def modulus_lambda(p: int, Q: int, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The smallest lambda from 2 on at which `modulus_error` is at most eps."""
    above_zero(p=p, Q=Q, epsilon=epsilon)
    return _root(_modulus(p, Q, reals), LEAST["modulus"], epsilon, PEAK_ABOVE * p * Q, reals)


def nearest_error(lam: Number, n: int, reals: Reals = FLOATS) -> Any:
    """Rounding by n stairs: at most m(1/2 - m(3/2)) + (n - 1) m(1), for lambda >= 4.

    Stair j sees s, |s| >= 1, through u = 1 - silu(lambda (1/2 - s))/lambda, and adds silu(lambda u)/lambda.
    s >= 1: u = 1 + m(s - 1/2), and the stair is off by m(s - 1/2) - m(u), with u >= 1.
    s <= -1: u = -(|s| - 1/2) + m(|s| + 1/2), at least 1/2 - m(3/2) below 0, and the stair is off by -m(|u|).
    Two stairs are 1/alpha >= 2 apart in s. So on either side one stair at most has |s| < 3; it is off by at most m(1/2)
    upwards, m(1/2 - m(3/2)) downwards, and every other by at most m(1), either way.
    """
    above_zero(lam=lam, n=n)
    _speaks("nearest", lam)
    return _nearest(n, reals)(reals.number(lam))


def nearest_lambda(n: int, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The lambda at which `nearest_error` is eps, 4 at least; about 2 log(1/(2 eps))."""
    above_zero(n=n, epsilon=epsilon)
    return _root(_nearest(n, reals), LEAST["nearest"], epsilon, PEAK_ABOVE * (n + 1), reals)


def composed_error(lam: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 5's I[a != b] = 1 - P Q in two blocks, lambda >= 1.28: at most g(S(lambda)/lambda, 1 + m(3) - m(4)), g
    Lemma 1's product.

    P = g(0, 1, 2(a - b)/alpha - 1), Q likewise for b - a. By the notes to `product_error`, g(p, q) = lambda^2/2 (h(s) -
    h(t)), s = (p + q)/lambda, t = (p - q)/lambda, h(x) = x tanh(x/2). It is even in p, rises in |p|, and in q >= |p|
    where s < 2.4, h being convex there.
    |a - b| >= alpha: with v = lambda (2|a - b|/alpha - 2) one factor is (phi(v) - phi(v + lambda))/lambda in modulus,
    at most S/lambda (`spread`), the other 1 + m(3 + v/lambda) - m(4 + v/lambda), at most 1 + m(3) - m(4) as phi is
    convex from 2.4 on, and the target 1 is missed by g(P, Q). Attained where S(lambda) = phi(lambda), at v = 0;
    elsewhere the best v for P is beyond 0, where Q has lost at most m(3), below 0.1 % of it.
    a = b: P = Q = p = 1 + m(1) - m(2), and |1 - g(p, p)| is less than that.
    This, and that the form falls, a test decides in balls up to lambda = 8. From there on |1 - g(p, p)| is at most
    1/(3 lambda^2) or p^2 - 1 < 3 e^-lambda, below a quarter of 1/lambda; and of dg/dlambda the part through p, about
    -q p/lambda, is beyond the part at fixed p and q, at most p q (p^2 + q^2)/(3 lambda^3).
    """
    above_zero(lam=lam)
    _speaks("composed", lam)
    return _composed(reals)(reals.number(lam))


def composed_lambda(epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The lambda at which `composed_error` is eps, which is enough; 1.28 at least; about kappa/eps.

    g(p, q) <= p q puts the error at lambda = 4/eps + 1.28 below 0.07 eps (1 + 3/2), for eps <= 1, which is more than
    any indicator may err.
    """
    above_zero(epsilon=epsilon)
    return _root(_composed(reals), LEAST["composed"], min(Fraction(epsilon), Fraction(1)), Fraction(4), reals)


def _speaks(form: str, lam: Number) -> None:
    if lam < LEAST[form]:
        raise ValueError(f"lambda = {lam} was given; it must be at least {float(LEAST[form]):g}")


def _missed(z: Any, lam: Any, reals: Reals) -> Any:
    return gap(lam * z, reals) / lam


def _modulus(p: int, Q: int, reals: Reals) -> Callable[[Any], Any]:
    if Q == 1:
        return lambda _: reals.number(0)
    others = range(1, Q - 1) if p > 1 else ()

    def error(lam: Any) -> Any:
        def missed(z: int) -> Any:
            return _missed(reals.number(z), lam, reals)

        return p * (missed(1) + sum((missed(d * p - 1) - missed(d * p) for d in others), reals.number(0)))

    return error


def _nearest(n: int, reals: Reals) -> Callable[[Any], Any]:
    one, half, behind = (reals.number(Fraction(k, 2)) for k in (2, 1, 3))
    return lambda lam: _missed(half - _missed(behind, lam, reals), lam, reals) + (n - 1) * _missed(one, lam, reals)


def _composed(reals: Reals) -> Callable[[Any], Any]:
    def bound(lam: Any) -> Any:
        beside = 1 + _missed(reals.number(3), lam, reals) - _missed(reals.number(4), lam, reals)
        return four_units(spread(lam, reals) / lam, beside, lam, reals)

    return bound


def four_units(p: Any, q: Any, lam: Any, reals: Reals = FLOATS) -> Any:
    """Lemma 1's product g(p, q) = lambda^2/2 (h(s) - h(t)), h(x) = x tanh(x/2), for p, q > 0 (`composed_error`)."""

    def h(x: Any) -> Any:
        E = reals.exp(-x)
        return x * (1 - E) / (1 + E)

    return lam**2 / 2 * (h((p + q) / lam) - h((q - p) / lam))


def _root(falling: Callable[[Any], Any], least: Fraction, epsilon: Number, reach: Number, reals: Reals) -> Any:
    """Where `falling` is eps, from `least` on; `least` where it is below already. At least + reach/eps it is below."""
    high = least + Fraction(reach) / Fraction(epsilon)
    return bisect(lambda lam: -falling(lam), reals.number(-Fraction(epsilon)), least, high, reals)
