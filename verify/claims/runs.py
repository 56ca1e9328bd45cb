"""Whole runs of compiled problems against their oracles, and how the stacks' sizes grow."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bounds.formats import format_of
from constructions.generate import prompt_tokens
from constructions.problems.task import Instance, Task
from constructions.programs.interpreter import interpreted
from constructions.programs.program import Program
from constructions.programs.stack import compiled
from verify.claims.settled import settled
from verify.dp.growth import Point, apart_from_T
from verify.dp.second import second_run
from verify.verdict import ESTABLISHED, REAL_ARITHMETIC, Check, Verdict, decided

WEIGHTS = "float32"  # the format that the scales are derived for
PROGRAM = "the float64 program, with scales for float32"
FLOORS = "in exact integers"
DRAWN = 2  # random instances

Programs = Callable[[Program], Program]


def by_weights(claim: str, task: Task, instances: Sequence[Instance]) -> Check:
    """Instances token by token through the weights, in NumPy from dense matrices (Eq. 1-3)."""
    stack = compiled(task.program(task.limits(instances)), format_of(WEIGHTS))
    fields = [field.name for field in stack.program.fields]
    wrong, tokens = None, 0
    for instance in instances:
        given = prompt_tokens(fields, task.prompt(instance))
        want = prompt_tokens(fields, [*task.prompt(instance), *task.expected(instance)])
        got, _ = second_run(stack, given, len(want))
        tokens += len(want) - len(given)
        if wrong is None and not np.array_equal(got, want):
            token = int(np.argmax((got != want).any(axis=1))) + 1
            wrong = {"instance": task.written(instance), "token": token}
    evidence = (
        f"{task.name}, Theorem {task.theorem}: {len(stack.blocks)} blocks from weights, every generated "
        f"token of {len(instances)} instances against the oracle: {', '.join(map(task.written, instances))}"
    )
    good = wrong is None and stack.exact
    witness = None if good else wrong or {"largest share of the exact range": float(stack.worst.share)}
    verdict, id = decided(good), f"claims/{claim}/weights, {task.name}"
    return Check(id, claim, verdict, tokens, None, evidence, witness, PROGRAM)


def by_program(
    claim: str,
    task: Task,
    instances: Sequence[Instance],
    words: str,
    enumerated: bool,
    change: Programs | None = None,
    expected: frozenset[Verdict] = ESTABLISHED,
) -> Check:
    """The same for the program that is compiled, in exact integers, so for more instances; `change` alters it first."""
    program = task.program(task.limits(instances))
    wrong = first_wrong(task, program if change is None else change(program), instances)
    evidence = f"{task.name}, Theorem {task.theorem}: {words}, every token of the program {FLOORS} against the oracle"
    verdict = Verdict.REFUTED if wrong else Verdict.PROVED if enumerated else Verdict.HELD
    id = f"claims/{claim}/tokens, {task.name}, {words}"
    return Check(id, claim, verdict, None, None, evidence, wrong, REAL_ARITHMETIC, expected)


def first_wrong(task: Task, program: Program, instances: Sequence[Instance]) -> dict[str, Any] | None:
    """The first token of the first instance that is not the oracle's; None for none."""
    names = [field.name for field in program.fields]
    for instance in instances:
        want = [*task.prompt(instance), *task.expected(instance)]
        run = interpreted(program, want[: len(task.prompt(instance))], len(want))
        for t, wanted in enumerate(want, start=1):
            try:
                token, _ = next(run)
            except (ValueError, StopIteration) as error:
                return {"instance": task.written(instance), "token": t, "reason": str(error) or "the run has ended"}
            shown = [{n: v for n, v in each.items() if v and n in names} for each in (token, wanted)]
            if shown[0] != shown[1]:
                return {"instance": task.written(instance), "token": t, "put out": shown[0], "oracle": shown[1]}
    return None


def drawn(task: Task, n: int, seed: int) -> tuple[Instance, ...]:
    """Random instances of size n."""
    rng = np.random.default_rng(seed)
    return tuple(task.draw(n, rng) for _ in range(DRAWN))


def linear_check(
    claim: str, task: Task, points: Sequence[Point], unit: str, per_reader: Callable[[Point], int]
) -> Check:
    """State entries are slots and registers, no reader has more slots than `per_reader`, and operations and nonzero
    parameters are one affine function of the slots at all points: all of them O(unit)."""
    wrong = [
        p
        for p in points
        if p.carried.state_entries != p.slots + p.registers
        or p.slots > p.readers * per_reader(p)
        or (p.readers, p.registers) != (points[0].readers, points[0].registers)
        or any(_bent(points, p, count) for count in ("operations_per_step", "parameters_nonzero"))
    ]
    sizes = ", ".join(
        f"{unit} = {per_reader(p)}: {p.carried.state_entries}, {p.carried.operations_per_step}" for p in points
    )
    evidence = (
        f"{task.name}, Theorem {task.theorem}: counted on the weights, {points[0].readers} readers of at most {unit} "
        f"slots; state entries and operations a step at {sizes}; both, and the nonzero parameters, are affine in the "
        "slots"
    )
    witness = {"T": wrong[0].T, "slots": wrong[0].slots, "sizes": str(wrong[0].carried)} if wrong else None
    return settled(claim, f"sizes, {task.name}", not wrong, points[-1].carried.state_entries, None, evidence, witness)


def _bent(points: Sequence[Point], p: Point, count: str) -> bool:
    """Whether p lies off the line through the first and the last point, slots against a count."""
    a, b, here = ((q.slots, getattr(q.carried, count)) for q in (points[0], points[-1], p))
    return (b[0] - a[0]) * (here[1] - a[1]) != (b[1] - a[1]) * (here[0] - a[0])


def constant_check(claim: str, task: Task, points: Sequence[Point]) -> Check:
    """All sizes are equal at every T."""
    wrong = [p for p in points if apart_from_T(p) != apart_from_T(points[0])]
    spelled = ", ".join(str(p.T) for p in points)
    evidence = (
        f"{task.name}, Theorem {task.theorem}: every size counted on the weights for runs of up to T = {spelled} "
        f"tokens, the lengths of the input fixed; m = {points[0].m}"
    )
    witness = {"T": wrong[0].T, "sizes": str(wrong[0].carried)} if wrong else None
    value = points[-1].carried.state_entries
    return settled(
        claim, f"sizes at every T, {task.name}", not wrong, value, points[0].carried.state_entries, evidence, witness
    )
