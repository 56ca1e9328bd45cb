"""`verify bounds` as a stranger runs it: output, exit codes, bad input, reports, interrupts."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from verify.bounds import command as bounds_command
from verify.bounds import page as bounds_page
from verify.bounds import search as bounds_search
from verify.bounds.limits import Limits
from verify.bounds.rows import Row, rows_of
from verify.bounds.settings import BoundsSettings
from verify.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    # Drawing and sampling have tests of their own and take most of a command's time.
    monkeypatch.setattr(bounds_page, "figure", lambda blocks: f"{len(blocks)} blocks".encode())
    monkeypatch.setattr(bounds_search, "SAMPLES", 4)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["bounds", *words])
    out, err = capsys.readouterr()
    return code, out, err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code, out, _ = run(capsys, "--json", "--no-report", *words)
    assert code == 0
    return json.loads(out)


def test_the_table_fits_in_a_hundred_columns_whole(capsys: pytest.CaptureFixture[str]):
    code, out, err = run(capsys, "--a-min", "0.9", "--no-report")
    table = out.partition("a_min = 0.9: Theorem 1's threshold leaves")[0]
    assert (code, err) == (0, "")
    assert max(map(len, table.splitlines())) <= 100
    assert re.search(
        r"^ +4096 +2\.2747e\+187 +2\.2747e\+187 +2\.3819e\+187 +12\.008 +11\.263 +beyond float32", table, re.M
    )
    assert "float16 from L = 107, bfloat16 from L = 844, float32 from L = 844, float64 from L = 6739." in out
    assert out.splitlines()[-1].startswith("HELD: at a_min = 0.9 Theorem 1 speaks at every L asked")


def test_a_narrow_screen_loses_the_cap_alone(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run(capsys, "--no-report")
    assert "no room here for: SSM cap (see --json or the report)" in out
    assert "2.2747e+187" in out
    assert "attn exact" in out


def test_json_is_one_document_with_the_rows_of_the_contract(capsys: pytest.CaptureFixture[str]):
    found = document(capsys, "--a-min", "0.9,0.99", "--L", "8..64")
    assert found["command"] == "bounds"
    assert found["settings"]["a_min"] == [0.9, 0.99]
    assert [(row["a_min"], row["L"]) for row in found["rows"]] == [(a, L) for a in (0.9, 0.99) for L in (8, 16, 32, 64)]
    assert {row["status"] for row in found["rows"]} == {"satisfiable", "VACUOUS"}
    assert found["verdict"] == "VACUOUS"
    assert len({check["id"] for check in found["checks"]}) == len(found["checks"])
    assert found["report"] is None


def test_numbers_are_right_to_the_last_printed_digit(capsys: pytest.CaptureFixture[str]):
    """0.9 is the decimal that was typed, not its binary neighbour, and 1/0.9^63 is rounded once."""
    (row,) = document(capsys, "--L", "64")["rows"]
    assert row["ssm_cap"] == float(Fraction(10, 9) ** 63)
    _, out, _ = run(capsys, "--L", "64", "--no-report")
    assert " 763.35 " in out


@pytest.mark.parametrize(
    ("words", "a_max", "alpha_pos"),
    [
        (["--a-min", "0.5", "--L", "4"], 0.5, 0.125),
        (["--a-min", "0.5", "--L", "4,8"], 0.5, None),
        (["--a-min", "0.5,0.9", "--L", "4"], None, None),
        (["--a-min", "0.5,0.9", "--L", "1"], None, 1.0),
        (["--a-min", "1", "--L", "4,8"], 1.0, 1.0),
        (["--a-min", "0.5,0.9", "--L", "8,16", "--a-max", "0.25", "--alpha-pos", "0.75"], 0.25, 0.75),
    ],
)
def test_a_setting_is_a_number_where_all_rows_share_it(
    capsys: pytest.CaptureFixture[str], words: list[str], a_max: float | None, alpha_pos: float | None
):
    settings = document(capsys, *words)["settings"]
    assert (settings["a_max"], settings["alpha_pos"]) == (a_max, alpha_pos)


def test_the_page_says_what_a_low_rho_means(capsys: pytest.CaptureFixture[str]):
    for rho, said in (("-5", True), ("-0.001", False)):
        run(capsys, "--L", "8", "--rho", rho, "--out", rho.strip("-"))
        (path,) = Path(rho.strip("-")).glob("*.md")
        page = path.read_text()
        assert "i = L, so L~ = max(L, L - |S_i|) = L whatever matches" in page
        assert ("a rho below -delta speaks of" in page) is said
        assert "is refuted, as expected, by" in page


def test_the_growth_that_the_paper_prints_is_refuted_whatever_alpha_pos_is(capsys: pytest.CaptureFixture[str]):
    found = document(capsys, "--alpha-pos", "0.9", "--L", "8..64")
    checks = {check["id"]: check["verdict"] for check in found["checks"] if check["claim"] == "T1-REQ"}
    assert checks == {
        "bounds/T1-REQ/a_min=0.9/worst-case": "PROVED",
        "bounds/T1-REQ/a_min=0.9/as-printed": "REFUTED",
    }
    assert all(row["ssm_required"] < 1 / 0.9 for row in found["rows"])


def test_vacuous_rows_say_what_would_make_them_speak(capsys: pytest.CaptureFixture[str]):
    code, out, _ = run(capsys, "--delta", "0.009", "--L", "8,16,32", "--no-report")
    assert code == 0
    delta = re.search(r"would speak at all of them for delta below (\S+)\.$", out, re.M)
    assert delta is not None
    below = document(capsys, "--delta", str(0.999 * float(delta[1])), "--L", "8,16,32")
    above = document(capsys, "--delta", str(1.001 * float(delta[1])), "--L", "8,16,32")
    assert {row["status"] for row in below["rows"]} == {"satisfiable"}
    assert above["rows"][0]["status"] == "VACUOUS"


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (["--a-min", "1"], "SKIPPED"),
        (["--a-max", "1"], "SKIPPED"),
        (["--a-max", "0"], "HELD"),
        (["--epsilon", "3"], "HELD"),
        (["--epsilon", "8", "--L", "2", "--rho", "0"], "HELD"),
        (["--M", "1.5", "--epsilon", "1", "--L", "2"], "HELD"),
        (["--L", "1"], "HELD"),
        (["--alpha-pos", "1"], "VACUOUS"),
        (["--a-min", "1e-9", "--L", "1..8"], "HELD"),
        (["--delta", "100"], "VACUOUS"),
        (["--rho", "-5", "--dtype", "bfloat16", "--seed", "3"], "HELD"),
        # Sizes that a ball of 64 bits tells nothing about: its ends, formed all the same, would fill any memory.
        (["--delta", "1e300"], "VACUOUS"),
        (["--delta", "1e30", "--L", "8"], "VACUOUS"),
        (["--rho", "1e300"], "HELD"),
        (["--rho", "-1e300"], "HELD"),
        (["--M", "1e300", "--Delta", "1e300", "--epsilon", "1e-300", "--L", "1..100000"], "VACUOUS"),
        (["--M", "1e-300", "--epsilon", "1e300", "--delta", "1e-300"], "HELD"),
        (["--a-min", f"0.{'9' * 57}", "--a-max", "0", "--L", "100000"], "VACUOUS"),
        # exp of a logarithm that lies halfway between two floats, and a part of the threshold far below 0.
        (["--a-min", "0.5", "--epsilon", "1e-3", "--M", "100", "--Delta", "1e9"], "VACUOUS"),
        (
            ["--a-min", "1e-9", "--delta", "3", "--epsilon", "3", "--M", "1e-30", "--alpha-pos", "1", "--L", "8"],
            "VACUOUS",
        ),
    ],
)
def test_the_corners_end_well_with_their_page(capsys: pytest.CaptureFixture[str], words: list[str], verdict: str):
    code, out, _ = run(capsys, "--json", *words)
    found = json.loads(out)
    assert (code, found["verdict"]) == (0, verdict)
    assert Path(found["report"]).read_text().startswith("# Theorems 1 and 2 at a_min = ")


def test_quiet_leaves_the_verdict(capsys: pytest.CaptureFixture[str]):
    code, out, err = run(capsys, "--quiet")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"HELD: .*\n", out)
    assert sorted(os.listdir("reports")) == ["bounds-amin0.9.md", "bounds-amin0.9.png"]


def test_equal_settings_make_equal_reports_byte_for_byte(capsys: pytest.CaptureFixture[str]):
    words = ["--a-min", "0.9,0.99", "--delta", "0.0012"]
    for folder in ("one", "two"):
        run(capsys, *words, "--out", folder, "--L", "8,16")
    names = [f"bounds-amin0.9_0.99-L8_16-delta0.0012.{suffix}" for suffix in ("md", "png")]
    assert sorted(os.listdir("one")) == sorted(os.listdir("two")) == names
    for name in names:
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_the_page_says_how_to_make_it_again(capsys: pytest.CaptureFixture[str]):
    run(capsys, "--a-min", "0.9", "--L", "8..64", "--epsilon", "0.25", "--rho", "-0.5", "--seed", "7")
    (path,) = Path("reports").glob("*.md")
    page = path.read_text()
    command = re.search(r"```sh\nverify (.*)\n```", page)
    assert command is not None
    assert command[1] == "bounds --a-min 0.9 --L 8,16,32,64 --epsilon 0.25 --rho -0.5 --seed 7"
    path.unlink()
    assert main(command[1].split()) == 0
    assert path.read_text() == page
    assert str(Path.cwd()) not in page
    assert "/" + "tmp" not in page
    assert f"({path.stem}.png)" in page


def test_the_page_takes_the_threshold_apart(capsys: pytest.CaptureFixture[str]):
    run(capsys, "--L", "8")
    page = Path("reports/bounds-amin0.9-L8.md").read_text()
    parts = re.findall(r"^\| (?:c \(1|\(1 -|delta a).*\| +(\S+) \|$", page, re.M)
    (total,) = re.findall(r"^\| threshold of Theorem 1 +\| +(\S+) \|$", page, re.M)
    assert len(parts) == 3
    # Each printed number is off by at most half a unit of its last place.
    units = [Fraction(1, 10 ** len(text.partition(".")[2])) for text in (*parts, total)]
    assert abs(sum(map(Fraction, parts)) - Fraction(total)) <= sum(units) / 2


def test_a_refuted_check_ends_with_one_and_its_witness(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """The faulty route: limits that are one too high for every format."""
    right = bounds_command.limits_of

    def wrong(settings: BoundsSettings, a_min: Fraction) -> Limits:
        limits = right(settings, a_min)
        return Limits(limits.smallest_L, {name: L and L + 1 for name, L in limits.largest.items()})

    monkeypatch.setattr(bounds_command, "limits_of", wrong)
    code, out, _ = run(capsys, "--json")
    found = json.loads(out)
    assert (code, found["verdict"]) == (1, "REFUTED")
    assert "`bounds/dtype-limits/a_min=0.9` is refuted by" in Path(found["report"]).read_text()


def interrupted_rows(settings: BoundsSettings, a_min: Fraction, limits: Limits) -> Iterator[Row]:
    for row in rows_of(settings, a_min, limits):
        if row.L > 16:
            raise KeyboardInterrupt
        yield row


def test_an_interrupt_keeps_what_is_done(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounds_command, "rows_of", interrupted_rows)
    code, out, _ = run(capsys, "--json")
    found = json.loads(out)
    assert code == 130
    assert [row["L"] for row in found["rows"]] == [8, 16]
    assert found["verdict"] == "UNDECIDED"
    assert found["report"] == "reports/bounds-amin0.9-interrupted.md"
    assert sorted(os.listdir("reports")) == [f"bounds-amin0.9-interrupted.{suffix}" for suffix in ("md", "png")]
    assert "stopped after 2 of 10 rows" in Path(found["report"]).read_text()


def test_an_interrupt_before_the_first_row(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def at_once(*_: Any) -> Limits:
        raise KeyboardInterrupt

    monkeypatch.setattr(bounds_command, "limits_of", at_once)
    code, out, _ = run(capsys)
    assert code == 130
    assert "stopped after 0 of 10 rows" in out
    assert os.listdir("reports") == ["bounds-amin0.9-interrupted.md"]


def python(code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--help"], {"jax", "numpy", "flint", "matplotlib", "sympy"}),
        (["bounds", "--no-report"], {"jax", "matplotlib", "sympy"}),
        (["bounds", "--L", "0"], {"jax", "matplotlib", "sympy"}),
    ],
)
def test_nothing_is_imported_that_is_not_used(words: list[str], unwanted: set[str]):
    code = f"import sys; from verify.cli import main; main({words!r}); print(*({unwanted!r} & set(sys.modules)))"
    assert python(code).stdout.splitlines()[-1] == ""


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m verify bounds --no-report --json | head -c 1; exit ${{PIPESTATUS[0]}}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")
