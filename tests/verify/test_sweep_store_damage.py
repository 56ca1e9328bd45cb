"""What befalls a store's file: damage is found and set aside, other programs' files are left alone."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from verify.errors import BadInput
from verify.sweep.store import Store, missing_from


def new(path: Path, version: str = "v1", said: list[str] | None = None) -> Store[dict[str, Any]]:
    return Store(path, version, dict, ([] if said is None else said).append)


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


def test_a_byte_that_changed_anywhere_is_no_loss_but_of_what_it_was_in(tmp_path: Path):
    """Some ended in a traceback, others were refused for a disk without room: text that was no UTF-8, an owner that was
    no process.  Now the store is set aside, or refused as none of ours where the first page says so, or a record is
    made again.
    """
    path, spoilt, keys = tmp_path / "s.sqlite", tmp_path / "t.sqlite", ["key 0", "key 1", "key 2"]
    store = new(path)
    for key in keys:
        store.save(key, {"x": key})
    store.claim(["other"], 1)
    store.close()
    whole = path.read_bytes()
    written = [k for k in range(len(whole)) if whole[k]]
    told = [whole.find(text) for text in (b"create table", b"record text", b"key 1", b'{"x"', b"other")]
    refused, remade = [], 0
    for k in (*written[:: len(written) // 100], *told):
        spoilt.write_bytes(whole[:k] + bytes([whole[k] ^ 0x80]) + whole[k + 1 :])
        try:
            store = new(spoilt)
        except BadInput:
            refused.append(k)
            continue
        found = store.finished(keys)
        assert found == {key: {"x": key} for key in found}
        missing = [key for key in keys if key not in found]
        assert store.claim(keys, 3) == missing
        remade += bool(missing)
        store.save("key 0", {"x": "key 0"})
        store.close()
        assert missing_from(spoilt, "v1", ["key 0"]) == []
    assert max(refused) < 4096  # SQLite's first page, with the names of the tables
    assert remade > len(refused)


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
    with pytest.raises(
        BadInput, match=r"^--store .*: its table runs_1 has other columns than a store's; .* another name"
    ):
        new(path)
    base = sqlite3.connect(path)
    assert base.execute("select * from runs_1").fetchall() == [("a", "b")]
    base.close()
