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

from bounds.gadget_gap import bisect, gap, larger, spread
from bounds.gadgets import PEAK_ABOVE, above_zero, product_share
from bounds.reals import FLOATS, Number, Reals

LEAST = {"modulus": 1 + PEAK_ABOVE, "nearest": Fraction(4), "composed": 1 + PEAK_ABOVE}
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


def modulus_error(lam: Number, p: int, Q: int, reals: Reals = FLOATS) -> Any:
    """x mod p on {0, ..., Q p - 1} by Q - 1 steps of height p: at most p (m(1) + (Q - 2) m(max(p - 1, 1))).

    The step relu(x - q p + 1) - relu(x - q p) misses m(1) at x = q p and at x = q p - 1, one of its units being at its
    kink, and at most m(d) where the nearer unit is at the distance d. For p >= 2 one step at most is met at such an x,
    and the other steps are at least p - 1 away. Q = 1 needs no step.
    """
    above_zero(lam=lam, p=p, Q=Q)
    _speaks("modulus", lam)
    return _modulus(p, Q, reals)(reals.number(lam))


def modulus_lambda(p: int, Q: int, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The lambda at which `modulus_error` is eps, 1.28 at least: enough, and needed as far as the steps are apart."""
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
    """Lemma 5's I[a != b] = 1 - P Q in two blocks: max(S/lambda (1 + m(3)), (1 + m(1))^2 - 1, 1 - tanh(u)/u) at most,
    u = 1/lambda, for lambda >= 1.28.

    P = g(0, 1, 2(a - b)/alpha - 1), Q likewise for b - a, and g(P, Q) is Lemma 1's product, |g(P, Q)| <= |P Q|: by the
    notes to `product_error` it is lambda^2/2 times the rise of x tanh(x/2) from |t| to |s|, whose slope is at most x.
    a = b: P = Q = 1 + m(1) - m(2) >= 1, so 1 - g(P, P) lies between 1 - (1 + m(1))^2 and 1 - g(1, 1).
    |a - b| >= alpha: one factor is at most S(lambda)/lambda in modulus (`indicator_error`), the other 1 + m(d) - ...,
    between 1 and 1 + m(3), and the target 1 is missed by g(P, Q).
    """
    above_zero(lam=lam)
    _speaks("composed", lam)
    return _composed(reals)(reals.number(lam))


def composed_lambda(epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The lambda at which `composed_error` is eps, which is enough; 1.28 at least; about kappa/eps.

    At lambda = 4/eps + 1.28 the three parts are at most 0.07 eps (1 + 3/2), 2 m(1) + m(1)^2 with m(1) <= eps/4, and
    1/(3 lambda^2): each is below eps for eps <= 1, which is more than any indicator may err.
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
    one, far = reals.number(1), reals.number(max(p - 1, 1))
    return lambda lam: p * (_missed(one, lam, reals) + (Q - 2) * _missed(far, lam, reals))


def _nearest(n: int, reals: Reals) -> Callable[[Any], Any]:
    one, half, behind = (reals.number(Fraction(k, 2)) for k in (2, 1, 3))
    return lambda lam: _missed(half - _missed(behind, lam, reals), lam, reals) + (n - 1) * _missed(one, lam, reals)


def _composed(reals: Reals) -> Callable[[Any], Any]:
    one, three = reals.number(1), reals.number(3)

    def bound(lam: Any) -> Any:
        apart = spread(lam, reals) / lam * (1 + _missed(three, lam, reals))
        alike = larger((1 + _missed(one, lam, reals)) ** 2 - 1, product_share(1 / lam, reals))
        return larger(apart, alike)

    return bound


def _root(falling: Callable[[Any], Any], least: Fraction, epsilon: Number, reach: Number, reals: Reals) -> Any:
    """Where `falling` is eps, from `least` on; `least` where it is below already. At least + reach/eps it is below."""
    high = least + Fraction(reach) / Fraction(epsilon)
    return bisect(lambda lam: -falling(lam), reals.number(-Fraction(epsilon)), least, high, reals)
