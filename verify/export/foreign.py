"""The files in transformers: loaded from disk by its own classes and run by its own code.

A folder in mamba_ssm's naming is renamed in memory: `mamba_ssm` itself needs a GPU to be installed, and transformers
loads its tensors under the one name that differs.
"""

from typing import Any

import numpy as np

from verify.export.disk import Loaded
from verify.export.extra import torch, transformers
from verify.export.model import EMBEDDING, configuration, embedded


class Foreign:
    """A folder as a `MambaForCausalLM`."""

    def __init__(self, loaded: Loaded) -> None:
        """Raises BadInput where the extra is not installed."""
        self._torch, package = torch(), transformers()
        if loaded.construction.settings.to == "hf-mamba":
            options = {"local_files_only": True, "use_safetensors": True, "dtype": self._torch.float32}
            self._model: Any = package.MambaForCausalLM.from_pretrained(str(loaded.folder), **options)
        else:
            model, there = loaded.construction.model, loaded.tensors
            self._model = package.MambaForCausalLM(package.MambaConfig(**configuration(model, "hf-mamba")))
            names = {EMBEDDING["mamba-ssm"]: EMBEDDING["hf-mamba"]}
            tensors = {names.get(name, name): self._torch.tensor(tensor) for name, tensor in there.items()}
            self._model.load_state_dict(tensors, strict=True)
        self._model.eval()
        self._stream = loaded.construction.model.sizes.stream

    def streamed(self, inputs: np.ndarray) -> np.ndarray:
        """What the backbone puts out for inputs of shape (T, k), behind its last norm, less the constant."""
        given = self._torch.tensor(embedded(inputs, self._stream))[None]
        with self._torch.no_grad():
            return self._model.backbone(inputs_embeds=given, use_cache=False).last_hidden_state[0].numpy()[:, :-1]

    def generated(self, prompt: np.ndarray, limit: int) -> np.ndarray:
        """The numbers of all tokens of a greedy run, prompt included, with at most `limit` new ones."""
        ids = self._torch.tensor(prompt.astype(np.int64))[None]
        with self._torch.no_grad():
            return self._model.generate(ids, max_new_tokens=limit, do_sample=False)[0].numpy()

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """The logits behind every token of a chain, shape (T, V)."""
        with self._torch.no_grad():
            return self._model(self._torch.tensor(ids.astype(np.int64))[None], use_cache=False).logits[0].numpy()
