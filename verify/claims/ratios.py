"""T1-12: the two-case ratio alpha_j / alpha_pos of Eq. 12, which needs alpha_pos > 0."""

from fractions import Fraction
from itertools import product
from math import prod

import sympy

from verify.bounds.instances import Instance
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled
from verify.verdict import Check, Verdict

LARGEST = 4
LARGEST_SYMBOLIC = 6
VALUES = (Fraction(1, 2), Fraction(1), Fraction(0))
POSITIVE = "all coefficients above 0"


def ratio_claim() -> Claim:
    """The row of the ledger."""
    return Claim(
        "T1-12",
        "A.1",
        "Theorem 1",
        "Eq. 12, for all coefficients a_k in [0, 1]: alpha_j / alpha_pos is a_pos a_{pos-1} .. a_{j+1} for j < pos and "
        "1 / (a_j a_{j-1} .. a_{pos+1}) for j > pos.",
        decide,
        Verdict.REFUTED,
        Verdict.PROVED,
        {POSITIVE: Verdict.PROVED},
    )


def decide(setup: Setup) -> Decision:
    """Eq. 12 at every choice of coefficients in {1/2, 1, 0}, and as a product for all of them."""
    values = VALUES[:2] if setup.altered == POSITIVE else VALUES
    return fails(
        (_printed(values),),
        Repair(
            "alpha_j = (a_pos .. a_{j+1}) alpha_pos for j < pos and alpha_pos = (a_j .. a_{pos+1}) alpha_j for j > "
            "pos, for all a_k in [0, 1]; where no coefficient after pos is 0, alpha_pos > 0 and Eq. 12 follows.",
            (_products(),),
        ),
        "Nothing where every coefficient is above 0, as exp(Delta A) is; with a_k = 0 after pos, alpha_pos = 0 and no "
        "score copies v_pos (T1-EDGE).",
        "a_2, a_3 = 0.5, 0.0; assert (a_2 * a_3, a_3) == (0.0, 0.0)  # alpha_1 / alpha_2 at i = 3 is 0/0, Eq. 12 has "
        "a_2",
    )


def _printed(values: tuple[Fraction, ...]) -> Check:
    among = ", ".join(map(str, values))
    wrong = next((case for case in _cases(values) if not _right(*case)), None)
    shown = None if wrong is None else {"a": list(map(str, wrong[0].forgetting)), "pos": wrong[0].pos, "j": wrong[1]}
    return settled(
        "T1-12",
        "printed",
        wrong is None,
        None if wrong is None else "no value: alpha_pos = 0",
        None,
        f"alpha_j / alpha_pos by Eq. 6 against Eq. 12 in exact fractions, all a_k in {{{among}}}, all pos and j, "
        f"i <= {LARGEST}",
        shown,
        REFUTES,
    )


def _cases(values: tuple[Fraction, ...]) -> list[tuple[Instance, int]]:
    """Every choice of coefficients, pos and j; scores do not matter here."""
    cases = [
        (Instance(a, (Fraction(0),) * i, pos, i, Fraction(1)), j)
        for i in range(2, LARGEST + 1)
        for a in product(values, repeat=i)
        for pos in range(1, i + 1)
        for j in range(1, i + 1)
        if j != pos
    ]
    return sorted(cases, key=lambda case: case[1] > case[0].pos)  # those first where the right side has a value


def _right(x: Instance, j: int) -> bool:
    """Whether both sides of Eq. 12 have a value, and the same."""
    between = prod(x.forgetting[min(j, x.pos) : max(j, x.pos)])
    if x.alphas[x.pos - 1] == 0 or (j > x.pos and between == 0):
        return False
    return x.alphas[j - 1] / x.alphas[x.pos - 1] == (between if j < x.pos else 1 / between)


def _products() -> Check:
    a = sympy.symbols(f"a1:{LARGEST_SYMBOLIC + 1}")
    wrong = []
    for i in range(2, LARGEST_SYMBOLIC + 1):
        alphas = [prod(a[j:i], start=sympy.Integer(1)) for j in range(1, i + 1)]
        for low in range(1, i + 1):
            for high in range(low + 1, i + 1):
                difference = alphas[low - 1] - prod(a[low:high], start=sympy.Integer(1)) * alphas[high - 1]
                wrong += [str(difference)] if sympy.expand(difference) != 0 else []
    return settled(
        "T1-12",
        "repaired",
        not wrong,
        len(wrong),
        0,
        f"sympy, symbols a_1 .. a_i, i <= {LARGEST_SYMBOLIC}, all pairs of positions; at any i the product up to i is "
        "the product up to the later position times the rest, by definition",
        {"differences": wrong},
    )
