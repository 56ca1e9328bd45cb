"""What `verify bounds` decides about Theorem 1's rows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bounds.formats import FORMATS
from bounds.reals import ClosedForm, Order, decide
from verify.bounds.limits import Limits, holds_in
from verify.bounds.rows import UNDEFINED, VACUOUS, Row
from verify.deciding import IN_BALLS, every, spell
from verify.notation import nearest, number
from verify.verdict import ESTABLISHED, Check, Verdict


def block_checks(rows: Sequence[Row], limits: Limits) -> list[Check]:
    """The checks of one a_min. No rows, no checks."""
    if not rows:
        return []
    checks = consistency(rows)
    defined = [row for row in rows if row.status != UNDEFINED]
    if defined:
        checks.append(dtype_limits(defined[0], limits))
    if both := [row for row in defined if row.forms["ssm_required"]]:
        checks.append(sufficiency(both))
    return checks


def consistency(rows: Sequence[Row]) -> list[Check]:
    """T1: where Assumption 1 and the threshold can hold together, one check for each answer that occurs.

    Two routes must agree, else the answer is UNDECIDED: the row's status (is the threshold below the cap?) and the
    largest delta at which the theorem speaks (is delta below it?).
    """
    groups: dict[Verdict, list[Row]] = {}
    for row in rows:
        groups.setdefault(_speaks(row), []).append(row)
    return [_consistency_of(verdict, group) for verdict, group in groups.items()]


def _speaks(row: Row) -> Verdict:
    if row.status == UNDEFINED:
        return Verdict.SKIPPED
    order = decide(lambda reals: reals.number(row.theorem1.delta), row.theorem1.largest_delta)
    if row.speaks and order is Order.LESS:
        return Verdict.PROVED
    return Verdict.VACUOUS if row.status == VACUOUS and order in (Order.EQUAL, Order.GREATER) else Verdict.UNDECIDED


def _consistency_of(verdict: Verdict, group: Sequence[Row]) -> Check:
    first = group[0]
    why = {
        Verdict.PROVED: "threshold < 1/alpha_pos, so a score between the two with all others 0 meets every hypothesis",
        Verdict.VACUOUS: "no score is at least max(threshold, delta) and below 1/alpha_pos, as Assumption 1 wants it",
        Verdict.SKIPPED: f"the printed threshold is no number, since {first.theorem1.undefined}",
        Verdict.UNDECIDED: "threshold against 1/alpha_pos and delta against the largest delta give two answers",
    }[verdict]
    return Check(
        id=f"bounds/T1-consistency/{block(first)}/{verdict.value}",
        claim="T1-EDGE" if verdict is Verdict.SKIPPED else "T1",
        verdict=verdict,
        value=_value(first.forms["ssm_threshold"]),
        bound=_value(first.forms["ssm_cap"]),
        evidence=f"{_span(group)}: {why}; {IN_BALLS}",
        witness=parameters(first),
        # Which answer is right depends on what was asked, and each of these is proved; only an open one is a fault.
        expected=ESTABLISHED | {Verdict.VACUOUS, Verdict.SKIPPED},
    )


def sufficiency(rows: Sequence[Row]) -> Check:
    """T1: the threshold is never below the exact requirement.

    Where the requirement is delta itself (pos never scores less), a threshold below delta is no fault.
    """

    def order(row: Row) -> Order:
        required = row.theorem1.required
        found = decide(required, row.theorem1.threshold)
        if found is Order.GREATER and decide(required, lambda reals: reals.number(row.theorem1.delta)) is Order.EQUAL:
            return Order.EQUAL
        return found

    def ratio(row: Row) -> float | str:
        return nearest(lambda reals: row.theorem1.threshold(reals) / row.theorem1.required(reals))

    return every(
        f"bounds/T1-sufficient/{block(rows[0])}",
        "T1",
        rows,
        order,
        parameters,
        value=min(map(ratio, rows), key=float),
        bound=1,
        evidence=f"{_span(rows)}: the threshold is at least the exact requirement; value: the least ratio of the two; "
        f"{IN_BALLS}",
    )


def dtype_limits(row: Row, limits: Limits) -> Check:
    """X-FLOAT: each format holds the threshold at the largest L given for it and not at the next one."""

    def holds(L: int, name: str) -> bool:
        return holds_in(replace(row.theorem1, L=L).threshold, FORMATS[name])

    def order(name: str) -> Order:
        limit = limits.largest[name]
        if limit is None:
            return Order.EQUAL
        right = (limit < limits.smallest_L or holds(limit, name)) and not holds(limit + 1, name)
        return Order.EQUAL if right else Order.GREATER

    return every(
        f"bounds/dtype-limits/{block(row)}",
        "X-FLOAT",
        tuple(limits.largest),
        order,
        lambda name: parameters(row) | {"format": name, "largest_L": limits.largest[name]},
        value=limits.largest,
        bound=None,
        evidence=f"{block(row)}: the largest L whose threshold each format can hold; that L and the next one "
        f"asked; {IN_BALLS}",
        speaks_of="the largest finite number of each format",
    )


def parameters(row: Row) -> dict[str, str]:
    """A row's parameters as exact text, so that anyone can evaluate it again."""
    theorem = row.theorem1
    names = ("a_min", "a_max", "L", "delta", "epsilon", "M", "Delta", "alpha_pos")
    values: dict[str, Any] = {name: getattr(theorem, name) for name in names}
    return {name: "a_min^(L-1)" if value is None else str(value) for name, value in values.items()}


def block(row: Row) -> str:
    """The name of the block that a row belongs to, such as `a_min=0.9`."""
    return f"a_min={number(row.a_min, 60)}"


def _span(rows: Sequence[Row]) -> str:
    return f"{block(rows[0])}, L = {spell([row.L for row in rows])}"


def _value(form: ClosedForm | None) -> float | str | None:
    return None if form is None else nearest(form)
