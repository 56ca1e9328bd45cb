"""The files in transformers: loaded from disk by its own classes and run by its own code.

A folder in mamba_ssm's naming is renamed in memory: the names differ in one tensor.
"""

from typing import Any

import numpy as np

from verify.errors import BadInput, one_line, quoted
from verify.export.disk import NEAREST, Loaded, ends_of
from verify.export.extra import torch, transformers
from verify.export.model import EMBEDDING, configuration, embedded
from verify.interrupts import not_swallowed


class InTransformers:
    """A folder as a `MambaForCausalLM`."""

    def __init__(self, loaded: Loaded) -> None:
        """Raises BadInput where the extra is not installed, and where something else in the folder keeps transformers
        from loading it.
        """
        self._torch, package = torch(), transformers()
        try:
            with not_swallowed():
                self._model: Any = self._loaded(package, loaded)
        except Exception as error:  # it has no one class for all that it refuses
            given, reason = f"check {quoted(str(loaded.folder))}", one_line(str(error))[:80]
            allowed = f"transformers does not load the folder ({reason})"
            raise BadInput(given, allowed, NEAREST) from error
        self._model.eval()
        self._stream = loaded.construction.model.sizes.stream

    def _loaded(self, package: Any, loaded: Loaded) -> Any:
        if loaded.construction.settings.to == "hf-mamba":
            options = {"local_files_only": True, "use_safetensors": True, "dtype": self._torch.float32}
            return package.MambaForCausalLM.from_pretrained(str(loaded.folder), **options)
        model, there = loaded.construction.model, loaded.tensors
        ends = ends_of(loaded.construction)
        mine = package.MambaForCausalLM(package.MambaConfig(**configuration(model, "hf-mamba", ends)))
        names = {EMBEDDING["mamba-ssm"]: EMBEDDING["hf-mamba"]}
        tensors = {names.get(name, name): self._torch.tensor(tensor) for name, tensor in there.items()}
        mine.load_state_dict(tensors, strict=True)
        return mine

    def streamed(self, inputs: np.ndarray) -> np.ndarray:
        """See `verify.export.foreign.Foreign`."""
        given = self._torch.tensor(embedded(inputs, self._stream))[None]
        with self._torch.no_grad():
            return self._model.backbone(inputs_embeds=given, use_cache=False).last_hidden_state[0].numpy()[:, :-1]

    def generated(self, prompt: np.ndarray, limit: int) -> np.ndarray:
        """See `verify.export.foreign.Foreign`: its own `generate`."""
        ids = self._torch.tensor(prompt.astype(np.int64))[None]
        with self._torch.no_grad():
            return self._model.generate(ids, max_new_tokens=limit, do_sample=False)[0].numpy()

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """See `verify.export.foreign.Foreign`."""
        with self._torch.no_grad():
            return self._model(self._torch.tensor(ids.astype(np.int64))[None], use_cache=False).logits[0].numpy()
