"""How far the float program of a module may be from real arithmetic on the same stored weights (bounds.rounding).

Only comparisons of the program with the second route use this; whether a module copies is decided against epsilon.
"""

import math

import numpy as np
from jaxtyping import Float

from bounds.formats import FloatFormat, format_of
from bounds.rounding import attention_error, dot_error, growth, recurrence_error, recurrence_roundings
from constructions.attention import Attention
from constructions.encoding import TARGET
from constructions.mamba import SSM
from constructions.memories.memory import Memory
from verify.copy.reach import largest_sum
from verify.copy.run import Run


def tolerance(run: Run, M: float, dtype: str) -> Float[np.ndarray, " C"]:
    """For each compared step, a bound of |y_i of the program - y_i of the second route| over all inputs in [-M,
    M]^d; inf where roundings may bring a sum past the largest number of the dtype, for nothing is promised then.
    """
    memory, T = run.prepared.memory, run.prepared.task.steps
    format = format_of(dtype)
    if isinstance(memory.module, Attention):
        return _attention(memory, run, M, format)
    if isinstance(memory.module, SSM):
        largest = largest_sum(memory.keys, run.prepared.task.N, memory.d_h)
        magnitude = _magnitude(memory, run, M)
        return _recurrence(magnitude, T, memory.d_h, format, *_coefficient(memory.module), M, largest)
    return _gated(run, T, M, format)


def _magnitude(memory: Memory, run: Run, M: float) -> np.ndarray:
    """sum_j alpha_j sum_s |c_s| |b_js| |v_j|: with codes at most |code|^2 M Delta for each step so far
    (Cauchy-Schwarz).
    """
    codes = memory.encoding.codes
    if codes is None:
        return run.second.magnitude
    return (run.steps[run.compared] + 1) * _largest_square(codes) * M * memory.Delta


def _largest_square(codes: np.ndarray) -> float:
    """max |code|^2 in float64."""
    return float(np.einsum("ij,ij->i", codes, codes, dtype=np.float64, casting="safe").max())


def _coefficient(module: SSM) -> tuple[int, int]:
    """Roundings and library calls of one forgetting coefficient a = exp(Delta A), as multiples of their relative
    effect.

    An argument Delta A = log a that is off by a factor 1 + r moves the exponential by a factor of about exp(r log a):
    the product's rounding and the softplus of Delta (two roundings, two library calls: bounds.rounding.softplus_error)
    count |log a| times, rounded up, and the exponential's own error once.
    """
    if module.A is None or not np.isfinite(np.asarray(module.A)).all():
        return 0, 0
    times = math.ceil(abs(float(np.asarray(module.A))))
    return 3 * times, 2 * times + 1


def _recurrence(
    magnitude: np.ndarray, T: int, d_h: int, format: FloatFormat, roundings: int, calls: int, M: float, largest: int
) -> Float[np.ndarray, " C"]:
    """The recurrence's own bound, with Delta's softplus and T coefficients computed rather than given.

    largest: of the sums of moduli, in units of M; 1 says that every sum has one term, to which nothing is added.
    """
    relative = growth(recurrence_roundings(T, d_h) + 2 + T * roundings, format, library_calls=2 + T * calls)
    if largest > 1 and not largest * M * (1 + relative) <= format.max:
        return np.full(len(magnitude), np.inf)
    return magnitude * relative + _underflow(T, d_h, M, format)


def _gated(run: Run, T: int, M: float, format: FloatFormat) -> Float[np.ndarray, " C"]:
    """One state a channel and nothing forgotten: T additions, the products by Delta, the gate and c, Delta's softplus
    (two roundings, two library calls) and the gate's silu, and what the sparse execution adds where it splits off the
    part that all slots share, the leak (bounds.rounding.recurrence_error): two roundings and 2 |leak|.
    """
    relative = growth(T + 10, format, library_calls=3)
    leak = np.maximum(run.second.magnitude - M * run.prepared.memory.Delta, 0.0)
    # A slot's own value passes few additions: the leak is summed up apart from it.
    if not M * (1 + growth(10, format, library_calls=3)) + 2 * float(leak.max()) * (1 + relative) <= format.max:
        return np.full(len(leak), np.inf)
    return (run.second.magnitude + 2.0 * leak) * relative + _underflow(T + 1, 1, M, format)


def _underflow(T: int, d_h: int, M: float, format: FloatFormat) -> float:
    """What a recurrence loses below the normal range: of the later factors b, c and v, only v exceeds 1, up to M."""
    return recurrence_error(0.0, T, d_h, format) * max(1.0, M)


def _attention(memory: Memory, run: Run, M: float, format: FloatFormat) -> Float[np.ndarray, " C"]:
    assert isinstance(memory.module, Attention)
    assert memory.encoding.codes is not None
    scale = abs(float(np.asarray(memory.module.W_q.actions[TARGET, "key"].inner)))
    largest = scale * _largest_square(memory.encoding.codes)
    score = dot_error(largest, memory.d_h, format)
    n = run.prepared.task.steps
    others = np.clip(run.second.worst / (2.0 * M), 0.0, 1.0)
    # Numerators and denominators are at most M, or 1, over the weight of pos.
    summed = max(M, 1.0) / (1.0 - min(float(others.max()), 1.0 - 2.0**-52)) * (1 + growth(2 * n + 1, format, 2))
    if not max(summed, largest + score) <= format.max:
        return np.full(len(others), np.inf)
    return np.array([attention_error(M, n, score, 2.0 * largest, format, float(other)) for other in others])
