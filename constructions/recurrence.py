"""The recurrence of Eq. 1 in three forms that agree on any signals.

    H_i = a_i (.) H_{i-1} + b_i v_i^T,    y_i = H_i^T c_i

`scan` is the recurrence itself, one step after the other, for every kind of forgetting.
`chunked` is the matrix form of the same sum, for one forgetting coefficient a step (`constructions.chunked`).
`sparse` touches only the state rows that b, c and v list: with one-hot keys a step costs O(d) instead of O(d_h d).
Which one runs is chosen by the structure of the signals, never by what they are meant to do.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

import jax
import jax.numpy as jnp
from jaxtyping import Float, Int

from constructions.chunked import chunked, wanted_blocks
from constructions.mamba import SHARED, Forgetting, Signals, forgotten
from constructions.precision import contract
from constructions.rows import Array, Rows, common_dtype
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
        return None, {name: chunked(s.a, s.b, s.c, v, reads[name]) for name, v in s.v.items()}
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
            y[name] = wanted_blocks(contract("sqw,s->qw", after[name], s.c.dense()), reads[name], v)
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


def _scan(s: Signals, reads: Reads) -> dict[str, Rows]:
    states = s.b.blocks * s.b.width
    start = {name: jnp.zeros((states, v.blocks, v.width), common_dtype(s.b, v)) for name, v in s.v.items()}
    varying = s.a.Delta if isinstance(s.a, Forgetting) else s.a  # A is the same at every step

    def one(H, row):
        s_i, a_i, wanted = row
        return advance(H, replace(s_i, a=Forgetting(a_i, s.a.A) if isinstance(s.a, Forgetting) else a_i), wanted)

    return jax.lax.scan(one, start, (replace(s, a=None), varying, reads))[1]
