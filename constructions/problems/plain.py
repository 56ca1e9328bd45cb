"""The notation of a problem that brings none: integers separated by blanks, sequences separated by |."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from constructions.problem import Inputs, Lengths, Problem
from constructions.problems.table import Notation


def plain(problem: Problem) -> Notation:
    """How any table is read and written: the chain shows every value."""

    def draw(n: int, rng: np.random.Generator) -> Inputs:
        return tuple(tuple(int(v) for v in rng.integers(low, high + 1, n)) for low, high in problem.alphabets)

    def every(n: int) -> Iterator[Inputs]:
        tokens = [sorted({low, high}) for low, high in problem.alphabets]  # the ends: they differ in sign if any do
        kinds = [[s for length in range(n + 1) for s in product(each, repeat=length)] for each in tokens]
        yield from product(*kinds)

    def entry(_state: tuple[int, ...], value: int, _lengths: Lengths) -> str:
        return str(value)

    return Notation(parse, written, draw, every, entry)


def parse(text: str) -> Inputs:
    """Sequences of integers.  Raises ValueError for anything else."""
    try:
        return tuple(tuple(int(word) for word in part.replace(",", " ").split()) for part in text.split("|"))
    except ValueError:
        raise ValueError(f"{text!r} is no sequence of integers separated by blanks, such as 13 32 12 39 84") from None


def written(inputs: Inputs) -> str:
    """Integers with blanks, sequences with | between them."""
    return " | ".join(" ".join(map(str, sequence)) for sequence in inputs)
