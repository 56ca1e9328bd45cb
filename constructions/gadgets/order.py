"""Past the paper: maximum, minimum, absolute value and clipping, each an exact linear form and ReLU units.

    max(a, b) = b + relu(a - b)              min(a, b) = b - relu(b - a)                 3 units, error kappa / lambda
    |x| = relu(x) + relu(-x) = x tanh(lambda x / 2) with SiLU                            2 units, 2 kappa / lambda
    clip(x, low, high) = x + relu(low - x) - relu(x - high)                              4 units, kappa / lambda

The errors are reached where the domain goes 1.28/lambda and further beyond the kinks (`bounds.gadgets_beyond` has the
exact ones on every domain).  A clip needs no constant: its ends are in the biases of the hidden units, and low + ...
would ask for a bias outside W_3.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from bounds.reals import Number
from constructions.gadgets.gadget import Domain, Gadget, Values, above_zero, ports
from constructions.gadgets.units import Unit, bent, block_of, carried, kinks

OUT = {"out": 1}


def maximum(M: Number, scale: Number) -> Gadget:
    """max(a, b) on [-M, M]^2.  Raises ValueError for M or lambda not above 0."""
    units = (*carried({"b": 1}, 0, OUT), Unit({"a": 1, "b": -1}, 0, OUT))
    return _gadget("maximum", ("a", "b"), units, M, scale, lambda v: np.maximum(v["a"], v["b"]))


def minimum(M: Number, scale: Number) -> Gadget:
    """min(a, b) on [-M, M]^2.  Raises ValueError for M or lambda not above 0."""
    units = (*carried({"b": 1}, 0, OUT), Unit({"a": -1, "b": 1}, 0, {"out": -1}))
    return _gadget("minimum", ("a", "b"), units, M, scale, lambda v: np.minimum(v["a"], v["b"]))


def absolute(M: Number, scale: Number) -> Gadget:
    """|x| on [-M, M].  Raises ValueError for M or lambda not above 0."""
    units = (Unit({"x": 1}, 0, OUT), Unit({"x": -1}, 0, OUT))
    return _gadget("absolute", ("x",), units, M, scale, lambda v: np.abs(v["x"]))


def clip(low: Number, high: Number, M: Number, scale: Number) -> Gadget:
    """x in [-M, M] brought into [low, high].  Raises ValueError for low > high, or M or lambda not above 0."""
    if not low <= high:
        raise ValueError(f"low = {low} and high = {high} were given; low must not be above high")
    bends = (Unit({"x": -1}, low, OUT), Unit({"x": 1}, -high, {"out": -1}))
    integers = Fraction(low).denominator == Fraction(high).denominator == 1
    return _gadget(
        "clip",
        ("x",),
        (*carried({"x": 1}, 0, OUT), *bends),
        M,
        scale,
        lambda v: np.clip(v["x"], float(low), float(high)),
        integers,
    )


def _gadget(
    name: str,
    inputs: tuple[str, ...],
    units: Sequence[Unit],
    M: Number,
    scale: Number,
    target: Callable[[Values], np.ndarray],
    integers: bool = True,
) -> Gadget:
    above_zero(M=M, scale=scale)
    stream = ports(dict.fromkeys(inputs, 1), {"out": 1})

    def outputs(values: Values) -> Values:
        return {"out": target(values)}

    return Gadget(
        name=name,
        lemma=None,
        ports=stream,
        inputs=inputs,
        outputs=("out",),
        blocks=(block_of(stream, units, scale),),
        domain=Domain(dict.fromkeys(inputs, (-M, M))),
        target=outputs,
        error=bent(kinks(units), scale),
        lipschitz=1,
        scale=scale,
        gap=Fraction(1) if integers else None,
    )
