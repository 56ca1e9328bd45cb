"""`verify all`: pages written, found stale, and refused; rows that an interrupted run leaves are taken up."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from verify.all import command
from verify.all.counts import BEGIN, END
from verify.claims import decided
from verify.claims.claim import REFUTES, Decision, Repair
from verify.claims.ledger import claim_of
from verify.cli import main
from verify.verdict import Check, Verdict

TRUE = Check("claims/T1-14/printed", "T1-14", Verdict.PROVED, 1, 2, "by symbols")
FALSE = Check("claims/T1-16/printed", "T1-16", Verdict.REFUTED, 3, 2, "tried", {"a": "1/3"}, expected=REFUTES)
REPAIRED = Decision((FALSE,), Repair("it is less", (TRUE,)), "Nothing.", "assert 3 > 2")
CLAIMS = (
    replace(claim_of("T1-14"), decide=lambda _: Decision((TRUE,))),
    replace(claim_of("T1-16"), decide=lambda _: REPAIRED),
)


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger of two rows, decided in this process, in a tree of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text(f"# Program\n\n{BEGIN}\nold\n{END}\n\nMore.\n")
    monkeypatch.setattr(command, "fingerprint", lambda setup, _: repr(setup))
    use(monkeypatch, CLAIMS)


def use(monkeypatch: pytest.MonkeyPatch, claims) -> list[str]:
    """Let the ledger be `claims`; the ids that are decided, as they are."""
    asked: list[str] = []

    def decide_all(missing, setup):
        for claim in missing:
            asked.append(claim.id)
            yield decided.decide(claim, setup)

    monkeypatch.setattr(command, "LEDGER", claims)
    monkeypatch.setattr(command, "decide_all", decide_all)
    return asked


def test_pages_are_written_and_then_found_up_to_date(capsys: pytest.CaptureFixture[str]):
    assert main(["all"]) == 0
    assert capsys.readouterr().err.endswith("report: reports/README.md\n")
    names = ["README.md", "errata.md", "theorem-1.md", "trust.md", "vacuity.md", "vacuity.png"]
    assert sorted(os.listdir("reports")) == names
    assert "[T1-16](theorem-1.md#t1-16)" in Path("reports/README.md").read_text()
    assert "| [Theorem 1](reports/theorem-1.md) |" in Path("README.md").read_text()
    assert Path("README.md").read_text().endswith(f"{END}\n\nMore.\n")
    assert main(["all", "--check"]) == 0


def test_a_page_that_differs_is_named(capsys: pytest.CaptureFixture[str]):
    main(["all", "--quiet"])
    for name in ("theorem-1.md", "../README.md", "vacuity.png"):
        path = Path("reports") / name
        true = path.read_bytes()
        planted = true.replace(b"REFUTED", b"PROVED") if name.endswith(".md") else b"another picture"
        path.write_bytes(planted)
        capsys.readouterr()
        assert main(["all", "--check", "--json"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert document["checks"][-1]["witness"]["stale"] == name
        assert path.read_bytes() == planted
        path.write_bytes(true)


def test_without_pages_everything_is_stale(capsys: pytest.CaptureFixture[str]):
    Path("README.md").unlink()
    assert main(["all", "--check"]) == 1
    assert "Stale: vacuity.png, README.md, theorem-1.md, errata.md, trust.md, vacuity.md." in capsys.readouterr().out


def test_other_versions_alone_make_nothing_stale():
    main(["all", "--quiet"])
    for path in Path("reports").glob("*.md"):
        path.write_text(path.read_text().replace("Made with verify", "Made with verify 9, then"))
    Path("reports/vacuity.png").write_bytes(b"as another version draws it")
    assert main(["all", "--check", "--quiet"]) == 0


def test_a_fast_run_leaves_the_committed_pages_alone():
    assert main(["all", "--fast", "--quiet"]) == 0
    assert not Path("reports").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--fast", "--out", "elsewhere"], "--fast writes no page"), (["--check", "--out", "gone"], "none of that name")],
)
def test_a_folder_that_is_of_no_use_is_refused_at_once(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked = use(monkeypatch, CLAIMS)
    assert main(["all", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert asked == []
    assert not Path(arguments[-1]).exists()


def test_a_verdict_that_changed_ends_with_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    use(monkeypatch, (replace(CLAIMS[0], expected=Verdict.REFUTED), CLAIMS[1]))
    assert main(["all", "--no-report"]) == 1
    assert "T1-14: now PROVED; the committed ledger has REFUTED." in capsys.readouterr().out


def test_an_interrupted_run_keeps_its_rows_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupted(missing, setup):
        yield decided.decide(missing[0], setup)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "decide_all", interrupted)
    assert main(["all", "--fast"]) == 130
    out, err = capsys.readouterr()
    assert "stopped after 1 of 2 claims" in out
    assert "1 of 2 rows are kept" in err
    asked = use(monkeypatch, CLAIMS)
    assert main(["all", "--fast"]) == 0
    assert "1 of 2 rows come from a run that did not end" in capsys.readouterr().err
    assert asked == ["T1-16"]
    del asked[:]
    assert main(["all", "--fast", "--quiet"]) == 0
    assert asked == ["T1-14", "T1-16"]


def test_a_readme_without_an_end_of_its_table_is_refused_and_the_rows_are_kept(capsys: pytest.CaptureFixture[str]):
    Path("README.md").write_text(f"{BEGIN}\n")
    assert main(["all"]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "nearest that works: the two markers" in err
    Path("README.md").write_text(f"{BEGIN}\n{END}\n")
    assert main(["all"]) == 0
    assert "2 of 2 rows come from a run" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--check", "--fast"], ["--check", "--no-report"], ["--out", "a", "--no-report"]])
def test_contradictions_are_refused(words, capsys: pytest.CaptureFixture[str]):
    assert main(["all", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
