"""The environment record and the one-line texts of errors."""

import platform

import pytest

from verify.environment import environment, line, version
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
