"""An interrupt that nothing swallows.

Python raises KeyboardInterrupt between two instructions of whatever runs.  In a callback of the garbage collector (JAX
has one) or in a finaliser no exception can leave: it is shown as ignored, and the run goes on.  A package that is being
imported may take it for a reason to do without another one.  And Typer turns it into an exit code without a word.  So a
process knows three times:

    reading, loading    nothing is there to be kept: the handler itself ends the process, no exception is raised
    working             it is raised; where it is ignored, a moment later again, until it arrives
    all is told         nothing is left to be stopped: it changes nothing
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

EXIT_INTERRUPTED = 130
SAID = "verify: interrupted"
AGAIN_SECONDS = 0.01  # a finaliser is over by then, or it is interrupted once more

_raised = 0  # how often the handler has raised
_holding = 0  # how many moments that are not interrupted have begun


def prepare() -> None:
    """From now on an interrupt ends the process at once, with one line.

    Left as it is where something else than Python's own handler stands: a process in the background ignores SIGINT.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    signal.signal(signal.SIGINT, _end)
    signal.signal(signal.SIGALRM, _raise)
    shown = sys.unraisablehook

    def ignored(what: "sys.UnraisableHookArgs") -> None:
        if issubclass(what.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            shown(what)

    sys.unraisablehook = ignored


@contextmanager
def work() -> Iterator[None]:
    """The time in which an interrupt is raised, so that what was done by then is kept; behind it, it changes nothing.

    Without effect where `prepare` had none.
    """
    if signal.getsignal(signal.SIGINT) is not _end:
        yield
        return
    signal.signal(signal.SIGINT, _raise)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """A short moment of the work that must not be cut: an interrupt is raised behind it."""
    global _holding
    _holding += 1
    try:
        yield
    finally:
        _holding -= 1


@contextmanager
def not_swallowed() -> Iterator[None]:
    """Raises KeyboardInterrupt behind code of others that was interrupted, whatever it made of that."""
    before = _raised
    try:
        yield
    finally:
        if _raised != before:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt


def leave() -> None:
    """End the process at once, all being told: a computation that XLA has begun ends by itself alone, and Python's own
    exit would wait for it, maybe minutes, while a second interrupt would kill the process by signal.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or never there
            stream.flush()
    if "multiprocessing" in sys.modules:
        for child in sys.modules["multiprocessing"].active_children():
            child.terminate()
    os._exit(EXIT_INTERRUPTED)


def _end(_signal: int, _frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, f"{SAID}\n".encode())  # sys.stderr may be in the middle of a line
    os._exit(EXIT_INTERRUPTED)


def _raise(_signal: int, _frame: FrameType | None) -> None:
    global _raised
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS if _holding else 0)
    if _holding:
        return
    _raised += 1
    raise KeyboardInterrupt
