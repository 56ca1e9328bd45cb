"""What the page of each topic says before its rows: the theorem in plain words, and what was built and run."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A picture that lies beside the pages."""

    file: str
    caption: str


@dataclass(frozen=True)
class About:
    """says: the topic for someone who has not read the paper.  built: what was built and run to decide its rows.
    pages: (file, name, what it shows) of pages that other commands make.
    """

    title: str
    says: str
    built: str
    figures: tuple[Figure, ...] = ()
    pages: tuple[tuple[str, str, str], ...] = ()


_COPY = ("copy-N4096.md", "verify copy", "4096 values copied in four ways, and where each memory fails")
_BOUNDS = ("bounds-amin0.9.md", "verify bounds", "every threshold beside the exact requirement")
_GADGETS = ("gadgets.md", "verify gadgets", "each block certified in balls, then run in four float formats")
_COSTS = Figure(
    "dp.png", "Operations of one token and numbers carried from token to token, against the tokens of a run"
)
_DP = ("dp.md", "verify dp", "the compiled stacks run token by token against an oracle")

ABOUT: Mapping[str, About] = {
    "Preliminaries": About(
        "Preliminaries: Eq. 1 to 6 and what the proofs take from them",
        "The state space module reads a token, writes a key times a value into its state, forgets a part of what "
        "was there, and reads the state with a query (Eq. 1). Unrolled, that is a weighted sum of all recorded values, "
        "as in linear attention (Eq. 5, 6). The proofs switch parts of the layer off: a constant gate leaves the "
        "module, a state that is never written leaves a two-layer network (Eq. 37).",
        "Eq. 1-3 run step by step in exact fractions and in the layers of `constructions/mamba.py`, against the "
        "unrolled sums; every degenerate setting run on weights given by hand.",
    ),
    "Theorem 1": About(
        "Theorem 1: what score does a constant-size SSM need to copy?",
        "Step i of the SSM module (Eq. 6) puts out the sum of all recorded values v_j, each times its score c_i^T b_j "
        "and times alpha_j, the product of the forgetting coefficients a_k since j. Theorem 1 says that the value at "
        "pos(i) comes out within epsilon if its score is at least c (1/a_min)^(L-1) + d, where a_min is the least "
        "coefficient since pos(i) and L bounds how far back positions match. A.1 proves it in a chain of inequalities, "
        "Eq. 7-25.",
        "Each displayed inequality is decided on its own hypotheses: in exact fractions over families of instances of "
        "Assumption 1 (scores, coefficients, positions), by a search that climbs towards a violation, and, where it is "
        "true, by a proof: the two sides with unknowns for numbers at small sizes, their terms at every size. Errors "
        "are those of Eq. 6 itself over all values. Steps are decided for delta >= 0 and where their numbers have a "
        "value; what the printed delta in R and the edges do to them is decided once, in T1-EDGE and in T1.",
        (
            Figure("bounds-amin0.9.png", "Scores needed for COPY by the SSM module and by attention, against L"),
            Figure("vacuity.png", "The largest delta at which the theorem speaks, against L"),
        ),
        (_BOUNDS, ("vacuity.md", "the vacuity meter", "where the theorem's hypotheses can hold together")),
    ),
    "Theorem 2": About(
        "Theorem 2: what score does softmax attention need to copy?",
        "Attention puts out an average of all values, weighted by the exponentials of the scores. Theorem 2 says that "
        "the value at pos(i) comes out within epsilon if its score is log L~ + c above every other, where L~ counts "
        "positions: a logarithm where Theorem 1 has an exponential. A.2 proves it in the steps of Eq. 26-35.",
        "Each displayed step is decided with rho, delta and L~ as it is printed there; exponentials and logarithms in "
        "balls, worst cases by the closed form of attention's exact error (`bounds/exact.py`), which is necessary and "
        "sufficient.",
        (Figure("bounds-amin0.9.png", "Scores needed for COPY by the SSM module and by attention, against L"),),
        (_BOUNDS,),
    ),
    "Theorem 3": About(
        "Theorem 3: with a state as long as the sequence, the SSM copies exactly",
        "Nothing is forgotten (A = O), the key of step j is the j-th unit vector, and the query of step i is the unit "
        "vector of pos(i): then column j of the state is v_j, and the output is v_pos(i), without error. A.3 says what "
        "this costs, and Remark 1 puts the module into a full Mamba block.",
        "The weights as A.3 describes them (`constructions/memories/theorem3.py`), run by the layer of Eq. 1-3 and "
        "apart from it in exact integers; sizes counted from the weights and compared with closed forms in N and d; "
        "the state and the output with symbols, for every N.",
        (Figure("copy-N4096.png", "Error of a memory of constant size against N, beside the others"),),
        (_COPY,),
    ),
    "Lemmas 1-5": About(
        "Lemmas 1-5: blocks that multiply, select and compare",
        "With its state switched off a Mamba block is a two-layer network with SiLU. Lemmas 1-5 build a product, any "
        "ReLU network, a linear map, a selection by a sign, and the indicators a > b, a < b and a != b, each within "
        "any epsilon, from weights of polynomial size in M and 1/epsilon. Theorem 4's blocks are made of these.",
        "Each block built as printed (`constructions/gadgets/`), its error over the whole domain enclosed in balls by "
        "branch and bound, with the printed lambda and with the smallest that is enough; derivatives by sympy.",
        (Figure("gadgets.png", "Measured error of each gadget against lambda, in four float formats"),),
        (_GADGETS,),
    ),
    "Assumption 3": About(
        "Assumption 3: which dynamic-programming problems are meant?",
        "A problem qualifies if each state needs a bounded number of inputs and of earlier values, if all numbers stay "
        "polynomial in its size, and if its functions are computed by networks of constant size. The paper says that "
        "the longest increasing subsequence, the edit distance and arithmetic do.",
        "Each bullet is checked on the problem's own expressions (`constructions/assumption.py`): dependencies counted "
        "over every instance of a stated size, values against a polynomial, functions by the blocks that compute them.",
        (),
        (_DP,),
    ),
    "Theorem 4": About(
        "Theorem 4: dynamic programming by chain of thought, with layers of size O(T)",
        "The layers write the table of a dynamic-programming problem out, one state a token. Four blocks do it: find "
        "the problem's size and the next state, find what that state needs, copy it and compute the value, compute the "
        "answer. A.6 describes them bullet by bullet.",
        "Each bullet is decided as printed on small token streams, with a witness where it fails. The repair is the "
        "compiled stack (`constructions/compiler.py`), run token by token on every small instance against a plain "
        "program; sizes and costs counted exactly at several T.",
        (_COSTS,),
        (_DP,),
    ),
    "Theorem 5": About(
        "Theorem 5: with locality, layers of size O(m)",
        "Where every token depends on the m tokens before it alone, a memory of m slots should do, whatever the "
        "length. A.7 says that the construction of Theorem 4 needs no other change.",
        "Theorem 3's module with m slots run in exact integers until a slot is used twice; then the ring of m slots "
        "that does forget (`constructions/programs/blocks.py`), its leak bounded in closed form, run far past m.",
        (_COSTS,),
        (_DP,),
    ),
    "Examples": About(
        "The examples of A.4, A.5 and A.8",
        "The paper shows its statements on the edit distance, on arithmetic and on the longest increasing subsequence, "
        "with windows, chain lengths and worked lines.",
        "Recurrences and windows computed exactly from the dependencies of the printed format, over every instance of "
        "a stated size; worked lines in every arithmetic that they could be meant in.",
        (),
        (_DP,),
    ),
    "Past the paper": About(
        "Past the paper: exact conditions, lower bounds, sharp constants, floats",
        "Where the paper gives a sufficient condition, these rows give one that is necessary too; where it gives a "
        "construction, they ask whether a smaller one could do, and what a float program leaves of it.",
        "Each statement is proved beside its closed form (the docstring named in its row), and confirmed by numbers: "
        "the bound is met by every instance tried and reached by one.",
        (
            Figure("copy-N4096.png", "Error of a memory of constant size against N, measured and in closed form"),
            Figure("gadgets-responses.png", "Each gadget across its decision boundary, at three lambdas"),
        ),
        (_COPY, _GADGETS, _BOUNDS),
    ),
}
