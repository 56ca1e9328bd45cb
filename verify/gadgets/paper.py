"""Lemma 1's displayed steps, each on its own: derivatives by sympy, inequalities by balls, as printed and repaired."""

from fractions import Fraction
from typing import Any

import sympy
from flint import arb, ctx

from bounds.reals import Order, Reals, decide, ends
from verify.gadgets.certificate import BITS
from verify.notation import nearest
from verify.verdict import Check, Verdict, decided

REFUTED = frozenset({Verdict.REFUTED})
X = sympy.Symbol("x", real=True)
_PARTS = 64


def lemma_1_checks() -> list[Check]:
    """The checks that need no gadget."""
    return [values(), third_derivative_printed(), third_derivative(), remainder_printed(), remainder()]


def values() -> Check:
    """L1-TAYLOR: the printed silu', silu'' are the derivatives, and silu(0), silu'(0), silu''(0) are 0, 1/2, 1/2."""
    e = sympy.exp(-X)
    printed = [X / (1 + e), (1 + (X + 1) * e) / (1 + e) ** 2, e * (2 + 2 * e + X * e - X) / (1 + e) ** 3]
    left = [sympy.simplify(sympy.diff(_silu(), X, k) - form) for k, form in enumerate(printed)]
    at_zero = [form.subs(X, 0) for form in printed]
    holds = left == [0, 0, 0] and at_zero == [0, sympy.Rational(1, 2), sympy.Rational(1, 2)]
    return Check(
        "gadgets/L1-TAYLOR",
        "L1-TAYLOR",
        decided(holds),
        [str(value) for value in at_zero],
        ["0", "1/2", "1/2"],
        "sympy: the printed silu' and silu'' minus the derivatives simplify to 0; the expansion's quadratic part is "
        "then (s^2 - t^2)/2 = 2ab/lambda^2, an identity",
        None if holds else {"difference": str(left), "values at 0": str(at_zero)},
    )


def third_derivative_printed() -> Check:
    """L1-TAYLOR: the printed silu''' has e^-2 where e^(-2x) belongs, so it is another function: compare at x = -1."""
    difference = (third_formula(sympy.exp(-2)) - sympy.diff(_silu(), X, 3)).subs(X, -1)
    gap = abs(Fraction(str(sympy.N(difference, 30))))
    refuted = gap > Fraction(1, 10)
    return Check(
        "gadgets/L1-TAYLOR-third-printed",
        "L1-TAYLOR",
        Verdict.REFUTED if refuted else Verdict.UNDECIDED,
        gap,
        0,
        "the printed silu''' against the third derivative at x = -1, 30 digits; value: how far apart they are",
        {"x": -1, "printed": str(sympy.N(third_formula(sympy.exp(-2)).subs(X, -1), 12))},
        expected=REFUTED,
    )


def third_derivative() -> Check:
    """L1-TAYLOR repaired: with e^(-2x) the printed silu''' is the third derivative."""
    left = sympy.simplify(third_formula(sympy.exp(-2 * X)) - sympy.diff(_silu(), X, 3))
    return Check(
        "gadgets/L1-TAYLOR-third",
        "L1-TAYLOR",
        decided(left == 0),
        str(left),
        "0",
        "sympy: with e^(-2x) in place of e^-2 the difference simplifies to 0",
        None if left == 0 else {"difference": str(left)},
    )


def remainder_printed() -> Check:
    """L1-R2: with the square of 2M/lambda on the left and the cube on the right the step fails for lambda = 4M."""
    ratio = Fraction(1, 2)
    order = decide(
        lambda reals: reals.number(ratio**2) * printed_bound(reals),
        lambda reals: reals.number(ratio**3 * Fraction(81, 2)),
    )
    return Check(
        "gadgets/L1-R2-printed",
        "L1-R2",
        Verdict.REFUTED if order is Order.GREATER else Verdict.UNDECIDED,
        nearest(lambda reals: reals.number(ratio**2) * printed_bound(reals) * 2 / 3),
        ratio**3 * 27,
        "the step from (2M/lambda)^2 (4e + 4e^2 + 4e^3)/(1 + 1/e)^4 to 8M^3/lambda^3 81/2 at lambda = 4M, both times "
        "4/3!, decided in balls: the left side, the value, is above the right one",
        {"M": 1, "lambda": 4},
        expected=REFUTED,
    )


def remainder() -> Check:
    """L1-R2 repaired: with the cube throughout the chain holds, and the maximum of |silu'''| is far below 81/2."""
    order = decide(printed_bound, lambda reals: reals.number(Fraction(81, 2)))
    low, high = third_maximum()
    holds = order is Order.LESS and high < Fraction(81, 2)
    return Check(
        "gadgets/L1-R2",
        "L1-R2",
        decided(holds),
        [low, high],
        Fraction(81, 2),
        "with (2M/lambda)^3 in every line: (4e + 4e^2 + 4e^3)/(1 + 1/e)^4 < 81/2 and max |silu'''| on [-1, 1] lies in "
        f"value, both in balls ({_PARTS} parts of [0, 1]; silu''' is odd)",
        None if holds else {"maximum of |silu'''|": [low, high]},
    )


def third_maximum() -> tuple[Fraction, Fraction]:
    """An enclosure of the maximum of |silu'''| over [-1, 1]: it is odd, so [0, 1] in parts, and its value at 1."""
    with ctx.workprec(BITS):
        parts = [abs(_third_ball(arb(k).union(arb(k + 1)) / _PARTS)) for k in range(_PARTS)]
        return ends(abs(_third_ball(arb(1))))[0], max(ends(part)[1] for part in parts)


def _third_ball(x: arb) -> arb:
    """silu''' = g (1 - g)(3 (1 - 2g) + x (1 - 6g + 6g^2)), g the logistic function: narrower on balls."""
    g = 1 / (1 + (-x).exp())
    return g * (1 - g) * (3 * (1 - 2 * g) + x * (1 - 6 * g + 6 * g * g))


def _silu() -> Any:
    return X / (1 + sympy.exp(-X))


def third_formula(middle: Any) -> Any:
    """The printed silu''' in x, with `middle` where it prints e^-2 (and e^(-2x) is meant)."""
    e = sympy.exp(-X)
    return ((X - 3) * e - 4 * X * middle + (X + 3) * e**3) / (1 + e) ** 4


def printed_bound(reals: Reals) -> Any:
    """(4e + 4e^2 + 4e^3) / (1 + e^-1)^4, the printed bound of |silu'''| on [-1, 1]."""
    e = reals.exp(reals.number(1))
    return 4 * (e + e**2 + e**3) / (1 + 1 / e) ** 4
