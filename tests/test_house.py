"""Rules of the house that no other test keeps: one-way imports, short files, and types checked in every package."""

import ast
from pathlib import Path

import jaxtyping
import numpy as np
import pytest

from bounds.formats import format_of
from constructions.encoding import Encoding
from constructions.memories.theorem3 import theorem3_layer
from verify import independent

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bounds", "constructions", "verify")
FORBIDDEN = {
    "bounds": {"constructions", "verify", "jax", "jaxlib", "tests"},
    "constructions": {"verify", "tests"},
    "verify": {"tests"},
}
LONGEST = 300
FILES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def imported(source: str) -> set[str]:
    """The top-level packages that a module imports anywhere; "." for a relative import."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else (node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    assert not imported(path.read_text()) & (FORBIDDEN[package] | {"."})


@pytest.mark.parametrize(
    "planted",
    [
        "import constructions.run",
        "from verify import cli",
        "def f():\n    import jax.numpy as jnp",
        "from . import reals",
    ],
)
def test_a_planted_import_is_found(planted):
    assert imported(planted) & (FORBIDDEN["bounds"] | {"."})


@pytest.mark.parametrize(
    "path", [*FILES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda path: str(path.relative_to(ROOT))
)
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= LONGEST


def test_every_package_is_there():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PACKAGES)


def test_types_and_shapes_are_checked_in_each_package():
    """A mistake in the option that turns the checks on would silently check the first package only."""
    with pytest.raises(jaxtyping.TypeCheckError):
        format_of(32)  # type: ignore[arg-type]
    with pytest.raises(jaxtyping.TypeCheckError):
        Encoding(3, 1).stream(np.zeros(3), np.arange(3), np.arange(3), np.dtype("float64"))
    with pytest.raises(jaxtyping.TypeCheckError):
        independent.layer(theorem3_layer(1, 1).module, np.zeros(4))  # type: ignore[arg-type]
