"""Assumption 3 and the order of states, checked mechanically on a problem's own expressions.

Bullets, in the paper's order:

    1   constants N_s, N_dp, N_A bound how many tokens and values a state and the answer read
    2   the number of states, the tokens, the values and the answer are polynomially bounded
    3   f_I, f_T, f_A and A(n) are constant-size networks

and before them what Section 4 takes for granted (bullet 0): the states come in an order in which each reads earlier
ones only, and here also that a state's slot still holds the value that is asked for.  What a check looks at is finite:
the instances and lengths that are given.  A violation is a proof by its witness; a bullet that holds was seen to hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from bounds.formats import format_of
from constructions.compiler import program_of
from constructions.oracle import dependencies, solve, states, unfolded
from constructions.order import fault
from constructions.problem import EachRead, Inputs, Lengths, Problem, State, ValueRead
from constructions.programs.expression import evaluate
from constructions.programs.stack import compiled

POLYNOMIAL = 8  # a count that grows faster than n^8 between two lengths is called not polynomial
STRETCHED = (
    4,
    16,
)  # times the largest length: where closed forms are looked at besides, since 2^n is near n^6 at n = 9
GROWING = {"count": "states", "value_bounds": "values"}  # what a field bounds
FUNCTIONS = ("next state", "flags", "transition", "answer")  # the stages of f_I, A(n), f_T and f_A


@dataclass(frozen=True)
class Finding:
    """One bullet: what was found, and what breaks it (None: nothing)."""

    bullet: int
    statement: str
    found: str
    violation: str | None

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return self.violation is None


def assumption(problem: Problem, instances: Sequence[Inputs], lengths: Sequence[Lengths]) -> tuple[Finding, ...]:
    """All bullets, on the given instances and at the given lengths (at least two, ascending).

    Raises ValueError for fewer than two lengths.
    """
    if len(lengths) < 2:
        raise ValueError(f"{len(lengths)} lengths were given; growth shows between at least two")
    return (
        order(problem, instances),
        constant_reads(problem, lengths),
        polynomial(problem, instances, lengths),
        (constant_functions(problem, lengths)),
    )


def order(problem: Problem, instances: Sequence[Inputs]) -> Finding:
    """Bullet 0: every value that is read is solved before, and still in its slot, at its stated distance."""
    statement = "states are solved in order, and what a state reads is there"
    seen = 0
    for inputs in instances:
        violation = _disorder(problem, inputs)
        if violation:
            return Finding(0, statement, f"{seen} states in order before the violation", f"{inputs}: {violation}")
        seen += problem.count(tuple(len(s) for s in inputs))
    return Finding(0, statement, f"{len(instances)} instances, {seen} states", None)


def constant_reads(problem: Problem, lengths: Sequence[Lengths]) -> Finding:
    """Bullet 1: the largest read sets, which may not grow from one length to the next."""
    statement = "constants N_s, N_dp, N_A bound the read sets"
    try:
        counts = [_largest_reads(problem, each) for each in lengths]
    except ValueError as error:
        return Finding(1, statement, "not counted", str(error))
    found = ", ".join(
        f"n = {_spelled(each)}: N_s = {s}, N_dp = {v}, N_A = {a}"
        for each, (s, v, a) in zip(lengths, counts, strict=True)
    )
    ranged = [r.name for r in (*problem.reads, *problem.answer_reads) if isinstance(r, EachRead)]
    grows = [label for k, label in enumerate(("N_s", "N_dp", "N_A")) if counts[-1][k] > counts[0][k]]
    violation = f"{', '.join(map(repr, ranged))} run over a set whose size depends on n" if ranged else None
    if violation and grows:
        violation += f"; {' and '.join(grows)} grow"
    return Finding(1, statement, found, violation)


def polynomial(problem: Problem, instances: Sequence[Inputs], lengths: Sequence[Lengths]) -> Finding:
    """Bullet 2: the degrees with which states and values grow, and that no value leaves its stated interval."""
    statement = "states, tokens, values and the answer are polynomially bounded"
    stretched = [lengths[0], *(tuple(k * max(n, 1) for n in lengths[-1]) for k in STRETCHED)]
    degrees = {
        "count": _degree([max(problem.count(each), 1) for each in stretched], stretched),
        "value_bounds": _degree([max(map(abs, (1, *problem.value_bounds(each)))) for each in stretched], stretched),
    }
    found = ", ".join(f"{GROWING[name]} grow like n^{degree:.2g}" for name, degree in degrees.items())
    for inputs in instances:
        outside = _outside(problem, inputs)
        if outside:
            return Finding(2, statement, found, f"{inputs}: {outside}")
    fast = [name for name, degree in degrees.items() if not degree <= POLYNOMIAL]
    return Finding(
        2, statement, found, f"`{fast[0]}`: {GROWING[fast[0]]} grow faster than n^{POLYNOMIAL}" if fast else None
    )


def constant_functions(problem: Problem, lengths: Sequence[Lengths]) -> Finding:
    """Bullet 3: the hidden units of the blocks of f_I, A(n), f_T and f_A do not grow."""
    statement = "f_I, f_T, f_A and A(n) are constant-size networks"
    try:
        counts = [_units(problem, each) for each in (lengths[0], lengths[-1])]
    except ValueError as error:
        return Finding(3, statement, "not compiled", str(error))
    found = ", ".join(f"{stage}: {counts[-1][stage]} units" for stage in counts[-1])
    grows = [stage for stage in counts[0] if counts[-1].get(stage, 0) > counts[0][stage]]
    if grows:
        stage, (before, after) = grows[0], (counts[0][grows[0]], counts[-1][grows[0]])
        sizes = f"{before} units at n = {_spelled(lengths[0])}, {after} at n = {_spelled(lengths[-1])}"
        return Finding(3, statement, found, f"{stage}: {sizes}")
    return Finding(3, statement, found, None)


def _outside(problem: Problem, inputs: Inputs) -> str | None:
    """The value of one instance that leaves its stated interval."""
    low, high = problem.value_bounds(tuple(len(s) for s in inputs))
    try:
        solution = solve(problem, inputs)
    except ValueError as error:
        return str(error)
    for value in (*solution.values.values(), solution.answer):
        if not low <= value <= high:
            return f"`value_bounds` is false: the value {value} lies outside [{low}, {high}]"
    return None


def _disorder(problem: Problem, inputs: Inputs) -> str | None:
    """What is wrong with the order of one instance: the first state at which something that the problem states is
    false.
    """
    lengths = tuple(len(s) for s in inputs)
    wrong = fault(problem, lengths)
    if wrong is not None:
        return wrong
    try:
        solve(problem, inputs)
    except ValueError as error:
        return str(error)
    visited = states(problem, lengths)
    walk = _Walk(problem, lengths)
    return next((f"state {state}: {wrong}" for state in visited if (wrong := walk.wrong_at(state))), None)


class _Walk:
    """The states of one instance in order, with what stands in every slot."""

    def __init__(self, problem: Problem, lengths: Lengths) -> None:
        self.problem, self.lengths, self.n = problem, lengths, problem.sizes(lengths)
        self.slots = problem.slots(lengths)
        self.farthest = None if problem.locality is None else problem.locality(lengths)
        self.rank: dict[State, int] = {}
        self.holder: dict[int, State] = {}

    def wrong_at(self, state: State) -> str | None:
        """What is false at the next state; None for nothing."""
        wrong = self._out_of_memory(state) or self._lost(state) or self._wrong_distance(state)
        self.rank[state] = len(self.rank)
        self.holder[self._slot(state)] = state
        return wrong

    def _out_of_memory(self, state: State) -> str | None:
        slot = self._slot(state)
        if slot < 0:
            return f"`slot` is false: it is {slot}"
        return f"`slots` is false: its slot is {slot}, there are 0 to {self.slots - 1}" if slot >= self.slots else None

    def _lost(self, state: State) -> str | None:
        """A value that another state has overwritten in the slot that both share."""
        for wanted in dependencies(self.problem, state, self.lengths)[1]:
            slot = self._slot(wanted)
            if self.holder.get(slot) != wanted:
                return f"`slot` is false: it asks for {wanted}, but its slot {slot} holds {self.holder.get(slot)}"
        return None

    def _wrong_distance(self, state: State) -> str | None:
        here = self._names(state)
        for read in self.problem.reads:
            if not isinstance(read, ValueRead) or evaluate(read.when, here) == 0:
                continue
            back = len(self.rank) - self.rank[tuple(int(evaluate(e, here)) for e in read.state)]
            if read.distance is not None and back != (stated := int(evaluate(read.distance, here))):
                return f"`distance` is false: {read.name!r} is {_back(back)}, {stated} is stated"
            if self.farthest is not None and back > self.farthest:
                return f"`locality` is false: {read.name!r} is {_back(back)}, at most {self.farthest} is stated"
        return None

    def _slot(self, state: State) -> int:
        return int(evaluate(self.problem.slot(self.lengths), self._names(state)))

    def _names(self, state: State) -> dict[str, int]:
        return self.n | dict(zip(self.problem.indices, state, strict=True))


def _back(states: int) -> str:
    return f"{states} state{'' if states == 1 else 's'} back"


def _largest_reads(problem: Problem, lengths: Lengths) -> tuple[int, int, int]:
    """N_s, N_dp over all states, and N_A."""
    sets = [dependencies(problem, state, lengths) for state in states(problem, lengths)]
    answers = len(list(unfolded(problem.answer_reads, problem.sizes(lengths))))
    tokens = max((len(set(tokens)) for tokens, _ in sets), default=0)
    return tokens, max((len(set(values)) for _, values in sets), default=0), answers


def _units(problem: Problem, lengths: Lengths) -> dict[str, int]:
    """The hidden units of the stages that hold the problem's functions, compiled for these lengths."""
    stack = compiled(program_of(problem, lengths, sum(lengths) + problem.count(lengths) + 9, 4), format_of("float64"))
    counts: dict[str, int] = dict.fromkeys(FUNCTIONS, 0)
    for named in stack.blocks:
        if named.stage in counts and not named.remembers:
            counts[named.stage] += named.block.ssm.inner.dim
    return counts


def _degree(counts: Sequence[int], lengths: Sequence[Lengths]) -> float:
    """The largest exponent of growth from one length to the next."""
    ratios = [max(sum(after), 1) / max(sum(before), 1) for before, after in pairwise(lengths)]
    grown = [log(after) - log(before) for before, after in pairwise(counts)]
    return max((g / log(ratio) for g, ratio in zip(grown, ratios, strict=True) if ratio > 1), default=0.0)


def _spelled(lengths: Lengths) -> str:
    return " x ".join(map(str, lengths))
