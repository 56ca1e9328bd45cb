"""The gadgets past the paper as cases to decide, each with its domain in pieces and its own closed form.

Those of integers are built for the integers up to M, or up to `LARGEST_INTEGER` where M is larger: their units and the
points of their domains grow with them. `Case.used` says how far their domains really go: to the end of the last step.
"""

from collections.abc import Callable
from fractions import Fraction
from math import floor

import numpy as np

from bounds.gadgets import different_error, different_lambda
from bounds.gadgets_beyond import (
    LEAST,
    clip_error,
    clip_lambda,
    kink_error,
    kink_lambda,
    modulus_error,
    modulus_lambda,
    nearest_error,
    nearest_lambda,
    open_gate_error,
    open_gate_lambda,
)
from bounds.reals import Number
from constructions.gadgets.catalogue import MODULUS
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.indicator import SHARP_FROM, equal
from constructions.gadgets.integers import modulus, nearest, one_hot
from constructions.gadgets.network import linear_by_gate, linear_by_open_gate
from constructions.gadgets.order import absolute, clip, maximum, minimum
from constructions.gadgets.select import select_by_flag
from verify.gadgets.cases import Case, apart_or_equal, by_difference
from verify.gadgets.error import Piece

LARGEST_INTEGER = 16
ZERO, HALF = Fraction(0), Fraction(1, 2)


def beyond(M: Fraction, epsilon: Fraction, alpha: Fraction) -> list[Case]:
    """Linear maps and select by gates, then equality and order, then integers."""
    return [
        *_linear_by_gates(M, epsilon),
        _select_by_flag(M, epsilon),
        _equal(M, alpha, epsilon),
        *_order(M, epsilon),
        *_integers(min(floor(M), LARGEST_INTEGER), min(alpha, Fraction(1, 4)), epsilon),
    ]


def _linear_by_gates(M: Fraction, epsilon: Fraction) -> list[Case]:
    entry = Fraction(float(M))
    W = np.array([[1.0, -1.0], [float(M), 1.0]])
    box = ((-M, M), (-M, M))
    pieces = [Piece(box, (1, -1), output=0), Piece(box, (entry, 1), output=1)]
    largest = max(Fraction(2), entry + 1) * M
    exact = Case(
        "linear-gate",
        None,
        "X-GADGET",
        "0",
        (entry,),
        lambda _: linear_by_gate(W),
        lambda _: pieces,
        lambda _: lambda reals: reals.number(0),
        None,
        None,
    )
    return [
        exact,
        _gate("linear-open", "|W x| m(1)", lambda lam: linear_by_open_gate(W, M, lam), pieces, largest, epsilon, entry),
    ]


def _select_by_flag(M: Fraction, epsilon: Fraction) -> Case:
    box = ((-M, M), (-M, M))
    pieces = [Piece((*box, (Fraction(t), Fraction(t))), (t, 1 - t, 0)) for t in (0, 1)]
    return _gate("select-flag", "M m(1)", lambda lam: select_by_flag(M, lam), pieces, M, epsilon)


def _gate(
    name: str,
    formula: str,
    build: Callable[[Number], Gadget],
    pieces: list[Piece],
    weight: Fraction,
    epsilon: Fraction,
    *weights: Number,
    least: Number = Case.least,
    used: tuple[tuple[str, Fraction], ...] = (),
) -> Case:
    """A gadget whose error is weight/(e^lambda + 1)."""
    return Case(
        name,
        None,
        "X-GADGET",
        formula,
        weights,
        build,
        lambda _: pieces,
        lambda lam: lambda reals: open_gate_error(lam, weight, reals),
        lambda reals: open_gate_lambda(weight, epsilon, reals),
        None,
        least,
        used=used,
    )


def _equal(M: Fraction, alpha: Fraction, epsilon: Fraction) -> Case:
    return Case(
        "equal",
        None,
        "X-GADGET",
        "max(2 phi(lambda), G(lambda))/lambda",
        (1 / alpha, 2),
        lambda lam: equal(M, alpha, lam),
        lambda _: apart_or_equal(M, alpha, 0),
        lambda lam: lambda reals: different_error(lam, reals),
        lambda reals: different_lambda(epsilon, reals),
        None,
        SHARP_FROM,
    )


