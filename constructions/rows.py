"""Vectors in compressed form: one value for every block, except a few blocks that are listed.

One-hot positions, memories in which one slot is written, and gates that open one slot are vectors of size N or N d of
which a single block differs from all others.  `Rows` stores such vectors exactly (fill, index, value), so that a
sequence of N one-hots in R^N costs O(N) instead of O(N^2).  A dense vector is the case of one block.  Elementwise
maps act on the fill and on the listed values, so the compressed result carries the very same floats as the dense one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

Array = jax.Array | np.ndarray
VOID = -1  # a listed block of this index is absent: the zero vector has an index list too


@partial(jax.tree_util.register_dataclass, data_fields=["fill", "index", "value"], meta_fields=["blocks", "width"])
@dataclass(frozen=True, eq=False)
class Rows:
    """Vectors of `blocks * width` coordinates over any leading axes `*T` (a sequence, or none for a single vector).

    Every block equals `fill` (None: zero, known without looking), except the blocks `index[k]`, which equal
    `value[k]`; an index of VOID lists nothing, and no block is listed twice.  `index` and `value` are None together
    when nothing is listed.
    """

    fill: Float[Array, "*T width"] | None
    index: Int[Array, "*T k"] | None
    value: Float[Array, "*T k width"] | None
    blocks: int
    width: int

    @property
    def is_zero(self) -> bool:
        """Whether the vectors are zero whatever the weights are."""
        return self.fill is None and self.index is None

    @property
    def leading(self) -> tuple[int, ...]:
        """The shape of the leading axes; () for the zero vector that was never given one."""
        if self.fill is not None:
            return self.fill.shape[:-1]
        return () if self.index is None else self.index.shape[:-1]

    def over(self, leading: tuple[int, ...]) -> "Rows":
        """The same vectors with a constant repeated over the leading axes."""
        if self.is_zero or self.leading == leading or self.fill is None:
            return self
        return replace(self, fill=jnp.broadcast_to(jnp.asarray(self.fill), (*leading, self.width)))

    def at(self, index: Int[Array, "*T j"]) -> Float[jax.Array, "*T j width"]:
        """The blocks of those indices; unspecified where an index is VOID.  Raises ValueError on the zero vector,
        which has no dtype.
        """
        shape = (*index.shape, self.width)
        if self.index is None or self.value is None:
            if self.fill is None:
                raise ValueError("the zero vector has no dtype: test is_zero first")
            return jnp.broadcast_to(jnp.asarray(self.fill)[..., None, :], shape)
        value = jnp.asarray(self.value)
        hit = index[..., :, None] == self.index[..., None, :]
        found = jnp.where(hit[..., None], value[..., None, :, :], jnp.zeros((), value.dtype)).sum(-2)
        if self.fill is None:
            return found
        return jnp.where(
            hit.any(-1, keepdims=True), found, jnp.broadcast_to(jnp.asarray(self.fill)[..., None, :], shape)
        )

    def dense(self) -> Float[jax.Array, "*T dim"]:
        """All coordinates, block after block.  Raises ValueError on the zero vector, which has no dtype."""
        shape = (*self.leading, self.blocks * self.width)
        if self.index is None or self.value is None:
            if self.fill is None:
                raise ValueError("the zero vector has no dtype: test is_zero first")
            return jnp.broadcast_to(
                jnp.asarray(self.fill)[..., None, :], (*self.leading, self.blocks, self.width)
            ).reshape(shape)
        count = int(np.prod(self.leading))
        if self.fill is None:
            every = jnp.zeros((count, self.blocks, self.width), self.value.dtype)
        else:
            fill = jnp.asarray(self.fill).reshape(count, 1, self.width)
            every = jnp.broadcast_to(fill, (count, self.blocks, self.width))
        index = present_or_past(jnp.asarray(self.index).reshape(count, -1), self.blocks)
        value = jnp.asarray(self.value).reshape(count, -1, self.width)
        return every.at[jnp.arange(count)[:, None], index].set(value, mode="drop").reshape(shape)

    def map(self, function: Callable[[jax.Array], jax.Array], at_zero: float, dtype: jnp.dtype) -> "Rows":
        """The elementwise image; `at_zero` is the function's value at 0, used where a block is zero by structure."""
        if self.fill is not None:
            fill = function(jnp.asarray(self.fill))
        else:
            fill = None if at_zero == 0 else jnp.full((*self.leading, self.width), at_zero, dtype)
        return replace(self, fill=fill, value=None if self.value is None else function(jnp.asarray(self.value)))

    def total(self) -> "Rows":
        """The sum of all blocks, as a vector of one block."""
        parts = []
        listed = jnp.zeros((*self.leading, 1), jnp.int32)
        if self.index is not None and self.value is not None:
            present = jnp.asarray(self.index) != VOID
            listed = present.sum(-1, keepdims=True)
            parts.append(
                jnp.where(present[..., None], jnp.asarray(self.value), jnp.zeros((), self.value.dtype)).sum(-2)
            )
        if self.fill is not None:
            parts.append(jnp.asarray(self.fill) * (self.blocks - listed).astype(self.fill.dtype))
        return Rows(sum(parts[1:], parts[0]) if parts else None, None, None, 1, self.width)

    def __add__(self, other: "Rows") -> "Rows":
        """The sum of two vectors of the same blocks and width."""
        if self.is_zero:
            return other
        if other.is_zero:
            return self
        if self.fill is None or other.fill is None:
            fill = other.fill if self.fill is None else self.fill
        else:
            fill = _over(jnp.add, self.fill, other.fill)
        return self._listing(other, fill, jnp.add, *_listed_in_either(self, other))

    def __mul__(self, other: "Rows") -> "Rows":
        """The elementwise product of two vectors of the same blocks and width: listed only where a zero factor lists
        it.
        """
        if self.is_zero or other.is_zero:
            return Rows(None, None, None, self.blocks, self.width)
        if self.fill is None:
            return self._listing(other, None, jnp.multiply, self.index)
        if other.fill is None:
            return self._listing(other, None, jnp.multiply, other.index)
        return self._listing(
            other, _over(jnp.multiply, self.fill, other.fill), jnp.multiply, *_listed_in_either(self, other)
        )

    def _listing(self, other: "Rows", fill: Array | None, operation: Callable, *lists: Array | None) -> "Rows":
        """The rows with that fill which list `operation` of both operands at the blocks of the given lists."""
        present = [jnp.asarray(index) for index in lists if index is not None]
        if not present:
            return replace(self, fill=fill, index=None, value=None)
        index = jnp.concatenate(present, axis=-1)
        return replace(self, fill=fill, index=index, value=operation(self.at(index), other.at(index)))


