"""A memory that forgets, judged while it is timed: its outputs in blocks of steps against the second route.

What was written m steps before an output weighs alpha_m = a^m there, so that all but the last WINDOW values hardly
count.  At each step of BLOCKS blocks, evenly spread and with both ends of the run, the scores of `verify.independent`
(NumPy float64 on the host, from the stored weights) weigh those values.  For values in [-1, 1] an output may be off by

    Delta sum_{m <= WINDOW} |c|^T |b_j| alpha_m growth(...)             its rounding (verify.sweep.tolerance), and
    Delta sum_{m > WINDOW} max_j |c|^T |b_j| alpha_m (1 + growth(...))  what the window leaves out,

and by what underflows.  alpha_m growth(...) is `lag_factors`, and |c|^T |b_j| <= d_h k^2, k the largest modulus of an
entry of a key.
"""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from bounds.formats import format_of
from bounds.rounding import recurrence_error
from constructions.mamba import SSM
from constructions.memories.memory import Memory
from constructions.recurrence import Execution
from verify.bench.memories import posed, ran
from verify.copy.modules import as_stored
from verify.copy.task import Task
from verify.independent import recorded_Delta, scores, weighed
from verify.sweep.tolerance import lag_factors

WINDOW = 4096  # 0.99^4096 is 1e-18
BLOCK, BLOCKS = 64, 16
DTYPE = "float32"


def judged(memory: Memory, execution: Execution) -> tuple[float, tuple[float, float]]:
    """Seconds of the module by that execution, and `distance` of what it put out."""
    seconds, outputs, _ = ran(memory, execution)
    return seconds, distance(memory, outputs, execution)


def distance(memory: Memory, outputs: Float[jax.Array, "N d"], execution: Execution) -> tuple[float, float]:
    """The error of an output and what is allowed, both relative to the largest output looked at: of the output that is
    nearest to its bound, or farthest beyond it; NaN counts as beyond.

    Raises ValueError for a module that is not of Eq. 6 with a forgetting coefficient in (0, 1).
    """
    made, x = posed(memory)
    stored = as_stored(memory, jnp.dtype(DTYPE))
    room, found, largest = _Room(stored, len(x), execution), [], 0.0
    for first, start, end in _windows(len(x)):
        S = scores(stored, made.position[first:end], made.target[first:end], np.arange(start, end) - first)
        y = recorded_Delta(stored) * weighed(S, x[first:end])
        off = np.abs(np.asarray(outputs[start:end], np.float64) - y).max(axis=1)
        found.append(np.stack([off, room.of(made, first, start, end)], axis=1))
        largest = max(largest, float(np.abs(y).max()))
    error, allowed = (every := np.concatenate(found))[:, 0], every[:, 1]
    share = np.where(np.isnan(error), np.inf, error / allowed)
    worst = int(share.argmax())
    return float(error[worst]) / largest, float(allowed[worst]) / largest


def _windows(N: int) -> Iterator[tuple[int, int, int]]:
    """first, start, end of each block: outputs of the steps from start to end are looked at, values from first on."""
    size = min(BLOCK, N)
    for start in np.unique(np.linspace(0, N - size, BLOCKS).round().astype(np.int64)):
        yield max(0, int(start) - WINDOW), int(start), int(start) + size


class _Room:
    """What outputs of a run over N steps may be off by: see the head of this file."""

    def __init__(self, stored: Memory, N: int, execution: Execution) -> None:
        module, codes, format = stored.module, stored.encoding.codes, format_of(DTYPE)
        if not isinstance(module, SSM) or codes is None or module.A is None or isinstance(module.A, dict):
            raise ValueError("judged by its last values is an SSM of Eq. 6 with codes as keys and one A < 0")
        self.codes, self.Delta = codes, recorded_Delta(stored)
        self.factor = lag_factors(stored, N, N, execution.value, format)
        alpha = np.exp(self.Delta * float(np.asarray(module.A)) * np.arange(N))
        self.older = _older(self.factor + alpha) * stored.d_h * float(max(codes.max(), -codes.min())) ** 2
        self.lost = recurrence_error(0.0, N, stored.d_h, format)

    def of(self, made: Task, first: int, start: int, end: int) -> Float[np.ndarray, " R"]:
        """For the outputs of the steps from start to end."""
        query, key = (self.codes[index] for index in (made.target[start:end], made.position[first:end]))
        terms = np.abs(query.astype(np.float64)) @ np.abs(key.astype(np.float64)).T
        lag = np.arange(start, end)[:, None] - np.arange(first, end)
        terms *= np.where(lag >= 0, self.factor[np.maximum(lag, 0)], 0.0)
        return self.Delta * (terms.sum(axis=1) + (self.older if first else 0.0)) + self.lost


def _older(weights: Float[np.ndarray, " N"]) -> float:
    """The sum over what a window leaves out."""
    return float(weights[WINDOW + 1 :].sum())
