"""How long a sweep will still take: the cost of each kind of run, from those done so far, weighted by its size.

The time of a run is taken to be proportional to its work, the numbers that it touches, with a factor for each kind of
program (module, width of codes, dtype) that the runs done so far tell; a kind that none was done of gets the factor of
all.  Fixed costs are part of the work as so many numbers (`FIXED`).
"""

import time
from collections.abc import Callable, Sequence

from bounds.formats import format_of
from verify.notation import number
from verify.sweep.grid import D, Run
from verify.sweep.programs import JUDGED, kind_of

FIXED = 2**22  # numbers that a run of length 1 is worth: what calls, copies and a small program cost
FIRST_SECONDS = 2.0  # before which nothing is said
MEMORY = 0.9  # what an earlier run of a kind counts beside the next one: sizes grow, and the load of a machine changes
RARELY = 2.0  # each word comes after so many times the time of the one before


class Estimate:
    """Watches a sweep and says from time to time what is left, in words on stderr."""

    def __init__(self, runs: Sequence[Run], say: Callable[[str], None], now: Callable[[], float] = time.monotonic):
        self._total, self._say, self._now = len(runs), say, now
        self._began, self._next = now(), FIRST_SECONDS
        self._spent: dict[tuple, float] = {}
        self._worked: dict[tuple, float] = {}
        self._left: list[Run] = []

    def left(self, runs: Sequence[Run], compiling: float) -> None:
        """These are still to be made, with so many seconds of compilation; tell when it is time to."""
        self._left = list(runs)
        since = self._now() - self._began
        if self._left and self._spent and since >= self._next:
            self._next = since * RARELY
            done = self._total - len(self._left)
            self._say(f"{done} of {self._total} runs done, about {spoken(self.seconds() + compiling)} left")

    def made(self, run: Run, seconds: float) -> None:
        """One run took that long."""
        kind = _kind(run)
        self._spent[kind] = MEMORY * self._spent.get(kind, 0.0) + seconds
        self._worked[kind] = MEMORY * self._worked.get(kind, 0.0) + work_of(run)

    def seconds(self) -> float:
        """What the runs left will take one after the other; NaN before any is done."""
        if not self._worked:
            return float("nan")
        usual = sum(self._spent.values()) / sum(self._worked.values())
        rates = {kind: self._spent[kind] / self._worked[kind] for kind in self._spent}
        return sum(work_of(run) * rates.get(_kind(run), usual) for run in self._left)


def spoken(seconds: float) -> str:
    """A time to wait, such as `40 s`, `12 min` or `1.4 h`."""
    if seconds < 90:
        return f"{number(seconds, 2)} s"
    return f"{number(seconds / 60, 2)} min" if seconds < 5400 else f"{number(seconds / 3600, 2)} h"


def work_of(run: Run) -> float:
    """The numbers that a run touches, up to a factor: its program's over the padded length, and the second route's."""
    kind = kind_of(run, 1)
    length, narrow = kind.length, format_of(run.dtype).bits <= 16
    if run.module == "ssm-constant":
        program = length * run.d_h * D
    elif run.module == "attention":
        program = JUDGED * length * (kind.codes + D)
    else:  # a 16-bit format touches the whole state at every step
        program = length * D * (length if narrow else 4)
    return float(FIXED + program + JUDGED * run.N * (max(run.d_h, kind.codes) + D))


def _kind(run: Run) -> tuple:
    return run.module, run.d_h, run.dtype
