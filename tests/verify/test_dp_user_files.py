"""Problems of a user's own: both theorems, what a file needs, and the field that is named where one states wrongly."""

import json
import re
import sys
from pathlib import Path

import pytest

import verify.dp.command
from constructions.generate import prompt_tokens
from constructions.programs.interpreter import interpreted
from verify.cli import main
from verify.dp.cases import blamed, cases, loaded
from verify.dp.command import planned
from verify.dp.cost import plan
from verify.dp.locality import slots_check
from verify.dp.rows import as_written
from verify.dp.run import Done, stack_for
from verify.dp.settings import parse
from verify.dp.words import sentence
from verify.errors import BadInput
from verify.verdict import Check, Verdict

README = Path(__file__).resolve().parents[2] / "README.md"
(STAIRS,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)  # the example that users are shown


@pytest.fixture
def stairs(tmp_path):
    file = tmp_path / "stairs.py"
    file.write_text(f"{STAIRS}NO_PROBLEM = 3\n")
    return file


def test_a_user_s_problem_has_both_theorems(stairs):
    found = cases(parse({"problem": f"{stairs}:STAIRS"}))
    assert [(case.tag, case.task is None) for case in found] == [("stairs/T4", False), ("stairs/T5", False)]
    for case in found:
        assert case.task is not None
        instance = case.task.parse("3 1 4 1 5 9")
        assert as_written(case.task, instance, case.task.expected(instance)) == "3 1 4 1 5 9 | 3 1 5 2 7 11 | 11"


