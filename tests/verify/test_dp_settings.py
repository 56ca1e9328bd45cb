"""What `verify dp` is asked: options as numbers, contradictions, names and commands that say them again."""

import pytest

from constructions.problems.edit_distance import Costs
from verify.dp.cases import cases
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
        {"problem": "lis", "input": "1 2", "instances": "3"},
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
