"""What a run in a 16-bit format puts out on its own values, enclosed (bounds.enclosure): the programs of
constructions.chunked (see verify.sweep.chunks), constructions.sparse (chunk by chunk) and constructions.attention
followed operation by operation, each rounded as it is there.  The enclosure decides cells whose rounding bound over all
values is wider than epsilon.

Sparse, of ssm-gated.  Slot p holds Delta_on x_p less the leak Delta_off x_p, exactly as it was written, and one row
sums the leaks of all steps: inside a chunk as a product, between chunks one after the other.  A read adds the two and
multiplies by the gate.
"""

from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Float

from bounds.enclosure import Interval, concatenated, held, library, quotient
from bounds.formats import FloatFormat, format_of
from constructions.attention import KEYS_AT_ONCE, Attention
from constructions.chunked import chunk_length, fit_beside_signals
from constructions.encoding import TARGET
from constructions.mamba import SSM, MambaBlock
from constructions.memories.gated import MEMORY
from constructions.recurrence import Execution
from constructions.sparse import OTHERWISE_AT_ONCE
from verify.sweep.chunks import Signals, one_after_another, side_by_side
from verify.sweep.layers import added, coded, product, rates, silu, softplus, term
from verify.sweep.programs import Asked, Kind

FOLLOWED = ("cpu", "gpu")
"""Backends on which the tests of the model pass; elsewhere the rounding bound over all values decides."""


def enclosed(asked: Asked, execution: str, kind: Kind) -> Interval | None:
    """The outputs at the judged steps, (R, d); None where no enclosure is known: formats of more than 16 bits (the
    bounds over all values are sharp enough there), exact memories (nothing to enclose), a slot that is written twice,
    sums joined over devices, chunks in turn on an accelerator, and backends that are not FOLLOWED.
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
    if codes is None or execution != Execution.CHUNKED.value:
        return None
    return _chunked(asked, module, codes.astype(np.float64), kind.length, format)


def follows(dtype: str) -> bool:
    """Whether runs in that format are enclosed here: the 16-bit ones, whose operations XLA rounds one by one when it is
    told to, on backends where the model of bounds.enclosure has been tested.
    """
    return format_of(dtype).bits == 16 and jax.default_backend() in FOLLOWED


def _gated(asked: Asked, block: MambaBlock, Q: int, format: FloatFormat) -> Interval:
    """g (value + leaks): see the head of this file."""
    x, steps = asked.x.astype(np.float64), asked.steps
    actions = block.ssm.W_Delta2.actions
    on, off = (softplus(float(np.ravel(actions[name, MEMORY].inner)[0]), format) for name in ("on", "off"))
    gate = silu(float(np.ravel(block.W_2.actions[TARGET, MEMORY].inner)[0]), format)
    written, leaks = on * Interval.point(x), off * Interval.point(x)
    kept, leaks = held(term(written, format) - term(leaks, format), format), held(leaks, format)
    pos = asked.prepared.target[steps]
    before = Interval.point(np.zeros((1, x.shape[1])))
    found = Interval(np.empty((len(steps), x.shape[1])), np.empty((len(steps), x.shape[1])))
    for start in range(0, int(steps.max()) + 1, Q):
        part = leaks[start : min(start + Q, len(x))]
        rows = np.flatnonzero((steps >= start) & (steps < start + Q))
        causal = (np.arange(len(part.lo))[None, :] <= steps[rows, None] - start).astype(np.float64)
        leaked = added(before[np.zeros(len(rows), int)], Interval.point(causal), part, format)
        y = held(held(kept[pos[rows]] + leaked, format) * gate, format)
        found.lo[rows], found.hi[rows] = y.lo, y.hi
        before = added(before, Interval.point(np.ones((1, len(part.lo)))), part, format)
    return found


def _chunked(
    asked: Asked, module: SSM, codes: Float[np.ndarray, "n s"], length: int, format: FloatFormat
) -> Interval | None:
    """Chunks in the order in which the backend takes them; None for an accelerator that takes them in turn."""
    Delta, a = rates(module, format)
    V, steps, Q = held(Delta * Interval.point(asked.x.astype(np.float64)), format), asked.steps, chunk_length(length)
    signals = Signals(a, codes, asked.prepared.position, asked.prepared.target, V)
    if jax.default_backend() == "cpu":
        return one_after_another(signals, steps, Q, format)
    beside = fit_beside_signals(codes.shape[1], V.lo.shape[1], Q)
    return side_by_side(signals, steps, length, Q, format) if beside else None


def _attended(asked: Asked, head: Attention, format: FloatFormat) -> Interval:
    """Softmax over j <= i: scores, largest subtracted, exponentials, two sums (tile by tile), their quotient."""
    x, steps, prepared = asked.x.astype(np.float64), asked.steps, asked.prepared
    assert prepared.memory.encoding.codes is not None
    codes = prepared.memory.encoding.codes.astype(np.float64)
    scale = float(np.asarray(head.W_q.actions[TARGET, "key"].inner))
    parts = list(_in_parts(len(steps), 16))
    answers = [_answers(asked, codes, scale, x, part, format) for part in parts]
    return concatenated(answers)


def _answers(
    asked: Asked, codes: np.ndarray, scale: float, x: np.ndarray, part: slice, format: FloatFormat
) -> Interval:
    steps = asked.steps[part]
    seen = int(steps.max()) + 1
    keys = coded(codes, asked.prepared.position[:seen])
    queries = held(Interval.point(scale * coded(codes, asked.prepared.target[steps])), format)
    scores = product(queries, Interval.point(keys.T), format)
    later = np.arange(seen)[None, :] > steps[:, None]
    lo, hi = np.where(later, -np.inf, scores.lo), np.where(later, -np.inf, scores.hi)
    top = Interval(lo.max(axis=1, keepdims=True), hi.max(axis=1, keepdims=True))
    shifted = held(Interval(np.where(later, -np.inf, lo - top.hi), np.where(later, -np.inf, hi - top.lo)), format)
    weights = library(np.exp, Interval(shifted.lo, np.minimum(shifted.hi, 0.0)), format)
    ones_and_values = np.concatenate([np.ones((seen, 1)), x[:seen]], axis=1)
    sums = Interval.point(np.zeros((len(steps), ones_and_values.shape[1])))
    for tile in _in_parts(seen, KEYS_AT_ONCE):
        sums = added(sums, weights[:, tile], Interval.point(ones_and_values[tile]), format)
    return quotient(sums[:, 1:], sums[:, :1], format)


def _in_parts(count: int, size: int) -> Iterator[slice]:
    return (slice(k, min(k + size, count)) for k in range(0, count, size))