def test_integers_may_stand_for_expressions(stairs):
    stairs.write_text(STAIRS.replace("when=n >= 1", "when=1"))
    for case in cases(parse({"problem": f"{stairs}:STAIRS"})):
        assert case.task is not None
        instance = case.task.parse("3 1 4")
        program = case.task.program(case.task.limits([instance]))
        tokens = [token for token, _ in interpreted(program, case.task.prompt(instance), program.longest)]
        assert tokens[-1]["answer"] == 5


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("raise ZeroDivisionError('now')", "ZeroDivisionError: now"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("def (", "SyntaxError"),
        ("STAIRS = 3", "is no Problem"),
        ("X = 3", "is not defined there"),
        ("raise BaseException('now')", "BaseException: now"),
        ("raise GeneratorExit", "GeneratorExit"),
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


def test_an_interrupt_while_a_file_is_run_is_no_fault_of_the_file(tmp_path):
    file = tmp_path / "slow.py"
    file.write_text("import signal; signal.raise_signal(signal.SIGINT)")
    with pytest.raises(KeyboardInterrupt):
        loaded(str(file), "STAIRS")


@pytest.mark.parametrize("ending", ["", ":", ":1", ":NO_PROBLEM"])
def test_a_file_without_a_name_offers_one_that_is_in_it(stairs, ending, capsys):
    assert main(["dp", f"{stairs}{ending}", "--no-report"]) == 2
    said = capsys.readouterr().err
    assert said.endswith(f"nearest that works: {stairs}:STAIRS\n")
    assert "::" not in said


def test_a_file_imports_its_neighbours_and_leaves_the_path_of_imports_as_it_was(stairs, monkeypatch):
    """While it is loaded, and while its functions are evaluated; a neighbour that is not there is the file's fault."""
    late = "count=lambda lengths: __import__('neighbour_of_late').N * lengths[0],"
    stairs.with_name("neighbour_of_stairs.py").write_text(STAIRS.replace("count=lambda lengths: lengths[0],", late))
    stairs.with_name("neighbour_of_late.py").write_text("N = 1")
    user = stairs.with_name("user.py")
    user.write_text("from neighbour_of_stairs import *")
    before = list(sys.path)
    settings = parse({"problem": f"{user}:STAIRS", "n": "2", "instances": "1"})
    with blamed(settings):
        assert len(planned(cases(settings), settings)) == 2
    assert sys.path == before
    user.write_text("from neighbour_of_nobody import *")
    with pytest.raises(BadInput, match="ModuleNotFoundError"), blamed(settings):
        cases(settings)
    assert sys.path == before
    for module in ("neighbour_of_stairs", "neighbour_of_late"):
        monkeypatch.delitem(sys.modules, module)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("alphabets=((0, 20),)", "alphabets=()", "at least one is needed"),
        ("alphabets=((0, 20),)", "alphabets=((5, 1),)", "alphabets: (5, 1) was given"),
        ("slots=lambda lengths: max(lengths[0], 1)", "slots=lambda lengths: 10**12", "slots, which would need"),
        (
            "locality=lambda lengths: 2",
            "locality=lambda lengths: 10**9",
            "a problem that states fewer states and slots",
        ),
        ("(0, 20 * max(lengths[0], 1))", "(5, -5)", "value_bounds at lengths (6,): (5, -5) was given"),
        ("(0, 20 * max(lengths[0], 1))", "None", "value_bounds at lengths (6,): None was given"),
        ("((1, max(lengths[0], 1)),)", "()", "index_bounds at lengths (6,): () was given"),
        ("(0, 20 * max(lengths[0], 1))", "(0, 3)", "`value_bounds` is false: the value"),
        ("((1, max(lengths[0], 1)),)", "((1, 2),)", "`index_bounds` is false: i = 3"),
        ('InputRead("cost", 0, i)', 'InputRead("cost", 3, i)', "sequence 3 was given; there are 0 to 0"),
        ("count=lambda lengths: lengths[0]", "count=lambda lengths: 1", "that `count` gives"),
    ],
    ids=lambda text: text[-30:],
)
def test_what_a_problem_states_wrongly_is_named_before_anything_is_compiled(stairs, old, new, cause, capsys):
    assert STAIRS.count(old) == 1
    stairs.write_text(STAIRS.replace(old, new))
    words = ["dp", f"{stairs}:STAIRS", "--theorem", "5", "--instances", "2", "--n", "4", "--no-report"]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert cause in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('transition=name("cost")', 'transition=name("unknown")'),  # a name that nothing defines
        ('ValueRead("one back", (i - 1,), when=i > 1,', 'ValueRead("one back", (i + 1,), when=i > 1,'),
        ("count=lambda lengths: lengths[0],", "count=lambda lengths: 1 // 0,"),
        ("locality=lambda lengths: 2,", "locality=lambda lengths: lengths[7],"),
        ("first=(1,)", "first=(1)"),
        ("when=i > 1,", "when=i == 1,"),
        ("count=lambda lengths: lengths[0],", "count=lambda lengths: exit(4),"),
    ],
    ids=[
        "unknown name",
        "reads a later state",
        "a function that raises",
        "a locality that raises",
        "no tuple",
        "==",
        "exit",
    ],
)
def test_a_malformed_problem_is_one_line_and_exit_code_2(stairs, old, new, capsys):
    stairs.write_text(STAIRS.replace(old, new))
    assert main(["dp", f"{stairs}:STAIRS", "--instances", "2", "--n", "4", "--no-report"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "nearest that works" in said.err


def test_a_false_property_is_named_and_what_the_file_prints_spoils_no_document(stairs, capsys, monkeypatch):
    """A value two states back whose `distance` says one: by Theorem 5 the chain goes wrong, and the cause is told."""
    monkeypatch.setattr(verify.dp.command, "differences", lambda *_: {"float32": None})
    monkeypatch.setattr(verify.dp.command, "ranges", lambda _: [])
    text = STAIRS.replace("distance=2", "distance=1")
    stairs.write_text(
        text.replace("count=lambda lengths: lengths[0]", "count=lambda lengths: print('!') or lengths[0]")
    )
    words = ["dp", f"{stairs}:STAIRS", "--theorem", "5", "--input", "3 1 4 1", "--no-report"]
    assert main([*words, "--json"]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert "!" in said.err
    assert found["verdict"] == "REFUTED"
    (broken,) = [check for check in found["checks"] if check["id"] == "stairs/T5/assumption-0"]
    assert broken["witness"]["violation"].endswith(
        "state (3,): `distance` is false: 'two back' is 2 states back, 1 is stated"
    )
    checks = [Check(**check | {"verdict": Verdict(check["verdict"])}) for check in (broken,)]
    wrong = [check for check in found["checks"] if check["id"].endswith(("/tokens", "/enumerated"))]
    assert [check["verdict"] for check in wrong] == ["REFUTED", "REFUTED"]
    assert re.match(
        "stairs breaks the order of states .* 1 is stated. .* runs of 1 stack differ",
        sentence(found["rows"], checks, parse({}), False),
    )


def test_what_is_refuted_comes_before_what_holds():
    """A false `locality` misleads no run where slots suffice: the headline once began with those that come out right,
    as if they were what is refuted.
    """
    row = {"instances_wrong": 0, "instances": 2, "tokens": 9, "margin": 0.5, "reason": None, "theorem": 5, "m": 3}
    row |= {"family_instances": 0, "family_size": 0}
    expected, refuted = frozenset({Verdict.HELD}), Verdict.REFUTED
    false = {"violation": "state (3,): `locality` is false"}
    broken = Check("stairs/T5/assumption-0", "T5", refuted, 0, None, "read", false, expected=expected)
    told = sentence([row], [broken], parse({}), False)
    assert told.startswith("stairs breaks the order of states that Assumption 3 rests on: state (3,): `locality` is")
    assert ". All the same, all 2 runs (9 tokens) of 1 stack are the oracle's" in told
    vast = {"T": 9, "reason": "`slots` gives each of 2 readers more slots than there are tokens"}
    growth = Check("stairs/T4/growth", "T4", refuted, 2, 1, "counted", vast, expected=expected)
    assert sentence([row], [growth], parse({}), False).startswith("stairs/T4/growth is refuted: `slots` gives")
    margin = Check("stairs/T4/margin", "T4", refuted, 0, 1, "run", {"token": 1}, expected=expected)
    assert sentence([row], [margin], parse({}), False).startswith("stairs/T4/margin is refuted. All the same, all 2")
    assert sentence([row | {"instances_wrong": 1}], [margin], parse({}), False).startswith("1 of 2 runs")


@pytest.mark.parametrize(
    ("farthest", "tokens", "said"),
    [
        (2, "((-7, 9),)", None),
        (9, "((-7, 9),)", "no run has more than"),
        (2, "((0, 0),)", "get all .* runs right"),
    ],
)
def test_slots_that_forget_nothing_go_wrong_where_one_is_written_again_and_decide_nothing_elsewhere(
    stairs, farthest, tokens, said
):
    """Tokens of both signs: were only the least ones enumerated, all values would be 0, and 0 added changes nothing."""
    text = STAIRS.replace("((0, 20),)", tokens).replace("(0, 20 * max", "(-7 * max(lengths[0], 1), 9 * max")
    text = text.replace('select(i > 2, minimum(name("one back"), name("two back")), 0)', 'name("one back")')
    transition = 'maximum(name("one back"), name("cost") + name("two back"))'
    text = text.replace('name("cost") + name("one back")', transition).replace("import minimum", "import maximum")
    stairs.write_text(text.replace("locality=lambda lengths: 2", f"locality=lambda lengths: {farthest}"))
    settings = parse({"problem": f"{stairs}:STAIRS", "theorem": "5", "n": "2", "instances": "1"})
    (case,) = cases(settings)
    assert case.task is not None
    planned_run, task = plan(case, case.task, settings), case.task
    stack = stack_for(task.program(planned_run.limits), None)
    fields = [field.name for field in stack.program.fields]
    wanted = tuple(
        prompt_tokens(fields, [*task.prompt(i), *task.expected(i, planned_run.limits)]) for i in planned_run.batch.all
    )
    right = {"case": case, "task": task, "batch": planned_run.batch, "stack": stack, "wanted": wanted}
    done = object.__new__(Done)  # as after a right run, without compiling one
    vars(done).update(right)
    check = slots_check(done)
    assert check.verdict is (Verdict.SKIPPED if said else Verdict.REFUTED)
    assert said is None or re.search(said, check.evidence)
    assert check.verdict in check.expected
