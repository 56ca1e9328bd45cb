"""The options of `verify copy`: what is read, what is refused and how, and the command that asks the same again."""

import re
import shlex

import pytest

from verify.copy.settings import CopySettings, parse
from verify.errors import BadInput
from verify.files import LONGEST_NAME


def settings(line: str) -> CopySettings:
    words = shlex.split(line)
    return parse({name[2:]: text for name, text in zip(words[::2], words[1::2], strict=True)})


def test_nothing_given_is_the_default():
    assert settings("") == CopySettings()


@pytest.mark.parametrize(
    "line",
    [
        "--N 64,256 --d 8 --d-h 16,32",
        "--N 4096 --pos lag:7 --values adversarial --a 0.99 --keys random --seed 3",
        "--N 1e3 --module attention --codes circle --M 2.5 --epsilon 1e-4 --dtype bfloat16",
        "--N 32 --module ssm-linear --execution dense --Delta literal",
    ],
)
def test_the_command_line_of_settings_reads_back_as_the_same_settings(line):
    asked = settings(line)
    assert settings(asked.command().removeprefix("verify copy ")) == asked
    assert "/" not in asked.name()


def test_a_path_with_blanks_and_quotes_reads_back_too(tmp_path):
    file = tmp_path / "it's a text"
    file.write_bytes(b"abc")
    asked = settings(f"--values {shlex.quote(f'text:{file}')}")
    assert settings(asked.command().removeprefix("verify copy ")) == asked


def test_a_path_that_cannot_be_shown_is_refused(tmp_path):
    file = tmp_path / "two\nlines"
    file.write_bytes(b"abc")
    with pytest.raises(BadInput, match="characters that cannot be shown"):
        parse({"values": f"text:{file}"})


def test_a_text_is_read_and_sets_the_length_and_the_task(tmp_path):
    file = tmp_path / "some text.txt"
    file.write_bytes(b"to be copied")
    asked = settings(f"--values 'text:{file}'")
    assert (asked.N, asked.pos, asked.text) == ((12,), "string", b"to be copied")
    assert settings(f"--N 5 --values 'text:{file}'").N == (5,)
    assert re.fullmatch(r"copy-N12-valuestext-some_text\.txt-[0-9a-f]{10}", asked.name())


def test_names_are_short_and_differ_where_settings_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = ["text", "a/text", "b/text", "te xt", "te_xt", "text-a0.5", "x" * 200, "x" * 199 + "y"]
    lines = [f"--values 'text:{path}'" for path in paths]
    for path in paths:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"abc")
    lists = [",".join(map(str, range(1, n))) for n in (90, 91)]
    lines += [f"--N {N}" for N in lists] + [f"--N 8 --d-h {d_h}" for d_h in lists]
    lines += ["--values text:text --a 0.5", "--pos lag:7", "--N 3 --d 64 --seed 1"]
    names = [settings(line).name() for line in lines]
    assert names[0] == "copy-N3-valuestext-text"
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= LONGEST_NAME
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--N 0", "whole number"),
        ("--N 1e400", "moderate size"),
        ("--N nan", "moderate size"),
        ("--N ''", "empty"),
        ("--d -3", "whole number"),
        ("--d-h 0", "whole number"),
        ("--module ssm", "allowed are"),
        ("--pos backwards", "allowed are"),
        ("--pos lag", "needs a whole number"),
        ("--pos lag:-1", "needs a whole number"),
        ("--values text:/dev/zero", "no such regular file"),
        ("--values text:", "regular file"),
        ("--values text:/no/such/file", "no such regular file"),
        ("--values words", "allowed are"),
        ("--a 1.5", "0 <= a <= 1"),
        ("--a nan", "0 <= a <= 1"),
        ("--M 0", "0 < M"),
        ("--epsilon 0", "0 < epsilon"),
        ("--epsilon -1e-3", "0 < epsilon"),
        ("--epsilon 0.6", "at most M/2"),
        ("--dtype float8", "allowed are"),
        ("--execution fast", "allowed are"),
        ("--seed -1", "whole number"),
        ("--module ssm-linear --d-h 16", "leave out --d-h"),
        ("--module attention --a 0.9", "leave out --a"),
        ("--module ssm-gated --codes circle", "leave out --codes"),
        ("--module attention --Delta literal", "leave out --Delta"),
    ],
)
def test_bad_input_is_refused_in_one_line(line, words):
    with pytest.raises(BadInput) as refusal:
        settings(line)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_empty_text_and_a_text_that_is_too_short_are_refused(tmp_path):
    empty, short = tmp_path / "empty", tmp_path / "short"
    empty.write_bytes(b"")
    short.write_bytes(b"abc")
    with pytest.raises(BadInput, match="the file is empty"):
        settings(f"--values text:{empty}")
    with pytest.raises(BadInput, match="the text has 3 bytes"):
        settings(f"--N 4 --values text:{short}")
