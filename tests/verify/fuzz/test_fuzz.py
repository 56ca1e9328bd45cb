"""Whatever is typed ends with exit code 0, 1, 2 or 3, in words, with whole files alone.

Most lines run no command to its end: a stand-in takes its place once everything typed is read, and its page is written.
`-m long` types 2000 of those, and 100 lines of the smallest sizes that are carried out: these cost about a second of
computing each, most of it compilation, so more of them would add minutes and no other kind of line.
"""

import json
import shlex
import sqlite3
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.cli import app, main
from verify.errors import BadInput

COMMANDS = typer.main.get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
CODES = {0, 1, 2, 3}


def typed(words: list[str]) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()


def mended(words: list[str], complaint: str) -> list[str] | None:
    """The line after the hint is followed; None where it names no option, or says in words what is wanted."""
    given, _, hint = complaint.rpartition("; nearest that works: ")
    if hint.startswith("verify "):
        return hint.split()[1:]
    option, _, text = hint.removeprefix("leave out ").partition(" ")
    if not option.startswith("--") or text.startswith("with "):
        return None
    if "No such option: " in given:
        return [option if word == given.partition("No such option: ")[2].partition(";")[0] else word for word in words]
    at = [k for k, word in enumerate(words) if word == option and k > 0]
    if hint.startswith("leave out "):
        drop = {k + step for k in at for step in range(1 if _is_flag(words[0], option) else 2)}
        return [word for k, word in enumerate(words) if k not in drop]
    named = given.replace(":", " ").split()
    kept = [word for word in words if not (_is_flag(words[0], word) and word in named)]
    at = [k for k, word in enumerate(kept) if word == option and k > 0]
    return [*kept[: at[-1] + 1], text, *kept[at[-1] + 2 :]] if at else [*kept, option, text]


def _is_flag(command: str, word: str) -> bool:
    return any(
        p.param_type_name == "option" and p.is_flag and word in (*p.opts, *p.secondary_opts)
        for p in COMMANDS[command].params
    )


def whole(folder: Path) -> None:
    """No file is half written, as far as its kind tells."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert ".partial" not in path.name
        data = path.read_bytes()
        if path.suffix in (".md", ".csv", ".json"):
            assert data.endswith(b"\n"), path
        if path.suffix == ".json":
            json.loads(data)
        if path.suffix == ".png":
            assert data.endswith(b"IEND\xaeB`\x82"), path
        if path.suffix == ".sqlite":
            with sqlite3.connect(path) as base:
                assert base.execute("pragma integrity_check").fetchone() == ("ok",)


def flags(words: list[str]) -> set[str]:
    """The words that are no option's text."""
    taken = {k + 1 for k, word in enumerate(words) if word.startswith("--") and not _is_flag(words[0], word)}
    return {word for k, word in enumerate(words) if k not in taken}


def obeyed(words: list[str], folder: Path) -> int:
    """Type the line; assert what holds of every line; return its exit code."""
    code, out, err = typed(words)
    assert code in CODES, words
    assert "Traceback" not in out + err, words
    if code == 2:
        *before, last = err.splitlines()
        assert last.startswith("verify"), words
        assert not before, (words, err)
    elif "--help" not in words and "--json" in flags(words):
        json.loads(out)
    whole(folder)
    return code


def followed(words: list[str]) -> None:
    """Type the line, and follow hints until none is given: no complaint comes twice."""
    heard: set[str] = set()
    code, _, err = typed(words)
    while code == 2:
        complaint = err.strip()
        assert complaint not in heard, (words, complaint)
        heard.add(complaint)
        better = mended(words, complaint)
        if better is None:
            return
        words = better
        code, _, err = typed(words)


def any_line(words: list[str], place: Any) -> None:
    place.asked.clear()
    if obeyed(words, place.folder) == 0 and place.asked and place.asked[0]:
        again = shlex.split(place.asked[0])[1:]  # the command that a page names asks the same
        assert obeyed([*again, "--no-report"], place.folder) == 0
        assert place.asked[0] == place.asked[-1]
    followed(words)


Lines = st.SearchStrategy[list[str]]


@pytest.mark.parametrize("count", [120, pytest.param(2_000, marks=pytest.mark.long)])
def test_whatever_is_typed_ends_in_words(place: Any, wild_lines: Lines, count: int):
    """Read, refused or delivered; hints are followed, and the command that a page names is typed again."""
    assert _search(lambda words: any_line(words, place), wild_lines, count) >= count


@pytest.mark.parametrize("count", [4, pytest.param(100, marks=pytest.mark.long)])
def test_lines_that_are_carried_out_end_in_words(filled: Path, small_lines: Lines, count: int):
    assert _search(lambda words: obeyed(words, filled), small_lines, count) >= count


def _search(holds: Callable[[list[str]], object], lines: Lines, count: int) -> int:
    """How many lines were typed, of each of which it holds.  Raises AssertionError for one of which it does not."""
    typed_lines: list[list[str]] = []

    @settings(max_examples=count)
    @given(words=lines)
    def search(words: list[str]) -> None:
        holds(words)
        typed_lines.append(words)

    search()
    return len(typed_lines)


def test_a_command_that_raises_is_seen(place: Any):
    raising = patch("verify.bounds.command.run", side_effect=ZeroDivisionError("division by zero"))
    with raising, pytest.raises(ZeroDivisionError):
        any_line(["bounds", "--a-min", "0.5"], place)
    any_line(["bounds", "--a-min", "0.5"], place)


def test_a_file_that_is_cut_off_is_seen(place: Any):
    for name in ("page.md", "figure.png", "rows.csv", ".page.md.1.partial"):
        (place.folder / name).write_bytes(b"\x89PNG but not all")
        with pytest.raises(AssertionError):
            any_line(["bounds"], place)
        (place.folder / name).unlink()


def test_a_hint_that_is_refused_is_seen(place: Any):
    def refuses(*_: object) -> None:
        raise BadInput("--L 3", "L is even", "--L 5")

    with patch("verify.bounds.settings._check_size", refuses), pytest.raises(AssertionError, match="L is even"):
        any_line(["bounds", "--L", "3"], place)


def test_a_second_line_of_complaint_is_seen(place: Any):
    with patch("verify.errors.one_line", str), patch("verify.cli.one_line", str), pytest.raises(AssertionError):
        any_line(["bounds", "--L", "a\nb"], place)
