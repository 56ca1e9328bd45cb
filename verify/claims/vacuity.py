"""The vacuity meter of Theorem 1: where its Assumption 1 and its threshold can hold together at all.

Assumption 1 keeps the score of pos below the cap 1/alpha_pos, and the threshold asks for more than 1/alpha_pos times
1 - eps/(2 M |Delta|) plus delta times what the unmatched positions may weigh. So the theorem speaks exactly for delta
below

    (eps / (M |Delta|)) / (alpha_pos (1/a_min)^(L-1) / (1 - a_min) + alpha_pos a_max / (1 - a_max)),

which for alpha_pos = a_min^(L-1) is at most (eps / (M |Delta|)) (1 - a_min), whatever L. Besides, delta < 1: Assumption
1 is made for every position, and the first one can match only itself, with alpha = 1, so delta <= |c_1^T b_1| < 1.

N does not enter from N = L + 1 on (the least at which a position 1 < pos is the first of its window): an instance of
step i = L + 1 becomes one of the whole sequence when every other step copies itself, with a score of delta at its own
position and 0 at all others, so that Assumption 1 holds there with sum alpha_j |c^T b_j| = delta < 1. For a longer
window than N - 1 the threshold is larger and the matching sets are the same, so L = N - 1 is the better choice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from bounds.reals import FRACTIONS
from bounds.theorem1 import Status, Theorem1
from verify.bounds.instances import Instance

LENGTHS = (2, 4, 16, 64)
COEFFICIENTS = (Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))
EPSILONS = (Fraction(1, 100), Fraction(1, 10), Fraction(1, 2))
DELTAS = (Fraction(1, 10**4), Fraction(1, 10**3), Fraction(1, 100), Fraction(1, 10), Fraction(1, 2))


@dataclass(frozen=True)
class Cell:
    """Theorem 1 at one place: a_min = a_max = a, alpha_pos = a^(L-1) (every coefficient a), M = |Delta| = 1.

    largest_delta: the delta below which the theorem speaks there, all else as it is. speaks: whether delta is so small.
    """

    L: int
    a: Fraction
    epsilon: Fraction
    delta: Fraction
    largest_delta: Fraction
    speaks: bool

    @property
    def theorem(self) -> Theorem1:
        """The parameters."""
        return Theorem1(self.a, self.a, self.L, self.delta, self.epsilon, 1, 1)

    def instance(self) -> Instance:
        """Step L + 1: all coefficients a, pos = 2, its score halfway between what is asked and the cap, the others 0.

        It meets every hypothesis where the theorem speaks.
        """
        asked = max(self.theorem.threshold(FRACTIONS), self.delta)
        score = (asked + self.theorem.cap(FRACTIONS)) / 2
        scores = (Fraction(0), score, *[Fraction(0)] * (self.L - 1))
        return Instance((self.a,) * len(scores), scores, 2, self.L, self.delta)

    def steps(self, N: int) -> Iterator[Instance]:
        """Every step i = 1..N of a whole sequence: step L + 1 as above, each other one copying itself."""
        for i in range(1, N + 1):
            own = (*[Fraction(0)] * (i - 1), self.delta)
            yield self.instance() if i == self.L + 1 else Instance((self.a,) * i, own, i, self.L, self.delta)


def meter(
    lengths: Sequence[int] = LENGTHS,
    coefficients: Sequence[Fraction] = COEFFICIENTS,
    epsilons: Sequence[Fraction] = EPSILONS,
    deltas: Sequence[Fraction] = DELTAS,
) -> tuple[Cell, ...]:
    """Every place of the grid, L outermost and delta innermost. Coefficients must lie in (0, 1), deltas above 0."""
    return tuple(_cell(*place) for place in product(lengths, coefficients, epsilons, deltas))


def share_that_speaks(cells: Sequence[Cell]) -> tuple[int, int]:
    """In how many of the cells the theorem speaks, and how many there are."""
    return sum(cell.speaks for cell in cells), len(cells)


def _cell(L: int, a: Fraction, epsilon: Fraction, delta: Fraction) -> Cell:
    theorem = Theorem1(a, a, L, delta, epsilon, 1, 1)
    speaks = theorem.status() is Status.SATISFIABLE and delta < 1
    return Cell(L, a, epsilon, delta, min(Fraction(1), theorem.largest_delta(FRACTIONS)), speaks)
