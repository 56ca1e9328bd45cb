"""What a run of `verify dp` will cost, estimated from programs before any weight is made, and its refusal."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from shlex import quote

import jax.numpy as jnp

from constructions.problems.task import Limits, Task
from constructions.programs.program import Program
from constructions.programs.stack import Stack
from verify.dp.cases import Case
from verify.dp.instances import Batch, batch, limits, memories
from verify.dp.settings import DpSettings
from verify.errors import BadInput, quoted
from verify.memory import available_bytes, process_bytes
from verify.notation import number, size

BATCH = 64  # runs side by side
WEIGHTS = 1000  # bytes of a slot of one reader: its rows of all maps, written out and packed, and their making
STATES = 8  # copies of a batch's states that live at the same time
SCALARS = 8  # coordinates of the stream for each quantity of the program, at most
STREAMS = 2**28  # bytes of streams that are kept for looking at
WORK = 2 * 10**10  # slots that all tokens of a run may touch: some ten minutes on two cores
LONGEST_HINT = 200  # characters
LARGEST_SHRINK = 60  # smaller sizes that are tried for the nearest that works


@dataclass(frozen=True, eq=False)
class Plan:
    """A case with its instances and the limits that its stack is to be compiled for."""

    case: Case
    task: Task
    batch: Batch
    limits: Limits
    lengths: tuple[int, ...]  # tokens of every run

    @property
    def longest(self) -> int:
        """The tokens of the longest run, which the limits may exceed."""
        return max(self.lengths)


def plan(case: Case, task: Task, settings: DpSettings) -> Plan:
    """Raises BadInput for an input or an --m that the task does not take."""
    instances = batch(task, settings)
    lengths = tuple(task.limits([instance]).longest for instance in instances.all)
    return Plan(case, task, instances, limits(task, instances.all, settings), lengths)


def refuse_costly(plans: Sequence[Plan], settings: DpSettings) -> None:
    """Raise BadInput, with the estimate and the largest size that works, for runs that would not fit in memory or take
    far too long.
    """
    for each in plans:
        reason = too_costly(each, settings)
        if reason is not None:
            asked = f"--input {quoted(settings.input)}" if settings.input is not None else f"--n {settings.n}"
            raise BadInput(
                asked, f"{each.case.name} by Theorem {each.case.theorem}: {reason}", _smaller(plans, settings)
            )


def too_costly(each: Plan, settings: DpSettings) -> str | None:
    """Why a run should not be begun; None where it may."""
    program = each.task.program(each.limits)
    touched = sum(each.lengths) * slots(program)
    if touched > WORK:
        runs = f"{len(each.lengths)} runs of up to {each.longest} tokens"
        return f"{runs} would touch {number(float(f'{touched:.2g}'))} slots of memories, at most {number(float(WORK))}"
    item = jnp.dtype(settings.dtype or "float64").itemsize
    there, wanted = available_bytes(), needed(program, each.lengths, item)
    if wanted > there:
        what = f"{len(each.lengths)} runs of up to {each.longest} tokens would need about {size(wanted)} of memory"
        return f"{what} and {size(there)} are available"
    return None


def slots(program: Program) -> int:
    """Of all readers together."""
    return sum(memory.count for memory in memories(program))


def needed(program: Program, lengths: Sequence[int], item: int) -> int:
    """Peak bytes: weights once, states for each run of a batch, tokens of all runs."""
    stream, runs = SCALARS * len(program.intervals), len(lengths)
    tokens = runs * max(lengths) * (3 * 4 * (len(program.fields) + 1) + 2 * item)
    states = STATES * min(runs, BATCH) * (slots(program) + stream) * item
    return process_bytes() + slots(program) * WEIGHTS + states + tokens + 3 * STREAMS


def fits_streams(runs: int, longest: int, stack: Stack) -> bool:
    """Whether so many runs may keep their whole streams."""
    item = jnp.dtype(stack.format.name).itemsize
    return runs * longest * stack.stream.dim * item <= STREAMS


def _smaller(plans: Sequence[Plan], settings: DpSettings) -> str:
    """The largest of ever smaller sizes at which nothing is too costly: random instances, or the input cut short."""

    def works(at: DpSettings) -> bool:
        smaller = [plan(each.case, each.task, at) for each in plans]
        return all(too_costly(each, at) is None for each in smaller)

    if settings.input is not None:
        return _shorter(plans[0].task, settings, works)
    for at in (settings, replace(settings, instances=1)):
        n = settings.n
        for _ in range(LARGEST_SHRINK):
            if n == 0:
                break
            n = n * 9 // 10
            if works(replace(at, n=n)):
                return f"--n {n}" + ("" if at.instances == settings.instances else " --instances 1")
    return "--n 12 --instances 64" if settings.file is None else "a problem that states fewer states and slots"


def _shorter(task: Task, settings: DpSettings, works: Callable[[DpSettings], bool]) -> str:
    """Every input sequence cut alike, as long as that is short enough to be typed."""
    given = (settings.input or "").split("|")
    between = [" " if " " in part.strip() else "" for part in given]
    parts = [part.split() if blank else list(part) for part, blank in zip(given, between, strict=True)]
    for _ in range(LARGEST_SHRINK):
        parts = [part[: len(part) * 9 // 10] for part in parts]
        text = "|".join(blank.join(part) for part, blank in zip(parts, between, strict=True))
        with suppress(BadInput, ValueError):
            if len(text) <= LONGEST_HINT and works(replace(settings, input=task.written(task.parse(text)))):
                return f"--input {quote(task.written(task.parse(text)))}"
    return "leave out --input"
