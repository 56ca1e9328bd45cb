"""What people see, on which stream, at which width."""

import io
import re
import sys
import threading
import time

import pytest

from verify import console as module
from verify.console import Console
from verify.table import Column, Table

WIDE = Table(
    "Thresholds",
    tuple(Column(f"column {k}", rank=k) for k in range(8)),
    (tuple(f"{k}.2345e+67" for k in range(8)), ("VACUOUS", *["1"] * 7)),
)


def draw(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str | None) -> str:
    if columns is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", columns)
    Console().table(WIDE)
    return capsys.readouterr().out


@pytest.mark.parametrize("columns", ["200", "100", "80", "40"])
def test_no_line_is_wider_than_the_screen_and_no_number_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str
):
    text = draw(monkeypatch, capsys, columns)
    lines = text.splitlines()
    shown = [k for k in range(8) if f"{k}.2345e+67" in text]
    assert max(map(len, lines)) <= int(columns)
    assert shown == list(range(len(shown)))
    assert len(shown) >= min(8, int(columns) // 15)
    assert ("no room here for:" in text) == (len(shown) < 8)
    assert (f"column {len(shown)}" in text.partition("no room here for:")[2]) == (len(shown) < 8)


STUBBORN = Table(
    "Rows that nothing may be left out of",
    (Column("module", right=False), *(Column(f"state entries {k}") for k in range(4)), Column("said", wraps=True)),
    (("ssm-linear", *(f"{k}{k}{k}{k}{k}{k}" for k in range(4)), "that it copies every value bit by bit at once"),),
)


@pytest.mark.parametrize("columns", ["200", "120", "90", "60", "30"])
def test_where_nothing_may_be_left_out_nothing_is_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str
):
    # Tables at 80 columns once had headers and cells cut ("state entri...", "13...").
    monkeypatch.setenv("COLUMNS", columns)
    Console().table(STUBBORN)
    lines = capsys.readouterr().out.splitlines()[1:]
    words = " ".join(lines).split()
    assert max(map(len, lines)) <= int(columns)
    assert all(words.count(cell) == 1 for cell in STUBBORN.rows[0][:-1])
    assert all(word in words for word in STUBBORN.rows[0][-1].split())
    assert words.count("entries") == 4
    assert "…" not in "".join(lines)


def test_headers_are_stacked_before_columns_are_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", "60")
    columns = tuple(Column(f"a rather long header {k}", rank=k) for k in range(4))
    Console().table(Table("", columns, (("1",) * 4,)))
    out = capsys.readouterr().out
    assert out.split().count("header") == 4
    assert "no room" not in out


def test_a_piped_table_is_whole_and_plain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    text = draw(monkeypatch, capsys, None)
    assert all(f"{k}.2345e+67" in text for k in range(8))
    assert "\x1b" not in text


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert re.search(r"\x1b\[33m *VACUOUS", draw(monkeypatch, capsys, "200"))


@pytest.mark.parametrize(("quiet", "json"), [(True, False), (False, True), (True, True)])
def test_stdout_holds_only_what_was_asked_for(capsys: pytest.CaptureFixture[str], quiet: bool, json: bool):
    console = Console(quiet, json)
    console.table(WIDE)
    console.paragraph("note")
    console.sentence("PROVED: it is so")
    console.say("a message")
    with console.progress("work", 2) as advance:
        advance(2)
    out, err = capsys.readouterr()
    assert out == ("" if json else "PROVED: it is so\n")
    assert err == ("" if quiet else "a message\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("seconds", [0.0, 2.0])
def test_a_bar_appears_once_the_work_is_slow(monkeypatch: pytest.MonkeyPatch, seconds: float):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    now = time.monotonic()
    times = iter([now])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(times, now + seconds))
    with Console().progress("rows", 10) as advance:
        advance(5)
    assert ("rows" in terminal.getvalue()) == (seconds > 1)


def test_a_bar_appears_though_the_first_step_takes_long(monkeypatch: pytest.MonkeyPatch):
    terminal, shown = Terminal(), threading.Event()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.0)
    drawn = module._LateBar._open
    monkeypatch.setattr(module._LateBar, "_open", lambda bar, stream: (drawn(bar, stream), shown.set())[0])
    with Console().progress("modules", 1):
        assert shown.wait(30)
    assert "modules" in terminal.getvalue()


def test_no_bar_where_stderr_is_not_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", -1.0)
    with Console().progress("rows", 10) as advance:
        advance(5)
    assert capsys.readouterr() == ("", "")
