"""A block on one flat vector: the same weights, gathered into few matrices, for running token by token.

A stream of a hundred named scalars makes a hundred small products of every map.  Here each inner space keeps one matrix
for each map, over just those coordinates of the stream that it reads, and channels that no row of W_3 reads keep no
state (`MambaBlock.restricted`: channels do not meet inside the SSM module).  Nothing else changes: Eq. 1-3 with any
W_b, W_c, A, Delta and D, equal to `constructions.run.step_block` on any weights.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from constructions.layout import Layout
from constructions.linear import LinearMap
from constructions.mamba import SHARED, MambaBlock, Vector, forgotten
from constructions.precision import contract
from constructions.rows import Array


@partial(jax.tree_util.register_dataclass, data_fields=["columns", "matrix"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class Gathered:
    """The rows of a map into one space, restricted to the columns that are not zero."""

    columns: Int[Array, " k"]
    matrix: Float[Array, "width k"]

    def __call__(self, x: Float[jax.Array, " dim"]) -> Float[jax.Array, " width"]:
        return contract("k,wk->w", x[self.columns], jnp.asarray(self.matrix))


@partial(jax.tree_util.register_dataclass, data_fields=["rows", "matrix"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class Scattered:
    """The columns of W_3 for one space, restricted to the rows that are not zero."""

    rows: Int[Array, " k"]
    matrix: Float[Array, "k width"]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["W_1", "b_1", "W_2", "b_2", "W_3", "W_Delta", "W_b", "W_c", "A", "D"],
    meta_fields=["inner", "state"],
)
@dataclass(frozen=True, eq=False)
class PackedBlock:
    """Eq. 3 over flat vectors: for every inner space one entry of W_1, b_1, W_2, b_2, W_3, W_Delta, A, D.

    `inner` names the inner spaces that are needed; `state` those that carry a state.  W_Delta is W_Delta2 W_Delta1, b
    and c are read from the concatenated inner vector; None stands for a zero map.
    """

    inner: tuple[str, ...]
    state: tuple[str, ...]
    W_1: dict[str, Gathered]
    b_1: dict[str, Array]
    W_2: dict[str, Gathered]
    b_2: dict[str, Array]
    W_3: dict[str, Scattered]
    W_Delta: dict[str, Gathered]
    W_b: Gathered | None
    W_c: Gathered | None
    A: dict[str, Array]
    D: dict[str, Array]


State = dict[str, Float[jax.Array, "d_h width"]]


def packed(block: MambaBlock, dtype: str | np.dtype) -> PackedBlock:
    """The block with its weights rounded to `dtype` and gathered.  Every map is written out, so sizes must be small:
    an inner space of width w that reads k coordinates costs w k entries.
    """
    outputs = tuple(dict.fromkeys(target for _, target in block.W_3.actions))
    ssm = block.restricted(outputs).ssm
    read = {source for source, _ in block.W_3.actions}
    driving = {source for W in (ssm.W_b, ssm.W_c, ssm.W_Delta1) for source, _ in W.actions}
    writes = bool(ssm.W_b.nonzeros and ssm.W_c.nonzeros)
    names = tuple(s.name for s in ssm.inner if s.name in read or (writes and s.name in driving))
    inner, stream = ssm.inner.only(names), block.W_1.domain
    state = tuple(n for n in ssm.channels if writes)
    cast = partial(_cast, dtype=jnp.dtype(dtype))
    return PackedBlock(
        inner=names,
        state=state,
        W_1={n: _gathered(block.W_1, stream, n, cast) for n in names},
        b_1={n: cast(_vector(block.b_1, inner, n)) for n in names},
        W_2={n: _gathered(block.W_2, stream, n, cast) for n in names if n in read},
        b_2={n: cast(_vector(block.b_2, inner, n)) for n in names if n in read},
        W_3={n: _scattered(block.W_3, stream, n, cast) for n in names if n in read},
        W_Delta={n: _rates(block, inner, n, cast) for n in state},
        W_b=_gathered(_only(ssm.W_b, inner), inner, ssm.W_b.codomain.names[0], cast) if writes else None,
        W_c=_gathered(_only(ssm.W_c, inner), inner, ssm.W_c.codomain.names[0], cast) if writes else None,
        A={n: cast(_evolution(block, n)) for n in state},
        D={n: cast(_vector(ssm.D or {}, inner, n)) for n in names if n in (ssm.D or {})},
    )


def initial(block: PackedBlock) -> State:
    """H_0 = O, in the dtype of the weights."""
    return {n: jnp.zeros((block.A[n].shape[0], block.b_1[n].shape[0]), block.b_1[n].dtype) for n in block.state}


def step(block: PackedBlock, H: State, x: Float[jax.Array, " dim"]) -> tuple[State, Float[jax.Array, " dim"]]:
    """One token: the new state, and x + f(x) of Eq. 2."""
    z = {n: block.W_1[n](x) + block.b_1[n] for n in block.inner}
    flat = jnp.concatenate([z[n] for n in block.inner])
    after: State = {}
    out = x
    for n in block.W_3:
        y = jnp.asarray(block.D[n]) * z[n] if n in block.D else jnp.zeros_like(z[n])
        if n in block.state and block.W_b is not None and block.W_c is not None:
            Delta = jax.nn.softplus(block.W_Delta[n](flat))
            kept = forgotten(Delta[None, :], jnp.asarray(block.A[n])) * H[n]
            after[n] = kept + block.W_b(flat)[:, None] * (Delta * z[n])[None, :]
            y = y + contract("sw,s->w", after[n], block.W_c(flat))
        gate = jax.nn.silu(block.W_2[n](x) + block.b_2[n])
        W_3 = block.W_3[n]
        out = out.at[W_3.rows].add(contract("kw,w->k", jnp.asarray(W_3.matrix), y * gate))
    return after, out


def _cast(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.asarray(values).astype(dtype)


def _gathered(linear: LinearMap, domain: Layout, target: str, cast) -> Gathered:
    sources = [s for s, t in linear.actions if t == target]
    width = linear.codomain[target].dim
    parts = [linear.actions[(s, target)].dense(domain[s], linear.codomain[target]) for s in sources]
    matrix = np.concatenate(parts, axis=1) if parts else np.zeros((width, 0))
    columns = np.concatenate([_indices(domain, s) for s in sources]) if parts else np.zeros(0, np.int32)
    kept = np.abs(matrix).sum(axis=0) > 0
    return Gathered(columns[kept].astype(np.int32), cast(matrix[:, kept]))


def _scattered(linear: LinearMap, codomain: Layout, source: str, cast) -> Scattered:
    targets = [t for s, t in linear.actions if s == source]
    parts = [linear.actions[(source, t)].dense(linear.domain[source], codomain[t]) for t in targets]
    rows = np.concatenate([_indices(codomain, t) for t in targets])
    return Scattered(rows.astype(np.int32), cast(np.concatenate(parts, axis=0)))


def _rates(block: MambaBlock, inner: Layout, target: str, cast) -> Gathered:
    """The rows of W_Delta2 W_Delta1 for one space: a shared Delta is repeated over its channels."""
    ssm = block.ssm
    first = _only(ssm.W_Delta1, inner).dense()
    read = np.flatnonzero(np.abs(first).sum(axis=0))  # few: the product of both factors over all columns may be huge
    shared = ssm.shares_Delta
    product = ssm.W_Delta2.into((SHARED,) if shared else (target,)).dense() @ first[:, read]
    rows = np.repeat(product, inner[target].dim, axis=0) if shared else product
    kept = np.abs(rows).sum(axis=0) > 0
    return Gathered(read[kept].astype(np.int32), cast(rows[:, kept]))


def _only(linear: LinearMap, domain: Layout) -> LinearMap:
    """The map from a part of its domain that holds all that it reads."""
    actions = {key: action for key, action in linear.actions.items() if key[0] in domain}
    return LinearMap(domain, linear.codomain, actions)


def _evolution(block: MambaBlock, name: str) -> np.ndarray:
    A, d_h = block.ssm.A, block.ssm.d_h
    space = block.ssm.inner[name]
    if A is None:
        return np.zeros((d_h, space.dim))
    entries = np.asarray(A[name] if isinstance(A, dict) else A, np.float64)
    return np.tile(np.broadcast_to(entries, (d_h, space.width)), (1, space.blocks))


def _vector(vector: Vector, layout: Layout, name: str) -> np.ndarray:
    space = layout[name]
    return np.tile(np.asarray(vector.get(name, np.zeros(space.width)), np.float64), space.blocks)


def _indices(layout: Layout, name: str) -> np.ndarray:
    where = layout.coordinates(name)
    return np.arange(where.start, where.stop)
