"""How long a sweep will still take, told from its own runs.

Runs of one program and one N take nearly the same time, so a run that is left is given the mean of those done, or
where none was, of the nearest N of its program.  Each program's largest run is made first (verify.sweep.work): nothing
is said before all programs are timed, and what is said then errs on the long side.
"""

import time
from collections.abc import Callable, Sequence

from verify.notation import number
from verify.sweep.grid import Run
from verify.sweep.programs import Kind, kind_of

FIRST_SECONDS = 2.0  # before which nothing is said
RARELY = 2.0  # each word comes after so many times the time of the one before


class Estimate:
    """Watches a sweep and says from time to time what is left, in words on stderr."""

    def __init__(self, runs: Sequence[Run], say: Callable[[str], None], now: Callable[[], float] = time.monotonic):
        self._total, self._say, self._now = len(runs), say, now
        self._began, self._next = now(), FIRST_SECONDS
        self._took: dict[Kind, dict[int, list[float]]] = {}

    def knows(self, run: Run) -> bool:
        """Whether a run of its program was timed."""
        return kind_of(run, 1) in self._took

    def left(self, runs: Sequence[Run]) -> None:
        """These are still to be made; tell when it is time to."""
        since = self._now() - self._began
        if runs and since >= self._next and all(map(self.knows, runs)):
            self._next = since * RARELY
            self._say(f"{self._total - len(runs)} of {self._total} runs done, about {spoken(self.seconds(runs))} left")

    def made(self, run: Run, seconds: float) -> None:
        """One run took that long."""
        self._took.setdefault(kind_of(run, 1), {}).setdefault(run.N, []).append(seconds)

    def seconds(self, runs: Sequence[Run]) -> float:
        """What these runs will take one after the other; each program was timed."""
        return sum(self._usual(run) for run in runs)

    def _usual(self, run: Run) -> float:
        took = self._took[kind_of(run, 1)]
        nearest = took[min(took, key=lambda N: abs(N - run.N))]
        return sum(nearest) / len(nearest)


def spoken(seconds: float) -> str:
    """A time to wait, such as `40 s`, `12 min` or `1.4 h`."""
    if seconds < 90:
        return f"{number(seconds, 2)} s"
    return f"{number(seconds / 60, 2)} min" if seconds < 5400 else f"{number(seconds / 3600, 2)} h"
