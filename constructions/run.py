"""The only place that executes: a module or a block over a sequence, or one step of it.

Nothing here or in `constructions.recurrence` knows which theorem the weights come from.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from constructions.chunked import in_chunks
from constructions.linear import Stream
from constructions.mamba import SSM, MambaBlock, biased, signals
from constructions.recurrence import Carried, Execution, Reads, State, advance, recur, suited
from constructions.rows import Rows

PIECE = 2**14  # steps of a long sparse run whose signals exist at the same time


def run_ssm(ssm: SSM, z: Stream, execution: Execution | None = None, reads: Reads | None = None) -> Stream:
    """SSM(Z): the outputs y_i of Eq. 1 over the channels, the skip D included.

    Arguments: the inner stream `z` of length T; `execution`, None for the suited one; `reads`, which blocks of a
    channel space are wanted at each step (the others are left out of the result, where they count as zero).
    Raises ValueError if `chunked` or `sparse` is asked for a forgetting that differs between channels.
    """
    wanted: Reads = dict.fromkeys(ssm.channels) if reads is None else reads
    if _in_pieces(z, execution):
        return _piece_by_piece(lambda H, part: _ssm_from(H, ssm, part[0], execution, part[1]), (z, wanted))
    return _ssm_from(None, ssm, z, execution, wanted)[1]


def run_block(block: MambaBlock, x: Stream, execution: Execution | None = None) -> Stream:
    """f(X) of Eq. 3 for a stream over the block's layout; the residual of Eq. 2 is `x + run_block(block, x)`."""
    if _in_pieces(x, execution):
        return _piece_by_piece(lambda H, part: _block_from(H, block, part, execution), x)
    return _block_from(None, block, x, execution)[1]


def _in_pieces(x: Stream, execution: Execution | None) -> bool:
    return execution is Execution.SPARSE and x.leading[0] > PIECE


def _piece_by_piece(run: Callable, x: Any) -> Stream:
    """`run(carried, part)` over the parts of a long sequence, each going on from what the one before carried: signals
    exist for one part at a time, so a long run needs little memory beside its state, its input and its output.
    """
    length = jax.tree.leaves(x)[0].shape[0]
    parts = jax.tree.map(lambda leaf: in_chunks(leaf, PIECE), x)
    first = jax.tree.map(lambda leaf: leaf[0], parts)
    nothing = jax.tree.map(lambda H: jnp.zeros(H.shape, H.dtype), jax.eval_shape(lambda p: run(None, p)[0], first))
    y = jax.lax.scan(run, nothing, parts)[1]
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:length], y)


def _ssm_from(
    before: Carried, ssm: SSM, z: Stream, execution: Execution | None, wanted: Reads
) -> tuple[Carried, Stream]:
    """What the module carries after the steps of z, and its outputs at them."""
    s = signals(ssm, z)
    y = {name: Rows(None, None, None, z[name].blocks, z[name].width) for name in ssm.channels}
    driven, after = replace(s, v={name: v for name, v in s.v.items() if not v.is_zero}), before
    if driven.v and not (s.b.is_zero or s.c.is_zero):
        after, live = recur(driven, wanted, execution or suited(driven), before)
        y |= live
    outputs = Stream(ssm.inner.only(ssm.channels), y)
    return after, outputs if ssm.D is None else outputs + _skipped(ssm, z)


def _block_from(before: Carried, block: MambaBlock, x: Stream, execution: Execution | None) -> tuple[Carried, Stream]:
    z, gate = _branches(block, x)
    reads = {name: gate[name].index if gate[name].fill is None else None for name in block.ssm.channels}
    after, y = _ssm_from(before, block.ssm, z, execution, reads)
    return after, _gated(block, y, gate)


def suited_execution(module: SSM | MambaBlock, x: Stream) -> Execution:
    """The execution that `run_ssm` or `run_block` chooses for this input; traced, so that nothing is computed."""
    seen: list[Execution] = []

    def look(module: SSM | MambaBlock, x: Stream) -> None:
        ssm, z = (module.ssm, _branches(module, x)[0]) if isinstance(module, MambaBlock) else (module, x)
        seen.append(suited(signals(ssm, z)))

    jax.eval_shape(look, module, x)
    return seen[0]


def initial_state(ssm: SSM, dtype: jnp.dtype) -> State:
    """H_0 = O."""
    spaces = ssm.inner.only(ssm.channels)
    return {space.name: jnp.zeros((ssm.d_h, space.blocks, space.width), dtype) for space in spaces}


def step_ssm(ssm: SSM, H: State, z: Stream) -> tuple[State, Stream]:
    """One step of the module for one vector z_i (no leading axis): the new state and y_i."""
    H, y = advance(H, signals(ssm, z), dict.fromkeys(ssm.channels))
    outputs = Stream(ssm.inner.only(ssm.channels), y)
    return H, outputs if ssm.D is None else outputs + _skipped(ssm, z)


def step_block(block: MambaBlock, H: State, x: Stream) -> tuple[State, Stream]:
    """One step of the block for one vector x_i (no leading axis): the new state and f(x_i)."""
    z, gate = _branches(block, x)
    H, y = step_ssm(block.ssm, H, z)
    return H, _gated(block, y, gate)


def _branches(block: MambaBlock, x: Stream) -> tuple[Stream, Stream]:
    """Z_1 and silu(Z_2) of Eq. 3."""
    z = biased(block.W_1(x), block.b_1, x.leading)
    pre = biased(block.W_2(x), block.b_2, x.leading)
    return z, Stream(pre.layout, {name: rows.map(jax.nn.silu, 0.0, x.dtype) for name, rows in pre.rows.items()})


def _gated(block: MambaBlock, y: Stream, gate: Stream) -> Stream:
    """W_3 (y (.) silu(Z_2))."""
    zero = {space.name: Rows(None, None, None, space.blocks, space.width) for space in block.ssm.inner}
    gated = {name: y[name] * gate[name] for name in block.ssm.channels}
    return block.W_3(Stream(block.ssm.inner, zero | gated))


def _skipped(ssm: SSM, z: Stream) -> Stream:
    """D (.) z over the channels that D names."""
    D = ssm.D or {}
    rows = {n: Rows(jnp.asarray(D[n]), None, None, z[n].blocks, z[n].width) * z[n] for n in ssm.channels if n in D}
    return Stream(ssm.inner.only(ssm.channels), rows)
