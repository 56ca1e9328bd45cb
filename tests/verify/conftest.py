"""The program as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def started() -> Iterator[Started]:
    """`started(folder, *words, before="")`: `verify WORDS` in that folder as a process, which runs the code `before`
    first.  Whatever still runs when the test ends is killed.
    """
    processes: list[subprocess.Popen[str]] = []

    def start(folder: Path, *words: str, before: str = "") -> subprocess.Popen[str]:
        code = (
            f"import sys, time\n{before}\nfrom verify.__main__ import main\nsys.argv[1:] = {list(words)!r}\n"
            "sys.exit(main())"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
