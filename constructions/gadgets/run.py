"""A gadget evaluated through the generic layer: X + f(X) block after block, on weights rounded to one dtype."""

from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from constructions.gadgets.gadget import Gadget, Values
from constructions.layout import Layout
from constructions.linear import Stream
from constructions.mamba import MambaBlock
from constructions.rows import Rows, dense_rows
from constructions.run import run_block


def evaluate(gadget: Gadget, inputs: Mapping[str, np.ndarray], dtype: str | np.dtype = "float64") -> Values:
    """The outputs for T inputs, each of shape (T, width) or, for width 1, (T,); the result has shape (T, width).

    The T inputs are the T positions of one sequence: a gadget has no memory, so they do not meet.  Weights and inputs
    are rounded to `dtype` once, and everything is computed in it.  Raises ValueError for inputs that do not fit the
    ports.
    """
    stream = stream_of(gadget.ports, {name: inputs[name] for name in gadget.inputs}, dtype)
    outputs = _outputs(in_dtype(gadget.blocks, dtype), stream, gadget.outputs)
    return {name: np.asarray(values) for name, values in outputs.items()}


def stream_of(layout: Layout, values: Mapping[str, np.ndarray], dtype: str | np.dtype) -> Stream:
    """The stream with the given values, of shape (T, width) or (T,), in one-block spaces, and zero in all others.

    Raises ValueError for a value of a wrong shape or values of different lengths.
    """
    rows = {space.name: Rows(None, None, None, space.blocks, space.width) for space in layout}
    lengths = {len(x) for x in values.values()}
    if len(lengths) != 1:
        raise ValueError(f"all inputs must have one length, got {sorted(lengths)}")
    for name, x in values.items():
        columns = x[:, None] if x.ndim == 1 else x
        if layout[name].blocks != 1 or columns.shape[1:] != (layout[name].width,):
            raise ValueError(f"{name!r} has shape {x.shape}; wanted (T, {layout[name].width}) in one block")
        rows[name] = dense_rows(np.asarray(columns).astype(jnp.dtype(dtype)))
    return Stream(layout, rows)


def in_dtype(blocks: tuple[MambaBlock, ...], dtype: str | np.dtype) -> tuple[MambaBlock, ...]:
    """The blocks with every weight rounded to `dtype`."""
    return jax.tree.map(lambda weight: np.asarray(weight).astype(jnp.dtype(dtype)), blocks)


@jax.jit
def run_stack(blocks: tuple[MambaBlock, ...], stream: Stream) -> Stream:
    """X + f(X) of Eq. 2 for each block in turn."""
    for block in blocks:
        stream = stream + run_block(block, stream)
    return stream


@partial(jax.jit, static_argnames=["names"])
def _outputs(
    blocks: tuple[MambaBlock, ...], stream: Stream, names: tuple[str, ...]
) -> dict[str, Float[jax.Array, "T _"]]:
    after = run_stack(blocks, stream)
    return {name: after[name].over(stream.leading).dense() for name in names}
