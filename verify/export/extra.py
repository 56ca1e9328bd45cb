"""The packages of the extra `hf`, imported when they are needed and named when they are missing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from verify.errors import BadInput
from verify.interrupts import not_swallowed

INSTALL = "pip install -e '.[hf]'"
KERNELS = ("mamba_ssm", "causal_conv1d")  # where transformers finds CUDA kernels of others
MODELING = "transformers.models.mamba.modeling_mamba"


def torch() -> Any:
    """PyTorch on one thread, so that sums do not depend on the number of cores.

    Raises BadInput, saying how to get it, where it is not installed.
    """
    package = _package("torch")
    package.set_num_threads(1)
    return package


def transformers() -> Any:
    """transformers with its own PyTorch code, silent but for errors: it warns at every run that it has no fast kernels.

    Where `mamba_ssm` is installed, transformers takes that package's CUDA kernels when its model is first imported, for
    tensors anywhere: it would not run on a CPU, nor be a program of its own.
    """
    package = _package("transformers")
    if MODELING not in sys.modules:
        with hidden(KERNELS):
            imported(MODELING)
    package.logging.set_verbosity_error()
    package.logging.disable_progress_bar()
    return package


@contextmanager
def hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Packages that cannot be imported for a while, whether they are installed or not."""
    modules: dict[str, Any] = sys.modules
    before = {name: modules[name] for name in names if name in modules}
    modules.update(dict.fromkeys(names))  # None makes an import fail
    try:
        yield
    finally:
        for name in names:
            del modules[name]
        modules.update(before)


def safetensors() -> Any:
    """The reader and writer of NumPy arrays of safetensors."""
    _package("safetensors")
    return imported("safetensors.numpy")


def imported(name: str) -> Any:
    """A module of others.  An interrupt stays one: these packages do without what they could not import."""
    with not_swallowed():
        return import_module(name)


def _package(name: str) -> Any:
    try:
        return imported(name)
    except ImportError as error:
        raise BadInput(name, "this command needs the package, which is not installed", INSTALL) from error
