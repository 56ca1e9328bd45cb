"""Lemma 4: x where t >= alpha, y where t <= -alpha; in 2 d + 2 units, and by a flag through the gate.

*Margin form*.  With k = rho M / alpha, rho >= 1 the steepness (the paper's is 1),

    relu(x + k t) - relu(k t) + relu(y - k t) - relu(-k t)

is x for t >= alpha, where k t >= M makes the first two terms (x + k t) - k t and the last two 0, and y for t <= -alpha.
The two units in t are shared by all d coordinates.  In floats it carries x next to k t and loses digits of x; for large
t all of them.
*Flag form*.  For t in {0, 1} the SSM branch carries x and y, the gates are silu(lambda t) and silu(lambda (1 - t)):

    (x / lambda) silu(lambda t) + (y / lambda) silu(lambda (1 - t)).

It is x / (1 + e^-lambda) or y / (1 + e^-lambda), so the error is M / (1 + e^lambda); and for the lambda of
`integers.integer_scale` every float x or y comes out bit by bit.
"""

from fractions import Fraction

import numpy as np

from bounds.gadgets import select_error, steep_error
from bounds.reals import ClosedForm, Number
from constructions.gadgets.gadget import Domain, Gadget, Values, above_zero, ports
from constructions.gadgets.passive import gated
from constructions.gadgets.units import missed, network_block
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map

INFINITY = float("inf")


def select(M: Number, alpha: Number, scale: Number, d: int = 1, steepness: Number = 1) -> Gadget:
    """x or y in [-M, M]^d by the sign of t, |t| >= alpha.

    Integer inputs come out exactly in floats where M, alpha and the steepness make k an integer.
    Raises ValueError for a number not above 0, or a steepness below 1.
    """
    above_zero(M=M, alpha=alpha, scale=scale, steepness=steepness)
    if steepness < 1:
        raise ValueError(f"steepness = {steepness} was given; below 1 the units at k alpha < M would cut x off")
    k = Fraction(steepness) * Fraction(M) / Fraction(alpha)
    stream = ports({"x": d, "y": d, "t": 1}, {"out": d})
    hidden = Layout((Space("x", 1, d), Space("y", 1, d), Space("plus"), Space("minus")))
    column, one, minus = np.ones((d, 1)), np.asarray(1.0), np.asarray(-1.0)
    reads = {
        ("x", "x"): Action(one),
        ("y", "y"): Action(one),
        ("t", "x"): Action(float(k) * column),
        ("t", "y"): Action(-float(k) * column),
        ("t", "plus"): Action(np.asarray(float(k))),
        ("t", "minus"): Action(np.asarray(-float(k))),
    }
    writes = {
        ("x", "out"): Action(one),
        ("y", "out"): Action(one),
        ("plus", "out"): Action(minus * column),
        ("minus", "out"): Action(minus * column),
    }
    return Gadget(
        name="select",
        lemma=4,
        ports=stream,
        inputs=("x", "y", "t"),
        outputs=("out",),
        blocks=(network_block(linear_map(stream, hidden, reads), {}, linear_map(hidden, stream, writes), scale),),
        domain=Domain(
            {"x": (-M, M), "y": (-M, M), "t": (-INFINITY, INFINITY)},
            "|t| >= alpha",
            lambda inputs, slack: (np.abs(inputs["t"]) - slack >= float(alpha))[:, 0],
        ),
        target=_chosen,
        error=_margin_error(M, scale, steepness),
        lipschitz=1,
        scale=scale,
        gap=Fraction(1) if k.denominator == 1 else None,
    )


def select_by_flag(M: Number, scale: Number, d: int = 1) -> Gadget:
    """x where t = 1, y where t = 0, for x, y in [-M, M]^d, by 2 d units.  Raises ValueError for a number not above
    0.
    """
    above_zero(M=M, scale=scale)
    stream = ports({"x": d, "y": d, "t": 1}, {"out": d})
    hidden = Layout((Space("x", 1, d), Space("y", 1, d)))
    opened, back = np.full((d, 1), float(scale)), np.asarray(1.0 / float(scale))
    block = gated(
        W_1=linear_map(stream, hidden, {("x", "x"): Action(back), ("y", "y"): Action(back)}),
        b_1={},
        W_2=linear_map(stream, hidden, {("t", "x"): Action(opened), ("t", "y"): Action(-opened)}),
        b_2={"y": opened[:, 0]},
        W_3=linear_map(hidden, stream, {("x", "out"): Action(), ("y", "out"): Action()}),
    )
    return Gadget(
        name="select-flag",
        lemma=4,
        ports=stream,
        inputs=("x", "y", "t"),
        outputs=("out",),
        blocks=(block,),
        domain=Domain(
            {"x": (-M, M), "y": (-M, M), "t": (0, 1)},
            "t is 0 or 1",
            lambda inputs, slack: ((inputs["t"] == 0) | (inputs["t"] == 1))[:, 0] & (slack == 0.0),
            isolated=True,
        ),
        target=_chosen_by_flag,
        error=lambda reals: reals.number(M) * missed(1, scale, reals),
        lipschitz=1,
        scale=scale,
        gap=Fraction(1),
    )


def _margin_error(M: Number, scale: Number, steepness: Number) -> ClosedForm:
    if steepness == 1:
        return lambda reals: select_error(scale, M, reals)
    return lambda reals: steep_error(scale, M, steepness, reals)


def _chosen(inputs: Values) -> Values:
    return {"out": np.where(inputs["t"] > 0, inputs["x"], inputs["y"])}


def _chosen_by_flag(inputs: Values) -> Values:
    return {"out": np.where(inputs["t"] == 1, inputs["x"], inputs["y"])}
