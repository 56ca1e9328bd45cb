"""What befalls real processes: kill -9 while a page is made, a full disk, folders that take no files, NaN in input."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from verify.cli import main
from verify.files import write_whole

Started = Callable[..., subprocess.Popen[str]]
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
STAIRS = README.partition("```python\n")[2].partition("```")[0]
SWEEP = ("sweep", "--N", "16", "--L", "8", "--epsilon", "0.1", "--module", "ssm-linear", "--dtype", "float32")
PAUSE_BEFORE_THE_PAGE = """
import os, sys, time
true = os.fsync
def fsync(file):
    if len(os.listdir("out")) > 1:
        sys.stderr.write("here\\n")
        sys.stderr.flush()
        time.sleep(60)
    true(file)
os.fsync = fsync
"""


def refused(started: Started, folder: Path, *words: str, before: str = "") -> str:
    """Exit code 2 with one line at the end, which is returned; nothing half-written is left in the folder."""
    process = started(folder, *words, before=before)
    out, err = process.communicate()
    assert process.returncode == 2, (words, out, err)
    assert "Traceback" not in err
    assert not list(folder.rglob("*.partial"))
    last = err.splitlines()[-1]
    assert last.startswith(f"verify {words[0]}: ")
    return last


def test_killed_while_the_page_is_written_old_files_stay_whole(tmp_path: Path, started: Started):
    """The figure was renamed into place, the page was not; what the dead process left goes with the next page."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "bounds-amin0.9.md").write_text("old\n")
    process = started(tmp_path, "bounds", "--L", "8", "--out", "out", before=PAUSE_BEFORE_THE_PAGE)
    assert process.stderr is not None
    assert process.stderr.readline() == "here\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (out / "bounds-amin0.9.md").read_text() == "old\n"
    assert list(out.glob(".*.partial"))
    again = started(tmp_path, "bounds", "--L", "8", "--out", "out")
    again.communicate()
    assert again.returncode == 0
    for page in out.glob("bounds*.md"):
        assert page.read_text().endswith("\n")
    assert not list(out.glob(".*.partial"))


def test_what_another_process_is_writing_is_left_alone(tmp_path: Path):
    alive = tmp_path / f".page.md.{os.getppid()}.partial"
    alive.write_text("half")
    strange = tmp_path / ".page.md.words.partial"
    strange.write_text("not ours")
    write_whole(tmp_path / "page.md", "whole\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive.name, strange.name, "page.md"])


LIMITED = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))"


def test_a_page_that_does_not_fit_is_one_line(tmp_path: Path, started: Started):
    """The unprivileged full disk: no file may grow beyond 4000 bytes, as a figure does."""
    assert "cannot be written" in refused(started, tmp_path, "bounds", "--L", "8", "--out", "out", before=LIMITED)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_line(small_disk: Path, started: Started):
    """The figure of 64 KiB and more does not fit, nor a store; an old page on the disk stays."""
    page = small_disk / "bounds-amin0.9.md"
    page.write_text("old\n")
    assert "No space left on device" in refused(started, small_disk, "bounds", "--a-min", "0.9", "--out", ".")
    assert page.read_text() == "old\n"
    (small_disk / "filler").write_bytes(b"x" * 40_000)
    said = refused(started, small_disk, *SWEEP, "--no-report", "--store", "s.sqlite")
    assert said.startswith("verify sweep: --store s.sqlite: the store cannot be used (")


def test_a_read_only_disk_is_one_line(small_disk: Path, started: Started):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "Read-only file system" in refused(started, small_disk, "bounds", "--out", "reports")
    assert "cannot be written" in refused(started, small_disk, *SWEEP, "--no-report", "--store", "s.sqlite")


@pytest.mark.parametrize("command", ["bounds", "copy", "gadgets", "dp", "sweep", "all", "bench", "check"])
@pytest.mark.parametrize("folder", ["file/below", "/proc/no-folder"])
def test_a_folder_that_cannot_be_made_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, folder: str
):
    """Both hold for root too, whom permissions do not stop."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    assert main([command, "--out", folder]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"verify {command}: --out {folder}: cannot be written (")
    assert len(err.splitlines()) == 1


NAN = 'float("nan")'
FAULTS = {
    "a constant": ("first=(1,)", f"first=({NAN},)"),
    "a transition": ('name("cost") + select', f'{NAN} + name("cost") + select'),
    "an alphabet": ("((0, 20),)", f"((0, {NAN}),)"),
    "a bound of values": ("(0, 20 * max(lengths[0], 1))", f"(0, {NAN})"),
    "a bound of indices": ("((1, max(lengths[0], 1)),)", f"((1, {NAN}),)"),
    "a count": ("count=lambda lengths: lengths[0]", f"count=lambda lengths: {NAN}"),
    "a locality": ("locality=lambda lengths: 2", f"locality=lambda lengths: {NAN}"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_nan_in_a_problem_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str):
    right, wrong = FAULTS[fault]
    assert STAIRS.count(right) == 1
    file = tmp_path / "stairs.py"
    file.write_text(STAIRS.replace(right, wrong))
    code = main(["dp", f"{file}:STAIRS", "--input", "3 1 4", "--theorem", "5", "--no-report"])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("bounds", "--a-min", "nan"),
        ("bounds", "--L", "nan"),
        ("copy", "--M", "nan"),
        ("gadgets", "--epsilon", "nan"),
        ("dp", "lis", "--input", "3 nan 4"),
        ("dp", "edit-distance", "--costs", "1,nan,1"),
        ("sweep", "--a-min", "0.9,nan"),
        ("export", "copy", "--M", "nan"),
        ("claims", "nan"),
    ],
)
def test_nan_in_the_options_is_refused(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "nan" in err


def test_nan_in_a_text_is_three_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "text"
    file.write_text("nan nan")
    assert main(["copy", "--values", f"text:{file}", "--module", "ssm-linear", "--no-report", "--quiet"]) == 0
    assert "7" in capsys.readouterr().out
