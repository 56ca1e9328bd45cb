"""Finished runs in a SQLite file: one row a run, keyed by its settings and by the version of the code that made it.

Each run is one transaction of a write-ahead log, so a process killed at any moment leaves whole rows alone.  (After a
power failure the last rows may be missing, none is damaged.)  Processes that share a store take runs in turn: a claim
is a row too, and the claim of a process that is gone is free.  Every record is kept with a hash; one that does not
match it, or that cannot be read, is forgotten and made again.  A file that SQLite finds damaged is renamed and a new
one begun; what never was a store (another kind of file, the database of another program) is refused and left alone.
"""

import hashlib
import json
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from verify.errors import BadInput, one_line, quoted

Kept = TypeVar("Kept")

PATIENCE_SECONDS = 30.0  # for another process's transaction
WAIT_SECONDS = 0.02  # between two tries to begin the log
FORSAKEN_SECONDS = 3600.0  # a claim from another host, whose processes cannot be seen, is free after this long
COMPANIONS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside its file
LONGEST_ENDING = ".damaged-999999-wal"
_HEADER = b"SQLite format 3\0"
_COLUMNS = {"runs_1": ("key", "version", "record", "hash"), "claims_1": ("key", "version", "owner", "since")}
_TABLES = """
create table if not exists runs_1 (key text, version text, record text not null, hash text not null,
                                   primary key (key, version));
create table if not exists claims_1 (key text, version text, owner text not null, since real not null,
                                     primary key (key, version));
"""


class Store(Generic[Kept]):
    """Records by key, for one version of the code.  path: None keeps them in memory, for this process alone.

    read: makes of the document that was saved what `finished` hands out; raises ValueError or TypeError for a document
    that nobody saved.  say: told in one line what was set aside or forgotten.  Raises BadInput where the file cannot be
    opened or written, and where it is no store.
    """

    def __init__(
        self, path: Path | None, version: str, read: Callable[[Any], Kept], say: Callable[[str], None]
    ) -> None:
        self.path, self._version, self._read, self._say = path, version, read, say
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{_born(os.getpid())}"
        with self._refusing():
            self._base = self._opened()

    def finished(self, keys: Iterable[str]) -> dict[str, Kept]:
        """The records there are of those keys."""
        wanted, found = set(keys), {}
        with self._refusing():
            there = [key for (key,) in self._select("select key from runs_1 where version = ?") if key in wanted]
            for key in there:
                query = "select record, hash from runs_1 where version = ? and key = ?"
                for record, hashed in self._base.execute(query, [self._version, key]):
                    with suppress(ValueError, TypeError):
                        if isinstance(record, str) and _hash(record) == hashed:
                            found[key] = self._read(json.loads(record))
            damaged = [key for key in there if key not in found]
            if damaged:
                self._say(f"store: {len(damaged)} damaged records in {self.path}; their runs are made again")
                self._forget(damaged)
        return found

    def claim(self, keys: Sequence[str], most: int) -> list[str]:
        """The first `most` of the keys that nobody has finished or works on, now claimed by this process."""
        claimed: list[str] = []
        with self._refusing(), self._transaction():
            done = {key for (key,) in self._select("select key from runs_1 where version = ?")}
            claims = self._select("select key, owner, since from claims_1 where version = ?")
            held = {key for key, owner, since in claims if self._is_held(owner, since)}
            for key in keys:
                if len(claimed) == most:
                    break
                if key not in done and key not in held:
                    self._base.execute(
                        "insert or replace into claims_1 values (?, ?, ?, ?)",
                        [key, self._version, self._owner, time.time()],
                    )
                    claimed.append(key)
        return claimed

    def save(self, key: str, record: dict[str, Any]) -> None:
        """Keep a finished run; its claim ends."""
        text = json.dumps(record)
        with self._refusing(), self._transaction():
            row = [key, self._version, text, _hash(text)]
            self._base.execute("insert or replace into runs_1 values (?, ?, ?, ?)", row)
            self._base.execute("delete from claims_1 where key = ? and version = ?", [key, self._version])

    def release(self, keys: Iterable[str]) -> None:
        """Give up claims of this process; a store that cannot be written keeps them until the process is gone."""
        with suppress(sqlite3.Error), self._transaction():
            for key in keys:
                row = [key, self._version, self._owner]
                self._base.execute("delete from claims_1 where key = ? and version = ? and owner = ?", row)

    def forget(self, keys: Iterable[str]) -> None:
        """Remove the records of those keys, to begin afresh."""
        with self._refusing():
            self._forget(keys)

    def close(self) -> None:
        """End the connection; what is saved stays."""
        self._base.close()

    def _forget(self, keys: Iterable[str]) -> None:
        with self._transaction():
            self._base.executemany(
                "delete from runs_1 where key = ? and version = ?", [(key, self._version) for key in keys]
            )

    def _select(self, query: str) -> list[tuple]:
        return self._base.execute(query, [self._version]).fetchall()

    def _is_held(self, owner: str, since: float) -> bool:
        """Whether a claim's owner is another process that still lives, as far as can be seen from here."""
        if not (isinstance(owner, str) and owner.count(":") >= 2 and isinstance(since, float)):  # nobody wrote that
            return False
        if owner == self._owner:
            return False
        host, pid, born = owner.rsplit(":", 2)
        if host != socket.gethostname():
            return time.time() - since < FORSAKEN_SECONDS
        return pid.isdecimal() and _born(int(pid)) == born != ""

    def _opened(self) -> sqlite3.Connection:
        if self.path is None:
            return _connect(":memory:")
        if self.path.is_file() and self.path.stat().st_size > 0 and not is_database(self.path):
            raise self._no_store("what is there is not a SQLite file; it is left alone")
        try:
            return _connect(str(self.path))
        except sqlite3.OperationalError:  # missing, locked, read-only, full: nothing wrong with the file
            raise
        except sqlite3.DatabaseError as error:
            aside = _set_aside(self.path.resolve())
            self._say(f"store: {self.path} is damaged ({one_line(str(error))}); set aside as {aside}, a new one begun")
            return _connect(str(self.path))

    def _no_store(self, why: str) -> BadInput:
        return BadInput(f"--store {quoted(str(self.path))}", why, "--store with another name")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._base.execute("begin immediate")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._base.execute("rollback")
            raise
        self._base.execute("commit")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Trouble with the file as one line; what was saved before stays saved."""
        try:
            yield
        except _Foreign as error:
            raise self._no_store(str(error)) from error
        except (sqlite3.Error, OSError) as error:
            allowed = f"the store cannot be used ({one_line(str(error))}); every run finished before is kept"
            nearest = "--store with a file in a folder that you may write to, on a disk with room"
            raise BadInput(f"--store {quoted(str(self.path))}", allowed, nearest) from error


class _Foreign(Exception):
    """A database of another program."""


def is_database(path: Path) -> bool:
    """Whether a file begins as SQLite's do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def missing_from(path: Path, version: str, keys: Iterable[str]) -> list[str]:
    """Those of the keys of which a fresh look at the file finds no record; all where it is gone or is no store."""
    keys = list(keys)
    if not is_database(path):  # though a log beside it may still hold them
        return keys
    try:
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=PATIENCE_SECONDS)
    except sqlite3.Error:
        return keys
    base.text_factory = _as_text
    try:
        there = {key for (key,) in base.execute("select key from runs_1 where version = ?", [version])}
    except sqlite3.Error:
        return keys
    finally:
        base.close()
    return [key for key in keys if key not in there]