def _order(M: Fraction, epsilon: Fraction) -> list[Case]:
    def of_one(*parts: tuple[Fraction, Fraction, int, Fraction | int]) -> list[Piece]:
        """x in [low, high] with the target slope x + constant."""
        return [Piece(((low, high),), (slope,), constant=constant) for low, high, slope, constant in parts]

    def of_two(sign: int) -> list[Piece]:
        """a, the larger of the two or the smaller, where sign (a - b) >= 0, else b."""
        sides = (ZERO, 2 * M, 1), (-2 * M, ZERO, -1)
        return [by_difference(M, low, high, 0, sign * side * HALF) for low, high, side in sides]

    half = M / 2
    clipped = of_one((-M, ZERO, 0, 0), (ZERO, half, 1, 0), (half, M, 0, half))
    whole = of_one((-M, ZERO, -1, 0), (ZERO, M, 1, 0))
    pair, double = "phi(min(2 lambda M, k))/lambda", "2 phi(min(lambda M, k))/lambda"
    clip_case = Case(
        "clip",
        None,
        "X-GADGET",
        "S(lambda M/2)/lambda",
        (half,),
        lambda lam: clip(0, half, M, lam),
        lambda _: clipped,
        lambda lam: lambda reals: clip_error(lam, half, reals),
        lambda reals: clip_lambda(half, epsilon, reals),
        None,
    )
    return [
        _kinked("maximum", pair, lambda lam: maximum(M, lam), of_two(1), 2 * M, 1, epsilon),
        _kinked("minimum", pair, lambda lam: minimum(M, lam), of_two(-1), 2 * M, 1, epsilon),
        _kinked("absolute", double, lambda lam: absolute(M, lam), whole, M, 2, epsilon),
        clip_case,
    ]


def _kinked(
    name: str,
    formula: str,
    build: Callable[[Number], Gadget],
    pieces: list[Piece],
    reach: Fraction,
    weight: int,
    epsilon: Fraction,
) -> Case:
    """A gadget whose units share one kink, from which the domain goes up to `reach`."""
    return Case(
        name,
        None,
        "X-GADGET",
        formula,
        (),
        build,
        lambda _: pieces,
        lambda lam: lambda reals: kink_error(lam, reach, weight, reals),
        lambda reals: kink_lambda(reach, weight, epsilon, reals),
        None,
    )


def _integers(largest: int, margin: Fraction, epsilon: Fraction) -> list[Case]:
    N, Q, low, high = largest + 1, largest // MODULUS + 1, -largest - 1, largest + 1

    def at(n: int, target: int, output: int = 0) -> Piece:
        return Piece(((Fraction(n), Fraction(n)),), (0,), constant=target, output=output)

    ones = [at(n, int(n == j), j) for n in range(N) for j in range(N)]
    places = [at(x, x % MODULUS) for x in range(Q * MODULUS)]
    line = [Piece(((ZERO, Fraction(MODULUS - 1)),), (1,))]  # no step, so that x is passed on as it is
    near = [Piece(((n - HALF + margin, n + HALF - margin),), (0,), constant=n) for n in range(low, high + 1)]
    stairs = tuple(abs(HALF + (n + HALF) / margin) for n in range(low, high))
    return [
        _gate(
            "one-hot",
            "2 m(1)",
            lambda lam: one_hot(N, lam),
            ones,
            Fraction(2),
            epsilon,
            *range(2, N + 1),
            least=LEAST["one-hot"],
            used=(("M", Fraction(largest)),),
        ),
        Case(
            "modulus",
            None,
            "X-GADGET",
            _modulus_formula(Q),
            tuple(range(2, Q * MODULUS + 1)),
            lambda lam: modulus(MODULUS, Q, lam),
            lambda _: line if Q == 1 else places,
            lambda lam: lambda reals: reals.number(0) if Q == 1 else modulus_error(lam, MODULUS, Q, reals),
            None if Q == 1 else lambda reals: modulus_lambda(MODULUS, Q, epsilon, reals),
            None,
            0 if Q == 1 else LEAST["modulus"],
            used=(("M", Fraction(Q * MODULUS - 1)),),
        ),
        Case(
            "nearest",
            None,
            "X-GADGET",
            "m(1/2 - m(3/2)) + (n - 1) m(1)",
            (1 / margin, *stairs, abs(low)),
            lambda lam: nearest(low, high, margin, lam),
            lambda _: near,
            lambda lam: lambda reals: nearest_error(lam, high - low, reals),
            lambda reals: nearest_lambda(high - low, epsilon, reals),
            None,
            LEAST["nearest"],
            "the formula is a bound, and speaks from lambda = 4 on",
            (("M", high + HALF - margin), ("alpha", margin)),
        ),
    ]


def _modulus_formula(Q: int) -> str:
    """Without a step, below the first multiple, x itself is passed on."""
    steps = f"{MODULUS} (m(1) + sum_d (m({MODULUS} d - 1) - m({MODULUS} d)))"
    return f"0 (no step: x mod {MODULUS} = x)" if Q == 1 else steps
