"""Lemma 1 (A.6): the derivatives of SiLU, the chain of bounds on R_2, the constant 216 M^3 / (2 eps), and the branch
that is switched off."""

from fractions import Fraction

import numpy as np
import sympy

from bounds.gadgets import product_share
from bounds.reals import Order, decide
from constructions.gadgets.product import product
from verify.claims import lemma1_remainder
from verify.claims.certified import certified
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled, stands
from verify.gadgets.paper import third_derivative, third_derivative_printed, values
from verify.verdict import Check, Verdict

WHERE, TOPIC = "Lemma 1, A.6", "Lemmas 1-5"
PAPER_FACTOR = Fraction(108)  # lambda = 216 M^3 / (2 eps)
SHARES = 16


def taylor(setup: Setup) -> Decision:
    """L1-TAYLOR: silu, silu' and silu'' are right, and so is the quadratic part; silu''' is misprinted."""
    third = third_derivative if setup.altered == "e^(-2x) in silu'''" else third_derivative_printed
    return fails(
        (values(), _quadratic(), third()),
        Repair(
            "silu''' = ((x - 3) e^-x - 4 x e^(-2x) + (x + 3) e^(-3x)) / (1 + e^-x)^4; the rest as printed.",
            (third_derivative(),),
        ),
        "Nothing: the bound that follows takes e^2 for the middle term, which is right for e^(-2x), and both functions "
        "have the same largest modulus on [-1, 1] (L1-R2).",
        "import numpy as np; s = lambda x: x / (1 + np.exp(-x)); h = 0.01; "
        "true = (s(-1 + 2 * h) - 2 * s(-1 + h) + 2 * s(-1 - h) - s(-1 - 2 * h)) / (2 * h**3); "
        "shown = (-4 * np.exp(1) + 4 * np.exp(-2) + 2 * np.exp(3)) / (1 + np.exp(1)) ** 4; "
        "assert abs(true - shown) > 0.1",
    )


def _quadratic() -> Check:
    a, b, lam = sympy.symbols("a b lambda", positive=True)
    s, t = (a + b) / lam, (a - b) / lam
    linear = (s - s - t + t) / 2
    left = sympy.simplify(linear + (2 * s**2 - 2 * t**2) / 4 - 2 * a * b / lam**2)
    return settled(
        "L1-TAYLOR",
        "expansion",
        left == 0,
        str(left),
        "0",
        "sympy: silu(0) and the linear terms cancel, and 1/2! 1/2 (s^2 + s^2 - t^2 - t^2) = 2ab/lambda^2",
        {"difference": str(left)},
    )


def multiplies(setup: Setup) -> Decision:
    """L1: with u = M/lambda = s/108 and s = eps/M^2 the relative error 1 - tanh(u)/u is at most s, for every s."""
    factor = Fraction(1, 10) if setup.altered == "lambda = M^3 / (10 eps)" else PAPER_FACTOR
    return stands(
        _for_all(factor),
        *certified("product", "L1"),
        _weights(),
        again="import numpy as np; silu = lambda x: x / (1 + np.exp(-x)); lam = 1 / (10 * 0.5); "
        "g = lam**2 / 2 * (silu(2 / lam) + silu(-2 / lam)); assert abs(g - 1 * 1) > 0.5",
    )


def _for_all(factor: Fraction) -> Check:
    """With lambda = factor M^3/eps: the worst error is M^2 (1 - tanh(u)/u) (`product_error`), u = s/factor.

    s >= 1: it is below M^2 <= eps. s < 1 and factor >= 1: tanh(u) >= u - u^3/3, because both sides are 0 at 0 and
    tanh' = 1 - tanh^2 >= 1 - u^2; so 1 - tanh(u)/u <= u^2/3 = s (s/(3 factor^2)) <= s. The error falls in lambda.
    """

    def relative(s: Fraction):
        return lambda reals: product_share(reals.number(s / factor), reals)

    def allowed(s: Fraction):
        return lambda reals: reals.number(s)

    shares = [Fraction(k, SHARES) for k in range(1, SHARES)]
    above = [s for s in shares if decide(relative(s), allowed(s)) is Order.GREATER]
    holds = not above and factor >= 1
    return settled(
        "L1",
        "for-all-M-eps",
        holds,
        f"lambda = {factor} M^3/eps",
        "|g(a, b) - ab| <= eps on [-M, M]^2",
        "the worst error is M^2 (1 - tanh(u)/u), u = M/lambda; in s = eps/M^2 it says 1 - tanh(u)/u <= s at u = s over "
        f"the constant, which u^2/3 shows for s < 1 and 1 for s >= 1; s = 1/{SHARES}, .., {SHARES - 1}/{SHARES} also "
        "decided in balls",
        {"eps/M^2": above[:1], "a = b": "M", "M": 1} if above else {"no case of s": "above", "factor": factor},
    )


