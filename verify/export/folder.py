"""What may lie in the folder of an export: its own files, and others as far as they change nothing.

A folder is ours as far as our certificate says so: a file that it names, with the SHA-256 that it states.  An export
replaces those and refuses to touch what else has one of these names; a check refuses what transformers would load
besides, and names what is not read.
"""

import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from verify.errors import BadInput, quoted
from verify.export.certificate import CERTIFICATE, SCHEMA
from verify.files import prepared, write_together

WEIGHTS, CONFIG, VOCABULARY = "model.safetensors", "config.json", "vocabulary.json"
NAMES = (CONFIG, WEIGHTS, VOCABULARY, CERTIFICATE)
LOADED_BESIDES = {
    "adapter_config.json": "transformers would add an adapter to the weights, where peft is installed",
    "generation_config.json": "transformers would generate as it says",
}
WRITABLE = "--out with a folder you may write to"


def fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of an export together, in the place of those of an earlier one.

    Raises BadInput where the folder cannot be written, or holds what `refuse_strangers` refuses.
    """
    refuse_strangers(folder)
    with prepared(folder, nearest=WRITABLE):
        write_together(folder, files, [name for name in NAMES if name not in files], nearest=WRITABLE)


def refuse_strangers(folder: Path) -> None:
    """Raises BadInput where the folder holds a file under one of our names that no export wrote, or one that
    transformers would load besides.
    """
    if (stranger := _stranger(folder)) is None:
        return
    allowed = f"{stranger} is there, and not as `verify export` wrote it; a new folder or one it wrote is allowed"
    raise BadInput(f"--out {quoted(str(folder))}", allowed, f"--out {as_typed(str(_free(folder)))}")


def refuse_others_writing(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raises BadInput where a file that was just written holds something else by now."""
    if wrong := [name for name, data in files.items() if _digest(folder / name) != hashlib.sha256(data).hexdigest()]:
        allowed = f"{wrong[0]} is not as it was written a moment ago: another process wrote there meanwhile"
        raise BadInput(f"--out {quoted(str(folder))}", allowed, f"--out {as_typed(str(_free(folder)))}")


def _stranger(folder: Path) -> str | None:
    """The first name of a file that is not ours, None where all are or none is there."""
    there = [name for name in NAMES if os.path.lexists(folder / name)]
    hashes = _stated(folder)
    ours = {name for name in there if name in hashes and _digest(folder / name) == hashes[name]}
    if hashes:
        ours |= {CERTIFICATE}
    strange = [*(name for name in there if name not in ours), *besides(folder)]
    return strange[0] if strange else None


def besides(folder: Path) -> list[str]:
    """The files there that transformers would load besides."""
    return [name for name in LOADED_BESIDES if os.path.lexists(folder / name)]


def unread(folder: Path) -> list[str]:
    """What else lies there, which nothing of an export reads; a folder's name ends in a slash."""
    others = [path for path in folder.iterdir() if path.name not in NAMES]
    return sorted(f"{path.name}/" if path.is_dir() else path.name for path in others)


def as_typed(path: str) -> str:
    """A folder as a shell reads it, which no command takes for an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def _stated(folder: Path) -> dict[str, str]:
    """The hashes that a certificate of ours states, none where there is no such certificate."""
    try:
        document = json.loads((folder / CERTIFICATE).read_text("utf-8"))
        hashes = document["files"] if document["schema"] == SCHEMA else {}
        return {str(name): str(digest) for name, digest in hashes.items()}
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return {}


def _digest(file: Path) -> str | None:
    try:
        with file.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError:
        return None


def _free(folder: Path) -> Path:
    """The first of folder-2, folder-3, ... that is not there."""
    beside, k = folder if folder.name.strip(".") else folder.resolve(), 2
    while os.path.lexists(place := beside.with_name(f"{beside.name}-{k}")):
        k += 1
    return place
