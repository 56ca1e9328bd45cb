"""Measuring: the best of several runs of a compiled program, and a whole process with its peak memory."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

REPEATS = 7
ENOUGH_SECONDS = 2.0  # after this long a program is not run again


def best(program: Callable[..., Any], *arguments: object) -> tuple[float, Any]:
    """The least seconds of a few runs, the first one, which may compile, not counted; and what the last returned."""
    result = jax.block_until_ready(program(*arguments))
    begin, least = time.perf_counter(), float("inf")
    for _ in range(REPEATS):
        del result  # so that two results never exist together
        start = time.perf_counter()
        result = jax.block_until_ready(program(*arguments))
        least = min(least, time.perf_counter() - start)
        if time.perf_counter() - begin > ENOUGH_SECONDS:
            break
    return least, result


@dataclass(frozen=True)
class Process:
    """A finished process: seconds from start to end, its largest resident set in bytes, its exit code."""

    seconds: float
    peak_bytes: int
    exit_code: int


def process(words: Sequence[str], cache: str) -> Process:
    """Run this program with those words in a process of its own, its compilation cache under the folder `cache`.

    A process inherits the peak of the one that starts it, so a small one stands between and reports.
    """
    environment = os.environ | {"XDG_CACHE_HOME": cache}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    command = [sys.executable, "-S", "-c", _BETWEEN, sys.executable, "-m", "verify", *words]
    start = time.perf_counter()
    told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    peak, code = map(int, told.stdout.split())
    return Process(time.perf_counter() - start, peak * 1024, code)


_BETWEEN = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, code)
"""
