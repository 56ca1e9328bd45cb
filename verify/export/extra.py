"""The packages of the extra `hf`, imported when they are needed and named when they are missing."""

from importlib import import_module
from typing import Any

from verify.errors import BadInput

INSTALL = "pip install -e '.[hf]'"


def torch() -> Any:
    """PyTorch on one thread, so that sums do not depend on the number of cores.

    Raises BadInput, saying how to get it, where it is not installed.
    """
    package = _package("torch")
    package.set_num_threads(1)
    return package


def transformers() -> Any:
    """transformers, silent but for errors: it warns at every run on a CPU that its fast kernels are absent."""
    package = _package("transformers")
    package.logging.set_verbosity_error()
    package.logging.disable_progress_bar()
    return package


def safetensors() -> Any:
    """The reader and writer of NumPy arrays of safetensors."""
    _package("safetensors")
    return import_module("safetensors.numpy")


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise BadInput(name, "this command needs the package, which is not installed", INSTALL) from error
