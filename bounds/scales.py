"""Constants of the memories, each the formula that eps demands: where a gate opens, and how sharp a match must be.

All statements are about real arithmetic. Whoever runs them in floats gives part of eps to rounding (bounds/rounding.py)
and passes the rest here. Each formula takes `reals`, so a scale can be plotted and proved from one text; a float
result is rounded to nearest, so it may lie one spacing below the real scale.

The scales of the gate and of attention are at least 0, and 0 where nothing is required.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.reals import FLOATS, ClosedForm, Number, Order, Reals, decide

NEAR = 32  # points of the circle on either side that are weighed first


def softplus_inverse(y: Number, reals: Reals = FLOATS) -> Any:
    """The x with softplus(x) = log(1 + e^x) = y, for y > 0; y = 1 gives log(e - 1), the bias that makes Delta = 1.

    e^x = e^y - 1, hence x = log(e^y - 1) = y + log(1 - e^-y), which does not overflow for large y.

    Raises:
        ValueError: y <= 0, which softplus never reaches, or not a number.
    """
    if not y > 0:
        raise ValueError(f"softplus takes the values above 0 only; {y} was given")
    x = reals.number(y)
    return x + reals.log(-reals.expm1(-x))


def silu_unit_gate(reals: Reals = FLOATS) -> Any:
    """The k with silu(k) = k / (1 + e^-k) = 1, about 1.2785: the gate bias b_2 of Remark 1.

    silu(k) = 1 says k = 1 + e^-k. With w = k - 1 that is w e^w = e^-1, so k = 1 + W(e^-1), Lambert's W. The map
    k -> 1 + e^-k takes [1, 2] into itself and contracts there by e^-1 at least, so iterating it from any point, or from
    the whole interval as a ball, closes in on k by more than one bit a step.

    There silu'(k) = 1 exactly: with g = 1 / (1 + e^-k) = 1/k, silu' = g (1 + k (1 - g)) = (1/k) (1 + k - 1) = 1. So a
    gate bias off by h changes the module's output by the factor 1 + h to first order, neither damped nor amplified.

    Raises:
        Irrational: in fractions, since k is not rational.
    """
    k = reals.between(1, 2)
    for _ in range(reals.bits or 0):
        k = 1 + reals.exp(-k)
    return k


def gated_write_off(N: int, M: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The S >= 0 at which N - 1 closed slots together leak at most eps: (N - 1) M softplus(-S) <= eps.

    In the gated form of Theorem 3 a slot is written once with Delta = 1 and, at each of the N - 1 other steps, with
    Delta = softplus(-S) times a value of modulus at most M. The leaks of one sign add up, so the bound is the exact
    worst case and S = -softplus_inverse(eps / ((N - 1) M)) is the exact requirement. From eps = (N - 1) M log 2 on,
    S = 0 does.

    Raises:
        ValueError: N < 1, M <= 0 or eps <= 0.
    """
    _check(N, epsilon, M=M)
    if N == 1:
        return reals.number(0)
    return _at_least_zero(-softplus_inverse(Fraction(epsilon) / ((N - 1) * Fraction(M)), reals), reals)


