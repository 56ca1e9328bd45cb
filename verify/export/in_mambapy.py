"""The files in `mambapy`, a Mamba in plain PyTorch: a parallel scan over a whole sequence, single steps to generate.

It names a layer's tensors as the other implementations do, and knows no folders: the tensors that were read are
renamed.  Its language model needs packages that it does not name, so embedding and head, a row of a table and a
product, are taken here.
"""

from typing import Any

import numpy as np

from verify.export.disk import Loaded, ends_of
from verify.export.extra import imported, torch
from verify.export.mixer import CONV
from verify.export.model import EMBEDDING, EPSILON, embedded

MODULE = "mambapy.mamba"


class InMambapy:
    """A folder as a `Mamba`."""

    def __init__(self, loaded: Loaded) -> None:
        self._torch, package, made = torch(), imported(MODULE), loaded.construction.model
        config = package.MambaConfig(
            d_model=made.sizes.stream,
            n_layers=made.layers,
            dt_rank=made.sizes.rank,
            d_state=made.sizes.d_state,
            expand_factor=made.sizes.expand,
            d_conv=CONV,
            rms_norm_eps=EPSILON,
        )
        tensors = {name: self._torch.tensor(tensor) for name, tensor in loaded.tensors.items()}
        self._table = tensors.pop(EMBEDDING[loaded.construction.settings.to])
        self._head, last = tensors.pop("lm_head.weight"), tensors.pop("backbone.norm_f.weight")
        self._model: Any = package.Mamba(config).eval()
        self._model.load_state_dict({n.removeprefix("backbone."): t for n, t in tensors.items()}, strict=True)
        self._norm: Any = package.RMSNorm(made.sizes.stream, EPSILON)
        self._norm.load_state_dict({"weight": last})
        self._sizes, self._ends = made.sizes, ends_of(loaded.construction) or []

    def streamed(self, inputs: np.ndarray) -> np.ndarray:
        """See `verify.export.foreign.Foreign`."""
        given = self._torch.tensor(embedded(inputs, self._sizes.stream))[None]
        with self._torch.no_grad():
            return self._norm(self._model(given))[0].numpy()[:, :-1]

    def generated(self, prompt: np.ndarray, limit: int) -> np.ndarray:
        """See `verify.export.foreign.Foreign`: its single step, fed the token of the largest logit."""
        before = self._torch.zeros(1, self._sizes.channels, CONV - 1)
        caches, ids = [(None, before) for _ in self._model.layers], list(map(int, prompt))
        with self._torch.no_grad():
            for i in range(len(prompt) + limit - 1):
                stream, caches = self._model.step(self._table[ids[i]][None], caches)
                if i >= len(prompt) - 1:
                    ids.append(int((self._norm(stream) @ self._head.T)[0].argmax()))
                    if ids[-1] in self._ends:
                        break
        return np.array(ids)

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """See `verify.export.foreign.Foreign`."""
        with self._torch.no_grad():
            return (self._norm(self._model(self._table[ids][None])) @ self._head.T)[0].numpy()
