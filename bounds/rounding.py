"""How far a run in floating point can be from real arithmetic: the tolerances of every comparison.

Model. Each operation rounds to nearest: its result is the exact one times a factor in [1/(1+u), 1+u], u = 2^-p, plus at
most eta = `FloatFormat.underflow` below the normal range (nothing may overflow). The factor's lower end holds because
rounding to nearest changes x by at most u/(1+u) of |x|. The set of such factors is closed under division too, so after
k roundings, in products and quotients of any order, the factor lies in [(1+u)^-k, (1+u)^k] and is off 1 by at most

    growth(k) = (1 + u)^k - 1,

for every k (the usual k u / (1 - k u) needs k u < 1). A fused multiply-add rounds less often, exact operations (by 0,
1 or powers of two) not at all: the bounds hold for them as well.

Sums in any order. However n terms are added up, a term passes at most n - 1 additions, so it carries at most n - 1 of
their roundings: |computed - exact| <= growth(n - 1) sum |terms|.

What is not included: moving weights and inputs to the format before the run. The caller passes the rounded numbers.
The results are floats meant as tolerances; each count below is one larger than needed, which covers the roundings made
in evaluating the bound itself.

Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., chapters 2-4, for the model; the counts are
derived here.
"""

import math

from bounds.formats import FloatFormat

LIBRARY_ULPS = 4
"""Assumed accuracy of exp, log1p, sin, cos and the logistic function, in units in the last place of the format used."""

LARGEST_LOGARITHM = 700.0
"""exp of anything below is a float64."""


def growth(k: int, format: FloatFormat, library_calls: int = 0) -> float:
    """(1 + 2 t u)^calls (1 + u)^k - 1: the most that k roundings and some library functions change a product.

    Relative to the product. A library function is within t = LIBRARY_ULPS units in the last place, each at most 2 u of
    the number. inf where the result leaves float64: then nothing is promised.

    Raises:
        ValueError: a negative count.
    """
    if k < 0 or library_calls < 0:
        raise ValueError(f"{k} roundings and {library_calls} library calls were given; neither may be negative")
    u = float(format.unit_roundoff)
    logarithm = k * math.log1p(u) + library_calls * math.log1p(2 * LIBRARY_ULPS * u)
    return math.expm1(logarithm) if logarithm < LARGEST_LOGARITHM else math.inf


def dot_error(magnitude: float, n: int, format: FloatFormat) -> float:
    """Bound for a scaled dot product of n terms added in any order: an attention score, for instance.

    Each term carries its product, the scaling and at most n - 1 additions. Products and sums lose at most eta each
    below the normal range: 2 n in all, enlarged by later roundings.

    Args:
        magnitude: sum_s |a_s| |b_s|, scale included.

    Raises:
        ValueError: n < 1.
    """
    _at_least_one(n=n)
    relative = growth(n + 2, format)
    if relative == math.inf:
        return math.inf
    return relative * magnitude + 2 * n * float(format.underflow) * (1 + relative)


def recurrence_roundings(T: int, d_h: int) -> int:
    """The most roundings that one product of the unrolled Eq. 6 carries in T steps, in any execution, and one to spare.

    The output is sum_j sum_s alpha_j c_s b_js Delta_j x_j. On its way to it, x_j

    - is multiplied by Delta_j, b_js (or a score), c_s and alpha_j: at most 4 products,
    - where alpha_j is itself a product of at most T - 1 coefficients: at most T - 1 roundings, whether the state is
      multiplied step by step or the coefficients are multiplied first,
    - passes at most T - 1 additions over positions and d_h - 1 over state entries, in any order and grouping, and one
      more where a chunk's own part and the part from the state are joined.

    Together 4 + 2 (T - 1) + (d_h - 1) + 1 = 2 T + d_h + 2.

    Raises:
        ValueError: T or d_h below 1.
    """
    _at_least_one(T=T, d_h=d_h)
    return 2 * T + d_h + 3


