"""`verify dp` as a user types it: documents, pages, exit codes.  One stack serves most tests, and is compiled once."""

import json

import pytest

import verify.dp.command
from verify.cli import main
from verify.dp.cases import cases
from verify.dp.dtypes import Range
from verify.dp.rows import missing_row
from verify.dp.settings import parse
from verify.dp.words import sentence

FIELDS = {
    *("problem", "theorem", "input", "chain", "answer", "oracle", "exact", "tokens", "margin", "state_entries"),
    "tokens_per_second",
}
SMALL = ["dp", "subarray", "--theorem", "5", "--input", "3 -5 4 -1 2"]


@pytest.fixture(autouse=True)
def one_format(monkeypatch):
    """Other formats are programs of their own, compiled for seconds, and their ranges are sought: both are tested
    beside.
    """
    monkeypatch.setattr(verify.dp.command, "differences", lambda *_: {"bfloat16": 3, "float32": None})
    monkeypatch.setattr(verify.dp.command, "ranges", lambda _: [Range("bfloat16", 33, False, "a sum")])


def test_the_document_and_what_is_shown_and_the_page_is_the_same_each_time(tmp_path, capsys, monkeypatch):
    """One run as a document, the same one in words."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = ["--show-layers", "--trace", "8", "--out"]
    assert main([*SMALL, "--json", *shown, str(tmp_path / "one")]) == 0
    contract_is_kept(json.loads(capsys.readouterr().out))
    assert main([*SMALL, *shown, str(tmp_path / "two")]) == 0
    said = capsys.readouterr().out
    assert "3 -5 4 -1 2 | 3 3, 0 3, 4 4, 3 4, 5 5, | 5" in said
    assert "Block 3" in said
    assert "next ring slot" in said
    tables = [line for line in said.splitlines() if line.startswith(" ") or "─" in line]
    assert max(map(len, tables)) <= 80
    pages = [{file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("one", "two")]
    assert pages[0] == pages[1]
    (page,) = [text.decode() for name, text in pages[0].items() if name.endswith(".md")]
    assert "verify dp subarray --input '3 -5 4 -1 2' --theorem 5 --show-layers --trace 8" in page
    assert str(tmp_path) not in page
    assert sum(name.endswith(".png") for name in pages[0]) == 2


def contract_is_kept(found: dict) -> None:
    """The keys and rows that other programs read."""
    assert list(found) == ["schema", "command", "settings", "environment", "checks", "rows", "verdict", "report"]
    assert (found["schema"], found["command"], found["verdict"]) == ("verify/1", "dp", "HELD")
    (row,) = found["rows"]
    assert set(row) >= FIELDS
    assert (row["answer"], row["oracle"], row["exact"], row["margin"]) == ("5", "5", True, 0.5)
    ids = {check["id"].split("/")[-1] for check in found["checks"]}
    named = {"tokens", "enumerated", "margin", "range", "second-route", "growth", "dtypes", "leak", "assumption-1"}
    assert ids >= named
    keys = {"id", "claim", "verdict", "value", "bound", "evidence", "witness", "speaks_of"}
    assert all(set(check) == keys for check in found["checks"])


def test_a_problem_without_the_theorem_is_a_row_with_the_reason():
    (missing,) = [missing_row(case) for case in cases(parse({"problem": "lis"})) if case.task is None]
    assert set(missing) >= FIELDS
    assert "not m-local" in missing["reason"]
    assert "lis by Theorem 5 (it is not m-local" in sentence([missing], [], parse({"problem": "lis"}), False)


def test_the_one_theorem_that_a_problem_has_not_is_refused_with_the_other(capsys):
    assert main(["dp", "lis", "--theorem", "5", "--json", "--no-report"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "it is not m-local" in said.err
    assert said.err.endswith("nearest that works: --theorem 4\n")


def test_an_interrupt_keeps_the_rows_that_are_done(monkeypatch, capsys):
    true_measure = verify.dp.command.measure

    def interrupted(plan, settings):
        if plan.case.theorem == 4:
            return true_measure(plan, settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(verify.dp.command, "measure", interrupted)
    assert main(["dp", "subarray", "--input", "1", "--instances", "0", "--json", "--no-report"]) == 130
    found = json.loads(capsys.readouterr().out)
    assert [(row["problem"], row["theorem"]) for row in found["rows"]] == [("subarray", 4)]
    assert found["verdict"] == "UNDECIDED"


@pytest.mark.parametrize(
    "words",
    [
        ["nope"],
        ["nope.py:X"],
        ["lis", "--mod", "7"],
        ["lis", "--m", "7"],
        ["lis", "--n", "1000"],
        ["lis", "--input", "x"],
        ["lis", "--input", "5000"],
        ["lis", "--input", "1", "--T", "3"],
        ["arithmetic", "--input", "7/0"],
        ["arithmetic", "--input", "7*("],
        ["arithmetic", "--mod", "12"],
        ["edit-distance", "--input", "a|b|c"],
        ["matrix-chain", "--n", "1000", "--instances", "1"],
        ["--trace", "3"],
        ["--theorem", "6"],
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line_and_exit_code_2(words, capsys):
    assert main(["dp", *words, "--no-report"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("verify dp: ")
    assert said.err.count("\n") == 1
