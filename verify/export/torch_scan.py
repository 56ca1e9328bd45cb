"""The mixer in PyTorch, written from its definition: the second implementation that a file is run through.

One step after the other, in the dtype of the tensors throughout; it shares no code with transformers, which holds A, b
and u in float32, or with `constructions.run`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from verify.export.bound import mixer_of
from verify.export.extra import torch


def streamed(tensors: Mapping[str, np.ndarray], layers: int, x: np.ndarray) -> np.ndarray:
    """The stream behind the last layer, shape (T, stream), less the constant; the norms are taken as what they are
    meant to be (`verify.export.model`): every mixer sees the stream with the constant as 1.
    """
    stream = np.concatenate([x[:, :-1], np.ones((len(x), 1), x.dtype)], axis=1)
    for i in range(layers):
        stream = stream + scanned(mixer_of(tensors, i), stream, x.dtype.name)
    return stream[:, :-1]


def scanned(tensors: Mapping[str, np.ndarray], x: np.ndarray, dtype: str, *, activated: bool = True) -> np.ndarray:
    """The mixer's outputs, shape (T, stream), for inputs of shape (T, stream); tensors as in `verify.export.mixer`, and
    `in_proj.bias` where there is one.  activated: whether SiLU follows the convolution.
    """
    pt = torch()
    kind, F = getattr(pt, dtype), pt.nn.functional
    W = {name: pt.tensor(np.asarray(tensor), dtype=kind) for name, tensor in tensors.items()}
    channels, d_state = W["A_log"].shape
    projected = pt.tensor(np.asarray(x), dtype=kind) @ W["in_proj.weight"].T
    projected = projected + W["in_proj.bias"] if "in_proj.bias" in W else projected
    p, gate = projected[:, :channels], projected[:, channels:]
    u = _convolved(pt, p, W["conv1d.weight"][:, 0], W["conv1d.bias"])
    u = F.silu(u) if activated else u
    rank = W["dt_proj.weight"].shape[1]
    r, b, c = (u @ W["x_proj.weight"].T).split([rank, d_state, d_state], dim=1)
    Delta, A = F.softplus(r @ W["dt_proj.weight"].T + W["dt_proj.bias"]), -pt.exp(W["A_log"])
    H, outputs = pt.zeros_like(A), []
    for i in range(len(u)):
        H = pt.exp(Delta[i, :, None] * A) * H + Delta[i, :, None] * b[i, None, :] * u[i, :, None]
        outputs.append(H @ c[i])
    y = (pt.stack(outputs) + u * W["D"]) * F.silu(gate)
    return (y @ W["out_proj.weight"].T).numpy()


def _convolved(pt: Any, p: Any, taps: Any, bias: Any) -> Any:
    width = taps.shape[1]
    padded = pt.cat([pt.zeros(width - 1, p.shape[1], dtype=p.dtype), p])
    return sum(padded[k : k + len(p)] * taps[:, k] for k in range(width)) + bias
