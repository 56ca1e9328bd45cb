"""Lemma 5 (A.6): the indicators, for any a and b as printed, and with a margin as they can be had."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache

from bounds.gadget_gap import gap_peak
from bounds.gadgets import enough, indicator_lambda_paper
from bounds.reals import FRACTIONS, Order, decide
from constructions.gadgets.indicator import different_in_two_blocks, ordered_as_printed
from constructions.gadgets.product import product_by_gate
from verify.claims.certified import ALPHA, EPSILON, M, case_of, certified
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled
from verify.gadgets.blocks import printed_indicators
from verify.gadgets.cases import by_difference
from verify.gadgets.certificate import Supremum
from verify.gadgets.proofs import certify, within, witness
from verify.notation import closed, nearest
from verify.verdict import Check, Verdict

TOPIC = "Lemmas 1-5"
MARGIN, LARGE = "with a margin", "eps >= 1/2"
ORDERS = {"L5-GT": "greater", "L5-LT": "less"}
NOTHING_LATER = (
    "Theorem 4's blocks compare embeddings, flags and positions, which can be whole numbers: there the margin is 1, "
    "and the repaired lemma is enough."
)
AT_EQUAL = "import numpy as np; silu = lambda x: x / (1 + np.exp(-x)); lam = 80.0; "


def order(claim: str, setup: Setup) -> Decision:
    """L5-GT, L5-LT: a jump of 1 across a = b, which no continuous block follows within eps < 1/2."""
    name = ORDERS[claim]
    repair = Repair(
        f"For a, b in [-M, M] with {'a - b' if name == 'greater' else 'b - a'} <= 0 or >= alpha, with parameters "
        "O(poly(1/alpha, 1/eps)): relu(t) - relu(t - 1), t the difference over alpha, in 2 units. The printed 4 units "
        "are right for |a - b| >= alpha.",
        (_constant(claim), *certified(name, claim), _four_units(claim, name)),
    )
    difference, relation = ("a - b", "a > b") if name == "greater" else ("b - a", "a < b")
    again = (
        f"{AT_EQUAL}a = b = 0.0; t = {difference}; f = (silu(lam * (1 + t)) - silu(lam * t) + silu(-lam * t) - "
        f"silu(-lam * t)) / lam; assert abs(f - float({relation})) > 0.99"
    )
    return fails(_printed(claim, setup, repair), repair, NOTHING_LATER, again)


def different(setup: Setup) -> Decision:
    """L5-NE: the same jump; and Eq. 3 has no bias outside W_3, so the outer 1 takes a fifth unit."""
    names = ("not-equal",) if setup.fast else ("not-equal", "not-equal-printed")
    repair = Repair(
        "For a = b or |a - b| >= alpha, with parameters O(poly(1/alpha, 1/eps)): I[a > b] + I[b > a] in one block of 4 "
        "units; or in two blocks as printed, of 8 and 4 units and one more for the outer 1, whose factors ask for the "
        "margin.",
        (_constant("L5-NE"), *(check for name in names for check in certified(name, "L5-NE")), _widths(), _identity()),
    )
    again = AT_EQUAL + "gt = lt = silu(lam) / lam; assert abs(1 - (1 - gt) * (1 - lt) - 0) > 0.99"
    return fails(_printed("L5-NE", setup, repair), repair, NOTHING_LATER, again)


def _printed(claim: str, setup: Setup, repair: Repair) -> tuple[Check, ...]:
    """The checks of the statement as printed, or as altered."""
    if setup.altered == MARGIN:
        return repair.checks
    if setup.altered == LARGE:
        return (_jump(claim, Fraction(1, 2)),)
    lam = enough(lambda reals: indicator_lambda_paper(ALPHA, EPSILON, reals))
    blocks = (check for check in printed_indicators(M, ALPHA, EPSILON, lam) if check.claim == claim)
    return (_jump(claim, EPSILON), *blocks)


def _jump(claim: str, epsilon: Fraction) -> Check:
    """f(0, 0) <= eps, and f(h, 0) >= 1 - eps beside it, for h > 0 or h < 0; f is continuous, so 1 - eps <= eps.

    Eq. 1-3 are sums, products, exp, softplus and silu of the input: every block is continuous, and every stack. For
    eps >= 1/2 the constant 1/2 (a unit with b_2 = k, silu(k) = 1, and W_3 = 1/2) is within eps.
    """
    return settled(
        claim,
        "jump",
        1 - epsilon <= epsilon,
        1 - epsilon,
        epsilon,
        "f(a, b) is continuous while the target jumps from 0 at a = b to 1 beside it; the value, what f(0, 0) is at "
        "least, must not be above the bound, what f(0, 0) is at most. From eps = 1/2 on the constant 1/2 will do",
        {"epsilon": epsilon, "a": 0, "b": 0, "f(0, 0) at least": 1 - epsilon, "f(0, 0) at most": epsilon},
        REFUTES if epsilon < Fraction(1, 2) else frozenset({Verdict.PROVED}),
    )


def _constant(claim: str) -> Check:
    """For all alpha, eps: one block misses 2 kappa/lambda at most, having two units of either sign or fewer."""
    lam = indicator_lambda_paper(ALPHA, EPSILON, FRACTIONS)
    small = decide(gap_peak, lambda reals: reals.number(2)) is Order.LESS
    return settled(
        claim,
        "constant",
        small and lam >= 4 / EPSILON,
        closed(lambda reals: 2 * gap_peak(reals) / 4, 6),
        1,
        "each unit misses at most kappa/lambda, in one direction, and an output has two of each sign at most: 2 "
        "kappa/lambda over eps at the paper's lambda = 4 max(1, 1/alpha)/eps >= 4/eps is at most the value, in balls",
        {"lambda": lam},
    )


@cache
def _four_units(claim: str, name: str) -> Check:
    """The printed block g(1, 0, +-(a - b)) over |a - b| >= alpha, from its weights."""
    sign = 1 if name == "greater" else -1
    pieces = [by_difference(M, ALPHA, 2 * M, int(sign > 0)), by_difference(M, -2 * M, -ALPHA, int(sign < 0))]
    case = replace(case_of(name), name=f"{name}-printed", pieces=lambda _: pieces)
    lam = enough(lambda reals: indicator_lambda_paper(ALPHA, EPSILON, reals))
    gadget = ordered_as_printed(name, M, ALPHA, lam)
    worst: Supremum = certify(case, gadget, lam, EPSILON)
    verdict = within(worst, EPSILON)
    return Check(
        f"claims/{claim}/four-units",
        claim,
        verdict if gadget.units == (4,) else Verdict.UNDECIDED,
        nearest(case.error(lam)),
        EPSILON,
        f"M = {M}, alpha = {ALPHA}, lambda = {lam!r}: branch and bound over |a - b| >= alpha ({worst.boxes} boxes) "
        "proves that no point errs by more than eps",
        None if verdict is Verdict.PROVED else witness(case, worst, lam),
    )


def _widths() -> Check:
    """At P = Q = 0 all arguments of Eq. 36 are 0, and W_3 silu(0) = 0, where 1 - P Q = 1: the bias takes a unit."""
    units = different_in_two_blocks(M, ALPHA, Fraction(64)).units
    by_gate = product_by_gate(1, Fraction(64)).units[0] + 1
    return settled(
        "L5-NE",
        "widths",
        units == (8, 5) and by_gate <= 4,
        [units[0], by_gate],
        [8, 4],
        "Eq. 3 has no bias outside W_3, and Eq. 36 is 0 at P = Q = 0, where 1 - P Q = 1: the printed second block "
        f"takes 5 units. With the product through the gate it takes {by_gate}, so that widths 8 and 4 are enough",
        {"units": list(units), "through the gate": by_gate},
    )


def _identity() -> Check:
    orders = [(0, 0), (1, 0), (0, 1)]
    wrong = [(a, b) for a, b in orders if int(a != b) != 1 - (1 - int(a > b)) * (1 - int(a < b))]
    return settled(
        "L5-NE",
        "identity",
        not wrong,
        len(orders) - len(wrong),
        len(orders),
        "I[a != b] = 1 - (1 - I[a > b]) (1 - I[a < b]) for a = b, a > b, a < b, which are all cases",
        {"a, b": wrong[:1]},
    )


def _claim(id: str, relation: str, beside: str, decision: Callable[[Setup], Decision], slow: bool = False) -> Claim:
    return Claim(
        id,
        "Lemma 5, A.6",
        TOPIC,
        f"For every eps > 0 a Mamba block{beside} with parameters O(poly(M, 1/eps)) is within eps of I[a {relation} b] "
        "for any a, b in [-M, M].",
        decision,
        Verdict.REFUTED,
        Verdict.PROVED,
        {MARGIN: Verdict.PROVED, LARGE: Verdict.PROVED},
        slow,
    )


CLAIMS = (
    _claim("L5-GT", ">", "", lambda setup: order("L5-GT", setup)),
    _claim("L5-LT", "<", "", lambda setup: order("L5-LT", setup)),
    _claim("L5-NE", "!=", " or two, of hidden widths 8 and 4,", different, slow=True),
)
