"""What `verify claims` says to people: a table of the rows, and each decided row in full."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from verify.claims.claim import Claim
from verify.claims.decided import Decided
from verify.claims.reading import ARGUMENTS, REMARKS
from verify.claims.short import SHORT
from verify.notation import NOTHING
from verify.page import shown
from verify.table import Column, Table
from verify.verdict import Check, Verdict

_SIGNIFICANT = 6
_IN_SHORT = Column("in short", right=False, wraps=True)


def count(verdicts: Sequence[Verdict]) -> str:
    """How often each verdict came, such as `60 PROVED, 12 REFUTED`, in the order of the verdicts."""
    found = Counter(verdicts)
    return ", ".join(f"{found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict])


def listing(claims: Sequence[Claim]) -> Table:
    """The rows with their committed verdicts and, in a few words, what they say."""
    names = ("id", "printed", "repaired", "where")
    columns = (*(Column(name, right=False, rank=int(name == "where")) for name in names), _IN_SHORT)
    rows = ((e.id, e.expected.value, _word(e.expected_repair), e.where, SHORT[e.id]) for e in claims)
    return Table("The ledger, as committed", columns, tuple(rows))


def outcomes(rows: Sequence[Decided]) -> Table:
    """What came out, a line a row, against the committed verdicts."""
    columns = tuple(Column(name, right=False) for name in ("id", "printed", "repaired", "as committed"))
    cells = (
        (
            each.claim.id,
            each.decision.verdict.value,
            _word(each.decision.repaired_verdict),
            "yes" if each.met else "no",
        )
        for each in rows
    )
    return Table("Decided", columns, tuple(cells))


def told(row: Decided) -> str:
    """One row in full: statement, checks, witness, repair, what depends on it, and how to evaluate it again."""
    claim, decision = row.claim, row.decision
    kind = f" ({row.kind.value}: {row.kind.sentence})" if row.kind else ""
    lines = [f"{claim.id} ({claim.where})", f"  {claim.statement}", f"  As printed: {decision.verdict.value}{kind}."]
    if claim.id in REMARKS:
        lines += [f"  To be read with it: {REMARKS[claim.id]}"]
    lines += [f"    {line}" for check in decision.printed for line in _told(check)]
    if decision.repaired:
        lines += [f"  Repaired: {decision.repaired_verdict and decision.repaired_verdict.value}."]
        lines += [f"    {decision.repaired.statement}"]
        lines += [f"    {line}" for check in decision.repaired.checks for line in _told(check)]
    if claim.id in ARGUMENTS:
        lines += [f"  For all sizes and values: {ARGUMENTS[claim.id]}"]
    if decision.later:
        lines += [f"  What depends on it: {decision.later}"]
    if decision.again:
        lines += ["  Evaluate it again with Python:", f"    {decision.again}"]
    return "\n".join(lines) + "\n"


def differences(rows: Sequence[Decided]) -> tuple[str, ...]:
    """One line a row that did not come out as the committed ledger has it."""
    agreements = (row.agreement() for row in rows if not row.met)
    return tuple(f"{check.claim}: now {check.value}; the committed ledger has {check.bound}." for check in agreements)


def witness(check: Check) -> str:
    """The data that refutes, as one line."""
    return ", ".join(f"{name} = {number_or_list(value)}" for name, value in (check.witness or {}).items())


def number_or_list(value: Any) -> str:
    """A value, a bound or the entry of a witness; lists in brackets, since they are not always the ends of a range."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(number_or_list, value))}]"
    return shown(value, _SIGNIFICANT)


def _told(check: Check) -> list[str]:
    numbers = "" if check.value is None else f" value {number_or_list(check.value)}"
    numbers += "" if check.bound is None else f" bound {number_or_list(check.bound)}"
    lines = [f"{check.id} {check.verdict.value} ({check.speaks_of}){numbers}", f"  {check.evidence}"]
    if check.verdict is Verdict.REFUTED and check.witness:
        lines += [f"  witness: {witness(check)}"]
    return lines


def _word(verdict: Verdict | None) -> str:
    return NOTHING if verdict is None else verdict.value
