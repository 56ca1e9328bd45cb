"""What people see: tables on stdout, messages and progress on stderr, neither where it was not asked for."""

import os
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich import console as rich_console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from verify.table import Table

if TYPE_CHECKING:
    from rich.progress import Progress

_STYLES = {
    "PROVED": "green",
    "HELD": "green",
    "satisfiable": "green",
    "yes": "green",
    "VACUOUS": "yellow",
    "SKIPPED": "yellow",
    "UNDECIDED": "yellow",
    "REFUTED": "bold red",
    "no": "red",
}
_WIDTH_WHEN_PIPED = 200
_NARROWEST = 20  # no cell fits into less: narrower screens break the lines themselves
_PATIENCE_SECONDS = 1.0
_WORDS = 20  # characters that a column of words keeps on a narrow screen


class Console:
    """The two streams of one run.

    quiet: only warnings on stderr, and on stdout only what was asked for by itself (the JSON document, the sentence).
    json: stdout belongs to the document. Colours appear only on a terminal that takes them; a piped table is as wide as
    COLUMNS says, or 200.
    """

    def __init__(self, quiet: bool = False, json: bool = False) -> None:
        self.quiet = quiet
        self.json = json
        width = shutil.get_terminal_size((_WIDTH_WHEN_PIPED, 50)).columns
        self.width = max(width, _NARROWEST) if width > 0 else _WIDTH_WHEN_PIPED
        self._out = _Stream(file=sys.stdout, width=self.width, highlight=False)
        self._err = _Stream(file=sys.stderr, highlight=False)

    def table(self, table: Table) -> None:
        """Draw a table as wide as the screen allows: headers are stacked and words wrapped, then columns that may be
        left out are, and named below; where the rest has no room side by side either, each row is drawn downwards.
        """
        if self.quiet or self.json:
            return
        shown, left_out = self._fit(table)
        self.paragraph(table.title, "bold")
        if self._width(shown, narrow=True) > self.width:
            shown, left_out = table, []
            for row in table.rows:
                self._out.print(_record(table, row))
        else:
            self._out.print(_rich(shown, stacked=self._width(shown) > self.width))
        if left_out:
            self._out.print(Text(f"no room here for: {', '.join(left_out)} (see --json or the report)", style="dim"))

    def sentence(self, text: str) -> None:
        """The verdict in words; on stdout even when quiet, but never beside a JSON document."""
        if not self.json:
            self._out.print(Text(text), soft_wrap=not self._out.is_terminal)

    def document(self, text: str) -> None:
        """The JSON document, byte for byte."""
        try:
            self._out.file.write(text)
            self._out.file.flush()
        except BrokenPipeError:
            self._out.on_broken_pipe()

    def paragraph(self, text: str, style: str = "") -> None:
        """Words that go with a table on stdout; only a terminal gets them broken into lines."""
        if text and not (self.quiet or self.json):
            self._out.print(Text(text, style=style), soft_wrap=not self._out.is_terminal)

    def say(self, text: str) -> None:
        """A message on stderr."""
        if not self.quiet:
            self._err.print(Text(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """A message on stderr that --quiet does not silence: something of the user's was moved or thrown away."""
        self._err.print(Text(text), soft_wrap=True)

    @contextmanager
    def progress(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """Yield `advance(steps)`. A bar with an estimate appears after a second of work, on a terminal only."""
        bar = _LateBar(None if self.quiet or not self._err.is_terminal else self._err, description, total)
        try:
            yield bar.advance
        finally:
            bar.close()

    def _fit(self, table: Table) -> tuple[Table, list[str]]:
        """The table with the columns that have room once headers are stacked and words wrapped, and those left out."""
        left_out: list[str] = []
        while self._width(table, narrow=True) > self.width and (index := table.most_expendable()) is not None:
            left_out.insert(0, table.columns[index].header)
            table = table.without(index)
        return table, left_out

    def _width(self, table: Table, narrow: bool = False) -> int:
        """Characters that a table takes, drawn on single lines or as narrow as it can be."""
        unlimited = self._out.options.update(max_width=10_000)
        return Measurement.get(self._out, unlimited, _rich(table, narrow, _WORDS if narrow else None)).maximum


class _Stream(rich_console.Console):
    """A stream whose reader may go away (`verify ... | head`): the rest is dropped, the run and its exit code go on."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


class _LateBar:
    """A progress bar that is neither drawn nor imported unless the work, or a single step of it, turns out to be slow:
    a timer draws it where nobody advances.
    """

    def __init__(self, console: rich_console.Console | None, description: str, total: int) -> None:
        self._console, self._description, self._total = console, description, total
        self._done = 0
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._closed = False
        self._opening = threading.Lock()
        self._timer = threading.Timer(_PATIENCE_SECONDS, self._show)
        self._timer.daemon = True
        if console is not None:
            self._timer.start()

    def advance(self, steps: int) -> None:
        self._done += steps
        if self._console is None:
            return
        if time.monotonic() - self._started > _PATIENCE_SECONDS:
            self._show()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done)

    def close(self) -> None:
        self._timer.cancel()
        with self._opening:
            self._closed = True
            if self._bar is not None:
                self._bar.stop()

    def _show(self) -> None:
        with self._opening:
            if self._console is not None and self._bar is None and not self._closed:
                self._bar = self._open(self._console)

    def _open(self, console: rich_console.Console) -> "Progress":
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        times = (TimeElapsedColumn(), TextColumn("done in"), TimeRemainingColumn())
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *times)
        bar = Progress(*columns, console=console, transient=True)
        bar.add_task(self._description, total=self._total, completed=self._done)
        bar.start()
        return bar


def _rich(table: Table, stacked: bool = False, words: int | None = None) -> RichTable:
    """Drawn side by side; stacked: headers over several lines; words: how wide columns of words may be at most."""
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for k, column in enumerate(table.columns):
        widest = max((len(row[k]) for row in table.rows), default=0)
        header = _stacked(column.header, widest) if stacked else column.header
        justify = "right" if column.right else "left"
        widest_words = words if column.wraps else None
        long = "fold" if column.wraps else "ellipsis"
        drawn.add_column(Text(header), justify=justify, no_wrap=not column.wraps, max_width=widest_words, overflow=long)
    for row in table.rows:
        drawn.add_row(*map(_cell, row))
    return drawn


def _record(table: Table, row: tuple[str, ...]) -> RichTable:
    """One row drawn downwards: every header with its cell beside it."""
    drawn = RichTable(box=None, show_header=False, pad_edge=False)
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for column, cell in zip(table.columns, row, strict=True):
        drawn.add_row(Text(column.header, style="dim"), _cell(cell))
    drawn.add_row("", "")
    return drawn


def _cell(text: str) -> Text:
    return Text(text, style=_STYLES.get(text, ""))


def _stacked(header: str, widest: int) -> str:
    """A header in lines no wider than its cells, where its words allow that."""
    room = max(widest, *map(len, header.split()), 1)
    return "\n".join(textwrap.wrap(header, room, break_long_words=False, break_on_hyphens=False))
