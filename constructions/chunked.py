"""The matrix form of Eq. 6, for one forgetting coefficient a step.

Inside a chunk of Q steps
    y_i = sum_{j <= i} (prod_{j < k <= i} a_k) (c_i^T b_j) v_j
is two matrix products; from the state X that a chunk begins with it reads (prod_{k <= i} a_k) X c_i, and it leaves
    X' = (prod_k a_k) X + sum_j (prod_{k > j} a_k) v_j b_j^T.

The state is held transposed, (channels, d_h), so that writing is V^T B.  Where it is large, chunks follow each other
and one state exists.  Where an accelerator would wait for many small steps and a state is no larger than the signals of
its chunk, many chunks are computed side by side, and X' = A X + W is carried through them as an associative operation:
    (A, W) then (A', W')  is  (A A', A' W + W').
Nothing is divided and no logarithm is taken, so that a = 0 and a = 1 are exact.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from constructions.one_hot import lists_one, read_one, scores_of_ones, write_one
from constructions.precision import contract
from constructions.rows import VOID, Array, Rows, common_dtype, present_or_past

STEPS_SIDE_BY_SIDE = 2**17  # of chunks that are computed together: their states exist at the same time
ONE_HOT_CHUNK = 256  # products with one-hots are formed fastest, and the state passes through memory less often


class Part(NamedTuple):
    """The signals of some steps, and the blocks of the outputs that are wanted (None: all)."""

    a: Float[Array, " Q"] | None
    b: Rows
    c: Rows
    v: Rows
    read: Int[Array, "Q k"] | None


def chunk_length(length: int) -> int:
    """Steps a chunk: long enough to fill a matrix product; on a CPU shorter for long sequences, where the state alone
    fills the caches.
    """
    usual = 64 if jax.default_backend() == "cpu" and length >= 16384 else 128
    return min(usual, max(length, 1))


def joined_additions(length: int) -> int:
    """The most additions that a term passes in `chunked`, beside one for each step between it and the output.

    Q - 1 inside its own chunk and Q - 1 where it is read; between chunks one for each of them, which are fewer than the
    steps between, or, side by side, two for each level of the prefix sum over at most `length` chunks.
    """
    return 2 * chunk_length(length) + 2 * max(length, 1).bit_length()


def chunked(a: Array | None, b: Rows, c: Rows, v: Rows, read: Array | None) -> Rows:
    """The outputs of Eq. 6 for values `v` of one space of channels."""
    part, accelerated = Part(a, b, c, v, read), jax.default_backend() != "cpu"
    if accelerated and on_one_hots(part):
        return one_after_another(part, min(ONE_HOT_CHUNK, max(v.leading[0], 1)))
    Q = chunk_length(v.leading[0])
    return side_by_side(part, Q) if accelerated and states_are_small(part, Q) else one_after_another(part, Q)


def on_one_hots(part: Part) -> bool:
    """Whether `constructions.one_hot` serves: keys and queries list one entry each, nothing is forgotten, float32."""
    return part.a is None and lists_one(part.b) and lists_one(part.c) and common_dtype(part.b, part.v) == jnp.float32


def states_are_small(part: Part, Q: int) -> bool:
    """Whether one state a chunk takes no more memory than the signals of the chunk, which exist all at once."""
    if part.b.index is not None or part.c.index is not None:
        return False  # listed signals are spread out chunk by chunk
    return fit_beside_signals(part.b.blocks * part.b.width, part.v.blocks * part.v.width, Q)


def fit_beside_signals(states: int, channels: int, Q: int) -> bool:
    """The same of signals that are dense."""
    return states * channels <= Q * (2 * states + 2 * channels)


def one_after_another(part: Part, Q: int) -> Rows:
    """Chunk by chunk.  What a chunk writes is carried as it came and applied when the next one begins, before the state
    is read, so that the loop can update the state in place.
    """
    length, v = part.v.leading[0], part.v
    fast = jax.default_backend() != "cpu" and on_one_hots(part)
    parts = _in_parts(part, Q)

    def chunk(carry: tuple[jax.Array, Part], now: Part) -> tuple[tuple[jax.Array, Part], Rows]:
        X, before = carry
        X = X + write_one(before.b, before.v.dense()) if fast else _left(before, X)
        y = _one_hot_outputs(now, X) if fast else _inside(now) + _from_state(now, X)
        return (X, now), _wanted(y, now)

    start = jnp.zeros((v.blocks * v.width, part.b.blocks * part.b.width), common_dtype(part.b, v))
    nothing = jax.tree.map(lambda x: jnp.zeros_like(x[0]), parts)
    outputs = jax.lax.scan(chunk, (start, nothing), parts)[1]
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:])[:length], outputs)


def side_by_side(part: Part, Q: int) -> Rows:
    """Many chunks at a time: all that they compute by themselves, the states between them, and what they read there."""
    length, v = part.v.leading[0], part.v
    together = chunks_together(length, Q)
    parts = jax.tree.map(lambda x: x.reshape(-1, together, Q, *x.shape[2:]), _in_parts(part, together * Q))

    def round_(X: jax.Array, now: Part) -> tuple[jax.Array, Rows]:
        X, before = _states(jax.vmap(_kept)(now), jax.vmap(_gained)(now), X)
        y = jax.vmap(_inside)(now) + jax.vmap(_from_state)(now, before)
        return X, jax.vmap(_wanted)(y, now)

    start = jnp.zeros((v.blocks * v.width, part.b.blocks * part.b.width), common_dtype(part.b, v))
    outputs = jax.lax.scan(round_, start, parts)[1]
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[3:])[:length], outputs)


def chunks_together(length: int, Q: int) -> int:
    """How many chunks are computed at a time: as many in each of the fewest rounds of STEPS_SIDE_BY_SIDE steps."""
    chunks = -(-length // Q)
    rounds = -(-chunks * Q // STEPS_SIDE_BY_SIDE)
    return -(-chunks // max(rounds, 1))


def in_chunks(x: Array, Q: int, filler: int | None = None) -> jax.Array:
    """(T, ...) -> (chunks, Q, ...), padded by `filler`: by default zeros, and VOID for index lists."""
    x = jnp.asarray(x)
    if filler is None:
        filler = VOID if jnp.issubdtype(x.dtype, jnp.integer) else 0
    padded = jnp.pad(x, [(0, -x.shape[0] % Q)] + [(0, 0)] * (x.ndim - 1), constant_values=filler)
    return padded.reshape(-1, Q, *x.shape[1:])


def _in_parts(part: Part, steps: int) -> Part:
    """Every signal in pieces of so many steps; what pads the last one neither writes nor forgets."""
    parts = jax.tree.map(lambda x: in_chunks(x, steps), part)
    return parts if part.a is None else parts._replace(a=in_chunks(jnp.asarray(part.a), steps, 1))


def _inside(part: Part) -> Float[jax.Array, "Q channels"]:
    """What the outputs get from values of the same chunk."""
    B, C, V = part.b.dense(), part.c.dense(), part.v.dense()
    return contract("ij,jc->ic", contract("is,js->ij", C, B) * _decay(part.a, len(B), B.dtype), V)


def _from_state(part: Part, X: Float[jax.Array, "channels d_h"]) -> Float[jax.Array, "Q channels"]:
    """What they get from the state that the chunk begins with."""
    C = part.c.dense()
    return contract("is,cs->ic", C if part.a is None else C * running_products(part.a)[:, None], X)


def _one_hot_outputs(part: Part, X: Float[jax.Array, "channels d_h"]) -> Float[jax.Array, "Q channels"]:
    """Both, for keys and queries that list one entry and nothing forgotten."""
    S = scores_of_ones(part.c, part.b)
    return contract("ij,jc->ic", S * _decay(None, len(S), S.dtype), part.v.dense()) + read_one(part.c, X)


def _kept(part: Part) -> Float[jax.Array, ""]:
    """What the chunk leaves of an earlier state, as a factor."""
    return jnp.ones((), common_dtype(part.b, part.v)) if part.a is None else jnp.prod(jnp.asarray(part.a))


def _gained(part: Part) -> Float[jax.Array, "channels d_h"]:
    """What the chunk itself leaves in the state: each write is forgotten by the later coefficients of the chunk."""
    B = part.b.dense()
    if part.a is not None:
        B = B * _decay(part.a, len(B), B.dtype)[-1][:, None]
    return contract("jc,js->cs", part.v.dense(), B)


def _left(part: Part, X: Float[jax.Array, "channels d_h"]) -> Float[jax.Array, "channels d_h"]:
    """The state after the chunk."""
    return (X if part.a is None else _kept(part) * X) + _gained(part)


def _states(
    kept: Float[jax.Array, " n"], gained: Float[jax.Array, "n channels d_h"], X: Float[jax.Array, "channels d_h"]
) -> tuple[Float[jax.Array, "channels d_h"], Float[jax.Array, "n channels d_h"]]:
    """The state after n chunks that begin with X, and the state that each of them begins with."""

    def then(first, second):
        (A, W), (A_later, W_later) = first, second
        return A * A_later, A_later[:, None, None] * W + W_later

    first = gained.at[0].add(kept[0] * X)
    after = jax.lax.associative_scan(then, (kept, first))[1]
    return after[-1], jnp.concatenate([X[None], after[:-1]])


def _decay(a: Array | None, Q: int, dtype: jnp.dtype) -> Float[jax.Array, "Q Q"]:
    """prod_{j < k <= i} a_k for j <= i inside a chunk, and 0 for j > i.

    A running product of the masked coefficients: no quotient, no logarithm and no difference of prefixes, so a_k = 0
    is exact.
    """
    causal = jnp.tril(jnp.ones((Q, Q), dtype))
    if a is None:
        return causal
    below = jnp.tril(jnp.ones((Q, Q), bool), -1)
    masked = jnp.where(below, jnp.broadcast_to(jnp.asarray(a)[:, None], (Q, Q)), jnp.ones((), dtype))
    return running_products(masked) * causal


def running_products(a: Float[Array, "*Q"]) -> Float[jax.Array, "*Q"]:
    """prod_{k <= i} a_k along the first axis, by doubling: the product of the last 2 s is that of the last s times that
    of the s before.  The order is the same on every backend, so that an enclosure can follow it.
    """
    product, one = jnp.asarray(a), jnp.ones((), a.dtype)
    for s in (2**k for k in range((len(a) - 1).bit_length())):
        product *= jax.lax.pad(product, one, [(s, -s, 0), *[(0, 0, 0)] * (product.ndim - 1)])
    return product


def _wanted(y: Float[jax.Array, "Q channels"], part: Part) -> Rows:
    """The wanted blocks of every output."""
    v = part.v
    outputs = y.reshape(-1, v.blocks, v.width)
    return jax.vmap(lambda o, w: wanted_blocks(o, w, v))(outputs, part.read)


def wanted_blocks(outputs: Float[jax.Array, "blocks width"], read: Int[Array, " k"] | None, like: Rows) -> Rows:
    """The wanted blocks of one output (None: all) as rows."""
    if like.blocks == 1:
        return Rows(outputs[0], None, None, 1, like.width)
    index = jnp.arange(like.blocks, dtype=jnp.int32) if read is None else jnp.asarray(read)
    found = outputs.at[present_or_past(index, like.blocks)].get(mode="fill", fill_value=0)
    return Rows(None, index, found, like.blocks, like.width)
