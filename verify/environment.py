"""What the numbers of a run depend on besides its settings: one record, the same in every report."""

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "mamba-copy-verifier"
SOURCE_TREE = "source tree"  # in the place of a version where nothing was installed
ROOT = Path(__file__).resolve().parents[1]  # of the packages, and of the repository where they run from one
_GIT_SECONDS = 10


def environment(*packages: str, dtype: str | None = None) -> dict[str, str]:
    """The record for a command that computes with `packages` (distribution names, as `python-flint`).

    Versions are read from the installed metadata, so nothing is imported for them. With `jax` among the packages its
    first device is named too. dtype: the format that the run computed in, left out where there is none.
    Raises PackageNotFoundError when a package is not installed.
    """
    record = {
        "verify": version(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
        "platform": f"{platform.system()} {platform.machine()}",
    }
    if "jax" in packages:
        record["device"] = _device()
    if dtype is not None:
        record["dtype"] = dtype
    return record


def version() -> str:
    """The version of this program; a tree that was never installed says so."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return SOURCE_TREE


def commit() -> str | None:
    """The commit of the code that runs, 40 digits, with `-dirty` behind it where files differ from it; None if unknown.

    Read from git where the packages lie in a repository of their own, else from what pip recorded at the installation.
    """
    if (ROOT / ".git").exists():
        command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"]
        try:
            found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)
        except (OSError, subprocess.SubprocessError):
            return None
        return found.stdout.strip() or None
    try:
        recorded = json.loads(metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    return recorded.get("vcs_info", {}).get("commit_id")


def line(record: Mapping[str, str]) -> str:
    """The record as one line of a page, such as `verify 0.1.0, python 3.11.7, platform Linux x86_64`."""
    return ", ".join(f"{name} {value}" for name, value in record.items())


def _device() -> str:
    import jax

    device = jax.devices()[0]
    return device.device_kind if device.platform != "cpu" else "cpu"