def recurrence_error(magnitude: float, T: int, d_h: int, format: FloatFormat, entry: float = 1.0) -> float:
    """Bound for one output of Eq. 6 after T steps: growth(K) times the output on absolute values, plus underflow.

    Every product of the unrolled sum carries a factor in [(1+u)^-K, (1+u)^K], K = `recurrence_roundings`, so

        |computed - exact| <= growth(K) sum_j alpha_j sum_s |c_s| |b_js| |v_j| + underflow.

    Underflow: written out as a tree, the output uses at most d_h T (T + 6) operations (for each of T positions and d_h
    entries: T - 1 products of coefficients, 4 products, 2 additions and a join). Each loses at most eta, which later
    factors enlarge: at most three of them (b, c, v) of modulus at most `entry`, and roundings by 1 + growth(K).

    Coefficients must be multiplied: a run that adds their logarithms rounds those sums as well and is not covered.

    A sparse run whose blocks of v share a fill carries v - fill and fill through recurrences of their own and adds the
    two outputs: two roundings more than K (the difference, the addition), and |v - fill| + |fill| <= |v| + 2 |fill| in
    the place of |v|. Its caller gives that magnitude, T + 1 (which raises K by two and leaves room for the operations),
    and an `entry` that bounds |v| + |fill|.

    Args:
        magnitude: the same output with b, c, Delta, x replaced by their moduli; in a sparse run, by those above.
        T: number of steps up to the output; in a sparse run with a fill, one more.
        d_h: state entries of the channel.
        entry: bound of the moduli of the entries of b, c and v, at least 1.

    Raises:
        ValueError: T, d_h or entry below 1.
    """
    _at_least_one(entry=entry)
    relative = growth(recurrence_roundings(T, d_h), format)
    operations = d_h * T * (T + 6)
    if relative == math.inf:  # also beside a magnitude of 0: what underflows is enlarged by as much
        return math.inf
    return relative * magnitude + operations * float(format.underflow) * entry**3 * (1 + relative)


def attention_error(
    value: float,
    n: int,
    score_error: float,
    score_range: float,
    format: FloatFormat,
    others: float = 1.0,
    capped: float = math.inf,
) -> float:
    """Bound for one output of softmax attention over n positions, the largest score subtracted once from the others.

    1. The program exponentiates t_j = s_j - max s with an error of at most E = score_error + u (score_range + 2
       score_error): the score's own, and the subtraction's. Exact softmax of such scores has weights in
       [exp(-2E), exp(2E)] times the true w_j, so each is off by at most (exp(2E) - 1) w_j. The differences sum to 0, so
       with v_pos subtracted from every value the output moves by at most 2 V (exp(2E) - 1) sum_{j != pos} w_j, without
       by V (exp(2E) - 1), and by 2 V in any case, V the largest value.
    2. Evaluating it: a numerator term carries exp's factor 1 + 2 t u (t = LIBRARY_ULPS; one ulp is at most 2 u of the
       number), its product and n - 1 additions, the denominator exp's factor and n - 1 additions, the quotient one:
       together R = (1 + 2 t u)^2 (1 + u)^(2n), which moves the output by at most (R - 1) V.  Where one position
       outweighs the others it moves less: see `_beside_one`.
    3. Underflow: with a denominator of at least 1, n exponentials, products, quotients and 2 n sums that lose eta each
       move it by at most 4 n (V + 1) eta R.

    Not covered: executions that rescale while the maximum is still being sought.

    Args:
        value: V, the largest modulus of a value.
        n: number of positions in the softmax.
        score_error: the largest error of a computed score (see `dot_error`).
        score_range: the largest score minus the smallest.
        others: the exact weight of all positions but pos, in [0, 1]; 1 if nothing is known.
        capped: sum_j min(w_j, u) over all n positions; inf if nothing is known.

    Raises:
        ValueError: n < 1.
    """
    _at_least_one(n=n)
    u = float(format.unit_roundoff)
    E = score_error + u * (score_range + 2 * score_error)
    factor = math.exp(2 * E) if 2 * E < LARGEST_LOGARITHM else math.inf
    moved = min(2.0, math.expm1(2 * E) * min(1.0, 2 * others)) if factor < math.inf else 2.0
    alike = growth(2 * n + 1, format, library_calls=2)
    evaluation = min(alike, _beside_one(n, others, capped, factor, format))
    return value * (moved + evaluation) + 4 * n * (value + 1) * float(format.underflow) * (1 + alike)


