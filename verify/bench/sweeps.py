"""`verify sweep` timed as a user runs it: some two hundred cells from nothing, and once more from its store."""

import tempfile
from collections.abc import Iterator

from verify.bench.cases import cpu_aim
from verify.bench.clock import process
from verify.bench.timing import Timing
from verify.sweep.grid import cells, distinct
from verify.sweep.settings import parse

GRID = {"N": "64..4096", "L": "8,16,64", "epsilon": "1e-1,1e-3", "d-h": "64", "a-min": "0.9,0.99", "dtype": "float32"}
AIM, AIM_AGAIN = 10.0, 3.0  # seconds
CASES = 2  # rows


def sweep_cases() -> Iterator[Timing]:
    """The whole process with a cold compilation cache, its page and figure included; then one that finds all done."""
    wanted = cells(parse(GRID, fresh=False))
    what = f"verify sweep, {len(wanted)} cells by {len(distinct(wanted))} runs, N <= 4096"
    words = ["sweep", *(word for name, text in GRID.items() for word in (f"--{name}", text)), "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        for run_as, aim in (("whole process, cold cache", AIM), ("whole process, resumed", AIM_AGAIN)):
            done = process([*words, "--out", folder], folder)
            failed = "" if done.exit_code == 0 else f" (FAILED: exit code {done.exit_code})"
            rate = len(wanted) / done.seconds
            yield Timing(
                what + failed, run_as, done.seconds, rate, "cell/s", None, cpu_aim(aim), peak_bytes=done.peak_bytes
            )
