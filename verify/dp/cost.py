"""What a run of `verify dp` will cost, estimated from programs before any weight is made, and its refusal."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from shlex import quote

import jax.numpy as jnp

from bounds.formats import format_of
from constructions.generate import LENGTH
from constructions.problems.task import Limits, Task
from constructions.programs.program import Program
from constructions.programs.stack import Stack, entries_of
from verify.dp.cases import Case
from verify.dp.instances import Batch, batch, limits, memories
from verify.dp.settings import DpSettings
from verify.errors import BadInput, quoted
from verify.memory import available_bytes, process_bytes
from verify.notation import size, spoken

BATCH = 64  # runs side by side
LONG = 1000  # tokens from which on a run does not wait for, nor keep waiting, the shorter ones
WEIGHTS = 1000  # bytes of a slot of one reader: its rows of all maps, written out and packed, and their making
STATES = 8  # copies of a batch's states that live at the same time
SCALARS = 8  # coordinates of the stream for each quantity of the program, at most
STREAMS = 2**28  # bytes of streams that are kept for looking at
LONGEST = 600.0  # seconds that may be estimated
# Seconds on two cores, measured, for each weight.  Of a memory's channels: at every token, with their exponentials; and
# at every step of a batch, where they do not stay in a processor's cache.  Of a map without memory, which all runs of a
# batch share in one product: at every token, and at every step.  Then of a weight and of a hidden unit in all the
# stacks that checks make.
CHANNEL, FETCHED, CACHED = 1e-9, 1.5e-9, 2**22
PRODUCT, FETCHED_ONCE = 1e-10, 1.5e-9
MADE, LOWERED = 2e-7, 4e-3
OTHER_FORMATS = 2  # in which the first instance is run as well
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

    @cached_property
    def program(self) -> Program:
        """What is to be compiled."""
        return self.task.program(self.limits)

    @property
    def words(self) -> str:
        """What is to be run."""
        runs = f"{len(self.lengths)} run{'s' if len(self.lengths) > 1 else ''} of up to {self.longest} tokens"
        return f"{self.case.name} by Theorem {self.case.theorem}: {runs}"

    @property
    def longest(self) -> int:
        """The tokens of the longest run, which the limits may exceed."""
        return max(self.lengths)


def plan(case: Case, task: Task, settings: DpSettings) -> Plan:
    """Raises BadInput for an input or an --m that the task does not take."""
    instances = batch(task, settings)
    lengths = tuple(task.limits([instance]).longest for instance in instances.all)
    try:
        return Plan(case, task, instances, limits(task, instances.all, settings), lengths)
    except BadInput as error:
        nearest = error.nearest.removeprefix("--m ")
        if not nearest.isdecimal():
            raise
        raise BadInput(error.given, error.allowed, _affordable(case, task, settings, int(nearest))) from error


def _affordable(case: Case, task: Task, settings: DpSettings, m: int) -> str:
    """The --m that a refusal names: its own, or the next smaller one that is not too costly."""
    at = replace(settings, m=m)
    plans = [plan(case, task, at)]
    return f"--m {m}" if too_costly(plans, settings.dtype) is None else _fewer_slots(plans, at) or f"--m {m}"


def refuse_costly(plans: Sequence[Plan], settings: DpSettings) -> None:
    """Raise BadInput, with the estimate and the largest size that works, for runs that would not fit in memory or take
    far too long.
    """
    reason = too_costly(plans, settings.dtype)
    if reason is not None:
        asked = f"--input {quoted(settings.input)}" if settings.input is not None else f"--n {settings.n}"
        asked += "" if settings.m is None else f" --m {settings.m}"
        raise BadInput(asked, reason, _smaller(plans, settings))


def too_costly(plans: Sequence[Plan], dtype: str | None = None) -> str | None:
    """Why runs should not be begun; None where they may."""
    there = available_bytes()
    for each in plans:
        wanted = needed(each.program, each.lengths, jnp.dtype(dtype or "float64").itemsize)
        if wanted > there:
            return f"{each.words} would need about {size(wanted)} of memory and {size(there)} are available"
    took = 0.0
    for each in plans:  # one by one: where the first is too much, programs of the others need not be looked at
        took += seconds(each)
        if took > LONGEST:
            all_of = "" if len(plans) == 1 else ", with what comes before,"
            return f"{each.words} would take{all_of} about {spoken(took)}, at most {spoken(LONGEST)} are spent"
    return None


def seconds(each: Plan) -> float:
    """The time that a case takes on two cores, from its program alone; measured upwards."""
    entries = entries_of(each.program, format_of("float32"))
    others = OTHER_FORMATS * _paged(each.lengths[0])
    rows, steps = (count + others for count in _passes(each.lengths))
    memories = entries.memories * (CHANNEL * rows + (FETCHED * steps if entries.memories > CACHED else 0.0) + MADE)
    maps = entries.maps * (PRODUCT * rows + FETCHED_ONCE * steps + MADE)
    return memories + maps + entries.units * LOWERED


def _passes(lengths: Sequence[int]) -> tuple[int, int]:
    """Tokens of all runs, each batch filled up to its longest run, and steps of all batches; a page of each size of
    batch is run to compile it.
    """
    planned = batches(lengths)
    passes = [(_paged(max(lengths[k] for k in chunk)), size) for chunk, size in planned]
    passes += [(LENGTH, size) for size in {size for _, size in planned}]
    return sum(steps * size for steps, size in passes), sum(steps for steps, _ in passes)


def _paged(tokens: int) -> int:
    """The tokens that are computed for so many: whole pages."""
    return -(-tokens // LENGTH) * LENGTH


def batches(lengths: Sequence[int]) -> list[tuple[list[int], int]]:
    """Which of the runs, by number, go side by side, and the number of rows of their batch: up to BATCH at a time, in
    the order of their lengths, long ones apart.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    found: list[tuple[list[int], int]] = []
    for group in ([k for k in order if lengths[k] < LONG], [k for k in order if lengths[k] >= LONG]):
        size = min(len(group), BATCH)
        found += [(group[start : start + size], size) for start in range(0, len(group), max(size, 1))]
    return found


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
    """The largest of ever smaller sizes at which nothing is too costly: fewer slots, random instances, or the input cut
    short.
    """
    fewer = _fewer_slots(plans, settings) if settings.m is not None else None
    if fewer is not None:
        return fewer
    if settings.input is not None:
        return _shorter(plans[0].task, settings, lambda at: _works(plans, at))
    for at in (settings, replace(settings, instances=1)):
        n = settings.n
        for _ in range(LARGEST_SHRINK):
            if n == 0:
                break
            n = n * 9 // 10
            if _works(plans, replace(at, n=n)):
                return f"--n {n}" + ("" if at.instances == settings.instances else " --instances 1")
    return "--n 12 --instances 64" if settings.file is None else "a problem that states fewer states and slots"


def _works(plans: Sequence[Plan], at: DpSettings) -> bool:
    """One instance is drawn first, and taken for all of them: larger ones take long to draw."""
    if at.input is None and at.instances > 1:
        drawn = [plan(each.case, each.task, replace(at, instances=1)) for each in plans]
        if too_costly([replace(p, lengths=p.lengths[:1] * at.instances + p.lengths[1:]) for p in drawn], at.dtype):
            return False
    return too_costly([plan(each.case, each.task, at) for each in plans], at.dtype) is None


def _fewer_slots(plans: Sequence[Plan], settings: DpSettings) -> str | None:
    """The largest of ever smaller --m at which nothing is too costly; None where the instances need more slots."""
    m = settings.m or 0
    while m > 1:
        m = m * 9 // 10
        try:
            if _works(plans, replace(settings, m=m)):
                return f"--m {m}"
        except BadInput:
            return None
    return None


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
