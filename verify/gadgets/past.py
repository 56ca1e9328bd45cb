"""Beside Lemma 4: a steeper select whose lambda grows like log(1/eps), and what no float can do for unbounded t."""

from fractions import Fraction

import numpy as np

from bounds.gadgets import select_lambda, steep_error
from bounds.reals import FLOATS, Order, decide
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.select import select
from verify.gadgets.cases import Case
from verify.gadgets.float import Precision
from verify.gadgets.proofs import certify, within, witness
from verify.notation import not_below, number
from verify.verdict import Check, Verdict

STEEPNESS = 2
FAR = 20  # t is so many binary places beyond the one where x is lost, so that no rounding looks like x
_LEAST = Fraction(13, 10)  # lambda M from which the formula speaks


def steep_check(case: Case, M: Fraction, alpha: Fraction, epsilon: Fraction) -> Check:
    """X-GADGET: with k = 2 M/alpha a far smaller lambda selects within eps, certified on the weights."""
    lam = Fraction(not_below(_LEAST / M))
    while not _enough(lam, M, epsilon):
        lam = Fraction(not_below(lam * Fraction(5, 4)))
    worst = certify(case, select(M, alpha, float(lam), steepness=STEEPNESS), float(lam), epsilon)
    verdict = within(worst, epsilon)
    return Check(
        "gadgets/X-GADGET-steep/select",
        "X-GADGET",
        verdict,
        lam,
        select_lambda(M, epsilon, FLOATS),
        f"k = {STEEPNESS} M/alpha in place of M/alpha: branch and bound over the whole domain ({worst.boxes} boxes) "
        "proves the error at most eps for the lambda that is the value; bound: the smallest lambda at k = M/alpha",
        witness(case, worst, float(lam)) if verdict is not Verdict.PROVED else None,
    )


def _enough(lam: Fraction, M: Fraction, epsilon: Fraction) -> bool:
    order = decide(lambda reals: steep_error(lam, M, STEEPNESS, reals), lambda reals: reals.number(epsilon))
    return order in (Order.LESS, Order.EQUAL)


def far_check(gadget: Gadget, M: Fraction, alpha: Fraction, precision: Precision) -> Check:
    """L4 in floats: x + kt forgets x once kt is beyond 2^p x, so no bound holds for all t >= alpha."""
    format = precision.format
    t = np.array([[float(alpha) * 2.0 ** (format.precision + FAR)]])
    x, y = np.array([[float(M)]]), np.array([[-float(M)]])
    with np.errstate(over="ignore"):
        inputs = {name: precision.rounded(value) for name, value in (("x", x), ("y", y), ("t", t))}
        out = float(np.asarray(precision.run(gadget, inputs)["out"], np.float64)[0, 0])
    off = abs(out - float(inputs["x"][0, 0]))
    lost = not off < float(M) / 2
    return Check(
        f"gadgets/L4-far/{precision.name.replace(' ', '-')}",
        "L4",
        Verdict.REFUTED if lost else Verdict.HELD,
        off,
        M / 2,
        f"x = M, y = -M, t = alpha 2^{format.precision + FAR} = {number(float(t[0, 0]))}, lambda = "
        f"{float(gadget.scale)!r}: next to k t the format has no digits left for x; clip t first, "
        "or choose by a flag through the gate",
        {"x": float(M), "y": -float(M), "t": float(t[0, 0]), "output": out if np.isfinite(out) else str(out)},
        f"the float program of {precision.name}",
        frozenset({Verdict.REFUTED}),
    )
