"""Linear maps written as actions on named subspaces, keeping the structure that they have.

A map from one space to another is a Kronecker product  outer (x) inner.  The outer factor acts on the blocks and is
known by name (each block to itself: I; one block to every block: the column of ones; all blocks added: the row of
ones); the inner factor acts on the coordinates of a block and is a number (a scaled identity) or a small dense
matrix.  Theorem 3's W_b = [O, I_N, O] is one such entry, `{("position", "state"): Action()}`: its N nonzeros are
counted, and nothing of size N x N is formed unless `.dense()` is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from constructions.layout import Layout, Space
from constructions.precision import contract
from constructions.rows import Array, Rows


class Outer(Enum):
    """How a map acts on blocks: the outer Kronecker factor."""

    EACH = "each block to itself"
    SPREAD = "the one block to every block"
    GATHER = "the sum of all blocks to the one block"

    def matrix(self, blocks: int) -> np.ndarray:
        """The factor itself, of shape (blocks out, blocks in)."""
        shapes = {Outer.EACH: np.eye(blocks), Outer.SPREAD: np.ones((blocks, 1)), Outer.GATHER: np.ones((1, blocks))}
        return shapes[self]


@partial(jax.tree_util.register_dataclass, data_fields=["inner"], meta_fields=["outer"])
@dataclass(frozen=True, eq=False)
class Action:
    """One entry of a map: `outer (x) inner`, with `inner` a scalar (times the identity) or a matrix of shape (width
    out, width in).
    """

    inner: Float[Array, ""] | Float[Array, "out in"] = field(default_factory=lambda: np.asarray(1.0))
    outer: Outer = Outer.EACH

    def mismatch(self, domain: Space, codomain: Space) -> str | None:
        """Why the entry cannot map `domain` to `codomain`, or None if it can."""
        blocks = {
            Outer.EACH: (domain.blocks,) * 2,
            Outer.SPREAD: (1, codomain.blocks),
            Outer.GATHER: (domain.blocks, 1),
        }
        if blocks[self.outer] != (domain.blocks, codomain.blocks):
            return f"{self.outer.value}, but {domain.blocks} blocks in and {codomain.blocks} out"
        if self.inner.ndim not in (0, 2):
            return f"inner factor of shape {self.inner.shape}; a number or a matrix (width out, width in) is allowed"
        widths = (codomain.width, domain.width)
        if (self.inner.ndim == 0 and widths[0] != widths[1]) or (self.inner.ndim == 2 and self.inner.shape != widths):
            return (
                f"inner factor of shape {self.inner.shape} for {domain.width} coordinates in and {codomain.width} out"
            )
        return None

    def nonzeros(self, domain: Space, codomain: Space) -> int:
        """The number of nonzero entries of the map from `domain` to `codomain`."""
        inner = domain.width if self.inner.ndim == 0 else 1
        return max(domain.blocks, codomain.blocks) * inner * int(np.count_nonzero(self.inner))

    def dense(self, domain: Space, codomain: Space) -> Float[np.ndarray, "out in"]:
        """The map as a matrix: for small sizes and for tests."""
        inner = np.asarray(self.inner, np.float64)
        inner = inner * np.eye(domain.width) if inner.ndim == 0 else inner
        return np.kron(self.outer.matrix(max(domain.blocks, codomain.blocks)), inner)

    def __call__(self, rows: Rows, codomain: Space) -> Rows:
        """The image of the vectors in `codomain`."""
        source = rows.total() if self.outer is Outer.GATHER else rows
        fill = None if source.fill is None else self._within_block(source.fill)
        value = None if source.value is None else self._within_block(source.value)
        return Rows(fill, source.index, value, codomain.blocks, codomain.width)

    def _within_block(self, values: Float[Array, "*T width"]) -> Float[jax.Array, "*T out"]:
        inner = jnp.asarray(self.inner)
        if inner.ndim == 0:
            return jnp.asarray(values) * inner
        return contract("...i,oi->...o", jnp.asarray(values), inner)


@partial(jax.tree_util.register_dataclass, data_fields=["rows"], meta_fields=["layout"])
@dataclass(frozen=True, eq=False)
class Stream:
    """A sequence of vectors over a layout: one `Rows` for every name."""

    layout: Layout
    rows: dict[str, Rows]

    def __getitem__(self, name: str) -> Rows:
        return self.rows[name]

    @property
    def leading(self) -> tuple[int, ...]:
        """The shape of the leading axes: (T,) for a sequence, () for one vector."""
        return max((rows.leading for rows in self.rows.values()), key=len)

    @property
    def dtype(self) -> jnp.dtype:
        """The floating dtype of its entries."""
        return jnp.result_type(*(x.dtype for x in jax.tree.leaves(self) if jnp.issubdtype(x.dtype, jnp.floating)))

    def __add__(self, other: "Stream") -> "Stream":
        """The sum of two streams of one layout; a name that `other` lacks is left as it is."""
        return Stream(
            self.layout, {name: r + other.rows[name] if name in other.rows else r for name, r in self.rows.items()}
        )


@partial(jax.tree_util.register_dataclass, data_fields=["actions"], meta_fields=["domain", "codomain"])
@dataclass(frozen=True, eq=False)
class LinearMap:
    """A linear map between two layouts, block by named block; `actions[(from, to)]` absent means the zero block.

    Raises ValueError where an entry names a space that does not exist or has the wrong shape.
    """

    domain: Layout
    codomain: Layout
    actions: dict[tuple[str, str], Action]

    def __call__(self, stream: Stream) -> Stream:
        """W x, as a stream over the codomain."""
        images = {space.name: Rows(None, None, None, space.blocks, space.width) for space in self.codomain}
        for (source, target), action in self.actions.items():
            if not stream[source].is_zero:
                images[target] = images[target] + action(stream[source], self.codomain[target])
        return Stream(self.codomain, images)

    @property
    def entries(self) -> int:
        """The number of entries of the dense matrix."""
        return self.domain.dim * self.codomain.dim

    @property
    def nonzeros(self) -> int:
        """The number of its nonzero entries."""
        return sum(
            a.nonzeros(self.domain[source], self.codomain[target]) for (source, target), a in self.actions.items()
        )

    def dense(self) -> Float[np.ndarray, "out in"]:
        """The map as a matrix in the order of the layouts: for small sizes and for tests."""
        matrix = np.zeros((self.codomain.dim, self.domain.dim))
        for (source, target), action in self.actions.items():
            block = action.dense(self.domain[source], self.codomain[target])
            matrix[self.codomain.coordinates(target), self.domain.coordinates(source)] += block
        return matrix

    def into(self, names: tuple[str, ...]) -> "LinearMap":
        """The map followed by the projection on the named spaces of the codomain."""
        kept = {key: action for key, action in self.actions.items() if key[1] in names}
        return LinearMap(self.domain, self.codomain.only(names), kept)


def linear_map(domain: Layout, codomain: Layout, actions: Mapping[tuple[str, str], Action]) -> LinearMap:
    """A checked map.  Raises ValueError where an entry names no space of the layouts, has the wrong shape for it, or
    holds NaN or an infinity.
    """
    for (source, target), action in actions.items():
        if source not in domain or target not in codomain:
            raise ValueError(f"{source!r} -> {target!r}: the map goes from {domain.names} to {codomain.names}")
        reason = action.mismatch(domain[source], codomain[target])
        if reason:
            raise ValueError(f"{source!r} -> {target!r}: {reason}")
        if not np.isfinite(np.asarray(action.inner)).all():
            raise ValueError(f"{source!r} -> {target!r}: the weights hold NaN or an infinity")
    return LinearMap(domain, codomain, dict(actions))


def identity(layout: Layout) -> LinearMap:
    """The identity map of a layout."""
    return linear_map(layout, layout, {(space.name, space.name): Action() for space in layout})


def zero(domain: Layout, codomain: Layout) -> LinearMap:
    """The zero map."""
    return linear_map(domain, codomain, {})
