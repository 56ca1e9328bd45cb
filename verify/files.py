"""Files written whole or not at all, in folders that are known to be writable before the work starts."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from verify.errors import BadInput, one_line, quoted
from verify.interrupts import held_back

LARGEST_INPUT = 2**30  # bytes of a user's file
LONGEST_NAME = 120  # characters of a report's name
_LONGEST_FILE_NAME = LONGEST_NAME + 60  # with what figures, interrupted runs and half-written files add to it
_HASH_DIGITS = 10
_WRITABLE = "--out with a folder you may write to, or --no-report"


def report_name(parts: Sequence[str], besides: str = "") -> str:
    """A file name without suffix for settings told in `parts`, joined by dashes, each comma as `_`.

    Where that is longer than LONGEST_NAME, or where there is something `besides` that no part says, the name is cut and
    ends in a hash of all, so that different settings have different names.
    """
    name = "-".join(parts).replace(",", "_")
    if not besides and len(name) <= LONGEST_NAME:
        return name
    everything = "\0".join([*parts, besides]).encode("utf-8", "surrogateescape")
    return f"{name[: LONGEST_NAME - _HASH_DIGITS - 1]}-{hashlib.sha256(everything).hexdigest()[:_HASH_DIGITS]}"


def prepare_folder(folder: Path, option: str = "--out", nearest: str = _WRITABLE) -> Path:
    """Create `folder` if it is missing and prove by writing that files can be made in it, with names as long as any.

    Raises BadInput with the system's reason and the hint `nearest` otherwise. A permission bit is not trusted: it says
    nothing for a superuser or a read-only disk.
    """
    probe = folder / f".probe-{os.getpid()}".ljust(_LONGEST_FILE_NAME, "-")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except (OSError, ValueError) as error:
        raise _unwritable(f"{option} {quoted(str(folder))}", error, nearest) from error
    return folder


@contextmanager
def prepared(folder: Path, nearest: str = _WRITABLE) -> Iterator[None]:
    """`prepare_folder` for a while: folders that it made are taken away again where nothing was put into them."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        prepare_folder(folder, nearest=nearest)
        yield
    finally:
        with suppress(OSError):  # there by now, and not empty
            for each in missing:
                each.rmdir()


def prepare_file(path: Path, option: str, ending: str = "") -> Path:
    """Create the folder of `path` if it is missing and prove by writing that `path` can be made in it, with `ending`
    added to its name, and written by `write_whole`.  What is at `path` is left as it is.

    Raises BadInput with the system's reason otherwise.
    """
    try:
        file = path.resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        probe = _partial(file.with_name(file.name + ending))
        probe.write_bytes(b"")
        probe.unlink()
    except (OSError, ValueError) as error:
        nearest = f"{option} with a file in a folder that you may write to, under a name that is not too long"
        raise BadInput(f"{option} {quoted(str(path))}", f"cannot be written ({_reason(error)})", nearest) from error
    return path


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write `content` (text as UTF-8) to a hidden name beside `path`, flush it to disk, and rename it into place.

    A reader sees the old file or the new one, never a part; a failure leaves nothing behind and raises BadInput.  What
    a killed process left of the same file is removed.  A link to a file stays one, and the file that it names is
    replaced; what is no regular file (a device, a pipe, a folder) is refused, as the rename would put a file there.
    Returns `path` as it was given.
    """
    data = content.encode() if isinstance(content, str) else content
    refuse_in_the_way(path)
    file_itself = path.resolve()
    partial = _partial(file_itself)
    try:
        _remove_left_over(file_itself)
        _put(partial, data)
        partial.replace(file_itself)
    except OSError as error:
        raise _unwritable(f"writing {quoted(str(path))}", error) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def write_together(folder: Path, files: Mapping[str, bytes], stale: Collection[str], nearest: str = _WRITABLE) -> None:
    """Write files that belong together into `folder`, in the order given, and remove the `stale` ones.

    All are on the disk under hidden names before the first gets its own, and an interrupt waits until all have theirs.
    A failure before leaves the folder as it was; raises BadInput with the hint `nearest`.
    """
    partials = {name: _partial(folder / name) for name in files}
    try:
        for name, data in files.items():
            _remove_left_over(folder / name)
            _put(partials[name], data)
        with held_back():
            for name in stale:
                (folder / name).unlink(missing_ok=True)
            for name, partial in partials.items():
                partial.replace(folder / name)
    except OSError as error:
        raise _unwritable(f"writing {quoted(str(folder))}", error, nearest) from error
    finally:
        for partial in partials.values():
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def _put(partial: Path, data: bytes) -> None:
    """Write a file and flush it to disk."""
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _partial(path: Path) -> Path:
    """The hidden name under which a file is written before it is renamed."""
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def refuse_in_the_way(path: Path) -> None:
    """Raise BadInput where no file can be written at `path` because something else stands there."""
    if in_the_way(path):
        raise _unwritable(f"writing {quoted(str(path))}", ValueError("what is there is not a regular file"))


def in_the_way(path: Path) -> bool:
    """Whether something other than a regular file, or a link to one, stands at `path`."""
    return os.path.lexists(path) and not path.is_file()


def _remove_left_over(path: Path) -> None:
    """Half-written files of processes that are gone."""
    head, tail = f".{path.name}.", ".partial"
    for name in os.listdir(path.parent):
        pid = name.removeprefix(head).removesuffix(tail)
        if name == f"{head}{pid}{tail}" and pid.isdecimal() and not _lives(int(pid)):
            (path.parent / name).unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def cache_folder() -> Path:
    """Where what can be made again is kept between runs: a folder of the user's cache, which may not exist yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mamba-copy-verifier"


def read_input(path: str, option: str) -> bytes:
    """The bytes of a user's file. Raises BadInput when it is missing, unreadable, not a file, or empty."""
    given = f"{option}{quoted(path)}" if option.endswith(":") else f"{option} {quoted(path)}"
    if not path.isprintable():  # nor could the page name it
        raise BadInput(given, "the path holds characters that cannot be shown", "the path of a readable file")
    try:
        if not Path(path).is_file():  # a device or a pipe has no end that could be waited for
            raise BadInput(given, "there is no such regular file", "the path of a readable file")
        if Path(path).stat().st_size > LARGEST_INPUT:
            raise BadInput(given, f"the file is larger than {LARGEST_INPUT} bytes", "a smaller file")
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise BadInput(given, _reason(error), "the path of a readable file") from error
    if not data:
        raise BadInput(given, "the file is empty; at least one byte is needed", "a non-empty file")
    return data


def _unwritable(given: str, error: Exception, nearest: str = _WRITABLE) -> BadInput:
    return BadInput(given, f"cannot be written ({_reason(error)})", nearest)


def _reason(error: Exception) -> str:
    return one_line((error.strerror if isinstance(error, OSError) else None) or str(error))
