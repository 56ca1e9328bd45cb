"""The memory that a sweep will need in bytes, estimated upwards from the shapes before anything is allocated."""

from fractions import Fraction

from bounds.formats import format_of
from verify.copy.memory import INTERPRETER
from verify.sweep.grid import D, Run
from verify.sweep.programs import JUDGED, kind_of
from verify.sweep.settings import SweepSettings

KEPT = 4  # memories with their codes (verify.sweep.measure)


def needed(N: int, settings: SweepSettings) -> int:
    """Peak bytes of the sweep's largest runs at N."""
    runs = [
        Run(module, N, L, max(settings.d_h), Fraction(1), Fraction(1), dtype, 0)
        for module in settings.modules
        for dtype in settings.dtypes
        for L in ((1, None) if module == "ssm-constant" and 1 in settings.a_min else (1,))
    ]
    return INTERPRETER + max(map(_run, runs))


def _run(run: Run) -> int:
    kind, item = kind_of(run, 1), format_of(run.dtype).bits // 8
    length, codes = kind.length, kind.codes
    values = 3 * 8 * run.N * D + 4 * length * D * item
    scores = 16 * 8 * JUDGED * run.N
    kept = (3 * 8 + KEPT * item) * run.N * codes + 4 * length * codes * item
    state = {"ssm-constant": 3 * codes * D, "attention": 3 * JUDGED * length}.get(run.module, 6 * length * D)
    chunk = 6 * 128 * length if run.module == "ssm-linear" and item == 2 else 0  # dense one-hots of a chunk
    return values + scores + kept + (state + chunk) * max(item, 4) + 64 * length
