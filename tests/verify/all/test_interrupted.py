"""A real interrupt to `verify all`: exit code 130, the decided rows kept, no page, and the processes ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
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
sys.argv[1:] = ["all", "--fast", "--out", "pages"]
sys.exit(main())
"""


def test_an_interrupt_keeps_the_rows_that_are_decided(tmp_path: Path):
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
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the processes of the pool get it too
        out, err = process.communicate()
    assert process.returncode == 130
    assert "UNDECIDED: stopped after 1 of " in out
    assert "rows are kept; the same command goes on from there" in err
    assert "Traceback" not in err
    assert len(list((tmp_path / "cache").rglob("ledger/*/*.json"))) == 1
    assert list((tmp_path / "pages").iterdir()) == []
