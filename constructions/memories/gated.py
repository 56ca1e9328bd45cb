"""`ssm-gated`: COPY inside the full layer of Eq. 1-3 with d_h = 1, so that the state really has O(N d) entries
(X-T3-GATED).

One channel for each (slot, coordinate), z = [x repeated in N slots, e_i, 1], and b_i = c_i = 1, A = O, so that the
channel (p, k) holds h_(p,k) = sum_{j <= i} Delta_{j,(p,k)} x_{j,k}.

*Writing goes through Delta.*  W_Delta1 z = [e_i, 1 - e_i] and W_Delta2 repeats log(e - 1) and -S over the coordinates
of a slot, so Delta_{j,(p,k)} = softplus(log(e - 1)) = 1 for p = j and softplus(-S) otherwise: a slot records its own
value and a leak of every other one.

*Reading goes through the gate.*  W_2 repeats k e_pos(i), with silu(k) = 1 and silu(0) = 0: exactly one slot is open,
and W_3 adds all slots, so  y_i = x_pos(i) + softplus(-S) sum_{j <= i, j != pos(i)} x_j.

Over T tokens the error is at most (T - 1) M softplus(-S), which is epsilon for S = -log(expm1(epsilon / ((T - 1) M))):
weights O(log(T M / epsilon)).
"""

import numpy as np

from bounds.scales import gated_write_off, silu_unit_gate
from constructions.encoding import ONE, POSITION, TARGET, VALUES, Encoding
from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, Outer, linear_map
from constructions.mamba import mamba_block, selective_ssm
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import recorded_Delta, unit_rate

MEMORY = "memory"


def gated(N: int, d: int, M: float, epsilon: float, *, steps: int | None = None, literal_Delta: bool = False) -> Memory:
    """N slots of d channels, each with one state: (N (d + 1) + 1) entries in all, N d of them read.

    Values in [-M, M]^d; the real-arithmetic error is at most epsilon over sequences of at most `steps` tokens, N where
    not given: a slot leaks the value of every token, also of those that are only to reproduce others.
    Raises ValueError for sizes below one, M <= 0 or epsilon <= 0.
    """
    encoding = Encoding(N, d)
    layout = encoding.layout
    inner = Layout((Space(MEMORY, N, d), Space(POSITION, N), Space(ONE)))
    one = linear_map(inner, Layout((Space("state"),)), {(ONE, "state"): Action()})
    W_Delta1, W_Delta2 = _write_rates(inner, gated_write_off(steps or N, M, epsilon), literal_Delta)
    block = mamba_block(
        W_1=linear_map(
            layout,
            inner,
            {(VALUES, MEMORY): Action(outer=Outer.SPREAD), (POSITION, POSITION): Action(), (ONE, ONE): Action()},
        ),
        b_1={},
        W_2=linear_map(layout, inner, {(TARGET, MEMORY): Action(np.full((d, 1), silu_unit_gate()))}),
        b_2={},
        W_3=linear_map(inner, layout, {(MEMORY, VALUES): Action(outer=Outer.GATHER)}),
        ssm=selective_ssm((MEMORY, POSITION, ONE), one, one, W_Delta1, W_Delta2),
    )
    return Memory("ssm-gated", "one-hot", block, encoding, epsilon, recorded_Delta(literal_Delta))


def _write_rates(inner: Layout, S: float, literal_Delta: bool) -> tuple[LinearMap, LinearMap]:
    """W_Delta1 z = [e_i, 1 - e_i]; W_Delta2 gives log(e - 1) to the slot being written and -S to all others.

    Both rates are products of one weight by 0 or 1, so neither is rounded by being the difference of two large numbers.
    The channels that carry the position and the constant are read by nothing; they get Delta = softplus(0).
    """
    N, d = inner[MEMORY].blocks, inner[MEMORY].width
    rank = Layout((Space("on", N), Space("off", N)))
    W_Delta1 = linear_map(
        inner,
        rank,
        {
            (POSITION, "on"): Action(),
            (POSITION, "off"): Action(np.asarray(-1.0)),
            (ONE, "off"): Action(outer=Outer.SPREAD),
        },
    )
    on, off = np.full((d, 1), 0.0 if literal_Delta else unit_rate()), np.full((d, 1), -S)
    W_Delta2 = linear_map(rank, inner, {("on", MEMORY): Action(on), ("off", MEMORY): Action(off)})
    return W_Delta1, W_Delta2
