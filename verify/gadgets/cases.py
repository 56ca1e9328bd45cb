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
from bounds.reals import ClosedForm, Number
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.indicator import different, ordered
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

    claim: the row of the ledger. build: lambda -> the gadget. pieces: lambda -> the domain. error: lambda -> the worst
    error. lambda_sharp: the smallest lambda that is enough; None: every lambda is. lambda_paper: the paper's own; None
    where the paper has no such gadget.
    """

    name: str
    lemma: int
    claim: str
    build: Callable[[Number], Gadget]
    pieces: Callable[[Fraction], list[Piece]]
    error: Callable[[Number], ClosedForm]
    lambda_sharp: ClosedForm | None
    lambda_paper: ClosedForm | None


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
        lambda lam: select(M, alpha, lam),
        pieces,
        lambda lam: lambda reals: select_error(lam, M, reals),
        lambda reals: select_lambda(M, epsilon, reals),
        lambda reals: select_lambda_paper(M, alpha, epsilon, 1, reals),
    )


def _lemma_5(M: Fraction, alpha: Fraction, epsilon: Fraction) -> list[Case]:
    def piece(low: Fraction, high: Fraction, target: int) -> Piece:
        """a = s + t/2, b = s - t/2 with t = a - b in [low, high]."""
        half = Fraction(1, 2)
        directions = ((Fraction(1), Fraction(1)), (half, -half))
        return Piece(((-M, M), (low, high)), (0, 0), constant=target, directions=directions)

    zero, far = Fraction(0), 2 * M
    ordered_pieces = {
        "greater": [piece(alpha, far, 1), piece(-far, zero, 0)],
        "less": [piece(-far, -alpha, 1), piece(zero, far, 0)],
    }
    both = [piece(alpha, far, 1), piece(-far, -alpha, 1), piece(zero, zero, 0)]

    def paper(reals):
        return indicator_lambda_paper(alpha, epsilon, reals)

    orders = [
        Case(
            name,
            5,
            claim,
            lambda lam, name=name: ordered(name, M, alpha, lam),
            lambda _, name=name: ordered_pieces[name],
            lambda lam: lambda reals: indicator_error(lam, reals),
            lambda reals: indicator_lambda(epsilon, reals),
            paper,
        )
        for name, claim in (("greater", "L5-GT"), ("less", "L5-LT"))
    ]
    in_one = Case(
        "not-equal",
        5,
        "L5-NE",
        lambda lam: different(M, alpha, lam),
        lambda _: both,
        lambda lam: lambda reals: different_error(lam, reals),
        lambda reals: different_lambda(epsilon, reals),
        paper,
    )
    return [*orders, in_one]
