"""`ssm-linear`: Theorem 3 as proved (A.3), alone as the SSM module of Eq. 6 and inside the full layer of Eq. 1-3
(Remark 1).

With x~_i = [x_i, e_i, e_pos(i), 1], A = O, W_b = [O, I_N, O, O] and W_c = [O, O, I_N, O]:
    b_i = e_i,  c_i = e_pos(i),  H_i = sum_{j <= i} e_j v_j^T   (row j of the state is v_j, rows after i are zero),
    y_i = H_i^T e_pos(i) = v_pos(i)   whenever pos(i) <= i.
Every product above is by 0 or 1 and every sum has one term that is not zero, so the float program copies v_pos(i) bit
by bit.
"""

import numpy as np

from bounds.scales import silu_unit_gate, softplus_inverse
from constructions.encoding import ONE, POSITION, TARGET, VALUES, Encoding
from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, Outer, identity, linear_map, zero
from constructions.mamba import SSM, mamba_block, selective_ssm
from constructions.memories.memory import Memory

RANK = Layout((Space("rank"),))


def theorem3(N: int, d: int, *, literal_Delta: bool = False) -> Memory:
    """The SSM module of Theorem 3's proof: d_h = N, N d state entries, exact.

    Delta: the recorded values are v = Delta (.) x; W_Delta is chosen with Delta = softplus(log(e - 1)) = 1, so that v
    = x.  With
    `literal_Delta` W_Delta = O, Delta = softplus(0) = log 2 and v = x log 2: what comes from setting nothing, copied
    as exactly.
    Raises ValueError for N < 1 or d < 1.
    """
    encoding = Encoding(N, d)
    module = _module(encoding.layout, (VALUES,), literal_Delta)
    return Memory("ssm-linear", "one-hot", module, encoding, 0.0, recorded_Delta(literal_Delta))


def theorem3_layer(N: int, d: int) -> Memory:
    """The same module inside the full layer, with the gate of Remark 1: W_1 = W_3 = I, b_1 = 0, W_2 = O, b_2 = k 1,
    silu(k) = 1.

    Eq. 1 gives every channel of the inner stream its own column of H, also the 2 N + 1 that carry positions: N (d +
    2N + 1) state entries, not O(N d).  The output is copied in all of them, so f(x~_i) = x~_pos(i); what is wanted of
    it is the space of the values.
    """
    encoding = Encoding(N, d)
    layout = encoding.layout
    gate = {space.name: np.full(space.width, silu_unit_gate()) for space in layout}
    block = mamba_block(
        identity(layout),
        {},
        zero(layout, layout),
        gate,
        identity(layout),
        _module(layout, layout.names, literal_Delta=False),
    )
    return Memory("ssm-linear-layer", "one-hot", block, encoding, 0.0)


def _module(layout: Layout, channels: tuple[str, ...], literal_Delta: bool) -> SSM:
    state = Layout((Space("state", layout[POSITION].blocks),))
    spaces = layout.only(channels)
    spread = {("rank", space.name): Action(np.ones((space.width, 1)), Outer.SPREAD) for space in spaces}
    return selective_ssm(
        channels,
        W_b=linear_map(layout, state, {(POSITION, "state"): Action()}),
        W_c=linear_map(layout, state, {(TARGET, "state"): Action()}),
        W_Delta1=rate(layout, literal_Delta),
        W_Delta2=zero(RANK, spaces) if literal_Delta else linear_map(RANK, spaces, spread),
    )


def rate(layout: Layout, literal_Delta: bool = False) -> LinearMap:
    """W_Delta1 of rank one: log(e - 1), since softplus(log(e - 1)) = log(1 + (e - 1)) = 1, or O, since softplus(0) =
    log 2.
    """
    return zero(layout, RANK) if literal_Delta else linear_map(layout, RANK, {(ONE, "rank"): Action(unit_rate())})


def unit_rate() -> np.ndarray:
    """The rate whose Delta is 1."""
    return np.asarray(float(softplus_inverse(1.0)))


def recorded_Delta(literal_Delta: bool) -> float:
    """The Delta that `rate` gives: 1, or log 2 where W_Delta is O."""
    return float(np.log(2.0)) if literal_Delta else 1.0
