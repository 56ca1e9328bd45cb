"""Every quantity of every stage at every token: what the stream holds against the program in exact integers.

A quantity is a linear form of the stream's scalars; the interpreter computes it without weights or floats.  Both are
read after the last block, where every scalar still stands: blocks only ever add to coordinates of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from constructions.programs.interpreter import interpreted
from constructions.programs.program import POSITION
from constructions.programs.stack import Stack
from verify.dp.checks import OPEN, SETTLED, speaks_of
from verify.dp.run import Done
from verify.verdict import Check, Verdict

# The blocks of A.6 by stage; a chain program has stages of its own, which belong to the theorem as a whole.
BLOCKS = {
    **dict.fromkeys(("problem size", "next state"), 1),
    **dict.fromkeys(("flags", "positions"), 2),
    **dict.fromkeys(("one-hots", "copies", "transition"), 3),
    **dict.fromkeys(("aggregation", "answer"), 4),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """The quantities of one instance at every token: by the stream, and by the interpreter; shape (T, Q)."""

    names: tuple[str, ...]
    run: Float[np.ndarray, "T Q"]
    exact: Float[np.ndarray, "T Q"]


def quantities_checks(done: Done) -> list[Check]:
    """One check for each block of A.6, or one for all stages of a chain program."""
    if not done.streams:
        return [_skipped(done)]
    seen = {k: seen_of(done, k) for k in sorted(done.streams)}
    groups: dict[str, list[str]] = {}
    for stage in dict.fromkeys(statement.stage for statement in done.stack.program.statements):
        groups.setdefault(group_of(done, stage), []).append(stage)
    return [_check(done, group, stages, seen) for group, stages in sorted(groups.items())]


def group_of(done: Done, stage: str) -> str:
    """The claim that a stage belongs to: T4-B1 .. T4-B4, also for Theorem 5, whose proof keeps them; or the theorem."""
    return f"T4-B{BLOCKS[stage]}" if fills_table(done.stack) and stage in BLOCKS else f"T{done.case.theorem}"


def fills_table(stack: Stack) -> bool:
    """Whether the blocks of A.6 are those of this stack."""
    return {"transition", "aggregation"} <= set(stack.program.stages)


def seen_of(done: Done, k: int) -> Seen:
    """All quantities of instance k, and the position."""
    stream = done.streams[k].astype(np.float64)
    names, exact = exactly(done, k, int(done.run.lengths[k]))
    return Seen(names, read_off(done, names, stream)[: len(exact)], exact)


def exactly(done: Done, k: int, limit: int) -> tuple[tuple[str, ...], Float[np.ndarray, "T Q"]]:
    """All quantities of instance k and the position, by name, and what the interpreter gives for them."""
    names = (POSITION, *(statement.name for statement in done.stack.program.statements))
    steps = [values for _, values in interpreted(done.stack.program, done.task.prompt(done.batch.all[k]), limit)]
    return names, np.array([[float(values[n]) for n in names] for values in steps])


def read_off(done: Done, names: Sequence[str], stream: Float[np.ndarray, "T D"]) -> Float[np.ndarray, "T Q"]:
    """The forms of the quantities, evaluated on the streams."""
    matrix, constants = np.zeros((stream.shape[1], len(names))), np.zeros(len(names))
    for q, called in enumerate(names):
        form = done.stack.forms[called]
        constants[q] = float(form.constant)
        for scalar, coefficient in form.terms.items():
            matrix[done.stack.stream.coordinates(scalar), q] = float(coefficient)
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinities of a coarse format equal no integer
        return stream @ matrix + constants


def _check(done: Done, group: str, stages: Sequence[str], seen: Mapping[int, Seen]) -> Check:
    stage_of = {statement.name: statement.stage for statement in done.stack.program.statements}
    wrong, compared, witness = 0, 0, None
    for k, each in seen.items():
        mine = [q for q, called in enumerate(each.names) if stage_of.get(called) in stages]
        shared = min(len(each.run), len(each.exact))
        same = each.run[:shared, mine] == each.exact[:shared, mine]
        compared += same.size
        wrong += int((~same).sum()) + (len(each.exact) - shared)
        if witness is None and not same.all():
            t, q = (int(i) for i in np.argwhere(~same)[0])
            called = each.names[mine[q]]
            values = {"run": float(each.run[t, mine[q]]), "interpreter": float(each.exact[t, mine[q]])}
            witness = {"instance": done.task.written(done.batch.all[k]), "token": t + 1, "quantity": called, **values}
        elif witness is None and shared < len(each.exact):
            witness = {"instance": done.task.written(done.batch.all[k]), "token": shared + 1, "quantity": "the token"}
    names = sum(stage in stages for stage in stage_of.values())
    evidence = (
        f"stages {', '.join(stages)}: {names} quantities at every token of {len(seen)} instances, {compared} numbers "
        "of the stream against exact integers"
    )
    verdict = Verdict.HELD if wrong == 0 else Verdict.REFUTED
    expected = SETTLED if done.stack.exact else OPEN
    id = f"{done.case.tag}/quantities" + (f"-block-{group[-1]}" if "-B" in group else "")
    return Check(id, group, verdict, wrong, 0, evidence, witness, speaks_of(done.stack), expected)


def _skipped(done: Done) -> Check:
    evidence = f"the streams of one run of {done.limits.longest} tokens are more than is kept"
    expected = frozenset({Verdict.SKIPPED})
    id = f"{done.case.tag}/quantities"
    claim = f"T{done.case.theorem}"
    return Check(id, claim, Verdict.SKIPPED, None, None, evidence, None, speaks_of(done.stack), expected, beside=True)
