"""Comparisons in balls turned into checks: one check over many cases, good only where every comparison is proved."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from bounds.reals import Order
from verify.verdict import REAL_ARITHMETIC, Check, Verdict

Case = TypeVar("Case")

IN_BALLS = "decided in balls of rising precision, ties in exact fractions"
_LONGEST_LIST = 6


def every(
    id: str,
    claim: str,
    cases: Sequence[Case],
    order: Callable[[Case], Order],
    witness: Callable[[Case], Mapping[str, Any]],
    *,
    value: Any,
    bound: Any,
    evidence: str,
    speaks_of: str = REAL_ARITHMETIC,
) -> Check:
    """PROVED if `order` says LESS or EQUAL of every case; REFUTED with the first GREATER as witness; else UNDECIDED,
    with the first open case. `evidence` says which cases they are, what was compared and how."""
    orders = [(order(case), case) for case in cases]
    refuting = [case for found, case in orders if found is Order.GREATER]
    still_open = [case for found, case in orders if found not in (Order.GREATER, Order.LESS, Order.EQUAL)]
    verdict = Verdict.REFUTED if refuting else Verdict.UNDECIDED if still_open else Verdict.PROVED
    shown = witness((refuting + still_open)[0]) if refuting or still_open else None
    return Check(id, claim, verdict, value, bound, evidence, shown, speaks_of)


def spell(values: Sequence[int]) -> str:
    """Ascending whole numbers in words: all of them when they are few, else their ends and how many there are."""
    if len(values) <= _LONGEST_LIST:
        return ", ".join(map(str, values))
    return f"{values[0]} to {values[-1]} ({len(values)} values)"
