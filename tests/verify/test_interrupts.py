"""A real interrupt to a real process: exit code 130, what was done kept, and no half-written file."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

TELL = "sys.stderr.write('here\\n'); sys.stderr.flush(); time.sleep(60)"
# Where the process waits to be interrupted: code run before the command, which then stops at that place.
DURING_ROWS = f"""
from verify.bounds import command
true_rows = command.rows_of
def rows_of(settings, a_min, limits):
    for k, row in enumerate(true_rows(settings, a_min, limits)):
        if k == 2:
            {TELL}
        yield row
command.rows_of = rows_of
"""
DURING_THE_FIGURE = f"""
from verify.bounds import page
def figure(blocks):
    {TELL}
page.figure = figure
"""
DURING_THE_WRITING = f"""
import os
from verify.bounds import page
page.figure = lambda blocks: b"whole"
true_sync = os.fsync
def fsync(file):
    if os.path.exists("reports/bounds-amin0.9.png"):
        {TELL}
    true_sync(file)
os.fsync = fsync
"""


DURING_COPY_S_FIGURE = f"""
from verify.copy import command
def phase(*_):
    {TELL}
command.phase = phase
"""
WHILE_A_THREAD_COMPUTES = f"""
import threading
from verify.copy import command
def measure(*_):
    threading.Thread(target=lambda: time.sleep(600)).start()  # like XLA's own: nothing stops it, and exit waits for it
    {TELL}
command.measure = measure
"""


# Where the process interrupts itself: at a place from which no exception leaves, as JAX's callback of the collector is.
STRIKE = """
import gc, os, signal
def strike(*_):
    gc.callbacks.remove(strike)
    os.kill(os.getpid(), signal.SIGINT)
def ignored():
    gc.callbacks.append(strike)
    gc.collect()
"""
IGNORED_WHILE_LOADING = f"""{STRIKE}
from verify import cli
true_program = cli._program
def program(words):
    ignored()
    return true_program(words)
cli._program = program
"""
IGNORED_IN_A_CALLBACK = f"""{STRIKE}
from verify.bounds import command
true_rows = command.rows_of
def rows_of(settings, a_min, limits):
    for k, row in enumerate(true_rows(settings, a_min, limits)):
        if k == 2:
            ignored()
            time.sleep(60)
        yield row
command.rows_of = rows_of
"""
IGNORED_IN_A_FINALISER = IGNORED_IN_A_CALLBACK.replace(
    "            ignored()",
    """            class Mortal:
                def __del__(self):
                    os.kill(os.getpid(), signal.SIGINT)
            Mortal()""",
)
TAKEN_FOR_A_MISSING_PACKAGE = f"""{STRIKE}
from verify.export import extra
def import_module(name):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        raise ImportError(name) from None
extra.import_module = import_module
"""
WHILE_FILES_ARE_PUT = f"""{STRIKE}
from pathlib import Path
true = Path.replace
def replace(self, target):
    done = true(self, target)
    os.kill(os.getpid(), signal.SIGINT)
    return done
Path.replace = replace
"""
BEFORE_FILES_ARE_PUT = f"""{STRIKE}
true = os.fsync
def fsync(file):
    true(file)
    os.kill(os.getpid(), signal.SIGINT)
os.fsync = fsync
"""
WHEN_ALL_IS_TOLD = f"""{STRIKE}
from verify import cli
def repeated(words):
    os.kill(os.getpid(), signal.SIGINT)
    return ""
