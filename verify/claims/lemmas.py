"""Lemmas 2-4 and the remark on concatenation (A.6); Lemmas 1 and 5 are in files of their own."""

from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from bounds.gadget_gap import gap_peak
from bounds.gadgets import network_lambda_paper, select_lambda_paper
from bounds.reals import FRACTIONS, Order, decide
from constructions.gadgets.gadget import ports
from constructions.gadgets.network import linear
from constructions.gadgets.placing import placed_block, residual_from_concatenation
from constructions.layout import Layout, Space
from verify.claims import lemma1, lemma5
from verify.claims.certified import ALPHA, EPSILON, M, certified
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled, stands
from verify.notation import closed
from verify.verdict import Check, Verdict

TOPIC = "Lemmas 1-5"


def relu_networks(setup: Setup) -> Decision:
    """L2-38to41: the scalar bound, then ||W_3|| <= M d as a row sum; with kappa <= 1 each line follows."""
    constant = Fraction(1, 4) if setup.altered == "1/(4 lambda)" else Fraction(1)
    return stands(
        _scalar(),
        _peak("L2-38to41", "|relu(z) - silu(lambda z)/lambda| lambda", constant),
        _row_sums(),
        *certified("relu-network", "L2-38to41"),
        again="import numpy as np; assert 1.28 / (np.exp(1.28) + 1) > 1 / 4",
    )


def _scalar() -> Check:
    x, lam = sympy.symbols("x lambda", positive=True)
    left = [
        sympy.simplify(relu - z / (1 + sympy.exp(-lam * z)) - x / (sympy.exp(lam * x) + 1))
        for z, relu in ((x, x), (-x, sympy.Integer(0)))
    ]
    return settled(
        "L2-38to41",
        "scalar",
        left == [0, 0],
        str(left),
        "0",
        "sympy: relu(z) - silu(lambda z)/lambda = |z|/(e^(lambda |z|) + 1) for z = x > 0 and for z = -x",
        {"difference": str(left)},
    )


def _peak(claim: str, what: str, constant: Fraction) -> Check:
    order = decide(gap_peak, lambda reals: reals.number(constant))
    return settled(
        claim,
        "peak",
        order is Order.LESS,
        closed(gap_peak, 12),
        constant,
        f"the largest value of {what}, over all z, is max x/(e^x + 1) = W(1/e), against the constant of the bound, "
        "in balls",
        {"lambda |z|": "1.2784645", "value": closed(gap_peak, 12), "bound": constant},
    )


def _row_sums() -> Check:
    """(38): |sum_k w_k u_k| <= (sum_k |w_k|) max |u_k|; (39): d entries of modulus at most M."""
    top, d = sympy.symbols("M d", positive=True)
    lam, eps = sympy.symbols("lambda epsilon", positive=True)
    rest = sympy.simplify((top * d / lam).subs(lam, top * d / eps) - eps)
    same = network_lambda_paper(3, 5, Fraction(1, 7), FRACTIONS) == 3 * 5 * 7
    return settled(
        "L2-38to41",
        "chain",
        rest == 0 and same,
        "M d/lambda",
        "epsilon at lambda = M d/epsilon",
        "||W_3||_inf is the largest row sum, at most d entries of modulus at most M (d hidden units), so the chain "
        "ends in M d/lambda, which is epsilon at M d/epsilon (sympy) and falls in lambda; parameters: lambda M and "
        "M/lambda",
        {"difference": str(rest)},
    )


