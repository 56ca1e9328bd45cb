"""How rows of the ledger are put together: a check from one exact comparison, and a decision from checks."""

from collections.abc import Mapping
from typing import Any

from verify.claims.claim import Decision, Repair
from verify.verdict import ESTABLISHED, REAL_ARITHMETIC, Check, Verdict, decided

UNEXPECTED = "the committed ledger has this row proved: what changed is to be looked at first"


def settled(
    claim: str,
    what: str,
    holds: Any,
    value: Any,
    bound: Any,
    evidence: str,
    witness: Mapping[str, Any] | None = None,
    expected: frozenset[Verdict] = ESTABLISHED,
    speaks_of: str = REAL_ARITHMETIC,
) -> Check:
    """PROVED only if `holds` is true, else REFUTED with the witness, which must then be there."""
    good = bool(holds)
    shown = None if good else witness
    return Check(f"claims/{claim}/{what}", claim, decided(good), value, bound, evidence, shown, speaks_of, expected)


def stands(*checks: Check, again: str) -> Decision:
    """A statement that needs no repair. `again` evaluates the witness of an alteration that fails."""
    found = Decision(checks, later=UNEXPECTED, again=again)
    return found if found.verdict is Verdict.REFUTED else Decision(checks)


def fails(printed: tuple[Check, ...], repair: Repair, later: str, again: str) -> Decision:
    """A statement that is refuted as printed, with its repair; what is said of the refutation falls away with it."""
    found = Decision(printed, repair, later, again)
    return found if found.verdict is Verdict.REFUTED else Decision(printed, repair)
