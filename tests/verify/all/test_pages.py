"""What the pages say: statements as they stand, verdicts from the rows, and no sentence that no row backs."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from verify.all.counts import BEGIN, END, counts, with_section
from verify.all.errata import errata
from verify.all.findings import FINDINGS, stands
from verify.all.index import index
from verify.all.misprints import MISPRINTS
from verify.all.pages import claims_section
from verify.all.row import index_table
from verify.all.topic_page import topic_page
from verify.all.trust import PARTS, about, lines, trust
from verify.claims.claim import REFUTES, Decision, Repair
from verify.claims.decided import Decided
from verify.claims.ledger import LEDGER, TOPICS, claim_of, slug
from verify.claims.store import ROOT, source_files
from verify.page import literal
from verify.verdict import Check, Verdict

MADE = {"verify": "0.1.0"}
TRUE = Check("claims/T1-14/printed", "T1-14", Verdict.PROVED, "2*N**2", 2, "by symbols")
FALSE = Check("claims/T1-16/printed", "T1-16", Verdict.REFUTED, 3, 2, "a < b tried.", {"a": [1, 2]}, expected=REFUTES)
ROWS = [
    Decided(replace(claim_of("T1-14"), statement="7*7 is 1*7"), Decision((TRUE,))),
    Decided(claim_of("T1-16"), Decision((FALSE,), Repair("it is less.", (TRUE,)), "Nothing.", "assert 3 > 2")),
]


def expected(id: str) -> Decided:
    """The row with the verdict that the committed ledger has."""
    claim = claim_of(id)
    check = Check(f"claims/{id}/printed", id, claim.expected, 1, 2, "tried", {"a": 1}, expected=REFUTES)
    return Decided(claim, Decision((check,), None, "Nothing.", "assert True"))


def test_a_row_tells_everything_that_came_out():
    text = topic_page("Theorem 1", ROWS, MADE)
    for words in (
        "**As printed: 1 PROVED, 1 REFUTED; repaired: 1 PROVED.**",
        "[T1-16](#t1-16)",
        "\n## T1-16\n",
        "\n7\\*7 is 1\\*7.\n",
        "2\\*N\\*\\*2",
        "**REFUTED** as printed (a witness contradicts it, and anyone can evaluate that witness again), **misp",
        "; **PROVED** as repaired",
        "**Repaired:** it is less.\n",
        "- `printed`: a < b tried.\n",
        "- `printed`: a = [1, 2].\n",
        "```python\nassert 3 > 2\n```",
        "**What depends on it:** Nothing.\n",
        "verify claims --topic theorem-1",
    ):
        assert words in text


def test_a_table_without_repairs_has_no_column_for_them():
    assert [column.header for column in index_table(ROWS[:1], ["#"]).columns] == [
        "claim",
        "where",
        "in short",
        "printed",
    ]
    assert [column.header for column in index_table(ROWS, ["#", "#"]).columns][-2:] == ["kind", "repaired"]


def test_a_verdict_against_the_committed_ledger_is_said():
    planted = Decided(replace(ROWS[0].claim, expected=Verdict.REFUTED), ROWS[0].decision)
    assert "; the committed ledger has REFUTED." in topic_page("Theorem 1", [planted], MADE)


def test_the_errata_hold_what_is_refuted_and_nothing_else():
    text = errata(ROWS, MADE)
    assert "[T1-16](theorem-1.md#t1-16)" in text
    assert "correction (PROVED): it is less.\n" in text
    assert "T1-14" not in text
    assert all(each.where in text and literal(each.read).replace("|", "\\|") in text for each in MISPRINTS)
    assert text.count("(?)") == 1 + sum(each.perhaps_ours for each in MISPRINTS)


def test_a_true_statement_with_a_repair_is_told_apart():
    row = Decided(ROWS[0].claim, Decision((TRUE,), Repair("more is true", (TRUE,))))
    assert "should say more\n\n- [T1-14](theorem-1.md#t1-14), A.1 (PROVED): more is true." in errata([row], MADE)


@pytest.mark.parametrize("each", MISPRINTS, ids=lambda each: each.where)
def test_a_misprint_names_a_row_of_the_ledger(each):
    assert not each.row or claim_of(each.row)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.text[:40])
def test_a_finding_stands_on_the_committed_verdicts_and_falls_with_any(finding):
    rows = [expected(id) for id in finding.rows]
    assert stands(finding, rows)
    for k in range(len(rows)):
        assert not stands(finding, rows[:k] + rows[k + 1 :])
        other = Decision((Check("t/open", "T", Verdict.UNDECIDED, None, None, "open"),))
        assert not stands(finding, [*rows[:k], Decided(rows[k].claim, other), *rows[k + 1 :]])


def test_the_index_prints_the_findings_that_stand_alone():
    few, all_rows = index(ROWS, MADE), index([expected(claim.id) for claim in LEDGER], MADE)
    assert not any(finding.text in few for finding in FINDINGS)
    assert all(finding.text in all_rows for finding in FINDINGS)
    assert "([T2-LOG](theorem-2.md#t2-log), [X-ATT-EXACT](past-the-paper.md#x-att-exact))" in all_rows


def test_the_readme_s_table_of_claims_is_the_ledger_s():
    text = (ROOT / "README.md").read_text()
    assert with_section(text, claims_section(LEDGER)) == text


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"])
def test_a_readme_without_one_place_for_it_is_refused(text: str):
    with pytest.raises(ValueError, match="must stand there once each"):
        with_section(text, "table")


def test_the_counts_add_up():
    *topics, total = counts(LEDGER).rows
    for k in range(1, len(total)):
        assert sum(int(row[k] or 0) for row in topics) == int(total[k] or 0)
    assert total[1] == str(len(LEDGER))


def test_every_file_of_code_is_counted_in_what_is_trusted_or_only_delivers(tmp_path: Path):
    (tmp_path / "a.py").write_text("1\n2\n")
    assert lines([str(tmp_path), str(tmp_path / "a.py")]) == 4
    paths = [path for part in PARTS for path in part.paths]
    assert all((ROOT / path).exists() for path in paths)
    counted = sum(len(path.read_text().splitlines()) for path in source_files())
    assert counted / 2 < lines(paths) < counted
    assert about(lines(["bounds"])) in trust(MADE)


@pytest.mark.parametrize(("number", "text"), [(7, "7"), (42, "42"), (1249, "1200"), (9961, "10000")])
def test_lines_are_told_to_two_digits(number: int, text: str):
    assert about(number) == text


def test_marks_of_markdown_are_shown():
    assert literal("2*N < 3, <b>, L~ [1]") == "2\\*N < 3, \\<b>, L\\~ [1]"
    assert literal("A~_i a_j sum_{k} _x") == "A\\~\\_i a_j sum_{k} \\_x"


def anchors(text: str) -> set[str]:
    """The names under which a browser finds the headings of a page, as GitHub makes them: in small letters, blanks as
    dashes, other marks left out."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_of_the_committed_pages_leads_somewhere():
    folder, followed = ROOT / "reports", 0
    for path in [*folder.glob("*.md"), ROOT / "README.md"]:
        for target, name in re.findall(r"\]\(([^()#\s]*)(?:#([^()\s]*))?\)", path.read_text()):
            page = path.parent / target if target else path
            assert target.startswith("http") or page.exists(), (path.name, target)
            assert not name or name in anchors(page.read_text()), (path.name, target, name)
            followed += 1
    assert followed > len(LEDGER)


