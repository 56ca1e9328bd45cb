"""Longest strictly increasing subsequence, with two indices and as the paper's chain shows it.

*Two indices* (Assumption 3 holds).  State (j, k), in the order (1,1), (1,2), (2,1), (2,2), (2,3), (3,1), ...:

    k < j       the longest chain that ends at s_j and goes through one of s_1 .. s_k before it, or s_j alone
    k = j       c_j, the longest chain that ends at s_j
    k = j + 1   max(c_1, ..., c_j)

so each state reads the state before it and, for k < j, c_k = (k, k) with s_j and s_k; for k = j + 1 the last maximum,
(j - 1, j).  There are n (n + 3) / 2 states; the answer is the value of (n, n + 1).

*One index* (the chain of Section 4: 13 32 12 39 84 | 1 2 1 3 4 | 4).  c_j = 1 + max of c_i over i < j with s_i < s_j:
the transition reads j - 1 values, and the answer n of them, so no constants N_dp and N_A exist.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np

from constructions.problem import EachRead, InputRead, Inputs, Lengths, Problem, ValueRead
from constructions.problems.plain import parse, written
from constructions.problems.table import Notation
from constructions.programs.expression import constant, equal, maximum, name, select

LARGEST = 999  # the largest number of an input sequence
HALF = Fraction(1, 2)


def two_indices() -> Problem:
    """The state space that meets Assumption 3."""
    j, k, n = name("j"), name("k"), name("n1")
    previous, chain = maximum(name("before"), 1), name("c_k") + 1
    through_k = maximum(previous, select(name("s_k") < name("s_j"), chain, 0))
    return Problem(
        name="lis",
        alphabets=((0, LARGEST),),
        indices=("j", "k"),
        empty=n < 1,
        first=(constant(1), constant(1)),
        following=(j + (k > j), select(k > j, 1, k + 1)),
        last=(j >= n) & (k > j),
        slot=lambda _: (j - 1) * (j + 2) * HALF + k - 1,  # the number of states before (j, k)
        reads=(
            InputRead("s_j", 0, j, when=k < j),
            InputRead("s_k", 0, k, when=k < j),
            ValueRead("before", (j, k - 1), when=k > 1),
            ValueRead("c_k", (k, k), when=k < j),
            ValueRead("best so far", (j - 1, j), when=(k > j) & (j > 1)),
        ),
        transition=select(
            k > j, maximum(name("before"), name("best so far")), select(equal(j, k), previous, through_k)
        ),
        answer_reads=(ValueRead("best of all", (n, n + 1), when=n >= 1),),
        answer=name("best of all"),
        count=lambda lengths: lengths[0] * (lengths[0] + 3) // 2,
        slots=lambda lengths: max(lengths[0] * (lengths[0] + 3) // 2, 1),
        index_bounds=lambda lengths: ((1, max(lengths[0], 1)), (1, lengths[0] + 1)),
        value_bounds=lambda lengths: (0, max(lengths[0], 1)),
    )


def one_index() -> Problem:
    """The chain of Section 4, whose read sets grow with n."""
    j, n = name("j"), name("n1")
    return Problem(
        name="lis, one index",
        alphabets=((0, LARGEST),),
        indices=("j",),
        empty=n < 1,
        first=(constant(1),),
        following=(j + 1,),
        last=j >= n,
        slot=lambda _: j - 1,
        reads=(
            InputRead("s_j", 0, j),
            EachRead(
                "longest before",
                "i",
                constant(1),
                j - 1,
                (InputRead("s_i", 0, name("i")), ValueRead("c_i", (name("i"),)), InputRead("s_j too", 0, j)),
                select(name("s_i") < name("s_j too"), name("c_i"), 0),
            ),
        ),
        transition=name("longest before") + 1,
        answer_reads=(EachRead("longest", "i", constant(1), n, (ValueRead("c_i", (name("i"),)),), name("c_i")),),
        answer=name("longest"),
        count=lambda lengths: lengths[0],
        slots=lambda lengths: max(lengths[0], 1),
        index_bounds=lambda lengths: ((1, max(lengths[0], 1)),),
        value_bounds=lambda lengths: (0, max(lengths[0], 1)),
    )


def notation() -> Notation:
    """Numbers separated by blanks; the chain shows c_1 .. c_n, as the paper does."""

    def entry(state: tuple[int, ...], value: int, _lengths: Lengths) -> str:
        return str(value) if state[0] == state[-1] else ""

    return Notation(parse, written, draw, every, entry)


def draw(n: int, rng: np.random.Generator) -> Inputs:
    """n numbers of which up to three runs ascend, as in the public benchmark, so that long chains occur."""
    values = rng.integers(n + 1, n + 150, n)
    runs = np.sort(rng.integers(0, n + 1, rng.integers(0, 3)))
    for part in np.split(np.arange(n), runs):
        if len(part) and rng.random() < 0.7:
            values[part] = np.sort(values[part])
    noise = rng.random(n) < 0.3
    values[noise] = rng.integers(n + 1, n + 150, int(noise.sum()))
    return (tuple(int(v) for v in values),)


def every(n: int) -> Iterator[Inputs]:
    """All sequences of length at most n over {1, 2, 3}."""
    for length in range(n + 1):
        for sequence in product((1, 2, 3), repeat=length):
            yield (sequence,)
