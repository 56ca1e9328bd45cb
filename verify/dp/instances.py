"""Which instances a stack is run on, and the limits that it is compiled for."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from shlex import quote

import numpy as np

from constructions.problems.arithmetic import Arithmetic
from constructions.problems.expressions import Numbers
from constructions.problems.table import Table
from constructions.problems.task import Instance, Limits, Task
from constructions.programs.program import Program, Recall, Slots
from verify.dp.settings import DpSettings
from verify.errors import BadInput, quoted

SMALL_FAMILY = 320  # instances that an enumeration has at most, if its least size has no more
LARGEST_FAMILY = 4096
SIZES = 6  # up to which an enumeration may go
LARGEST_STRETCH = 2**20  # by which lengths are enlarged for --m
LONGEST_MENDED = 200  # characters of an input that is brought nearer to one that works
_OPERAND = re.compile(r"(?:(?<![^-+*/(])-)?[0-9]+")  # a - after a number or ) is an operation
_INTEGER, _WORD = re.compile(r"-?\d+"), re.compile(r"(?<!\S)(?:-?\d+|\|)(?!\S)")


@dataclass(frozen=True)
class Batch:
    """The instances of one run: those asked for (given or drawn), then all of a small family, of size `family`; no
    family where the input alone was wanted.
    """

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
            raise BadInput(
                f"--input {quoted(settings.input)}", str(error), nearest_input(task, settings.input)
            ) from error
        if settings.instances == 0:
            return Batch(asked, (), 0, "the instance given")
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


def nearest_input(task: Task, text: str) -> str:
    """The option with the first variant of a text that the task takes, quoted for a shell; else with an example."""
    for variant in _variants(task, text[:LONGEST_MENDED]):
        try:
            return f"--input {quote(task.written(task.parse(variant)))}"
        except ValueError:
            continue
    return f"--input {quote(task.written(task.draw(3, np.random.default_rng(0))))}"


def _variants(task: Task, text: str) -> Iterator[str]:
    """A text in small letters; its numbers brought into range; its words of digits alone; one more sequence; then what
    is left of it without its last or its first characters, the fewest first.  Brackets that are left open are closed.
    """
    if isinstance(task, Arithmetic):
        yield from _shorter(_admitted(task.numbers, text))
        return
    inside = text
    if isinstance(task, Table):
        low, high = (f(end for alphabet in task.problem.alphabets for end in alphabet) for f in (min, max))
        inside = _INTEGER.sub(lambda found: str(min(max(int(found[0]), low), high)), text)
    yield from (text.lower(), inside, " ".join(_WORD.findall(inside)), f"{text.lower()}|")
    yield from (each[:k] for each in (inside, text.lower()) for k in range(len(each) - 1, 0, -1))


def _admitted(numbers: Numbers, text: str) -> str:
    """An expression with every number in its place, but among those there are: by its residue modulo p, over the
    integers by the end of the range that it lies beyond.
    """

    def admitted(found: re.Match[str]) -> str:
        n = int(found[0])
        return str(min(max(n, numbers.low), numbers.high) if numbers.p is None else n % numbers.p)

    return _OPERAND.sub(admitted, "".join(text.split()).removesuffix("="))


def _shorter(text: str) -> Iterator[str]:
    """A text without its last k characters, and without its first, for k = 0, 1, ..., each with its brackets closed."""
    for k in range(len(text)):
        for kept in (text[: len(text) - k], text[k:]):
            yield kept + ")" * max(kept.count("(") - kept.count(")"), 0)


def limits(task: Task, instances: Sequence[Instance], settings: DpSettings) -> Limits:
    """The limits that hold the instances, enlarged to --T and --m.  Raises BadInput for an --m that is too small."""
    least = task.limits(instances)
    if settings.m is not None and task.theorem == 5:
        least = _with_slots(task, least, settings.m)
    if settings.T is None:
        return least
    return replace(least, longest=max(settings.T, least.longest))


def refuse_short(lengths: Iterable[int], settings: DpSettings) -> None:
    """Raise BadInput where --T is less than the longest of the runs takes."""
    longest = max(lengths, default=0)
    if settings.T is not None and longest > settings.T:
        allowed = f"an instance of this run, small family included, takes {longest} tokens with its prompt"
        raise BadInput(f"--T {settings.T}", allowed, f"--T {longest}")


def window(program: Program) -> int:
    """m: the slots of the largest memory that forgets; 0 without one."""
    return max((memory.count for memory in memories(program) if memory.forgets), default=0)


def memories(program: Program) -> list[Slots]:
    """The memory of every reader, in order."""
    return [statement.memory for statement in program.statements if isinstance(statement, Recall)]


def _with_slots(task: Task, least: Limits, m: int) -> Limits:
    """Lengths at which the memory that forgets has m slots: all enlarged alike as far as they go, then one by one.
    Where no lengths have exactly m, the least, enlarged alike, that have more.
    """

    def slots(lengths: Sequence[int]) -> int:
        return window(task.program(replace(least, lengths=tuple(lengths))))

    there = slots(least.lengths)
    if m < there:
        raise BadInput(f"--m {m}", f"the instances need m = {there} slots", f"--m {there}")
    if m == there:
        return least
    alike = [tuple(n + more for n in least.lengths) for more in (1, LARGEST_STRETCH)]
    if slots(alike[0]) == there == slots(alike[1]):
        raise BadInput(f"--m {m}", f"m = {there} whatever the lengths are", f"--m {there}")
    if slots(alike[1]) < m:
        raise BadInput(f"--m {m}", "no lengths within reach have so many slots", f"--m {slots(alike[1])}")
    more = _most(lambda k: slots([n + k for n in least.lengths]) <= m)
    lengths = [n + more for n in least.lengths]
    for r in range(len(lengths)):
        stretched = partial(_stretched, lengths, r)
        if slots(lengths) < m < slots(stretched(LARGEST_STRETCH)):
            lengths = stretched(_most(lambda k, of=stretched: slots(of(k)) <= m))
    exact = slots(lengths) == m
    return replace(least, lengths=tuple(lengths) if exact else tuple(n + more + 1 for n in least.lengths))


def _most(holds: Callable[[int], bool]) -> int:
    """The largest k up to which a condition holds that holds at 0 and, once lost, stays so."""
    good, bad = 0, 1
    while bad < LARGEST_STRETCH and holds(bad):
        good, bad = bad, 2 * bad
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    return good


def _stretched(lengths: Sequence[int], r: int, more: int) -> list[int]:
    """The lengths with one of them enlarged."""
    return [n + more * (k == r) for k, n in enumerate(lengths)]
