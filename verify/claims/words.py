"""What `verify claims` says to people: a table of the rows, and each decided row in full."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from verify.claims.claim import Claim
from verify.claims.decided import Decided
from verify.claims.short import SHORT
from verify.notation import NOTHING
from verify.page import shown
from verify.table import Column, Table
from verify.verdict import Check, Verdict

_SIGNIFICANT = 6
_SHORTEST = 24
_GAP = 3  # blanks between two columns


def count(verdicts: Sequence[Verdict]) -> str:
    """How often each verdict came, such as `60 PROVED, 12 REFUTED`, in the order of the verdicts."""
    found = Counter(verdicts)
    return ", ".join(f"{found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict])


def cut(text: str, length: int) -> str:
    """`text` on one line, ended between two words with "..." where it is longer than `length`."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 4].rsplit(' ', 1)[0].rstrip(',;:')} ..."


def listing(claims: Sequence[Claim], width: int) -> Table:
    """The rows with their committed verdicts, what they say cut so that the table is at most `width` wide."""
    names = ("id", "printed", "repaired", "where")
    before = [(each.id, each.expected.value, _word(each.expected_repair), each.where) for each in claims]
    taken = sum(max(map(len, cells)) + _GAP for cells in zip(names, *before, strict=True))
    room = max(width - taken, _SHORTEST)
    rows = tuple((*cells, cut(SHORT[each.id], room)) for cells, each in zip(before, claims, strict=True))
    ranks = {"where": 1}
    columns = tuple(Column(name, right=False, rank=ranks.get(name, 0)) for name in (*names, "in short"))
    return Table("The ledger, as committed", columns, rows)


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
    lines = [f"{claim.id} ({claim.where})", f"  {claim.statement}", f"  As printed: {decision.verdict.value}."]
    lines += [f"    {line}" for check in decision.printed for line in _told(check)]
    if decision.repaired:
        lines += [f"  Repaired: {decision.repaired_verdict and decision.repaired_verdict.value}."]
        lines += [f"    {decision.repaired.statement}"]
        lines += [f"    {line}" for check in decision.repaired.checks for line in _told(check)]
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
