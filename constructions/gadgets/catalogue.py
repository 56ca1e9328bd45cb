"""All gadgets, in the order of the lemmas, each built from the same three numbers.

M bounds the values, alpha is the margin where one is needed, `scale` is lambda.  Each entry picks a representative of
its family: the network of Lemma 2 whose error is the largest possible, one matrix for Lemma 3, one coordinate for
Lemma 4, and for the integer gadgets the integers up to M.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np

from bounds.reals import Number
from constructions.gadgets.gadget import Gadget, above_zero
from constructions.gadgets.indicator import different, different_in_two_blocks, equal, ordered, ordered_as_printed
from constructions.gadgets.integers import modulus, nearest, one_hot
from constructions.gadgets.network import extreme_network, linear, linear_by_gate, linear_by_open_gate
from constructions.gadgets.order import absolute, clip, maximum, minimum
from constructions.gadgets.product import product, product_by_gate
from constructions.gadgets.select import select, select_by_flag

MODULUS = 5
HIDDEN = 4


@dataclass(frozen=True)
class Setting:
    """The numbers of one gadget: values in [-M, M], the margin alpha, and lambda.

    Raises ValueError unless each is finite and above 0.
    """

    M: Number
    alpha: Number
    scale: Number

    def __post_init__(self) -> None:
        above_zero(M=self.M, alpha=self.alpha, scale=self.scale)


@dataclass(frozen=True)
class Entry:
    """A gadget's name, its lemma (None: past the paper) and how it is built."""

    name: str
    lemma: int | None
    builder: Callable[[Setting], Gadget]

    def build(self, M: Number, alpha: Number, scale: Number) -> Gadget:
        """The gadget for values in [-M, M], margin alpha, lambda = scale.  Raises ValueError where the builder does."""
        return self.builder(Setting(M, alpha, scale))


def catalogue() -> tuple[Entry, ...]:
    """All entries, those of Lemma 1 first and those past the paper last."""
    return (
        Entry("product", 1, lambda s: product(s.M, s.scale)),
        Entry("product-gate", 1, lambda s: product_by_gate(s.M, s.scale)),
        Entry("relu-network", 2, lambda s: extreme_network(s.M, HIDDEN, s.scale)),
        Entry("linear", 3, lambda s: linear(_matrix(s.M), s.scale)),
        Entry("linear-gate", 3, lambda s: linear_by_gate(_matrix(s.M))),
        Entry("linear-open", 3, lambda s: linear_by_open_gate(_matrix(s.M), s.M, s.scale)),
        Entry("select", 4, lambda s: select(s.M, s.alpha, s.scale)),
        Entry("select-flag", 4, lambda s: select_by_flag(s.M, s.scale)),
        Entry("greater-printed", 5, lambda s: ordered_as_printed("greater", s.M, s.alpha, s.scale)),
        Entry("less-printed", 5, lambda s: ordered_as_printed("less", s.M, s.alpha, s.scale)),
        Entry("not-equal-printed", 5, lambda s: different_in_two_blocks(s.M, s.alpha, s.scale)),
        Entry("greater", 5, lambda s: ordered("greater", s.M, s.alpha, s.scale)),
        Entry("less", 5, lambda s: ordered("less", s.M, s.alpha, s.scale)),
        Entry("not-equal", 5, lambda s: different(s.M, s.alpha, s.scale)),
        Entry("equal", None, lambda s: equal(s.M, s.alpha, s.scale)),
        Entry("maximum", None, lambda s: maximum(s.M, s.scale)),
        Entry("minimum", None, lambda s: minimum(s.M, s.scale)),
        Entry("absolute", None, lambda s: absolute(s.M, s.scale)),
        Entry("clip", None, lambda s: clip(0, floor(s.M / 2), s.M, s.scale)),
        Entry("one-hot", None, lambda s: one_hot(floor(s.M) + 1, s.scale)),
        Entry("modulus", None, lambda s: modulus(MODULUS, floor(s.M) // MODULUS + 1, s.scale)),
        Entry("nearest", None, lambda s: nearest(-floor(s.M) - 1, floor(s.M) + 1, _below_half(s.alpha), s.scale)),
    )


def _matrix(M: Number) -> np.ndarray:
    """Two forms of two numbers with entries up to M."""
    return np.array([[1.0, -1.0], [float(M), 1.0]])


def _below_half(alpha: Number) -> Number:
    """The margin of rounding, which cannot be above 1/2."""
    return Fraction(1, 4) if alpha > Fraction(1, 2) else alpha
