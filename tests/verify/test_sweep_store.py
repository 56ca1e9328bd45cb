"""Finished runs survive kills, damage, other versions, other processes and a full disk."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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


def test_a_claim_of_nobody_is_free(tmp_path: Path):
    store = new(tmp_path / "s.sqlite")
    for key, owner in (("a", "garbage"), ("b", f"{socket.gethostname()}:x:y")):
        store._base.execute("insert into claims_1 values (?, 'v1', ?, ?)", [key, owner, time.time()])
    assert store.claim("ab", 2) == ["a", "b"]
    store.close()


def test_processes_that_open_a_new_store_at_once_wait_for_each_other(tmp_path: Path):
    """One was told that the database is locked: SQLite does not wait where the log is begun."""
    code = "import sys, threading; from pathlib import Path; from verify.sweep.store import Store\n"
    code += "print(flush=True); sys.stdin.readline()\n"
    code += "for k in range(20): Store(Path(f's{k}.sqlite'), 'v1', dict, print).close()"
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment, **options) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        process.stdout.readline()
    for process in both:
        assert process.stdin is not None
        print(file=process.stdin, flush=True)
    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], ends


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
