"""One row of the ledger as a section of a page: statement, verdicts, numbers beside bounds, witness, repair."""

from collections.abc import Sequence
from typing import Any

from verify.claims.claim import Claim
from verify.claims.decided import Decided, verdicts
from verify.claims.ledger import slug
from verify.claims.reading import ARGUMENTS, REMARKS
from verify.claims.short import SHORT
from verify.claims.words import number_or_list, witness
from verify.page import Page, literal
from verify.table import Column, Table
from verify.verdict import REAL_ARITHMETIC, Check, Verdict

_COLUMNS = (
    Column("check", right=False),
    Column("of", right=False),
    Column("verdict", right=False),
    Column("value"),
    Column("bound"),
)


def section(page: Page, row: Decided) -> None:
    """Everything about the row, under a heading that is its id alone, so that a link can name it."""
    claim, decision = row.claim, row.decision
    page.heading(claim.id)
    page.paragraph(f"*{claim.where}: {literal(SHORT[claim.id])}.*")
    page.paragraph(literal(ended(claim.statement)))
    page.paragraph(_verdict(row))
    if claim.id in REMARKS:
        page.paragraph(f"**To be read with it:** {literal(ended(REMARKS[claim.id]))}")
    checks = [(check, told_as(claim)) for check in decision.printed]
    if decision.repaired:
        page.paragraph(f"**Repaired:** {literal(ended(decision.repaired.statement))}")
        checks += [(check, "repaired") for check in decision.repaired.checks]
    page.table(Table("", _COLUMNS, tuple(_line(check, of) for check, of in checks)))
    page.bullets([_evidence(check) for check, _ in checks])
    if claim.id in ARGUMENTS:
        page.paragraph(f"**For all sizes and values:** {literal(ended(ARGUMENTS[claim.id]))}")
    witnesses = [check for check in decision.printed if check.verdict is Verdict.REFUTED]
    if witnesses:
        page.paragraph("**Witness:**")
        page.bullets([f"{_name(check)}: {literal(witness(check))}." for check in witnesses])
    if decision.again:
        page.paragraph("Evaluated again by anyone with Python:")
        page.code(decision.again, "python")
    if decision.later:
        page.paragraph(f"**What depends on it:** {literal(ended(decision.later))}")


def anchor(id: str) -> str:
    """The name under which a heading that is `id` alone can be linked to."""
    return id.lower()


def link(claim: Claim) -> str:
    """Where the claim stands, seen from the other pages."""
    return f"{slug(claim.topic)}.md#{anchor(claim.id)}"


def ended(text: str) -> str:
    """`text` with a full stop behind, where it has none."""
    return text if text.rstrip(")").endswith(".") else f"{text}."


def told_as(claim: Claim) -> str:
    """What a statement is: printed, if it is the paper's; stated, if it is ours."""
    return "stated" if claim.id.startswith("X-") else "printed"


def _verdict(row: Decided) -> str:
    decision = row.decision
    kind = f", **{row.kind.value}**: {row.kind.sentence}" if row.kind else ""
    words = f"**{decision.verdict.value}** as {told_as(row.claim)} ({decision.verdict.sentence}){kind}"
    if decision.repaired_verdict:
        words += f"; **{decision.repaired_verdict.value}** as repaired"
    if not row.met:
        words += f"; the committed ledger has {verdicts(row.claim.expected, row.claim.expected_repair)}"
    return f"{words}."


def _line(check: Check, of: str) -> tuple[str, ...]:
    name = _name(check) if check.speaks_of == REAL_ARITHMETIC else f"{_name(check)} ({check.speaks_of})"
    return name, of, check.verdict.value, _number(check.value), _number(check.bound)


def _name(check: Check) -> str:
    """The check's id without what the section says already."""
    return f"`{check.id.removeprefix(f'claims/{check.claim}/')}`"


def _number(value: Any) -> str:
    return literal(number_or_list(value))


def _evidence(check: Check) -> str:
    return f"{_name(check)}: {literal(ended(check.evidence))}"


def index_table(rows: Sequence[Decided], links: Sequence[str]) -> Table:
    """One line a row: id with its link, place, what it says in short, verdicts, and what kind of fault; the last two
    columns only where some row has one."""
    names = ("claim", "where", "in short", told_as(rows[0].claim), "kind", "repaired")
    cells = [
        (
            f"[{row.claim.id}]({link})",
            row.claim.where,
            literal(SHORT[row.claim.id]),
            row.decision.verdict.value,
            row.kind.value if row.kind else "",
            "" if row.decision.repaired_verdict is None else row.decision.repaired_verdict.value,
        )
        for row, link in zip(rows, links, strict=True)
    ]
    used = [k for k in range(len(names)) if any(line[k] for line in cells)]
    columns = tuple(Column(names[k], right=False) for k in used)
    return Table("", columns, tuple(tuple(line[k] for k in used) for line in cells))
