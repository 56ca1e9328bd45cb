"""Other people's programs that run the files: which there are, which are at hand, and how each rounds.

transformers runs every folder.  `mambapy` and `mamba_ssm` run it too where they are installed; `mamba_ssm` needs CUDA
to be installed at all, and a device to run.  None shares code with another, or with `constructions.run`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Protocol, runtime_checkable

import numpy as np

from verify.export.bound import FLOAT32, Program, by_parallel_scan, on_cuda, theirs
from verify.export.disk import Loaded
from verify.export.extra import imported, torch
from verify.export.in_mamba_ssm import MODULE as MAMBA_SSM_MODULE
from verify.export.in_mamba_ssm import InMambaSsm
from verify.export.in_mambapy import MODULE as MAMBAPY_MODULE
from verify.export.in_mambapy import InMambapy
from verify.export.in_transformers import InTransformers
from verify.export.model import LARGEST_STATE


@runtime_checkable
class Foreign(Protocol):
    """A folder loaded by another implementation."""

    def streamed(self, inputs: np.ndarray) -> np.ndarray:
        """What the backbone puts out for inputs of shape (T, k), behind its last norm, less the constant."""
        ...

    def generated(self, prompt: np.ndarray, limit: int) -> np.ndarray:
        """The numbers of all tokens of a greedy run, prompt included, with at most `limit` new ones."""
        ...

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """The logits behind every token of a chain, shape (T, V)."""
        ...


@dataclass(frozen=True)
class Implementation:
    """One of them.

    name: of its distribution; words: what it is, for readers; module: the one that is used; load: a folder into it;
    program: how it rounds.
    """

    name: str
    words: str
    module: str
    load: Callable[[Loaded], Foreign]
    program: Program


TRANSFORMERS = Implementation(
    "transformers", "its own PyTorch code, on a CPU", "transformers", InTransformers, theirs(FLOAT32)
)
MAMBAPY = Implementation(
    "mambapy", "a parallel scan in PyTorch, single steps to generate", MAMBAPY_MODULE, InMambapy, by_parallel_scan()
)
MAMBA_SSM = Implementation(
    "mamba-ssm", "the released CUDA kernels, on a GPU; d_state up to 256", MAMBA_SSM_MODULE, InMambaSsm, on_cuda()
)
FURTHER = (MAMBAPY, MAMBA_SSM)


def absent(implementation: Implementation) -> str | None:
    """Why an implementation cannot run here; None if it can."""
    try:
        metadata.version(implementation.name)
    except metadata.PackageNotFoundError:
        return "not installed"
    if implementation is MAMBA_SSM and not torch().cuda.is_available():
        return "no CUDA device"
    try:
        imported(implementation.module)
    except Exception as error:  # a package built for another PyTorch fails in ways of its own
        return f"cannot be imported ({type(error).__name__})"
    return None


def further(loaded: Loaded) -> Sequence[Implementation]:
    """Those besides transformers that can run the folder here."""
    takes = loaded.construction.model.sizes.d_state <= LARGEST_STATE
    return [each for each in FURTHER if absent(each) is None and (takes or each is not MAMBA_SSM)]
