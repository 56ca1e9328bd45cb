"""The memory that `verify copy` will need, estimated from the shapes before anything is allocated.

Upper estimates in bytes: the arrays that live at the same time, counted once each.  `tests` compare them with a run's
true peak.
"""

import numpy as np

from verify.copy.run import ENTRIES_AT_ONCE
from verify.copy.settings import CopySettings

INTERPRETER = 400 * 2**20  # Python, NumPy, JAX and its compiler


def needed(N: int, settings: CopySettings) -> int:
    """Peak bytes of a run at N, over its modules, which run one after the other."""
    return INTERPRETER + _sequence(N, settings) + max(_module(name, N, settings) for name in settings.modules)


def _steps(N: int, settings: CopySettings) -> int:
    return 2 * N if settings.pos == "string" else N


def _item(settings: CopySettings) -> int:
    return {"float64": 8, "float32": 4}.get(settings.dtype, 2)


def _sequence(N: int, settings: CopySettings) -> int:
    """Values and inputs on the host and the device, outputs and what is wanted, and the float64 copies of the
    comparison.
    """
    T, item = _steps(N, settings), _item(settings)
    return T * settings.d * (5 * item + 3 * 8) + 64 * T + 8 * 8 * ENTRIES_AT_ONCE


def _module(name: str, N: int, settings: CopySettings) -> int:
    T, d, item = _steps(N, settings), settings.d, _item(settings)
    chunk = 128
    if name == "ssm-linear":
        dense = 6 * chunk * N * item if settings.execution == "dense" else 0
        return 2 * N * d * item + 2 * T * d * item + dense
    if name == "ssm-gated":
        return 3 * N * d * item + 12 * T * d * item
    if name == "ssm-constant":
        widest = max(settings.d_h)
        return 4 * N * widest * 8 + 6 * T * widest * item
    codes = int(np.ceil(np.log2(max(T, 2)))) if settings.codes == "binary" else 2
    return 4 * T * codes * 8 + 3 * 512 * T * item + 2 * T * d * item
