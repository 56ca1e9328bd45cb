"""The environment record and the one-line texts of errors."""

import platform
import re
from importlib import metadata

import pytest

from verify import environment as module
from verify.environment import commit, environment, line, version
from verify.errors import BadInput, one_line, quoted


def test_the_record_names_what_the_numbers_depend_on():
    record = environment("numpy", "python-flint", dtype="float32")
    assert list(record) == ["verify", "python", "numpy", "python-flint", "platform", "dtype"]
    assert record["python"] == platform.python_version()
    assert record["verify"] == version()
    assert line({"python": "3.11", "numpy": "2.4"}) == "python 3.11, numpy 2.4"


def test_only_a_command_that_uses_jax_names_its_device():
    assert environment("jax")["device"] == "cpu"
    assert "device" not in environment("numpy")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("--N 1\n2", "--N 1\\n2"), ("a\t\x1b[31m", "a\\t\\x1b[31m"), ("  a   b ", "a b"), ("naïve α", "naïve α")],
)
def test_one_line(text: str, shown: str):
    assert one_line(text) == shown


def test_what_was_given_is_shown_short():
    assert quoted("") == "''"
    assert quoted("  ") == "'  '"
    assert quoted("x" * 100) == "x" * 30 + "..." + "x" * 10
    assert str(BadInput("--N 0", "N is at least 1", "--N 1")) == "--N 0: N is at least 1; nearest that works: --N 1"


def test_the_commit_is_gits_where_there_is_a_repository():
    assert commit() is None or re.fullmatch("[0-9a-f]{40}(-dirty)?", commit() or "")


@pytest.mark.parametrize(
    ("recorded", "found"), [('{"vcs_info": {"commit_id": "abc"}}', "abc"), ('{"dir_info": {}}', None), (None, None)]
)
def test_elsewhere_the_commit_is_what_pip_recorded(tmp_path, monkeypatch, recorded, found):
    class Distribution:
        def read_text(self, name):
            assert name == "direct_url.json"
            return recorded

    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(metadata, "distribution", lambda _: Distribution())
    assert commit() == found


def test_a_repository_without_commits_names_none(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    assert commit() is None
