"""The report of `verify check`: each construction in another implementation, beside ours and the oracle."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.deliver import Report
from verify.export import words
from verify.export.additions import Addition, additions
from verify.export.attended import Attended, attended
from verify.export.settings import ExportSettings
from verify.notation import number
from verify.page import Page
from verify.table import Column, Table
from verify.verdict import Check, Result

_HEADERS = ("construction", "to", "layers", "stream", "channels", "d_state", "rank", "parameters", "not 0")
_ERRORS = ("stated", "theirs", "ours", "apart", "allowed")
_FIELDS = ("layers", "stream", "channels", "d_state", "time_step_rank", "parameters", "nonzeros")
_MEASURED = ("stated_error", "theirs_off", "ours_off", "apart", "tolerance")


@dataclass(frozen=True)
class Found:
    """One folder judged."""

    settings: ExportSettings
    checks: Sequence[Check]
    row: Mapping[str, Any]

    @property
    def called(self) -> str:
        """Its name in file names."""
        return self.settings.called()


def table_of(found: Sequence[Found]) -> Table:
    """One row a construction."""
    ranks = (0, 1, 2, 3, 2, 2, 3, 1, 3)
    columns = tuple(
        Column(name, right=k > 1, rank=rank) for k, (name, rank) in enumerate(zip(_HEADERS, ranks, strict=True))
    )
    columns = (*columns, *(Column(name) for name in _ERRORS), Column("checks"))
    rows = []
    for one in found:
        sizes = [number(one.row[name]) for name in _FIELDS]
        errors = [number(one.row[name], 2) for name in _MEASURED]
        met = f"{sum(check.met for check in one.checks)} of {len(one.checks)}"
        rows.append((one.row["construction"], one.row["to"], *sizes, *errors, met))
    return Table("", columns, tuple(rows))


def page_of(name: str, result: Result, found: Sequence[Found]) -> Report:
    """The page."""
    page = Page("The constructions inside real Mamba code")
    page.paragraph(f"**{result.verdict.value}** ({result.verdict.sentence}): {result.headline}")
    page.heading("Theirs, ours, and the oracle")
    page.paragraph(words.READING)
    page.table(table_of(found))
    if result.settings["folder"] is None and not result.interrupted:
        _of_all(page)
    page.checks(result.checks)
    folder = result.settings["folder"]
    command = "verify check" if folder is None else f"verify check {shlex.quote(folder)}"
    page.closing(command, result.environment, words.TRUSTED)
    return Report(name, page.text())


def _of_all(page: Page) -> None:
    """What is said once, not of each folder."""
    page.heading("Which of the paper's simplifications matter")
    page.paragraph(words.MATTERS)
    page.table(_additions(additions()))
    page.heading("Attention in PyTorch")
    page.paragraph(words.ATTENTION)
    page.table(_attention([attended(codes, N, "float32") for codes in ("binary", "circle") for N in (64, 1024)]))
    page.heading("How to load them")
    page.paragraph("A compiled program, which transformers runs by itself (`verify export dp`):")
    page.code(words.LOAD_LANGUAGE, "python")
    page.paragraph("A memory, whose inputs are vectors (`verify export copy`):")
    page.code(words.LOAD_VECTORS, "python")
    page.paragraph("In `mamba_ssm` (`verify export copy --N 64 --layout d_state=1 --to mamba-ssm`):")
    page.code(words.LOAD_MAMBA_SSM, "python")
    page.heading("What stands in the way")
    page.bullets(words.IN_THE_WAY)


def _additions(rows: Sequence[Addition]) -> Table:
    columns = (
        Column("added", right=False),
        Column("undone by", right=False),
        Column("error"),
        Column("error if ignored"),
    )
    cells = [(a.name, a.neutralised, number(a.kept_error, 2), number(a.as_is_error, 2)) for a in rows]
    return Table("", columns, tuple(cells))


def _attention(rows: Sequence[Attended]) -> Table:
    columns = (Column("codes", right=False), *(Column(n) for n in ("N", "theirs", "ours", "apart", "allowed")))
    cells = [
        (a.codes, str(a.N), *(number(x, 2) for x in (a.theirs_off, a.ours_off, a.apart, a.tolerance))) for a in rows
    ]
    return Table("", columns, tuple(cells))
