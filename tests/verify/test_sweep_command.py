"""The command as a user runs it: table, document, CSV, exit codes, refusals, resuming."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from verify import memory
from verify.cli import main
from verify.sweep import command, work
from verify.sweep.grid import Run
from verify.sweep.measure import Record
from verify.sweep.memory import needed, needed_of_each
from verify.sweep.page import _stored
from verify.sweep.programs import Programs
from verify.sweep.rows import FIELDS
from verify.sweep.settings import SweepSettings, parse
from verify.sweep.store import Store

GRID = (
    "sweep",
    "--N",
    "16,64",
    "--L",
    "8",
    "--epsilon",
    "0.1",
    "--d-h",
    "16",
    "--a-min",
    "0.9,1",
    "--dtype",
    "float32",
)
SHORT = (*GRID, "--module", "ssm-linear,ssm-constant")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_document_rows_and_csv_are_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    table = tmp_path / "rows.csv"
    code, out, err = run(capsys, *GRID, "--out", str(tmp_path / "r"), "--csv", str(table), "--json")
    assert code == 0, err
    document = json.loads(out)
    assert document["command"] == "sweep"
    assert document["verdict"] == "HELD"
    lines = list(csv.DictReader(table.read_text().splitlines()))
    assert [line["module"] for line in lines] == [row["module"] for row in document["rows"]]
    assert tuple(lines[0]) == FIELDS == tuple(document["rows"][0])
    by = {(row["module"], row["N"], row["L"], row["a_min"]): row["copies"] for row in document["rows"]}
    assert by["ssm-constant", 16, 8, 1.0]  # N = d_h, nothing forgotten
    assert by["ssm-constant", 16, None, 1.0]
    assert not by["ssm-constant", 64, 8, 1.0]  # N > d_h
    assert not by["ssm-constant", 16, 8, 0.9]  # 1 - 0.9^7 > 0.1
    assert all(copies for (module, *_), copies in by.items() if module != "ssm-constant")
    page = Path(document["report"])
    assert f"{len(by)} cells" in page.read_text()
    assert page.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_what_is_done_is_not_done_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    words = (*SHORT, "--no-report", "--store", str(tmp_path / "s"), "--json")
    _, first, _ = run(capsys, *words)

    def never(*_: object) -> Record:
        raise AssertionError("a finished run was made again")

    monkeypatch.setattr(work, "measure", never)
    code, second, err = run(capsys, *words)
    assert (code, first) == (0, second)
    assert run(capsys, *words, "--resume") == (0, second, err)
    assert "--resume --fresh: the two contradict each other" in run(capsys, *words, "--resume", "--fresh")[2]
    assert "8 distinct runs, 8 of them in" in err
    with pytest.raises(AssertionError, match="made again"):
        main((*words, "--fresh"))


def test_an_interrupt_keeps_what_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    true, words = work.measure, (*SHORT, "--no-report", "--store", str(tmp_path / "s"), "--json")
    made: list[object] = []

    def two(runs: Sequence[Run], programs: Programs) -> list[Record]:
        if len(made) == 2:
            raise KeyboardInterrupt
        made.extend(runs)
        return true(runs, programs)

    monkeypatch.setattr(work, "measure", two)
    code, out, _ = run(capsys, *words)
    assert code == 130
    assert len({(row["module"], row["N"], row["L"]) for row in json.loads(out)["rows"]}) == 2
    monkeypatch.setattr(work, "measure", true)
    code, _, err = run(capsys, *words)
    assert code == 0
    assert "8 distinct runs, 2 of them in" in err


def test_a_disagreement_is_exit_1_with_a_witness(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    true = work.measure

    def off(runs: Sequence[Run], programs: Programs) -> list[Record]:
        return [replace(record, measured=0.25) for record in true(runs, programs)]

    monkeypatch.setattr(work, "measure", off)
    code, out, _ = run(capsys, *SHORT, "--no-report", "--json")
    assert code == 1
    refuted = {check["id"]: check["witness"] for check in json.loads(out)["checks"] if check["verdict"] == "REFUTED"}
    assert refuted["sweep/ssm-linear/float32/cells"]["predicted"] is True
    assert refuted["sweep/ssm-linear/float32/break-points"]["measured"] is None


@pytest.mark.parametrize("of", ["memory", "each device's memory"])
def test_a_size_beyond_memory_is_refused_beforehand(
    of: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Of this machine, or of devices with memory of their own, where less of this machine's is needed."""
    own = of != "memory"
    monkeypatch.setattr(memory, "available_bytes", lambda: 10**15 if own else 2 * 10**9)
    monkeypatch.setattr(command, "smallest_room", lambda _: 10**9 if own else None)
    monkeypatch.setattr(command, "_carry_out", None)  # nothing is begun
    code, out, err = run(capsys, "sweep", "--N", "64,1e9", "--out", str(tmp_path / "made"))
    assert (code, out) == (2, "")
    assert err.startswith("verify sweep: --N 1000000000: would need about ")
    assert f" of {of} and " in err
    fits = int(err.rpartition("--N ")[2])
    assert 64 < fits < 10**9
    assert not (tmp_path / "made").exists()


def test_less_of_this_machines_memory_is_needed_beside_devices_that_have_their_own():
    largest = SweepSettings(N=(4096,))
    apart, shared = (needed(2**20, largest, 2, shared=shared) for shared in (False, True))
    assert apart < shared
    assert needed_of_each(2**20, largest, 2) < needed_of_each(2**20, largest, 1)


