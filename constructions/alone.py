"""Each block of a stack by itself: what it writes when everything that comes before it is given.

A run chains its blocks: one that errs misleads all that read it.  Here every block is fed the same given sequence of
streams, of which it sees the coordinates that the token and the blocks before it are to fill (the others are 0, as in a
run), and goes on from the state that this sequence leaves in it.  What it writes is returned, and goes nowhere.

Blocks are executed by `constructions.run`, as Eq. 1-3 say.  A stack has dozens, each over spaces of its own, and would
be compiled as often; here the spaces of a block are laid end to end, and filled up with channels and coordinates whose
weights are 0, so that blocks of about one size share one program.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, Stream
from constructions.mamba import SSM, MambaBlock, Vector
from constructions.packed import constant, evolution
from constructions.programs.stack import Stack
from constructions.recurrence import Execution
from constructions.rows import dense_rows
from constructions.run import run_block

X, Z, RATES, STATE = "x", "z", "rates", "state"  # the one space of the stream, of the inner stream, of Delta, of H
LEAST, STEP = 16, 4  # widths are the least one times a power of the step


@dataclass(frozen=True, eq=False)
class Written:
    """What one block writes at every token: its own coordinates, shape (T, w), and the largest modulus of all others,
    where a block of a stack writes nothing.
    """

    own: Float[np.ndarray, "T w"]
    elsewhere: Float[np.ndarray, " T"]


def alone(stack: Stack, streams: Sequence[Float[np.ndarray, "_T D"]]) -> list[list[Written]]:
    """For every block of the stack what it writes on each of the given sequences, in the stack's float format."""
    dtype, D = jnp.dtype(stack.format.name), stack.stream.dim
    own = [coordinates(stack, named.writes) for named in stack.blocks]
    T, width = padded(max(map(len, streams))), padded(D)
    filled = [np.zeros((T, width), dtype) for _ in streams]
    for x, there in zip(filled, streams, strict=True):
        x[: len(there), :D] = there
    found = []
    for k, named in enumerate(stack.blocks):
        block = jax.tree.map(lambda weights: np.asarray(weights, dtype), in_one_space(named.block))
        later = np.concatenate(own[k:])
        runs = []
        for x, there in zip(filled, streams, strict=True):
            seen = x.copy()
            seen[:, later] = 0
            wrote = np.asarray(_written(block, seen), np.float64)[: len(there), :D]
            rest = np.delete(wrote, own[k], axis=1)
            runs.append(Written(wrote[:, own[k]], np.abs(rest).max(axis=1, initial=0.0)))
        found.append(runs)
    return found


def coordinates(stack: Stack, spaces: Sequence[str]) -> Int[np.ndarray, " w"]:
    """The coordinates of the stream that spaces have, one space after the other."""
    every = np.arange(stack.stream.dim)
    return np.concatenate([every[stack.stream.coordinates(space)] for space in spaces])


def padded(width: int) -> int:
    """The width that is run in the place of this one."""
    fitting = LEAST
    while fitting < width:
        fitting *= STEP
    return fitting


def in_one_space(block: MambaBlock) -> MambaBlock:
    """The same block with one space for the stream, one for the inner stream and one for what W_Delta1 writes, filled
    up with zeros: equal to it wherever it is defined, and 0 elsewhere.  Every map is written out.
    """
    ssm = block.ssm
    D, inner = padded(block.W_1.domain.dim), padded(ssm.inner.dim)
    stream, hidden = Layout((Space(X, 1, D),)), Layout((Space(Z, 1, inner),))
    state, rates = Layout((Space(STATE, 1, ssm.d_h),)), Layout((Space(RATES, 1, padded(ssm.W_Delta1.codomain.dim)),))
    live = np.concatenate([np.full(space.dim, space.name in ssm.channels) for space in ssm.inner])
    W_Delta2 = ssm.W_Delta2.dense()
    Delta = np.zeros((len(live), W_Delta2.shape[1]))
    Delta[live] = W_Delta2
    one = SSM(
        (Z,),
        W_b=_filled(ssm.W_b.dense(), hidden, state),
        W_c=_filled(ssm.W_c.dense(), hidden, state),
        W_Delta1=_filled(ssm.W_Delta1.dense(), hidden, rates),
        W_Delta2=_filled(Delta, rates, hidden),
        A={Z: _evolution(block, inner)},
        D={Z: _constant(ssm.D or {}, ssm.inner, inner)},
    )
    return MambaBlock(
        W_1=_filled(block.W_1.dense(), stream, hidden),
        b_1={Z: _constant(block.b_1, ssm.inner, inner)},
        W_2=_filled(block.W_2.dense(), stream, hidden),
        b_2={Z: _constant(block.b_2, ssm.inner, inner)},
        W_3=_filled(block.W_3.dense() * live, hidden, stream),
        ssm=one,
    )


@jax.jit
def _written(block: MambaBlock, x: Float[jax.Array, "T D"]) -> Float[jax.Array, "T D"]:
    """f(X) of Eq. 3."""
    return run_block(block, Stream(block.W_1.domain, {X: dense_rows(x)}), Execution.SCAN)[X].dense()


def _filled(matrix: Float[np.ndarray, "out in"], domain: Layout, codomain: Layout) -> LinearMap:
    """A matrix between two layouts of one space each, filled up with zeros."""
    source, target = domain.names[0], codomain.names[0]
    whole = np.zeros((codomain.dim, domain.dim))
    whole[: matrix.shape[0], : matrix.shape[1]] = matrix
    return LinearMap(domain, codomain, {(source, target): Action(whole)})


def _constant(vector: Vector, layout: Layout, width: int) -> Float[np.ndarray, " width"]:
    whole = np.zeros(width)
    for called in vector:
        whole[layout.coordinates(called)] = constant(vector, layout, called)
    return whole


def _evolution(block: MambaBlock, width: int) -> Float[np.ndarray, "d_h width"]:
    """A in full: 0 where nothing is forgotten, and for channels that carry no state."""
    whole = np.zeros((block.ssm.d_h, width))
    for called in block.ssm.channels:
        whole[:, block.ssm.inner.coordinates(called)] = evolution(block, called)
    return whole
