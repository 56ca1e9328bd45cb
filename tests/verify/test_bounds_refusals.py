"""`verify bounds` refuses: bad input, no such command, and what help says."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from verify.bounds.settings import BoundsSettings
from verify.cli import main
from verify.files import LONGEST_NAME


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["bounds", *words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--L", "0"], "--L 0: a whole number from 1 to 100000 is allowed; nearest that works: --L 1"),
        (["--L", "1e12"], "nearest that works: --L 100000"),
        (["--L", "8,,9"], "nearest that works: --L 8,9"),
        (["--L", "4096..8"], "nearest that works: --L 8..4096"),
        (["--a-min", "0"], "allowed is 0 < a_min <= 1; nearest that works: --a-min 0.9"),
        (["--a-min", "nan"], "nearest that works: --a-min 0.9"),
        (["--a-min", "1.2"], "nearest that works: --a-min 1"),
        (["--a-max", "-0.1"], "nearest that works: --a-max 0"),
        (["--delta", "0"], "allowed is 0 < delta; nearest that works: --delta 1e-3"),
        (["--delta", "0.1,0.2"], "takes one value, not a list or a range; nearest that works: --delta 0.1"),
        (["--epsilon", "0"], "allowed is 0 < epsilon"),
        (["--epsilon", "inf"], "not a finite decimal"),
        (["--M", "1e400"], "not a finite decimal of moderate size"),
        (["--rho", "x\ny"], "--rho x\\ny: not a finite decimal"),
        (["--rho", "nan"], "of moderate size; any finite number; nearest that works: --rho 1e-3"),
        (["--dtype", "float23"], "nearest that works: --dtype float32"),
        (["--seed", "-1"], "nearest that works: --seed 0"),
        (["--alpha-pos", "0.5", "--L", "2"], "alpha_pos is a product of at most L - 1 coefficients"),
        (["--a-min", "1e-300"], "allowed up to 1e50000; nearest that works: --L 167"),
        (["--out", "x", "--no-report"], "contradict each other"),
        (["--out", "/dev/null/x"], "cannot be written"),
        (["--out", "x\ny"], "--out x\\ny: the name of a folder, in characters that can be shown"),
        (["--out", "x\0y"], "--out x\\x00y: the name of a folder, in characters that can be shown"),
        (["--alpha-pos", "0.99999", "--a-min", "0.999999999", "--L", "1"], "--a-min 0.999999999 and --L 1: alpha_pos"),
        (["--LL", "8"], "No such option: --LL"),
        (["--L"], "Option '--L' requires an argument"),
        (["surplus"], "unexpected extra argument"),
    ],
)
def test_bad_input_is_one_line_and_two(capsys: pytest.CaptureFixture[str], words: list[str], complaint: str):
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("verify bounds: ")
    assert err.count("\n") == 1
    assert complaint in err
    assert os.listdir() == []


def test_long_lists_make_short_names_that_differ():
    usual = BoundsSettings((Fraction(9, 10),))
    lists = [tuple(range(1, 60)), (*range(1, 58), 59), tuple(range(1, 61))]
    decimals = [Fraction(1, 3 * 10**25 + k).limit_denominator(10**30) for k in range(2)]
    asked = [replace(usual, L=L) for L in lists] + [replace(usual, delta=delta) for delta in decimals]
    asked += [usual, replace(usual, L=lists[0], delta=Fraction(1, 2)), replace(usual, rho=Fraction(-1, 2))]
    names = [settings.name() for settings in asked]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= LONGEST_NAME
    assert names[-1] == "bounds-amin0.9-rho-0.5"


def test_the_nearest_that_works_does_work(capsys: pytest.CaptureFixture[str]):
    for words in (["--L", "0"], ["--a-min", "7"], ["--alpha-pos", "3"]):
        _, _, err = run(capsys, *words, "--no-report")
        nearest = err.partition("nearest that works: ")[2].split()
        assert run(capsys, *words, *nearest, "--no-report")[0] == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "no command given: allowed are bounds,"),
        (["gadget"], "no command gadget: allowed are bounds,"),
        (["bouds", "--L", "8"], "nearest that works: verify bounds"),
        (["--nope"], "No such option: --nope"),
    ],
)
def test_no_such_command(capsys: pytest.CaptureFixture[str], words: list[str], complaint: str):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("verify: ")
    assert err.count("\n") == 1
    assert complaint in err


def test_help_and_version(capsys: pytest.CaptureFixture[str]):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("verify ")
    assert main(["bounds", "--help"]) == 0
    assert "--alpha-pos" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--N", "5"], "No such option: --N; `verify bounds --help` lists what is allowed\n"),
        (["--jsn"], "nearest that works: --json\n"),
    ],
)
def test_two_letters_are_not_alike(capsys: pytest.CaptureFixture[str], words: list[str], said: str):
    """`--N` was likened to `--M`."""
    assert main(["bounds", *words]) == 2
    assert capsys.readouterr().err.endswith(said)


def test_of_an_option_typed_twice_the_last_is_taken_and_that_is_said(capsys: pytest.CaptureFixture[str]):
    assert main(["bounds", "--L", "8", "--no-report", "--L=9", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["settings"]["L"] == [9]
    assert said.err == "verify bounds: --L given more than once: the last was taken\n"


def test_a_refusal_that_nobody_can_read_is_still_exit_code_2(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stderr", None)
    assert main(["bounds", "--L", "0"]) == 2


def test_help_whose_reader_has_gone_is_no_failure():
    command = f"{sys.executable} -m verify --help | true; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == 0
