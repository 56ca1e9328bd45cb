"""What was found, in sentences that stand only while the rows that they name have the verdicts that they rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from verify.claims.decided import Decided
from verify.verdict import Verdict


@dataclass(frozen=True)
class Finding:
    """text: the sentence.  rows: the verdicts, as printed, of the rows that it rests on."""

    text: str
    rows: Mapping[str, Verdict]


PROVED, HELD, REFUTED = Verdict.PROVED, Verdict.HELD, Verdict.REFUTED

FINDINGS = (
    Finding(
        "**Theorems 2 and 3 stand, and Theorem 1 once delta >= 0 is said.** A score at the printed threshold keeps the "
        "error within epsilon, and a state of N slots copies N values bit by bit. Assumption 1 has delta in R: with "
        "delta = -1 and all scores 0 it holds, and the threshold, below 0, is met at an error of 1.",
        {"T1": REFUTED, "T2": PROVED, "T3": PROVED},
    ),
    Finding(
        "**Their proofs have slips.** In Eq. 16-18 a_max leaves out a_pos, so that the coefficients 1/2, 3/4, 1/2 "
        "break them; the next step, Eq. 19, is true all the same, and the theorem with it. In Eq. 34-35 the proof's "
        "L~ counts the matched positions where the theorem's counts the others.",
        {"T1-16": REFUTED, "T1-17": REFUTED, "T1-18": REFUTED, "T1-19": PROVED, "T2-34": REFUTED, "T2-35": REFUTED},
    ),
    Finding(
        "**The exponential is sufficient, not necessary.** Only where every coefficient after pos equals a_min must "
        "the score grow like (1/a_min)^(L-1); otherwise one score can be enough at every L. The 'constant' d of the "
        "threshold grows with L, and raising a coefficient can make the printed bound harder to meet.",
        {"T1-REQ": REFUTED, "T1-25": REFUTED, "T1-MONO": REFUTED, "X-SSM-EXACT": PROVED},
    ),
    Finding(
        "**Where delta is not below epsilon (1 - a), Theorem 1 says nothing**: for coefficients that all equal a, and "
        "M |Delta| = 1, its hypotheses (delta >= 0) then contradict each other ([the vacuity meter](vacuity.md)).",
        {"T1": REFUTED},
    ),
    Finding(
        "**Attention's gap grows with log i, the context, not with log L, the window**, as the sentence after "
        "Theorem 2 has it, perhaps for want of a tilde. The exact gap is known too.",
        {"T2-LOG": REFUTED, "X-ATT-EXACT": PROVED},
    ),
    Finding(
        "**No memory of constant size copies**, whatever its keys, Delta and forgetting, as long as these do not "
        "depend on the values and all values are written before the first is asked for: the state must have N d "
        "entries. So Theorem 3's size is the least possible.",
        {"X-CONVERSE": PROVED, "X-STATE": PROVED},
    ),
    Finding(
        "**Theorem 3's block, put into Eq. 1-3 to the letter, has N (d + 2N + 1) state entries, not O(N d).** A "
        "gated form with one state a channel has O(N d).",
        {"T3-SIZE": REFUTED, "X-T3-GATED": PROVED},
    ),
    Finding(
        "**The lemmas' constants are far from sharp.** Lemma 1 asks for lambda = 108 M^3 / epsilon where about M^2 /"
        " sqrt(3 epsilon) is enough, and Lemma 3 is exact for every lambda. Lemma 5 is false without a margin: no "
        "continuous block jumps at a = b.",
        {"L1": PROVED, "L3": PROVED, "X-GADGET": PROVED, "L5-GT": REFUTED, "L5-LT": REFUTED, "L5-NE": REFUTED},
    ),
    Finding(
        "**None of Theorem 4's four blocks does what it is to do as printed**: needed positions are taken of the "
        "current state instead of the next, the flag of the last state has the opposite sense, and scalar "
        "positions are no one-hot queries. Repaired and compiled, four problems come out right for all inputs of "
        "the sizes gone through, whatever their tokens, in float32 as well; for every problem and every "
        "size that is not proved.",
        {"T4-B1": REFUTED, "T4-B2": REFUTED, "T4-B3": REFUTED, "T4-B4": REFUTED, "T4": HELD},
    ),
    Finding(
        "**Theorem 5's proof does not carry over**: Theorem 3's module never forgets, so that a slot used twice "
        "holds the sum of both values. A ring that forgets does it, with a leak of at most 3 (T + m) V e^-lambda.",
        {"T5-PROOF": REFUTED, "X-RING": PROVED, "T5": HELD},
    ),
    Finding(
        "**The chain that Section 4 shows for the longest increasing subsequence does not meet Assumption 3**: its "
        "states read ever more values. With two indices a state it does.",
        {"A3-LIS-CHAIN": REFUTED, "A3-LIS-2D": PROVED},
    ),
    Finding(
        "**Three worked examples are off**: A.5's arithmetic holds modulo 11 only, the window of the edit distance "
        "is a row and a value, and A.8's line has three steps.",
        {"A5-ARITH": REFUTED, "A5-ED-MAX": REFUTED, "A8-EX": REFUTED},
    ),
)


def stands(finding: Finding, rows: Sequence[Decided]) -> bool:
    """Whether every row that the finding names came out with the verdict that it rests on, and no repair otherwise than
    committed."""
    found = {row.claim.id: row for row in rows}
    return all(
        id in found
        and found[id].decision.verdict is verdict
        and found[id].decision.repaired_verdict in (None, found[id].claim.expected_repair)
        for id, verdict in finding.rows.items()
    )
