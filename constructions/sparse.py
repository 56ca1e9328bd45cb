"""The recurrence over (index, value) lists: only the state rows that b, c and v list are touched.

Step by step, a write and a read cost a few rows; this is best where a step is cheap to begin, as on a CPU (which widens
the whole state of a 16-bit format at each step, though).  Elsewhere, as long as nothing is forgotten, Q steps go at
once: what they read of earlier chunks is gathered from the state, what they read of each other is a product,

    y_i = sum_r c_ir (H[r] + sum_{j <= i, w} [r = w] b_jw v_j),    r, w the rows that c_i and b_j list,

whose first factor is made of comparisons of indices.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from constructions.mamba import Forgetting, Signals
from constructions.precision import contract
from constructions.rows import Array, Rows, common_dtype, present_or_past

Halves = tuple[jax.Array | None, jax.Array | None]  # states: of what all blocks share, of what is listed
STEPS_AT_ONCE = {"cpu": 1}  # steps of one chunk on a backend; 1 is step by step
OTHERWISE_AT_ONCE = 2048
FEW = 4  # chunks are for steps that compare at most so many pairs of rows


def sparse(before: Halves, s: Signals, v: Rows, read: Array | None) -> tuple[Halves, Rows]:
    """Scatter what is written, gather what is read.

    The recurrence is linear in v: where all blocks of v share a fill, its part is one recurrence of a single block,
    and the listed blocks carry only their difference to it.
    """
    if v.fill is None or v.blocks == 1:  # a single block shares nothing
        H, y = _sparse_lists(before[1], s, v, read)
        return (None, H), y
    H_alike, alike = _sparse_lists(before[0], s, Rows(v.fill, None, None, 1, v.width), None)
    alike = replace(alike, blocks=v.blocks)
    if v.index is None or v.value is None:
        return (H_alike, None), alike
    difference = replace(v, fill=None, value=v.value - jnp.asarray(v.fill)[..., None, :])
    H, listed = _sparse_lists(before[1], s, difference, read)
    index, value = _listed_blocks(listed)
    return (H_alike, H), replace(listed, value=value + alike.at(index))


def _sparse_lists(before: jax.Array | None, s: Signals, v: Rows, read: Array | None) -> tuple[jax.Array, Rows]:
    """One scan over (index, value) lists, step by step or chunk by chunk."""
    states = s.b.blocks * s.b.width
    lists = _coordinates(s.b), _coordinates(s.c), _listed_blocks(v)
    start = jnp.zeros((states * v.blocks, v.width), common_dtype(s.b, v)) if before is None else before
    wanted = v.blocks if read is None else read.shape[-1]
    pairs = lists[0][0].shape[1] * lists[2][0].shape[1] * lists[1][0].shape[1] * wanted
    narrow = jnp.finfo(start.dtype).bits <= 16  # a step of XLA on a CPU widens the whole state of such a format
    at_once = OTHERWISE_AT_ONCE if narrow else STEPS_AT_ONCE.get(jax.default_backend(), OTHERWISE_AT_ONCE)
    if isinstance(s.a, Forgetting):
        raise ValueError("lists need one forgetting coefficient a step; this A differs between channels")
    if s.a is None and at_once > 1 and pairs <= FEW:
        end, outputs = _in_chunks(start, lists, read, (states, v.blocks), min(at_once, len(lists[0][0])))
    else:
        end, outputs = _step_by_step(start, s.a, lists, read, (states, v.blocks))
    if v.blocks == 1:
        return end, Rows(outputs.reshape(len(outputs), v.width), None, None, 1, v.width)
    outputs = outputs.reshape(len(outputs), -1, v.width)
    index = jnp.broadcast_to(jnp.arange(v.blocks, dtype=jnp.int32), outputs.shape[:2]) if read is None else read
    return end, Rows(None, index, outputs, v.blocks, v.width)


Coordinates = tuple[Int[jax.Array, "T _"], Float[jax.Array, "T _"]]
Blocks = tuple[Int[jax.Array, "T _"], Float[jax.Array, "T _ width"]]
Lists = tuple[Coordinates, Coordinates, Blocks]  # rows written, rows asked for, blocks of the values


def _step_by_step(
    start: jax.Array, a: Array | None, lists: Lists, read: Array | None, shape: tuple[int, int]
) -> tuple[jax.Array, jax.Array]:
    """The state is written before it is read, so that the loop updates it in place."""
    write, query, (listed, values) = lists
    states, blocks = shape
    width = values.shape[-1]

    def one(H, row):
        a_i, (s, b_s), (t, c_t), q, v_q, wanted = row
        H = H if a_i is None else a_i * H
        rows = (b_s[:, None] * v_q[None]).reshape(-1, width)
        H = H.at[_flat(s, q, states, blocks)].add(rows, mode="drop")
        index = jnp.arange(blocks, dtype=jnp.int32) if wanted is None else present_or_past(wanted, blocks)
        found = H.at[_flat(t, index, states, blocks)].get(mode="fill", fill_value=0)
        return H, contract("sk,s->k", found.reshape(len(t), -1), c_t)

    # Long arrays have two axes, (T, all else): with a third of length one XLA lays them out differently and copies.
    return jax.lax.scan(one, start, (a, write, query, listed, values.reshape(len(values), -1), read))


def _in_chunks(
    start: jax.Array, lists: Lists, read: Array | None, shape: tuple[int, int], Q: int
) -> tuple[jax.Array, jax.Array]:
    """Q steps at once.  A row that nothing lists lies past the state's end: it reads 0 and matches no other."""
    (s, b), (t, c), (q, v) = lists
    states, blocks = shape
    length, width = len(s), v.shape[-1]
    end = states * blocks
    index = jnp.broadcast_to(jnp.arange(blocks, dtype=jnp.int32), (length, blocks)) if read is None else read
    where = jax.vmap(lambda s_i, q_i: _flat(s_i, q_i, states, blocks))
    written, asked = where(s, q), where(t, present_or_past(jnp.asarray(index), blocks))
    rows = (b[:, :, None, None] * v[:, None]).reshape(length, -1, width)
    parts = jax.tree.map(lambda x: _cut(x, Q), (jnp.where(written < end, written, end), rows, asked, c))
    causal = jnp.tril(jnp.ones((Q, Q), bool))[:, None, :, None]

    def chunk(H, part):
        w, v_w, r, c_t = part
        hit = (r[:, :, None, None] == w[None, None]) & causal & (w < end)[None, None]
        inside = contract("irjw,jwd->ird", hit.astype(H.dtype), v_w)
        found = (H.at[r].get(mode="fill", fill_value=0) + inside).reshape(Q, c_t.shape[1], -1)
        return _written(H, w, v_w), contract("isk,is->ik", found, c_t)

    final, outputs = jax.lax.scan(chunk, start, parts)
    return final, outputs.reshape(-1, outputs.shape[-1])[:length]


