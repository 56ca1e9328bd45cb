"""The gap between ReLU and SiLU, phi(x) = x / (e^x + 1) for x >= 0: the constants of Lemmas 2, 4 and 5 follow from it.

silu(x) = relu(x) - phi(|x|) for every real x: for x >= 0, x - x/(1 + e^-x) = x/(e^x + 1); for x < 0, relu is 0 and
x/(1 + e^-x) = -|x|/(1 + e^|x|). So (1/lambda) silu(lambda z) = relu(z) - (1/lambda) phi(lambda |z|): never above relu.

Shape of phi, with g = 1/(1 + e^-x): phi' = (1 - g)(1 - x g), phi'' = -g (1 - g)(2 + x (1 - 2 g)).
- phi' = 0 where silu(x) = x g = 1, that is at x = k, `silu_unit_gate`; phi rises on [0, k] and falls after it.
- phi'' = 0 where x tanh(x/2) = 2, since 2g - 1 = tanh(x/2), at one x = w > k, because x tanh(x/2) rises; phi is concave
  on [0, w] and convex after it. So its descent -phi' rises on [k, w] and falls after w.
- the peak is phi(k) = e^-k (k g) = e^-k = k - 1 = W(1/e) = 0.2784..., Lambert's W.

All functions take `reals` (bounds/reals.py) and numbers of its kind or ints, floats, fractions.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from bounds.reals import FLOATS, Reals
from bounds.scales import silu_unit_gate

INFLECTION_BELOW = Fraction(12, 5)
"""x tanh(x/2) > 2 at 2.4, so that w < 2.4; a test decides it in balls."""


def gap(x: Any, reals: Reals = FLOATS) -> Any:
    """phi(x) = x / (e^x + 1), for x >= 0, written with e^-x so that it does not overflow."""
    e = reals.exp(-x)
    return x * e / (1 + e)


def gap_slope(x: Any, reals: Reals = FLOATS) -> Any:
    """phi'(x) = (1 - g)(1 - x g), g = 1/(1 + e^-x)."""
    e = reals.exp(-x)
    return e / (1 + e) * (1 - x / (1 + e))


def gap_peak(reals: Reals = FLOATS) -> Any:
    """kappa = max phi = W(1/e) = 0.2784..., reached at x = 1 + kappa: the sharp constant of Lemma 2's scalar bound."""
    return silu_unit_gate(reals) - 1


def descent(m: Any, reals: Reals = FLOATS) -> Any:
    """F(m) = sup over v >= k of phi(v) - phi(v + m): the most that phi falls over a length m > 0.

    The best window's two ends descend equally. -phi' is 0 at k, rises up to w and falls after it, so the derivative in
    v, phi'(v) - phi'(v + m), is positive at v = k and negative from v = w on, and changes sign once between: where
    v + m <= w it is positive, and elsewhere on [k, w] it falls in v.
    """
    v = bisect(lambda v: gap_slope(v + m, reals) - gap_slope(v, reals), 0, Fraction(1), INFLECTION_BELOW, reals)
    return gap(v, reals) - gap(v + m, reals)


def spread(m: Any, reals: Reals = FLOATS) -> Any:
    """S(m) = sup over v >= 0 of |phi(v) - phi(v + m)| = max(phi(m), F(m)), for m > 0.

    Rises: for m <= k none is larger than the one from 0 to m, since phi is concave up to k; for m >= k the window ends
    at or after k, where phi falls, so it rises by at most phi(v + m) <= phi(m). Falls: at most F(m), since one that
    starts before k falls by at most phi(k) - phi(k + m).

    S(m)/m falls strictly in m: phi(m)/m = 1/(e^m + 1) does, and F(m)/m is the largest mean of -phi' over windows of
    length m, whose best windows are nested level sets because -phi' has one peak.
    """
    return larger(gap(m, reals), descent(m, reals))


def rise(m: Any, reals: Reals = FLOATS) -> Any:
    """max phi over [0, m] = phi(min(m, k)), for m > 0. rise(m)/m falls strictly, from 1/2: phi(m)/m = 1/(e^m + 1)."""
    k = silu_unit_gate(reals)
    return gap((m + k - abs(m - k)) / 2, reals)


def second_difference(m: Any, reals: Reals = FLOATS) -> Any:
    """G(m) = sup over v >= 0 of D(v) = phi(v) - 2 phi(v + m) + phi(v + 2m), for m >= 3.

    One v in [k, w] is best. D' = phi'(v) - 2 phi'(v + m) + phi'(v + 2m); let f = -phi' be the descent.
    - On [0, k] D' > 0: phi' >= 0 there, and 2 f(v + m) > f(v + 2m), f being positive and falling behind w.
    - On [k, w] D' falls: f(v) rises, and 2 f(v + m) - f(v + 2m) falls, since phi'' falls from 4.2 < k + 3 on.
    - From w on D' < 0: f(v + m) < f(v)/2. f = (1 - g)(x g - 1) is log-concave there (x g is concave where phi is
      convex), so f(v + m)/f(v) falls in v, and at v = w, m = 3 it is below 1/5.

    For 1.28 <= m < 3 the result is some D(v) with v in [1, w], no more than F(m) <= kappa. Rises in m. G(m)/m falls
    from m = 3.4 on; a test decides that in balls up to 3.8, and from there on 2m f(k + m) + 2 phi(k + m) < kappa is
    more than what is needed, m dD/dm < D.
    """
    v = bisect(
        lambda v: 2 * gap_slope(v + m, reals) - gap_slope(v, reals) - gap_slope(v + 2 * m, reals),
        0,
        Fraction(1),
        INFLECTION_BELOW,
        reals,
    )
    return gap(v, reals) - 2 * gap(v + m, reals) + gap(v + 2 * m, reals)


def larger(x: Any, y: Any) -> Any:
    """max(x, y) of numbers of one kind as (x + y + |x - y|)/2, which balls enclose too."""
    return (x + y + abs(x - y)) / 2


def bisect(rising: Callable[[Any], Any], target: Any, low: Fraction, high: Fraction, reals: Reals) -> Any:
    """The place in [low, high] where `rising` comes from below `target` to above it, as a number of this kind.

    The caller answers for there being one such place, with low >= 0. Halves the interval until it is short for the
    precision in force, or until that decides no side any more: a ball returned holds the place, a float lies within the
    noise of `rising`.
    """
    for _ in range(2 * (reals.bits or 0)):
        if (high - low) * 2 ** (reals.bits or 0) < low:
            break
        middle = (low + high) / 2
        value = rising(reals.number(middle))
        if value < target:
            low = middle
        elif value > target:
            high = middle
        else:
            break
    return reals.between(low, high)
