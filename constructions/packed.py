"""A block on flat vectors: the same weights, gathered into few matrices, for running token by token.

A stream of a hundred named scalars makes a hundred small products of every map.  Here each inner space keeps one matrix
for each map, over just those coordinates of the stream that it reads, and channels that no row of W_3 reads keep no
state: channels do not meet inside the SSM module.  For the same reason spaces whose W_1, b_1, W_Delta and A agree entry
by entry hold the same state at every token, and one is kept for all of them: the readers of one memory differ by their
gates only.  Nothing else changes: Eq. 1-3 with any W_b, W_c, A, Delta and D, equal to `constructions.run.step_block`
on any weights.

Runs side by side are rows: a stream is an array (B, dim), so that every map is one product for all runs, and what is
long, the channels of a memory, lies next to each other in memory, for one run as for many.
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
from constructions.precision import contract, weights_product
from constructions.rows import Array


@partial(jax.tree_util.register_dataclass, data_fields=["columns", "matrix"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class Gathered:
    """The rows of a map into one space, restricted to the columns that are not zero, and transposed: a wide space that
    reads few coordinates is then a sum of few long vectors.
    """

    columns: Int[Array, " k"]
    matrix: Float[Array, "k width"]

    def __call__(self, x: Float[jax.Array, "B dim"]) -> Float[jax.Array, "B width"]:
        return contract("bk,kw->bw", x[:, self.columns], jnp.asarray(self.matrix))


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["W_1", "b_1", "W_2", "b_2", "W_3", "added", "W_Delta", "W_b", "W_c", "A", "D"],
    meta_fields=["driving", "like"],
)
@dataclass(frozen=True, eq=False)
class PackedBlock:
    """Eq. 3 over flat vectors: for every inner space one entry of W_1, b_1, W_2, b_2, W_3, W_Delta, A, D.

    `driving` names the inner spaces that b, c and Delta read, concatenated in this order; `like` names for every space
    that W_3 reads the one whose inner values and state it shares.  Spaces with an entry of A carry a state.  W_Delta is
    W_Delta2 W_Delta1; None stands for a zero map.  W_3 keeps of each space's columns the rows that are not zero; all
    these rows, one space after the other and then a row of zeros, are numbered, and `added` names those that each
    coordinate of the stream is given, one of them at a time.
    """

    driving: tuple[str, ...]
    like: tuple[tuple[str, str], ...]
    W_1: dict[str, Gathered]
    b_1: dict[str, Array]
    W_2: dict[str, Gathered]
    b_2: dict[str, Array]
    W_3: dict[str, Array]
    added: Int[Array, "R dim"]
    W_Delta: dict[str, Gathered]
    W_b: Gathered | None
    W_c: Gathered | None
    A: dict[str, Array]
    D: dict[str, Array]

    @property
    def dtype(self) -> np.dtype:
        """The dtype of its weights."""
        return np.dtype(next(iter(self.b_2.values())).dtype)


State = dict[str, Float[jax.Array, "B _ _"]]  # H of shape (B, d_h, width), for each space that carries a state


def packed(block: MambaBlock, dtype: str | np.dtype) -> PackedBlock:
    """The block with its weights rounded to `dtype` and gathered.  Every map is written out, so sizes must be small:
    an inner space of width w that reads k coordinates costs w k entries.  Raises ValueError where W_3 reads no channel.
    """
    stream, ssm = block.W_1.domain, block.ssm
    writes = bool(ssm.W_b.nonzeros and ssm.W_c.nonzeros)
    drivers = {source for W in (ssm.W_b, ssm.W_c, ssm.W_Delta1) for source, _ in W.actions}
    driving = ssm.inner.only(tuple(drivers) if writes else ())
    read = tuple(n for n in ssm.channels if any(source == n for source, _ in block.W_3.actions))
    if not read:
        raise ValueError(f"W_3 reads none of the channels {ssm.channels}: the block is f = 0")
    cast = partial(_cast, dtype=jnp.dtype(dtype))
    W_1 = {n: _gathered(block.W_1, stream, n, cast) for n in dict.fromkeys((*read, *driving.names))}
    b_1 = {n: cast(constant(block.b_1, ssm.inner, n)) for n in W_1}
    W_Delta = {n: _rates(block, driving, n, cast) for n in read if writes}
    A = {n: cast(evolution(block, n)) for n in read if writes}
    like = _alike({n: (W_1[n], b_1[n], W_Delta.get(n), A.get(n)) for n in read})
    kept, formed = set(like.values()), {*like.values(), *driving.names}
    skip: dict[str, Array] = {n: cast(constant(ssm.D or {}, ssm.inner, n)) for n in read if n in (ssm.D or {})}
    W_3 = {n: _scattered(block.W_3, stream, n, cast) for n in read}
    return PackedBlock(
        driving=driving.names,
        like=tuple(like.items()),
        W_1={n: W for n, W in W_1.items() if n in formed},
        b_1={n: b for n, b in b_1.items() if n in formed},
        W_2={n: _gathered(block.W_2, stream, n, cast) for n in read},
        b_2={n: cast(constant(block.b_2, ssm.inner, n)) for n in read},
        W_3={n: matrix for n, (_, matrix) in W_3.items()},
        added=_added([rows for n, (rows, _) in W_3.items() if writes or n in skip], stream.dim),
        W_Delta={n: W for n, W in W_Delta.items() if n in kept},
        W_b=_gathered(_only(ssm.W_b, driving), driving, ssm.W_b.codomain.names[0], cast) if writes else None,
        W_c=_gathered(_only(ssm.W_c, driving), driving, ssm.W_c.codomain.names[0], cast) if writes else None,
        A={n: a for n, a in A.items() if n in kept},
        D=skip,
    )


def initial(block: PackedBlock, B: int = 1) -> State:
    """H_0 = O for B runs, in the dtype of the weights."""
    return {n: jnp.zeros((B, *A.shape), A.dtype) for n, A in block.A.items()}


def step(block: PackedBlock, H: State, x: Float[jax.Array, "B dim"]) -> tuple[State, Float[jax.Array, "B dim"]]:
    """One token of every run: the new states, and x + f(x) of Eq. 2."""
    B = len(x)
    z = {n: _affine(W, block.b_1[n], x) for n, W in block.W_1.items()}
    after: State = {}
    remembered: State = {}
    if block.W_b is not None and block.W_c is not None:
        flat = jnp.concatenate([z[n] for n in block.driving], axis=1)
        b, c = block.W_b(flat), block.W_c(flat)
        for n, A in block.A.items():
            Delta = jax.nn.softplus(block.W_Delta[n](flat))
            decay = forgotten(Delta[:, None], jnp.asarray(A)[None])
            after[n] = decay * H[n] + b[:, :, None] * (Delta * z[n])[:, None]
            # One state a channel is a plain product: a batched dot of one term is several times slower on a CPU.
            remembered[n] = after[n][:, 0] * c if len(A) == 1 else contract("bsw,bs->bw", after[n], c)
    pieces = []
    for n, source in block.like:
        parts = [remembered[source]] if source in remembered else []
        parts += [jnp.asarray(block.D[n])[None] * z[source]] if n in block.D else []
        if parts:
            y = sum(parts[1:], parts[0]) * jax.nn.silu(_affine(block.W_2[n], block.b_2[n], x))
            pieces.append(contract("bw,kw->bk", y, jnp.asarray(block.W_3[n])))
    rows = jnp.concatenate([*pieces, jnp.zeros((B, 1), x.dtype)], axis=1)
    for places in block.added:
        x = x + rows[:, places]
    return after, x


def _affine(W: Gathered, b: Array, x: Float[jax.Array, "B dim"]) -> Float[jax.Array, "B width"]:
    """W x + b for every run; a W without columns costs nothing."""
    bias = jnp.broadcast_to(jnp.asarray(b)[None], (len(x), len(b)))
    return W(x) + bias if W.columns.size else bias


def _alike(weights: dict[str, tuple]) -> dict[str, str]:
    """For every space the first one with the same weights, entry by entry."""
    first: dict[tuple, str] = {}
    return {
        n: first.setdefault(tuple((x.shape, x.tobytes()) for x in jax.tree.leaves(each)), n)
        for n, each in weights.items()
    }


def _cast(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.asarray(values).astype(dtype)


def _gathered(linear: LinearMap, domain: Layout, target: str, cast) -> Gathered:
    sources = [s for s, t in linear.actions if t == target]
    width = linear.codomain[target].dim
    parts = [linear.actions[(s, target)].dense(domain[s], linear.codomain[target]) for s in sources]
    matrix = np.concatenate(parts, axis=1) if parts else np.zeros((width, 0))
    columns = np.concatenate([_indices(domain, s) for s in sources]) if parts else np.zeros(0, np.int32)
    kept = np.abs(matrix).sum(axis=0) > 0
    return Gathered(columns[kept].astype(np.int32), cast(matrix[:, kept].T))


def _scattered(linear: LinearMap, codomain: Layout, source: str, cast) -> tuple[np.ndarray, np.ndarray]:
    """The columns for one space: the coordinates that they reach, and these rows of theirs."""
    targets = [t for s, t in linear.actions if s == source]
    parts = [linear.actions[(source, t)].dense(linear.domain[source], codomain[t]) for t in targets]
    rows = np.concatenate([_indices(codomain, t) for t in targets])
    return rows, cast(np.concatenate(parts, axis=0))


def _added(reached: list[np.ndarray], dim: int) -> np.ndarray:
    """Where each coordinate finds what is added to it: a row for the first numbers, one for the second, and so on."""
    targets = np.concatenate([*reached, np.zeros(0, np.int32)]).astype(np.int32)
    before = [int((targets[:k] == target).sum()) for k, target in enumerate(targets)]
    added = np.full((max(before, default=-1) + 1, dim), len(targets), np.int32)
    added[before, targets] = np.arange(len(targets))
    return added


def _rates(block: MambaBlock, driving: Layout, target: str, cast) -> Gathered:
    """The rows of W_Delta2 W_Delta1 for one space: a shared Delta is repeated over its channels."""
    ssm = block.ssm
    first = _only(ssm.W_Delta1, driving).dense()
    read = np.flatnonzero(np.abs(first).sum(axis=0))  # few: the product of both factors over all columns may be huge
    shared = ssm.shares_Delta
    product = weights_product(ssm.W_Delta2.into((SHARED,) if shared else (target,)).dense(), first[:, read])
    rows = np.repeat(product, ssm.inner[target].dim, axis=0) if shared else product
    kept = np.abs(rows).sum(axis=0) > 0
    return Gathered(read[kept].astype(np.int32), cast(rows[:, kept].T))


def _only(linear: LinearMap, domain: Layout) -> LinearMap:
    """The map from a part of its domain that holds all that it reads."""
    actions = {key: action for key, action in linear.actions.items() if key[0] in domain}
    return LinearMap(domain, linear.codomain, actions)


def evolution(block: MambaBlock, name: str) -> Float[np.ndarray, "d_h dim"]:
    """A over all coordinates of an inner space, O where nothing is forgotten."""
    A, d_h = block.ssm.A, block.ssm.d_h
    space = block.ssm.inner[name]
    if A is None:
        return np.zeros((d_h, space.dim))
    entries = np.asarray(A[name] if isinstance(A, dict) else A, np.float64)
    return np.tile(np.broadcast_to(entries, (d_h, space.width)), (1, space.blocks))


def constant(vector: Vector, layout: Layout, name: str) -> Float[np.ndarray, " dim"]:
    """All coordinates that a constant of a layout has in one of its spaces; 0 where it names none."""
    space = layout[name]
    return np.tile(np.asarray(vector.get(name, np.zeros(space.width)), np.float64), space.blocks)


def _indices(layout: Layout, name: str) -> np.ndarray:
    where = layout.coordinates(name)
    return np.arange(where.start, where.stop)
