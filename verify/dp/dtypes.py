"""What other float formats make of the same stack, and where a format's guaranteed range ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bounds.formats import FORMATS, format_of
from constructions.generate import generate, machine
from constructions.problems.task import Limits, Task
from constructions.programs.exactness import Reach
from constructions.programs.stack import reach_of
from verify.dp.checks import claim
from verify.dp.run import Done
from verify.verdict import Check, Verdict

OTHERS = ("bfloat16", "float32", "float64")
COARSEST = OTHERS[:1]
MANY_SUMS = 2000
LONGEST = 2**24  # tokens up to which a range is sought
LARGEST_N = 128  # size of an instance up to which a range is sought


@dataclass(frozen=True)
class Range:
    """The largest T (tokens, prompt included) for which no number of a run is rounded, and what comes next to break
    it; `at_least`: no end was found up to there.  T = 0: not even the smallest size tried.
    """

    dtype: str
    T: int
    at_least: bool
    where: str

    @property
    def words(self) -> str:
        """As a table shows it."""
        return f">= {self.T}" if self.at_least else str(self.T)


def first_difference(done: Done, dtype: str) -> int | None:
    """The first token, counted from 1, at which the first instance's run with the same weights in another format
    differs from the oracle; None for none.
    """
    prompt = done.wanted[0][: len(done.task.prompt(done.batch.all[0]))]
    limit = len(done.wanted[0])
    run = generate(machine(done.stack, dtype), [prompt], limit)
    got = run.tokens[0, : run.lengths[0]]
    return first_unequal(got, done.wanted[0])


def first_unequal(got: np.ndarray, want: np.ndarray) -> int | None:
    """The first row, counted from 1, in which two sequences of tokens differ, one that ends early included."""
    shared = min(len(got), len(want))
    off = np.flatnonzero((got[:shared] != want[:shared]).any(axis=1))
    if len(off):
        return int(off[0]) + 1
    return None if len(got) == len(want) else shared + 1


def differences(done: Done, formats: Sequence[str] = OTHERS) -> dict[str, int | None]:
    """For these formats and the run's own the first token that is not the oracle's, on the first instance."""
    found = {name: first_difference(done, name) for name in formats if name != done.dtype}
    found[done.dtype] = done.first_wrong(0)
    return {name: found[name] for name in FORMATS if name in found}


def dtypes_check(done: Done, found: dict[str, int | None]) -> Check:
    """Formats at least as fine as one whose exactness is guaranteed must agree with the oracle."""
    fine = [name for name in found if format_of(name).precision >= done.stack.format.precision]
    wrong = {name: first for name in fine if (first := found[name]) is not None}
    words = ", ".join(f"{name} {'none' if first is None else first}" for name, first in found.items())
    example = done.task.written(done.batch.all[0])
    evidence = f"first token that is not the oracle's, of {len(done.wanted[0])} of {example}: {words}"
    verdict = Verdict.REFUTED if wrong else Verdict.HELD
    expected = {Verdict.HELD} if done.stack.exact else {Verdict.HELD, Verdict.REFUTED}
    witness = {"instance": example, **wrong} if wrong else None
    id, about = f"{done.case.tag}/dtypes", f"the float programs in {', '.join(found)}"
    return Check(id, claim(done), verdict, len(wrong), 0, evidence, witness, about, frozenset(expected))


def ranges(done: Done) -> list[Range]:
    """The guaranteed range of each format: by T alone for Theorem 5, by the size of the instance for Theorem 4.  None
    for a stack of very many sums, each of which would be bounded anew for every T that is tried.
    """
    if len(done.stack.reach) > MANY_SUMS:
        return []
    if done.case.theorem == 5:
        return [range_by_length(done.task, done.limits, name) for name in OTHERS]
    return [range_by_size(done.task, name) for name in OTHERS]


def range_by_length(task: Task, limits: Limits, dtype: str) -> Range:
    """Lengths fixed, T free."""
    return _end(dtype, lambda T: replace(limits, longest=T), task, limits.longest, LONGEST)


def range_by_size(task: Task, dtype: str) -> Range:
    """Instances of size n, all with the limits that they need themselves."""
    return _end(dtype, lambda n: size_limits(task, n), task, 1, LARGEST_N)


def size_limits(task: Task, n: int) -> Limits:
    """The limits of an instance of size n."""
    return task.limits([task.draw(n, np.random.default_rng(0))])


def _end(dtype: str, limits: Callable[[int], Limits], task: Task, smallest: int, largest: int) -> Range:
    """By doubling and bisection, since numbers only grow with the size."""

    def worst(n: int) -> tuple[int, Reach | str]:
        at = limits(n)
        try:
            return at.longest, max(reach_of(task.program(at), format_of(dtype)), key=lambda reach: reach.share)
        except ValueError as error:
            return at.longest, str(error)

    def good(n: int) -> bool:
        found = worst(n)[1]
        return isinstance(found, Reach) and found.share <= 1

    if not good(smallest):
        return Range(dtype, 0, False, _where(worst(smallest)[1]))
    holds, fails = smallest, min(2 * smallest, largest)
    while holds < largest and good(fails):
        holds, fails = fails, min(2 * fails, largest)
    if holds == largest:
        return Range(dtype, worst(holds)[0], True, "")
    while fails - holds > 1:
        middle = (holds + fails) // 2
        holds, fails = (middle, fails) if good(middle) else (holds, middle)
    return Range(dtype, worst(holds)[0], False, _where(worst(fails)[1]))


def _where(found: Reach | str) -> str:
    return found if isinstance(found, str) else f"{found.where}, {float(found.largest):.6g}"
