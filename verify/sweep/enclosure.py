"""What a run in bfloat16 puts out on its own values, enclosed (bounds.enclosure): the programs of constructions.chunked
(one chunk after another) and constructions.attention followed operation by operation, each rounded as it is
there.  The enclosure decides cells whose rounding bound over all values is wider than epsilon.

Rates.  Delta = softplus(w) = max(w, 0) + log1p(exp(-|w|)) and a = exp(Delta A) are the same at every step and mostly
points: in bfloat16, a = 0.999 is 1, and nothing is forgotten.

Chunked.  The state, the outputs and what a loop takes are numbers of the format.  A product of k coefficients is formed
in any order, with at most k - 1 roundings.
"""

from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Float

from bounds.enclosure import Interval, held, library, product
from bounds.formats import FloatFormat, format_of
from bounds.rounding import growth
from constructions.attention import KEYS_AT_ONCE, Attention
from constructions.chunked import chunk_length
from constructions.encoding import TARGET
from constructions.mamba import SSM
from constructions.recurrence import Execution
from verify.independent import stored_rate
from verify.sweep.programs import Asked, Kind


def enclosed(asked: Asked, execution: str, kind: Kind) -> Interval | None:
    """The outputs at the judged steps, (R, d); None where no enclosure is known: other formats and executions, chunks
    side by side (on accelerators), sums joined over devices, and ssm-gated, whose leak is a sum of as many equal terms
    as there are steps.
    """
    if not follows(asked.run.dtype):
        return None
    format, module = format_of(asked.run.dtype), asked.prepared.memory.module
    if isinstance(module, Attention):
        return _attended(asked, module, format) if kind.shares == 1 else None
    codes = asked.prepared.memory.encoding.codes
    in_turn = execution == Execution.CHUNKED.value and jax.default_backend() == "cpu"
    if isinstance(module, SSM) and codes is not None and in_turn:
        return _chunked(asked, module, codes.astype(np.float64), chunk_length(kind.length), format)
    return None


def follows(dtype: str) -> bool:
    """Whether runs in that format are enclosed: bfloat16, whose operations XLA rounds one by one when it is told to.

    In float16 a CPU's compiler joins operations without a rounding between them (runs of attention show it), and for
    float32 the bounds over all values are sharp enough.
    """
    return dtype == "bfloat16"


def rates(module: SSM, format: FloatFormat) -> tuple[Interval, Interval | None]:
    """Delta and a as the format computes them from the stored weights; None where nothing is forgotten."""
    w = stored_rate(module)
    exponential = library(np.exp, Interval.point(-abs(w)), format)
    Delta = held(Interval.point(max(w, 0.0)) + library(np.log1p, exponential, format), format)
    if module.A is None:
        return Delta, None
    A = float(np.asarray(module.A))
    if np.isneginf(A):
        return Delta, Interval.point(0.0)
    return Delta, library(np.exp, held(Delta * Interval.point(A), format), format)


def _chunked(asked: Asked, module: SSM, codes: Float[np.ndarray, "n s"], Q: int, format: FloatFormat) -> Interval:
    """The loop over chunks: the state takes what the chunk before has written, then it is read."""
    x, steps, prepared = asked.x.astype(np.float64), asked.steps, asked.prepared
    Delta, a = rates(module, format)
    V = held(Delta * Interval.point(x), format)
    powers = _powers(a, Q, format)
    found = Interval(np.empty((len(steps), x.shape[1])), np.empty((len(steps), x.shape[1])))
    X = Interval.point(np.zeros((codes.shape[1], x.shape[1])))
    for start in range(0, int(steps.max()) + 1, Q):
        part = slice(start, min(start + Q, len(x)))
        rows = np.flatnonzero((steps >= start) & (steps < start + Q))
        B = _coded(codes, prepared.position[part])
        if len(rows):
            local = steps[rows] - start
            C = Interval.point(_coded(codes, prepared.target[steps[rows]]))
            lag = local[:, None] - np.arange(len(B))[None, :]
            scores = product(C, Interval.point(B.T), format)
            weights = held(scores * _later(powers, lag), format)
            inside = product(weights, V[part], format)
            ahead = C if a is None else held(C * powers[local + 1][:, None], format)
            y = held(inside + product(ahead, X, format), format)
            found.lo[rows], found.hi[rows] = y.lo, y.hi
        X = _written(X, B, V[part], powers, a is not None, format)
    return found


def _written(
    X: Interval, B: Float[np.ndarray, "q s"], V: Interval, powers: Interval, forgets: bool, format: FloatFormat
) -> Interval:
    """The state after a chunk, the last one of them filled up by steps that write nothing and forget nothing."""
    if not forgets:
        return held(X + product(Interval.point(B.T), V, format), format)
    after = len(B) - 1 - np.arange(len(B))
    keys = held(Interval.point(B) * powers[after][:, None], format)
    return held(held(powers[len(B) : len(B) + 1] * X, format) + product(_transposed(keys), V, format), format)


def _powers(a: Interval | None, Q: int, format: FloatFormat) -> Interval:
    """a^k for k = 0 .. Q, as products of rounded numbers."""
    if a is None:
        return Interval.point(np.ones(Q + 1))
    k = np.arange(Q + 1)
    room = np.array([1.0 + growth(max(int(each) - 1, 0), format) for each in k])
    (lo,), (hi,) = a.lo.tolist(), a.hi.tolist()
    exact = lo == hi and lo in (0.0, 1.0)
    low, high = a.lo**k, a.hi**k
    return Interval(low, high) if exact else Interval(low / room, high * room)


def _later(powers: Interval, lag: np.ndarray) -> Interval:
    """The factor of each pair, 0 where the write comes after the read."""
    found, causal = powers[np.maximum(lag, 0)], lag >= 0
    return Interval(found.lo * causal, found.hi * causal)


def _coded(codes: Float[np.ndarray, "n s"], index: np.ndarray) -> Float[np.ndarray, "q s"]:
    """The codes of positions; 0 for what lies outside."""
    inside = (index >= 0) & (index < len(codes))
    return codes[np.where(inside, index, 0)] * inside[:, None]


def _transposed(x: Interval) -> Interval:
    return Interval(x.lo.T, x.hi.T)


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
    return held(sums[:, 1:] / sums[:, :1], format)


def _in_parts(count: int, size: int) -> Iterator[slice]:
    return (slice(k, min(k + size, count)) for k in range(0, count, size))