def test_a_table_never_replaces_what_the_sweep_keeps_or_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`--csv` with the store's own name replaced it: all runs were gone, with exit code 0."""
    page = f"{parse(dict(zip((word[2:] for word in SHORT[1::2]), SHORT[2::2], strict=True)), False).name()}.md"
    out, store, other = tmp_path / "out", tmp_path / "v.sqlite", tmp_path / "other.sqlite"
    out.mkdir()
    for path in (store, other):
        Store(path, "v1", dict, lambda _: None).close()
    (tmp_path / "link").symlink_to(store)
    (tmp_path / "hard").hardlink_to(store)
    before = store.read_bytes(), other.read_bytes()
    named = {"v.sqlite": "the store", "link": "the store", "hard": "the store", "v.sqlite-wal": "the log of the store"}
    named |= {"out/../v.sqlite-shm": "the log", "other.sqlite": "", f"out/{page}": "the page"}
    for name, called in named.items():
        words = ("--store", str(store), "--csv", str(tmp_path / name), "--out", str(out))
        code, told, err = run(capsys, *SHORT, *words)
        assert (code, told) == (2, ""), name
        assert err.startswith("verify sweep: --csv "), err
        assert (f": that is {called}" if called else ": what is there is a SQLite database") in err
    code, _, err = run(capsys, *SHORT, "--store", str(out / page), "--out", str(out))
    assert (code, err.count("that is the page of this sweep")) == (2, 1)
    code, _, err = run(capsys, *SHORT, "--csv", str(out / "sweep.sqlite"), "--out", str(out))
    assert (code, err.count("that is the store of this sweep")) == (2, 1)
    assert (store.read_bytes(), other.read_bytes()) == before
    assert not list(out.iterdir())


def test_a_store_that_is_removed_meanwhile_is_told_with_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    store, true = tmp_path / "s", work.measure

    def removed(runs: Sequence[Run], programs: Programs) -> list[Record]:
        store.unlink(missing_ok=True)
        return true(runs, programs)

    monkeypatch.setattr(work, "measure", removed)
    code, out, err = run(capsys, *SHORT, "--no-report", "--store", str(store), "--json", "--quiet")
    assert code == 2
    assert len(json.loads(out)["rows"]) == 8
    assert err.startswith("verify sweep: --store ")
    assert "8 of 8 finished runs are not in it: it was removed or written over meanwhile" in err


def test_sources_that_change_meanwhile_lose_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    versions = iter(("before", "after"))
    monkeypatch.setattr(command, "version", lambda: next(versions))
    words = ("--module", "ssm-linear", "--no-report", "--store", str(tmp_path / "s"))
    assert run(capsys, *GRID[:7], "--dtype", "float32", *words)[0] == 0


def test_a_store_set_aside_is_told_also_when_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "s").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    words = ("--module", "ssm-linear", "--no-report", "--store", str(tmp_path / "s"), "--quiet")
    code, _, err = run(capsys, *GRID[:7], "--dtype", "float32", *words)
    assert code == 0
    assert len(err.splitlines()) == 1
    assert "set aside as" in err


@pytest.mark.parametrize("option", ["--store", "--csv"])
@pytest.mark.parametrize("name", ["file/below", "x" * 300, "x" * 250, "folder" + "/y" * 5000])
def test_a_name_that_cannot_be_is_refused_by_its_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str
):
    (tmp_path / "file").write_text("in the way")
    code, out, err = run(capsys, *SHORT, option, str(tmp_path / name), "--no-report")
    assert (code, out) == (2, "")
    assert err.startswith(f"verify sweep: {option} ")
    assert f"; nearest that works: {option} " in err
    assert len(err.splitlines()) == 1


def test_what_rounding_makes_of_a_coefficient_is_told():
    """In bfloat16 0.999 is 1, so that such a cell copies where a = 0.999 does not; float32 keeps it, and 1 is 1."""
    said = _stored(parse({"dtype": "float32,bfloat16", "a-min": "0.999,1"}, False))
    assert said.endswith("in bfloat16 the nearest number to a = 0.999 is 1; nothing is forgotten then, and it copies "
                         "where no smaller coefficient would.")  # fmt: skip
    assert "float32" not in said
    assert _stored(parse({"dtype": "float32", "a-min": "0.9,0.999"}, False)) == ""


def test_what_was_typed_is_told(capsys: pytest.CaptureFixture[str]):
    for name in ("sweep", "copy"):
        _, _, err = run(capsys, name, "--N", "9" * 20, "--no-report")
        assert err.startswith(f"verify {name}: --N {'9' * 20}: ")


def test_a_record_s_document_is_read_as_it_was_or_not_at_all():
    document = dict.fromkeys(Record.__dataclass_fields__, 1.0) | {"execution": "scan", "exact": True}
    document |= dict.fromkeys(("d_h", "state_entries", "devices", "judged", "step", "routes_step"), 3)
    document["rms_least"] = None
    assert Record.read(document).document() == document
    for wrong in ({}, [], None, document | {"worst": "1"}, document | {"rms": None}, document | {"more": 1}):
        with pytest.raises((TypeError, ValueError)):
            Record.read(wrong)


@pytest.mark.parametrize("option", ["--out", "--store", "--csv"])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str):
    (tmp_path / "file").write_text("in the way")
    place = tmp_path / "file" / "below"
    code, out, err = run(capsys, *SHORT, option, str(place), *(() if option == "--out" else ("--no-report",)))
    assert (code, out) == (2, "")
    assert err.startswith(f"verify sweep: {option} ")
    assert len(err.splitlines()) == 1
    assert "cannot be written" in err


def test_nan_in_the_input_is_refused(capsys: pytest.CaptureFixture[str]):
    for option in ("--N", "--L", "--epsilon", "--d-h", "--a-min", "--seed", "--devices"):
        code, out, err = run(capsys, "sweep", option, "nan", "--no-report")
        assert (code, out) == (2, "")
        assert err.startswith(f"verify sweep: {option} nan: ")
