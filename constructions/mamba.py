"""The layer of Eq. 1-3 and, as its special case, the SSM module of Eq. 6.

    H_i = A~_i (.) H_{i-1} + b_i (Delta_i (.) z_i)^T,    y_i = H_i^T c_i + D (.) z_i                 (Eq. 1)
    A~_i = exp(Delta_i A),  b_i = W_b z_i,  c_i = W_c z_i,  Delta_i = softplus(W_Delta2 W_Delta1 z_i)
    f(x) = W_3 (SSM(W_1 x + b_1) (.) silu(W_2 x + b_2)),    X + f(X)                                  (Eq. 3, Eq. 2)

This file states weights and turns a sequence into the signals that drive the recurrence; `constructions.run` executes
them.  Nothing here knows which theorem the weights come from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from constructions.layout import Layout, Space
from constructions.linear import LinearMap, Stream
from constructions.rows import Array, Rows

Vector = Mapping[
    str, Array
]  # a constant of a layout: for each named space the coordinates that all of its blocks share
LN_2 = float(np.log(2.0))  # softplus(0), the Delta of W_Delta = O
SHARED = "Delta"  # the name of the one coordinate of a Delta that all channels share


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["W_b", "W_c", "W_Delta1", "W_Delta2", "A", "D"],
    meta_fields=["channels"],
)
@dataclass(frozen=True, eq=False)
class SSM:
    """The selective state space module over an inner stream z.

    `channels` names the inner spaces that carry a state: all of them in Eq. 1; in Eq. 6, where keys and queries are
    read from a stream x~ that is wider than the values x in R^d, only the values.  `W_b`, `W_c` map the inner layout
    to the single space of the state, R^{d_h}.  `W_Delta2 W_Delta1` maps it to the channels (Delta_i in R^d) or to the
    one coordinate SHARED (the same Delta_i for all, as in Mamba-2).  `A` is None for A = O (nothing is forgotten), a
    number for all entries, or for each channel space an array that broadcasts to (d_h, width); its entries are <= 0,
    -inf meaning that everything is forgotten.  `D` is the skip, None for zero.
    """

    channels: tuple[str, ...]
    W_b: LinearMap
    W_c: LinearMap
    W_Delta1: LinearMap
    W_Delta2: LinearMap
    A: Float[Array, ""] | dict[str, Array] | None = None
    D: Vector | None = None

    @property
    def inner(self) -> Layout:
        """The layout of the inner stream."""
        return self.W_b.domain

    @property
    def d_h(self) -> int:
        """The number of states of a channel."""
        return self.W_b.codomain.dim

    @property
    def shares_Delta(self) -> bool:
        """Whether one Delta_i serves all channels."""
        return self.W_Delta2.codomain.names == (SHARED,)

    @property
    def state_entries(self) -> int:
        """The number of entries of H: d_h for every channel."""
        return self.d_h * self.inner.only(self.channels).dim

    def maps(self) -> tuple[LinearMap, ...]:
        """Its linear maps."""
        return self.W_b, self.W_c, self.W_Delta1, self.W_Delta2


@partial(jax.tree_util.register_dataclass, data_fields=["W_1", "b_1", "W_2", "b_2", "W_3", "ssm"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class MambaBlock:
    """One block f of Eq. 3.  `b_1`, `b_2` are constants of the inner layout; a space that they do not name has bias
    zero.
    """

    W_1: LinearMap
    b_1: Vector
    W_2: LinearMap
    b_2: Vector
    W_3: LinearMap
    ssm: SSM

    @property
    def state_entries(self) -> int:
        """The number of entries of the state of the block's SSM module."""
        return self.ssm.state_entries

    def maps(self) -> tuple[LinearMap, ...]:
        """Its linear maps."""
        return (self.W_1, self.W_2, self.W_3, *self.ssm.maps())

    def restricted(self, outputs: tuple[str, ...]) -> "MambaBlock":
        """The same block as far as the named outputs need it: channels that no wanted row of W_3 reads carry no state.

        Channels do not meet inside the SSM module (each has its own column of H), so dropping one changes no other.
        """
        W_3 = self.W_3.into(outputs)
        read = {source for source, _ in W_3.actions}
        channels = tuple(name for name in self.ssm.channels if name in read)
        W_Delta2 = self.ssm.W_Delta2 if self.ssm.shares_Delta else self.ssm.W_Delta2.into(channels)
        A = {name: self.ssm.A[name] for name in channels} if isinstance(self.ssm.A, dict) else self.ssm.A
        return replace(self, W_3=W_3, ssm=replace(self.ssm, channels=channels, W_Delta2=W_Delta2, A=A))


