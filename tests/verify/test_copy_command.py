"""`verify copy` as a user types it: documents, pages, exit codes."""

import json
import re
from dataclasses import replace

import pytest

import verify.copy.command
from verify.cli import main
from verify.copy.memory import needed
from verify.copy.settings import MODULES, CopySettings

FIELDS = {
    *("module", "N", "d", "d_h", "state_entries", "parameters_nonzero", "parameters_dense", "operations_per_step"),
    *("max_abs_error", "epsilon", "copies", "first_failing_N", "seconds"),
}
SMALL = ["copy", "--N", "9", "--d", "8", "--d-h", "4"]


def document(capsys, *words):
    code = main([*SMALL, "--json", "--no-report", *words])
    return code, json.loads(capsys.readouterr().out)


def test_the_document_has_the_contract_s_keys_and_rows(capsys):
    code, found = document(capsys)
    assert code == 0
    assert list(found) == ["schema", "command", "settings", "environment", "checks", "rows", "verdict", "report"]
    assert (found["schema"], found["command"], found["verdict"], found["report"]) == ("verify/1", "copy", "HELD", None)
    assert [r["module"] for r in found["rows"]] == list(MODULES)
    assert all(set(r) >= FIELDS for r in found["rows"])
    assert [r["copies"] for r in found["rows"]] == [True, True, False, True]
    assert [r["first_failing_N"] for r in found["rows"]] == [None, None, 5, None]
    keys = {"id", "claim", "verdict", "value", "bound", "evidence", "witness", "speaks_of"}
    assert all(set(check) == keys for check in found["checks"])


def test_lists_give_a_row_each(capsys):
    _, found = document(capsys, "--N", "4,9", "--d-h", "2,3", "--module", "ssm-constant,attention")
    shown = [(r["module"], r["N"], r["d_h"]) for r in found["rows"]]
    assert shown == [
        (m, n, k)
        for n, d_k in ((4, 2), (9, 4))
        for m, k in (("ssm-constant", 2), ("ssm-constant", 3), ("attention", d_k))
    ]


def test_the_same_settings_give_the_same_page_and_picture(tmp_path, capsys):
    pages = []
    for name in ("one", "two"):
        assert main([*SMALL, "--out", str(tmp_path / name), "--quiet"]) == 0
        pages.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    capsys.readouterr()
    assert pages[0] == pages[1]
    assert set(pages[0]) == {"copy-N9-d8-dh4.md", "copy-N9-d8-dh4.png"}
    page = pages[0]["copy-N9-d8-dh4.md"].decode()
    assert "verify copy --N 9 --d 8 --d-h 4" in page
    assert str(tmp_path) not in page


def test_each_width_of_a_list_is_drawn_beside_the_converse(tmp_path):
    """The page showed the least d_h of a list alone; past the panels, the table holds the others, and it says so."""
    for widths, drawn in (("2,4", (2, 4)), ("2..32", (2, 4, 8, 16))):
        asked = ["copy", "--N", "8", "--d", "1", "--d-h", widths, "--module", "ssm-constant", "--out", str(tmp_path)]
        assert main([*asked, "--quiet"]) == 0
        (file,) = tmp_path.glob("*.md")
        page = file.read_text()
        file.unlink()
        assert tuple(int(n) for n in re.findall(r"Error of ssm-constant, d_h = (\d+), on", page)) == drawn
        for d_h in drawn:  # copied up to d_h, not from d_h + 1 on
            table = page.partition(f"d_h = {d_h}, on the string task**")[2].partition("**")[0]
            worst = {int(N): float(error) for N, error in re.findall(r"^\| +(\d+) \| +(\S+) \|", table, re.MULTILINE)}
            assert worst[d_h] == 0.0 < 1.0 <= worst[d_h + 1]
        assert ("the table holds the others" in page) == (widths == "2..32")


def test_a_text_is_copied_and_said_so(tmp_path, capsys):
    file = tmp_path / "text"
    file.write_bytes("späte Züge".encode())
    words = ["--d", "8", "--values", f"text:{file}", "--module", "ssm-linear,attention"]
    assert main(["copy", "--json", "--no-report", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    texts = [check for check in found["checks"] if check["id"].endswith("/text")]
    assert [check["value"] for check in texts] == [0, 0]
    assert [r["bytes_wrong"] for r in found["rows"]] == [0, 0]
    assert found["settings"]["pos"] == "string"


def test_values_that_happen_to_be_copied_are_not_all(capsys):
    """One value more than states: the values drawn are copied within 0.5, and the floor of the worst case is 1."""
    words = ["--module", "ssm-constant", "--N", "65", "--d", "2", "--epsilon", "0.5"]
    assert main(["copy", "--no-report", *words]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert "copies these values within epsilon (error 0." in said
    assert said.endswith("though not all: the worst case is 1.")


def test_a_row_that_should_copy_and_does_not_is_exit_code_1(monkeypatch, capsys):
    true_measure = verify.copy.command.measure

    def off_by_one_bit(module, task, d_h, settings):
        done = true_measure(module, task, d_h, settings)
        return replace(done, outputs=done.outputs * (1 + 2.0**-20)) if module == "ssm-linear" else done

    monkeypatch.setattr(verify.copy.command, "measure", off_by_one_bit)
    code, found = document(capsys)
    assert code == 1
    assert found["verdict"] == "REFUTED"


def test_an_interrupt_keeps_the_rows_that_are_done(monkeypatch, capsys):
    true_measure = verify.copy.command.measure

    def interrupted(module, task, d_h, settings):
        if module == "ssm-constant":
            raise KeyboardInterrupt
        return true_measure(module, task, d_h, settings)

    monkeypatch.setattr(verify.copy.command, "measure", interrupted)
    code, found = document(capsys)
    assert code == 130
    assert [r["module"] for r in found["rows"]] == ["ssm-linear", "ssm-gated"]
    assert found["verdict"] == "UNDECIDED"


@pytest.mark.parametrize(
    "words", [["--N", "1e12"], ["--N", "1e15", "--execution", "dense"], ["--N", "1e9", "--d", "65536"]]
)
def test_a_size_that_cannot_fit_is_refused_with_the_estimate_and_what_would(words, capsys):
    assert main(["copy", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "of memory" in said.err
    assert "nearest that works: --N" in said.err


@pytest.mark.parametrize(
    "words", [["--N", "0"], ["--N"], ["--M", "nan"], ["--values", "text:/none"], ["--nonsense"], ["--pos", "lag"]]
)
def test_bad_input_is_one_line_and_exit_code_2(words, capsys):
    assert main([*SMALL, *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("verify copy: ")
    assert said.err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(verify.copy.command, "measure", lambda *_: pytest.fail("the work has started"))
    assert main([*SMALL, "--out", str(tmp_path / "file" / "below")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_estimate_grows_with_everything_that_grows():
    usual = CopySettings()
    assert needed(2048, usual) < needed(4096, usual) < needed(8192, usual)
    assert needed(4096, usual) < needed(4096, replace(usual, d=128))
    assert needed(4096, usual) < needed(4096, replace(usual, dtype="float64"))
    assert needed(4096, usual) < needed(4096, replace(usual, pos="string"))
