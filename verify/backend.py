"""Whether JAX starts as the environment asks; where it cannot, one line of bad input that names the variable."""

import os
from collections.abc import Sequence
from typing import Any

from verify.errors import BadInput, one_line

PLATFORMS = "JAX_PLATFORMS"


def devices() -> Sequence[Any]:
    """JAX's devices.  Raises BadInput where JAX does not start: an absent platform, a setting that it cannot read."""
    try:
        import jax

        return jax.devices()
    except Exception as error:  # which one, depends on the version and on the plugin
        raise _refusal(error) from error


def why_it_does_not_start() -> BadInput | None:
    """What `devices` raises; None where JAX starts, so that whatever went wrong, it was not that."""
    try:
        devices()
    except BadInput as refusal:
        return refusal
    return None


def _refusal(error: Exception) -> BadInput:
    said = one_line(str(error))
    there = [name for name in sorted(os.environ) if name.startswith("JAX_")]
    named = [name for name in there if name in said] or [name for name in there if name == PLATFORMS] or there
    given = " ".join(f"{name}={os.environ[name]}" for name in named) or "this installation of JAX"
    nearest = f"{PLATFORMS}=cpu" if named in ([], [PLATFORMS]) else f"without {' and '.join(named)}"
    return BadInput(given, f"JAX cannot start so ({said or 'no such platform here'})", nearest)
