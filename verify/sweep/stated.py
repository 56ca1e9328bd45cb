"""What a construction states, against its weights as derived, in float64: the predictions of a sweep come from the
weights that are run, so a construction that is wrong would be predicted to be.

- `ssm-linear`, `ssm-gated`, `attention` state the error within which they copy: the exact worst case stays below it.
- `ssm-constant` states what is left of a value L - 1 steps later, S_pos = a^(L-1) p with p = min(1, d_h/N), since its
  score matrix is a projection with equal diagonal entries.  With nothing forgotten, the mean square error over values
  of one variance is then 1 - p: 1 - 2 S_pos + sum_j S_j^2 is 1 - 2 p + p.

Rounding of float64.  S_pos: log a carries three roundings and two library calls to Delta A, the exponential one, and
the power repeats it L - 1 times; two roundings of a itself; the codes' product d_h + 9 and two calls.  The mean square:
an angle below pi d_h, four roundings, is off by delta = pi d_h growth(4), and cos and sin by a factor, so a pair's
product of length 2/N moves by at most 2/N (2 delta + delta^2), a score by e = p (2 delta + delta^2), and a row of
N of them, of norm sqrt(p), by at most e sqrt(N).
"""

import math

import numpy as np
from jaxtyping import Int

from bounds.exact import ssm_worst_case
from bounds.formats import format_of
from bounds.rounding import growth
from verify.copy.tolerance import derived_rounding
from verify.independent import recorded_Delta, scores
from verify.sweep.grid import Run
from verify.sweep.memories import as_derived, task_of

FLOAT64 = format_of("float64")
ROWS = 3  # of the judged steps, evenly spread and with both ends


def beyond_stated(run: Run, steps: Int[np.ndarray, " R"]) -> tuple[float, float]:
    """How far the weights as derived are from what is stated of them, and how far rounding may bring them."""
    steps = steps[np.unique(np.linspace(0, len(steps) - 1, min(ROWS, len(steps))).round().astype(np.int64))]
    memory, task = as_derived(run), task_of(run)
    pos, S = task.target[steps], scores(memory, task.position[: run.N], task.target, steps)
    if run.module != "ssm-constant":
        Delta, stated = recorded_Delta(memory), memory.stated_error or 0.0
        worst = float(ssm_worst_case(S, pos, 1.0, Delta).max())
        return max(worst - stated, 0.0), derived_rounding(memory, run.steps, stated, Delta)
    kept, p = S[np.arange(len(S)), pos], min(1.0, run.d_h / run.N)
    if run.L is None:
        mean_square = 1.0 - 2.0 * kept + (S * S).sum(axis=1)
        return float(np.abs(mean_square - (1.0 - p)).max()), _mean_square_rounding(run, p)
    left = float(run.a) ** (run.L - 1) * p
    return float(np.abs(kept - left).max()), _kept_rounding(run, run.L - 1, left)


def _kept_rounding(run: Run, lag: int, left: float) -> float:
    a_step = -math.log(run.a) * growth(3, FLOAT64, library_calls=2) + growth(2, FLOAT64, library_calls=1)
    relative = (1 + growth(run.d_h + 9, FLOAT64, library_calls=2)) * math.exp(lag * a_step) - 1
    return relative * left + run.d_h * float(FLOAT64.underflow)


def _mean_square_rounding(run: Run, p: float) -> float:
    delta = math.pi * run.d_h * growth(4, FLOAT64) + growth(1, FLOAT64, library_calls=1)
    e = p * (2 * delta + delta * delta) * math.sqrt(run.N)
    moved = 2 * e * (1 + math.sqrt(p)) + e * e
    return moved + growth(run.N + run.d_h + 9, FLOAT64, library_calls=2) * (1 + 2 * p + p)
