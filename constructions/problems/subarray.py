"""Largest sum of a contiguous part of a sequence (the empty part counts 0): one pass, local with m = 3.

State (i, 1) holds the largest sum that ends at s_i, state (i, 2) the largest sum so far:

    dp(i, 1) = max(dp(i-1, 1) + s_i, 0),    dp(i, 2) = max(dp(i-1, 2), dp(i, 1)).

Values are read from a distance of one or two states, so Theorem 5 applies with a ring of three slots.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from constructions.problem import InputRead, Inputs, Lengths, Problem, ValueRead
from constructions.problems.plain import parse, written
from constructions.problems.table import Notation
from constructions.programs.expression import constant, equal, maximum, name, select

LARGEST = 99


def subarray() -> Problem:
    """The problem, for numbers from -99 to 99."""
    i, k, n = name("i"), name("k"), name("n1")
    ending = maximum(name("ending before") + name("s_i"), 0)
    return Problem(
        name="subarray",
        alphabets=((-LARGEST, LARGEST),),
        indices=("i", "k"),
        empty=n < 1,
        first=(constant(1), constant(1)),
        following=(i + (k - 1), 3 - k),
        last=(i >= n) & equal(k, 2),
        slot=lambda _: 2 * i + k - 3,
        reads=(
            InputRead("s_i", 0, i, when=equal(k, 1)),
            ValueRead("ending before", (i - 1, constant(1)), when=equal(k, 1) & (i > 1), distance=constant(2)),
            ValueRead("ending here", (i, constant(1)), when=equal(k, 2), distance=constant(1)),
            ValueRead("best before", (i - 1, constant(2)), when=equal(k, 2) & (i > 1), distance=constant(2)),
        ),
        transition=select(equal(k, 1), ending, maximum(name("best before"), name("ending here"))),
        answer_reads=(ValueRead("best", (n, constant(2)), when=n >= 1),),
        answer=name("best"),
        count=lambda lengths: 2 * lengths[0],
        slots=lambda lengths: max(2 * lengths[0], 1),
        index_bounds=lambda lengths: ((1, max(lengths[0], 1)), (1, 2)),
        value_bounds=lambda lengths: (0, LARGEST * max(lengths[0], 1)),
        locality=lambda _: 2,
    )


def notation() -> Notation:
    """Integers separated by blanks; the chain shows both values of each position."""

    def entry(state: tuple[int, ...], value: int, _lengths: Lengths) -> str:
        return f"{value}," if state[1] == 2 else str(value)

    return Notation(parse, written, draw, every, entry)


def draw(n: int, rng: np.random.Generator) -> Inputs:
    """n numbers from -20 to 20."""
    return (tuple(int(v) for v in rng.integers(-20, 21, n)),)


def every(n: int) -> Iterator[Inputs]:
    """All sequences of length at most n over {-1, 0, 2}."""
    for length in range(n + 1):
        for sequence in product((-1, 0, 2), repeat=length):
            yield (sequence,)
