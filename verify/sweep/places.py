"""Where a sweep keeps its runs and writes its table: tried before the work, and no file in the place of another."""

import os
from collections.abc import Iterator
from pathlib import Path

from verify.errors import BadInput, quoted
from verify.files import prepare_file
from verify.sweep.settings import SweepSettings
from verify.sweep.store import COMPANIONS, LONGEST_ENDING, is_database

STORE = "sweep.sqlite"


def store_of(settings: SweepSettings, folder: Path | None) -> Path | None:
    """The store's file: the one named, else one in the report's folder; None without either."""
    return settings.store or (folder / STORE if folder is not None else None)


def prepare(settings: SweepSettings, folder: Path | None) -> None:
    """Prove that the store and the table can be written, each in a place of its own.

    Raises BadInput where a folder or a name does not allow it; where --csv or --store names what this sweep keeps or
    writes otherwise; and where --csv names any SQLite database, which may be the store of another sweep.
    """
    store, page = store_of(settings, folder), dict(_page(settings, folder))
    if settings.store is not None:
        _refuse_same("--store", settings.store, page)
        prepare_file(settings.store, "--store", LONGEST_ENDING)
    if settings.csv is not None:
        kept = dict(_kept(store)) if store is not None else {}
        _refuse_same("--csv", settings.csv, kept | page)
        if is_database(settings.csv):
            allowed = "what is there is a SQLite database, which the table would replace"
            raise BadInput(f"--csv {quoted(str(settings.csv))}", allowed, "--csv with another name")
        prepare_file(settings.csv, "--csv")


def _kept(store: Path) -> Iterator[tuple[Path, str]]:
    """The store's files, and their names for people."""
    yield store, "the store of this sweep"
    file = store.resolve()  # SQLite keeps its log beside the file that a link names
    for ending in COMPANIONS:
        yield file.with_name(file.name + ending), "the log of the store of this sweep"


def _page(settings: SweepSettings, folder: Path | None) -> Iterator[tuple[Path, str]]:
    if folder is not None:
        yield folder / f"{settings.name()}.md", "the page of this sweep"
        yield folder / f"{settings.name()}.png", "the figure of this sweep"


def _refuse_same(option: str, path: Path, others: dict[Path, str]) -> None:
    for other, called in others.items():
        if _same(path, other):
            raise BadInput(f"{option} {quoted(str(path))}", f"that is {called}", f"{option} with another name")


def _same(one: Path, other: Path) -> bool:
    """Whether both name one file, also by a link, or would once they are made."""
    if one.resolve() == other.resolve():
        return True
    return one.exists() and other.exists() and os.path.samefile(one, other)
