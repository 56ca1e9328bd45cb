"""The sides of the inequalities that A.1 displays, as functions of an exact instance with M = |Delta| = 1.

r_j = alpha_j / alpha_pos, as in Eq. 12. `a_min` and `a_max` are as printed below Eq. 17: the least coefficient after
pos, and the largest before it, which leaves out a_pos. Where an inequality says "for this score", the side is the least
epsilon that the score allows, so that one comparison speaks for every epsilon.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction

from verify.bounds.instances import Instance

HALF = Fraction(1, 2)


def ratio(x: Instance, j: int) -> Fraction:
    """alpha_j / alpha_pos."""
    return x.alphas[j - 1] / x.alphas[x.pos - 1]


def own(x: Instance) -> Fraction:
    """alpha_pos times the score of pos."""
    return x.alphas[x.pos - 1] * x.scores[x.pos - 1]


def others(x: Instance) -> list[int]:
    """The positions beside pos."""
    return [j for j in range(1, len(x.scores) + 1) if j != x.pos]


def unmatched(x: Instance) -> list[int]:
    """The positions that are not matched."""
    matched = set(x.matched)
    return [j for j in range(1, len(x.scores) + 1) if j not in matched]


def before(x: Instance) -> range:
    """1 .. pos - 1."""
    return range(1, x.pos)


def after(x: Instance, short: int = 0) -> range:
    """pos + 1 .. i, or as many positions fewer as `short` says."""
    return range(x.pos + 1, len(x.scores) + 1 - short)


def weighed(x: Instance, positions: Iterable[int]) -> Fraction:
    """sum r_j |c_i^T b_j|."""
    return sum((ratio(x, j) * abs(x.scores[j - 1]) for j in positions), Fraction(0))


def ratios(x: Instance, positions: Iterable[int]) -> Fraction:
    """sum r_j."""
    return sum((ratio(x, j) for j in positions), Fraction(0))


def a_min(x: Instance) -> Fraction:
    """min of a_k, pos < k <= i; ValueError where no position follows pos."""
    return min(x.forgetting[x.pos :])


def a_max(x: Instance) -> Fraction:
    """max of a_k, 1 <= k < pos, as printed; ValueError where pos = 1."""
    return max(x.forgetting[: x.pos - 1])


def a_max_with_pos(x: Instance) -> Fraction:
    """max of a_k, 1 < k <= pos: those that occur in the r_j before pos."""
    return max(x.forgetting[1 : x.pos])


def geometric(base: Fraction, terms: int) -> Fraction:
    """sum_{k=1}^{terms} base^k."""
    return sum((base**k for k in range(1, terms + 1)), Fraction(0))


Largest = Callable[[Instance], Fraction]


def eq_16(x: Instance, largest: Largest = a_max) -> Fraction:
    """delta (sum_{k=1}^{pos-1} a_max^k + sum_{k=1}^{i-pos} (1/a_min)^k)."""
    return x.delta * (geometric(largest(x), x.pos - 1) + geometric(1 / a_min(x), len(x.scores) - x.pos))


def closed(x: Instance, n: int, largest: Largest = a_max) -> Fraction:
    """Eq. 17 for n = i - pos, Eq. 18 for n = L - 1."""
    high, low = largest(x), a_min(x)
    return x.delta * (high * (1 - high ** (x.pos - 1)) / (1 - high) + ((1 / low) ** n - 1) / (1 - low))


def eq_19(x: Instance) -> Fraction:
    """delta (a_max / (1 - a_max) + (1/a_min)^(L-1) / (1 - a_min))."""
    high, low = a_max(x), a_min(x)
    return x.delta * (high / (1 - high) + (1 / low) ** (x.L - 1) / (1 - low))


def defined(x: Instance, largest: Largest = a_max) -> bool:
    """Assumption 1, and every number of Eq. 16-19 exists: pos is neither first nor last, 0 < a_min, a_min and a_max
    below 1 (the other cases are T1-EDGE)."""
    inside = 1 < x.pos < len(x.scores)
    return inside and x.meets_assumption_1() and 0 < a_min(x) < 1 and largest(x) < 1


def worst_error(x: Instance) -> Fraction:
    """The largest |y_i - v_pos| over all values of modulus at most 1."""
    return x.worst_error(Fraction(1))


def eq_10(x: Instance) -> Fraction:
    """sum_{j != pos} alpha_j |c_i^T b_j| + 1 - alpha_pos c_i^T b_pos."""
    return x.alphas[x.pos - 1] * weighed(x, others(x)) + 1 - own(x)


def least_epsilon_of_24(x: Instance, share: Fraction = HALF) -> Fraction:
    """The least epsilon whose threshold (Eq. 24) the score meets: 2 (1 - alpha_pos (c_i^T b_pos - G / 2)), G of Eq. 19.

    share: what eps / (M |Delta|) is multiplied with in the threshold, 1/2 as printed.
    """
    return (1 - own(x) + x.alphas[x.pos - 1] * eq_19(x) / 2) / share
