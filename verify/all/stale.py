"""The committed pages against those made just now."""

from collections.abc import Mapping
from pathlib import Path

from verify.verdict import Check, decided

_MADE_WITH = "Made with "
PICTURE = ".png"


def stale(files: Mapping[str, bytes], folder: Path) -> list[str]:
    """The names of the files below `folder` that are missing or differ.

    A page made with other versions of the packages is compared without the line that names them, and a picture then
    only has to be there: its bytes depend on them.
    """
    same_versions = all(
        _made_with(content) == _made_with(_read(folder / name))
        for name, content in files.items()
        if not name.endswith(PICTURE)
    )
    return [name for name, content in files.items() if _differs(name, content, folder / name, same_versions)]


def stale_check(files: Mapping[str, bytes], folder: Path) -> Check:
    """PROVED if nothing is stale; else REFUTED with the names."""
    found = stale(files, folder)
    witness = {"stale": ", ".join(found), "made again by": "verify all"}
    return Check(
        "all/reports",
        "reports",
        decided(not found),
        len(files) - len(found),
        len(files),
        f"every page and picture made again and compared with those below {folder.as_posix()}; value: how many agree",
        witness if found else None,
        "the files of the reports",
    )


def _differs(name: str, content: bytes, path: Path, same_versions: bool) -> bool:
    there = _read(path)
    if there is None:
        return True
    if name.endswith(PICTURE):
        return same_versions and there != content
    return _without(there) != _without(content)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode("utf-8", "replace").splitlines()


def _made_with(content: bytes | None) -> list[str]:
    return [line for line in _lines(content) if line.startswith(_MADE_WITH)]


def _without(content: bytes) -> list[str]:
    return [line for line in _lines(content) if not line.startswith(_MADE_WITH)]
