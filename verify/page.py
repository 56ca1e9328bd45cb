"""A report page in Markdown: what was asked, what came out, how to make it again, what is trusted. No clock."""

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from verify.environment import line
from verify.notation import not_above, number
from verify.table import Column, Table
from verify.verdict import Check, Verdict, plain

_MARKS = re.compile(r"[*~]|<(?=[A-Za-z/!?])|(?<!\w)_")
_CHECK_COLUMNS = ("check", "claim", "verdict", "value", "bound")


class Page:
    """Collects the parts of one page in order, one method a kind of part; `text()` is the whole."""

    def __init__(self, title: str) -> None:
        self._parts = [f"# {title}"]

    def heading(self, text: str) -> None:
        """A section's heading."""
        self._parts.append(f"## {text}")

    def paragraph(self, text: str) -> None:
        """Markdown text as it stands."""
        self._parts.append(text)

    def bullets(self, items: Sequence[str]) -> None:
        """A list, one line an item; nothing for no items."""
        if items:
            self._parts.append("\n".join(f"- {item}" for item in items))

    def table(self, table: Table) -> None:
        """The table under its title in bold; numbers right-aligned, columns padded so that the source reads too."""
        title = [f"**{table.title}**", ""] if table.title else []
        self._parts.append("\n".join(title + _grid(table)))

    def code(self, text: str, language: str = "") -> None:
        """A block of code."""
        self._parts.append(f"```{language}\n{text}\n```")

    def figure(self, file: str, caption: str) -> None:
        """A picture that lies beside the page; the caption is also what a screen reader says."""
        self._parts.append(f"![{caption}]({file})\n\n*{caption}*")

    def checks(self, checks: Sequence[Check], significant: int = 6, evidence: Sequence[str] | None = None) -> None:
        """What was checked: a table, then the evidence of each, then the witness of what is refuted.

        evidence: sentences that stand for those of the checks, where many checks share one.
        """
        self.heading("What was checked")
        columns = tuple(Column(name, right=name in ("value", "bound")) for name in _CHECK_COLUMNS)
        rows = [
            (c.id, c.claim, c.verdict.value, shown(c.value, significant), shown(c.bound, significant)) for c in checks
        ]
        self.table(Table("", columns, tuple(rows)))
        each = [f"`{check.id}` ({check.speaks_of}): {check.evidence}." for check in checks]
        self.bullets(each if evidence is None else evidence)
        refuted = [check for check in checks if check.verdict is Verdict.REFUTED]
        if refuted:
            self.bullets([_refutation(check, significant) for check in refuted])

    def closing(self, command: str, environment: Mapping[str, str], trusted: Sequence[str]) -> None:
        """The end of every page: the command that makes it, where it was made, and what a reader has to trust."""
        self.heading("How to make this page again")
        self.code(command, "sh")
        self.paragraph(f"Made with {line(environment)}.")
        self.heading("What is trusted")
        self.bullets(trusted)

    def text(self) -> str:
        """The whole page, ending with one line break."""
        return "\n\n".join(self._parts) + "\n"


def _refutation(check: Check, significant: int) -> str:
    expected = ", as expected," if check.met else ""
    words = ", ".join(f"{name} = {_entry(name, value, significant)}" for name, value in (check.witness or {}).items())
    return f"`{check.id}` is refuted{expected} by {words}."


def _entry(name: str, value: Any, significant: int) -> str:
    """An entry of a witness; what is called `..._at_least` is a bound from below, and stays one as it is shown."""
    if name.endswith("_at_least") and isinstance(value, int | float | Fraction) and 0 < value < math.inf:
        return not_above(Fraction(value), significant)
    return shown(value, significant)


def literal(text: str) -> str:
    """`text` so that Markdown shows its stars, tildes, lines and angles instead of taking them for marks."""
    return _MARKS.sub(r"\\\g<0>", text)


def shown(value: Any, significant: int) -> str:
    """A value, a bound or the entry of a witness as text: numbers shortened, lists and mappings in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(entry, significant)}" for name, entry in value.items())
    if isinstance(value, (list, tuple)):
        return " to ".join(shown(entry, significant) for entry in value)
    return number(plain(value), significant)


def _grid(table: Table) -> list[str]:
    header = [_cell(column.header) for column in table.columns]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    widths = [max(3, *(len(cells[k]) for cells in (header, *rows))) for k in range(len(header))]
    rule = [
        "-" * (width - 1) + (":" if column.right else "-") for column, width in zip(table.columns, widths, strict=True)
    ]

    def draw(cells: list[str]) -> str:
        return "| " + " | ".join(_pad(*part) for part in zip(cells, widths, table.columns, strict=True)) + " |"

    return [draw(header), "|" + "|".join(f" {dashes} " for dashes in rule) + "|", *map(draw, rows)]


def _pad(cell: str, width: int, column: Column) -> str:
    return cell.rjust(width) if column.right else cell.ljust(width)


def _cell(text: str) -> str:
    """`text` so that it stays one cell: a bar would end it."""
    return text.replace("|", "\\|").replace("\n", " ")
