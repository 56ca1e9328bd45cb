"""Sizes of a construction, counted on its weights: parameters, state, and operations per step.

Conventions (papers mix them silently, so all are shown side by side):
*dense*          entries of the matrices as full matrices, biases and D as full vectors, A as a full (d_h, channels)
                 matrix;
*nonzero*        of these, the ones that are not zero;
*index-encoded*  a row, a column and a value for each nonzero entry of a matrix, one number for any other nonzero:
                 what the proof of Theorem 3 stores instead of a dense W_b;
*state*          entries of H; for attention the keys and values of its context;
*operations*     multiplications and additions of one step.  A matrix counts 2 for each nonzero entry; the recurrence
                 counts Delta (.) z once a channel and, for each entry of H, 2 for writing, 2 for reading and 1 for
                 forgetting if A is not O; each elementwise product or sum of Eq. 3 counts once a channel.
Where keys are one-hots and only what they list is touched, a step costs what the same memory costs at N = 1.
"""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from bounds.sizes import Size
from constructions.attention import Attention
from constructions.layout import Layout
from constructions.mamba import SSM, MambaBlock, Vector
from constructions.memories.memory import Memory


def size_of(memory: Memory, context: int) -> Size:
    """The sizes of a memory's module; `context`, the number of positions that attention keeps, matters to attention
    alone.  Raises ValueError for a context below one.
    """
    if context < 1:
        raise ValueError(f"the context must have at least one position, got {context}")
    module = memory.module
    return _attention_size(module, context) if isinstance(module, Attention) else _recurrent_size(module)


def _recurrent_size(module: SSM | MambaBlock) -> Size:
    ssm, vectors, gates = _parts(module)
    nonzeros = sum(linear.nonzeros for linear in module.maps())
    constants = sum(_nonzero(vector, ssm.inner) for vector in vectors)
    forgetting = 0 if ssm.A is None else ssm.state_entries
    channels = ssm.inner.only(ssm.channels).dim
    return Size(
        parameters_dense=sum(m.entries for m in module.maps()) + len(vectors) * ssm.inner.dim + ssm.state_entries,
        parameters_nonzero=nonzeros + constants + forgetting,
        parameters_index_encoded=3 * nonzeros + constants + forgetting,
        state_entries=ssm.state_entries,
        operations_per_step=2 * nonzeros + constants + (1 + gates) * channels + 4 * ssm.state_entries + forgetting,
    )


def _parts(module: SSM | MambaBlock) -> tuple[SSM, list[Vector], int]:
    """The module's recurrence, its constant vectors (D, and in a full layer b_1 and b_2), and how many gates it has."""
    if isinstance(module, MambaBlock):
        return module.ssm, [module.ssm.D or {}, module.b_1, module.b_2], 1
    return module, [module.D or {}], 0


def _nonzero(vector: Vector, layout: Layout) -> int:
    return sum(layout[name].blocks * int(np.count_nonzero(entries)) for name, entries in vector.items())


def _attention_size(head: Attention, context: int) -> Size:
    """For each position of the context 2 d_k for its score, 2 for its exponential and its part of their sum, 2 d for
    its part of the weighted sum of values; d divisions at the end.
    """
    nonzeros, d = sum(m.nonzeros for m in head.maps()), head.W_v.codomain.dim
    return Size(
        parameters_dense=sum(m.entries for m in head.maps()),
        parameters_nonzero=nonzeros,
        parameters_index_encoded=3 * nonzeros,
        state_entries=context * (head.d_k + d),
        operations_per_step=2 * nonzeros + context * (2 * head.d_k + 2 + 2 * d) + d,
    )


def stack_size(blocks: Sequence[MambaBlock]) -> Size:
    """The sizes of blocks that run one after the other, each as written: every inner channel with its d_h states."""
    return _summed([_recurrent_size(block) for block in blocks])


def carried_size(blocks: Sequence[MambaBlock]) -> Size:
    """The same of what outputs need: channels that no row of W_3 reads carry no state, nor do blocks that never write
    to it (W_b = O or W_c = O), whose H stays O.
    """
    return _summed([_carried(block) for block in blocks])


def _carried(block: MambaBlock) -> Size:
    needed = block.restricted(block.W_3.codomain.names)
    size, ssm = _recurrent_size(needed), needed.ssm
    if ssm.W_b.nonzeros and ssm.W_c.nonzeros:
        return size
    touched = 4 * ssm.state_entries + (0 if ssm.A is None else ssm.state_entries)
    return replace(size, state_entries=0, operations_per_step=size.operations_per_step - touched)


def _summed(sizes: Sequence[Size]) -> Size:
    return Size(**{each.name: sum(getattr(size, each.name) for size in sizes) for each in fields(Size)})
