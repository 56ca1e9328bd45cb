"""Which instances a stack is run on, and the limits that it is compiled for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from constructions.problems.task import Instance, Limits, Task
from constructions.programs.program import Program, Recall, Slots
from verify.dp.settings import DpSettings
from verify.errors import BadInput, quoted

SMALL_FAMILY = 320  # instances that an enumeration has at most, if its least size has no more
LARGEST_FAMILY = 4096
SIZES = 6  # up to which an enumeration may go
LARGEST_STRETCH = 2**20  # by which lengths are enlarged for --m


@dataclass(frozen=True)
class Batch:
    """The instances of one run: those asked for (given or drawn), then all of a small family, of size `family`."""

    asked: tuple[Instance, ...]
    enumerated: tuple[Instance, ...]
    family: int
    words: str

    @property
    def all(self) -> tuple[Instance, ...]:
        """Both, in the order of the run."""
        return (*self.asked, *self.enumerated)


def batch(task: Task, settings: DpSettings) -> Batch:
    """The instances that the settings name.  Raises BadInput for an input that the task does not take."""
    family, enumerated = _enumerated(task)
    if settings.input is not None:
        try:
            asked = (task.parse(settings.input),)
        except ValueError as error:
            nearest = f"--input {_example(task)}"
            raise BadInput(f"--input {quoted(settings.input)}", str(error), nearest) from error
        return Batch(asked, enumerated, family, "the instance given")
    rng = np.random.default_rng(settings.seed)
    asked = tuple(task.draw(settings.n, rng) for _ in range(settings.instances))
    words = f"{settings.instances} random instances of size {settings.n}, seed {settings.seed}"
    return Batch(asked, enumerated, family, words)


def _enumerated(task: Task) -> tuple[int, tuple[Instance, ...]]:
    """The largest family with at most SMALL_FAMILY instances; the least one if that has more already."""
    kept: tuple[int, tuple[Instance, ...]] = (0, tuple(islice(task.every(0), LARGEST_FAMILY)))
    for n in range(1, SIZES + 1):
        found = tuple(islice(task.every(n), SMALL_FAMILY + 1))
        if len(found) > SMALL_FAMILY:
            break
        kept = n, found
    return kept


def _example(task: Task) -> str:
    """An instance of the task as it is typed."""
    return quoted(task.written(task.draw(3, np.random.default_rng(0))))


def limits(task: Task, instances: Sequence[Instance], settings: DpSettings) -> Limits:
    """The limits that hold the instances, enlarged to --T and --m.  Raises BadInput where an instance does not fit."""
    least = task.limits(instances)
    if settings.m is not None and task.theorem == 5:
        least = _with_slots(task, least, settings.m)
    if settings.T is None:
        return least
    if least.longest > settings.T:
        allowed = f"an instance of this run, small family included, takes {least.longest} tokens with its prompt"
        raise BadInput(f"--T {settings.T}", allowed, f"--T {least.longest}")
    return replace(least, longest=settings.T)


def window(program: Program) -> int:
    """m: the slots of the largest memory that forgets; 0 without one."""
    return max((memory.count for memory in memories(program) if memory.forgets), default=0)


def memories(program: Program) -> list[Slots]:
    """The memory of every reader, in order."""
    return [statement.memory for statement in program.statements if isinstance(statement, Recall)]


def _with_slots(task: Task, least: Limits, m: int) -> Limits:
    """The least lengths, all enlarged alike, at which the memory that forgets has at least m slots."""

    def slots(more: int) -> int:
        return window(task.program(_longer(least, more)))

    there = slots(0)
    if m < there:
        raise BadInput(f"--m {m}", f"the instances need m = {there} slots", f"--m {there}")
    if m == there:
        return least
    if slots(1) == there:
        raise BadInput(f"--m {m}", f"m = {there} whatever the lengths are", f"--m {there}")
    fails, enough = 0, 1
    while slots(enough) < m:
        fails, enough = enough, 2 * enough
        if enough > LARGEST_STRETCH:
            raise BadInput(f"--m {m}", "no lengths within reach have so many slots", f"--m {slots(fails)}")
    while enough - fails > 1:
        middle = (fails + enough) // 2
        fails, enough = (fails, middle) if slots(middle) >= m else (middle, enough)
    return _longer(least, enough)


def _longer(least: Limits, more: int) -> Limits:
    return replace(least, lengths=tuple(n + more for n in least.lengths))
