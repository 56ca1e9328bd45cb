"""The report of `verify check`: each construction in another implementation, beside ours and the oracle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.deliver import Report
from verify.export import words
from verify.export.additions import Addition, additions
from verify.export.attended import Attended, attended
from verify.export.carried import Carried, carried
from verify.export.extra import torch
from verify.export.folder import as_typed
from verify.export.foreign import FURTHER, MAMBA_SSM, TRANSFORMERS, Implementation, absent
from verify.export.neox import layered
from verify.export.settings import ExportSettings
from verify.notation import number
from verify.page import Page, literal
from verify.table import Column, Table
from verify.verdict import ESTABLISHED, Check, Result, Verdict

PAGE, WITH_KERNELS = "real-mamba", "real-mamba-cuda"  # the page of all that ship, and where mamba_ssm's kernels ran

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
        met = f"{sum(check.verdict in ESTABLISHED for check in one.checks)} of {len(one.checks)}"
        for verdict in (Verdict.VACUOUS, Verdict.SKIPPED, Verdict.UNDECIDED):
            count = sum(check.verdict is verdict for check in one.checks)
            met += f", {count} {verdict.value.lower()}" if count else ""
        rows.append((one.row["construction"], one.row["to"], *sizes, *errors, met))
    return Table("", columns, tuple(rows))


def page_of(name: str, result: Result, found: Sequence[Found]) -> Report:
    """The page."""
    page = Page("The constructions inside real Mamba code")
    page.paragraph(f"**{result.verdict.value}** ({result.verdict.sentence}): {result.headline}")
    if found:  # interrupted before the first was judged, no program ran
        page.heading("Theirs, ours, and the oracle")
        page.paragraph(words.READING)
        page.table(table_of(found))
        page.heading("The programs that ran")
        page.table(_programs())
        page.bullets(words.KINDS)
    for sentence in () if result.settings["folder"] is None else words.not_read(found[0].row["not_read"]):
        page.paragraph(literal(sentence))
    if result.settings["folder"] is None and not result.interrupted:
        if name == WITH_KERNELS:
            page.paragraph(words.ELSEWHERE)
        else:
            _of_all(page)
    page.checks(result.checks, evidence=_evidence(result.checks))
    folder = result.settings["folder"]
    command = "verify check" if folder is None else f"verify check {as_typed(folder)}"
    page.closing(command, result.environment, words.TRUSTED)
    return Report(name, page.text())


def _of_all(page: Page) -> None:
    """What is said once, not of each folder."""
    page.heading("Which of the paper's simplifications matter")
    page.paragraph(words.MATTERS)
    page.table(_additions(additions()))
    page.heading("Attention in PyTorch")
    page.paragraph(words.ATTENTION)
    alone = [attended(codes, N, "float32") for codes in ("binary", "circle") for N in (64, 1024)]
    page.table(_attention([*alone, *(layered(N) for N in (64, 1024))]))
    page.heading("How to load them")
    page.paragraph(words.LOADING)
    page.paragraph("A compiled program, which transformers runs by itself (`verify export dp`):")
    page.code(words.LOAD_LANGUAGE, "python")
    page.paragraph(words.VECTORS)
    page.code(words.LOAD_VECTORS, "python")
    page.paragraph(
        "The program in `mamba_ssm`, which needs a GPU and runs on past the end (`verify export dp --to mamba-ssm`):"
    )
    page.code(words.LOAD_MAMBA_SSM, "python")
    page.heading("What is carried, and what stands in the way")
    page.paragraph(words.CARRIED)
    page.table(_carried(carried()))
    page.bullets(words.IN_THE_WAY)


def _programs() -> Table:
    """Every implementation, whether it ran, and which checks are its own."""
    rows = [(TRANSFORMERS.name, TRANSFORMERS.words, "oracle, whole; tokens, logits", "yes")]
    rows += [("PyTorch", "a selective scan step by step (`verify/export/torch_scan.py`)", "torch", "yes")]
    for other in FURTHER:
        reason = absent(other)
        rows.append((other.name, other.words, other.name, f"yes{_where(other)}" if reason is None else f"no: {reason}"))
    rows += [("ours", "Eq. 1-3 in JAX (`constructions.run`, `constructions.generate`)", "ours", "yes")]
    return Table(
        "", tuple(Column(name, right=False) for name in ("program", "what it is", "checks", "ran")), tuple(rows)
    )


def _where(other: Implementation) -> str:
    """The device of the one that needs another than ours."""
    return f", on {torch().cuda.get_device_name()}" if other is MAMBA_SSM else ""


def _evidence(checks: Sequence[Check]) -> list[str]:
    """One sentence for each evidence, with the checks that share it."""
    shared: dict[str, list[str]] = {}
    for check in checks:
        shared.setdefault(check.evidence, []).append(check.id)
    return [f"{_listed(ids)}: {evidence}." for evidence, ids in shared.items()]


def _listed(ids: Sequence[str]) -> str:
    """Checks in words: by name those of one construction, by number those of many."""
    names = list(dict.fromkeys(each.split("/")[0] for each in ids))
    kinds = list(dict.fromkeys(each.split("/")[1] for each in ids))
    if len(names) == 1:
        return f"`{names[0]}`: {', '.join(kinds)}"
    return f"{len(ids)} checks of {len(names)} constructions ({', '.join(kinds)}; the first is `{ids[0]}`)"


def _carried(rows: Sequence[Carried]) -> Table:
    columns = (Column("problem", right=False), Column("theorem"), Column("n up to"), Column("obstacle", right=False))
    cells = [(row.problem, str(row.theorem), number(row.largest), row.obstacle or "none") for row in rows]
    return Table("", columns, tuple(cells))


def _additions(rows: Sequence[Addition]) -> Table:
    words_of = ("construction", "added", "undone by")
    numbers_of = ("left when undone", "error as it is", "wrong tokens")
    columns = (*(Column(name, right=False) for name in words_of), *(Column(name) for name in numbers_of))
    cells = [
        (
            *(f"`{a.construction}`", a.name, a.undone_by or "-", number(a.left, 2), number(a.as_is_error, 2)),
            "-" if a.wrong is None else f"{a.wrong[0]} of {a.wrong[1]}",
        )
        for a in rows
    ]
    return Table("", columns, tuple(cells))


def _attention(rows: Sequence[Attended]) -> Table:
    columns = (Column("codes", right=False), *(Column(n) for n in ("N", "theirs", "ours", "apart", "allowed")))
    cells = [
        (a.codes, str(a.N), *(number(x, 2) for x in (a.theirs_off, a.ours_off, a.apart, a.tolerance))) for a in rows
    ]
    return Table("", columns, tuple(cells))
