"""How far the outputs of a sweep's runs may be from real arithmetic on the same stored weights (bounds.rounding).

Sharper than `verify.copy.tolerance` where the break point of a cell would else be lost in the tolerance:

*Exact memories* (one-hot keys, nothing forgotten): each sum has one term that is not 0, so only its own four products
and Delta's two roundings and two library calls count.  What is recorded is copied bit by bit.

*ssm-constant.*  y_i = sum_j alpha_ij (c_i^T b_j) Delta x_j is summed term by term with each term's own roundings.  With
m = i - j, term j passes
  - 4 products, by Delta, b, c and alpha, and the two roundings and two library calls of Delta (softplus);
  - m products by coefficients, each of them an exponential whose argument log a carries three roundings and two
    library calls: off by a factor 1 + r, it moves the result by a factor of exp(r log a) at most, r <= growth(3, 2
    calls); and one library call for the exponential itself;
  - additions: to the state, once at each later step, at most m + 1; or in chunks, at most m and
    `constructions.chunked.joined_additions`; then d_h - 1 over the state's entries, one where a chunk's own part is
    joined, and one to spare.
So |computed - exact| <= Delta M sum_j alpha_ij sum_s |c_s| |b_js| growth(...), and what underflows.

*ssm-gated*, sparse: the slot's own value and the leak that all slots share are carried apart.  The former, at most
M Delta + 2 leaks, is written once and never added to: the two roundings of Delta, the products by Delta for itself and
for the leak, their difference, the sum of both parts, the gate (two roundings), the product by it, b and c, and one to
spare are 12, with 3 library calls.  The latter, at most 2 leaks, is a sum of T terms.
"""

import math

import numpy as np
from jaxtyping import Float, Int

from bounds.formats import FloatFormat, format_of
from bounds.rounding import LARGEST_LOGARITHM, LIBRARY_ULPS, growth, recurrence_error
from constructions.chunked import joined_additions
from constructions.mamba import SSM, MambaBlock
from constructions.memories.memory import Memory
from constructions.recurrence import Execution
from verify.independent import recorded_Delta


def is_exact(memory: Memory) -> bool:
    """Whether every sum has a single term that is not 0, multiplied by 1."""
    module, codes = memory.module, memory.encoding.codes
    one_hot = codes is None or (memory.keys == "projection" and codes.shape[1] >= len(codes))
    return isinstance(module, SSM) and module.A is None and one_hot


def exact_tolerance(memory: Memory, count: int, dtype: str, M: float = 1.0) -> Float[np.ndarray, " R"]:
    """The bound for `count` outputs of an exact memory against Delta x with the Delta of real arithmetic."""
    format = format_of(dtype)
    relative = growth(7, format, library_calls=2)
    lost = 8 * float(format.underflow) * (1 + relative) * max(1.0, M)
    return np.full(count, relative * memory.Delta * M + lost)


def constant_tolerance(
    memory: Memory,
    target: Int[np.ndarray, " R"],
    steps: Int[np.ndarray, " R"],
    written: int,
    length: int,
    execution: str,
    dtype: str,
) -> Float[np.ndarray, " R"]:
    """The bound for the outputs at `steps`, which ask for `target`; `written` positions are written, one a step from
    0 on; values in [-1, 1].  inf where the bound leaves float64: then nothing is promised.
    """
    format, codes = format_of(dtype), memory.encoding.codes
    assert codes is not None
    factor = lag_factors(memory, int(steps.max()) + 1, length, execution, format)
    query, key = np.abs(codes[target].astype(np.float64)), np.abs(codes[:written].astype(np.float64))
    distance, products = steps[:, None] - np.arange(written)[None, :], query @ key.T
    counts = (distance >= 0) & (products > 0)  # nothing times an unbounded factor is nothing
    terms = np.zeros_like(products)
    np.multiply(products, factor[np.maximum(distance, 0)], out=terms, where=counts)
    lost = recurrence_error(0.0, int(steps.max()) + 1, memory.d_h, format)
    return recorded_Delta(memory) * terms.sum(axis=1) + lost


def lag_factors(
    memory: Memory, lags: int, length: int, execution: str, format: FloatFormat
) -> Float[np.ndarray, " lags"]:
    """alpha growth(...) of the term that was written m steps before the output, for m = 0 .. lags - 1, of an SSM with
    one scalar A, run over `length` steps.
    """
    module = memory.module
    assert isinstance(module, SSM)
    A = 0.0 if module.A is None else float(np.asarray(module.A))
    log_a = recorded_Delta(memory) * (0.0 if np.isneginf(A) else A)
    forgets = int(module.A is not None)
    joined = joined_additions(length) if execution == Execution.CHUNKED.value else 2
    lag = np.arange(lags)
    moved = lag * abs(log_a) * growth(3, format, library_calls=2)
    once = 6 + joined + memory.d_h + 1
    factor = _grown(once + lag * (1 + forgets), 2 + lag * forgets, moved, log_a * lag, format)
    return np.where(lag > 0, 0.0, factor) if np.isneginf(A) else factor


def gated_tolerance(
    memory: Memory, worst: Float[np.ndarray, " R"], steps: int, dtype: str, M: float = 1.0
) -> Float[np.ndarray, " R"]:
    """The bound for outputs whose exact worst case is `worst`, after at most `steps` steps; values in [-M, M]."""
    assert isinstance(memory.module, MambaBlock)
    format = format_of(dtype)
    own, shared = growth(12, format, library_calls=3), growth(steps + 12, format, library_calls=3)
    lost = recurrence_error(0.0, steps + 1, 1, format) * max(1.0, M)
    return own * (M * memory.Delta + 2 * worst) + shared * 2 * worst + lost


def _grown(
    roundings: np.ndarray, calls: np.ndarray, moved: np.ndarray, log_alpha: np.ndarray, format: FloatFormat
) -> Float[np.ndarray, " K"]:
    """alpha `bounds.rounding.growth`(roundings, calls), with exp(moved) as one more factor, for many counts; in
    logarithms, since a factor that overflows may meet an alpha that vanishes.
    """
    u = float(format.unit_roundoff)
    logarithm = roundings * math.log1p(u) + calls * math.log1p(2 * LIBRARY_ULPS * u) + moved
    whole = logarithm + log_alpha
    bounded = -np.expm1(-logarithm) * np.exp(np.minimum(whole, LARGEST_LOGARITHM))
    return np.where(whole < LARGEST_LOGARITHM, bounded, np.inf)
