"""A dynamic-programming problem with Theorem 4's or Theorem 5's construction, as a task."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from constructions.compiler import (
    ANSWER,
    INPUT,
    RING,
    VALUE,
    index_field,
    program_of,
    separator,
    slot_count,
)
from constructions.oracle import Solution, solve
from constructions.order import fault
from constructions.problem import LARGEST_TOKEN, Inputs, Lengths, Problem
from constructions.problems.task import Limits, Shown
from constructions.programs.interpreter import Token
from constructions.programs.operations import Operate
from constructions.programs.program import Program


@dataclass(frozen=True, eq=False)
class Notation:
    """How users read and write a problem's instances and its chain.

    Args:
        parse: text -> input sequences; raises ValueError with what is allowed.
        written: input sequences -> text.
        draw: (n, rng) -> random input sequences of size n.
        every: n -> all input sequences of size at most n over a small alphabet.
        entry: (state, value, lengths) -> how the chain shows it, "" to leave it out.
    """

    parse: Callable[[str], Inputs]
    written: Callable[[Inputs], str]
    draw: Callable[[int, np.random.Generator], Inputs]
    every: Callable[[int], Iterator[Inputs]]
    entry: Callable[[tuple[int, ...], int, Lengths], str]


@dataclass(frozen=True, eq=False)
class Table:
    """The task of filling a problem's table, in the format of Section 4: s1 | s2 | ... | (i, dp(i)) ... | A."""

    problem: Problem
    notation: Notation
    theorem: int

    @property
    def name(self) -> str:
        """The problem's name."""
        return self.problem.name

    def parse(self, text: str) -> Inputs:
        """The input sequences that a user wrote.  Raises ValueError for what the problem does not take."""
        inputs = self.notation.parse(text)
        if len(inputs) != len(self.problem.alphabets):
            raise ValueError(
                f"{len(inputs)} sequences were given; {self.name} takes {len(self.problem.alphabets)}, separated by |"
            )
        for (low, high), sequence in zip(self.problem.alphabets, inputs, strict=True):
            for token in sequence:
                if not low <= token <= high:
                    raise ValueError(f"the token {token} was given; {self.name} takes {low} to {high}")
        return inputs

    def written(self, instance: Inputs) -> str:
        """The input sequences as a user would write them."""
        return self.notation.written(instance)

    def draw(self, n: int, rng: np.random.Generator) -> Inputs:
        """Random input sequences of size n."""
        return self.notation.draw(n, rng)

    def every(self, n: int) -> Iterator[Inputs]:
        """All input sequences of size at most n over a small alphabet."""
        return self.notation.every(n)

    def limits(self, instances: Sequence[Inputs]) -> Limits:
        """The largest length of each sequence, and the longest run."""
        lengths = tuple(max(len(instance[r]) for instance in instances) for r in range(len(self.problem.alphabets)))
        return Limits(lengths, max(self._tokens(tuple(len(s) for s in instance)) for instance in instances))

    def program(self, limits: Limits) -> Program:
        """The program for all instances within the limits.  Raises ValueError where the theorem does not apply."""
        return program_of(self.problem, limits.lengths, limits.longest, self.theorem)

    def prompt(self, instance: Inputs) -> list[Token]:
        """The input sequences, a separator after each."""
        tokens: list[Token] = []
        for j, sequence in enumerate(instance):
            tokens += [{INPUT: token} for token in sequence]
            tokens.append({separator(j + 1): 1})
        return tokens

    def expected(self, instance: Inputs, limits: Limits | None = None, operate: Operate | None = None) -> list[Token]:
        """Every state with its value, the separator, and the answer; the ring's slots are those of the limits,
        `operate` is for inputs that are terms.

        Raises ValueError as `solve` does, with the field at fault where it is one of those that order the states, and
        for an index or a value outside the interval that the problem states at the limits, or an interval that is
        beyond 32 bits there.
        """
        if limits is not None:
            self._refuse_wide(limits)
        try:
            solution = solve(self.problem, instance, operate)
        except ValueError as error:
            wrong = fault(self.problem, tuple(map(len, instance)))
            raise ValueError(str(error) if wrong is None else f"problem {self.name!r}: {wrong}") from error
        if limits is not None and operate is None:
            self._refuse_outside(solution, limits)
        lengths = tuple(map(len, instance)) if limits is None else limits.lengths
        ring = slot_count(self.problem, lengths, 5) if self.theorem == 5 else 0
        tokens: list[Token] = []
        for k, (state, value) in enumerate(solution.values.items()):
            token = {index_field(i): x for i, x in zip(self.problem.indices, state, strict=True)} | {VALUE: value}
            tokens.append(token | ({RING: k % ring} if ring else {}))
        return [*tokens, {separator(len(instance) + 1): 1}, {ANSWER: solution.answer}]

    def shown(self, instance: Inputs, tokens: Sequence[Token]) -> Shown:
        """The entries of the table that the problem's notation shows, and the answer."""
        lengths = tuple(len(sequence) for sequence in instance)
        entries = []
        for token in tokens:
            state = tuple(token.get(index_field(i), 0) for i in self.problem.indices)
            if state[0] >= 1:
                entries.append(self.notation.entry(state, token.get(VALUE, 0), lengths))
        return Shown(" ".join(filter(None, entries)), str(tokens[-1].get(ANSWER, 0)) if tokens else "")

    def _refuse_wide(self, limits: Limits) -> None:
        stated = {"index_bounds": self.problem.index_intervals, "value_bounds": self.problem.value_interval}
        for field, bounds in stated.items():
            largest = int(np.abs(np.array(bounds(limits.lengths), object)).max())
            if largest > LARGEST_TOKEN:
                raise ValueError(
                    f"problem {self.name!r}: `{field}` reaches {largest:.3g} at lengths {limits.lengths}; a token has "
                    "32 bits"
                )

    def _refuse_outside(self, solution: Solution, limits: Limits) -> None:
        bounds = self.problem.index_intervals(limits.lengths)
        for state in solution.values:
            for index, i, (low, high) in zip(self.problem.indices, state, bounds, strict=True):
                if not min(low, 0) <= i <= high:
                    raise ValueError(
                        f"problem {self.name!r}: `index_bounds` is false: {index} = {i} lies outside [{low}, {high}] "
                        f"at lengths {limits.lengths}"
                    )
        low, high = self.problem.value_interval(limits.lengths)
        for value in (*solution.values.values(), solution.answer):
            if not min(low, 0) <= value <= max(high, 0):
                raise ValueError(
                    f"problem {self.name!r}: `value_bounds` is false: the value {value} lies outside [{low}, {high}] "
                    f"at lengths {limits.lengths}"
                )

    def _tokens(self, lengths: Lengths) -> int:
        return sum(lengths) + len(lengths) + self.problem.count(lengths) + 2
