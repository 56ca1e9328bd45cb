"""A.1 step by step: Eq. 7-24, each displayed inequality decided on its own hypotheses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

from verify.bounds.instances import Instance
from verify.claims import theorem1_proofs as proofs
from verify.claims import theorem1_sides as side
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.inequality import Inequality, decided_inequality, sides
from verify.claims.nonnegative import unproved
from verify.claims.ratios import ratio_claim
from verify.claims.settled import fails, settled, stands
from verify.verdict import Check, Verdict

WHERE, TOPIC = "A.1", "Theorem 1"
GIVEN = "Under Assumption 1 with delta >= 0, no coefficient 0 after pos and r_j = alpha_j / alpha_pos: "
PRINTED = "with a_max = max_{1 <= j < pos} a_j, a_min = min_{pos < j <= i} a_j, both below 1, and 1 < pos < i, "
UNMATCHED = "left: the sum of r_j |c_i^T b_j| over the unmatched j; right: "
ERROR = "left: the worst error by Eq. 6 itself over all values; right: "
LATER = (
    "Nothing: Eq. 19 is the next step that is used and holds as printed (T1-19), since what a_pos can add to the first "
    "sum is at most 1, and Eq. 19 has dropped 1/(1 - a_min) >= 1 from the second. Theorem 1's threshold stands."
)


@dataclass(frozen=True)
class Step:
    """One displayed inequality: as printed, altered on purpose, and, where it is false, repaired.

    alone: what has to be nonnegative for the step from the line above, which may be right where the whole is false.
    """

    id: str
    statement: str
    words: str
    printed: Inequality
    altered: Mapping[str, Inequality]
    again: str = ""
    repair: str = ""
    repaired: Inequality | None = None
    alone: Callable[[], list[sympy.Expr]] | None = None

    def decide(self, setup: Setup) -> Decision:
        """The inequality, or the altered one in its place."""
        inequality = self.printed if setup.altered is None else self.altered[setup.altered]
        if self.repaired is None:
            found = decided_inequality(self.id, "printed", inequality, setup, self.words)
            return stands(found, again=sides(found))
        found = decided_inequality(self.id, "printed", inequality, setup, self.words, REFUTES)
        mended = decided_inequality(self.id, "repaired", self.repaired, setup, self.words)
        return fails((found, *self._alone()), Repair(self.repair, (mended,)), LATER, self.again)

    def _alone(self) -> list[Check]:
        if self.alone is None:
            return []
        missing = unproved(self.alone())
        evidence = "sympy: the step from the line above alone, whatever a_max and a_min in (0, 1) are; value: unproved"
        return [settled(self.id, "step-alone", not missing, len(missing), 0, evidence, {"unproved": missing})]

    def claim(self) -> Claim:
        """The row of the ledger."""
        false = self.repaired is not None
        usual = dict.fromkeys(self.altered, Verdict.PROVED if false else Verdict.REFUTED)
        return Claim(
            self.id,
            WHERE,
            TOPIC,
            self.statement,
            self.decide,
            Verdict.REFUTED if false else Verdict.PROVED,
            Verdict.PROVED if false else None,
            usual,
        )


def _halved(inequality: Inequality) -> Inequality:
    right = inequality.right
    return Inequality(inequality.left, lambda x: right(x) / 2, admits=inequality.admits)


def _signed_10(x: Instance) -> Fraction:
    """Eq. 10 with c_i^T b_j in place of its modulus."""
    rest = sum((x.alphas[j - 1] * x.scores[j - 1] for j in side.others(x)), Fraction(0))
    return rest + 1 - side.own(x)


def _unmatched(x: Instance) -> Fraction:
    return side.weighed(x, side.unmatched(x))


def _eq_14(x: Instance) -> Fraction:
    """j = pos is matched, so the unmatched positions are those before and those after pos."""
    return x.delta * side.ratios(x, side.unmatched(x))


def _eq_15(short: int) -> Callable[[Instance], Fraction]:
    return lambda x: x.delta * side.ratios(x, (*side.before(x), *side.after(x, short)))


def _both_sums(x: Instance) -> Fraction:
    return _eq_15(0)(x)


def _with_pos(x: Instance) -> bool:
    return side.defined(x, side.a_max_with_pos)


def _matched_others(x: Instance) -> Fraction:
    return side.weighed(x, (j for j in x.matched if j != x.pos))


def _closed(n: Callable[[Instance], int], largest: side.Largest = side.a_max) -> Callable[[Instance], Fraction]:
    return lambda x: side.closed(x, n(x), largest)


def _n(x: Instance) -> int:
    return len(x.scores) - x.pos


def _window(x: Instance) -> int:
    return x.L - 1


def _holds(right: side.Largest, proof: Callable[[], list], left: side.Largest = _unmatched) -> Inequality:
    """One of Eq. 16-18 with a_max over 1 < k <= pos."""
    return Inequality(left, right, proof, _with_pos)


def _false(right: side.Largest, left: side.Largest = _unmatched) -> Inequality:
    """One of Eq. 16-18 with a_max as printed."""
    return Inequality(left, right, admits=side.defined)


TEN = Inequality(side.worst_error, side.eq_10, proofs.proof_of_10)
ELEVEN = Inequality(side.worst_error, side.eq_10, proofs.proof_of_11)
FOURTEEN = Inequality(_unmatched, _eq_14, proofs.proof_of_14)
FIFTEEN = Inequality(_eq_14, _eq_15(0), proofs.proof_of_15)
SIXTEEN = _holds(lambda x: side.eq_16(x, side.a_max_with_pos), proofs.proof_of_16, _both_sums)
SEVENTEEN = _holds(_closed(_n, side.a_max_with_pos), proofs.proof_of_17)
EIGHTEEN = _holds(_closed(_window, side.a_max_with_pos), proofs.proof_of_18)
NINETEEN = Inequality(_unmatched, side.eq_19, proofs.proof_of_19, side.defined)
TWENTY = Inequality(_matched_others, lambda x: 1 / x.alphas[x.pos - 1] - x.scores[x.pos - 1], proofs.proof_of_20)
TWENTY_FOUR = Inequality(side.worst_error, side.least_epsilon_of_24, proofs.proof_of_24, side.defined)
WITH_POS = "a_max taken over 1 < k <= pos"
HEADS = (
    Step(
        "T1-7to10",
        "Eq. 7-10: under Assumption 1 the error |y_i - v_pos| is at most M |Delta| (sum_{j != pos} alpha_j |c_i^T b_j| "
        "+ 1 - alpha_pos c_i^T b_pos), as |x_j| <= M and alpha_pos |c_i^T b_pos| <= 1.",
        f"{ERROR}Eq. 10",
        TEN,
        {
            "scores with their signs": Inequality(side.worst_error, _signed_10),
            "without condition 2": Inequality(side.worst_error, side.eq_10, admits=lambda _: True),
        },
    ),
    Step(
        "T1-11",
        f"{GIVEN}if c_i^T b_pos >= (1 - eps/(M |Delta|)) / alpha_pos + sum_{{j != pos}} r_j |c_i^T b_j| (Eq. 11), then "
        "the error is at most eps.",
        f"{ERROR}the least eps for which Eq. 11 holds, 1 - alpha_pos (c_i^T b_pos - sum r_j |c_i^T b_j|)",
        ELEVEN,
        {"eps doubled in Eq. 11": _halved(ELEVEN)},
    ),
)
REST = (
    Step(
        "T1-14",
        f"{GIVEN}Eq. 14, the sum of r_j |c_i^T b_j| over the unmatched j is at most delta times the sum of their r_j.",
        f"{UNMATCHED}delta times the sum of their r_j",
        FOURTEEN,
        {"delta halved": _halved(FOURTEEN)},
    ),
    Step(
        "T1-15",
        f"{GIVEN}Eq. 15, delta times the sum of the unmatched r_j is at most delta times the sum of all r_j, j != pos "
        "(r_j >= 0 is enough; the printed r_j > 0 fails where a coefficient up to pos is 0).",
        "left: delta times the sum of the unmatched r_j; right: of all, from 1 to pos - 1 and from pos + 1 to i",
        FIFTEEN,
        {"up to i - 1": Inequality(_eq_14, _eq_15(1))},
    ),
    Step(
        "T1-16",
        f"{GIVEN}{PRINTED}Eq. 16, the sums of r_j before and after pos are at most sum_{{k=1}}^{{pos-1}} a_max^k and "
        "sum_{k=1}^{i-pos} (1/a_min)^k.",
        "left: delta times the sum of all r_j, j != pos; right: Eq. 16",
        _false(side.eq_16, _both_sums),
        {WITH_POS: SIXTEEN},
        "from fractions import Fraction as F; a1, a2, a3 = F(1,2), F(3,4), F(1,2); assert a2 + 1/a3 > a1 + 1/a3",
        "Eq. 16 with a_max = max_{1 < k <= pos} a_k: by Eq. 12 every r_j before pos holds the factor a_pos, which the "
        "printed maximum leaves out.",
        SIXTEEN,
    ),
    Step(
        "T1-17",
        f"{GIVEN}{PRINTED}Eq. 17, the sum of r_j |c_i^T b_j| over the unmatched j is at most delta (a_max (1 - "
        "a_max^(pos-1)) / (1 - a_max) + ((1/a_min)^(i-pos) - 1) / (1 - a_min)). (From Eq. 16 it is an equality.)",
        f"{UNMATCHED}Eq. 17",
        _false(_closed(_n)),
        {WITH_POS: SEVENTEEN},
        "from fractions import Fraction as F; a1, a2, a3, s, d = F(1,2), F(3,4), F(1,2), F(49,100), F(1,2); "
        "assert a2*s + s/a3 > d*(a1*(1-a1)/(1-a1) + (1/a3-1)/(1-a3))",
        "Eq. 17 with a_max = max_{1 < k <= pos} a_k; the geometric sums themselves are right.",
        SEVENTEEN,
        proofs.geometric_sums,
    ),
    Step(
        "T1-18",
        f"{GIVEN}{PRINTED}Eq. 18, which is Eq. 17 with L - 1 in place of i - pos.",
        f"{UNMATCHED}Eq. 18",
        _false(_closed(_window)),
        {WITH_POS: EIGHTEEN},
        "from fractions import Fraction as F; a1, a2, a3, s, d, L = F(1,2), F(3,4), F(1,2), F(49,100), F(1,2), 2; "
        "assert a2*s + s/a3 > d*(a1*(1-a1)/(1-a1) + ((1/a3)**(L-1)-1)/(1-a3))",
        "Eq. 18 with a_max = max_{1 < k <= pos} a_k.",
        EIGHTEEN,
        proofs.wider_window,
    ),
    Step(
        "T1-19",
        f"{GIVEN}{PRINTED}Eq. 19, the sum of r_j |c_i^T b_j| over the unmatched j is at most delta (a_max / (1 - "
        "a_max) + (1/a_min)^(L-1) / (1 - a_min)).",
        f"{UNMATCHED}Eq. 19",
        NINETEEN,
        {"delta halved": _halved(NINETEEN)},
    ),
    Step(
        "T1-20",
        f"{GIVEN}Eq. 20, the sum of r_j |c_i^T b_j| over the matched j != pos is at most 1/alpha_pos - c_i^T b_pos.",
        "left: the sum of r_j |c_i^T b_j| over the matched j != pos; right: 1/alpha_pos - c_i^T b_pos",
        TWENTY,
        {"1 for 1/alpha_pos": Inequality(_matched_others, lambda x: 1 - x.scores[x.pos - 1])},
    ),
    Step(
        "T1-24",
        f"{GIVEN}{PRINTED}Eq. 23-24 follow from Eq. 11, 19 and 20: if c_i^T b_pos >= (1 - eps/(2 M |Delta|)) / "
        "alpha_pos + delta/2 (a_max / (1 - a_max) + (1/a_min)^(L-1) / (1 - a_min)), the error is at most eps.",
        f"{ERROR}the least eps whose threshold the score meets",
        TWENTY_FOUR,
        {"eps not halved": _halved(TWENTY_FOUR)},
    ),
)

STEPS: tuple[Claim, ...] = (
    *(step.claim() for step in HEADS),
    ratio_claim(),
    *(step.claim() for step in REST),
)