@partial(jax.tree_util.register_dataclass, data_fields=["Delta", "A"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class Forgetting:
    """A~_i = exp(Delta_i A) in full: Delta for each channel space (or under SHARED), and A as the module states it."""

    Delta: dict[str, Rows]
    A: Float[Array, ""] | dict[str, Array]


@partial(jax.tree_util.register_dataclass, data_fields=["a", "b", "c", "v"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class Signals:
    """What drives the recurrence H_i = a_i (.) H_{i-1} + b_i v_i^T, y_i = H_i^T c_i over a sequence of length T.

    `a`: None (nothing is forgotten), one coefficient a step of shape (T,) as in Eq. 6, or the full `Forgetting` of
    Eq. 1;
    `b`, `c`: rows over R^{d_h}; `v`: the values Delta (.) z for each channel space.
    """

    a: Float[Array, "*T"] | Forgetting | None
    b: Rows
    c: Rows
    v: dict[str, Rows]


def mamba_block(W_1: LinearMap, b_1: Vector, W_2: LinearMap, b_2: Vector, W_3: LinearMap, ssm: SSM) -> MambaBlock:
    """A checked block.  Raises ValueError where layouts do not meet, or a bias has the wrong shape or is not finite."""
    for name, layout in (("W_1", W_1.codomain), ("W_2", W_2.codomain), ("W_3", W_3.domain)):
        if layout != ssm.inner:
            raise ValueError(
                f"{name} must meet the inner layout {ssm.inner.names} of the SSM module, got {layout.names}"
            )
    for name, bias in (("b_1", b_1), ("b_2", b_2)):
        _check_vector(name, bias, ssm.inner)
    return MambaBlock(W_1, b_1, W_2, b_2, W_3, ssm)


def selective_ssm(
    channels: tuple[str, ...],
    W_b: LinearMap,
    W_c: LinearMap,
    W_Delta1: LinearMap,
    W_Delta2: LinearMap,
    A: Float[Array, ""] | dict[str, Array] | None = None,
    D: Vector | None = None,
) -> SSM:
    """A checked module.  Raises ValueError for layouts that do not meet, A > 0 or NaN, A or D of a wrong shape, and a D
    that is not finite.
    """
    inner = W_b.domain
    if W_c.domain != inner or W_Delta1.domain != inner or W_c.codomain != W_b.codomain or len(W_b.codomain.spaces) != 1:
        raise ValueError("W_b, W_c and W_Delta1 must read one inner layout, and W_b, W_c write one state space")
    missing = [name for name in channels if name not in inner]
    if missing:
        raise ValueError(f"channels {missing} are not in the inner layout {inner.names}")
    written = (inner.only(channels), Layout((Space(SHARED),)))
    if W_Delta2.domain != W_Delta1.codomain or W_Delta2.codomain not in written:
        raise ValueError(
            f"W_Delta2 must read what W_Delta1 writes and write the channels {written[0].spaces} "
            f"or {written[1].spaces}, got {W_Delta2.codomain.spaces}"
        )
    if not isinstance(A, dict) and A is not None and np.ndim(A) != 0:
        raise ValueError(f"A has shape {np.shape(A)}; give one number, or for each channel space an array (d_h, width)")
    for name, entries in (A if isinstance(A, dict) else {} if A is None else dict.fromkeys(channels, A)).items():
        if not bool((np.asarray(entries) <= 0).all()):
            raise ValueError(
                f"A must be <= 0 (a forgetting coefficient exp(Delta A) in [0, 1]), got {entries} for {name!r}"
            )
    if isinstance(A, dict) and set(A) != set(channels):
        raise ValueError(f"A must be given for each of the channels {channels}, got {tuple(A)}")
    for name, entries in (A if isinstance(A, dict) else {}).items():
        shape = (W_b.codomain.dim, inner[name].width)
        if np.ndim(entries) != 2 or any(n not in (1, m) for n, m in zip(np.shape(entries), shape, strict=True)):
            raise ValueError(
                f"A for {name!r} has shape {np.shape(entries)}, which does not broadcast to (d_h, width) = {shape}"
            )
    if D is not None:
        _check_vector("D", D, inner)
    return SSM(channels, W_b, W_c, W_Delta1, W_Delta2, A, D)


def signals(ssm: SSM, z: Stream) -> Signals:
    """The signals of Eq. 1 for an inner stream z."""
    length, dtype = z.leading, z.dtype
    rates = ssm.W_Delta2(ssm.W_Delta1(z))
    Delta = {name: rows.map(jax.nn.softplus, LN_2, dtype).over(length) for name, rows in rates.rows.items()}
    v = {name: _scaled(Delta[SHARED], z[name]) if ssm.shares_Delta else Delta[name] * z[name] for name in ssm.channels}
    if ssm.A is None:
        a = None
    elif ssm.shares_Delta and not isinstance(ssm.A, dict):
        a = forgotten(Delta[SHARED].dense()[..., 0], jnp.asarray(ssm.A))
    else:
        a = Forgetting(Delta, ssm.A)
    state = ssm.W_b.codomain.names[0]
    return Signals(a, ssm.W_b(z)[state].over(length), ssm.W_c(z)[state].over(length), v)


def forgotten(Delta: Float[jax.Array, "..."], A: Float[jax.Array, "..."]) -> Float[jax.Array, "..."]:
    """exp(Delta A), elementwise with broadcasting of equal ranks; 0 where A = -inf, also when Delta has underflowed
    to 0.
    """
    A = jnp.asarray(A)
    return jnp.where(jnp.isneginf(A), jnp.zeros((), Delta.dtype), jnp.exp(Delta * jnp.where(jnp.isneginf(A), 0, A)))


def biased(stream: Stream, bias: Vector, leading: tuple[int, ...]) -> Stream:
    """stream + bias, the bias being repeated over the leading axes (which a zero stream does not know)."""
    constant = {
        n: Rows(jnp.asarray(b), None, None, stream.layout[n].blocks, stream.layout[n].width).over(leading)
        for n, b in bias.items()
    }
    return stream + Stream(stream.layout, constant)


def _check_vector(name: str, vector: Vector, layout: Layout) -> None:
    for space, entries in vector.items():
        if space not in layout or np.shape(entries) != (layout[space].width,):
            raise ValueError(
                f"{name}[{space!r}] has shape {np.shape(entries)}; the layout has {[(s.name, s.width) for s in layout]}"
            )
        if not np.isfinite(np.asarray(entries)).all():
            raise ValueError(f"{name}[{space!r}] must hold finite numbers, got {entries}")


def _scaled(Delta: Rows, rows: Rows) -> Rows:
    """Delta_i z_i for a Delta of one coordinate."""
    fill = jnp.broadcast_to(Delta.dense(), (*Delta.leading, rows.width))
    return Rows(fill, None, None, rows.blocks, rows.width) * rows
