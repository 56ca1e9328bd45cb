"""From an outcome to files, streams and exit code."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from verify.console import Console
from verify.deliver import Delivery, Outcome, Report, deliver, delivery
from verify.errors import BadInput
from verify.table import Column, Table
from verify.verdict import Check, Result, Verdict


def outcome(verdict: Verdict = Verdict.PROVED, interrupted: bool = False) -> Outcome:
    check = Check("t/one", "T1", verdict, 1, 2, "tried", {"x": 1})
    result = Result("copy", {"N": 8}, {"python": "3"}, [check], [{"N": 8}], "all well", interrupted=interrupted)
    table = Table("Modules", (Column("N"),), (("8",),))
    return Outcome(
        result, (table,), ("a note",), lambda: Report("copy-N8", "# page\n![N](copy-N8.png)\n", {"copy-N8.png": b"png"})
    )


def command(made: Outcome) -> Callable[[Console], Outcome]:
    return lambda _: made


def test_page_and_figure_are_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "reports"
    assert deliver(Delivery(folder, json=False, quiet=False), command(outcome())) == 0
    assert sorted(os.listdir(folder)) == ["copy-N8.md", "copy-N8.png"]
    out, err = capsys.readouterr()
    assert out.endswith("a note\nPROVED: all well\n")
    assert err == f"report: {folder}/copy-N8.md\n"


def test_what_is_refuted_as_expected_is_said_in_the_last_line(capsys: pytest.CaptureFixture[str]):
    known = outcome(Verdict.REFUTED)
    expected = [replace(check, expected=frozenset({Verdict.REFUTED})) for check in known.result.checks]
    assert (
        deliver(Delivery(None, False, True), command(replace(known, result=replace(known.result, checks=expected))))
        == 0
    )
    assert capsys.readouterr().out == "PROVED: all well Refuted, as expected: t/one.\n"


def test_json_is_the_only_thing_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    deliver(Delivery(tmp_path, json=True, quiet=False), command(outcome()))
    document = json.loads(capsys.readouterr().out)
    assert document["report"] == f"{tmp_path}/copy-N8.md"
    assert document["verdict"] == "PROVED"


def test_no_report_makes_none(capsys: pytest.CaptureFixture[str]):
    def never() -> Report:
        raise AssertionError("the page was made")

    made = outcome()
    made = Outcome(made.result, made.tables, made.notes, never)
    deliver(Delivery(None, json=True, quiet=True), command(made))
    assert json.loads(capsys.readouterr().out)["report"] is None


def test_the_exit_code_is_the_result_s(tmp_path: Path):
    assert deliver(Delivery(tmp_path, False, True), command(outcome(Verdict.REFUTED))) == 1
    assert deliver(Delivery(tmp_path, False, True), command(outcome(Verdict.UNDECIDED))) == 3


def test_an_interrupted_run_keeps_its_page_beside_the_finished_one(tmp_path: Path):
    deliver(Delivery(tmp_path, False, True), command(outcome()))
    assert deliver(Delivery(tmp_path, False, True), command(outcome(interrupted=True))) == 130
    names = ["copy-N8-interrupted.md", "copy-N8-interrupted.png", "copy-N8.md", "copy-N8.png"]
    assert sorted(os.listdir(tmp_path)) == names
    assert "(copy-N8-interrupted.png)" in (tmp_path / names[0]).read_text()
    assert "(copy-N8.png)" in (tmp_path / names[2]).read_text()


def test_the_folder_is_tried_before_the_work(tmp_path: Path):
    (tmp_path / "file").write_text("")

    def never(_: Console) -> Outcome:
        raise AssertionError("the work was started")

    with pytest.raises(BadInput, match="cannot be written"):
        deliver(Delivery(tmp_path / "file", False, False), never)


def test_common_options():
    assert delivery(None, False, True, False) == Delivery(Path("reports"), True, False)
    assert delivery(None, True, False, True) == Delivery(None, False, True)
    assert delivery("x", False, False, False).folder == Path("x")
    with pytest.raises(BadInput, match="contradict each other"):
        delivery("x", True, False, False)
    with pytest.raises(BadInput, match="--out '': the value is empty; the name of a folder"):
        delivery("", False, False, False)


@pytest.mark.parametrize(
    "name", ["two\nlines", "nul\0", "back\rhere", "tab\t", "\x1b[31mred", "line\u2028break", "\udcff"]
)
def test_a_folder_whose_name_cannot_be_shown_is_refused_in_one_line(name: str):
    with pytest.raises(
        BadInput, match=r"in characters that can be shown.*nearest that works: --out reports$"
    ) as refusal:
        delivery(name, False, False, False)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("json_wanted", [False, True])
def test_what_was_computed_is_told_before_a_page_that_cannot_be_made_ends_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], json_wanted: bool
):
    """A figure once overflowed, and took the document of a whole run with it."""

    def broken() -> Report:
        raise OverflowError("planted")

    made = replace(outcome(), report=broken)
    with pytest.raises(OverflowError, match="planted"):
        deliver(Delivery(tmp_path, json=json_wanted, quiet=False), command(made))
    out = capsys.readouterr().out
    if json_wanted:
        assert json.loads(out) == made.result.document()
        assert made.result.report is None
    else:
        assert "Modules" in out
        assert out.endswith("a note\nPROVED: all well\n")


def test_no_picture_is_left_where_its_page_cannot_be_written(tmp_path: Path):
    (tmp_path / "copy-N8.md").mkdir()
    with pytest.raises(BadInput, match="not a regular file"):
        deliver(Delivery(tmp_path, json=False, quiet=False), command(outcome()))
    assert os.listdir(tmp_path) == ["copy-N8.md"]
