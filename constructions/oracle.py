"""The oracle of a problem: its states in order, solved in plain Python from the text that is compiled.

`states` walks from `first` by `following` until `last`; `solve` evaluates the transition at each of them and then the
answer; `dependencies` and `unfolded` say what a state reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructions.problem import EachRead, InputRead, Inputs, Lengths, Problem, Quantity, Read, State, ValueRead
from constructions.programs.expression import evaluate
from constructions.programs.operations import Operate


@dataclass(frozen=True)
class Solution:
    """All states in order with their values, and the answer: integers, or terms where inputs are left open."""

    values: Mapping[State, Any]
    answer: Any


def states(problem: Problem, lengths: Lengths) -> Iterator[State]:
    """The states in the order in which they are solved.  Raises ValueError where the order never reaches its end."""
    n = problem.sizes(lengths)
    if evaluate(problem.empty, n) == 1:
        return
    state = tuple(int(evaluate(e, n)) for e in problem.first)
    for _ in range(problem.count(lengths) + 1):
        yield state
        here = n | dict(zip(problem.indices, state, strict=True))
        if evaluate(problem.last, here) == 1:
            return
        state = tuple(int(evaluate(e, here)) for e in problem.following)
    raise ValueError(f"problem {problem.name!r}: more than the {problem.count(lengths)} states that `count` gives")


def solve(problem: Problem, inputs: Inputs, operate: Operate | None = None) -> Solution:
    """The oracle: every value by the transition, in exact arithmetic; with `operate` also for inputs that are terms.

    Raises ValueError where a state reads a value that is not there yet or a token outside its sequence, a flag is none,
    or the transition or the answer is no integer.
    """
    lengths = tuple(len(sequence) for sequence in inputs)
    n = problem.sizes(lengths)
    values: dict[State, Any] = {}
    for state in states(problem, lengths):
        here = n | dict(zip(problem.indices, state, strict=True))
        found = {read.name: _value(problem, read, here, inputs, values) for read in problem.reads}
        values[state] = _evaluated(problem, f"transition at state {state}", problem.transition, here | found, operate)
    needed = {read.name: _value(problem, read, n, inputs, values) for read in problem.answer_reads} if values else {}
    absent = {read.name: 0 for read in problem.answer_reads}
    return Solution(values, _evaluated(problem, "answer", problem.answer, n | absent | needed, operate))


def dependencies(problem: Problem, state: State, lengths: Lengths) -> tuple[list[tuple[int, int]], list[State]]:
    """The input tokens (sequence, index) and the states that a state reads: I_i and V_dp(i) of Section 4."""
    here = problem.sizes(lengths) | dict(zip(problem.indices, state, strict=True))
    tokens: list[tuple[int, int]] = []
    earlier: list[State] = []
    for read, place in unfolded(problem.reads, here):
        if evaluate(read.when, place) == 1:
            if isinstance(read, InputRead):
                tokens.append((read.sequence, int(evaluate(read.index, place))))
            else:
                earlier.append(tuple(int(evaluate(e, place)) for e in read.state))
    return tokens, earlier


def unfolded(
    reads: Sequence[Read], here: Mapping[str, int]
) -> Iterator[tuple[InputRead | ValueRead, Mapping[str, int]]]:
    """All single reads for given indices and lengths, a ranged read index by index."""
    for read in reads:
        if isinstance(read, EachRead):
            for k in range(int(evaluate(read.low, here)), int(evaluate(read.high, here)) + 1):
                yield from unfolded(read.reads, {**here, read.index: k})
        else:
            yield read, here


def _evaluated(
    problem: Problem, where: str, given: Quantity, values: Mapping[str, Any], operate: Operate | None
) -> Any:
    try:
        return evaluate(given, values, None, operate)
    except ValueError as error:
        raise ValueError(f"problem {problem.name!r}, {where}: {error}") from error


def _value(problem: Problem, read: Read, here: Mapping[str, int], inputs: Inputs, values: Mapping[State, Any]) -> Any:
    if isinstance(read, EachRead):
        best = 0
        for k in range(int(evaluate(read.low, here)), int(evaluate(read.high, here)) + 1):
            place = {**here, read.index: k}
            found = {inner.name: _value(problem, inner, place, inputs, values) for inner in read.reads}
            best = max(best, int(evaluate(read.value, place | found)))
        return best
    when = evaluate(read.when, here)
    if when == 0:
        return 0
    if when != 1:
        raise ValueError(f"problem {problem.name!r}: `when` of {read.name!r} is no flag: it is {when}")
    if isinstance(read, InputRead):
        index, sequence = int(evaluate(read.index, here)), inputs[read.sequence]
        if not 1 <= index <= len(sequence):
            raise ValueError(
                f"problem {problem.name!r}: {read.name!r} asks for token {index} of sequence {read.sequence + 1}, "
                f"which has {len(sequence)}"
            )
        return sequence[index - 1]
    state = tuple(int(evaluate(e, here)) for e in read.state)
    if state not in values:
        raise ValueError(
            f"problem {problem.name!r}: {read.name!r} asks for the value of {state}, which is not solved yet"
        )
    return values[state]
