"""The sentence after Theorem 1, "COPY requires the score to grow exponentially with L": where it is so, where not."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from bounds.reals import ClosedForm, Order, decide
from bounds.theorem1 import Theorem1
from verify.bounds.checks import block, parameters
from verify.bounds.instances import ONE, ZERO, Instance
from verify.bounds.rows import Row
from verify.deciding import IN_BALLS, every, spell
from verify.notation import nearest, number
from verify.verdict import Check, Verdict

# The two windows at which one and the same score is enough, and how far below it a score is tried.
NEAR, FAR = 2, 1024
STEP = Fraction(1, 10**6)


def growth_checks(rows: Sequence[Row]) -> list[Check]:
    """Both checks of one a_min, whatever alpha_pos was asked. Nothing grows with L where a_min = 1."""
    if not rows or rows[0].a_min == 1:
        return []
    worst = [replace(row, theorem1=replace(row.theorem1, alpha_pos=None)) for row in rows]
    required = [row for row in worst if row.forms["ssm_required"]]
    conditional = [worst_case(required)] if required and share_demanded(rows[0].theorem1) > 0 else []
    return [*conditional, as_printed(rows[0])]


def worst_case(rows: Sequence[Row]) -> Check:
    """T1-REQ on the condition that alpha_pos = a_min^(L-1): then the requirement is from 1 - eps/(M Delta) to 1 times
    (1/a_min)^(L-1)."""

    def share(row: Row) -> ClosedForm:
        return lambda reals: row.theorem1.required(reals) / row.theorem1.cap(reals)

    def order(row: Row) -> Order:
        floor = decide(lambda reals: reals.number(share_demanded(row.theorem1)), share(row))
        return decide(row.theorem1.required, row.theorem1.cap) if floor in (Order.LESS, Order.EQUAL) else floor

    return every(
        f"bounds/T1-REQ/{block(rows[0])}/worst-case",
        "T1-REQ",
        rows,
        order,
        parameters,
        value=min((nearest(share(row)) for row in rows), key=float),
        bound=share_demanded(rows[0].theorem1),
        evidence=f"{block(rows[0])}, L = {spell([row.L for row in rows])}: if every coefficient after pos equals "
        "a_min, and on that condition only, the score must grow like (1/a_min)^(L-1): the exact requirement times "
        f"a_min^(L-1) is at least 1 - eps/(M Delta) and below 1; value: the least product; {IN_BALLS}",
    )


def as_printed(row: Row) -> Check:
    """T1-REQ without that condition is false: one coefficient a_min after pos, the rest 1, and all other scores 0.

    Then alpha_pos = a_min for every L >= 2, and the error over all values is M Delta |1 - a_min score|. So the score
    (1 - eps/(M Delta)) / a_min, or delta if that is larger, is enough and needed at every L. It is below the cap
    1/a_min, which no requirement at this alpha_pos reaches. delta is the one asked, or half the cap if that is smaller.
    """
    found = [_least_score(row.theorem1, L) for L in (NEAR, FAR)]
    stands = all(right for right, _ in found) and found[0][1]["requirement"] == found[1][1]["requirement"]
    a_min = Fraction(row.a_min)
    return Check(
        id=f"bounds/T1-REQ/{block(row)}/as-printed",
        claim="T1-REQ",
        verdict=Verdict.REFUTED if stands else Verdict.UNDECIDED,
        value=Fraction(found[0][1]["requirement"]),
        bound=1 / a_min,
        evidence=f"{block(row)}: the paper's sentence, which sets no condition on the coefficients, is false: with "
        f"a_k = 1 after pos but for one a_k = a_min, and all other scores 0, one and the same score below the cap "
        f"1/a_min is enough at L = {NEAR} and at L = {FAR}, and {number(1 - STEP, 7)} times it (where that is still at "
        "least delta) is not; Eq. 6 run in exact fractions; value: that score, bound: the cap",
        witness={
            "a_after_pos": f"one a_k = {a_min}, the other L - 2 are 1",
            "other_scores": "0",
            "delta": str(_delta(row.theorem1)),
            "epsilon": str(row.theorem1.epsilon),
            "values_at_most": str(_size(row.theorem1)),
            "at": [entry for _, entry in found],
        },
        expected=frozenset({Verdict.REFUTED}),
    )


def share_demanded(theorem: Theorem1) -> Fraction:
    """1 - eps/(M Delta): what alpha_pos times the score must reach even if no other position has any weight."""
    return 1 - Fraction(theorem.epsilon) / _size(theorem)


def _least_score(theorem: Theorem1, L: int) -> tuple[bool, dict[str, Any]]:
    """Whether Eq. 6 confirms the requirement of the instance over L positions, pos the first; and its numbers."""
    a_min, delta, epsilon = Fraction(theorem.a_min), _delta(theorem), Fraction(theorem.epsilon)
    score = max(delta, share_demanded(theorem) / a_min)

    def instance(score: Fraction) -> Instance:
        return Instance((ONE, a_min, *[ONE] * (L - 2)), (score, *[ZERO] * (L - 1)), 1, L, delta)

    error = instance(score).worst_error(_size(theorem))
    enough = instance(score).meets_assumption_1() and error <= epsilon
    less = (1 - STEP) * score
    needed = less < delta or instance(less).worst_error(_size(theorem)) > epsilon
    numbers = {"L": L, "requirement": str(score), "cap": str(1 / a_min), "error": str(error)}
    return enough and needed and score < 1 / a_min, numbers


def _delta(theorem: Theorem1) -> Fraction:
    return min(Fraction(theorem.delta), 1 / (2 * Fraction(theorem.a_min)))


def _size(theorem: Theorem1) -> Fraction:
    """M Delta, the largest modulus of a value."""
    return Fraction(theorem.M) * Fraction(theorem.Delta)
