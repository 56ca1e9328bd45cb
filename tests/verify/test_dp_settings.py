"""What `verify dp` is asked: options as numbers, contradictions, names and commands that say them again."""

import re
from pathlib import Path

import pytest

from constructions.problems.edit_distance import Costs
from verify.cli import main
from verify.dp.cases import cases, loaded
from verify.dp.rows import as_written
from verify.dp.settings import DpSettings, parse
from verify.errors import BadInput

README = Path(__file__).resolve().parents[2] / "README.md"
(STAIRS,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)  # the example that users are shown


@pytest.fixture
def stairs(tmp_path):
    file = tmp_path / "stairs.py"
    file.write_text(f"{STAIRS}NO_PROBLEM = 3\n")
    return file


def test_options_are_read():
    texts = {"problem": "edit-distance", "theorem": "5", "m": "64", "T": "1e3", "costs": "1, 2,3"}
    settings = parse(texts | {"boundary": "benchmark", "trace": "7", "dtype": "float64"}, show_layers=True)
    costs = Costs(1, 2, 3, "benchmark")
    wanted = DpSettings("edit-distance", None, 12, 64, 0, "5", 64, 1000, 11, costs, "float64", True, 7)
    assert settings == wanted
    assert parse({}) == DpSettings()
    assert parse({"problem": "arithmetic", "mod": "integers"}).modulus is None


@pytest.mark.parametrize(
    "texts",
    [
        {"problem": "nope"},
        {"problem": "file.py"},
        {"problem": "lis", "mod": "7"},
        {"problem": "lis", "costs": "1,2,3"},
        {"mod": "7"},
        {"m": "5"},
        {"T": "5"},
        {"input": "1 2"},
        {"trace": "1"},
        {"problem": "edit-distance", "m": "5", "theorem": "4"},
        {"problem": "edit-distance", "costs": "1,2"},
        {"problem": "edit-distance", "costs": "1,2,-3"},
        {"problem": "edit-distance", "costs": "1,nan,3"},
        {"problem": "edit-distance", "boundary": "none"},
        {"problem": "arithmetic", "mod": "12"},
        {"problem": "arithmetic", "mod": "1"},
        {"problem": "lis", "input": "1 2", "n": "3"},
        {"problem": "lis", "input": "1 2", "seed": "3"},
        {"problem": "lis", "input": "1 " * 600_000},
        {"problem": "lis", "n": "nan"},
        {"problem": "lis", "n": "-1"},
        {"problem": "lis", "instances": "0"},
        {"problem": "lis", "trace": "0"},
        {"problem": "lis", "dtype": "int8"},
        {"problem": "lis", "theorem": "3"},
    ],
    ids=lambda texts: " ".join(f"{n} {t[:12]}" for n, t in texts.items()),
)
def test_bad_options_name_what_is_allowed(texts):
    with pytest.raises(BadInput, match="nearest that works"):
        parse(texts)


def test_layers_of_all_problems_are_refused():
    with pytest.raises(BadInput, match="needs a problem"):
        parse({}, show_layers=True)


def test_the_command_asks_the_same_again():
    settings = parse({"problem": "edit-distance", "input": "a b|c", "costs": "1,1,1", "T": "99"}, show_layers=True)
    assert settings.command() == "verify dp edit-distance --input 'a b|c' --T 99 --costs 1,1,1 --show-layers"
    assert parse({}).command() == "verify dp"


def test_names_tell_settings_apart():
    told = [{}, {"problem": "lis"}, {"problem": "lis", "input": "1 2"}, {"problem": "lis", "input": "2 1"}, {"n": "3"}]
    names = [parse(texts).name() for texts in told]
    assert len(set(names)) == len(names)
    assert names[0] == "dp"
    assert all(len(name) <= 120 and "/" not in name for name in names)
    files = [parse({"problem": f"{folder}/x.py:P"}).name() for folder in "ab"]
    assert files[0] != files[1]


def test_a_user_s_problem_has_both_theorems(stairs):
    found = cases(parse({"problem": f"{stairs}:STAIRS"}))
    assert [(case.tag, case.task is None) for case in found] == [("stairs/T4", False), ("stairs/T5", False)]
    for case in found:
        assert case.task is not None
        instance = case.task.parse("3 1 4 1 5 9")
        assert as_written(case.task, instance, case.task.expected(instance)) == "3 1 4 1 5 9 | 3 1 5 2 7 11 | 11"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("raise ZeroDivisionError('now')", "ZeroDivisionError: now"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("def (", "SyntaxError"),
        ("STAIRS = 3", "is no Problem"),
        ("X = 3", "is not defined there"),
    ],
)
def test_a_file_that_is_of_no_use_is_named(tmp_path, text, match):
    file = tmp_path / "bad.py"
    file.write_text(text)
    with pytest.raises(BadInput, match=match):
        loaded(str(file), "STAIRS")


def test_what_the_file_has_is_offered(stairs):
    with pytest.raises(BadInput, match=r"defined are STAIRS; nearest that works: .*:STAIRS"):
        loaded(str(stairs), "NO_PROBLEM")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('transition=name("cost")', 'transition=name("unknown")'),  # a name that nothing defines
        ('ValueRead("one back", (i - 1,), when=i > 1,', 'ValueRead("one back", (i + 1,), when=i > 1,'),
        ("count=lambda lengths: lengths[0],", "count=lambda lengths: 1 // 0,"),
        ("locality=lambda lengths: 2,", "locality=lambda lengths: lengths[7],"),
    ],
    ids=["unknown name", "reads a later state", "a function that raises", "a locality that raises"],
)
def test_a_malformed_problem_is_one_line_and_exit_code_2(stairs, old, new, capsys):
    stairs.write_text(STAIRS.replace(old, new))
    assert main(["dp", f"{stairs}:STAIRS", "--instances", "2", "--n", "4", "--no-report"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "nearest that works" in said.err
