"""Rules of the house that no other test keeps: one-way imports, short files, and types checked in every package."""

import ast
import tomllib
from pathlib import Path

import jaxtyping
import numpy as np
import pytest

from bounds.enclosure import rounded
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


def checked() -> tuple[str, ...]:
    """The packages and modules whose calls are checked in this run, by the option in pyproject.toml."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["addopts"]
    (option,) = (option for option in options if option.startswith("--jaxtyping-packages="))
    return tuple(option.partition("=")[2].split(",")[:-1])


def unchecked(path: Path, source: str, packages: tuple[str, ...]) -> bool:
    """Whether a module states shapes that no call of a test run is checked against."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return "jaxtyping" in imported(source) and not any(f"{module}.".startswith(f"{name}.") for name in packages)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_shapes_that_are_stated_are_checked(path):
    assert not unchecked(path, path.read_text(), checked())


def test_a_module_that_is_left_out_is_found():
    assert unchecked(ROOT / "bounds/planted.py", "from jaxtyping import Float", checked())


def test_the_option_checks_every_package():
    """A mistake in the option that turns the checks on would silently check the first package only."""
    with pytest.raises(jaxtyping.TypeCheckError):
        rounded(0.5, format_of("float32"))  # type: ignore[arg-type]
    with pytest.raises(jaxtyping.TypeCheckError):
        Encoding(3, 1).stream(np.zeros(3), np.arange(3), np.arange(3), np.dtype("float64"))
    with pytest.raises(jaxtyping.TypeCheckError):
        independent.layer(theorem3_layer(1, 1).module, np.zeros(4))  # type: ignore[arg-type]
