"""Lemmas 2 and 3: any two-layer ReLU network within kappa weight / lambda, and linear maps exactly.

*Network*.  W_2 and W_3 of the ReLU network become lambda W_2 and W_3 / lambda (`units`).
*Linear map, 2 d_2 units*.  W x = relu(W x) - relu(-W x), the route that Lemma 3 takes through Lemma 2; with SiLU in the
place of ReLU the two errors cancel, so that no lambda is needed at all.
*Linear map, d_2 units through the gate*.  The SSM branch carries W x, and a gate with b_2 = k, silu(k) = 1, lets it
pass (Remark 1's gate).  In floats silu(k) is 1 up to rounding only.
*Linear map through an open gate*.  The SSM branch carries W x / lambda, and b_2 = lambda: silu(lambda) / lambda =
1 / (1 + e^-lambda) misses 1 in real arithmetic, but is 1 in floats for the lambda of `integers.integer_scale`.  So a
copy, or the -y that sets a space back to zero, is exact there for every float.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from bounds.reals import Number
from bounds.scales import silu_unit_gate
from constructions.gadgets.gadget import Domain, Gadget, Values, above_zero, exact, ports
from constructions.gadgets.passive import gated
from constructions.gadgets.units import bent, missed, network_block
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map, zero
from constructions.mamba import MambaBlock

INFINITY = float("inf")


def relu_network(W_2: np.ndarray, W_3: np.ndarray, scale: Number) -> Gadget:
    """x -> W_3 relu(W_2 x) on all of R^{d_1}; W_2 of shape (d, d_1), W_3 of shape (d_2, d).

    Raises ValueError for matrices that do not meet, or lambda not above 0.
    """
    if W_2.ndim != 2 or W_3.ndim != 2 or W_3.shape[1] != W_2.shape[0]:
        raise ValueError(f"W_2 of shape {W_2.shape} and W_3 of shape {W_3.shape} were given; wanted (d, d_1), (d_2, d)")
    stream = ports({"x": W_2.shape[1]}, {"out": W_3.shape[0]})
    hidden = Layout((Space("hidden", 1, len(W_2)),))
    block = network_block(
        linear_map(stream, hidden, {("x", "hidden"): Action(W_2)}),
        {},
        linear_map(hidden, stream, {("hidden", "out"): Action(W_3)}),
        scale,
    )

    def target(inputs: Values) -> Values:
        return {"out": np.maximum(inputs["x"] @ W_2.T, 0.0) @ W_3.T}

    return Gadget(
        name="relu-network",
        lemma=2,
        ports=stream,
        inputs=("x",),
        outputs=("out",),
        blocks=(block,),
        domain=Domain({"x": (-INFINITY, INFINITY)}),
        target=target,
        error=bent(one_signed(W_3), scale),
        lipschitz=float(np.abs(np.abs(W_3) @ np.abs(W_2)).sum(axis=1).max()),
        scale=scale,
    )


def one_signed(W_3: np.ndarray) -> float:
    """The largest sum, over a row, of its positive entries or of its negative ones."""
    return float(max(np.maximum(W_3, 0).sum(axis=1).max(), np.maximum(-W_3, 0).sum(axis=1).max()))


def extreme_network(M: Number, d: int, scale: Number) -> Gadget:
    """x -> sum of d equal units M relu(M x): of the networks with parameters at most M, one of largest error,
    kappa M d / lambda.
    """
    return relu_network(np.full((d, 1), float(M)), np.full((1, d), float(M)), scale)


def linear(W: np.ndarray, scale: Number) -> Gadget:
    """x -> W x by 2 d_2 units, W of shape (d_2, d_1), exactly for every lambda.

    Raises ValueError for W of another shape or lambda not above 0.
    """
    stream = _stream(W)
    hidden = Layout((Space("plus", 1, len(W)), Space("minus", 1, len(W))))
    block = network_block(
        linear_map(stream, hidden, {("x", "plus"): Action(W), ("x", "minus"): Action(-W)}),
        {},
        linear_map(hidden, stream, {("plus", "out"): Action(), ("minus", "out"): Action(np.asarray(-1.0))}),
        scale,
    )
    return _linear("linear", W, block, scale, Fraction(1) if (np.floor(W) == W).all() else None)


def linear_by_gate(W: np.ndarray) -> Gadget:
    """x -> W x by d_2 units: W x in the SSM branch, silu(k) = 1 in the gate, no lambda.

    In floats silu(k) is 1 up to rounding only.  Raises ValueError for W of another shape.
    """
    stream = _stream(W)
    hidden = Layout((Space("hidden", 1, len(W)),))
    block = gated(
        linear_map(stream, hidden, {("x", "hidden"): Action(W)}),
        {},
        zero(stream, hidden),
        {"hidden": np.full(len(W), silu_unit_gate())},
        linear_map(hidden, stream, {("hidden", "out"): Action()}),
    )
    return _linear("linear-gate", W, block, 1, None)


def linear_by_open_gate(W: np.ndarray, M: Number, scale: Number) -> Gadget:
    """x -> W x for x in [-M, M]^{d_1} by d_2 units whose gate silu(lambda) is open.

    Raises ValueError for W of another shape, or a number not above 0.
    """
    above_zero(M=M, scale=scale)
    stream = _stream(W)
    hidden = Layout((Space("hidden", 1, len(W)),))
    block = gated(
        linear_map(stream, hidden, {("x", "hidden"): Action(W / float(scale))}),
        {},
        zero(stream, hidden),
        {"hidden": np.full(len(W), float(scale))},
        linear_map(hidden, stream, {("hidden", "out"): Action()}),
    )
    largest = Fraction(float(np.abs(W).sum(axis=1).max())) * Fraction(M)
    gadget = _linear("linear-open", W, block, scale, Fraction(1) if (np.floor(W) == W).all() else None)
    return replace(
        gadget, domain=Domain({"x": (-M, M)}), error=lambda reals: reals.number(largest) * missed(1, scale, reals)
    )


def _stream(W: np.ndarray) -> Layout:
    if W.ndim != 2:
        raise ValueError(f"W of shape {W.shape} was given; wanted (d_2, d_1)")
    return ports({"x": W.shape[1]}, {"out": W.shape[0]})


def _linear(name: str, W: np.ndarray, block: MambaBlock, scale: Number, gap: Fraction | None) -> Gadget:
    def target(inputs: Values) -> Values:
        return {"out": inputs["x"] @ W.T}

    return Gadget(
        name=name,
        lemma=3,
        ports=block.W_2.domain,
        inputs=("x",),
        outputs=("out",),
        blocks=(block,),
        domain=Domain({"x": (-INFINITY, INFINITY)}),
        target=target,
        error=exact,
        lipschitz=float(np.abs(W).sum(axis=1).max()),
        scale=scale,
        gap=gap,
    )
