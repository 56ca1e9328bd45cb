"""Causal softmax attention with explicit W_q, W_k, W_v (Appendix A.2).

y_i = sum_{j <= i} exp(q_i^T k_j) v_j / sum_{t <= i} exp(q_i^T k_t),    q = W_q x~,  k = W_k x~,  v = W_v x~
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from constructions.layout import Layout
from constructions.linear import LinearMap, Stream
from constructions.precision import contract

QUERIES_AT_ONCE = {"cpu": 512}  # of one block of rows; elsewhere MANY_QUERIES
MANY_QUERIES = 4096
KEYS_AT_ONCE = 2**12  # of a tile of scores: a longer context is read tile by tile


def queries_at_once() -> int:
    """Rows of scores that exist together: few on a CPU, whose caches hold them, many where launches cost."""
    return QUERIES_AT_ONCE.get(jax.default_backend(), MANY_QUERIES)


@partial(jax.tree_util.register_dataclass, data_fields=["W_q", "W_k", "W_v"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class Attention:
    """One head: `W_q`, `W_k` map the stream to one space of keys R^{d_k}, `W_v` to one space of values R^d."""

    W_q: LinearMap
    W_k: LinearMap
    W_v: LinearMap

    @property
    def inner(self) -> Layout:
        """The layout of the stream that it reads."""
        return self.W_q.domain

    @property
    def d_k(self) -> int:
        """The dimension of keys and queries."""
        return self.W_k.codomain.dim

    def maps(self) -> tuple[LinearMap, ...]:
        """Its linear maps."""
        return self.W_q, self.W_k, self.W_v


def attention(W_q: LinearMap, W_k: LinearMap, W_v: LinearMap) -> Attention:
    """A checked head.  Raises ValueError unless the maps read one layout and queries meet keys."""
    if W_q.domain != W_k.domain or W_v.domain != W_k.domain:
        raise ValueError(
            f"W_q, W_k, W_v must read one layout, got {W_q.domain.names}, {W_k.domain.names}, {W_v.domain.names}"
        )
    if W_q.codomain != W_k.codomain or len(W_k.codomain.spaces) != 1 or len(W_v.codomain.spaces) != 1:
        raise ValueError("W_q and W_k must write one space of keys, W_v one space of values")
    return Attention(W_q, W_k, W_v)


def attend(head: Attention, stream: Stream, asked: Int[jax.Array, " R"]) -> Float[jax.Array, "R d"]:
    """The outputs y_i at the positions i = asked (from 0), each computed from its whole causal context.

    Queries are taken a block at a time and long contexts a tile at a time, no further than the block's last query sees:
    the memory is O(queries_at_once() * min(T, KEYS_AT_ONCE)) beside keys and values, and no T x T matrix exists.
    """
    q = head.W_q(stream)[head.W_q.codomain.names[0]].dense()
    k = head.W_k(stream)[head.W_k.codomain.names[0]].dense()
    v = head.W_v(stream)[head.W_v.codomain.names[0]].dense()
    at_once = min(queries_at_once(), max(1, asked.shape[0]))  # nothing may be asked at all
    blocks = jnp.pad(asked, (0, -asked.shape[0] % at_once)).reshape(-1, at_once)
    read = _read_whole if k.shape[0] <= KEYS_AT_ONCE else _read_in_tiles
    answers = jax.lax.map(lambda i: read(q[i], k, v, i), blocks)
    return answers.reshape(-1, v.shape[-1])[: asked.shape[0]]


def _read_whole(
    q: Float[jax.Array, "R d_k"], k: Float[jax.Array, "T d_k"], v: Float[jax.Array, "T d"], i: Int[jax.Array, " R"]
) -> Float[jax.Array, "R d"]:
    """Softmax over j <= i, shifted by the largest score so that nothing overflows; the weights are divided out after
    the product.
    """
    scores = _causal_scores(q, k, i, 0)
    weights = jnp.exp(scores - scores.max(axis=1, keepdims=True))
    return contract("rt,td->rd", weights, v) / weights.sum(axis=1, keepdims=True)


def _read_in_tiles(
    q: Float[jax.Array, "R d_k"], k: Float[jax.Array, "T d_k"], v: Float[jax.Array, "T d"], i: Int[jax.Array, " R"]
) -> Float[jax.Array, "R d"]:
    """The same over tiles of keys: once for the largest scores, once more for the weights.  The scores are formed
    twice so that nothing is rescaled, and the rounding bound of the whole row holds.
    """
    padding = -k.shape[0] % KEYS_AT_ONCE  # no query sees what is appended
    k, v = (jnp.pad(x, ((0, padding), (0, 0))) for x in (k, v))

    def tile(x: jax.Array, t: jax.Array) -> jax.Array:
        return jax.lax.dynamic_slice_in_dim(x, t * KEYS_AT_ONCE, KEYS_AT_ONCE)

    def scores(t: jax.Array) -> jax.Array:
        return _causal_scores(q, tile(k, t), i, t * KEYS_AT_ONCE)

    def add(t: jax.Array, sums: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        weights = jnp.exp(scores(t) - largest[:, None])
        return sums[0] + weights.sum(axis=1), sums[1] + contract("rt,td->rd", weights, tile(v, t))

    tiles = i.max() // KEYS_AT_ONCE + 1
    lowest = jnp.full(q.shape[:1], -jnp.inf, q.dtype)
    largest = jax.lax.fori_loop(0, tiles, lambda t, most: jnp.maximum(most, scores(t).max(axis=1)), lowest)
    nothing = jnp.zeros(q.shape[:1], q.dtype), jnp.zeros((q.shape[0], v.shape[1]), v.dtype)
    total, read = jax.lax.fori_loop(0, tiles, add, nothing)
    return read / total[:, None]


def _causal_scores(
    q: Float[jax.Array, "R d_k"], k: Float[jax.Array, "K d_k"], i: Int[jax.Array, " R"], first: int | jax.Array
) -> Float[jax.Array, "R K"]:
    """q_i^T k_j for keys from position `first` on; -inf where j > i."""
    j = first + jnp.arange(k.shape[0], dtype=i.dtype)
    return jnp.where(j[None, :] <= i[:, None], contract("rk,tk->rt", q, k), -jnp.inf)
