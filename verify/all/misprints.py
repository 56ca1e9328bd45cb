"""Misprints of the paper that change no claim: what is printed, and what is to be read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Misprint:
    """One place.  row: the row of the ledger that speaks to it; "" where no verdict is needed."""

    where: str
    printed: str
    read: str
    row: str = ""


MISPRINTS = (
    Misprint(
        "Eq. 1, Eq. 5, A.3",
        "the state is d_h x d in Eq. 1 and read as H_i^T c_i; in Eq. 5 and A.3 it is d x d_h and read as H_i c_i",
        "one of the two throughout; each is the other's transpose",
        "EQ1-EQ6",
    ),
    Misprint("A.2, Eq. 26", "a_{i,j} v_i in both sums", "a_{i,j} v_j"),
    Misprint("A.2, Eq. 27", "the sum over j <= i in the first bound", "the sum over j <= i, j != pos(i)", "T2-27"),
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
    Misprint("A.3", "H_T at the last step", "H_N: the sequence has N steps"),
    Misprint("A.6, heading", "Proof of Theorem 3", "Proof of Theorem 4"),
    Misprint("A.6, Lemma 1", "W_3 in R^(4 x 1)", "W_3 in R^(1 x 4): it takes four hidden units to one output"),
    Misprint("A.6, Lemma 1", "W_1 zeros and b = 1", "b_1 = 1: b is the projection of the SSM, b_1 the bias of Eq. 3"),
    Misprint(
        "A.6, Remark 3 and Lemma 4",
        "the selection is Lemma C.5 of Feng et al. in the remark, Lemma C.4 in the lemma",
        "one of the two",
    ),
    Misprint("A.6, after Remark 4", "Assumption 2 covers, and is reasonable for, DP problems (twice)", "Assumption 3"),
    Misprint("A.6, Block 3", "the DP value e_t^next_state", "e_t^next_dp, as in the output displayed below"),
    Misprint("A.6, Block 3", "the output is called x_t^(2), as that of Block 2", "x_t^(3)"),
    Misprint("A.6, Block 3", "'using several Mamba layers using 5 ... using Lemma 5'", "using Lemma 5, once"),
    Misprint("A.8", "L = 4 for the expression 4 * (8 - 6/3)", "three operators, so three steps", "A8-EX"),
)
