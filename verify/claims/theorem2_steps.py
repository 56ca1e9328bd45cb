"""A.2 step by step: Eq. 27-35, each display decided on its own hypotheses.

Write E = exp(score of pos), R = sum over j != pos of exp(score of j), P = exp(rho), D = exp(delta), S = |S_i|,
k = i - S, m = M ||W_V||. The proofs, whose inequalities `nonnegative` checks:

Eq. 27. The error is linear in the values, so largest at signs t_j: a_j (1 - t_j) and (1 - a_pos)(1 + t_pos) are left.
Eq. 31. (eps/(2 m) - R/(R + E)) 2 m (R + E) = eps E - (2 m - eps) R, so both have one sign, for every eps > 0.
Eq. 33. S - 1 <= L - 1 matched scores are at most rho, k others below delta; and 2 m - eps <= 2 m.
Eq. 34 with L~ >= L and L~ >= k: L P + k D <= L~ (P + D).
Eq. 35 with rho over all j != pos: R <= (i - 1) P, and 2 L~ >= L + k >= S + k = i.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy

from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.inequality import Argued, judged, sides
from verify.claims.nonnegative import unknowns, zero
from verify.claims.settled import fails, stands
from verify.claims.softmax import (
    L_tilde,
    L_tilde_in_the_proof,
    Length,
    Side,
    Softmax,
    compared,
    crowded,
    family,
)
from verify.verdict import ESTABLISHED, Check, Verdict

WHERE, TOPIC = "A.2", "Theorem 2"
OF_THE_STATEMENT = "L~ of the theorem"
AGAIN_34 = "R, E, eps = 3 * 1.75 + 0.5, 64.0, 2 * 2 * (2 + 0.5) / 64; assert 2 * R / (R + E) > eps"
AGAIN_35 = "R, E, eps = 5 * 1.5 + 2.0, 64.0, 4 * 2 * 2.0 / 64; assert 2 * R / (R + E) > eps"
EPSILONS = (Fraction(1, 10), Fraction(1), Fraction(2), Fraction(3))
GIVEN = "Under Assumption 2: "
ERROR = "left: the worst softmax error over all values; right: the least eps for which "
g, h, k, p, r, s, t, x, y, z, E, P, D = unknowns("g h k p r s t x y z E P D")


def proof_of_33() -> list[sympy.Expr]:
    """L = 1 + s + g, S = 1 + s; the matched part is s P - h, the unmatched one k D - r."""
    return [(1 + s + g) * P - (s * P - h), k * D - (k * D - r), copied()]


def proof_of_34() -> list[sympy.Expr]:
    """The same, with L~ = L + x = k + y in the place of L and of k."""
    return [(1 + s + g + x) * P - (s * P - h), (k + y) * D - (k * D - r), copied()]


def proof_of_35() -> list[sympy.Expr]:
    """2 L~ = (L + x) + (k + y), i - 1 = s + k and R = (i - 1) P - h: 2 L~ P - R."""
    return [((1 + s + g + x) + (k + y)) * P - ((s + k) * P - h), copied()]


def copied() -> sympy.Expr:
    """Eq. 31 where eps E = 2 m (R + z), with m = p and eps = t: eps E - (2 m - eps) R."""
    return 2 * p * (r + z) - (2 * p - t) * r


def first_steps(setup: Setup) -> Decision:
    """T2-27: the middle of the display counts pos, whose weight the last one leaves out. (g = 1 - a_pos.)"""
    left_out = setup.altered == "the sum leaves out pos"

    def middle(x: Softmax) -> Fraction:
        return 1 - x.share() + (1 - x.share() if left_out else 1)

    words = "left: 1 - a_pos + the sum of Eq. 27; right: 2 (1 - a_pos), which the display calls equal"
    printed = compared("T2-27", "printed", middle, lambda x: 2 * (1 - x.share()), zero((g + g) - 2 * g), words, REFUTES)
    signs = (1, -1)
    proof = [*(s - e * v * s for e in signs for v in signs), *(g + e * v * g for e in signs for v in signs)]
    mended = compared(
        "T2-27", "repaired", Softmax.worst_error, lambda x: 2 * (1 - x.share()), proof, f"{ERROR}2 (1 - a_pos) <= eps"
    )
    return fails(
        (printed,),
        Repair(
            "|y_i - v_pos| <= (1 - a_pos + sum_{j <= i, j != pos} a_j) M ||W_V|| = 2 (1 - a_pos) M ||W_V||, with v_j "
            "for v_i in Eq. 26.",
            (mended,),
        ),
        "Nothing: a misprint in the middle, the two ends are right, and the rest starts from the last.",
        "a = [1.0]; assert 1 - a[0] + sum(a) != 2 * (1 - a[0])  # i = 1, where the error is 0",
    )


def enough_weight(setup: Setup) -> Decision:
    """T2-28: the weight of pos that is enough. (p = M ||W_V||, k = eps, a_pos = 1 - k/(2p) + g.)"""
    share = Fraction(1, 2) if setup.altered == "eps not halved" else Fraction(1)
    proof = [k - 2 * (1 - (1 - k / (2 * p) + g)) * p]
    found = compared(
        "T2-28",
        "printed",
        Softmax.worst_error,
        lambda x: share * 2 * (1 - x.share()),
        proof,
        f"{ERROR}a_pos >= 1 - eps/(2 M ||W_V||)",
    )
    return stands(found, again=sides(found))


def same_demand(setup: Setup) -> Decision:
    """T2-31: Eq. 28 against Eq. 31 at eps below, at and above 2 M ||W_V||; the altered one goes by way of Eq. 29."""
    by_29 = setup.altered == "Eq. 29 at every eps"
    asked = [(x, eps) for x in family() if x.i > 1 for eps in EPSILONS if not (by_29 and eps == 2)]
    wrong = next(((x, eps) for x, eps in asked if _eq_28(x, eps) != (_eq_29 if by_29 else _eq_31)(x, eps)), None)
    identity = (k / (2 * p) - r / (r + E)) * 2 * p * (r + E) - (k * E - (2 * p - k) * r)
    found = judged(
        "T2-31",
        "printed",
        "Eq. 28 and Eq. 31 asked of one instance and eps, which must agree (left and right: 1 for yes, 0 for no)",
        f"{len(asked)} pairs of an exact instance of Assumption 2 and eps = 0.1, 1, 2, 3, M ||W_V|| = 1",
        len(asked),
        wrong and (int(_eq_28(*wrong)), int(not _eq_28(*wrong)), wrong[0].spelled() | {"epsilon": wrong[1]}),
        Argued(zero(identity)),
    )
    return stands(
        found, again="eps, a_pos, R, E = 3, 0.5, 1, 1; assert a_pos >= 1 - eps / 2 and R / E + 1 > 2 / (2 - eps)"
    )


def _eq_28(x: Softmax, eps: Fraction) -> bool:
    return x.share() >= 1 - eps / 2


def _eq_29(x: Softmax, eps: Fraction) -> bool:
    return x.rest / x.own + 1 <= 2 / (2 - eps)


def _eq_31(x: Softmax, eps: Fraction) -> bool:
    return x.own >= (2 - eps) / eps * x.rest


def grouped(setup: Setup) -> Decision:
    """T2-33 over Eq. 32, for every eps: (2 m / eps) Q >= ((2 m - eps) / eps) R for all eps exactly if Q >= R."""

    def right(x: Softmax) -> Fraction:
        others = 0 if setup.altered == "only the matched part" else x.i - len(x.matched())
        return x.L * x.rho_matched() + others * x.edge

    words = "left: the sum of Eq. 32 over j != pos; right: L e^rho + (i - |S_i|) e^delta"
    found = compared("T2-33", "printed", lambda x: x.rest, right, proof_of_33(), words, admits=crowded)
    return stands(found, again=sides(found))


def _promised_34(length: Length) -> Side:
    return lambda x: 2 * length(x) * (x.edge + x.rho_matched()) / x.own


def promised_35(length: Length) -> Side:
    return lambda x: 4 * length(x) * x.rho() / x.own


def L_tilde_in_34(setup: Setup) -> Decision:
    """T2-34 with the proof's L~ and with the theorem's."""
    return _by_length("T2-34", "Eq. 34", _promised_34, proof_of_34(), setup, crowded, AGAIN_34)


def L_tilde_in_35(setup: Setup) -> Decision:
    """T2-35 with the proof's L~ and with the theorem's, rho over all j != pos."""
    return _by_length(
        "T2-35", "Eq. 35", promised_35, proof_of_35(), setup, lambda x: crowded(x) and x.rho() >= x.edge, AGAIN_35
    )


def _by_length(
    claim: str,
    equation: str,
    promised: Callable[[Length], Side],
    proof: Sequence[sympy.Expr],
    setup: Setup,
    admits: Callable[[Softmax], bool],
    again: str,
) -> Decision:
    words = f"{ERROR}{equation} holds"

    def check(what: str, length: Length, expected: frozenset[Verdict]) -> Check:
        argued = proof if length is L_tilde else ()
        return compared(claim, what, Softmax.worst_error, promised(length), argued, words, expected, admits)

    length = L_tilde if setup.altered == OF_THE_STATEMENT else L_tilde_in_the_proof
    return fails(
        (check("printed", length, REFUTES),),
        Repair(
            f"{equation} with L~ = max{{L, i - |S_i|}}, as the theorem has it.",
            (check("repaired", L_tilde, ESTABLISHED),),
        ),
        "Nothing: the theorem states L~ = max{L, i - |S_i|}, with which this step and Theorem 2 hold; the proof's L~ "
        "counts none of the i - |S_i| unmatched positions.",
        again,
    )


def largest_other(setup: Setup) -> Decision:
    """T2-RHO: a matched score may be below -delta."""
    positive = setup.altered == "a matched score beside pos is positive"
    words = "left: e^delta; right: e^rho, rho the largest matched score beside pos"

    def admits(x: Softmax, positive: bool = True) -> bool:
        return crowded(x) and (not positive or x.rho_matched() > 1)

    proof = [(D + g) - D] if positive else []
    printed = compared(
        "T2-RHO", "printed", lambda x: x.edge, Softmax.rho_matched, proof, words, REFUTES, lambda x: admits(x, positive)
    )
    repaired = compared(
        "T2-RHO", "repaired", lambda x: x.edge, Softmax.rho_matched, [(D + g) - D], words, admits=admits
    )
    alike = compared(
        "T2-RHO",
        "both-rhos",
        Softmax.rho,
        Softmax.rho_matched,
        [(D + g) - (D - r)],
        "left: e^rho over all j != pos; right: over the matched ones",
        admits=admits,
    )
    return fails(
        (printed,),
        Repair(
            "If a matched position beside pos has a positive score, then rho >= delta, and rho over the matching set "
            "is rho over all j != pos.",
            (repaired, alike),
        ),
        "Eq. 35 takes e^delta + e^rho <= 2 e^rho from it. Theorem 2 does not need it: with rho over all j != pos, R <= "
        "(i - 1) e^rho <= 2 L~ e^rho.",
        "delta, scores_beside_pos = 0.5, [-1.0]; assert abs(scores_beside_pos[0]) >= delta > max(scores_beside_pos)",
    )


def _row(id: str, statement: str, decide: Callable[[Setup], Decision], false: bool, altered: str) -> Claim:
    expected, turned = (Verdict.REFUTED, Verdict.PROVED) if false else (Verdict.PROVED, Verdict.REFUTED)
    mended = Verdict.PROVED if false else None
    return Claim(id, WHERE, TOPIC, GIVEN + statement, decide, expected, mended, {altered: turned})


STEPS: tuple[Claim, ...] = (
    _row(
        "T2-27",
        "Eq. 26-27, |y_i - v_pos| <= (1 - a_pos + sum_{j <= i} a_j) M ||W_V|| = 2 (1 - a_pos) M ||W_V||.",
        first_steps,
        True,
        "the sum leaves out pos",
    ),
    _row(
        "T2-28",
        "Eq. 28, if a_pos >= 1 - eps/(2 M ||W_V||), the error is at most eps.",
        enough_weight,
        False,
        "eps not halved",
    ),
    _row(
        "T2-31",
        "Eq. 31, e^(q_i^T k_pos) >= (2 M ||W_V|| - eps)/eps times the sum of the other exponentials, is the same "
        "demand as Eq. 28 for every eps > 0. (Eq. 29-30, on the way, are so for eps < 2 M ||W_V|| only; from there "
        "on nothing is demanded.)",
        same_demand,
        False,
        "Eq. 29 at every eps",
    ),
    _row(
        "T2-33",
        "Eq. 33, log[(2 M ||W_V||/eps) (L e^rho + (i - |S_i|) e^delta)] is at least the right side of Eq. 32, rho the "
        "largest score with j in S_i, j != pos (of which there must be one).",
        grouped,
        False,
        "only the matched part",
    ),
    _row(
        "T2-34",
        "Eq. 34, a score of at least log L~ + log((2/eps) (e^delta + e^rho) M ||W_V||) with L~ = max{L, |S_i|} makes "
        "the error at most eps, rho the largest score with j in S_i, j != pos.",
        L_tilde_in_34,
        True,
        OF_THE_STATEMENT,
    ),
    _row(
        "T2-35",
        "Eq. 35, a score of at least log L~ + rho + log(4 M ||W_V||/eps) with L~ = max{L, |S_i|} makes the error at "
        "most eps, where rho, the largest score with j != pos, is at least delta.",
        L_tilde_in_35,
        True,
        OF_THE_STATEMENT,
    ),
    _row(
        "T2-RHO",
        "the largest score rho with j in S_i, j != pos, is at least delta.",
        largest_other,
        True,
        "a matched score beside pos is positive",
    ),
)
