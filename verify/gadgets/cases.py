"""The gadgets of Lemmas 1-5 as cases to decide: how each is built, its domain in pieces, its constants."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bounds.gadgets import (
    different_error,
    different_lambda,
    indicator_error,
    indicator_lambda,
    indicator_lambda_paper,
    linear_error,
    linear_lambda_paper,
    network_error,
    network_lambda,
    network_lambda_paper,
    product_error,
    product_lambda,
    product_lambda_paper,
    select_error,
    select_lambda,
    select_lambda_paper,
)
from bounds.gadgets_beyond import composed_error, composed_lambda
from bounds.reals import FRACTIONS, ClosedForm, Number, float_at_least
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.indicator import SHARP_FROM, different, different_in_two_blocks, ordered
from constructions.gadgets.network import extreme_network, linear
from constructions.gadgets.product import product, product_by_gate
from constructions.gadgets.select import select
from verify.gadgets.error import Piece

HIDDEN = 4
"""Hidden units of the ReLU network that stands for Lemma 2."""

LEVEL = 200
"""How far in SiLU's argument an unbounded domain is searched before its tail is bounded at once: phi(200) < 1e-84."""


@dataclass(frozen=True)
class Case:
    """One gadget at one (M, eps, alpha).

    lemma: None past the paper. claim: the row of the ledger. formula: the worst error in symbols, with m(z) =
    z/(e^(lambda z) + 1). weights: the moduli of the ideal weights besides 1, lambda apart (verify/gadgets/ideal.py).
    build: lambda -> the gadget. pieces: lambda -> the domain. error: lambda -> the worst error, or a bound for it.
    lambda_sharp: the smallest lambda that is enough by `error`; 0 or None: every lambda is. lambda_paper: the paper's
    own; None where the paper has no such gadget. least: `error` does not speak of a smaller lambda. loose: why `error`
    may be a bound only, so that a smaller lambda may do; "" where 0.99 of lambda_sharp fails on every domain. used: M
    and alpha, by name, where the gadget is built for others than were asked for.
    """

    name: str
    lemma: int | None
    claim: str
    formula: str
    weights: tuple[Number, ...]
    build: Callable[[Number], Gadget]
    pieces: Callable[[Fraction], list[Piece]]
    error: Callable[[Number], ClosedForm]
    lambda_sharp: ClosedForm | None
    lambda_paper: ClosedForm | None
    least: Number = 0
    loose: str = ""
    used: tuple[tuple[str, Fraction], ...] = ()

    @property
    def paper(self) -> float | None:
        """The least float that is not below the paper's lambda, a rational number; None where there is none."""
        return None if self.lambda_paper is None else float_at_least(self.lambda_paper(FRACTIONS))


def cases(M: Fraction, epsilon: Fraction, alpha: Fraction) -> list[Case]:
    """All gadgets of the lemmas, in the paper's order."""
    return [
        *_lemma_1(M, epsilon),
        _lemma_2(M, epsilon),
        _lemma_3(M, epsilon),
        _lemma_4(M, alpha, epsilon),
        *_lemma_5(M, alpha, epsilon),
    ]


def _lemma_1(M: Fraction, epsilon: Fraction) -> list[Case]:
    box = [Piece(((-M, M), (-M, M)), (0, 0), product=True)]
    return [
        Case(
            "product",
            1,
            "L1",
            "M^2 (1 - tanh(u)/u), u = M/lambda",
            (Fraction(1, 2),),
            lambda lam: product(M, lam),
            lambda _: box,
            lambda lam: lambda reals: product_error(lam, M, reals),
            lambda reals: product_lambda(M, epsilon, reals),
            lambda reals: product_lambda_paper(M, epsilon, reals),
        ),
        Case(
            "product-gate",
            1,
            "X-GADGET",
            "0",
            (),
            lambda lam: product_by_gate(M, lam),
            lambda _: box,
            lambda _: lambda reals: reals.number(0),
            None,
            None,
        ),
    ]


def _lemma_2(M: Fraction, epsilon: Fraction) -> Case:
    slope = M * M * HIDDEN

    def pieces(lam: Fraction) -> list[Piece]:
        T = max(LEVEL / (lam * M), M)
        up = Piece(((Fraction(0), T),), (slope,), unbounded=0)
        return [up, Piece(((Fraction(0), T),), (0,), directions=((Fraction(-1),),), unbounded=0)]

    return Case(
        "relu-network",
        2,
        "L2-38to41",
        "kappa M d/lambda",
        (M,),
        lambda lam: extreme_network(M, HIDDEN, lam),
        pieces,
        lambda lam: lambda reals: network_error(lam, M * HIDDEN, reals),
        lambda reals: network_lambda(M * HIDDEN, epsilon, reals),
        lambda reals: network_lambda_paper(M, HIDDEN, epsilon, reals),
    )


