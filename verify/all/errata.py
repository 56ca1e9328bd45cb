"""reports/errata.md: every misprint and gap of the paper with its smallest correction, in the paper's order."""

from collections.abc import Mapping, Sequence

from verify.all.misprints import MISPRINTS, Misprint
from verify.all.row import ended, link
from verify.claims.decided import Decided
from verify.claims.ledger import claim_of
from verify.claims.short import SHORT
from verify.page import Page, literal
from verify.table import Column, Table
from verify.verdict import Verdict

_MISPRINTS = (
    "In the order of the paper; slips of spelling and grammar are left out. The paper was read as text made from its "
    "pages: what is marked (?) may have come about on that way."
)
_OPENING = (
    "Statements that do not hold as printed, with the nearest true one, each decided by the row that it links to; then "
    "misprints and small gaps that no verdict is needed for. A correction is the smallest that we know."
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
    page.heading("Misprints and small gaps")
    page.paragraph(_MISPRINTS)
    page.table(_misprints(MISPRINTS))
    page.closing("verify all", environment, ("[What is trusted](trust.md), part by part.",))
    return page.text()


def _corrected(row: Decided) -> str:
    repair = row.decision.repaired
    correction = "none is known" if repair is None else literal(ended(repair.statement))
    kind = f" (**{row.kind.value}**)" if row.kind else ""
    verdict = "" if row.decision.repaired_verdict is None else f" ({row.decision.repaired_verdict.value})"
    return "\n".join(
        (
            f"- [{row.claim.id}]({link(row.claim)}), {row.claim.where}{kind}: {literal(SHORT[row.claim.id])}",
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
    return Table("", columns, tuple(map(_misprint, misprints)))


def _misprint(each: Misprint) -> tuple[str, ...]:
    printed = f"{each.printed} (?)" if each.perhaps_ours else each.printed
    row = f"[{each.row}]({link(claim_of(each.row))})" if each.row else ""
    return literal(each.where), literal(printed), literal(each.read), row
