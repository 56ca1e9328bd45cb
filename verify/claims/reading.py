"""How a verdict is to be read: what kind of fault a refuted statement has, and remarks that a fair reader wants.

A refutation can be of a misprint that everyone reads over, or of a claim that people quote; the verdict alone does not
tell.  The text of the paper that is decided here was made from its pages: where a sign or a tilde may have been lost on
that way, the remark says so.
"""

from collections.abc import Mapping
from enum import Enum


class Kind(Enum):
    """What is wrong with a refuted statement.  The value is the word that tables print; `sentence` says what it
    means."""

    MISPRINT = "misprint"
    GAP = "gap"
    STEP = "false step"
    CLAIM = "false claim"

    @property
    def sentence(self) -> str:
        """The meaning of the word, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Kind.MISPRINT: "an index, sign, symbol or count; what is meant is clear, and true",
    Kind.GAP: "true once a case, a margin or a hypothesis is added that the paper leaves out",
    Kind.STEP: "a step of a proof that does not do what it is to do; another one has to take its place",
    Kind.CLAIM: "a statement that readers take away, and that is false",
}

KINDS: Mapping[str, Kind] = {
    "EQ1-EQ6": Kind.MISPRINT,
    "EQ3-REM2": Kind.GAP,
    "T1-12": Kind.GAP,
    "T1-16": Kind.MISPRINT,
    "T1-17": Kind.MISPRINT,
    "T1-18": Kind.MISPRINT,
    "T1-25": Kind.CLAIM,
    "T1-EDGE": Kind.GAP,
    "T1": Kind.GAP,
    "T1-REQ": Kind.CLAIM,
    "T1-MONO": Kind.CLAIM,
    "T2-27": Kind.MISPRINT,
    "T2-34": Kind.MISPRINT,
    "T2-35": Kind.MISPRINT,
    "T2-RHO": Kind.GAP,
    "T2-LOG": Kind.MISPRINT,
    "T3-STATE": Kind.MISPRINT,
    "T3-SIZE": Kind.CLAIM,
    "R1-NORM": Kind.GAP,
    "L1-TAYLOR": Kind.MISPRINT,
    "L1-R2": Kind.MISPRINT,
    "L1-SSM": Kind.MISPRINT,
    "L5-GT": Kind.GAP,
    "L5-LT": Kind.GAP,
    "L5-NE": Kind.GAP,
    "RES-CAT": Kind.MISPRINT,
    "A3-LIS-CHAIN": Kind.CLAIM,
    "A3-ARITH": Kind.CLAIM,
    "T4-B1": Kind.GAP,
    "T4-B2": Kind.STEP,
    "T4-B3": Kind.STEP,
    "T4-B4": Kind.STEP,
    "T5-PROOF": Kind.STEP,
    "A5-ARITH": Kind.CLAIM,
    "A5-ED-MAX": Kind.CLAIM,
    "A5-ED-COPY": Kind.GAP,
    "A8-EX": Kind.MISPRINT,
}
"""Every refuted row of the committed ledger."""

REMARKS: Mapping[str, str] = {
    "EQ3-REM2": "Section 2 starts from the exact zero-order hold, with which the remark is true; then it writes Delta "
    "b for it, which Eq. 1 keeps, and Delta b does not go to 0. The hypothesis that is missing is the exact hold.",
    "T1-12": "The paper lets a_k be 0, as [0, 1] includes it; exp(Delta A) never is. A reader who takes (0, 1] for "
    "[0, 1] finds nothing wrong here.",
    "T1-16": "An index range: the factor a_pos belongs under the maximum, a_1 does not. One definition, three lines.",
    "T1-17": "The same index range as in Eq. 16; from Eq. 16 to Eq. 17 nothing is wrong.",
    "T1-18": "The same index range as in Eq. 16; from Eq. 17 to Eq. 18 nothing is wrong.",
    "T1-25": "'Constants related to eps and delta' can be read generously, as constants for given a_min, a_max, M and "
    "|Delta|; Eq. 24's d is not one even then, since it holds 1/alpha_pos, which grows with L. The repaired c is.",
    "T1-EDGE": "The paper says nothing of these edges; they are inside its hypotheses, and its formula has no value "
    "there, or, for delta < 0, promises what is not so. Whoever leaves them out loses nothing. The steps T1-14 to "
    "T1-24 are decided without them, so that each is charged once, here.",
    "T1": "One hypothesis is missing: Assumption 1 says delta in R, and for delta < 0 every position of the window is "
    "matched, whatever its score, and the threshold can be below 0. Nobody means that; with delta >= 0, and where the "
    "formula has a value, the theorem is proved as it stands.",
    "T1-REQ": "The sentence is a reading of Theorem 1, whose threshold is sufficient; it is refuted as a statement "
    "about what COPY requires, and holds where all coefficients after pos are equal.",
    "T1-MONO": "For a_min up to (L - 1)/L the remark is right, which for large L is nearly everywhere.",
    "T2": "log(4 M ||W_V||/eps) holds M and ||W_V|| besides eps: 'a constant related to eps' is read as one for a "
    "given module and given M, by which it passes, as a_min, a_max, M and |Delta| do in T1-25; what fails there is "
    "that d grows with L. With c of eps alone, log(4/eps), the theorem is false: M ||W_V|| = 10, eps = 1, L = 1, i = "
    "6, all others e^0, a score of log 5 + log 4 errs by 4.",
    "T2-LOG": "Counted as a misprint: the theorem a few lines above has L~ = max{L, i - |S_i|}, and with it the "
    "sentence is Theorem 2. The text decided here says L; a tilde may be lost in print, or on the way to this text.",
    "T3-SIZE": "Theorem 3 speaks of the SSM module, whose state has N d entries, and stands. What fails is Remark 1's "
    "way into the full layer: Eq. 1 gives N state entries to every channel, of which there are d + 2N for [x, e_i, "
    "e_pos], and one more that holds 1, from which W_Delta, which has no bias, makes Delta.",
    "T2-34": "Theorem 2 itself states the right L~.",
    "T2-35": "Theorem 2 itself states the right L~.",
    "T3": "pos(i) <= i is read into Definition 1, which speaks of historical records: Eq. 6 cannot put out what comes "
    "later.",
    "R1-NORM": "For M >= 1 only k = 1.278.. can exceed N M^2, and only at N M^2 < k. The point of the remark, a "
    "polynomial bound, stands.",
    "L1-TAYLOR": "One exponent, e^-2 for e^(-2x); it may also be lost on the way from the printed page to the text "
    "decided here.",
    "L1-R2": "The exponent 2 for 3, in three lines; the last two lines have the 3.",
    "L1-SSM": "c^T 0 is meant: the state is zero. A digit may also be lost on the way from the printed page to the "
    "text decided here.",
    "RES-CAT": "The two halves change places: [0, x] in, [y, x] out.",
    "A3-LIS-CHAIN": "'For any state there exist constants' would bound nothing if they could differ from state to "
    "state and from n to n. Constants are read as one choice for all n, which the size O(T) of Theorem 4 needs.",
    "A3-ARITH": "The repair is HELD, not PROVED: what a token reads, the units and the lengths are counted at two "
    "lengths of a line, and nothing proves them for every length.",
    "A3-ED": "The bullets are evaluated for the costs 2, 2, 3 and 1, 1, 1 and 1, 3, 5; that they hold for all fixed a, "
    "b, c >= 0 is the argument in words below: costs are numbers in the same expressions, which do not grow with them.",
    "T4-B2": "A.6 says that Lemma 5's I[e^state != e_j^state] is used to set f^answer, not that it is the flag: the "
    "flag is its complement, and is counted as right. Of f^state it says that checking I[e^next_state != 0] implements "
    "it, and Block 3 takes f^state = 1 for the last state.",
    "A5-ARITH": "m-local is read as Section 4 defines it, o_i = f(the last m tokens), with an f that is blind to the "
    "position i. That 2 n - 2 is enough is proved; that nothing between n + 1 and it is, is not.",
    "A5-ED-MAX": "'The number of entries required' is read as a distance, how far back they lie, since that is what a "
    "window holds. As a mere count it is three values a state.",
    "A5-ED-COPY": "(?) The text decided here ends in 'such as:'; the display of the copied rows may be lost on the way "
    "to it. Rows are read as the input, a separator and the values, as in the table shown just before, without a "
    "number of their own; and f as blind to the position i. With either, row or position, the window is right.",
    "A8-EX": "L = 4 is right if lines are counted instead of steps.",
    "T4": "What is proved: for the problems named, all inputs of the sizes named, whatever their tokens, in exact "
    "integers; and that the float32 program of the weights rounds nothing on the way. What is sampled: larger "
    "sizes. What is neither: every DP problem, every T, and real arithmetic, in which each gate leaks a little "
    "and no margin is stated for a whole stack. So HELD. T counts the prompt as well, as Section 4 has it in 'the "
    "generated sequence' and 'the CoT output sequence', A.5 in 'its complete CoT output', and the proof in its "
    "sequence length t. If it counted generated tokens alone the theorem would be false: the problem 'letter n2 "
    "of s1, n2 the length of s2' has a chain of 3 tokens, and after s1 the state must tell 2^n strings apart (a "
    "planted alteration of this row).",
    "T5": "What is proved: edit distance with copied rows for all strings of the lengths named, whatever their "
    "letters, and arithmetic for the expressions named, in exact integers; and that the float32 program of the weights "
    "rounds nothing on the way. What is sampled: larger sizes. What is neither: every m-local DP problem, every "
    "m, and real arithmetic. So HELD. The prompt is a part of o_1 .. o_T, as in T4, where the paper's own displays "
    "are named that have it so.",
}
"""What the verdict alone would leave a reader to guess; not every row has one."""

ARGUMENTS: Mapping[str, str] = {
    "EQ1-EQ6": "By induction on the step at any size: A~_i^T (.) takes Pi_j^T for i - 1 to that for i, and adds b_i's "
    "term.",
    "T1-REQ": "The error is |1 - alpha_pos s| plus what the others weigh, so a score of at least (1 - eps/(M |Delta|)) "
    "/ alpha_pos is needed; Assumption 1 keeps it below 1/alpha_pos; and alpha_pos = a_min^(L-1) here.",
    "T2-LOG": "With all other scores equal the required gap is log(i - 1) + log((1 - e)/e), e = eps/(2 M ||W_V||), and "
    "with any others it is no larger; log(i - 1) is log i less at most log 2.",
    "R1-GATE": "The entries of the block are the same at every N and d: identities, zeros and k.",
    "L4": "At any M, alpha and k = M/alpha: for t >= alpha both x + k t and k t are at least 0 and y - k t and -k t at "
    "most 0, so that the four ReLUs leave x; likewise y for t <= -alpha.",
    "A3-LIS-CHAIN": "Any n: the pairs of inputs of verify/claims/assumption3.py, 5 .. 5 6 5 .. 5 7 against 5 .. 5 7, "
    "differ in one read token and value alone, for each of n - 2 places.",
    "A3-LIS-2D": "States, tokens and values at any n by induction along the states: the value of (j, k) is at most j, "
    "since c_k + 1 <= k + 1 <= j for k < j.",
    "A3-ED": "Values at any n by induction along the states: dp(j, k) is at most max(a, b) (j + k).",
    "T4-B1": "Proved on the families named; that the repaired block serves every DP problem is part of T4.",
    "T4-B2": "Proved on the families named; that the repaired block serves every DP problem is part of T4.",
    "T4-B3": "(p - j)^2 is at least 1 for integers p != j, so the one-hots are right at any T. The rest is proved on "
    "the families named; that the repaired block serves every DP problem is part of T4.",
    "T4-B4": "Proved on the families named; that the repaired block serves every DP problem is part of T4.",
    "T5-PROOF": "Any lambda, m, T and V by the note to bounds/slots.py.",
    "A4-ED": "For all strings and costs: several edits of one letter cost no less than one, so a cheapest way touches "
    "each letter once and can go from left to right; its last step is one of the three of the minimum.",
    "A5-ARITH": "The window at any n: with L symbols in the first line, the line before and what stands of the new one "
    "determine the next symbol, 2 L = 2 n - 2 tokens (constructions/problems/arithmetic.py). The length: each line is "
    "at least 2 symbols shorter than the one before.",
    "A5-ED-MAX": "At any n1, n2: (j, k) stands at place (j - 1) n2 + k, so (j - 1, k - 1) is n2 + 1 values before.",
    "A5-ED-COPY": "At any n1, n2: a row takes P = n1 + 2 n2 + 2 tokens, which hold the inputs, the row's number and "
    "the row before; A.4 reads at most P + 1 back (constructions/problems/edit_rows.py).",
    "A5-LIS": "At any n: 5 9 .. 9 6 and 6 9 .. 9 6 have the same values up to c_n, so the 2 n - 1 tokens before c_n "
    "are the same, and c_n = 2 or 1.",
    "X-SSM-EXACT": "Output minus target is linear in the values, so its modulus is largest at a corner of the box, "
    "where each value has the sign of its coefficient.",
    "X-ATT-EXACT": "The same, with coefficients a_j and a_pos - 1, whose moduli add up to 2 (1 - a_pos).",
    "X-CONVERSE": "The d_h + 1 positions of the largest Delta are written into d_h entries by a linear map, so some u "
    "with |u_p| = max |u_j| = 1 leaves nothing there: M u and -M u end in one state, and one answer for two values 2 M "
    "Delta_p apart errs by M Delta_p (bounds/converse.py).",
    "X-STATE": "The state is an affine map of N d numbers; with fewer entries it has a kernel, as above.",
    "X-AVERAGE": "S of rank d_h has a kernel of dimension N - d_h, on which S - I is -I, so the squared error is at "
    "least N - d_h of N.",
    "X-ATT-SIZE": "Binary codes: a position at Hamming distance h weighs e^(-2 s h) relative to pos, which sums to "
    "(1 + e^(-2 s))^m - 1. A circle: the nearest other point is at cosine cos(2 pi/N).",
    "X-BITS": "Each of the 2^b states leads to one answer, so at most 2^b of the D^L strings come out.",
    "X-GADGET": "The sharp lambdas solve closed forms of the worst error, with their derivations in bounds/gadgets.py; "
    "M = 2, eps = 0.1 and the margins of the table are where they are also reached on the weights.",
    "X-RING": "Any lambda >= 1.28, N, T and V by the note to bounds/slots.py.",
    "X-T3-GATED": "Every slot but the one asked for adds at most M softplus(-S), and softplus(-S) = eps/((N - 1) M) "
    "has the solution S < log((N - 1) M/eps).",
}
"""What carries a verdict from the sizes that were gone through to all of them, where symbols alone do not."""
