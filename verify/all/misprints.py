"""Misprints and small gaps of the paper that change no verdict: what is printed, and what is to be read.

In the order of the paper, Sections 2 to 4 and the appendix (of A.8 and Section 5 only what is said twice, differently).
Slips of spelling and grammar are left out, and so is what the conversion of the paper to the text read here has
plainly garbled; where it may have, `perhaps_ours` says so.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Misprint:
    """One place.  row: the row of the ledger that speaks to it; "" where no verdict is needed.  perhaps_ours: whether
    the conversion of the paper to text may have made it."""

    where: str
    printed: str
    read: str
    row: str = ""
    perhaps_ours: bool = False


_PRELIMINARIES = (
    Misprint(
        "Eq. 1, Eq. 5, A.3",
        "the state is d_h x d in Eq. 1 and read as H_i^T c_i; in Eq. 5 and A.3 it is d x d_h and read as H_i c_i",
        "one of the two throughout; each is the other's transpose",
        "EQ1-EQ6",
    ),
    Misprint(
        "Section 2, Mamba layer",
        "the block is f: R^d -> R^d, of one token",
        "f: R^(d x N) -> R^(d x N): its SSM reads all tokens up to i",
    ),
    Misprint(
        "Eq. 3, A.6",
        "W_3 SSM(Z_1) (.) silu(Z_2), without brackets",
        "W_3 (SSM(Z_1) (.) silu(Z_2)), as Eq. 37 and the widths of Lemma 1 need it",
        "EQ3-MLP",
    ),
    Misprint(
        "Section 3.1, below Eq. 4",
        "softmax makes the sum of a_ij over i = 1..j equal 1",
        "over j = 1..i",
        perhaps_ours=True,
    ),
)
_SECTION_3 = (
    Misprint("Figure 2, caption", "|c_i^T b_i| >= delta", "|c_i^T b_j| >= delta", perhaps_ours=True),
    Misprint(
        "Definitions 1 and 3",
        "pos(i) without a range in the first, in [N] in the second",
        "pos(i) <= i: what is not yet recorded cannot be put out (Assumptions 1 and 2 imply it, Theorem 3 needs it)",
        "T3",
    ),
    Misprint("Assumptions 1 and 2", "S_i(L, delta) exists", "S_i(L, delta) is not empty; pos(i) in it says so"),
    Misprint("Assumptions 1 and 2", "delta in R", "delta >= 0, which Theorem 1 needs", "T1"),
    Misprint(
        "Section 3.2, after Theorem 1",
        "L is the distance from i to the farthest highly relevant record",
        "L - 1 is at least that distance: j > i - L",
        "T1-REQ",
    ),
    Misprint(
        "Theorem 3, A.3",
        "size O(N) in the theorem, O(N d) at the end of its proof",
        "O(N d); the same for a fixed d",
        "T3-SIZE",
    ),
)
_SECTION_4 = (
    Misprint(
        "Sections 3 and 4, A.6",
        "N is the length of a sequence in Section 3, the number of input sequences in Section 4",
        "two letters; O(N t d) in Block 1 has the second",
    ),
    Misprint(
        "Section 4, state space",
        "f_I defines the next state if j is the next state to solve after state i",
        "f_I(i) = j if j is the next state to solve after i",
    ),
    Misprint(
        "Section 4, A.5",
        "the format has pairs (i, dp(i)); the chains of the examples have the values alone",
        "pairs in the examples as well, or no states in the format: what a window must hold depends on it",
        "A5-ED-COPY",
    ),
    Misprint(
        "Theorems 4 and 5",
        "the length of the answer is no more than T",
        "the length of the whole sequence, prompt included, as the proof's t",
        "T4",
    ),
    Misprint(
        "Section 4, m-locality",
        "o_1, .., o_T is the output of the chain of thought",
        "the whole sequence, prompt included: else the first value would depend on nothing",
        "T5",
    ),
)
_PROOF_1 = (
    Misprint(
        "A.1, below Eq. 17",
        "a_max is the maximum over 1 <= j < pos(i)",
        "over 1 < j <= pos(i): the coefficients that the ratios of Eq. 12 hold",
        "T1-16",
    ),
    Misprint(
        "A.1, below Eq. 17", "'|c_i^T b_j| le delta', with the word le", "|c_i^T b_j| <= delta", perhaps_ours=True
    ),
    Misprint(
        "A.1, below Eq. 19",
        "only a_max^(pos(i)-1) is said to be left out",
        "the -1 behind (1/a_min)^(L-1) is left out as well; both only make the bound larger",
        "T1-19",
    ),
    Misprint(
        "A.1, below Eq. 19",
        "the effect of a_max^(pos(i)-1) can be neglected when i is large",
        "when pos(i) is large",
    ),
)
_PROOF_2 = (
    Misprint("A.2", "v_i = W_v x_i, then ||W_V||", "one letter for the map of the values"),
    Misprint("A.2, Eq. 26", "a_{i,j} v_i in both sums", "a_{i,j} v_j"),
    Misprint("A.2, Eq. 27", "the sum over j <= i in the first bound", "the sum over j <= i, j != pos(i)", "T2-27"),
    Misprint(
        "A.2, Eq. 28", "the sum over i != pos(i) in the denominator", "over j <= i, j != pos(i)", perhaps_ours=True
    ),
    Misprint(
        "A.2, Eq. 29-30",
        "the same as Eq. 28 for every eps > 0",
        "for eps < 2 M ||W_V||; from there on Eq. 28 asks for nothing",
        "T2-31",
    ),
    Misprint(
        "A.2, before Eq. 34",
        "L~ = max{L, S_i}, a number against a set",
        "L~ = max{L, i - |S_i|}, as in the theorem",
        "T2-34",
    ),
    Misprint(
        "A.2, Eq. 33 and 35",
        "rho is the maximum over the matching set in Eq. 33 and over all j != pos(i) in Eq. 35",
        "the second, as in the theorem",
        "T2-RHO",
    ),
)
_PROOF_3 = (
    Misprint("A.3", "H_T at the last step", "H_N: the sequence has N steps"),
    Misprint(
        "A.4, A.5",
        "s_1 and s_2 for the strings",
        "s^(1) and s^(2): footnote 3 keeps s_i for the i-th input token",
    ),
    Misprint(
        "A.5, edit distance",
        "'such as:', and no display behind it",
        "the rows with the copied input; what they hold decides the window",
        "A5-ED-COPY",
        perhaps_ours=True,
    ),
    Misprint(
        "Section 3.2, after Theorem 2",
        "the gap is bounded below by log L",
        "log L~, as in the theorem",
        "T2-LOG",
        perhaps_ours=True,
    ),
    Misprint("A.6, heading", "Proof of Theorem 3", "Proof of Theorem 4"),
    Misprint(
        "A.6, Lemma 1",
        "|(+-a +-b)/lambda| < 2M/lambda",
        "<= 2M/lambda, which a = b = M reaches; below 1 all the same",
        "L1-R2",
    ),
    Misprint(
        "A.6, Lemma 1",
        "lambda >= 216 M^3/(2 eps) alone",
        "and lambda > 2M, which the chain of bounds supposes; the conclusion holds without",
        "L1",
    ),
    Misprint("A.6, Lemma 1", "W_3 in R^(4 x 1)", "W_3 in R^(1 x 4): it takes four hidden units to one output"),
    Misprint("A.6, Lemma 1", "W_1 zeros and b = 1", "b_1 = 1: b is the projection of the SSM, b_1 the bias of Eq. 3"),
    Misprint(
        "A.6, Lemma 2",
        "d is the number of hidden units, besides the dimension of a token",
        "a letter of its own; (39) counts hidden units",
        "L2-38to41",
    ),
    Misprint(
        "A.6, Remark 3 and Lemma 4",
        "the selection is Lemma C.5 of Feng et al. in the remark, Lemma C.4 in the lemma",
        "one of the two",
    ),
    Misprint("A.6, Lemma 4", "t in [-inf, -alpha] u [alpha, +inf]", "(-inf, -alpha] u [alpha, +inf): t is real", "L4"),
    Misprint(
        "A.6, Lemma 5",
        "one Mamba block in the statement, two for != in the proof",
        "one or two; one of 4 units is enough",
        "L5-NE",
    ),
    Misprint(
        "A.6, Assumption 3",
        "for any state there exist constants N_s, N_dp, N_A",
        "there exist constants, for all n and all states; else they would bound nothing",
        "A3-LIS-CHAIN",
    ),
    Misprint("A.6, after Remark 4", "Assumption 2 covers, and is reasonable for, DP problems (twice)", "Assumption 3"),
)
_BLOCKS = (
    Misprint(
        "A.6, Blocks 1 and 2",
        "f(n, e^state) for the next state, A = f(n, s) for the states that the answer needs",
        "f_I(n, e^state) and A(n), the functions of Assumption 3",
        "T4-B2",
    ),
    Misprint("A.6, Block 3", "'using several Mamba layers using 5 ... using Lemma 5'", "using Lemma 5, once"),
    Misprint("A.6, Block 3", "the DP value e_t^next_state", "e_t^next_dp, as in the output displayed below"),
    Misprint("A.6, Block 3", "the output is called x_t^(2), as that of Block 2", "x_t^(3)"),
    Misprint(
        "A.6, Block 3",
        "the output displayed has neither e_t^state nor e_t^dp",
        "both are kept: Block 4 collects e^dp, and f^answer is about e^state",
        "T4-B4",
    ),
    Misprint(
        "Section 5, A.8",
        "the smallest pretrained model has 340M parameters in Section 5, 370M in A.8",
        "one of the two",
    ),
    Misprint("A.8", "L = 4 for the expression 4 * (8 - 6/3)", "three operators, so three steps", "A8-EX"),
)
MISPRINTS = (*_PRELIMINARIES, *_SECTION_3, *_SECTION_4, *_PROOF_1, *_PROOF_2, *_PROOF_3, *_BLOCKS)
