"""The memory that a sweep will need in bytes, estimated upwards from the shapes before anything is allocated; and which
runs are too large for one device.
"""

from fractions import Fraction

from jax.sharding import Mesh

from bounds.formats import format_of
from constructions.chunked import chunk_length, chunks_together
from constructions.sparse import OTHERWISE_AT_ONCE
from verify.memory import process_bytes
from verify.sweep.grid import D, Run
from verify.sweep.memories import KEPT
from verify.sweep.programs import JUDGED, kind_of
from verify.sweep.settings import SweepSettings


def needed(N: int, settings: SweepSettings, devices: int, *, shared: bool) -> int:
    """Peak bytes of this machine's memory for the sweep's largest runs at N, one for each of so many devices.  shared:
    whether the devices have no other memory, as CPUs.
    """
    each = on_device if shared else _signals
    return process_bytes() + max(_kept(run) + devices * (_on_host(run) + each(run)) for run in _largest(N, settings))


def needed_of_each(N: int, settings: SweepSettings, devices: int) -> int:
    """Peak bytes of every device's own memory where so many share each of the largest runs."""
    return max(-(-on_device(run) // devices) for run in _largest(N, settings))


def on_device(run: Run) -> int:
    """Peak bytes of the run's program: values and codes of every step, the state, what a step or a chunk makes."""
    kind, item = kind_of(run), format_of(run.dtype).bits // 8
    length, codes = kind.length, kind.codes
    state = {"ssm-constant": 3 * codes * D, "attention": 3 * JUDGED * length}.get(run.module, 6 * length * D)
    pairs = 3 * OTHERWISE_AT_ONCE**2 if run.module in ("ssm-linear", "ssm-gated") and item == 2 else 0
    return _signals(run) + (state + pairs) * max(item, 4)


def smallest_room(mesh: Mesh) -> int | None:
    """Bytes that may be taken of the memory of each device of the mesh; None where the devices do not tell, as CPUs."""
    told = [(device.memory_stats() or {}).get("bytes_limit") for device in mesh.local_devices]
    limits = [limit for limit in told if limit is not None]
    return min(limits) if len(limits) == len(told) else None


def _largest(N: int, settings: SweepSettings) -> list[Run]:
    """The runs that take most, of each module and dtype."""
    return [
        Run(module, N, L, max(settings.d_h), Fraction(1), Fraction(1), dtype, 0)
        for module in settings.modules
        for dtype in settings.dtypes
        for L in ((1, None) if module == "ssm-constant" else (1,))
    ]


def _signals(run: Run) -> int:
    """Values and codes of every step, as the program is given them and as it holds them."""
    kind, item = kind_of(run), format_of(run.dtype).bits // 8
    return kind.length * (4 * D * item + 4 * kind.codes * item + 64)


def _on_host(run: Run) -> int:
    return 3 * 8 * run.N * D + 16 * 8 * JUDGED * run.N + of_enclosure(run)


def of_enclosure(run: Run) -> int:
    """Of ssm-constant in 16 bits, what verify.sweep.chunks holds beside its codes: a dozen numbers for every key of a
    chunk; and of states both ends for each length of a block, and as many again as a dozen ends while two are joined.
    """
    if run.module != "ssm-constant" or format_of(run.dtype).bits > 16:
        return 0
    length = kind_of(run).length
    Q = chunk_length(length)
    ends = 2 * chunks_together(length, Q).bit_length() + 12
    return 8 * run.d_h * (12 * Q + ends * D)


def _kept(run: Run) -> int:
    item = format_of(run.dtype).bits // 8
    return (4 * 8 + KEPT * item) * run.N * kind_of(run).codes
