"""Matrix chain: the least number of multiplications for a product of n - 1 matrices of sizes d_1 x d_2, d_2 x d_3, ...

M(l, i) is the least cost of the l matrices from the i-th on; M(1, i) = 0 and

    M(l, i) = min over k = 1 .. l - 1 of M(k, i) + M(l - k, i + k) + d_i d_(i+k) d_(i+l).

A state is (l, i, k), its value the least cost over the first k places to cut: an interval problem with three indices,
products of input tokens, and values that are overwritten (all k of one (l, i) share a slot).
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from constructions.problem import InputRead, Inputs, Lengths, Problem, ValueRead
from constructions.problems.plain import parse, written
from constructions.problems.table import Notation
from constructions.programs.expression import constant, maximum, minimum, name, select

LARGEST = 9


def matrix_chain() -> Problem:
    """The problem, for sizes from 1 to 9; n = n1 - 1 matrices."""
    l, i, k = name("l"), name("i"), name("k")
    n = name("n1") - 1
    more_cuts, more_places = k < l - 1, i < n - l + 1
    cost = name("left part") + name("right part") + name("d_i") * name("d_cut") * name("d_end")
    return Problem(
        name="matrix-chain",
        alphabets=((1, LARGEST),),
        indices=("l", "i", "k"),
        empty=name("n1") < 2,
        first=(constant(1), constant(1), constant(1)),
        following=(
            select(more_cuts | more_places, l, l + 1),
            select(more_cuts, i, select(more_places, i + 1, 1)),
            select(more_cuts, k + 1, 1),
        ),
        last=(l >= n) & (k >= l - 1),
        slot=lambda lengths: (l - 1) * _matrices(lengths) + i - 1,
        reads=(
            InputRead("d_i", 0, i, when=l > 1),
            InputRead("d_cut", 0, i + k, when=l > 1),
            InputRead("d_end", 0, i + l, when=l > 1),
            ValueRead("cuts before", (l, i, k - 1), when=k > 1),
            ValueRead("left part", (k, i, maximum(k - 1, 1)), when=l > 1),
            ValueRead("right part", (l - k, i + k, maximum(l - k - 1, 1)), when=l > 1),
        ),
        transition=select(l > 1, select(k > 1, minimum(name("cuts before"), cost), cost), 0),
        answer_reads=(ValueRead("whole", (n, constant(1), maximum(n - 1, 1)), when=n >= 1),),
        answer=name("whole"),
        count=lambda lengths: sum((_matrices(lengths) - l + 1) * max(l - 1, 1) for l in range(1, lengths[0])),
        slots=lambda lengths: _matrices(lengths) ** 2,
        index_bounds=lambda lengths: (
            (1, _matrices(lengths)),
            (1, _matrices(lengths)),
            (1, max(_matrices(lengths) - 1, 1)),
        ),
        value_bounds=lambda lengths: (0, LARGEST**3 * _matrices(lengths)),
    )


def _matrices(lengths: Lengths) -> int:
    return max(lengths[0] - 1, 1)


def notation() -> Notation:
    """Sizes separated by blanks; the chain shows M(l, i), a comma after each l."""

    def entry(state: tuple[int, ...], value: int, lengths: Lengths) -> str:
        l, i, k = state
        if k < l - 1:
            return ""
        return f"{value} ," if i == lengths[0] - l else str(value)

    return Notation(parse, written, draw, every, entry)


def draw(n: int, rng: np.random.Generator) -> Inputs:
    """n sizes from 1 to 9."""
    return (tuple(int(v) for v in rng.integers(1, LARGEST + 1, n)),)


def every(n: int) -> Iterator[Inputs]:
    """All sequences of at most n sizes over {1, 2, 3}."""
    for length in range(n + 1):
        for sequence in product((1, 2, 3), repeat=length):
            yield (sequence,)
