"""Eq. 3 without memory: the block of Eq. 37 and its gated form, by the two routes that A.6 names.

*State off, skip on* (the proof of Lemma 1).  With W_b = O nothing is ever written, H_i = O, and with D = 1

    SSM(z)_i = H_i^T c_i + D (.) z_i = z_i,    so    f(x) = W_3 ((W_1 x + b_1) (.) silu(W_2 x + b_2)).

With W_1 = O and b_1 = 1 this is f(x) = W_3 silu(W_2 x + b_2), Eq. 37: a two-layer network.  (A.6 prints y = c^T 1 + 1
(.) 1 = 1; with W_b = O the first term is c^T 0.)

*Forgetting* (Remark 2).  The state is driven by constants b = c = 1 and Delta, and A = log(rho) / Delta with a small
leak rho = exp(Delta A), so that the past is forgotten.  The state is then not near zero: it holds its current term,

    H_i = Delta z_i + rho Delta z_{i-1} + rho^2 Delta z_{i-2} + ...,

which the skip takes away: with D = 1 - Delta,

    SSM(z)_i = z_i + Delta (rho z_{i-1} + rho^2 z_{i-2} + ...).

What is left of the past is at most `leaked` times the largest |z|.  A large Delta is not needed, only a small rho;
in floats it even costs the digits that Delta z + (1 - Delta) z cancels, and Delta = 1 needs no skip at all.
"""

from typing import Any

import numpy as np

from bounds.reals import Number, Reals
from bounds.scales import softplus_inverse
from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, linear_map, zero
from constructions.mamba import SHARED, MambaBlock, Vector, mamba_block, selective_ssm

STATE = Layout((Space("state"),))
RATE = Layout((Space("rate"),))
RATE_OF_ALL = Layout((Space(SHARED),))
DRIVE = "drive"


def gated(W_1: LinearMap, b_1: Vector, W_2: LinearMap, b_2: Vector, W_3: LinearMap) -> MambaBlock:
    """f(x) = W_3 ((W_1 x + b_1) (.) silu(W_2 x + b_2)), state off, skip on.  Raises ValueError where layouts differ."""
    inner = W_2.codomain
    ssm = selective_ssm(
        inner.names,
        W_b=zero(inner, STATE),
        W_c=zero(inner, STATE),
        W_Delta1=zero(inner, RATE),
        W_Delta2=zero(RATE, RATE_OF_ALL),
        D=_ones(inner),
    )
    return mamba_block(W_1, b_1, W_2, b_2, W_3, ssm)


def degenerate(W_2: LinearMap, b_2: Vector, W_3: LinearMap) -> MambaBlock:
    """f(x) = W_3 silu(W_2 x + b_2), Eq. 37.  Raises ValueError where layouts differ."""
    return gated(zero(W_2.domain, W_2.codomain), _ones(W_2.codomain), W_2, b_2, W_3)


def by_forgetting(block: MambaBlock, Delta: float, rho: float) -> MambaBlock:
    """The memoryless `block` with its state on: Remark 2's route with step Delta > 0 and leak rho in [0, 1).

    One inner channel more, held at 1 by b_1, drives b, c and Delta.  rho = 0 is A = -inf.
    Raises ValueError for Delta or rho outside these ranges, or a block whose state is on already.
    """
    if not 0.0 < Delta < np.inf or not 0.0 <= rho < 1.0:
        raise ValueError(f"Delta = {Delta} and rho = {rho} were given; Delta must be above 0 and rho in [0, 1)")
    if not (block.ssm.W_b.nonzeros == 0 and block.ssm.A is None):
        raise ValueError("the block's state is on already; this route replaces the skip of a block without memory")
    inner = Layout((*block.ssm.inner, Space(DRIVE)))
    written = linear_map(inner, STATE, {(DRIVE, "state"): Action()})
    rate = np.asarray(float(softplus_inverse(Delta)))
    ssm = selective_ssm(
        inner.names,
        W_b=written,
        W_c=written,
        W_Delta1=linear_map(inner, RATE, {(DRIVE, "rate"): Action()}),
        W_Delta2=linear_map(RATE, RATE_OF_ALL, {("rate", SHARED): Action(rate)}),
        A=np.asarray(np.log(rho) / Delta if rho > 0.0 else -np.inf),
        D={space.name: np.full(space.width, 1.0 - Delta) for space in inner},
    )
    stream, outputs = block.W_2.domain, block.W_3.codomain
    return mamba_block(
        linear_map(stream, inner, block.W_1.actions),
        {**block.b_1, DRIVE: np.ones(1)},
        linear_map(stream, inner, block.W_2.actions),
        block.b_2,
        linear_map(inner, outputs, block.W_3.actions),
        ssm,
    )


def leaked(Delta: Number, rho: Number, reals: Reals) -> Any:
    """The past's part of an output of the forgetting route, relative to the largest |z|: Delta (rho + rho^2 + ...) =
    Delta rho / (1 - rho) at most, approached by a constant z.
    """
    return reals.number(Delta) * reals.number(rho) / (1 - reals.number(rho))


def _ones(layout: Layout) -> Vector:
    return {space.name: np.ones(space.width) for space in layout}
