"""The recurrence of Eq. 1 in three forms that agree on any signals.

    H_i = a_i (.) H_{i-1} + b_i v_i^T,    y_i = H_i^T c_i

`scan` is the recurrence itself, one step after the other, for every kind of forgetting.
`chunked` is the matrix form of the same sum, for one forgetting coefficient a step (Eq. 6): inside a chunk of Q steps
    y_i = sum_{j <= i} (prod_{j < k <= i} a_k) (c_i^T b_j) v_j
is two matrix products, and between chunks the state is carried.
`sparse` touches only the state rows that b, c and v list: with one-hot keys a step costs O(d) instead of O(d_h d).
Which one runs is chosen by the structure of the signals, never by what they are meant to do.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from constructions.mamba import SHARED, Forgetting, Signals, forgotten
from constructions.precision import contract
from constructions.rows import VOID, Array, Rows, common_dtype, present_or_past
from constructions.sparse import Halves, sparse

State = dict[str, Float[jax.Array, "d_h _ _"]]  # H of shape (d_h, blocks, width), for each space of channels
Carried = dict[str, Halves] | None
Reads = Mapping[str, Int[Array, "*T k"] | None]  # the blocks of each space whose outputs are wanted; None: all of them


class Execution(Enum):
    """How the recurrence is executed."""

    SCAN = "scan"
    CHUNKED = "chunked"
    SPARSE = "sparse"


CHUNK_FROM_STATES = {"cpu": 256}  # below this many states a CPU scans faster than it multiplies chunks; others never do


def chunk_length(length: int) -> int:
    """Steps a chunk: long enough to fill a matrix product, shorter for long sequences, where the state alone fills
    the caches.
    """
    return min(128 if length < 16384 else 64, max(length, 1))


def suited(s: Signals) -> Execution:
    """The cheapest execution that the structure of the signals allows."""
    if isinstance(s.a, Forgetting):
        return Execution.SCAN
    listed_keys = s.b.fill is None and s.c.fill is None
    listed_values = any(v.blocks > 1 and v.index is not None for v in s.v.values())
    if listed_keys or listed_values:
        return Execution.SPARSE
    enough = CHUNK_FROM_STATES.get(jax.default_backend(), 1)
    return Execution.CHUNKED if s.b.blocks * s.b.width >= enough else Execution.SCAN


def recur(s: Signals, reads: Reads, execution: Execution, carried: Carried = None) -> tuple[Carried, dict[str, Rows]]:
    """The recurrence over a sequence, by the execution asked for; `sparse` goes on from what an earlier part of the
    sequence carried (None: nothing was before) and returns what it carries itself.
    """
    if execution is Execution.SCAN:
        return None, _scan(s, reads)
    if isinstance(s.a, Forgetting):
        raise ValueError(
            f"the {execution.value} execution needs one forgetting coefficient a step; this A differs between channels"
        )
    if execution is Execution.CHUNKED:
        return None, {name: _chunked(s.a, s.b, s.c, v, reads[name]) for name, v in s.v.items()}
    before = carried or {}
    done = {name: sparse(before.get(name, (None, None)), s, v, reads[name]) for name, v in s.v.items()}
    return {name: H for name, (H, _) in done.items()}, {name: y for name, (_, y) in done.items()}


def advance(H: State, s: Signals, reads: Reads) -> tuple[State, dict[str, Rows]]:
    """One step of Eq. 1 for signals without a leading axis."""
    after: State = {}
    y: dict[str, Rows] = {}
    for name, v in s.v.items():
        after[name] = _kept(H[name], s.a, name)
        if not (s.b.is_zero or v.is_zero):
            after[name] += s.b.dense()[:, None, None] * v.dense().reshape(1, v.blocks, v.width)
        y[name] = Rows(None, None, None, v.blocks, v.width)
        if not s.c.is_zero:
            y[name] = _read(contract("sqw,s->qw", after[name], s.c.dense()), reads[name], v)
    return after, y


def _kept(H: jax.Array, a: Array | Forgetting | None, name: str) -> jax.Array:
    """A~_i (.) H_{i-1}."""
    if a is None:
        return H
    if not isinstance(a, Forgetting):
        return jnp.asarray(a) * H
    Delta = a.Delta[name if name in a.Delta else SHARED]
    A = jnp.asarray(a.A[name] if isinstance(a.A, dict) else a.A)
    A = jnp.broadcast_to(A.reshape(1, 1, 1) if A.ndim == 0 else A[:, None, :], (H.shape[0], 1, H.shape[2]))
    return forgotten(Delta.dense().reshape(1, Delta.blocks, Delta.width), A) * H


def _read(outputs: Float[jax.Array, "blocks width"], read: Int[Array, " k"] | None, like: Rows) -> Rows:
    """The wanted blocks of the outputs as rows."""
    if like.blocks == 1:
        return Rows(outputs[0], None, None, 1, like.width)
    index = jnp.arange(like.blocks, dtype=jnp.int32) if read is None else jnp.asarray(read)
    return Rows(
        None,
        index,
        outputs.at[present_or_past(index, like.blocks)].get(mode="fill", fill_value=0),
        like.blocks,
        like.width,
    )


def _scan(s: Signals, reads: Reads) -> dict[str, Rows]:
    states = s.b.blocks * s.b.width
    start = {name: jnp.zeros((states, v.blocks, v.width), common_dtype(s.b, v)) for name, v in s.v.items()}
    varying = s.a.Delta if isinstance(s.a, Forgetting) else s.a  # A is the same at every step

    def one(H, row):
        s_i, a_i, wanted = row
        return advance(H, replace(s_i, a=Forgetting(a_i, s.a.A) if isinstance(s.a, Forgetting) else a_i), wanted)

    return jax.lax.scan(one, start, (replace(s, a=None), varying, reads))[1]


def _chunked(a: Array | None, b: Rows, c: Rows, v: Rows, read: Array | None) -> Rows:
    """The matrix form.  The state is held transposed, (channels, d_h), so that writing is V^T B; what a chunk writes
    is carried as it came and applied when the next chunk begins, before the state is read, so that the loop can
    update the state in place."""
    length, Q = v.leading[0], chunk_length(v.leading[0])
    parts = jax.tree.map(lambda x: in_chunks(x, Q), (b, c, v, read))
    coefficients = None if a is None else jnp.pad(a, (0, -length % Q), constant_values=1).reshape(-1, Q)

    def chunk(carry, part):
        X, earlier = carry
        (b_rows, c_rows, v_rows, wanted), a_chunk = part
        X = _written(X, *earlier)
        B, C, V = b_rows.dense(), c_rows.dense(), v_rows.dense()
        D = _decay(a_chunk, Q, B.dtype)
        inside = contract("ij,jc->ic", contract("is,js->ij", C, B) * D, V)
        C = C if a_chunk is None else C * jnp.cumprod(a_chunk)[:, None]
        y = (inside + contract("is,cs->ic", C, X)).reshape(Q, v.blocks, v.width)
        return (X, (b_rows, v_rows, a_chunk)), jax.vmap(lambda o, w: _read(o, w, v))(y, wanted)

    start = jnp.zeros((v.blocks * v.width, b.blocks * b.width), common_dtype(b, v))
    nothing = jax.tree.map(lambda x: jnp.zeros_like(x[0]), (parts[0], parts[2], coefficients))
    outputs = jax.lax.scan(chunk, (start, nothing), (parts, coefficients))[1]
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:])[:length], outputs)


def _written(
    X: Float[jax.Array, "channels d_h"], b: Rows, v: Rows, a: Float[jax.Array, " Q"] | None
) -> Float[jax.Array, "channels d_h"]:
    """The state after a chunk: each write is forgotten by all later coefficients of its chunk, the old state by all
    of them.
    """
    B = b.dense()
    if a is None:
        return X + contract("jc,js->cs", v.dense(), B)
    to_end = _decay(a, a.shape[0], B.dtype)[-1]
    return jnp.prod(a) * X + contract("jc,js->cs", v.dense(), B * to_end[:, None])


def in_chunks(x: jax.Array, Q: int) -> jax.Array:
    """(T, ...) -> (chunks, Q, ...), padded by zeros, index lists by VOID."""
    x = jnp.asarray(x)
    filler = VOID if jnp.issubdtype(x.dtype, jnp.integer) else 0
    padded = jnp.pad(x, [(0, -x.shape[0] % Q)] + [(0, 0)] * (x.ndim - 1), constant_values=filler)
    return padded.reshape(-1, Q, *x.shape[1:])


def _decay(a: Float[jax.Array, " Q"] | None, Q: int, dtype: jnp.dtype) -> Float[jax.Array, "Q Q"]:
    """prod_{j < k <= i} a_k for j <= i inside a chunk, and 0 for j > i.

    A running product of the masked coefficients: no quotient, no logarithm and no difference of prefixes, so a_k = 0
    is exact.
    """
    causal = jnp.tril(jnp.ones((Q, Q), dtype))
    if a is None:
        return causal
    below = jnp.tril(jnp.ones((Q, Q), bool), -1)
    return jnp.cumprod(jnp.where(below, jnp.broadcast_to(a[:, None], (Q, Q)), jnp.ones((), dtype)), axis=0) * causal
