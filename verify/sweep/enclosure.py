"""What a run in a 16-bit format puts out on its own values, enclosed (bounds.enclosure): the programs of
constructions.chunked (one chunk after another), constructions.sparse (chunk by chunk) and constructions.attention
followed operation by operation, each rounded as it is there.  The enclosure decides cells whose rounding bound over all
values is wider than epsilon.

Rates.  Delta = softplus(w) = max(w, 0) + log1p(exp(-|w|)) and a = exp(Delta A) are the same at every step and mostly
points: in bfloat16, a = 0.999 is 1, and nothing is forgotten.

Chunked.  The state, the outputs and what a loop takes are numbers of the format.  Products of coefficients are formed
by the same doubling as in `constructions.chunked.running_products`; what a whole chunk leaves of the state is their
product in float32, rounded once.

Sparse, of ssm-gated.  Slot p holds Delta_on x_p less the leak Delta_off x_p, exactly as it was written, and one row
sums the leaks of all steps: inside a chunk as a product, between chunks one after the other.  A read adds the two and
multiplies by the gate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float

from bounds import enclosure
from bounds.enclosure import Interval, held, hull, library, quotient
from bounds.formats import FloatFormat, format_of
from bounds.rounding import growth
from constructions.attention import KEYS_AT_ONCE, Attention
from constructions.chunked import chunk_length
from constructions.encoding import TARGET
from constructions.mamba import SSM, MambaBlock
from constructions.memories.gated import MEMORY
from constructions.recurrence import Execution
from constructions.sparse import OTHERWISE_AT_ONCE
from verify.independent import stored_rate
from verify.sweep.programs import Asked, Kind

FOLLOWED = ("cpu", "gpu")
"""Backends on which the tests of the model pass; elsewhere the rounding bound over all values decides."""


def enclosed(asked: Asked, execution: str, kind: Kind) -> Interval | None:
    """The outputs at the judged steps, (R, d); None where no enclosure is known: formats of more than 16 bits (the
    bounds over all values are sharp enough there), exact memories (nothing to enclose), chunks side by side (on
    accelerators), a slot that is written twice, sums joined over devices, and backends that are not FOLLOWED.
    """
    if not follows(asked.run.dtype) or kind.shares > 1:
        return None
    format, module = format_of(asked.run.dtype), asked.prepared.memory.module
    if isinstance(module, Attention):
        return _attended(asked, module, format)
    if isinstance(module, MambaBlock):
        once = len(np.unique(asked.prepared.position)) == len(asked.prepared.position)
        return _gated(asked, module, min(OTHERWISE_AT_ONCE, kind.length), format) if once else None
    codes = asked.prepared.memory.encoding.codes
    in_turn = execution == Execution.CHUNKED.value and jax.default_backend() == "cpu"
    if codes is not None and in_turn:
        return _chunked(asked, module, codes.astype(np.float64), chunk_length(kind.length), format)
    return None


def follows(dtype: str) -> bool:
    """Whether runs in that format are enclosed here: the 16-bit ones, whose operations XLA rounds one by one when it is
    told to, on backends where the model of bounds.enclosure has been tested.
    """
    return format_of(dtype).bits == 16 and jax.default_backend() in FOLLOWED


def product(left: Interval, right: Interval, format: FloatFormat) -> Interval:
    """left @ right as the backend sums it: matrix units of accelerators truncate."""
    return enclosure.product(left, right, format, truncated=jax.default_backend() != "cpu")


def softplus(w: float, format: FloatFormat) -> Interval:
    """log(1 + exp(w)) as JAX forms it."""
    exponential = library(np.exp, Interval.point(-abs(w)), format)
    return held(Interval.point(max(w, 0.0)) + library(np.log1p, exponential, format), format)


def silu(x: float, format: FloatFormat) -> Interval:
    """x / (1 + exp(-x)) for x > 0, the logistic function rounded once or after each of its operations."""
    by_steps = held(Interval.point(1.0) + library(np.exp, Interval.point(-x), format), format)
    at_once = library(lambda t: 1.0 / (1.0 + np.exp(-t)), Interval.point(x), format)
    logistic = hull(quotient(Interval.point(1.0), by_steps, format), at_once)
    return held(Interval.point(x) * logistic, format)


def rates(module: SSM, format: FloatFormat) -> tuple[Interval, Interval | None]:
    """Delta and a as the format computes them from the stored weights; None where nothing is forgotten."""
    Delta = softplus(stored_rate(module), format)
    if module.A is None:
        return Delta, None
    A = float(np.asarray(module.A))
    if np.isneginf(A):
        return Delta, Interval.point(0.0)
    return Delta, library(np.exp, held(Delta * Interval.point(A), format), format)


def _gated(asked: Asked, block: MambaBlock, Q: int, format: FloatFormat) -> Interval:
    """g (value + leaks): see the head of this file."""
    x, steps = asked.x.astype(np.float64), asked.steps
    actions = block.ssm.W_Delta2.actions
    on, off = (softplus(float(np.ravel(actions[name, MEMORY].inner)[0]), format) for name in ("on", "off"))
    gate = silu(float(np.ravel(block.W_2.actions[TARGET, MEMORY].inner)[0]), format)
    written, leaks = held(on * Interval.point(x), format), held(off * Interval.point(x), format)
    kept = held(written - leaks, format)
    pos = asked.prepared.target[steps]
    before = Interval.point(np.zeros((1, x.shape[1])))
    found = Interval(np.empty((len(steps), x.shape[1])), np.empty((len(steps), x.shape[1])))
    for start in range(0, int(steps.max()) + 1, Q):
        part = leaks[start : min(start + Q, len(x))]
        rows = np.flatnonzero((steps >= start) & (steps < start + Q))
        causal = (np.arange(len(part.lo))[None, :] <= steps[rows, None] - start).astype(np.float64)
        leaked = held(before + product(Interval.point(causal), part, format), format)
        y = held(held(kept[pos[rows]] + leaked, format) * gate, format)
        found.lo[rows], found.hi[rows] = y.lo, y.hi
        before = held(before + product(Interval.point(np.ones((1, len(part.lo)))), part, format), format)
    return found


def _chunked(asked: Asked, module: SSM, codes: Float[np.ndarray, "n s"], Q: int, format: FloatFormat) -> Interval:
    """The loop over chunks: the state takes what the chunk before has written, then it is read."""
    x, steps, prepared = asked.x.astype(np.float64), asked.steps, asked.prepared
    Delta, a = rates(module, format)
    V, decay = held(Delta * Interval.point(x), format), None if a is None else decays(a, Q, format)
    found = Interval(np.empty((len(steps), x.shape[1])), np.empty((len(steps), x.shape[1])))
    X = Interval.point(np.zeros((codes.shape[1], x.shape[1])))
    for start in range(0, int(steps.max()) + 1, Q):
        part = slice(start, min(start + Q, len(x)))
        rows = np.flatnonzero((steps >= start) & (steps < start + Q))
        B = _coded(codes, prepared.position[part])
        if len(rows):
            C = _coded(codes, prepared.target[steps[rows]])
            y = _chunk_outputs(C, B, V[part], X, steps[rows] - start, decay, format)
            found.lo[rows], found.hi[rows] = y.lo, y.hi
        if len(B) == Q:  # nothing is read after the last chunk
            X = _written(X, B, V[part], decay, format)
    return found


@dataclass(frozen=True, eq=False)
class Decay:
    """What is left inside a chunk of Q steps: of step j at step i, (Q, Q), 0 for j > i; of an earlier state at step i,
    (Q,); and of it after the chunk.
    """

    inside: Interval
    ahead: Interval
    whole: Interval


def decays(a: Interval, Q: int, format: FloatFormat) -> Decay:
    """The same coefficient at each step."""
    below = np.tril(np.ones((Q, Q), bool), -1)
    lo = np.where(below, a.lo, 1.0)
    masked = Interval(lo, lo if a.known else np.where(below, a.hi, 1.0))
    inside, causal = _running_products(masked, format), np.tril(np.ones((Q, Q)))
    every = Interval(np.full(Q, a.lo[0]), np.full(Q, a.hi[0]))
    room = growth(Q, format_of("float32"))
    whole = Interval(a.lo**Q * (1 - room), a.hi**Q * (1 + room))
    exact = a.lo[0] == a.hi[0] and a.lo[0] in (0.0, 1.0)
    return Decay(
        inside * Interval.point(causal),
        _running_products(every, format),
        a if exact else held(whole, format),
    )


def _running_products(a: Interval, format: FloatFormat) -> Interval:
    """The doubling of `constructions.chunked.running_products`."""
    for s in (2**k for k in range((len(a.lo) - 1).bit_length())):
        ones = np.ones_like(a.lo[:s])
        lo = np.concatenate([ones, a.lo[:-s]])
        a = held(a * Interval(lo, lo if a.known else np.concatenate([ones, a.hi[:-s]])), format)
    return a


def _chunk_outputs(
    C: Float[np.ndarray, "r s"],
    B: Float[np.ndarray, "q s"],
    V: Interval,
    X: Interval,
    local: np.ndarray,
    decay: Decay | None,
    format: FloatFormat,
) -> Interval:
    """What is read at some steps of a chunk: from its own writes, and from the state that it begins with."""
    scores = product(Interval.point(C), Interval.point(B.T), format)
    if decay is None:
        causal = (np.arange(len(B))[None, :] <= local[:, None]).astype(np.float64)
        weights, ahead = scores * Interval.point(causal), Interval.point(C)
    else:
        weights = held(scores * decay.inside[local][:, : len(B)], format)
        ahead = held(Interval.point(C) * decay.ahead[local][:, None], format)
    return held(product(weights, V, format) + product(ahead, X, format), format)


def _written(
    X: Interval, B: Float[np.ndarray, "q s"], V: Interval, decay: Decay | None, format: FloatFormat
) -> Interval:
    """The state after a whole chunk."""
    if decay is None:
        return held(X + product(Interval.point(B.T), V, format), format)
    keys = held(Interval.point(B) * decay.inside[-1][:, None], format)
    return held(held(decay.whole * X, format) + product(_transposed(keys), V, format), format)


def _coded(codes: Float[np.ndarray, "n s"], index: np.ndarray) -> Float[np.ndarray, "q s"]:
    """The codes of positions; 0 for what lies outside."""
    inside = (index >= 0) & (index < len(codes))
    return codes[np.where(inside, index, 0)] * inside[:, None]


def _transposed(x: Interval) -> Interval:
    return Interval.point(x.lo.T) if x.known else Interval(x.lo.T, x.hi.T)


def _attended(asked: Asked, head: Attention, format: FloatFormat) -> Interval:
    """Softmax over j <= i: scores, largest subtracted, exponentials, two sums (tile by tile), their quotient."""
    x, steps, prepared = asked.x.astype(np.float64), asked.steps, asked.prepared
    assert prepared.memory.encoding.codes is not None
    codes = prepared.memory.encoding.codes.astype(np.float64)
    scale = float(np.asarray(head.W_q.actions[TARGET, "key"].inner))
    parts = list(_in_parts(len(steps), 16))
    answers = [_answers(asked, codes, scale, x, part, format) for part in parts]
    return Interval(np.concatenate([y.lo for y in answers]), np.concatenate([y.hi for y in answers]))


def _answers(
    asked: Asked, codes: np.ndarray, scale: float, x: np.ndarray, part: slice, format: FloatFormat
) -> Interval:
    steps = asked.steps[part]
    seen = int(steps.max()) + 1
    keys = _coded(codes, asked.prepared.position[:seen])
    queries = held(Interval.point(scale * _coded(codes, asked.prepared.target[steps])), format)
    scores = product(queries, Interval.point(keys.T), format)
    later = np.arange(seen)[None, :] > steps[:, None]
    lo, hi = np.where(later, -np.inf, scores.lo), np.where(later, -np.inf, scores.hi)
    top = Interval(lo.max(axis=1, keepdims=True), hi.max(axis=1, keepdims=True))
    shifted = held(Interval(np.where(later, -np.inf, lo - top.hi), np.where(later, -np.inf, hi - top.lo)), format)
    weights = library(np.exp, Interval(shifted.lo, np.minimum(shifted.hi, 0.0)), format)
    ones_and_values = np.concatenate([np.ones((seen, 1)), x[:seen]], axis=1)
    sums = Interval.point(np.zeros((len(steps), ones_and_values.shape[1])))
    for tile in _in_parts(seen, KEYS_AT_ONCE):
        sums = held(sums + product(weights[:, tile], Interval.point(ones_and_values[tile]), format), format)
    return quotient(sums[:, 1:], sums[:, :1], format)


def _in_parts(count: int, size: int) -> Iterator[slice]:
    return (slice(k, min(k + size, count)) for k in range(0, count, size))
