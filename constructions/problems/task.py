"""What a problem offers, so that one run, one check and one page serve all of them.

A task is a problem with one of the two theorems' constructions: how instances are read, drawn and enumerated, the
program that solves all instances within given limits, the tokens of a prompt, an oracle in plain Python that shares
nothing with the program, and how a chain of tokens is written as the paper writes it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from constructions.programs.interpreter import Token
from constructions.programs.program import Program

Instance = Any  # a task's own: tuples of integers for tables, a tuple of symbols for expressions


@dataclass(frozen=True)
class Shown:
    """A chain as text: what stands between the prompt and the answer, and the answer."""

    chain: str
    answer: str


@dataclass(frozen=True)
class Limits:
    """The instances that one compiled stack serves.

    Args:
        lengths: the longest prompt part of each kind: one for each input sequence of a table, the longest line of an
            expression.
        longest: the largest number of tokens in all, prompt included.
    """

    lengths: tuple[int, ...]
    longest: int


@runtime_checkable
class Task(Protocol):
    """A problem with one construction.  Methods raise ValueError, with what is allowed, for what they cannot take."""

    @property
    def name(self) -> str:
        """The name on the command line."""
        ...

    @property
    def theorem(self) -> int:
        """4: a state that grows with the length of the run; 5: one that grows with the locality m only."""
        ...

    def parse(self, text: str) -> Instance:
        """The instance that a user wrote."""
        ...

    def written(self, instance: Instance) -> str:
        """The instance as a user would write it."""
        ...

    def draw(self, n: int, rng: np.random.Generator) -> Instance:
        """A random instance of size n."""
        ...

    def every(self, n: int) -> Iterator[Instance]:
        """All instances of size at most n over a small alphabet."""
        ...

    def limits(self, instances: Sequence[Instance]) -> Limits:
        """The smallest limits that hold all of the instances."""
        ...

    def program(self, limits: Limits) -> Program:
        """The program for all instances within the limits."""
        ...

    def prompt(self, instance: Instance) -> list[Token]:
        """The tokens that are given."""
        ...

    def expected(self, instance: Instance, limits: Limits | None = None) -> list[Token]:
        """The oracle: the tokens that are to follow the prompt, the last one included, as a stack compiled for the
        limits should put them out (by default for the instance alone): a token may name a slot of the stack's memory.
        """
        ...

    def shown(self, instance: Instance, tokens: Sequence[Token]) -> Shown:
        """The tokens that follow a prompt, as the paper writes them."""
        ...
