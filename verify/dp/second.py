"""The second route of `verify dp`: a stack run token by token in NumPy float64, dense matrices, Eq. 1-3 as printed.

It shares no code with `constructions.packed` and `constructions.generate`: full rows of every map, every channel's
state (also those that no output reads), no sharing between readers, and its own loop that feeds its tokens back.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from constructions.layout import Layout
from constructions.mamba import MambaBlock, Vector
from constructions.programs.program import ONE, POSITION
from constructions.programs.stack import Stack
from verify.dp.checks import OPEN, SETTLED, claim, speaks_of
from verify.dp.run import Done, example
from verify.verdict import Check, Verdict

HALF = 0.5  # what tells integers apart
ENTRIES = 2**24  # of all dense matrices together, beyond which the route is not taken
PRODUCTS = 2**31  # multiply-adds that it may spend


@dataclass(eq=False)
class Dense:
    """A block's matrices in full, and its state; `live`: which inner channels carry one."""

    W_1: Float[np.ndarray, "I D"]
    b_1: Float[np.ndarray, " I"]
    W_2: Float[np.ndarray, "I D"]
    b_2: Float[np.ndarray, " I"]
    W_3: Float[np.ndarray, "D I"]
    W_b: Float[np.ndarray, "d_h I"]
    W_c: Float[np.ndarray, "d_h I"]
    W_Delta1: Float[np.ndarray, "r I"]
    W_Delta2: Float[np.ndarray, "c r"]
    A: Float[np.ndarray, "d_h I"]
    D: Float[np.ndarray, " I"]
    live: Bool[np.ndarray, " I"]
    H: Float[np.ndarray, "d_h I"]

    def __call__(self, x: Float[np.ndarray, " D"]) -> Float[np.ndarray, " D"]:
        """f(x) of Eq. 3, the state going on."""
        z, gate = self.W_1 @ x + self.b_1, self.W_2 @ x + self.b_2
        Delta = np.zeros(len(z))
        Delta[self.live] = np.logaddexp(self.W_Delta2 @ (self.W_Delta1 @ z), 0.0)
        self.H = np.exp(Delta * self.A) * self.H + np.outer(self.W_b @ z, Delta * z)
        y = np.where(self.live, self.H.T @ (self.W_c @ z) + self.D * z, 0.0)
        with np.errstate(over="ignore"):  # exp overflows to infinity where silu is 0 from below
            return self.W_3 @ (y * (gate / (1.0 + np.exp(-gate))))


def dense(block: MambaBlock) -> Dense:
    """The block's weights written out."""
    ssm, inner = block.ssm, block.ssm.inner
    live = np.concatenate([np.full(space.dim, space.name in ssm.channels) for space in inner])
    A = np.zeros((ssm.d_h, inner.dim))
    for space in inner.only(ssm.channels):
        entries = 0.0 if ssm.A is None else ssm.A[space.name] if isinstance(ssm.A, dict) else ssm.A
        row = np.broadcast_to(np.asarray(entries, np.float64), (ssm.d_h, space.width))
        A[:, inner.coordinates(space.name)] = np.tile(row, (1, space.blocks))
    maps = [m.dense() for m in (block.W_1, block.W_2, block.W_3, ssm.W_b, ssm.W_c, ssm.W_Delta1, ssm.W_Delta2)]
    W_1, W_2, W_3, W_b, W_c, W_Delta1, W_Delta2 = maps
    b_1, b_2, D = (_vector(v, inner) for v in (block.b_1, block.b_2, ssm.D or {}))
    return Dense(W_1, b_1, W_2, b_2, W_3, W_b, W_c, W_Delta1, W_Delta2, A, D, live, np.zeros_like(A))


def second_run(
    stack: Stack, prompt: Int[np.ndarray, "P F"], length: int
) -> tuple[Int[np.ndarray, "T F"], Float[np.ndarray, "T D"]]:
    """The tokens of a run of that length, prompt included, and the stream at each."""
    blocks = [dense(named.block) for named in stack.blocks]
    at = {space.name: stack.stream.coordinates(space.name) for space in stack.stream}
    fields = stack.program.fields
    tokens = np.zeros((length, len(fields)), np.int64)
    tokens[: len(prompt)] = prompt[:length]
    streams = np.zeros((length, stack.stream.dim))
    for t in range(length):
        x = streams[t]
        for field, value in zip(fields, tokens[t], strict=True):
            x[at[field.name]] = value
        x[at[POSITION]], x[at[ONE]] = t + 1, 1.0
        for f in blocks:
            x += f(x)
        if len(prompt) <= t + 1 < length:
            given = [np.rint(x[at[called]][0]) for called in stack.outputs[:-1]]
            kept = [np.clip(v, f.low, f.high) for v, f in zip(given, fields, strict=True)]
            tokens[t + 1] = np.nan_to_num(kept).astype(np.int64)
    return tokens, streams


def second_check(done: Done) -> Check:
    """The second route on the first instance, or where that is too long on the longest of the small family: the same
    tokens, and a stream that differs by less than what tells integers apart.
    """
    stack, id = done.stack, f"{done.case.tag}/second-route"
    entries = sum(m.entries for named in stack.blocks for m in named.block.maps())
    affordable = [k for k in (0, example(done.batch, done.wanted)) if _affordable(done, k, entries)]
    if not affordable:
        evidence = f"dense matrices of {entries} entries are more than is spent on every token of a run"
        skipped = frozenset({Verdict.SKIPPED})
        return Check(
            id, claim(done), Verdict.SKIPPED, None, None, evidence, None, speaks_of(stack), skipped, beside=True
        )
    k = affordable[0]
    prompt = done.wanted[k][: len(done.task.prompt(done.batch.all[k]))]
    tokens, streams = second_run(stack, prompt, int(done.run.lengths[k]))
    off = float(np.abs(streams - done.streams[k].astype(np.float64)).max())
    same = bool((tokens == done.tokens_of(k)).all())
    holds = same and off < HALF
    evidence = (
        f"{done.task.written(done.batch.all[k])}: {len(tokens)} tokens generated in NumPy float64 from dense matrices; "
        f"tokens {'equal' if same else 'differ'}, value: the largest difference of {streams.size} numbers of the stream"
    )
    witness = None if holds else _difference(done, k, tokens, streams)
    verdict = Verdict.HELD if holds else Verdict.REFUTED
    expected = SETTLED if stack.exact else OPEN
    return Check(id, claim(done), verdict, off, HALF, evidence, witness, speaks_of(stack), expected)


def _affordable(done: Done, k: int, entries: int) -> bool:
    return k in done.streams and entries <= ENTRIES and entries * int(done.run.lengths[k]) <= PRODUCTS


def _difference(done: Done, k: int, tokens: np.ndarray, streams: np.ndarray) -> dict[str, Any]:
    """The first token at which the routes differ, and the first space of the stream that does."""
    off = np.abs(streams - done.streams[k].astype(np.float64))
    wrong = ~(off < HALF)
    t = int(np.argmax(wrong.any(axis=1) | (tokens != done.run.tokens[k, : len(tokens)]).any(axis=1)))
    space = next((s.name for s in done.stack.stream if wrong[t, done.stack.stream.coordinates(s.name)].any()), "none")
    written = done.task.written(done.batch.all[k])
    return {"instance": written, "token": t + 1, "space": space, "difference": float(off[t].max())}


def _vector(vector: Vector, layout: Layout) -> Float[np.ndarray, " I"]:
    parts = [np.tile(np.asarray(vector.get(s.name, np.zeros(s.width)), np.float64), s.blocks) for s in layout]
    return np.concatenate(parts)