def _weights() -> Check:
    """Width 4 and the norm: the entries are 0, 1, 1/lambda and lambda^2/2, and lambda may be taken at least 1."""
    places = [(M, eps) for M in (Fraction(1, 8), Fraction(1), Fraction(8)) for eps in (Fraction(1, 64), Fraction(8))]
    wrong = []
    for M, eps in places:
        lam = max(Fraction(1), PAPER_FACTOR * M**3 / eps)
        gadget = product(M, lam)
        square = (PAPER_FACTOR * M**3 / eps) ** 2
        allowed = {0.0, 1.0, float(1 / lam), float(lam**2 / 2)}
        block = gadget.blocks[0]
        met = {abs(float(x)) for W in (block.W_1, block.W_2, block.W_3) for x in W.dense().ravel()}
        met |= {abs(float(x)) for bias in (block.b_1, block.b_2) for v in bias.values() for x in np.ravel(v)}
        if not (met <= allowed and gadget.units == (4,) and Fraction(gadget.norm) <= 1 + square):
            wrong.append({"M": M, "epsilon": eps, "norm": gadget.norm, "units": gadget.units})
    return settled(
        "L1",
        "width-and-norm",
        not wrong,
        "max(1, lambda^2/2)",
        "1 + 11664 M^6/eps^2",
        "lambda = max(1, 108 M^3/eps), so that 1/lambda, an entry of W_2, stays below 1 for small M too: the weights "
        f"as built at {len(places)} pairs (M, eps) are 0, 1, 1/lambda and lambda^2/2 only, with 4 hidden units (W_3 is "
        "then 1 x 4, where 4 x 1 is printed)",
        wrong[0] if wrong else None,
    )


def switched_off(setup: Setup) -> Decision:
    """L1-SSM: with W_b = O the state stays at H_0 = O, so the first term is c^T 0 and not c^T 1."""
    c = sympy.symbols("c1:4")
    entry = 0 if setup.altered == "c^T 0" else 1
    left = sympy.expand(sum(c, sympy.Integer(0)) * entry + 1 * 1 - 1)
    printed = settled(
        "L1-SSM",
        "printed",
        left == 0,
        f"{left} + 1",
        1,
        "sympy, d_h = 3: c^T 1 + 1 (.) 1 - 1 is c1 + c2 + c3, which is 0 for special c only",
        {"d_h": 1, "c": [1], "c^T 1 + 1": 2},
        REFUTES,
    )
    repair = Repair(
        "H_i = A~_i (.) H_{i-1} + 0 (Delta_i z_i) = O from H_0 = O, so y = c^T 0 + 1 (.) 1 = 1 for every c.", (_off(),)
    )
    return fails(
        (printed,),
        repair,
        "Nothing: the branch is 1, as Eq. 37 needs it.",
        "c, H, d, x = [1], [1], 1, 1; assert sum(a * b for a, b in zip(c, H)) + d * x == 2 != 1",
    )


def _off() -> Check:
    a, c, h, Delta, z = (sympy.symbols(f"{name}1:4") for name in ("a", "c", "h", "Delta", "z"))
    H = [sympy.Integer(0)] * 3
    for _ in h:
        H = [a_s * h_s + 0 * Delta[0] * z[0] for a_s, h_s in zip(a, H, strict=True)]
    y = sum(c_s * h_s for c_s, h_s in zip(c, H, strict=True)) + 1 * 1
    return settled(
        "L1-SSM",
        "state-off",
        y == 1 and not any(H),
        str(y),
        1,
        "three steps of Eq. 1 from H_0 = O with W_b = O, d_h = 3, all else symbols (sympy); by induction H_i = O",
        {"y": str(y)},
    )


CLAIMS = (
    Claim(
        "L1-TAYLOR",
        WHERE,
        TOPIC,
        "silu', silu'' and silu''' are as printed, silu(0) = 0, silu'(0) = silu''(0) = 1/2, and the expansion's "
        "quadratic part is 2ab/lambda^2.",
        taylor,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"e^(-2x) in silu'''": Verdict.PROVED},
    ),
    *lemma1_remainder.CLAIMS,
    Claim(
        "L1",
        WHERE,
        TOPIC,
        "For all M, eps > 0 and lambda >= 216 M^3/(2 eps), Eq. 36 has |g(a, b) - ab| <= eps on [-M, M]^2; a Mamba "
        "block of hidden width 4 with parameters O(poly(M, 1/eps)) computes it.",
        multiplies,
        altered={"lambda = M^3 / (10 eps)": Verdict.REFUTED},
    ),
    Claim(
        "L1-SSM",
        WHERE,
        TOPIC,
        "With W_b = O, d = 1 and input 1 the SSM branch is y = c^T 1 + 1 (.) 1 = 1.",
        switched_off,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"c^T 0": Verdict.PROVED},
    ),
)