cli._repeated = repeated
"""


@pytest.fixture
def interrupted(started) -> Callable[..., tuple[int, str, str]]:
    """Exit code, stdout and what stderr holds after the signal, of a command interrupted at a place."""

    def interrupt(folder: Path, place: str, *words: str, command: str = "bounds") -> tuple[int, str, str]:
        process = started(folder, command, *words, before=place)
        assert process.stderr.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        return process.returncode, out, err

    return interrupt


def test_rows_that_are_done_are_kept_with_their_page(interrupted, tmp_path: Path):
    code, out, _ = interrupted(tmp_path, DURING_ROWS, "--json")
    found = json.loads(out)
    assert (code, found["verdict"]) == (130, "UNDECIDED")
    assert [row["L"] for row in found["rows"]] == [8, 16]
    names = [f"bounds-amin0.9-interrupted.{suffix}" for suffix in ("md", "png")]
    assert sorted(os.listdir(tmp_path / "reports")) == names
    assert (tmp_path / found["report"]).read_text().endswith("\n")


@pytest.mark.parametrize(
    ("place", "left"),
    [(DURING_THE_FIGURE, []), (DURING_THE_WRITING, ["reports/bounds-amin0.9.png"])],
    ids=["figure", "writing"],
)
def test_an_interrupted_report_takes_no_table_away_and_leaves_no_half_file(
    interrupted, tmp_path: Path, place: str, left: list[str]
):
    code, out, err = interrupted(tmp_path, place)
    assert code == 130
    assert "beyond float32" in out
    assert out.splitlines()[-1].startswith("UNDECIDED: at a_min = 0.9 Theorem 1 speaks at every L asked")
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == [name.split("/")[0] for name in left]
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("reports/*")] == left
    assert all((tmp_path / name).read_bytes() == b"whole" for name in left)


def test_an_old_page_outlives_an_interrupted_new_one(interrupted, tmp_path: Path):
    (tmp_path / "reports").mkdir()
    old = tmp_path / "reports/bounds-amin0.9.md"
    old.write_text("old\n")
    assert interrupted(tmp_path, DURING_THE_WRITING)[0] == 130
    assert old.read_text() == "old\n"
    assert sorted(os.listdir(tmp_path / "reports")) == ["bounds-amin0.9.md", "bounds-amin0.9.png"]


def test_copy_s_page_is_kept_without_the_figure_that_was_interrupted(interrupted, tmp_path: Path):
    words = ["--N", "8", "--d", "2", "--d-h", "4"]
    code, out, err = interrupted(tmp_path, DURING_COPY_S_FIGURE, *words, command="copy")
    assert code == 130
    assert out.splitlines()[-1].startswith("UNDECIDED: at N = 8")
    assert os.listdir(tmp_path / "reports") == ["copy-N8-d2-dh4-interrupted.md"]
    page = (tmp_path / "reports/copy-N8-d2-dh4-interrupted.md").read_text()
    assert "stopped early; at N = 8" in page
    assert "copy/ssm-linear/N=8/copies" in page
    assert "Traceback" not in err


def test_a_computation_that_cannot_be_stopped_is_not_waited_for(interrupted, tmp_path: Path):
    """The test would last ten minutes."""
    words = ["--N", "8", "--d", "2", "--no-report"]
    code, out, err = interrupted(tmp_path, WHILE_A_THREAD_COMPUTES, *words, command="copy")
    assert (code, out.splitlines()[-1].startswith("UNDECIDED")) == (130, True)
    assert "Traceback" not in err


@pytest.mark.parametrize("place", [IGNORED_IN_A_CALLBACK, IGNORED_IN_A_FINALISER], ids=["callback", "finaliser"])
def test_an_interrupt_that_python_ignores_is_raised_again(started, tmp_path: Path, place: str):
    """Regression: it was printed as ignored, and the run went on to its end; now it keeps what was done."""
    process = started(tmp_path, "bounds", "--json", "--no-report", before=place)
    out, err = process.communicate()
    assert (process.returncode, [row["L"] for row in json.loads(out)["rows"]]) == (130, [8, 16])
    assert "gnored" not in err


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (IGNORED_WHILE_LOADING, ["check"]),
        (IGNORED_WHILE_LOADING, ["export", "copy"]),
        (TAKEN_FOR_A_MISSING_PACKAGE, ["check", "--quiet"]),
        (TAKEN_FOR_A_MISSING_PACKAGE, ["export", "copy", "--N", "3", "--d", "1"]),
    ],
    ids=["check-loading", "export-loading", "check-importing", "export-importing"],
)
def test_an_interrupt_before_anything_is_done_is_one_line(started, tmp_path: Path, place: str, words: list[str]):
    """Regression: Typer made an exit code of it without a word, and reports/ was left empty."""
    process = started(tmp_path, *words, before=place)
    out, err = process.communicate()
    assert (process.returncode, err) == (130, "verify: interrupted\n")
    assert out == ""
    assert os.listdir(tmp_path) == []


def test_an_interrupt_after_all_is_told_changes_nothing(started, tmp_path: Path):
    process = started(tmp_path, "bounds", "--no-report", "--quiet", before=WHEN_ALL_IS_TOLD)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out.startswith("HELD")


@pytest.mark.parametrize(
    ("place", "left"),
    [
        (BEFORE_FILES_ARE_PUT, []),
        (WHILE_FILES_ARE_PUT, ["e", "e/certificate.json", "e/config.json", "e/model.safetensors"]),
    ],
    ids=["before", "while"],
)
def test_an_interrupted_export_is_whole_or_not_there(started, tmp_path: Path, place: str, left: list[str]):
    process = started(tmp_path, "export", "copy", "--N", "3", "--d", "1", "--out", "e", before=place)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "verify: interrupted\n")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == left
