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
from verify.copy.run import Run


def tolerance(run: Run, M: float, dtype: str) -> Float[np.ndarray, " C"]:
    """For each compared step, a bound of |y_i of the program - y_i of the second route| over all inputs in [-M,
    M]^d.
    """
    memory, T = run.prepared.memory, run.prepared.task.steps
    format = format_of(dtype)
    if isinstance(memory.module, Attention):
        return _attention(memory, run, M, format)
    if isinstance(memory.module, SSM):
        return _recurrence(_magnitude(memory, run, M), T, memory.d_h, format, *_coefficient(memory.module))
    return _gated(run, T, M, format)


def _magnitude(memory: Memory, run: Run, M: float) -> np.ndarray:
    """sum_j alpha_j sum_s |c_s| |b_js| |v_j|: with codes at most |code|^2 M Delta for each step so far
    (Cauchy-Schwarz).
    """
    codes = memory.encoding.codes
    if codes is None:
        return run.second.magnitude
    largest = float((codes.astype(np.float64) ** 2).sum(axis=1).max())
    return (run.steps[run.compared] + 1) * largest * M * memory.Delta


def _coefficient(module: SSM) -> tuple[int, int]:
    """Roundings and library calls of one forgetting coefficient a = exp(Delta A), as multiples of their relative
    effect.

    An argument Delta A = log a that is off by a factor 1 + r moves the exponential by a factor of about exp(r log a):
    the product's rounding and the softplus of Delta count |log a| times, rounded up, and the exponential's own error
    once.
    """
    if module.A is None or not np.isfinite(np.asarray(module.A)).all():
        return 0, 0
    times = math.ceil(abs(float(np.asarray(module.A))))
    return times, times + 1


def _recurrence(
    magnitude: np.ndarray, T: int, d_h: int, format: FloatFormat, roundings: int, calls: int
) -> Float[np.ndarray, " C"]:
    """The recurrence's own bound, with Delta's softplus and T coefficients computed rather than given."""
    relative = growth(recurrence_roundings(T, d_h) + T * roundings, format, library_calls=1 + T * calls)
    return magnitude * relative + recurrence_error(0.0, T, d_h, format)


def _gated(run: Run, T: int, M: float, format: FloatFormat) -> Float[np.ndarray, " C"]:
    """One state a channel and nothing forgotten: T additions, the products by Delta, the gate and c, and one addition
    where the part that all slots share (the leak) meets the difference of the written slot to it.

    Splitting that part off adds its magnitude twice more: |v - leak| + |leak| <= |v| + 2 |leak|.
    """
    relative = growth(T + 8, format, library_calls=2)
    leak = np.maximum(run.second.magnitude - M * run.prepared.memory.Delta, 0.0)
    return (run.second.magnitude + 2.0 * leak) * relative + recurrence_error(0.0, T, 1, format)


def _attention(memory: Memory, run: Run, M: float, format: FloatFormat) -> Float[np.ndarray, " C"]:
    assert isinstance(memory.module, Attention)
    assert memory.encoding.codes is not None
    scale = abs(float(np.asarray(memory.module.W_q.actions[TARGET, "key"].inner)))
    largest = scale * float((memory.encoding.codes.astype(np.float64) ** 2).sum(axis=1).max())
    score = dot_error(largest, memory.d_h, format)
    n = run.prepared.task.steps
    others = np.clip(run.second.worst / (2.0 * M), 0.0, 1.0)
    return np.array([attention_error(M, n, score, 2.0 * largest, format, float(other)) for other in others])
