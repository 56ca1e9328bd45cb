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

QUERIES_AT_ONCE = 512


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

    Queries are taken a block at a time, so the memory is O(QUERIES_AT_ONCE * T) and no T x T matrix exists.
    """
    q = head.W_q(stream)[head.W_q.codomain.names[0]].dense()
    k = head.W_k(stream)[head.W_k.codomain.names[0]].dense()
    v = head.W_v(stream)[head.W_v.codomain.names[0]].dense()
    at_once = min(QUERIES_AT_ONCE, max(1, asked.shape[0]))  # nothing may be asked at all
    padding = -asked.shape[0] % at_once
    blocks = jnp.pad(asked, (0, padding)).reshape(-1, at_once)
    answers = jax.lax.map(lambda i: _softmax_read(q[i], k, v, i), blocks)
    return answers.reshape(-1, v.shape[-1])[: asked.shape[0]]


def _softmax_read(
    q: Float[jax.Array, "R d_k"], k: Float[jax.Array, "T d_k"], v: Float[jax.Array, "T d"], i: Int[jax.Array, " R"]
) -> Float[jax.Array, "R d"]:
    """Softmax over j <= i, shifted by the largest score so that nothing overflows; the weights are divided out after
    the product.
    """
    scores = contract("rk,tk->rt", q, k)
    causal = jnp.arange(k.shape[0])[None, :] <= i[:, None]
    scores = jnp.where(causal, scores, -jnp.inf)
    weights = jnp.exp(scores - scores.max(axis=1, keepdims=True))
    return contract("rt,td->rd", weights, v) / weights.sum(axis=1, keepdims=True)
