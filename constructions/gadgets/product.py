"""Lemma 1: multiplication, with four units as printed and with two through the gate, exactly.

*Four units* (Eq. 36).  silu(x) + silu(-x) = x tanh(x/2) is nearly x^2/2, and ((a + b)^2 - (a - b)^2)/4 = a b.  The
largest error on [-M, M]^2 is M^2 (1 - tanh(u)/u), u = M/lambda, at a = b = M (`bounds.gadgets.product_error`).

*Two units through the gate*.  The SSM branch carries a, the gate +-lambda b:
    (a / lambda) (silu(lambda b) - silu(-lambda b)) = a b,
exactly, for every lambda.  In floats the products are exact for integers with |a b| <= 2^p and the lambda of
`integers.integer_scale`, since one of the two units is then 0 and the other lambda |b|.
"""

from fractions import Fraction

import numpy as np

from bounds.gadgets import product_error
from bounds.reals import Number
from constructions.gadgets.gadget import Domain, Gadget, Values, above_zero, exact, ports
from constructions.gadgets.passive import degenerate, gated
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map
from constructions.mamba import MambaBlock

PORTS = ports({"a": 1, "b": 1}, {"out": 1})


def product(M: Number, scale: Number) -> Gadget:
    """a b on [-M, M]^2 by the four units of Eq. 36.  Raises ValueError for M or lambda not above 0."""
    above_zero(M=M, scale=scale)
    return Gadget(
        name="product",
        lemma=1,
        ports=PORTS,
        inputs=("a", "b"),
        outputs=("out",),
        blocks=(four_units(PORTS, ("a", "b"), "out", scale),),
        domain=Domain({"a": (-M, M), "b": (-M, M)}),
        target=_times,
        error=lambda reals: product_error(scale, M, reals),
        lipschitz=2 * M,
        scale=scale,
    )


def product_by_gate(M: Number, scale: Number) -> Gadget:
    """a b on [-M, M]^2 exactly, by two units whose SSM branch carries a.  Raises ValueError for M or lambda not above
    0.
    """
    above_zero(M=M, scale=scale)
    hidden = Layout((Space("hidden", 1, 2),))
    sign = np.array([[1.0], [-1.0]])
    block = gated(
        W_1=linear_map(PORTS, hidden, {("a", "hidden"): Action(np.abs(sign) / float(scale))}),
        b_1={},
        W_2=linear_map(PORTS, hidden, {("b", "hidden"): Action(sign * float(scale))}),
        b_2={},
        W_3=linear_map(hidden, PORTS, {("hidden", "out"): Action(sign.T)}),
    )
    return Gadget(
        name="product-gate",
        lemma=1,
        ports=PORTS,
        inputs=("a", "b"),
        outputs=("out",),
        blocks=(block,),
        domain=Domain({"a": (-M, M), "b": (-M, M)}),
        target=_times,
        error=exact,
        lipschitz=2 * M,
        scale=scale,
        gap=Fraction(1),
    )


def four_units(stream: Layout, factors: tuple[str, str], out: str, scale: Number, weight: float = 1.0) -> MambaBlock:
    """The block that adds weight * g(a, b) of Eq. 36 to `out`, for two named spaces of width 1."""
    a, b = factors
    hidden = Layout((Space("hidden", 1, 4),))
    reads_a, reads_b = np.array([1.0, -1.0, 1.0, -1.0]), np.array([1.0, -1.0, -1.0, 1.0])
    square = float(Fraction(scale) ** 2 / 2) * weight
    return degenerate(
        W_2=linear_map(
            stream,
            hidden,
            {
                (a, "hidden"): Action(reads_a[:, None] / float(scale)),
                (b, "hidden"): Action(reads_b[:, None] / float(scale)),
            },
        ),
        b_2={},
        W_3=linear_map(hidden, stream, {("hidden", out): Action(square * np.array([[1.0, 1.0, -1.0, -1.0]]))}),
    )


def _times(inputs: Values) -> Values:
    return {"out": inputs["a"] * inputs["b"]}
