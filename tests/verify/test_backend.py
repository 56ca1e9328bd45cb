"""Where JAX cannot start as the environment asks, every command that needs it says so in one line and ends with 2."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from verify.backend import devices, why_it_does_not_start
from verify.cli import app, main
from verify.errors import BadInput

ROOT = Path(__file__).parents[2]
NEEDING = (
    ("copy", "--N", "16", "--no-report"),
    ("gadgets", "--lemma", "2", "--no-report"),
    ("dp", "lis", "--input", "3 1 4", "--no-report"),
    ("sweep", "--N", "16", "--L", "8", "--no-report"),
    ("claims", "T1-16"),
    ("all", "--fast", "--no-report"),
    ("check", "--no-report"),
    ("bench", "--no-report"),
)
OTHERS = (("bounds", "--L", "8", "--no-report"), ("export", "copy", "--N", "2", "--d", "1", "--out", "e"))
ALL_COMMANDS = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from verify.cli import main
found = []
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    found.append((code, out.getvalue(), err.getvalue(), "jax" in sys.modules))
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    ("name", "text", "nearest"),
    [
        ("JAX_PLATFORMS", "bogus", "JAX_PLATFORMS=cpu"),
        ("JAX_ENABLE_X64", "maybe", "without JAX_ENABLE_X64"),
    ],
)
def test_what_jax_cannot_do_is_refused_by_every_command(tmp_path: Path, name: str, text: str, nearest: str):
    done = subprocess.run(
        [sys.executable, "-c", ALL_COMMANDS, json.dumps((OTHERS[0], *NEEDING, OTHERS[1]))],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", name: text},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (code, *_, imported), *needing, _ = json.loads(done.stdout)
    assert (code, imported) == (0, False)
    for words, (code, out, err, _) in zip(NEEDING, needing, strict=True):
        assert (code, out, len(err.splitlines())) == (2, "", 1), (words, err)
        assert err.startswith(f"verify {words[0]}: {name}={text}: JAX cannot start so ("), err
        assert err.endswith(f"; nearest that works: {nearest}\n"), err
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "e"])  # what needs no JAX may have come out


def test_no_command_is_left_out():
    names = {info.name or getattr(info.callback, "__name__", "") for info in app.registered_commands}
    assert {words[0] for words in (*NEEDING, *OTHERS)} == names


def test_where_jax_starts_an_error_is_no_excuse(monkeypatch: pytest.MonkeyPatch):
    def wrong(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    assert devices()
    assert why_it_does_not_start() is None
    monkeypatch.setattr("verify.bounds.command.run", wrong)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        main(["bounds", "--no-report"])


def test_an_installation_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch):
    def broken() -> None:
        raise RuntimeError("no device\nat all")

    for name in [name for name in os.environ if name.startswith("JAX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("jax.devices", broken)
    with pytest.raises(
        BadInput, match=r"^this installation of JAX: JAX cannot start so \(no device\\nat all\); nearest"
    ):
        devices()