def test_anchors_are_those_of_headings():
    text = "# T1-7to10\n\n## What was found\n\n```sh\n# no heading\n```\n\n### A (b), c\n"
    assert anchors(text) == {"t1-7to10", "what-was-found", "a-b-c"}


def test_the_committed_pages_lines_of_python_are_true_with_numpy_and_fractions_alone():
    """All of them in one fresh process, each in a namespace of its own; a planted one must be found."""
    blocks = [
        (topic, code)
        for topic in TOPICS
        for code in re.findall(r"```python\n(.*?)\n```", page_of(topic).read_text(), flags=re.DOTALL)
    ]
    refuted = sum(claim.expected is Verdict.REFUTED for claim in LEDGER)
    assert len(blocks) >= refuted
    assert {module for _, code in blocks for module in imported(code)} == {"numpy", "fractions"}
    assert run_alone(blocks) == []
    assert run_alone([*blocks, ("planted", "assert 1 > 2")]) == ["planted"]


def page_of(topic: str) -> Path:
    """The committed page of a topic."""
    return ROOT / "reports" / f"{slug(topic)}.md"


def imported(code: str) -> set[str]:
    """The modules that the code imports."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


ALONE = """
import json, sys
wrong = []
for name, code in json.load(sys.stdin):
    try:
        exec(code, {})
    except Exception:
        wrong.append(name)
assert not {"jax", "sympy", "flint", "verify"} & set(sys.modules)
print(json.dumps(wrong))
"""


def run_alone(blocks: list[tuple[str, str]]) -> list[str]:
    """The names of the blocks that raise, in a process that has nothing of this program."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE], input=json.dumps(blocks), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_every_committed_page_is_linked_from_the_index():
    text = (ROOT / "reports" / "README.md").read_text()
    assert all(f"]({path.name}" in text for path in (ROOT / "reports").glob("*.md") if path.name != "README.md")
