"""The files in `mamba_ssm`, the released implementation, on a CUDA device: its scan is a kernel of its own.

A folder in transformers' naming is renamed in memory.  Products and convolutions are kept in float32: by PyTorch's
default a convolution on a GPU may round its inputs to 10 bits.
"""

from typing import Any

import numpy as np

from verify.export.disk import Loaded, ends_of
from verify.export.extra import imported, torch
from verify.export.model import EMBEDDING, configuration, embedded

MODULE = "mamba_ssm.models.mixer_seq_simple"


class InMambaSsm:
    """A folder as a `MambaLMHeadModel`."""

    def __init__(self, loaded: Loaded) -> None:
        self._torch, made = torch(), loaded.construction.model
        self._torch.backends.cuda.matmul.allow_tf32 = self._torch.backends.cudnn.allow_tf32 = False
        package = imported(MODULE)
        config = package.MambaConfig(**configuration(made, "mamba-ssm"))
        self._model: Any = package.MambaLMHeadModel(config, device="cuda", dtype=self._torch.float32)
        names = {EMBEDDING["hf-mamba"]: EMBEDDING["mamba-ssm"]}
        tensors = {names.get(name, name): self._torch.tensor(tensor) for name, tensor in loaded.tensors.items()}
        self._model.load_state_dict(tensors, strict=True)
        self._model.eval()
        self._stream, self._ends = made.sizes.stream, ends_of(loaded.construction) or []

    def streamed(self, inputs: np.ndarray) -> np.ndarray:
        """See `verify.export.foreign.Foreign`: the backbone takes tokens, so the identity is its embedding here."""
        given = self._torch.tensor(embedded(inputs, self._stream), device="cuda")[None]
        backbone = self._model.backbone
        table, backbone.embedding = backbone.embedding, self._torch.nn.Identity()
        try:
            with self._torch.no_grad():
                return backbone(given)[0].cpu().numpy()[:, :-1]
        finally:
            backbone.embedding = table

    def generated(self, prompt: np.ndarray, limit: int) -> np.ndarray:
        """See `verify.export.foreign.Foreign`: its own `generate`, up to the first token that ends a chain."""
        ids = self._torch.tensor(prompt.astype(np.int64), device="cuda")[None]
        found = self._model.generate(ids, max_length=len(prompt) + limit)[0].cpu().numpy()
        ends = np.flatnonzero(np.isin(found[len(prompt) :], self._ends))
        return found[: len(prompt) + int(ends[0]) + 1] if len(ends) else found

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """See `verify.export.foreign.Foreign`."""
        with self._torch.no_grad():
            return self._model(self._torch.tensor(ids.astype(np.int64), device="cuda")[None]).logits[0].cpu().numpy()
