"""The version of the code that makes a record: a hash of every source that can change its numbers, and of what runs
them.  A store keeps the records of several versions side by side.
"""

import hashlib
from pathlib import Path

import jax
import numpy as np

from verify import independent

_ROOT = Path(independent.__file__).parents[1]
SOURCES = ("bounds", "constructions", "verify/copy", "verify/sweep", "verify/independent.py")


def version(root: Path = _ROOT) -> str:
    """The hash, with the versions of JAX and NumPy and the kind of device."""
    digest = hashlib.sha256()
    for name in SOURCES:
        place = root / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    device = jax.devices()[0].device_kind
    return f"{digest.hexdigest()[:16]} jax {jax.__version__} numpy {np.__version__} {device}"