def _connect(path: str) -> sqlite3.Connection:
    """An open, checked store.  Raises sqlite3.DatabaseError for a damaged file, OperationalError for one that cannot be
    opened.  Raises _Foreign for the database of another program, which is not changed.

    SQLite waits for another process's transaction, but not for one that is about to begin the log: that is tried again.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _connected(path)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(WAIT_SECONDS)


def _connected(path: str) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)
    base.text_factory = _as_text
    try:
        tables = [name for (name,) in base.execute("select name from sqlite_master where type = 'table'")]
        if tables and "runs_1" not in tables:
            raise _Foreign(
                f"what is there is another program's database (of {one_line(str(tables[0]))}); it is left alone"
            )
        for name, columns in _COLUMNS.items():
            if name in tables and columns != tuple(row[1] for row in base.execute(f"pragma table_info({name})")):
                raise _Foreign(f"its table {name} has other columns than a store's; it is left alone")
        base.execute("pragma journal_mode = wal")
        base.execute("pragma synchronous = normal")
        (state,) = base.execute("pragma integrity_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(state)
        base.executescript(_TABLES)
        base.executescript("begin; insert into claims_1 values ('', '', '', 0); rollback")  # it can be written
    except UnicodeDecodeError as error:  # raised in the place of an error that quotes what is there
        base.close()
        raise sqlite3.DatabaseError("its layout is no text") from error
    except BaseException:
        base.close()
        raise
    return base


def _as_text(found: bytes) -> str:
    """What no longer is UTF-8 is damaged, and is no key, record or hash of ours then."""
    return found.decode(errors="replace")


def _set_aside(path: Path) -> Path:
    """Rename a damaged store, with the files of its log, to a name that is free."""
    aside = next(free for k in range(1, 10**6) if not (free := path.with_name(f"{path.name}.damaged-{k}")).exists())
    for suffix in COMPANIONS:
        with suppress(OSError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return path.rename(aside)


def _born(pid: int) -> str:
    """When a process of this host began, so that a number given out again is told apart; empty for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except OSError:
        return _answers(pid)


def _answers(pid: int) -> str:
    """The same where there is no /proc: only whether it lives."""
    if Path("/proc/self").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "there"
    return "there"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
