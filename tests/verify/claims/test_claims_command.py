"""`verify claims`: the list, the rows decided again, and refusals."""

import json
from dataclasses import replace

import pytest

from verify.claims import command, settings
from verify.claims.ledger import LEDGER, claim_of
from verify.claims.short import SHORT
from verify.cli import main
from verify.verdict import Verdict

QUICK, PROVED = "L1-SSM", "R1-GATE"


def test_the_list_decides_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command, "decide", None)
    assert main(["claims"]) == 0
    out = capsys.readouterr().out
    assert all(claim.id in out for claim in LEDGER)
    assert out.splitlines()[-1].startswith(f"SKIPPED: nothing was decided; {len(LEDGER)} claims")


def test_the_list_as_a_document(capsys: pytest.CaptureFixture[str]):
    assert main(["claims", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in document["rows"]] == [claim.id for claim in LEDGER]
    assert {tuple(row) for row in document["rows"]} == {
        ("id", "where", "statement", "printed", "repaired", "evidence", "witness")
    }
    assert (document["command"], document["checks"], document["report"]) == ("claims", [], None)


def test_a_row_is_decided_again_and_told_in_full(capsys: pytest.CaptureFixture[str]):
    assert main(["claims", QUICK.lower(), "--fast"]) == 0
    out = capsys.readouterr().out
    for words in ("As printed: REFUTED", "witness: ", "Repaired: PROVED", "What depends on it: ", "assert "):
        assert words in out
    assert out.splitlines()[-1].startswith("PROVED: 1 claim decided, as printed: 1 REFUTED; repaired: 1 PROVED; all as")


def test_a_decided_row_as_a_document(capsys: pytest.CaptureFixture[str]):
    assert main(["claims", f"{QUICK},{PROVED}", "--fast", "--json", "--seed", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["settings"] == {"claims": [PROVED, QUICK], "fast": True, "seed": 1}
    row = document["rows"][1]
    assert (row["id"], row["printed"], row["repaired"]) == (QUICK, "REFUTED", "PROVED")
    assert row["witness"]
    assert row["again"]
    assert {check["claim"] for check in document["checks"]} == {QUICK, PROVED}


def test_a_verdict_that_changed_ends_with_1_and_the_difference(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    planted = replace(claim_of(QUICK), expected=Verdict.PROVED, expected_repair=None)
    monkeypatch.setattr(settings, "LEDGER", (planted,))
    assert main(["claims", QUICK, "--fast"]) == 1
    out = capsys.readouterr().out
    assert f"{QUICK}: now REFUTED, repaired PROVED; the committed ledger has PROVED." in out
    assert "1 not as the committed ledger has them" in out


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["T1-1S"], "verify claims T1-1"),
        ([""], f"verify claims {LEDGER[0].id}"),
        (["T1-16,,T1-14"], "verify claims"),
        (["--topic", "theorem1"], "nearest that works: --topic theorem-1"),
        ([QUICK, "--seed", "-1"], "--seed 0"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(words, nearest, capsys: pytest.CaptureFixture[str]):
    assert main(["claims", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert nearest in err


@pytest.mark.parametrize("text", ["Theorem 3", "theorem-3"])
def test_a_topic_is_all_of_its_rows(text: str):
    chosen = settings.parse([], text, False, "0").claims
    assert [claim.id for claim in chosen] == [claim.id for claim in LEDGER if claim.topic == "Theorem 3"]


def test_the_list_is_whole_on_a_narrow_screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["claims"]) == 0
    lines = capsys.readouterr().out.splitlines()[:-1]
    start = lines[2].index("in short")
    said = " ".join(" ".join(line[start:] for line in lines[4:]).split())
    assert max(map(len, lines)) <= 80
    assert said.startswith(" ".join(SHORT[claim.id] for claim in LEDGER))