def dense_rows(values: Float[Array, "*T width"]) -> Rows:
    """Dense vectors as rows of one block."""
    return Rows(values, None, None, 1, values.shape[-1])


def one_hot_rows(index: Int[Array, "*T"], blocks: int, dtype: jnp.dtype) -> Rows:
    """The one-hot vectors e_index in R^blocks, index counted from 0; VOID gives the zero vector."""
    return Rows(None, index[..., None], np.ones((*index.shape, 1, 1), dtype), blocks, 1)


def present_or_past(index: Int[jax.Array, "*T k"], blocks: int) -> Int[jax.Array, "*T k"]:
    """The indices with VOID moved past the end, where JAX drops a write and fills a read (a negative index would
    count from the end).
    """
    return jnp.where(index == VOID, blocks, index)


def common_dtype(*operands: Rows) -> jnp.dtype:
    """The floating dtype of what these operands write together."""
    return jnp.result_type(*(x.dtype for x in jax.tree.leaves(operands) if jnp.issubdtype(x.dtype, jnp.floating)))


def _listed_in_either(left: Rows, right: Rows) -> tuple[Array | None, Array | None]:
    """Both index lists, the right one with VOID where the left one lists the block already."""
    if left.index is None or right.index is None:
        return left.index, right.index
    again = (right.index[..., :, None] == left.index[..., None, :]).any(-1)
    return left.index, jnp.where(again, VOID, jnp.asarray(right.index))


def _over(operation: Callable, left: Array, right: Array) -> jax.Array:
    """`operation` after spelling out the broadcast of leading axes (a constant meets a sequence)."""
    shape = jnp.broadcast_shapes(left.shape, right.shape)
    return operation(jnp.broadcast_to(jnp.asarray(left), shape), jnp.broadcast_to(jnp.asarray(right), shape))
