"""Lemmas 1-5: the exact worst error of each SiLU gadget, the paper's lambda, and the smallest lambda that is enough.

Each `*_error` is the supremum of |gadget - target| over the whole domain in real arithmetic, a closed form of lambda.
Each `*_lambda` solves error = eps: since the errors fall strictly in lambda, every larger lambda is enough and every
smaller one (0.99 of it, say) fails. It is 0 where every lambda > 0 is enough. Each `*_lambda_paper` is what the paper's
own formula asks for. All of them take `reals` (bounds/reals.py); `enough` turns one into a float that is not too small.

phi, kappa = max phi = 0.2784... and S are those of bounds/gadget_gap.py.

Raises: every function raises ValueError for a number that is not finite and above 0.
"""

import math
from fractions import Fraction
from typing import Any

from bounds.gadget_gap import bisect, gap, gap_peak, larger, second_difference, spread
from bounds.reals import FLOATS, ClosedForm, Number, Reals, digits

PEAK_ABOVE = Fraction(7, 25)  # kappa = 0.27846... < 0.28; the peak of phi is at 1 + kappa


def product_error(lam: Number, M: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 1's four units (Eq. 36) on [-M, M]^2: sup |g(a, b) - ab| = M^2 (1 - tanh(u)/u), u = M / lambda.

    silu(x) + silu(-x) = x tanh(x/2). With s = (a + b)/lambda, t = (a - b)/lambda and h(x) = x^2/2 - x tanh(x/2),
    ab = lambda^2 (s^2 - t^2)/4 gives ab - g(a, b) = lambda^2 (h(s) - h(t))/2. h is even, h(0) = 0, and h rises on
    x >= 0, since tanh(y) + y sech(y)^2 < 2y for y > 0. |a|, |b| <= M says |s| + |t| <= 2u, so the supremum is
    lambda^2 h(2u)/2. It is attained at (M, M) and, with the other sign, at (M, -M).

    tanh(u)/u falls in u, so the error falls in lambda; it is between 0 and M^2 and at most M^4 / (3 lambda^2).
    """
    above_zero(lam=lam, M=M)
    return reals.number(Fraction(M) ** 2) * product_share(reals.number(Fraction(M) / Fraction(lam)), reals)


def product_lambda(M: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The smallest lambda of Lemma 1: M / u with 1 - tanh(u)/u = eps / M^2, about M^2 / sqrt(3 eps); 0 for eps >= M^2.

    u rises with the share, and 1 - tanh(u)/u >= 1 - 1/u keeps it at most 1 / (1 - share).
    """
    above_zero(M=M, epsilon=epsilon)
    share = Fraction(epsilon) / Fraction(M) ** 2
    if share >= 1:
        return reals.number(0)
    u = bisect(lambda u: product_share(u, reals), reals.number(share), Fraction(0), 1 / (1 - share), reals)
    return reals.number(M) / u


def product_lambda_simple(M: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """M^2 / sqrt(3 eps): enough for Lemma 1 by the bound M^4 / (3 lambda^2), and sharp as eps / M^2 goes to 0."""
    above_zero(M=M, epsilon=epsilon)
    return reals.number(Fraction(M) ** 2) / reals.sqrt(reals.number(3 * Fraction(epsilon)))


def product_drift(M: Number, epsilon: Number) -> float:
    """2 eps/M^2: at most so far is log(lambda^2) of the smallest lambda from log(M^4/(3 eps)), for eps <= M^2/10.

    u^2/3 - 2u^4/15 <= 1 - tanh(u)/u <= u^2/3 puts u^2 between 3s and 3s/(1 - 2u^2/5), s = eps/M^2. Hence lambda^2 =
    M^2/u^2 is M^4/(3 eps) times a number between 1 - 2u^2/5 and 1, and 2u^2/5 <= 1.4 s for s <= 1/10, u^2 <= 7s/2.
    """
    above_zero(M=M, epsilon=epsilon)
    return float(2 * Fraction(epsilon) / Fraction(M) ** 2)


def product_lambda_paper(M: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """216 M^3 / (2 eps), as Lemma 1's proof ends."""
    above_zero(M=M, epsilon=epsilon)
    return reals.number(108 * Fraction(M) ** 3 / Fraction(epsilon))


def network_error(lam: Number, weight: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 2: sup |W_3 silu(lambda W_2 x)/lambda - W_3 relu(W_2 x)| = kappa weight / lambda.

    weight: the largest sum, over a row of W_3, of its positive entries or of its negative ones; M d over all networks
    of d hidden units whose parameters are at most M. Each unit is off by -phi(lambda |z|)/lambda, in
    [-kappa/lambda, 0]. Attained where every unit of that sign sits at lambda |z| = k and the others are far from 0; by
    d equal units of weight M, at one x.
    """
    above_zero(lam=lam, weight=weight)
    return gap_peak(reals) * reals.number(Fraction(weight) / Fraction(lam))


def network_lambda(weight: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """kappa weight / eps, the smallest lambda of Lemma 2."""
    return network_error(epsilon, weight, reals)


def network_lambda_paper(M: Number, d: int, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """M d / eps, as Lemma 2's proof ends: parameters of the ReLU network at most M, d hidden units."""
    above_zero(M=M, d=d, epsilon=epsilon)
    return reals.number(Fraction(M) * d / Fraction(epsilon))


def linear_error(lam: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 3 by (silu(lambda x) - silu(-lambda x)) / lambda: 0, as silu(x) - silu(-x) = x (g(x) + g(-x)) = x."""
    above_zero(lam=lam)
    return reals.number(0)


def linear_lambda_paper(M: Number, d_1: int, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 2's M d / eps for W x = W relu(x) - W relu(-x), which has d = 2 d_1 hidden units."""
    return network_lambda_paper(M, 2 * d_1, epsilon, reals)


def select_error(lam: Number, M: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 4 with k = M/alpha: the supremum over x, y in [-M, M], |t| >= alpha is (2/lambda) S(lambda M).

    The ReLU form relu(x + kt) - relu(kt) + relu(y - kt) - relu(-kt) is exact there: for t >= alpha, kt >= M, so it is
    (x + kt) - kt + 0 - 0. By symmetry let t > 0; with m = lambda M, w = lambda k t >= m, p = lambda x + w and
    q = w - lambda y, both anywhere in [w - m, w + m], the error is (2 phi(w) - phi(p) - phi(q)) / lambda. p = q is
    worst on either side, so it is 2/lambda times the largest |phi(w) - phi(p)| over w >= m, |p - w| <= m, and that is
    S(m): choosing w = v + m, p = v reaches it. It is no more: where phi(w) is above, p is best at an end, w - m >= 0 or
    w + m. Where phi(p) is above and the peak k is within reach, the drop is kappa - phi(w): at most kappa - phi(k + m)
    for w >= k, and for w < k at most phi(k - w) <= phi(m), phi being concave there with w >= m >= k - w. Where only
    lower ground is within reach, p = w - m is best.

    It depends neither on alpha nor on d, and is below M and below 2 kappa / lambda.
    """
    above_zero(lam=lam, M=M)
    return 2 * spread(reals.number(Fraction(lam) * Fraction(M)), reals) / reals.number(lam)


def select_lambda(M: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The smallest lambda of Lemma 4, m/M with S(m)/m = eps / (2M); 0 for eps >= M. At most 2 kappa / eps."""
    above_zero(M=M, epsilon=epsilon)
    return _spread_root(Fraction(epsilon) / (2 * Fraction(M)), reals) / reals.number(M)


def select_lambda_paper(M: Number, alpha: Number, epsilon: Number, d: int = 1, reals: Reals = FLOATS) -> Any:
    """Lemma 2's M d / eps for this network: parameters at most max(1, M/alpha), 2d + 2 hidden units."""
    above_zero(M=M, alpha=alpha, d=d)
    return network_lambda_paper(max(Fraction(1), Fraction(M) / Fraction(alpha)), 2 * d + 2, epsilon, reals)


def indicator_error(lam: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 5's I[a > b] as relu(kt) - relu(kt - 1), k = 1/alpha, for t = a - b <= 0 or >= alpha: S(lambda)/lambda.

    At t <= 0 the error is (phi(w + lambda) - phi(w))/lambda with w = lambda k |t| >= 0. At t >= alpha it is
    (phi(w) - phi(w + lambda))/lambda with w = lambda (kt - 1) >= 0. That is `spread` over lambda; it falls strictly.
    The ramp of g(1, 0, a - b), relu(1 + kt) - relu(kt) on |t| >= alpha, has the same error, but is 1 at t = 0.
    """
    above_zero(lam=lam)
    return spread(reals.number(lam), reals) / reals.number(lam)


def indicator_lambda(epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The smallest lambda of Lemma 5's > and <: S(lambda)/lambda = eps, about kappa/eps; 0 for eps >= 1/2."""
    above_zero(epsilon=epsilon)
    return _spread_root(Fraction(epsilon), reals)


def indicator_lambda_paper(alpha: Number, epsilon: Number, reals: Reals = FLOATS) -> Any:
    """Lemma 4's constant for g(1, 0, a - b): x and y are in [-1, 1], so M = 1 there."""
    return select_lambda_paper(1, alpha, epsilon, 1, reals)


def different_error(lam: Number, reals: Reals = FLOATS) -> Any:
    """I[a != b] as I[a > b] + I[b > a] in one block, or I[a = b]: max(2 phi(lambda), G(lambda))/lambda, lambda >= 1.28.

    At a = b both ramps miss phi(lambda)/lambda, and I[a = b] is 1 minus the same units. At |a - b| >= alpha, with v =
    lambda (k|t| - 1) >= 0, the error is D(v)/lambda, D(v) = phi(v) - 2 phi(v + lambda) + phi(v + 2 lambda). As phi
    falls from lambda >= k on, D(v) >= -2 phi(lambda), and its supremum is G(lambda) (`second_difference`) where
    lambda >= 3; below that D <= F(lambda) <= kappa < 2 phi(3) <= 2 phi(lambda). The best v is below 2.4 < lambda, at
    |a - b| < 2 alpha <= 2M, so both are attained on every domain with alpha <= M.

    Falls: 2 phi(m)/m = 2/(e^m + 1) does, G(m)/m does from m = 3.4 on, and G(m) <= G(3.4) < 2 phi(3.4) up to there.

    Raises:
        ValueError: also for lambda < 1.28, where the peak of phi lies between.
    """
    above_zero(lam=lam)
    if lam < 1 + PEAK_ABOVE:
        raise ValueError(f"lambda = {lam} was given; it must be at least 1.28")
    return _different(reals.number(lam), reals)


def different_lambda(epsilon: Number, reals: Reals = FLOATS) -> Any:
    """The smallest lambda from 1.28 on at which `different_error` is at most eps. About kappa/eps."""
    above_zero(epsilon=epsilon)
    least = 1 + PEAK_ABOVE
    # Below 1.28 a = b alone misses 2/(e^1.28 + 1) > 0.43; lambda times the error never exceeds 2 kappa < 0.56.
    if Fraction(epsilon) >= Fraction(43, 100):
        return reals.number(least)
    high = 2 * PEAK_ABOVE / Fraction(epsilon)
    return bisect(lambda m: -_different(m, reals), reals.number(-Fraction(epsilon)), least, high, reals)


def _different(m: Any, reals: Reals) -> Any:
    return larger(2 * gap(m, reals), second_difference(m, reals)) / m


def steep_error(lam: Number, M: Number, steepness: Number, reals: Reals = FLOATS) -> Any:
    """Past the paper: a bound for select with k = rho M/alpha, rho = steepness > 1: 2 phi((rho - 1) lambda M)/lambda.

    Let (rho - 1) lambda M >= k. As w >= rho lambda M, p and q are at least (rho - 1) lambda M, where phi falls, so
    |2 phi(w) - phi(p) - phi(q)| is at most 2 phi((rho - 1) lambda M): lambda grows like log(1/eps) instead of 1/eps,
    for a k that is rho times as large.

    Raises:
        ValueError: also for (rho - 1) lambda M below 1.28, where the peak of phi may be met.
    """
    above_zero(lam=lam, M=M, steepness=steepness)
    nearest = (Fraction(steepness) - 1) * Fraction(lam) * Fraction(M)
    if nearest < 1 + PEAK_ABOVE:
        raise ValueError(f"(steepness - 1) lambda M = {float(nearest):.6g} was given; it must be at least 1.28")
    return 2 * gap(reals.number(nearest), reals) / reals.number(lam)


SPARE = Fraction(1, 2**51)
"""How far above the smallest lambda `enough` lies at least, relatively."""


def enough(closed_form: ClosedForm) -> float:
    """A float above the closed form, by at least `SPARE` and by at most about 2e-15 of it: its nearest, then up.

    Relatively, 17 digits lie within 2^-54 of the value, the float nearest to them within 2^-53 of them, and so does the
    product from 1 + 2^-50 times that float: 2^-50 - 2^-54 - 2 2^-53 is above `SPARE`.

    Raises:
        ValueError: a closed form beyond float64.
    """
    up = float(digits(closed_form, 17)) * (1 + 2.0**-50)
    if not up < math.inf:
        raise ValueError(f"the value lies beyond float64: {digits(closed_form, 6)}")
    return up


def product_share(u: Any, reals: Reals) -> Any:
    """1 - tanh(u)/u, u > 0, with tanh(u) = E/(2 - E), E = 1 - e^(-2u), so that floats do not overflow."""
    E = -reals.expm1(-2 * u)
    return 1 - E / (2 - E) / u


def _spread_root(share: Fraction, reals: Reals) -> Any:
    """The m with S(m)/m = share, or 0 for share >= 1/2 = the limit at m = 0. S <= kappa puts it below kappa/share."""
    if share >= Fraction(1, 2):
        return reals.number(0)
    high = PEAK_ABOVE / share
    return bisect(lambda m: -spread(m, reals) / m, reals.number(-share), Fraction(0), high, reals)


def above_zero(**values: Number) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} = {value} was given; it must be a finite number above 0")
