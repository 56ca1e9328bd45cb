"""What Eq. 6 keeps of a value, and the scale that Assumption 1 gives the output: rows A-RANGE and A1-SCALE."""

from fractions import Fraction
from itertools import pairwise, product

import sympy

from bounds.reals import Order, decide
from verify.bounds.instances import Instance
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.inequality import Inequality, decided_inequality, sides
from verify.claims.nonnegative import below_one, nonnegative, unknowns
from verify.claims.settled import settled, stands
from verify.verdict import Check, Verdict

TOPIC = "Preliminaries"
A_ABOVE_0, REVERSED = "A above 0", "alpha_{j-1} >= alpha_j"
LARGER, WITHOUT_MODULI = "values up to 2", "condition 2 without moduli"
g, h, s, t, u, y = unknowns("g h s t u y")


def kept_range(setup: Setup) -> Decision:
    """A-RANGE: exp(Delta A) in [0, 1] for Delta > 0 and A <= 0, and the order of the alpha_j."""
    checks = (_exponential(1 if setup.altered == A_ABOVE_0 else -1), _order(setup.altered == REVERSED))
    again = "import math; a = 0.5; assert math.exp(1.0 * 1.0) > 1 and a * 1.0 < 1.0  # A = 1; alpha_{i-1} < alpha_i = 1"
    return stands(*checks, again=again)


def _exponential(sign: int) -> Check:
    """exp rises (its derivative, itself, is positive) and exp(0) = 1, so exp(x) <= 1 for x <= 0."""
    x = sympy.Symbol("x", real=True)
    rises = sympy.diff(sympy.exp(x), x) == sympy.exp(x) and sympy.exp(x).is_positive and sympy.exp(0) == 1
    exponents = [sign * Delta * A for Delta, A in product((Fraction(1, 10), 1, 10), (Fraction(1, 10), 1, 10))]
    above = [e for e in exponents if decide(lambda r, e=e: r.exp(r.number(e)), lambda r: r.number(1)) is not Order.LESS]
    return settled(
        "A-RANGE",
        "interval",
        rises and not above,
        len(above),
        0,
        f"exp is positive and rises, exp(0) = 1 (sympy), so exp(Delta A) lies in (0, 1] for Delta > 0, A <= 0; and "
        f"{len(exponents)} products Delta A decided in balls; value: how many give more than 1",
        {"Delta A": above[0]} if above else None,
    )


def _order(reversed_: bool) -> Check:
    """alpha_j - alpha_{j-1} = (1 - a_j) alpha_j with a_j = t / (t + u) and 1 - a_j = u / (t + u), alpha_j = y."""
    general = nonnegative(y - t / (t + u) * y) and nonnegative(1 - t / (t + u) * below_one(s))
    wrong = next((x for x in _coefficients() if not _ordered(x, reversed_)), None)
    return settled(
        "A-RANGE",
        "order",
        general and wrong is None,
        wrong and str(wrong.alphas[0]),
        wrong and str(wrong.alphas[1]),
        "alpha_{j-1} = a_j alpha_j: sympy for all a_j in [0, 1], from alpha_i = 1 down; and in exact fractions for all "
        "a_k in {0, 1/2, 1}, i <= 4; value and bound: alpha_1 and alpha_2 where it fails",
        wrong and {"a": list(map(str, wrong.forgetting)), "alpha": list(map(str, wrong.alphas))},
    )


def _coefficients() -> list[Instance]:
    """Every choice of coefficients; scores do not matter here."""
    values = (Fraction(0), Fraction(1, 2), Fraction(1))
    zero = Fraction(0)
    return [Instance(a, (zero,) * i, 1, i, zero) for i in range(2, 5) for a in product(values, repeat=i)]


def _ordered(x: Instance, reversed_: bool) -> bool:
    right = all(early >= late if reversed_ else early <= late for early, late in pairwise(x.alphas))
    return right and all(0 <= alpha <= 1 for alpha in x.alphas)


def scale(setup: Setup) -> Decision:
    """A1-SCALE: |sum_S alpha_j s_j v_j| <= sum_S alpha_j |s_j| |v_j| in every norm (its triangle inequality and its
    homogeneity), and that is below 1 by condition 2."""
    size = Fraction(2 if setup.altered == LARGER else 1)

    def largest(x: Instance) -> Fraction:
        signs = {j: size if x.scores[j - 1] >= 0 else -size for j in x.matched}
        matched = Instance(
            x.forgetting, tuple(s if j in signs else 0 * s for j, s in enumerate(x.scores, 1)), x.pos, x.L, x.delta
        )
        return matched.output([signs.get(j, size) for j in range(1, len(x.scores) + 1)])

    def without_moduli(x: Instance) -> bool:
        return x.pos in x.matched and abs(sum(x.alphas[j - 1] * x.scores[j - 1] for j in x.matched)) < 1

    def proof() -> list[sympy.Expr]:
        """A term alpha_j |s_j| = h, v_j = e or -e at most 1 in modulus; and 1 = sum + g."""
        return [h - sign * h for sign in (1, -1)] + [(s + g) - s]

    inequality = Inequality(largest, lambda _: Fraction(1), proof)
    if setup.altered == WITHOUT_MODULI:
        inequality = Inequality(largest, lambda _: Fraction(1), proof, without_moduli)
    words = "left: the largest modulus of the matched part of Eq. 6 over |v_j| <= 1; right: 1"
    found = decided_inequality("A1-SCALE", "printed", inequality, setup, words)
    return stands(found, again=sides(found))


REFUTED, PROVED = Verdict.REFUTED, Verdict.PROVED

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "A-RANGE",
        "Section 3.1",
        TOPIC,
        "For Delta > 0 and A <= 0 the elements of A~_i = exp(Delta_i A) lie in [0, 1]; alpha_{j-1} <= alpha_j and "
        "alpha_j lies in [0, 1] for all j <= i.",
        kept_range,
        PROVED,
        None,
        {A_ABOVE_0: REFUTED, REVERSED: REFUTED},
    ),
    Claim(
        "A1-SCALE",
        "Section 3.2",
        TOPIC,
        "If sum_{j in S} alpha_j |c_i^T b_j| < 1 and |v_j| <= 1, the matched part sum_{j in S} alpha_j c_i^T b_j v_j "
        "is below 1 in norm.",
        scale,
        PROVED,
        None,
        {LARGER: REFUTED, WITHOUT_MODULI: REFUTED},
    ),
)
