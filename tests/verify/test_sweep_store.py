"""Finished runs survive kills, damage, other versions, other processes and a full disk."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verify.errors import BadInput
from verify.sweep.store import Store, missing_from

Started = Callable[..., subprocess.Popen[str]]
ROOT = Path(__file__).parents[2]
GRID = ("--N", "8..512", "--L", "2..8", "--epsilon", "0.1", "--d-h", "8", "--a-min", "0.9,0.99,0.995,0.999")
GRID += ("--module", "ssm-linear,ssm-constant", "--dtype", "float32")
RUNS = 7 * (3 * (1 + 4) + 1)  # the last one is the average case


def sweep(started: Started, folder: Path, *words: str, limit: int | None = None) -> subprocess.Popen[str]:
    """The command in a process of its own; limit: the largest file it may write, in bytes (None: as here)."""
    before = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))" if limit else ""
    return started(folder, "sweep", *GRID, "--no-report", "--store", "s.sqlite", *words, before=before)


def records(path: Path) -> dict[str, str]:
    """What a store holds, read without the program."""
    if not path.exists():
        return {}
    base = sqlite3.connect(path, timeout=30)
    try:
        return dict(base.execute("select key, record from runs_1").fetchall())
    except sqlite3.OperationalError:  # not made yet
        return {}
    finally:
        base.close()


def wait_for(count: int, path: Path, process: subprocess.Popen[str]) -> None:
    while len(records(path)) < count and process.poll() is None:
        time.sleep(0.02)


def new(path: Path, version: str = "v1", said: list[str] | None = None) -> Store[dict[str, Any]]:
    return Store(path, version, dict, ([] if said is None else said).append)


def test_killed_and_run_again_no_finished_run_is_lost(tmp_path: Path, started: Started):
    path = tmp_path / "s.sqlite"
    first = sweep(started, tmp_path, "--json")
    wait_for(3, path, first)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    kept = records(path)
    assert 3 <= len(kept) < RUNS
    second = sweep(started, tmp_path, "--json")
    out, err = second.communicate()
    assert second.returncode == 0, err
    assert f"{RUNS} distinct runs, {len(kept)} of them in s.sqlite" in err
    after = records(path)
    assert len(after) == RUNS
    assert {key: after[key] for key in kept} == kept
    assert len(json.loads(out)["rows"]) == RUNS


def test_two_processes_share_one_store(tmp_path: Path, started: Started):
    path = tmp_path / "s.sqlite"
    new(path).close()
    base = sqlite3.connect(path)
    base.executescript(
        "create table log (key text);"
        "create trigger t after insert on runs_1 begin insert into log values (new.key); end;"
    )
    base.close()
    both = [sweep(started, tmp_path, "--json") for _ in range(2)]
    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    rows = [json.loads(out)["rows"] for out, _ in ends]
    assert rows[0] == rows[1]
    assert len(records(path)) == RUNS == len(rows[0])
    base = sqlite3.connect(path)
    ((kept, different),) = base.execute("select count(*), count(distinct key) from log").fetchall()
    base.close()
    assert kept == different == RUNS  # no run was made twice


def test_a_disk_that_fills_up_is_one_line_and_loses_nothing(tmp_path: Path, started: Started):
    path = tmp_path / "s.sqlite"
    process = sweep(started, tmp_path, limit=90_000)
    _, err = process.communicate()
    last = err.strip().splitlines()[-1]
    assert process.returncode == 2, err
    assert last.startswith("verify sweep: --store s.sqlite: the store cannot be used (")
    assert "Traceback" not in err
    kept = records(path)
    assert 0 < len(kept) < RUNS
    again = sweep(started, tmp_path)
    again.communicate()
    assert again.returncode == 0
    assert {key: value for key, value in records(path).items() if key in kept} == kept


def test_a_damaged_store_is_set_aside_and_said(tmp_path: Path):
    path, said = tmp_path / "s.sqlite", []
    damaged = b"SQLite format 3\0" + b"\xff" * 5000
    path.write_bytes(damaged)
    store = new(path, said=said)
    store.save("a", {"x": 1})
    store.close()
    assert (tmp_path / "s.sqlite.damaged-1").read_bytes() == damaged
    assert "set aside as" in said[0]
    path.write_bytes(damaged)
    new(path, said=said).close()
    assert (tmp_path / "s.sqlite.damaged-2").exists()
    assert len(said) == 2


def test_a_damaged_store_behind_a_link_is_set_aside_and_the_link_stays(tmp_path: Path):
    path, link, said = tmp_path / "a" / "s.sqlite", tmp_path / "link", []
    path.parent.mkdir()
    path.write_bytes(damaged := b"SQLite format 3\0" + b"\xff" * 5000)
    link.symlink_to(path)
    new(link, said=said).close()
    assert link.resolve() == path
    assert (tmp_path / "a" / "s.sqlite.damaged-1").read_bytes() == damaged
    assert new(path).finished(["a"]) == {}


def test_what_never_was_a_store_is_refused_and_left_alone(tmp_path: Path):
    """A user's own text was renamed, and another program's database was given our tables, and nothing was said."""
    notes, foreign = tmp_path / "notes.txt", tmp_path / "mine.sqlite"
    notes.write_text("mine\n")
    base = sqlite3.connect(foreign)
    base.executescript("create table mine (x integer); insert into mine values (7);")
    base.close()
    before = foreign.read_bytes()
    with pytest.raises(BadInput, match=r"^--store .*: what is there is not a SQLite file; it is left alone; nearest"):
        new(notes)
    with pytest.raises(BadInput, match=r"^--store .*: what is there is another program's database \(of mine\)"):
        new(foreign)
    assert notes.read_text() == "mine\n"
    assert foreign.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.sqlite", "notes.txt"]
    notes.write_bytes(b"")  # nothing to lose
    new(notes).close()


def test_a_record_that_is_none_is_made_again(tmp_path: Path):
    """Its hash matches, so only reading it finds the damage; it ended in a traceback."""
    said: list[str] = []

    def read(document: Any) -> dict[str, float]:
        if set(document) != {"x"}:
            raise ValueError(document)
        return {"x": document["x"] / 2}

    store = Store(tmp_path / "s.sqlite", "v1", read, said.append)
    for key, document in {"a": {"x": 1}, "b": {}, "d": {"x": "1"}}.items():
        store.save(key, document)
    assert store.finished("abd") == {"a": {"x": 0.5}}
    assert "2 damaged records" in said[0]
    assert store.claim("abd", 3) == ["b", "d"]
    store.close()


def _removed(path: Path) -> None:
    path.unlink()


def _written_over(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("something else")
    other.replace(path)


def _another(path: Path) -> None:
    path.unlink()
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    new(path).close()


@pytest.mark.parametrize("befalls", [_removed, _written_over, _another])
def test_what_a_store_lost_meanwhile_is_missing_from_it(tmp_path: Path, befalls: Callable[[Path], None]):
    path = tmp_path / "s.sqlite"
    store = new(path)
    for key in "abc":
        store.save(key, {"x": 1})
    assert missing_from(path, "v1", "abcd") == ["d"]  # also while it is open
    assert missing_from(path, "v2", "ab") == ["a", "b"]
    befalls(path)
    store.close()
    assert missing_from(path, "v1", "abc") == ["a", "b", "c"]


def test_a_torn_page_is_found(tmp_path: Path):
    path, said = tmp_path / "s.sqlite", []
    store = new(path)
    for k in range(200):
        store.save(f"key {k}", {"x": "y" * 200})
    store.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)
    new(path, said=said).close()
    assert "is damaged" in said[0]
    assert (tmp_path / "s.sqlite.damaged-1").exists()


def test_a_record_that_was_changed_is_made_again(tmp_path: Path):
    path, said = tmp_path / "s.sqlite", []
    store = new(path)
    store.save("a", {"worst": 1.0})
    store.save("b", {"worst": float("nan")})
    store.close()
    base = sqlite3.connect(path)
    base.execute("update runs_1 set record = replace(record, '1.0', '0.5')")
    base.commit()
    base.close()
    store = new(path, said=said)
    assert list(store.finished(["a", "b"])) == ["b"]
    assert "1 damaged record" in said[0]
    assert store.claim(["a", "b"], 2) == ["a"]


def test_another_version_keeps_its_own(tmp_path: Path):
    path = tmp_path / "s.sqlite"
    old, now = new(path, "v1"), new(path, "v2")
    old.save("a", {"x": 1})
    assert now.finished(["a"]) == {}
    assert now.claim(["a"], 1) == ["a"]
    now.save("a", {"x": 2})
    now.forget(["a"])
    assert old.finished(["a"]) == {"a": {"x": 1}}


def test_a_claim_holds_while_its_process_lives(tmp_path: Path):
    path = tmp_path / "s.sqlite"
    mine = new(path)
    claimed = "from verify.sweep.store import Store; from pathlib import Path; import time\n"
    claimed += (
        f"s = Store(Path({str(path)!r}), 'v1', dict, print); print(s.claim(['a', 'b'], 1), flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", claimed], env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "['a']\n"
    assert mine.claim(["a", "b"], 2) == ["b"]
    mine.release(["b"])
    other.kill()
    other.communicate()
    assert mine.claim(["a", "b"], 2) == ["a", "b"]


def test_a_folder_in_the_place_of_the_store_is_refused(tmp_path: Path):
    (tmp_path / "s.sqlite").mkdir()
    with pytest.raises(BadInput, match=r"^--store .*: the store cannot be used \(unable to open database file\)"):
        new(tmp_path / "s.sqlite")


def test_tables_of_another_program_are_refused_and_left_alone(tmp_path: Path):
    """A database that is not damaged but laid out otherwise, as by a version with other tables of the same names."""
    path = tmp_path / "s.sqlite"
    base = sqlite3.connect(path)
    base.executescript("create table runs_1 (key text, result text); insert into runs_1 values ('a', 'b');")
    base.close()
    store = new(path)
    with pytest.raises(BadInput, match=r"^--store .*: the store cannot be used \(no such column: version\)"):
        store.finished(["a"])
    store.close()
    base = sqlite3.connect(path)
    assert base.execute("select * from runs_1").fetchall() == [("a", "b")]
    base.close()
