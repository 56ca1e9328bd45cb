"""How long a sweep will still take, told from its own runs.

Runs of one family (a module, its d_h, whether it forgets, whether all is written before it is asked for, a dtype) take
a time that grows with their padded length and with N.  The least and the largest N of each family are timed before all
others (`Estimate.wanted`), so that every other run lies between two that were timed and is given a time between theirs,
in proportion to its size; each run that is made corrects that.  Of several runs at one N the quicker half counts: the
first one builds what all share, and early ones run beside compilations.  Those are counted apart, as the time that a
run waited for its program; and what all this leaves out (the store, another process on the machine) as the ratio of the
time that went by to the time accounted for.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from verify.notation import spoken
from verify.sweep.grid import Run
from verify.sweep.programs import Kind

FIRST_SECONDS = 2.0  # before which nothing is said
RARELY_SECONDS = 60.0  # the longest silence; before, each word comes after twice the time of the one before
FOLLOWED = 3  # padded steps that one position costs as much as, beside the program: measured
AT_LARGEST = 2  # runs timed at the largest N of a family: the first one builds the weights that all share

Family = tuple[str, int, bool, bool, str]


def family(run: Run) -> Family:
    """What tells runs apart beside their size."""
    return run.module, run.d_h, run.a != Fraction(1), run.L is None, run.dtype


def _lower_half(seconds: Sequence[float]) -> float:
    """The mean of the lower half, the middle one with it."""
    return float(np.mean(sorted(seconds)[: (len(seconds) + 1) // 2]))


class Estimate:
    """Watches a sweep and says from time to time what is left, in words on stderr.  kind: the program of a run."""

    def __init__(
        self,
        runs: Sequence[Run],
        kind: Callable[[Run], Kind],
        say: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._kind, self._say, self._now = len(runs), kind, say, now
        self._began, self._next = now(), FIRST_SECONDS
        self._took: dict[Family, dict[int, list[float]]] = {}
        self._waited: dict[Kind, float] = {}

    def wanted(self, runs: Iterable[Run]) -> dict[Family, set[int]]:
        """The N at which a family has still to be timed, of those of the runs."""
        sizes: dict[Family, set[int]] = {}
        for run in runs:
            sizes.setdefault(family(run), set()).add(run.N)
        found = {}
        for each, known in sizes.items():
            took = self._took.get(each, {})
            largest = max(known | took.keys())
            ends = {min(known)} if not took else set()
            if largest in known and len(took.get(largest, [])) < AT_LARGEST:
                ends.add(largest)
            if ends:
                found[each] = ends
        return found

    def left(self, runs: Sequence[Run]) -> None:
        """These are still to be made; tell when it is time to."""
        since = self._now() - self._began
        if not runs or since < self._next:
            return
        self._next = since + min(since, RARELY_SECONDS)
        untimed = {family(run) for run in runs} - self._took.keys()
        done = f"{self._total - len(runs)} of {self._total} runs done"
        if untimed:
            self._say(f"{done}, {len(untimed)} kinds of run not timed yet")
        else:
            self._say(f"{done}, about {spoken(self.seconds(runs))} left")

    def made(self, run: Run, seconds: float) -> None:
        """One run took that long."""
        self._took.setdefault(family(run), {}).setdefault(run.N, []).append(seconds)

    def waited(self, kind: Kind, seconds: float) -> None:
        """A run waited that long for its program."""
        self._waited[kind] = self._waited.get(kind, 0.0) + seconds

    def seconds(self, runs: Sequence[Run]) -> float:
        """What these runs will take one after the other; each family was timed."""
        took = sum(seconds for sizes in self._took.values() for each in sizes.values() for seconds in each)
        waited = sum(self._waited.values())
        pace = max(self._now() - self._began - waited, took) / took if took > 0 else 1.0
        programs = {self._kind(run) for run in runs} - self._waited.keys()
        return pace * sum(map(self._usual, runs)) + len(programs) * waited / max(len(self._waited), 1)

    def _usual(self, run: Run) -> float:
        """What the family took at this N, else between those at the nearest N."""
        took = self._took[family(run)]
        sizes = sorted(took)
        known, usual = [self._size(run, N) for N in sizes], [_lower_half(took[N]) for N in sizes]
        return float(np.interp(self._size(run, run.N), known, usual))

    def _size(self, run: Run, N: int) -> int:
        """What the time of a run of that family grows with: the steps that the program computes, and the positions that
        the second route and the enclosure follow.
        """
        return self._kind(replace(run, N=N)).length + FOLLOWED * N
