"""How much memory there is, and the refusal of what would not fit, before anything is allocated.

What is free changes by the second, so the size that a refusal names leaves room for that: it is the largest that fits
into HINTED of what is there, rounded down to two digits; typed a moment later, it passes unless a tenth has gone.
"""

import os
from collections.abc import Callable
from pathlib import Path

from verify.errors import BadInput
from verify.notation import size

_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)

HINTED = 0.9
PROCESS = 400 * 2**20  # bytes of Python, NumPy, JAX and its compiler
A_CORE = 25 * 2**20  # more for each core, on which the compiler and the thread pools work too
ACCELERATED = 3 * 2**30  # all this with the libraries of an accelerator: measured on CUDA with 16 cores


def process_bytes() -> int:
    """What a process that runs JAX takes before it computes anything, at most."""
    import jax

    return PROCESS + (os.cpu_count() or 1) * A_CORE if jax.default_backend() == "cpu" else ACCELERATED


def available_bytes() -> int:
    """Bytes a process may still take: the least of what the control group leaves and what the system calls available.

    A control group's use counts files it has cached, so this errs on the side of too little.
    """
    candidates = [_system_bytes()]
    for limit, used in _CGROUPS:
        most, taken = _number(limit), _number(used)
        if most is not None and taken is not None:
            candidates.append(max(0, most - taken))
    return min(candidates)


def _number(path: Path) -> int | None:
    """The integer that a kernel file holds; None where there is no such file or no limit ("max")."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _system_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    # No /proc (not Linux): the whole physical memory is the best number that there is.
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def refuse_if_too_large(
    given: str,
    option: str,
    n: int,
    needed: Callable[[int], int],
    smallest: int = 1,
    there: int | None = None,
    of: str = "memory",
) -> None:
    """Raise BadInput when a run of size `n` would need more memory than there is; say the largest size that fits.

    given: what was asked, as typed (`--N 1000000 --execution dense`). option: the option that decides the size (`--N`).
    needed: peak bytes as a nondecreasing function of the size. smallest: the least size that the option takes. there:
    the bytes that may be taken, by default of this machine's memory; of: what to call it.
    """
    there = available_bytes() if there is None else there
    if needed(n) <= there:
        return
    fits = largest_that_fits(needed, int(HINTED * there), smallest, n)
    nearest = f"{option} {_two_digits(fits, smallest)}" if fits is not None else "a machine with more memory"
    raise BadInput(given, f"would need about {size(needed(n))} of {of} and {size(there)} are available", nearest)


def _two_digits(n: int, smallest: int) -> int:
    """n rounded down to two significant digits, where that is still allowed."""
    unit = 10 ** max(0, len(str(n)) - 2)
    return max(n // unit * unit, smallest)


def largest_that_fits(needed: Callable[[int], int], there: int, smallest: int, too_large: int) -> int | None:
    """The largest n in [smallest, too_large) with needed(n) <= there, by bisection; None when there is none."""
    if needed(smallest) > there:
        return None
    fits, fails = smallest, too_large
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if needed(middle) <= there:
            fits = middle
        else:
            fails = middle
    return fits
