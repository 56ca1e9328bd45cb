"""Instances of Theorem 1's hypotheses in exact rational numbers, judged by running Eq. 6 itself.

Nothing here uses the closed forms of bounds/: the error comes from the recurrence over explicit values, one after the
other, so that it can contradict them. Positions are counted from 1, as in the paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np

ZERO, ONE = Fraction(0), Fraction(1)
ROUNDED_BITS = 128


@dataclass(frozen=True)
class Instance:
    """One output position i of an SSM module: what its scores and its forgetting are.

    forgetting: a_1 .. a_i (a_1 acts on an empty state). scores: c_i^T b_1 .. c_i^T b_i. pos: what is to be copied.
    L, delta: the matching set is { j : |score_j| >= delta, i - L < j <= i }.
    Raises ValueError for lengths that differ, for pos outside 1 .. i, and for a coefficient outside [0, 1].
    """

    forgetting: tuple[Fraction, ...]
    scores: tuple[Fraction, ...]
    pos: int
    L: int
    delta: Fraction

    def __post_init__(self) -> None:
        if len(self.forgetting) != len(self.scores):
            raise ValueError(
                f"{len(self.forgetting)} coefficients and {len(self.scores)} scores; give one of each a position"
            )
        if not 1 <= self.pos <= len(self.scores):
            raise ValueError(f"pos = {self.pos} was given; allowed are 1 to {len(self.scores)}")
        if not all(0 <= a <= 1 for a in self.forgetting):
            raise ValueError("a forgetting coefficient lies outside [0, 1]")

    @cached_property
    def alphas(self) -> tuple[Fraction, ...]:
        """alpha_1 .. alpha_i, alpha_j = a_{j+1} .. a_i (Eq. 6)."""
        alphas = [ONE]
        for a in self.forgetting[:0:-1]:
            alphas.append(alphas[-1] * a)
        return tuple(reversed(alphas))

    @cached_property
    def matched(self) -> tuple[int, ...]:
        """The (L, delta)-matching set of Definition 2."""
        i = len(self.scores)
        return tuple(j for j in range(max(1, i - self.L + 1), i + 1) if abs(self.scores[j - 1]) >= self.delta)

    def meets_assumption_1(self) -> bool:
        """Whether pos is matched, every score outside the matching set is below delta in modulus, and the matched part
        sum alpha_j |c_i^T b_j| is below 1."""
        return self._meets

    @cached_property
    def _meets(self) -> bool:
        matched = self.matched
        unmatched = (score for j, score in enumerate(self.scores, 1) if j not in matched)
        total = sum((self.alphas[j - 1] * abs(self.scores[j - 1]) for j in matched), ZERO)
        return self.pos in matched and all(abs(score) < self.delta for score in unmatched) and total < 1

    def output(self, values: Sequence[Fraction]) -> Fraction:
        """y_i for the values v_1 .. v_i of one coordinate: H_j = a_j H_{j-1} + b_j v_j, of which c_i^T H_j is carried.

        So b_j and c_i may be any vectors that have these scores.
        """
        read = ZERO
        for a, score, value in zip(self.forgetting, self.scores, values, strict=True):
            read = a * read + score * value
        return read

    def worst_error(self, size: Fraction) -> Fraction:
        """The largest |y_i - v_pos| over values of modulus at most `size`, which is M |Delta|.

        It is linear in the values, so it is largest where each takes the sign of its own effect; the recurrence then
        runs on those values.
        """
        effects = [alpha * score for alpha, score in zip(self.alphas, self.scores, strict=True)]
        effects[self.pos - 1] -= 1
        worst = [size if effect >= 0 else -size for effect in effects]
        return abs(self.output(worst) - worst[self.pos - 1])


def decaying(alpha_pos: Fraction, a_min: Fraction, after: int) -> tuple[Fraction, ...]:
    """The coefficients of the `after` positions behind pos that forget those as little as alpha_pos allows.

    Going back from i the products are min(1, alpha_pos a_min^(m - after)), m = 0 .. after: the nearest positions keep
    all, then each step costs a factor a_min, until alpha_pos is reached. Needs a_min^after <= alpha_pos <= 1.
    """
    products = [min(ONE, alpha_pos * a_min ** (m - after)) for m in range(after + 1)]
    return tuple(products[m] / products[m - 1] for m in range(after, 0, -1))


def fading(a_max: Fraction, missing: Fraction, most: int) -> tuple[Fraction, ...] | None:
    """Coefficients of pos and the positions before it, each at most a_max, that forget so little that those positions
    weigh all that any number of them can, a_max / (1 - a_max) relative to alpha_pos, but for at most `missing`.

    Going back from pos the products are a_max^m rounded down to multiples of 2^-ROUNDED_BITS, which keeps fractions
    short however many there are. None where a_max = 1, or where more than `most` positions before pos would be needed.
    """
    if a_max == 1:
        return None
    unit = 2**ROUNDED_BITS
    products, left = [unit], a_max / (1 - a_max)
    while left > missing:
        products.append(int(products[-1] * a_max))
        left -= Fraction(products[-1], unit)
        if products[-1] == 0 or len(products) > most + 1:
            return None
    # The first position's own coefficient acts on an empty state.
    steps = (Fraction(late, early) for early, late in pairwise(products))
    return (a_max, *reversed(tuple(steps)))


def extreme(
    forgetting: tuple[Fraction, ...], pos: int, L: int, delta: Fraction, score: Fraction, short: Fraction
) -> Instance:
    """The scores that ask most of pos at given coefficients, each a factor 1 - `short` below its strict limit.

    Every other position scores delta; the one just behind pos, the most forgotten of a window that starts at pos, takes
    all that pos leaves of the matched part, where that is enough to be matched.
    """
    scores = [delta * (1 - short)] * len(forgetting)
    scores[pos - 1] = score
    instance = Instance(forgetting, tuple(scores), pos, L, delta)
    if pos == len(forgetting):
        return instance
    left = (1 - instance.alphas[pos - 1] * score) * (1 - short) / instance.alphas[pos]
    if left < delta:
        return instance
    scores[pos] = left
    return Instance(forgetting, tuple(scores), pos, L, delta)


def scattered(
    forgetting: tuple[Fraction, ...], pos: int, L: int, delta: Fraction, score: Fraction, rng: np.random.Generator
) -> Instance:
    """Random scores of either sign around pos: below delta anywhere, and in the window a share of the matched part."""
    scores = [delta * quarter(rng) * sign(rng) * (1 - Fraction(1, 1000)) for _ in forgetting]
    scores[pos - 1] = score
    instance = Instance(forgetting, tuple(scores), pos, L, delta)
    left = 1 - instance.alphas[pos - 1] * score
    for j in range(max(1, len(forgetting) - L + 1), len(forgetting) + 1):
        alpha, share = instance.alphas[j - 1], left * quarter(rng) * (1 - Fraction(1, 1000))
        if j != pos and alpha > 0 and share / alpha >= delta and rng.integers(0, 2):
            scores[j - 1] = share / alpha * sign(rng)
            left -= share
    return Instance(forgetting, tuple(scores), pos, L, delta)


def quarter(rng: np.random.Generator) -> Fraction:
    """0, 1/4, 1/2, 3/4 or 1."""
    return Fraction(int(rng.integers(0, 5)), 4)


def sign(rng: np.random.Generator) -> int:
    """1 or -1."""
    return 1 - 2 * int(rng.integers(0, 2))
