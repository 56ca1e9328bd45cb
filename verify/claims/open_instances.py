"""All instances of Assumption 1 of a few positions at once, as instances whose numbers are open (`quotients`).

Each cell fixes what comparisons depend on: pos, L, which positions are matched, the order of a_1 .. a_pos, the least
coefficient after pos, one sign for all scores. Within it every hypothesis is written into the unknowns, all above 0:
0 < x < y is x = y t/(1 + t), and x <= y < 1 is y = (x + t)/(1 + t). The matched scores and delta are taken first
without a scale and then divided by w + the matched part, w > 0, so that the matched part is below 1. Cells are open
sets; what lies on their borders (equal coefficients, coefficients 0 or 1 where the sides have a value) is the limit of
what lies inside, and both sides of an inequality are continuous there.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations, product

from verify.bounds.instances import Instance
from verify.claims.quotients import Quotient, positive

FULL = 3  # positions up to which every cell is there, at FULL with scores of one sign
ONE = Fraction(1)
REACH = (
    f"all real instances of up to {FULL} positions (of {FULL}: with scores of one sign), and those of {FULL + 1} with "
    "1 < pos < i where pos alone is matched, is first in its window, and scores are positive"
)


@cache
def cells() -> tuple[Instance, ...]:
    """The cells, smallest first; delta > 0 and coefficients in (0, 1) in all of them."""
    full = (
        _instance(*cell, signs)
        for i in range(1, FULL + 1)
        for cell in _cells(i)
        for signs in (product((1, -1), repeat=i) if i < FULL else ((1,) * i, (-1,) * i))
    )
    i = FULL + 1
    alone = (cell for cell in _cells(i) if 1 < cell[1] < i and cell[2] == i - cell[1] + 1 and cell[3] == {cell[1]})
    return (*full, *(_instance(*cell, (1,) * i) for cell in alone))


Cell = tuple[int, int, int, set[int], tuple[int, ...], tuple[int, ...]]


def _cells(i: int) -> Iterator[Cell]:
    """i, pos, L, the matched positions, and 1 .. pos and pos + 1 .. i by rising coefficients."""
    for pos in range(1, i + 1):
        for L in range(i - pos + 1, i + 1):
            window = [j for j in range(i - L + 1, i + 1) if j != pos]
            others = (some for n in range(len(window) + 1) for some in combinations(window, n))
            orders = permutations(range(1, pos + 1)), permutations(range(pos + 1, i + 1))
            for matched, before, after in product(others, *orders):
                yield i, pos, L, {pos, *matched}, before, after


def _instance(
    i: int,
    pos: int,
    L: int,
    matched: set[int],
    before: tuple[int, ...],
    after: tuple[int, ...],
    signs: tuple[int, ...],
) -> Instance:
    unknowns = positive([f"t{k}" for k in range(1, i + 1)] + [f"s{k}" for k in range(1, i + 1)] + ["d", "w"])
    t, s, d, w = unknowns[:i], unknowns[i : 2 * i], unknowns[-2], unknowns[-1]
    a = tuple(value for _, value in sorted([*_rising(t, before), *_rising(t, after)]))
    alphas = Instance(a, (ONE,) * i, pos, L, ONE).alphas
    unscaled = {j: d + s[j - 1] for j in matched}
    whole = w + sum((alphas[j - 1] * unscaled[j] for j in matched), Fraction(0))
    delta = d / whole
    sizes = [unscaled[j] / whole if j in matched else delta * s[j - 1] / (1 + s[j - 1]) for j in range(1, i + 1)]
    return Instance(a, tuple(sign * size for sign, size in zip(signs, sizes, strict=True)), pos, L, delta)


def _rising(t: tuple[Quotient, ...], order: tuple[int, ...]) -> Iterator[tuple[int, Fraction]]:
    """Coefficients between 0 and 1 at the positions of `order`, each above the one before."""
    low: Fraction = Fraction(0)
    for k in order:
        low = (low + t[k - 1]) / (1 + t[k - 1])
        yield k, low