def _lemma_3(M: Fraction, epsilon: Fraction) -> Case:
    entry = Fraction(float(M))  # the map is the one that float64 can store
    W = np.array([[float(M), -float(M)]])
    return Case(
        "linear",
        3,
        "L3",
        "0",
        (entry,),
        lambda lam: linear(W, lam),
        lambda _: [Piece(((-M, M), (-M, M)), (entry, -entry))],
        lambda lam: lambda reals: linear_error(lam, reals),
        None,
        lambda reals: linear_lambda_paper(M, 2, epsilon, reals),
    )


def _lemma_4(M: Fraction, alpha: Fraction, epsilon: Fraction) -> Case:
    one, zero = Fraction(1), Fraction(0)
    turned = ((one, zero, zero), (zero, one, zero), (zero, zero, -one))

    def pieces(lam: Fraction) -> list[Piece]:
        box = ((-M, M), (-M, M), (alpha, max(Fraction(2), 1 + LEVEL / (lam * M)) * alpha))
        return [Piece(box, (1, 0, 0), unbounded=2), Piece(box, (0, 1, 0), directions=turned, unbounded=2)]

    return Case(
        "select",
        4,
        "L4",
        "2 S(lambda M)/lambda",
        (M / alpha,),
        lambda lam: select(M, alpha, lam),
        pieces,
        lambda lam: lambda reals: select_error(lam, M, reals),
        lambda reals: select_lambda(M, epsilon, reals),
        lambda reals: select_lambda_paper(M, alpha, epsilon, 1, reals),
    )


def _lemma_5(M: Fraction, alpha: Fraction, epsilon: Fraction) -> list[Case]:
    zero, far = Fraction(0), 2 * M
    ordered_pieces = {
        "greater": [by_difference(M, alpha, far, 1), by_difference(M, -far, zero, 0)],
        "less": [by_difference(M, -far, -alpha, 1), by_difference(M, zero, far, 0)],
    }

    def paper(reals):
        return indicator_lambda_paper(alpha, epsilon, reals)

    orders = [
        Case(
            name,
            5,
            claim,
            "S(lambda)/lambda",
            (1 / alpha,),
            lambda lam, name=name: ordered(name, M, alpha, lam),
            lambda _, name=name: ordered_pieces[name],
            lambda lam: lambda reals: indicator_error(lam, reals),
            lambda reals: indicator_lambda(epsilon, reals),
            paper,
        )
        for name, claim in (("greater", "L5-GT"), ("less", "L5-LT"))
    ]
    ways = (
        (
            "not-equal",
            "max(2 phi(lambda), G(lambda))/lambda",
            (1 / alpha,),
            different,
            different_error,
            different_lambda,
        ),
        (
            "not-equal-printed",
            "g(S(lambda)/lambda, 1 + m(3) - m(4))",
            (2 / alpha, 2, Fraction(1, 2)),
            different_in_two_blocks,
            composed_error,
            composed_lambda,
        ),
    )
    return orders + [
        Case(
            name,
            5,
            "L5-NE",
            formula,
            weights,
            lambda lam, build=build: build(M, alpha, lam),
            lambda _: apart_or_equal(M, alpha, 1),
            lambda lam, error=error: lambda reals: error(lam, reals),
            lambda reals, smallest=smallest: smallest(epsilon, reals),
            paper,
            SHARP_FROM,
            "the formula speaks from lambda = 1.28 on" if name == "not-equal-printed" else "",
        )
        for name, formula, weights, build, error, smallest in ways
    ]


def apart_or_equal(M: Fraction, alpha: Fraction, apart: int) -> list[Piece]:
    """a = b or |a - b| >= alpha, with the target `apart` (1 or 0) in the second case and the other in the first."""
    zero, far = Fraction(0), 2 * M
    return [
        by_difference(M, alpha, far, apart),
        by_difference(M, -far, -alpha, apart),
        by_difference(M, zero, zero, 1 - apart),
    ]


def by_difference(M: Fraction, low: Fraction, high: Fraction, constant: int, linear: Fraction = Fraction(0)) -> Piece:
    """a = s + t/2, b = s - t/2 with t = a - b in [low, high]; the target is the constant, or with linear = +-1/2
    s + linear t, which is a or b."""
    half = Fraction(1, 2)
    directions = ((Fraction(1), Fraction(1)), (half, -half))
    target = (1, linear) if linear else (0, 0)
    return Piece(((-M, M), (low, high)), target, constant=constant, directions=directions)
