"""What `verify bounds` decides about Theorem 2, by evaluating the softmax error itself in balls."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from bounds.reals import ClosedForm, Order, Reals, balls, decide
from bounds.theorem2 import Theorem2
from verify.deciding import IN_BALLS, every, spell
from verify.notation import nearest, number
from verify.verdict import Check

# How far beside the exact requirement the error is asked for: at it the error is eps, and no ball decides an equality.
STEP = Fraction(1, 10**9)


def attention_checks(theorems: Sequence[Theorem2]) -> list[Check]:
    """The checks of Theorem 2 over one block's rows. No rows, no checks."""
    if not theorems:
        return []
    demanding = [theorem for theorem in theorems if theorem.required(balls(64)) is not None]
    return [enough(theorems), *([exact(demanding), logarithm(demanding)] if demanding else [])]


def worst_error(theorem: Theorem2, score: ClosedForm) -> ClosedForm:
    """The error of softmax attention when pos has `score` and the other i - 1 positions all have rho.

    Eq. 26 with v_pos = -M and all other values M along a row of W_V with the largest sum: the weights sum to 1, so the
    error is 2 M ||W_V|| times the weight off pos, R / (1 + R) with R = (i - 1) exp(rho - score). Any smaller score of
    another position makes R smaller.
    """

    def error(reals: Reals) -> Any:
        off = (theorem.i - 1) * reals.exp(reals.number(theorem.rho) - score(reals))
        return 2 * reals.number(theorem.M) * reals.number(theorem.W_V) * off / (1 + off)

    return error


def enough(theorems: Sequence[Theorem2]) -> Check:
    """T2: with the score at the threshold the worst error is at most eps."""

    def order(theorem: Theorem2) -> Order:
        return _against_epsilon(theorem, theorem.threshold)

    return every(
        "bounds/T2-sufficient",
        "T2",
        theorems,
        order,
        parameters,
        value=max((nearest(worst_error(theorem, theorem.threshold)) for theorem in theorems), key=float),
        bound=theorems[0].epsilon,
        evidence=f"{_span(theorems)}: the worst softmax error with the score at the threshold; value: the largest; "
        f"{IN_BALLS}",
    )


def exact(theorems: Sequence[Theorem2]) -> Check:
    """X-ATT-EXACT: just above the exact requirement the worst error is below eps, just below it above eps."""

    def order(theorem: Theorem2) -> Order:
        above = _against_epsilon(theorem, lambda reals: theorem.required(reals) + reals.number(STEP))
        below = _against_epsilon(theorem, lambda reals: theorem.required(reals) - reals.number(STEP))
        if above is Order.LESS and below is Order.GREATER:
            return Order.LESS
        return Order.UNDECIDED if Order.UNDECIDED in (above, below) else Order.GREATER

    return every(
        "bounds/X-ATT-EXACT",
        "X-ATT-EXACT",
        theorems,
        order,
        parameters,
        value=STEP,
        bound=STEP,
        evidence=f"{_span(theorems)}: the worst softmax error is below eps at {number(STEP)} above the requirement and "
        f"above eps at {number(STEP)} below it, so value is the most that the requirement can be off; {IN_BALLS}",
    )


def logarithm(theorems: Sequence[Theorem2]) -> Check:
    """T2-LOG: the exact requirement is rho + log i plus a bounded number, at most and at least, whatever i is.

    It is rho + log((i - 1) odds), odds = (1 - e) / e, e = eps / (2 M ||W_V||), and i / 2 <= i - 1 < i for i >= 2. So
    exp(requirement - rho) / i lies between odds / 2 and odds; at i = 2 it meets the lower end, which no ball decides,
    so that end is asked for a factor 1 - STEP lower.
    """
    first = theorems[0]
    odds = 2 * Fraction(first.M) * Fraction(first.W_V) / Fraction(first.epsilon) - 1

    def factor(theorem: Theorem2) -> ClosedForm:
        return lambda reals: reals.exp(theorem.required(reals) - reals.number(theorem.rho)) / theorem.i

    def order(theorem: Theorem2) -> Order:
        low = decide(lambda reals: reals.number((1 - STEP) * odds / 2), factor(theorem))
        return decide(factor(theorem), lambda reals: reals.number(odds)) if low is Order.LESS else low

    factors = sorted((nearest(factor(theorem)) for theorem in theorems), key=float)
    return every(
        "bounds/T2-LOG",
        "T2-LOG",
        theorems,
        order,
        parameters,
        value=[factors[0], factors[-1]],
        bound=[odds / 2, odds],
        evidence=f"{_span(theorems)}: exp(exact requirement - rho) / i lies between two constants, so a logarithm is "
        f"enough and needed; value: least and largest, bound: the constants; {IN_BALLS}",
    )


def parameters(theorem: Theorem2) -> dict[str, str]:
    """A row's parameters as exact text, so that anyone can evaluate it again."""
    names = ("L", "i", "matched", "rho", "epsilon", "M", "W_V")
    return {name: str(getattr(theorem, name)) for name in names}


def _against_epsilon(theorem: Theorem2, score: ClosedForm) -> Order:
    return decide(worst_error(theorem, score), lambda reals: reals.number(theorem.epsilon))


def _span(theorems: Sequence[Theorem2]) -> str:
    return f"i = L = {spell([theorem.L for theorem in theorems])}"
