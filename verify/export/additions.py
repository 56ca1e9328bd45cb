"""What the released block adds to Eq. 1-3: Theorem 3's copy with each addition left as it is, the others neutralised.

One task, one mixer, evaluated in PyTorch: the error of the copy says whether the paper's simplification matters for its
theorem, or is one that weights can undo.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from verify.export.bound import mixer_of
from verify.export.construct import Construction, construct
from verify.export.mixer import CONV
from verify.export.model import EPSILON, embedded, model
from verify.export.settings import parse
from verify.export.torch_scan import scanned, streamed

SIZE = {"N": "64", "d": "8"}


@dataclass(frozen=True)
class Addition:
    """One addition: its name, what neutralises it, and the largest error of the copy with and without that."""

    name: str
    neutralised: str
    kept_error: float
    as_is_error: float


def additions() -> list[Addition]:
    """All of them, on values of [-1, 1]."""
    construction = construct(parse("copy", SIZE))
    base = _error(construction, mixer_of(construction.model.tensors, 0))
    rows = [
        ("SiLU behind the convolution", "two channels, silu(z) - silu(-z) = z", _with_silu(construction)),
        ("RMSNorm", "one coordinate that dwarfs the others", _with_norm(construction)),
        ("convolution over 4 tokens", "tap of the current token 1, others 0", _with_convolution(construction)),
        ("A = -exp(A_log), never 0", "A_log = -128, whose exp is 0 in float32", _with_forgetting(construction)),
        ("no bias in in_proj", "a constant coordinate of the stream", _without_bias(construction)),
    ]
    return [Addition(name, neutral, base, error) for name, neutral, error in rows]


def _error(construction: Construction, tensors: Mapping[str, np.ndarray]) -> float:
    """The largest error of the copy by one mixer."""
    assert construction.sample is not None
    sample = construction.sample
    stream = embedded(sample.inputs, construction.model.sizes.stream)
    layer = {f"backbone.layers.0.mixer.{name}": tensor for name, tensor in tensors.items()}
    return float(np.abs(streamed(layer, 1, stream)[:, sample.outputs] - sample.wanted).max())


def _with_silu(construction: Construction) -> float:
    """Eq. 3's own channels, one for each inner coordinate, read as if no SiLU had met them."""
    single = model(construction.blocks, (), bare=True)
    return _error(construction, mixer_of(single.tensors, 0))


def _with_norm(construction: Construction) -> float:
    """Every token divided by its own root mean square; no coordinate dwarfs the others."""
    assert construction.sample is not None
    sample = construction.sample
    width = construction.model.sizes.stream
    stream = np.zeros((len(sample.inputs), width), np.float32)
    stream[:, : sample.inputs.shape[1]], stream[:, -1] = sample.inputs, 1.0
    normed = stream / np.sqrt((stream**2).mean(axis=1, keepdims=True) + np.float32(EPSILON))
    written = scanned(mixer_of(construction.model.tensors, 0), normed.astype(np.float32), "float32")
    return float(np.abs(written[:, sample.outputs] - sample.wanted).max())


def _with_convolution(construction: Construction) -> float:
    """All taps alike."""
    tensors = mixer_of(construction.model.tensors, 0)
    return _error(construction, tensors | {"conv1d.weight": np.full_like(tensors["conv1d.weight"], 1.0 / CONV)})


def _with_forgetting(construction: Construction) -> float:
    """A = -1, ..., -d_state, as the released models begin training."""
    tensors = mixer_of(construction.model.tensors, 0)
    states = np.arange(1, tensors["A_log"].shape[1] + 1, dtype=np.float32)
    return _error(construction, tensors | {"A_log": np.broadcast_to(np.log(states), tensors["A_log"].shape)})


def _without_bias(construction: Construction) -> float:
    """The constant's column of in_proj is 0, so Remark 1's gate silu(0) is shut."""
    tensors = mixer_of(construction.model.tensors, 0)
    weight = tensors["in_proj.weight"].copy()
    weight[:, -1] = 0.0
    return _error(construction, tensors | {"in_proj.weight": weight})
