"""How far the float program of a module may be from real arithmetic on the same stored weights (bounds.rounding).

Only comparisons of the program with the second route use this; whether a module copies is decided against epsilon.
"""

import math

import numpy as np
from jaxtyping import Float

from bounds.formats import FloatFormat, format_of
from bounds.rounding import attention_error, circle_score_error, dot_error, growth, recurrence_error
from constructions.attention import Attention
from constructions.encoding import TARGET
from constructions.mamba import SSM, MambaBlock
from constructions.memories.gated import MEMORY
from constructions.memories.memory import Memory
from constructions.recurrence import Execution
from verify.copy.reach import largest_sum
from verify.copy.run import Run
from verify.independent import recorded_Delta
from verify.sweep.tolerance import exact_tolerance, gated_tolerance, is_exact, lag_factors


def tolerance(run: Run, M: float, dtype: str) -> Float[np.ndarray, " C"]:
    """For each compared step, a bound of |y_i of the program - y_i of the second route| over all inputs in [-M,
    M]^d; inf where roundings may bring a sum past the largest number of the dtype, for nothing is promised then.
    """
    memory, format = run.prepared.memory, format_of(dtype)
    if isinstance(memory.module, Attention):
        others = run.second.apart / (2.0 * M)
        return attention_tolerance(memory, run.prepared.task.steps, others, run.second.capped, M, dtype)
    if is_exact(memory):
        return exact_tolerance(memory, len(run.compared), dtype, M)
    if isinstance(memory.module, SSM):
        return _constant(run, M, format)
    return _gated(run, M, dtype)


def attention_tolerance(
    memory: Memory, T: int, others: Float[np.ndarray, " C"], capped: Float[np.ndarray, " C"], M: float, dtype: str
) -> Float[np.ndarray, " C"]:
    """The bound for outputs of a head over T positions, by the weights of each (`bounds.rounding.attention_error`),
    which NumPy has summed up in float64.
    """
    assert isinstance(memory.module, Attention)
    assert memory.encoding.codes is not None
    format, summed = format_of(dtype), 1 + growth(2 * T + 2, format_of("float64"), library_calls=2)
    others, capped = np.clip(summed * others, 0.0, 1.0), summed * capped
    largest = _sharpness(memory.module) * _largest_square(memory.encoding.codes)
    score = dot_error(largest, memory.d_h, format)
    # Numerators and denominators are at most M, or 1, over the weight of pos.
    most = max(M, 1.0) / (1.0 - min(float(others.max()), 1.0 - 2.0**-52)) * (1 + growth(2 * T + 1, format, 2))
    if not max(most, largest + score) <= format.max:
        return np.full(len(others), np.inf)
    weights = zip(others, capped, strict=True)
    return np.array([attention_error(M, T, score, 2.0 * largest, format, float(o), float(c)) for o, c in weights])


def derived_rounding(memory: Memory, T: int, stated: float, scale: float) -> float:
    """How far the worst case that NumPy float64 finds for weights as derived, over T steps, may lie above `stated`
    although the real weights keep it; scale: M Delta.

    A worst case is a sum of T weights and the distance of one of them from 1, each a few library calls: growth(T, 3
    calls) of at most stated + scale.  Before that, the others' weights are exponentials:
    - of attention's score differences, with E the error of a score: the dot product's own, the subtraction of the
      largest, the codes' (exact where they are bits), and the scale's, s = log(..) / 2 of an argument that three
      library calls make.  Their share of the whole weight is off by a factor of at most exp(2 E);
    - of ssm-gated's closed gate S = y + log(1 - e^-y), y <= log 2, through softplus.
    """
    form, module = format_of("float64"), memory.module
    E = 0.0
    if isinstance(module, Attention):
        assert memory.encoding.codes is not None
        sharpness, square = _sharpness(module), _largest_square(memory.encoding.codes)
        largest = sharpness * square
        E = dot_error(largest, memory.d_h, form) + largest * growth(4, form, library_calls=1)
        E += square * growth(4, form, library_calls=3)
        E += circle_score_error(sharpness, form) if memory.keys == "circle" else 0.0
    elif isinstance(module, MambaBlock):
        (rate,) = np.unique(module.ssm.W_Delta2.actions["off", MEMORY].inner)
        E = (abs(float(rate)) + 2) * growth(4, form, library_calls=3)
    moved = math.expm1(2 * E) * stated
    return moved + growth(T + 1, form, library_calls=3) * (stated + moved + scale)


def _sharpness(module: Attention) -> float:
    """The factor of the scores."""
    return abs(float(np.asarray(module.W_q.actions[TARGET, "key"].inner)))


def _largest_square(codes: np.ndarray) -> float:
    """max |code|^2 in float64."""
    return float(np.einsum("ij,ij->i", codes, codes, dtype=np.float64, casting="safe").max())


def _constant(run: Run, M: float, format: FloatFormat) -> Float[np.ndarray, " C"]:
    """Term by term as in verify.sweep.tolerance, but with |code|^2 in the place of sum_s |c_s| |b_js| (Cauchy-Schwarz),
    so that a term depends on its lag alone.  The steps 0 .. N-1 write, so step i has the lags i - N + 1 .. i.

    A sum of moduli, at most largest_sum M, passes the largest number at most by its own roundings.
    """
    memory, task = run.prepared.memory, run.prepared.task
    factor = lag_factors(memory, task.steps, task.steps, run.execution, format)
    largest = largest_sum(memory.keys, task.N, memory.d_h) * M
    if not largest * (1 + float(factor.max())) <= format.max:
        return np.full(len(run.compared), np.inf)
    steps = run.steps[run.compared]
    summed = np.concatenate([[0.0], np.cumsum(factor)])
    terms = summed[steps + 1] - summed[np.maximum(steps + 1 - task.N, 0)]
    terms += growth(task.steps, format_of("float64")) * summed[steps + 1]  # of the sums themselves
    codes = memory.encoding.codes  # None: one-hots
    weight = (1.0 if codes is None else _largest_square(codes)) * M * recorded_Delta(memory)
    return weight * terms + _underflow(task.steps, memory.d_h, M, format)


def _gated(run: Run, M: float, dtype: str) -> Float[np.ndarray, " C"]:
    """One state a channel and nothing forgotten.  Sparse, the slot's own value and the leak are carried apart
    (verify.sweep.tolerance), and a slot's own value passes few additions; else T additions, the products by Delta, the
    gate and c, Delta's softplus (two roundings, two library calls) and the gate's silu.
    """
    T, leak, format = run.prepared.task.steps, run.second.apart, format_of(dtype)
    relative = growth(T + 10, format, library_calls=3)
    if not M * (1 + growth(10, format, library_calls=3)) + 2 * float(leak.max()) * (1 + relative) <= format.max:
        return np.full(len(leak), np.inf)
    if run.execution == Execution.SPARSE.value:
        return gated_tolerance(run.prepared.memory, leak, T, dtype, M)
    return (run.second.magnitude + 2.0 * leak) * relative + _underflow(T + 1, 1, M, format)


def _underflow(T: int, d_h: int, M: float, format: FloatFormat) -> float:
    """What a recurrence loses below the normal range: of the later factors b, c and v, only v exceeds 1, up to M."""
    return recurrence_error(0.0, T, d_h, format) * max(1.0, M)