def linear_maps(setup: Setup) -> Decision:
    """L3: W x = W relu(x) - W relu(-x) with SiLU in place of ReLU is exact, for every lambda and all x."""
    sign = 1 if setup.altered == "one sign flipped" else -1
    z, lam = sympy.symbols("z lambda", real=True, nonzero=True)
    silu = z / (1 + sympy.exp(-lam * z))  # silu(lambda z)/lambda
    left = sympy.simplify(sympy.expand(sympy.simplify(silu + sign * silu.subs(z, -z)) - z))
    exact = settled(
        "L3",
        "pair",
        left == 0,
        str(left),
        "0",
        "sympy: (silu(lambda z) - silu(-lambda z))/lambda - z, so that the pair carries z for every lambda, lambda = 1 "
        "and weights of modulus at most max(1, M) included",
        {"difference": str(left)},
    )
    return stands(
        exact,
        *certified("linear", "L3"),
        again="import numpy as np; s = lambda x: x / (1 + np.exp(-x)); assert abs(s(-1) + s(1) - (-1)) > 1",
    )


def selects(setup: Setup) -> Decision:
    """L4: k alpha >= M makes the ReLU form exact; its four units, two of each sign, then miss 2 kappa/lambda at most.

    t = +-inf is read as a limit: there the printed network itself has inf - inf.
    """
    half = setup.altered == "k = M/(2 alpha)"
    k = M / ALPHA / (2 if half else 1)
    corners = [(x, y, t) for x in (-M, M) for y in (-M, M) for t in (ALPHA, 2 * ALPHA, -ALPHA, -2 * ALPHA)]
    off = {at: abs(_relu_select(k, *at) - (at[0] if at[2] > 0 else at[1])) for at in corners}
    worst = max(off, key=lambda at: off[at])
    form = settled(
        "L4",
        "ReLU-form",
        k * ALPHA >= M and off[worst] == 0,
        off[worst],
        0,
        f"k = {k}, M = {M}, alpha = {ALPHA}: for t >= alpha, k t >= k alpha, which must reach M: then x + k t >= 0 >= "
        "y - k t and the form is (x + k t) - k t + 0 - 0, likewise for t <= -alpha; corners in fractions",
        dict(zip("xyt", worst, strict=True)) | {"error": off[worst]},
    )
    enough = select_lambda_paper(M, ALPHA, EPSILON, 1, FRACTIONS) >= 4 / EPSILON
    constant = settled(
        "L4",
        "constant",
        enough,
        "max(1, M/alpha) (2d + 2)/eps",
        "4/eps",
        "Lemma 2's lambda for these units is at least 4/eps for every d >= 1, so 2 kappa/lambda <= kappa eps/2 < eps; "
        "parameters: lambda max(1, k)",
        {"lambda": select_lambda_paper(M, ALPHA, EPSILON, 1, FRACTIONS)},
    )
    return stands(
        form,
        _peak("L4", "phi", Fraction(2)),
        constant,
        *certified("select", "L4"),
        again="relu = lambda z: max(z, 0); M, alpha = 2, 1; k = M / (2 * alpha); x, y, t = -M, -M, alpha; "
        "assert abs(relu(x + k * t) - relu(k * t) + relu(y - k * t) - relu(-k * t) - x) == M / 2",
    )


def _relu_select(k: Fraction, x: Fraction, y: Fraction, t: Fraction) -> Fraction:
    zero = Fraction(0)
    return max(x + k * t, zero) - max(k * t, zero) + max(y - k * t, zero) - max(-k * t, zero)


def concatenation(setup: Setup) -> Decision:
    """RES-CAT: Eq. 2 adds the block's own input, so [y, x] needs the input [0, x], not [x, 0]."""
    turned = setup.altered == "input [0, x]"
    x, y = sympy.symbols("x y")
    given = (sympy.Integer(0), x) if turned else (x, sympy.Integer(0))
    made = tuple(sympy.expand(a + b) for a, b in zip(given, (y, sympy.Integer(0)), strict=True))
    printed = settled(
        "RES-CAT",
        "printed",
        made == (y, x),
        str(list(made)),
        "[y, x]",
        "Eq. 2 on the input that g is given: input + g(input), with g(input) = [y, 0] (sympy)",
        {"x": 1, "y": 2, "input": [1, 0], "input + g(input)": [3, 0], "[y, x]": [2, 1]},
        REFUTES,
    )
    repair = Repair(
        "On the input [0, x], with a g that reads the second half and writes the first, Eq. 2 gives [0, x] + [y, 0] = "
        "[y, x]; and [I, I] [y, x] = x + y brings the residual connection back. The first half must be 0 before.",
        _placed(),
    )
    return fails(
        (printed,),
        repair,
        "Theorem 4's blocks concatenate throughout; the repaired form is enough for them.",
        "x, y = 1, 2; given = [x, 0]; g = [y, 0]; assert [a + b for a, b in zip(given, g)] == [3, 0] != [y, x]",
    )