def binary_scale(N: int, M: Number, W_V: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The scale s >= 0 at which attention with binary position codes copies within eps at every n <= N.

    Keys are the codes +-1 of m = ceil(log2 N) bits (at least 1), queries s times the code of pos: a key at Hamming
    distance h scores s (m - 2h), so relative to pos it weighs e^(-2sh). Over all 2^m codes the others weigh together
    R = sum_h C(m, h) e^(-2sh) over h >= 1, which is (1 + e^(-2s))^m - 1; over fewer codes, less. The exact error is
    2 M W_V R / (1 + R) (see bounds/exact.py), so with e = eps / (2 M W_V) the demand is 1 + R <= 1 / (1 - e):

        s = -1/2 log((1 - e)^(-1/m) - 1).

    Enough for every N, and needed for N = 2^m. With t = -log(1 - e) the argument of the logarithm is expm1(t / m),
    which is t / m up to a factor 1 + O(1 / m), so s = 1/2 log(m / t) + O(1 / m): the length s sqrt(m) of a query grows
    like 1/2 sqrt(log2 N) log log N.

    Args:
        W_V: the largest absolute row sum of the value map.

    Raises:
        ValueError: N < 1, or one of M, W_V, eps not above 0.
    """
    share = _demand(N, M, W_V, epsilon)
    if share is None:
        return reals.number(0)
    m = (N - 1).bit_length()
    return _at_least_zero(-reals.log(reals.expm1(-reals.log1p(-reals.number(share)) / m)) / 2, reals)


def circle_weight(scale: Number, N: int, reals: Reals = FLOATS) -> Any:
    """What the N - 1 others weigh together, relative to pos, for N keys evenly on the unit circle.

    The key r places away scores scale cos(2 pi r / N), so it weighs exp(-scale (1 - cos(2 pi r / N))), and
    1 - cos(2t) = 2 sin(t)^2, which loses no digits for small angles. Places r and N - r are equal.
    """
    s = reals.number(scale)
    half = [_circle_term(s, r, N, reals) for r in range(1, (N - 1) // 2 + 1)]
    total = 2 * sum(reversed(half), reals.number(0))  # the smallest terms first
    return total + _circle_term(s, N // 2, N, reals) if N % 2 == 0 else total


def circle_weight_bounds(scale: Number, N: int, near: int, reals: Reals = FLOATS) -> tuple[Any, Any]:
    """A lower and an upper bound of `circle_weight` from the `near` < N / 2 nearest points on either side.

    Weights fall up to r = N / 2, so each point farther off weighs at least 0 and at most what the next one weighs.
    """
    s = reals.number(scale)
    low = 2 * sum((_circle_term(s, r, N, reals) for r in range(1, near + 1)), reals.number(0))
    return low, low + (N - 1 - 2 * near) * _circle_term(s, near + 1, N, reals)


def _circle_term(s: Any, r: int, N: int, reals: Reals) -> Any:
    return reals.exp(-s * _circle_gap(r, N, reals))


def _circle_gap(r: int, N: int, reals: Reals) -> Any:
    sine = reals.sin(reals.pi() * r / N)
    return 2 * sine * sine


def circle_scale(N: int, M: Number, W_V: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """A scale s >= 0 at which attention with keys evenly on a circle (d_k = 2) copies within eps at every n <= N.

    Keys are (cos, sin) of 2 pi j / N and the query is s times the key of pos. Every other key scores less by at least
    s gap, gap = 1 - cos(2 pi / N), so R <= (N - 1) e^(-s gap); eps = 2 M W_V e allows R <= e / (1 - e)
    (bounds/exact.py):

        s = log((N - 1) (1 - e) / e) / gap.

    Enough for every N; needed for N = 2 and N = 3, where all others are equally near. `circle_scale_least` is smaller
    from N = 4 on, for large N or eps by more than a half. As gap is about 2 pi^2 / N^2, the scale grows like N^2 log N:
    that is the price of d_k = 2.

    Raises:
        ValueError: N < 1, or one of M, W_V, eps not above 0.
    """
    share = _demand(N, M, W_V, epsilon)
    if share is None:
        return reals.number(0)
    odds = (N - 1) * (1 - share) / share
    return _at_least_zero(reals.log(reals.number(odds)) / _circle_gap(1, N, reals), reals)


def circle_scale_enough(scale: Number, N: int, M: Number, W_V: Number, epsilon: Number) -> Order:
    """Proves how the others' weight at `scale` compares with the weight that eps allows; LESS or EQUAL: it is enough.

    The exact error at the last position is 2 M W_V R / (1 + R), R = `circle_weight`, so it is within eps exactly when
    R <= e / (1 - e), e = eps / (2 M W_V). Mostly a few points weigh all, so `circle_weight_bounds` are asked first.

    Raises:
        ValueError: N < 1, one of M, W_V, eps not above 0, or N = 1 or eps >= 2 M W_V, where every scale is enough.
    """
    share = _demand(N, M, W_V, epsilon)
    if share is None:
        raise ValueError(f"N = {N}, epsilon = {epsilon}: with one position, or from 2 M W_V on, every scale is enough")

    def allowed(reals: Reals) -> Any:
        return reals.number(share / (1 - share))

    near = NEAR
    while 2 * near < N:
        if order := _told_by_the_nearest(near, scale, N, allowed):
            return order
        near *= 8
    return decide(lambda reals: circle_weight(scale, N, reals), allowed)


def _told_by_the_nearest(near: int, scale: Number, N: int, allowed: ClosedForm) -> Order | None:
    if decide(lambda reals: circle_weight_bounds(scale, N, near, reals)[0], allowed) is Order.GREATER:
        return Order.GREATER
    if decide(lambda reals: circle_weight_bounds(scale, N, near, reals)[1], allowed) is Order.LESS:
        return Order.LESS
    return None


def circle_scale_required(N: int, M: Number, W_V: Number, epsilon: Number) -> float:
    """The smallest scale >= 0 that `circle_scale_enough` accepts, as a float (nearest, by Newton's method on log R).

    R falls and log R is convex in s (a log-sum of exponentials of linear functions), so Newton's method from s = 0
    stays at or below the solution and rises to it without a safeguard. It stops when a step no longer changes s.

    Raises:
        ValueError: N < 1, or one of M, W_V, eps not above 0.
    """
    share = _demand(N, M, W_V, epsilon)
    if share is None or share / (1 - share) >= N - 1:
        return 0.0
    return _newton(_gaps(N), FLOATS.log(share / (1 - share)))


def circle_scale_least(N: int, M: Number, W_V: Number, epsilon: Number) -> float:
    """A float that is proved to be enough and exceeds `circle_scale_required` by no more than its evaluation's errors.

    The smallest candidate s (1 + 2^-52), s (1 + 2^-51), ... that `circle_scale_enough` accepts; the search ends, since
    R falls in the scale and `circle_scale` is enough.

    Raises:
        ValueError: N < 1, or one of M, W_V, eps not above 0.
    """
    s, part = circle_scale_required(N, M, W_V, epsilon), 2.0**-52
    if s == 0.0:
        return 0.0
    while circle_scale_enough(s * (1 + part), N, M, W_V, epsilon) not in (Order.LESS, Order.EQUAL):
        part *= 2
    return s * (1 + part)


def _gaps(N: int) -> np.ndarray:
    return 2 * np.sin(np.pi * np.arange(1, N) / N) ** 2


def _newton(gaps: np.ndarray, log_allowed: float) -> float:
    nearest, s = gaps.min(), 0.0
    while True:
        weights = np.exp(-s * (gaps - nearest))  # the largest is 1, so nothing overflows and the sum is not 0
        excess = np.log(weights.sum()) - s * nearest - log_allowed
        slope = (weights * gaps).sum() / weights.sum()
        following = float(s + excess / slope)
        if not following > s:
            return s
        s = following


def _demand(N: int, M: Number, W_V: Number, epsilon: Number) -> Fraction | None:
    """e = eps / (2 M W_V), the part of the softmax weight that may lie off pos; None where every scale is enough."""
    _check(N, epsilon, M=M, W_V=W_V)
    share = Fraction(epsilon) / (2 * Fraction(M) * Fraction(W_V))
    return None if N == 1 or share >= 1 else share


def _at_least_zero(s: Any, reals: Reals) -> Any:
    """max(0, s). A ball on both sides of 0 is returned as it is: it holds max(0, s) too."""
    if s < 0:
        return reals.number(0)
    return s


def _check(N: int, epsilon: Number, **positive: Number) -> None:
    if N < 1:
        raise ValueError(f"N = {N} was given; there must be at least 1 position")
    for name, value in {**positive, "epsilon": epsilon}.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} = {value} was given; it must be a finite number above 0")
