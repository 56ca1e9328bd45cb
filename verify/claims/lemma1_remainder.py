"""Lemma 1's chain of bounds on R_2, every displayed line on its own."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, ctx

from bounds.reals import Order, decide
from verify.claims.claim import Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled
from verify.gadgets.certificate import BITS
from verify.gadgets.paper import X, printed_bound, remainder, remainder_printed, third_formula, third_maximum
from verify.verdict import Check, Verdict

PARTS = 64
MIDDLE = sympy.Symbol("middle", positive=True)  # e^-2 as printed


def chain(setup: Setup) -> Decision:
    """L1-R2. With u = M/lambda < 1/2 and m = max |silu'''| on [-1, 1]; R_2 itself is at most 2u^4/3 in modulus."""
    cubes = setup.altered == "the cube throughout"
    step = remainder() if cubes else remainder_printed()
    printed = (_first_line(3 if cubes else 2), _maxima(), _triangle(), step, _last_line())
    repair = Repair(
        "|R_2| <= 4/3! (2M/lambda)^3 max |silu'''| <= 4/3! (2M/lambda)^3 81/2 = 216 M^3/lambda^3, the cube in every "
        "line.",
        (_first_line(3), _triangle(), remainder(), _last_line(), _conclusion()),
    )
    return fails(
        printed,
        repair,
        "The step alone is false: its two ends, |R_2| <= 216 M^3/lambda^3, hold, and so does Lemma 1.",
        "import numpy as np; M, lam, e = 1, 4, np.e; B = (4 * e + 4 * e**2 + 4 * e**3) / (1 + 1 / e) ** 4; "
        "assert 4 / 6 * (2 * M / lam) ** 2 * B > 4 / 6 * 8 * M**3 / lam**3 * 81 / 2",
    )


def _first_line(power: int) -> Check:
    """Four Lagrange remainders |z|^3/6 max |silu'''| with |z| <= 2u < 1 give the cube, which is below the square."""
    u = sympy.Symbol("u", positive=True)
    rest = sympy.factor(sympy.Rational(4, 6) * ((2 * u) ** power - (2 * u) ** 3))
    inside = rest.subs(u, 1 / (2 + sympy.Symbol("r", positive=True)))  # 0 < u < 1/2
    holds = rest == 0 or sympy.simplify(inside).is_positive
    return settled(
        "L1-R2",
        f"Lagrange-{power}",
        holds,
        f"4/3! (2M/lambda)^{power} max |silu'''|",
        "at least 4/3! (2M/lambda)^3 max |silu'''|",
        "four Lagrange remainders of third order at arguments of modulus at most 2M/lambda < 1 add up to the cube; "
        f"the difference {rest} is not negative for 0 < u = M/lambda < 1/2 (sympy)",
        {"difference": str(rest)},
    )


def _maxima() -> Check:
    """The printed equality between two maxima: the misprinted silu''' has the same one, at x = 1, where e^-2 is right.

    On [-1, 1] its modulus is below the one at 1, but for parts next to 1, where it falls (derivative below 0 while the
    function is below 0, so that the modulus rises up to 1). silu''' is odd, so [0, 1] is enough there.
    """
    with ctx.workprec(BITS):
        e2 = arb(-2).exp()
        printed = _largest_at_one(third_formula(MIDDLE), e2, range(-PARTS, PARTS))
        true = _largest_at_one(third_formula(sympy.exp(-2 * X)), e2, range(PARTS))
    return settled(
        "L1-R2",
        "maxima",
        printed and true,
        "|silu'''(1)|",
        "|silu'''(1)|",
        f"balls over {2 * PARTS} parts of [-1, 1], derivatives by sympy: the printed function, with e^-2 in place of "
        "e^(-2x), and silu''' both have their largest modulus at x = 1, where they agree",
        {"printed at 1": printed, "silu''' at 1": true},
    )


def _largest_at_one(function: Any, e2: arb, parts: range) -> bool:
    f, slope = (_on_balls(form) for form in (function, sympy.simplify(sympy.diff(function, X))))
    at_one = f(arb(1), e2)
    if not at_one < 0:
        return False
    for k in parts:
        part = arb(k).union(arb(k + 1)) / PARTS
        if abs(f(part, e2)) < -at_one:
            continue
        if not (k > 0 and f(part, e2) < 0 and slope(part, e2) < 0):
            return False
    return True


def _on_balls(form: Any) -> Callable[[arb, arb], arb]:
    return sympy.lambdify((X, MIDDLE), form, modules=[{"exp": arb.exp}])


def _triangle() -> Check:
    _, high = third_maximum()
    order = decide(lambda reals: reals.number(high), printed_bound)
    return settled(
        "L1-R2",
        "triangle",
        order is Order.LESS,
        high,
        "(4e + 4e^2 + 4e^3)/(1 + 1/e)^4",
        "max |silu'''| on [-1, 1], enclosed in balls, against the printed bound; the power of 2M/lambda is the same on "
        "both sides",
        {"max |silu'''|": high},
    )


def _last_line() -> Check:
    product = Fraction(4, 6) * 8 * Fraction(81, 2)
    return settled("L1-R2", "216", product == 216, product, 216, "4/3! 8 81/2 in fractions", {"product": product})


def _conclusion() -> Check:
    """|R_2| = 2/lambda^2 times the error, at most 2u^2 u^2/3 (`product_error`), against 216 u^3: 2u/3 <= 216."""
    u = sympy.Symbol("u", positive=True)
    share = sympy.simplify((2 * u**4 / 3) / (216 * u**3))
    return settled(
        "L1-R2",
        "conclusion",
        share.subs(u, sympy.Rational(1, 2)) < 1 and sympy.diff(share, u) > 0,
        str(share),
        1,
        "the exact worst error gives |R_2| <= 2u^4/3 for u = M/lambda; its share of 216 u^3, the value, is below the "
        "bound for u < 1/2 (sympy)",
        {"share": str(share)},
    )


CLAIMS = (
    Claim(
        "L1-R2",
        "Lemma 1, A.6",
        "Lemmas 1-5",
        "For lambda > 2M: |R_2| <= 4/3! (2M/lambda)^2 max |silu'''| = .. <= 4/3! (2M/lambda)^2 (4e + 4e^2 + 4e^3)/"
        "(1 + 1/e)^4 <= 4/3! 8M^3/lambda^3 81/2 = 216 M^3/lambda^3, each step as printed.",
        chain,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"the cube throughout": Verdict.PROVED},
    ),
)