def _placed() -> tuple[Check, Check]:
    """A block f of one token's x (2 numbers) to y, put into the stream [y, x]: its matrices, and zeros elsewhere."""
    gadget = linear(np.array([[1.0, 2.0], [3.0, -1.0]]), 4)
    stream = Layout((Space("y", 1, 2), Space("x", 1, 2)))
    block = gadget.blocks[0]
    g = placed_block(block, stream, {"out": "y"})
    reads = gadget.ports.coordinates("x")
    writes = gadget.ports.coordinates("out")
    inside = [
        (g.W_2.dense(), block.W_2.dense()[:, reads], np.s_[:, 2:], np.s_[:, :2]),
        (g.W_3.dense(), block.W_3.dense()[writes], np.s_[:2], np.s_[2:]),
    ]
    same = all((big[at] == small).all() and not big[rest].any() for big, small, at, rest in inside)
    back = residual_from_concatenation(ports({"x": 2}, {"y": 2}), {"x": "y"}).dense()
    wanted: Any = np.hstack([np.eye(2), np.eye(2)])
    return (
        settled(
            "RES-CAT",
            "placed",
            same and block.ssm.W_b.nonzeros == 0,
            "g",
            "f on its places, 0 elsewhere",
            "the dense matrices of a block put into a wider stream, entry by entry: so g([0, x]) = [f(x), 0]",
            {"W_2": g.W_2.dense().tolist()},
        ),
        settled(
            "RES-CAT",
            "back",
            (back == wanted).all(),
            back.tolist(),
            wanted.tolist(),
            "the linear map that turns the concatenation into the residual connection, entry by entry",
            {"map": back.tolist()},
        ),
    )


CLAIMS = (
    *lemma1.CLAIMS,
    Claim(
        "L2-38to41",
        "Lemma 2, A.6",
        TOPIC,
        "|relu(z) - silu(lambda z)/lambda| = |z|/(e^(lambda |z|) + 1) <= 1/lambda, hence (38)-(41), and lambda > M "
        "d/eps is enough for every ReLU network of d hidden units with parameters at most M, for all x.",
        relu_networks,
        altered={"1/(4 lambda)": Verdict.REFUTED},
    ),
    Claim(
        "L3",
        "Lemma 3, A.6",
        TOPIC,
        "A Mamba block with parameters O(poly(M, 1/eps)) computes W x within eps for every x, entries of W at most M.",
        linear_maps,
        altered={"one sign flipped": Verdict.REFUTED},
    ),
    Claim(
        "L4",
        "Lemma 4, A.6",
        TOPIC,
        "A Mamba block with parameters O(poly(M, 1/alpha, 1/eps)) selects x for t >= alpha and y for t <= -alpha "
        "within eps, for all x, y in [-M, M]^d and all real t with |t| >= alpha.",
        selects,
        altered={"k = M/(2 alpha)": Verdict.REFUTED},
    ),
    *lemma5.CLAIMS,
    Claim(
        "RES-CAT",
        "A.6, before Block 1",
        TOPIC,
        "Concatenation is a residual connection: g([x, 0]) + [0, x] = [y, 0] + [0, x] = [y, x] with g a block, as Eq. "
        "2 adds it; and a linear map brings the residual connection back.",
        concatenation,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"input [0, x]": Verdict.PROVED},
    ),
)
