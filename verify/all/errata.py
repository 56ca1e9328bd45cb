"""reports/errata.md: every misprint and gap of the paper with its smallest correction, in the paper's order."""

from collections.abc import Mapping, Sequence

from verify.all.misprints import MISPRINTS, Misprint
from verify.all.row import ended, link
from verify.claims.decided import Decided
from verify.claims.short import SHORT
from verify.page import Page, literal
from verify.table import Column, Table
from verify.verdict import Verdict

_OPENING = (
    "Statements that do not hold as printed, with the nearest true one, each decided by the row that it links to; then "
    "misprints that no verdict is needed for. A correction is the smallest that we know."
)


def errata(rows: Sequence[Decided], environment: Mapping[str, str]) -> str:
    """The text of the page."""
    page = Page("Errata: misprints and gaps, with the smallest correction of each")
    page.paragraph(_OPENING)
    page.heading("Statements that do not hold as printed")
    for row in rows:
        if row.decision.verdict is Verdict.REFUTED:
            page.paragraph(_corrected(row))
    qualified = [_qualified(row) for row in rows if _needs_more(row)]
    if qualified:
        page.heading("Statements that hold, or say nothing, and should say more")
        page.bullets(qualified)
    page.heading("Misprints")
    page.table(_misprints(MISPRINTS))
    page.closing("verify all", environment, ("[What is trusted](trust.md), part by part.",))
    return page.text()


def _corrected(row: Decided) -> str:
    repair = row.decision.repaired
    correction = "none is known" if repair is None else literal(ended(repair.statement))
    verdict = "" if row.decision.repaired_verdict is None else f" ({row.decision.repaired_verdict.value})"
    return "\n".join(
        (
            f"- [{row.claim.id}]({link(row.claim)}), {row.claim.where}: {literal(SHORT[row.claim.id])}",
            f"  - printed: {literal(ended(row.claim.statement))}",
            f"  - correction{verdict}: {correction}",
            f"  - what depends on it: {literal(ended(row.decision.later))}",
        )
    )


def _needs_more(row: Decided) -> bool:
    return row.decision.verdict is not Verdict.REFUTED and row.decision.repaired is not None


def _qualified(row: Decided) -> str:
    repair = row.decision.repaired
    assert repair is not None
    place = f"[{row.claim.id}]({link(row.claim)}), {row.claim.where}"
    return f"{place} ({row.decision.verdict.value}): {literal(ended(repair.statement))}"


def _misprints(misprints: Sequence[Misprint]) -> Table:
    columns = tuple(Column(name, right=False) for name in ("where", "printed", "read", "row"))
    return Table(
        "", columns, tuple(tuple(map(literal, (each.where, each.printed, each.read, each.row))) for each in misprints)
    )
