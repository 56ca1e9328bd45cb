"""The memory that `verify copy` will need, estimated from the shapes before anything is allocated.

Upper estimates in bytes: the arrays that live at the same time, counted once each.  `tests` compare them with a run's
true peak.
"""

from constructions.attention import KEYS_AT_ONCE, queries_at_once
from verify.copy.run import ENTRIES_AT_ONCE, ROWS_AT_LEAST, SECOND_ROUTE_PRODUCTS
from verify.copy.settings import CopySettings
from verify.memory import process_bytes


def needed(N: int, settings: CopySettings) -> int:
    """Peak bytes of a run at N, over its modules, which run one after the other.  While a module runs, and while its
    outputs are compared, values, inputs and outputs live; what else it takes it gives back before.
    """
    beside = max(_scores(N, settings), *(_module(name, N, settings) for name in settings.modules))
    return process_bytes() + _sequence(N, settings) + beside


def _steps(N: int, settings: CopySettings) -> int:
    return 2 * N if settings.pos == "string" else N


def _item(settings: CopySettings) -> int:
    return {"float64": 8, "float32": 4}.get(settings.dtype, 2)


def _sequence(N: int, settings: CopySettings) -> int:
    """Values as they are drawn, inputs on the host and on the device, outputs, and for a text what decodes them in
    float64.
    """
    T, item = _steps(N, settings), _item(settings)
    drawn = 4 if settings.values == "uniform" and settings.dtype != "float64" else 8
    decoded = 3 * 8 * T * settings.d if settings.values == "text" else 0
    return N * settings.d * drawn + T * settings.d * 3 * item + decoded + 64 * T


def _scores(N: int, settings: CopySettings) -> int:
    """A block of scores of the second route in float64, and what is computed from it."""
    return 6 * 8 * max(ENTRIES_AT_ONCE, ROWS_AT_LEAST * _steps(N, settings))


def _module(name: str, N: int, settings: CopySettings) -> int:
    T, d, item = _steps(N, settings), settings.d, _item(settings)
    chunk = 128
    if name == "ssm-linear":
        dense = 6 * chunk * N * item if settings.execution == "dense" else 0
        return N * d * item + 2 * T * d * item + dense
    if name == "ssm-gated":
        listed = 12 if settings.execution == "dense" else 2
        return N * d * item + listed * T * d * item
    if name == "ssm-constant":
        widest = max(settings.d_h)
        squares = 3 * min(N, widest) ** 2 * 8  # products of keys, for the mean square
        return N * widest * (8 + item) + 7 * T * widest * item + T * d * item + squares
    codes = max(1, (T - 1).bit_length()) if settings.codes == "binary" else 2
    queries = min(queries_at_once(), max(2, SECOND_ROUTE_PRODUCTS // (T * d)))
    return 4 * T * codes * 8 + 3 * queries * min(T, KEYS_AT_ONCE) * item + 2 * T * d * item
