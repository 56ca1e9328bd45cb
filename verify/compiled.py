"""JAX's persistent cache of compiled programs, kept between runs: a program seen before costs milliseconds, not a
compilation.
"""

import os
import warnings
from pathlib import Path

import jax

from verify.files import cache_folder


def keep_compiled() -> None:
    """Use JAX_COMPILATION_CACHE_DIR, or a folder of the user's cache.  Without a folder that can be written, compile
    each time.
    """
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        folder = cache_folder() / "jax"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return
        if not _writable(folder):
            return
        jax.config.update("jax_compilation_cache_dir", str(folder))
    # A cache that cannot be read or written costs time, not results.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _writable(folder: Path) -> bool:
    """Whether a file can be made there; permission bits say nothing for a superuser."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError:
        return False
    return True