def _written(H: jax.Array, w: Int[jax.Array, "Q w"], v_w: Float[jax.Array, "Q w width"]) -> jax.Array:
    """The state after a chunk.  A single row takes all writes: their sum, formed as a product, carries one rounding in
    a 16-bit format where adding them to the row one by one carries Q (and on a GPU comes in any order).
    """
    if len(H) == 1:
        return H + contract("jw,jwd->d", (w < 1).astype(H.dtype), v_w)[None]
    return H.at[w.reshape(-1)].add(v_w.reshape(-1, v_w.shape[-1]), mode="drop")


def _cut(x: jax.Array, Q: int) -> jax.Array:
    """(T, ...) -> (chunks, Q, ...), padded by zeros, which add nothing where they are written."""
    padded = jnp.pad(x, [(0, -x.shape[0] % Q)] + [(0, 0)] * (x.ndim - 1))
    return padded.reshape(-1, Q, *x.shape[1:])


def _flat(s: Int[jax.Array, " j"], q: Int[jax.Array, " k"], states: int, blocks: int) -> Int[jax.Array, " jk"]:
    """Where the state's rows (s, q) lie one after the other, past the end where s or q is: one index finds a row faster
    than two.
    """
    if blocks == 1:
        return s
    outside = (s >= states)[:, None] | (q >= blocks)[None, :]
    return jnp.where(outside, states * blocks, s[:, None] * blocks + q[None, :]).reshape(-1)


def _coordinates(rows: Rows) -> tuple[Int[jax.Array, "T k"], Float[jax.Array, "T k"]]:
    """Vectors as lists of (coordinate, value); all coordinates where the structure lists none."""
    if rows.fill is not None or rows.index is None or rows.value is None:
        dense = rows.dense()
        return jnp.broadcast_to(jnp.arange(dense.shape[-1], dtype=jnp.int32), dense.shape), dense
    first = present_or_past(jnp.asarray(rows.index), rows.blocks) * rows.width
    coordinates = first[..., None] + jnp.arange(rows.width, dtype=jnp.int32)[None, None, :]
    return coordinates.reshape(len(first), -1), jnp.asarray(rows.value).reshape(len(first), -1)


def _listed_blocks(rows: Rows) -> tuple[Int[jax.Array, "T k"], Float[jax.Array, "T k width"]]:
    """Vectors as lists of (block, value); all blocks where the structure lists none."""
    if rows.fill is not None or rows.index is None or rows.value is None:
        values = rows.dense().reshape(-1, rows.blocks, rows.width)
        return jnp.broadcast_to(jnp.arange(rows.blocks, dtype=jnp.int32), values.shape[:2]), values
    return present_or_past(jnp.asarray(rows.index), rows.blocks), jnp.asarray(rows.value)
