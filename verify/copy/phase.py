"""The phase change at N = d_h: the constant-size module on the string task at growing N, measured beside its closed
forms.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from bounds.converse import mean_square_floor
from constructions.encoding import VALUES
from constructions.mamba import SSM
from constructions.rows import VOID
from constructions.run import run_ssm
from verify.copy.modules import Prepared, prepare, worst_values
from verify.copy.run import second_route
from verify.copy.settings import CopySettings
from verify.copy.task import task, uniform_values

LARGEST_N = 4096
PANELS = 4  # of the figure: so many d_h of a list, the least, are measured so


@dataclass(frozen=True)
class Point:
    """One N.  worst: the exact worst case; reached: measured on the values that attain it; mean_square: the measured
    root-mean-square error on uniform values, relative to theirs; floor: the least possible one, sqrt(1 - d_h/N).
    """

    N: int
    worst: float
    reached: float
    mean_square: float
    floor: float


def phase(settings: CopySettings, d_h: int, advance: Callable[[int], None]) -> list[Point]:
    """The points, N doubling and close to d_h.  All runs share one compiled program: sequences are padded by steps that
    neither write nor read.
    """
    points, tested = [], sizes(settings, d_h)
    program = jax.jit(lambda module, x: run_ssm(module, x)[VALUES].dense())
    for N in tested:
        points.append(_point(N, tested[-1], d_h, settings, program))
        advance(1)
    return points


def sizes(settings: CopySettings, d_h: int) -> list[int]:
    """Powers of two from 4 on, and the neighbours of d_h; the last one is the largest."""
    largest = min(LARGEST_N, max(max(settings.N), 2 * d_h))
    doubling = [2**k for k in range(2, 64) if 2**k <= largest]
    return sorted({n for n in (*doubling, d_h - 1, d_h, d_h + 1, d_h + 2, largest) if 1 <= n <= largest})


def _point(N: int, largest: int, d_h: int, settings: CopySettings, program: Callable) -> Point:
    strings, M, d = task("string", N, settings.seed), float(settings.M), settings.d
    both = prepare("ssm-constant", strings, d_h, replace(settings, d=2 * d))  # two sets of values side by side
    judged = np.arange(N, 2 * N)
    second = second_route(both, np.zeros((2 * N, 0)), judged, M)
    worst = worst_values(both, int(judged[second.worst.argmax()]), d, M)
    uniform = uniform_values(N, d, M, settings.seed, np.dtype(np.float64))
    values = np.concatenate([worst, uniform], axis=1).astype(jnp.dtype(settings.dtype))
    off = _error(both, values, largest, program)
    mean_square = float(np.sqrt((off[:, d:] ** 2).mean() / ((both.memory.Delta * uniform) ** 2).mean()))
    reached, floor = float(np.abs(off[:, :d]).max()), mean_square_floor(N, min(d_h, N))
    return Point(N, float(second.worst.max()), reached, mean_square, floor)


def _error(prepared: Prepared, values: np.ndarray, largest: int, program: Callable) -> np.ndarray:
    """y - v_pos over the judged steps, of a run padded to 2 `largest` steps."""
    N, memory, dtype = prepared.task.N, prepared.memory, values.dtype
    silent = np.full(2 * (largest - N), VOID)
    position, target = (np.concatenate([part, silent]) for part in (prepared.position, prepared.target))
    x = np.concatenate([prepared.task.sequence(values), np.zeros((len(silent), values.shape[1]), dtype)])
    assert isinstance(memory.module, SSM)
    y = np.asarray(program(memory.module, memory.encoding.stream(x, position, target, dtype)))[N : 2 * N]
    return y.astype(np.float64) - (np.asarray(memory.Delta, dtype) * values).astype(np.float64)
