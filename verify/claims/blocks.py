"""What a block of A.6 sees of a token, and two tokens that it cannot tell apart.

A bullet of A.6 names what its result is computed from.  Where two tokens agree in all of that and must get different
results, no function of it does, whatever weights compute it: a proof against the bullet.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from constructions.compiler import copy_of, index_field, separator
from constructions.oracle import Solution, dependencies, solve
from constructions.problem import EachRead, InputRead, Inputs, Lengths, Problem, State, ValueRead
from constructions.problems import edit_distance, lis
from constructions.problems.edit_distance import Costs
from constructions.problems.table import Table
from constructions.programs.expression import evaluate
from constructions.programs.interpreter import Quantities, Token, interpreted
from verify.claims.claim import REFUTES
from verify.claims.settled import settled
from verify.verdict import ESTABLISHED, Check

FAMILY = 2  # size up to which runs are gone through
LIS = Table(lis.two_indices(), lis.notation(), 4)
EDIT = Table(edit_distance.edit_distance(Costs()), edit_distance.notation(), 4)


@dataclass(frozen=True)
class Step:
    """One token of a run in the format of Section 4, embedded as A.6 has it.

    t: its position, from 1.  mark: j for the j-th separator, else 0.  state: None where the token is no state.
    upcoming: the state that the next token is to hold, None for any other token.
    """

    inputs: Inputs
    solution: Solution
    token: Token
    t: int
    mark: int
    state: State | None
    upcoming: State | None

    @property
    def n(self) -> Lengths:
        """The problem size."""
        return tuple(map(len, self.inputs))

    @property
    def last(self) -> bool:
        """Whether this is the last state."""
        return self.state is not None and self.upcoming is None

    @property
    def value(self) -> int | None:
        """dp of the token's state."""
        return None if self.state is None else self.solution.values[self.state]


@dataclass(frozen=True)
class Place:
    """What a bullet's result may depend on, what it must be, and which token that is."""

    seen: Hashable
    needed: Hashable
    where: str


def run_of(task: Table, inputs: Inputs) -> list[Step]:
    """All tokens of a run, the answer last."""
    solution, tokens = solve(task.problem, inputs), [*task.prompt(inputs), *task.expected(inputs)]
    held = [_state(task.problem, token) for token in tokens]
    marks = [next((j for j in range(1, len(inputs) + 2) if token.get(separator(j))), 0) for token in tokens]
    return [
        Step(inputs, solution, token, k + 1, marks[k], held[k], held[k + 1] if k + 1 < len(held) else None)
        for k, token in enumerate(tokens)
    ]


def generating(task: Table, instances: Iterable[Inputs]) -> Iterator[Step]:
    """The tokens from the last input separator on, after each of which the model puts one out."""
    for inputs in instances:
        yield from run_of(task, inputs)[sum(map(len, inputs)) + len(inputs) - 1 : -1]


def written(task: Table, step: Step) -> str:
    """Which token it is, for people."""
    return f"token {step.t} of {task.written(step.inputs)}|"


