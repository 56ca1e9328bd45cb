"""What an export and its check need, estimated before anything is allocated."""

import math
from collections.abc import Sequence

from constructions.mamba import MambaBlock
from verify.errors import BadInput, quoted
from verify.export.mixer import Sizes, channels_of
from verify.export.model import padded_stream, sizes_of
from verify.export.settings import ExportSettings
from verify.memory import available_bytes, refuse_if_too_large
from verify.notation import number, size

BYTES = 40  # of one parameter while its tensors are made: float64 matrices, the map they come from, and the file
TENSORS = 4  # of shape (tokens, channels, d_state) that transformers' scan forms, and the bound's at one token


def model_bytes(sizes: Sizes, layers: int) -> int:
    """Peak memory of making the tensors of a model."""
    return BYTES * layers * sizes.channels * (3 * sizes.stream + 2 * sizes.rank + 3 * sizes.d_state)


def copy_sizes(settings: ExportSettings, N: int) -> Sizes:
    """The sizes of a copy of N values."""
    keyed, d = settings.layout == "d_state=N", settings.d
    stream = padded_stream(2 * d + 2 * N + 1)
    needed = 2 * d + 2 * N + 1 if keyed else 2 * N * d + N + 1
    return Sizes(stream, math.ceil(needed / stream), N if keyed else 1, 1 if keyed else 2 * N)


def check_bytes(settings: ExportSettings, N: int) -> int:
    """Peak memory of running a copy over N tokens in transformers."""
    sizes = copy_sizes(settings, N)
    return model_bytes(sizes, 1) + TENSORS * 4 * N * sizes.channels * sizes.d_state


def refuse_large_copy(settings: ExportSettings) -> None:
    """Raises BadInput for a copy that does not fit in memory."""
    asked = f"--N {settings.N} --d {settings.d} --layout {settings.layout}"
    refuse_if_too_large(asked, "--N", settings.N, lambda n: model_bytes(copy_sizes(settings, n), 1))


def refuse_large_gadget(settings: ExportSettings, blocks: Sequence[MambaBlock]) -> None:
    """Raises BadInput for a gadget whose tensors do not fit in memory."""
    needed = model_bytes(sizes_of(blocks, [len(channels_of(block)) for block in blocks]), len(blocks))
    if needed > (there := available_bytes()):
        given = f"--name {settings.name} --M {number(settings.M)}"
        raise BadInput(given, _too_large(needed, there), "a smaller --M")


def refuse_large_check(path: str, settings: ExportSettings) -> None:
    """Raises BadInput where transformers' scan, which forms all states of all tokens at once, does not fit."""
    if settings.what == "copy" and check_bytes(settings, settings.N) > (there := available_bytes()):
        needed = check_bytes(settings, settings.N)
        raise BadInput(f"check {quoted(path)}", _too_large(needed, there), "an export with a smaller --N")


def _too_large(needed: int, there: int) -> str:
    return f"would need about {size(needed)} of memory and {size(there)} are available"
