"""A real interrupt to `verify all`, and a kill: the decided rows kept, no page, and the processes ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PATIENCE = 60  # seconds until a pipe that is still open counts as a process left behind
AFTER_A_ROW = """
import sys, time
from verify.all import command
from verify.__main__ import main
write = command.Store.write
def tell(self, row):
    write(self, row)
    sys.stderr.write("here\\n")
    sys.stderr.flush()
    time.sleep(60)
command.Store.write = tell
sys.argv[1:] = ["all", "--out", "pages"]
sys.exit(main())
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`verify all` just after its first row was kept; its processes share the pipes."""
    process = subprocess.Popen(
        [sys.executable, "-c", AFTER_A_ROW],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stderr is not None
        assert process.stderr.readline() == "here\n"
        yield process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def kept(folder: Path) -> int:
    return len(list((folder / "cache").rglob("ledger/*/*.json")))


def test_an_interrupt_keeps_the_rows_that_are_decided(running: subprocess.Popen[str], tmp_path: Path):
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: the processes of the pool get it too
    out, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert "UNDECIDED: stopped after 1 of " in out
    assert "rows are kept; the same command goes on from there" in err
    assert "Traceback" not in err
    assert kept(tmp_path) == 1
    assert not (tmp_path / "pages").exists()


def test_a_run_that_is_killed_outright_keeps_them_too_and_leaves_no_process(
    running: subprocess.Popen[str], tmp_path: Path
):
    """The processes hold the pipes open: they are read to their end only once all of them have ended."""
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=PATIENCE)
    assert running.returncode == -signal.SIGKILL
    assert kept(tmp_path) == 1