def read_by(problem: Problem, state: State, step: Step) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The input tokens and the values that a state reads."""
    tokens, earlier = dependencies(problem, state, step.n)
    return tuple(step.inputs[r][k - 1] for r, k in tokens), tuple(step.solution.values[s] for s in earlier)


def clash(places: Iterable[Place]) -> tuple[Place, Place] | None:
    """The first two places with equal `seen` and different `needed`; None for none."""
    known: dict[Hashable, Place] = {}
    for place in places:
        before = known.setdefault(place.seen, place)
        if before.needed != place.needed:
            return before, place
    return None


def computable(claim: str, what: str, places: Sequence[Place], words: str, mended: bool) -> Check:
    """Whether what is needed is a function of what is seen; `words` says what each is."""
    found = clash(places)
    which = "no two" if found is None else "two"
    evidence = (
        f"{words}; of all {len(places)} tokens of a family {which} agree in what is seen and differ in what is needed"
    )
    witness = found and {
        "seen at both": str(found[0].seen),
        found[0].where: str(found[0].needed),
        found[1].where: str(found[1].needed),
    }
    return settled(claim, what, found is None, None, None, evidence, witness, ESTABLISHED if mended else REFUTES)


def agrees(claim: str, what: str, cases: Sequence[tuple[str, Any, Any]], words: str, mended: bool) -> Check:
    """Whether what comes out is what is needed; cases: where, found, needed."""
    wrong = next((case for case in cases if case[1] != case[2]), None)
    witness = wrong and {"where": wrong[0], "comes out": str(wrong[1]), "needed": str(wrong[2])}
    evidence = f"{words}; all {len(cases)} tokens of a family, by enumeration"
    return settled(claim, what, wrong is None, None, None, evidence, witness, ESTABLISHED if mended else REFUTES)


def traced(task: Table, instances: Sequence[Inputs]) -> Iterator[tuple[Step, Quantities]]:
    """Every token of every run with the compiled program's quantities, in exact integers.

    Raises ValueError where the program's own tokens are not the oracle's.
    """
    program = task.program(task.limits(instances))
    for inputs in instances:
        steps = run_of(task, inputs)
        run = interpreted(program, task.prompt(inputs), program.longest)
        for step, (token, values) in zip(steps, run, strict=True):
            if any(token.get(field.name, 0) != step.token.get(field.name, 0) for field in program.fields):
                raise ValueError(f"{task.name}: {written(task, step)} is {token}, not {step.token}")
            yield step, values


def compiled_check(claim: str, named: Callable[[Table, Step], dict[str, int]], words: str) -> Check:
    """The compiled program's quantities of one block against the oracle's, for LIS and edit distance.

    named: (task, step) -> the quantities that are needed at a token, by name.
    """
    cases = []
    for task in (LIS, EDIT):
        for step, values in traced(task, tuple(task.every(FAMILY))):
            cases += [
                (f"{name}, {written(task, step)}", values[name], needed) for name, needed in named(task, step).items()
            ]
    return agrees(claim, "compiled", cases, f"{words}, in the compiled programs of LIS and edit distance", True)


def positions(task: Table, step: Step) -> dict[str, int]:
    """For every read of the upcoming state where it is kept: the token's place counted from 0, or the state's slot; -1
    where there is nothing to read."""
    lengths, found = task.limits(tuple(task.every(FAMILY))).lengths, {}
    for read, there in _reads(task.problem, step):
        if there is None:
            found[read.name] = -1
        elif isinstance(read, InputRead):
            found[read.name] = sum(len(s) + 1 for s in step.inputs[: read.sequence]) + there[0] - 1
        else:
            state = zip(task.problem.indices, there, strict=True)
            found[read.name] = int(evaluate(task.problem.slot(lengths), task.problem.sizes(step.n) | dict(state)))
    return found


def copies(task: Table, step: Step) -> dict[str, int]:
    """For every read of the upcoming state what is read, by the name of its copy; 0 where there is nothing to read."""
    return {
        copy_of(read.name): 0
        if there is None
        else step.inputs[read.sequence][there[0] - 1]
        if isinstance(read, InputRead)
        else step.solution.values[there]
        for read, there in _reads(task.problem, step)
    }


def answer_states(task: Table, step: Step) -> dict[str, State]:
    """The states whose values the answer reads, by the read's name."""
    n, found = task.problem.sizes(step.n), {}
    for read in task.problem.answer_reads:
        if isinstance(read, ValueRead) and evaluate(read.when, n) == 1:
            found[read.name] = tuple(int(evaluate(e, n)) for e in read.state)
    return found


def _reads(problem: Problem, step: Step) -> Iterator[tuple[InputRead | ValueRead, tuple[int, ...] | None]]:
    """Every read of the upcoming state: the index of a token or the state that it names, None for neither."""
    for read in problem.reads:
        assert not isinstance(read, EachRead)
        there = None
        if step.upcoming is not None:
            here = problem.sizes(step.n) | dict(zip(problem.indices, step.upcoming, strict=True))
            named = (read.index,) if isinstance(read, InputRead) else read.state
            if evaluate(read.when, here) == 1:
                there = tuple(int(evaluate(e, here)) for e in named)
        yield read, there


def _state(problem: Problem, token: Token) -> State | None:
    state = tuple(token.get(index_field(i), 0) for i in problem.indices)
    return state if state[0] >= 1 else None
