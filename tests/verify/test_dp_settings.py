"""What `verify dp` is asked: options as numbers, contradictions, names and commands that say them again."""

import pytest

from constructions.generate import LENGTH
from constructions.problems.edit_distance import Costs
from verify.console import Console
from verify.dp.cases import cases
from verify.dp.command import _tell, planned
from verify.dp.cost import CHANNEL, MADE, seconds
from verify.dp.instances import batch
from verify.dp.settings import DpSettings, parse
from verify.dp.words import instances_words, sentence
from verify.errors import BadInput


def test_options_are_read():
    texts = {"problem": "edit-distance", "theorem": "5", "m": "64", "T": "1e3", "costs": "1, 2,3"}
    settings = parse(texts | {"boundary": "benchmark", "trace": "7", "dtype": "float64"}, show_layers=True)
    costs = Costs(1, 2, 3, "benchmark")
    wanted = DpSettings("edit-distance", None, 12, 64, 0, "5", 64, 1000, 11, costs, "float64", True, 7)
    assert settings == wanted
    assert parse({}) == DpSettings()
    assert parse({"problem": "arithmetic", "mod": "integers"}).modulus is None


def test_an_input_that_is_too_long_says_how_long():
    with pytest.raises(BadInput, match="1200000 characters; at most 1000000"):
        parse({"problem": "lis", "input": "1 " * 600_000})


def test_layers_of_all_problems_are_refused():
    with pytest.raises(BadInput, match="needs a problem"):
        parse({}, show_layers=True)


def test_the_command_asks_the_same_again():
    settings = parse({"problem": "edit-distance", "input": "a b|c", "costs": "1,1,1", "T": "99"}, show_layers=True)
    assert settings.command() == "verify dp edit-distance --input 'a b|c' --T 99 --costs 1,1,1 --show-layers"
    assert parse({}).command() == "verify dp"


def test_an_input_is_run_with_a_small_family_or_alone_and_either_is_said():
    texts = {"problem": "subarray", "theorem": "5", "input": "3 -5"}
    (case,) = cases(parse(texts))
    assert case.task is not None
    both, alone = batch(case.task, parse(texts)), batch(case.task, parse(texts | {"instances": "0"}))
    assert alone.all == both.asked == (((3, -5),),)
    assert len(both.enumerated) > 100
    assert "and all" in instances_words(both)
    assert instances_words(alone) == "the instance given, alone"
    row = {"instances_wrong": 0, "instances": 2, "tokens": 9, "margin": 0.5, "reason": None, "theorem": 5, "m": 3}
    told = sentence([row | {"family_instances": 121, "family_size": 4}], [], parse(texts), False)
    assert "beside the input all 121 instances of size at most 4" in told
    row |= {"instances": 1, "family_instances": 0, "family_size": 0}
    told = sentence([row], [], parse(texts | {"instances": "0"}), False)
    assert told == "the run (9 tokens) of 1 stack is the oracle's, token by token, with a margin of at least 0.5."
    assert parse(texts | {"instances": "0"}).command().endswith("--instances 0 --theorem 5")


def test_names_tell_settings_apart():
    told = [{}, {"problem": "lis"}, {"problem": "lis", "input": "1 2"}, {"problem": "lis", "input": "2 1"}, {"n": "3"}]
    names = [parse(texts).name() for texts in told]
    assert len(set(names)) == len(names)
    assert names[0] == "dp"
    assert all(len(name) <= 120 and "/" not in name for name in names)
    files = [parse({"problem": f"{folder}/x.py:P"}).name() for folder in "ab"]
    assert files[0] != files[1]


def test_what_would_take_too_long_is_refused_and_a_size_named_that_does_not(monkeypatch):
    """Products modulo p have hidden units by the thousand, and no slots: no estimate knew of them."""
    texts = {"problem": "arithmetic", "instances": "2", "n": "20"}
    usual, large = (parse(texts | {"mod": p}) for p in ("11", "61"))
    (less,), (more,) = (list(map(seconds, planned(cases(at), at).values())) for at in (usual, large))
    assert more > 1.5 * less
    monkeypatch.setattr("verify.dp.cost.LONGEST", 0.97 * more)
    with pytest.raises(BadInput, match=r"would take about .* nearest that works: --n \d+$") as refusal:
        planned(cases(large), large)
    smaller = parse(texts | {"mod": "61", "n": refusal.value.nearest.removeprefix("--n ")})
    assert planned(cases(smaller), smaller)


def test_slots_are_counted_where_they_are_made(monkeypatch):
    """A run of 24 tokens touches few slots, but each of them has weights in every stack that is compiled, and a run
    computes whole pages of tokens.
    """
    texts = {"problem": "edit-distance", "theorem": "5", "input": "ab ba", "instances": "0"}
    few, many = (parse(texts | {"m": m}) for m in ("100", "100000"))
    (less,), (more,) = (list(map(seconds, planned(cases(at), at).values())) for at in (few, many))
    assert more - less > 4 * (100_000 - 100) * (MADE + 4 * LENGTH * CHANNEL)
    monkeypatch.setattr("verify.dp.cost.LONGEST", more / 2)
    with pytest.raises(BadInput, match=r"would take about .* nearest that works: --m \d+$") as refusal:
        planned(cases(many), many)
    smaller = parse(texts | {"m": refusal.value.nearest.removeprefix("--m ")})
    assert planned(cases(smaller), smaller)


def test_a_long_wait_is_told_beforehand(monkeypatch, capsys):
    settings = parse({"problem": "subarray", "theorem": "5", "input": "3", "instances": "0"})
    plans = list(planned(cases(settings), settings).values())
    _tell(plans, Console())
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("verify.dp.command.seconds", lambda _: 120.0)
    _tell(plans, Console())
    assert capsys.readouterr().err == "1 stack, 1 run: about 2 min on two cores\n"
