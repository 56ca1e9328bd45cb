"""Autoregressive runs of a compiled stack: tokens in, the nearest vocabulary token out and in again.

A token enters as its fields, its position t and 1; all other coordinates of the stream start at 0.  The last block's
output y is brought to the nearest vocabulary token v, the nearest integer of every field's interval; the *margin* is
what is left to the point half way to another token, 1/2 - max |y - v|.  The loop is compiled once for a block of tokens
of fixed length, whatever the length of the run: weights and states are arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from constructions.packed import PackedBlock, State, initial, packed, step
from constructions.programs.program import ONE, POSITION
from constructions.programs.stack import Stack
from constructions.rows import Array

LENGTH = 256  # tokens of one compiled loop


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["blocks", "fields", "place", "one", "outputs", "low", "high"],
    meta_fields=["dim"],
)
@dataclass(frozen=True, eq=False)
class Machine:
    """A stack ready to run in one dtype: packed blocks, where the stream holds what goes in and comes out, and
    the intervals of what comes out."""

    blocks: tuple[PackedBlock, ...]
    fields: Int[Array, " F"]
    place: Int[Array, ""]
    one: Int[Array, ""]
    outputs: Int[Array, " G"]
    low: Int[Array, " G"]
    high: Int[Array, " G"]
    dim: int

    @property
    def dtype(self) -> np.dtype:
        """The dtype of its weights."""
        return self.blocks[0].dtype


@dataclass(frozen=True, eq=False)
class Run:
    """Tokens of a batch of runs, prompt included.

    Args:
        tokens: fields of every token, shape (B, T, F), integers; rows after a run's last token mean nothing.
        lengths: the number of tokens of each run.
        margins: the margin of every generated token, shape (B, T); infinite for the prompt.
        stopped: whether a run came to its end by itself.
        streams: the whole stream after the last block at every token, shape (B, T, D), if asked for.
    """

    tokens: Int[np.ndarray, "B T F"]
    lengths: Int[np.ndarray, " B"]
    margins: Float[np.ndarray, "B T"]
    stopped: Bool[np.ndarray, " B"]
    streams: Float[np.ndarray, "B T D"] | None = None

    @property
    def margin(self) -> float:
        """The smallest margin of all generated tokens; NaN where one is NaN."""
        used = np.arange(self.margins.shape[1])[None, :] < self.lengths[:, None]
        return float(np.where(used, self.margins, np.inf).min())


def machine(stack: Stack, dtype: str | None = None) -> Machine:
    """The stack with its weights rounded to `dtype` (default: the format that it was compiled for).

    Raises ValueError for a field beyond 32 bits: tokens are kept in int32.
    """
    wide = [f.name for f in stack.program.fields if f.low < -(2**31) or f.high >= 2**31]
    if wide:
        raise ValueError(f"the fields {wide} were given intervals beyond 32 bits, in which tokens are kept")
    where = {n: stack.stream.coordinates(n).start for n in stack.stream.names}
    return Machine(
        tuple(packed(named.block, dtype or stack.format.name) for named in stack.blocks),
        np.array([where[field.name] for field in stack.program.fields], np.int32),
        np.asarray(where[POSITION], np.int32),
        np.asarray(where[ONE], np.int32),
        np.array([where[n] for n in stack.outputs], np.int32),
        np.array([*(field.low for field in stack.program.fields), 0], np.int32),
        np.array([*(field.high for field in stack.program.fields), 1], np.int32),
        stack.stream.dim,
    )


def generate(run: Machine, prompts: Sequence[Int[np.ndarray, "_ F"]], limit: int, keep_streams: bool = False) -> Run:
    """Feeds each prompt and then the machine's own tokens, until all have put out their last token or have `limit`
    tokens.

    Raises ValueError for no prompts, an empty one, one that is longer than the limit, or tokens with other fields.
    """
    if not prompts or min(len(p) for p in prompts) < 1 or max(len(p) for p in prompts) > limit:
        raise ValueError(f"prompts of {[len(p) for p in prompts]} tokens were given; 1 to {limit} are allowed")
    B, F = len(prompts), len(run.fields)
    if any(prompt.shape[1] != F for prompt in prompts):
        raise ValueError(f"tokens of {[prompt.shape[1] for prompt in prompts]} fields were given; they have {F}")
    forced = np.array([len(p) for p in prompts])
    carry = _start(run, B)
    tokens, margins, streams = [], [], []
    lengths, stopped = np.full(B, limit), np.zeros(B, bool)
    for start in range(0, limit, LENGTH):
        given = np.zeros((LENGTH, B, F), np.int32)
        for k, prompt in enumerate(prompts):
            part = prompt[start : start + LENGTH]
            given[: len(part), k] = part
        here = start + np.arange(LENGTH)
        carry, (t, m, last, x) = _loop(run, carry, given, here[:, None] < forced[None, :], keep_streams)
        tokens.append(np.swapaxes(np.asarray(t), 0, 1))
        margins.append(np.asarray(m).T)
        streams += [np.swapaxes(np.asarray(x), 0, 1)] if keep_streams else []
        ends = np.asarray(last).T & (here[None, :] >= forced[:, None])
        for k in np.flatnonzero(ends.any(axis=1) & ~stopped):
            lengths[k], stopped[k] = start + int(ends[k].argmax()) + 1, True
        if stopped.all():
            break
    inside = lengths <= limit
    return Run(
        np.concatenate(tokens, axis=1)[:, :limit],
        np.minimum(lengths, limit),
        np.concatenate(margins, axis=1)[:, :limit],
        stopped & inside,
        np.concatenate(streams, axis=1)[:, :limit] if keep_streams else None,
    )


Carry = tuple[tuple[State, ...], jax.Array, jax.Array, jax.Array, jax.Array]


def _start(run: Machine, B: int) -> Carry:
    """States, the fed-back token, its margin, whether it is the last one, and the position before the first."""
    states = tuple(initial(block, B) for block in run.blocks)
    fed = jnp.zeros((B, len(run.fields)), jnp.int32)
    return states, fed, jnp.full((B,), jnp.inf, run.dtype), jnp.zeros((B,), bool), jnp.zeros((), jnp.int32)


@partial(jax.jit, static_argnames=["keep_streams"], donate_argnames=["carry"])
def _loop(run: Machine, carry: Carry, given: jax.Array, forced: jax.Array, keep_streams: bool):
    """LENGTH tokens of a batch, step by step: for each its fields, its margin, whether it is the last one, and the
    stream.
    """

    def one(carry: Carry, row):
        states, fed, margin, last, position = carry
        prompt, is_prompt = row
        token = jnp.where(is_prompt[:, None], prompt, fed)
        shown = jnp.where(is_prompt, jnp.inf, margin)
        position = position + 1
        states, x = _token(run, states, token, position)
        y = x[:, run.outputs]
        nearest = jnp.clip(jnp.round(y).astype(jnp.int32), run.low[None, :], run.high[None, :])
        left = jnp.asarray(0.5, y.dtype) - jnp.abs(y - nearest.astype(y.dtype)).max(axis=1)
        following, ends = nearest[:, :-1], nearest[:, -1] == 1
        seen = token, shown, last & ~is_prompt, x if keep_streams else None
        return (states, following, left, ends, position), seen

    return jax.lax.scan(one, carry, (given, forced))


def _token(run: Machine, states: tuple[State, ...], token: jax.Array, position: jax.Array):
    """One token of every run, its fields of shape (B, F), through all blocks."""
    x = jnp.zeros((len(token), run.dim), run.dtype)
    x = x.at[:, run.fields].set(token.astype(run.dtype)).at[:, run.place].set(position.astype(run.dtype))
    x = x.at[:, run.one].set(jnp.ones((), run.dtype))
    after = []
    for block, H in zip(run.blocks, states, strict=True):
        H, x = step(block, H, x)
        after.append(H)
    return tuple(after), x


def prompt_tokens(fields: Sequence[str], tokens: Sequence[Mapping[str, int]]) -> Int[np.ndarray, "T F"]:
    """Tokens given field by field as an array; a field that a token does not name is 0."""
    return np.array([[token.get(n, 0) for n in fields] for token in tokens], np.int32).reshape(len(tokens), len(fields))