def _beside_one(n: int, others: float, capped: float, factor: float, format: FloatFormat) -> float:
    """What evaluating a softmax may move its output by, per V, if `others` and `capped` of `attention_error` are small.

    Let e_j be the exponentials of the computed scores, D their sum, O = sum_{j != pos} e_j / D and B = sum_j min(e_j /
    D, u): at most `factor` = exp(2E) times what the true weights give, and B at most O + u and n u.  With hats for
    computed numbers, and the errors eps_N, eps_D of the two sums beside those of the exponentials,

        N^ - v_pos D^ = sum_{j != pos} e^_j (v_j - v_pos) + eps_N - v_pos eps_D.

    Adding t to a number s of the format errs by at most min(u |s + t|, |t|): the sum is rounded to the nearest number,
    and s is one.  On the way of pos through the additions, in any order, all other terms join it as such t, so these
    errors add up to at most (1 + g) B D in the denominator and V times as much in the numerator; what is rounded before
    a term joins is at most g O D.  With the product e^_pos v_pos, the change of e^_j / D^ (two library calls) and the
    quotient, all g being at most G = growth(2n + 1, 2 calls),

        |N^ / D^ - N / D| <= V (1 + G) (2 u + 2 B + 4 O G).
    """
    u = float(format.unit_roundoff)
    G = growth(2 * n + 1, format, library_calls=2)
    if not max(G, factor) < math.inf:
        return math.inf
    O = min(1.0, factor * others)
    B = min(factor * capped, O + u, n * u)
    return (1 + G) * (2 * u + 2 * B + 4 * O * G)


def circle_score_error(scale: float, format: FloatFormat) -> float:
    """Bound for scale u^T v, u and v points (cos, sin)(2 pi j / N) of the circle, from how the points are computed.

    An angle below 2 pi is off by its three roundings (of pi, of the product by j, of the quotient by N), which moves
    its point along the circle by as much; cos and sin are each off by a factor, so together by at most that part of the
    point's length 1. A point off by delta in length moves the product by at most delta, two of them by 2 delta +
    delta^2.
    """
    delta = 2 * math.pi * growth(4, format) + growth(1, format, library_calls=1)
    return scale * delta * (2 + delta)


def softplus_error(x: float, format: FloatFormat) -> float:
    """Bound for softplus(x) computed as max(x, 0) + log1p(exp(-|x|)).

    With E = exp(-|x|) off by a factor in [1/r, r], r = 1 + 2 t u, log1p(E) is off by no more than that factor, as log1p
    is concave and 0 at 0; log1p's own error is another such factor, the addition one rounding. Three results may lose
    eta.
    """
    exact = max(x, 0.0) + math.log1p(math.exp(-abs(x)))
    return growth(2, format, library_calls=2) * exact + 3 * float(format.underflow)


def silu_error(x: float, format: FloatFormat) -> float:
    """Bound for silu(x) = x logistic(x), the logistic function within t ulps of 1, that is within 2 t u absolutely.

    |x| 2 t u (1 + u) from the logistic function and u |x| from the product, whose exact result is at most |x|. The
    assumption is absolute because implementations by tanh lose the relative accuracy of small results.
    """
    return growth(2, format, library_calls=1) * abs(x) + 2 * float(format.underflow)


def _at_least_one(**values: int | float) -> None:
    for name, value in values.items():
        if not value >= 1:
            raise ValueError(f"{name} = {value} was given; it must be at least 1")
