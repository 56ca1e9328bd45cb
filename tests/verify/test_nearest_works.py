"""Whatever a refusal names as the nearest that works is taken when it is typed: each hint is read back and fed in."""

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.bounds.settings import Texts
from verify.bounds.settings import parse as parse_bounds
from verify.copy.memory import needed
from verify.copy.settings import parse as parse_copy
from verify.dp.cases import cases
from verify.dp.cost import plan
from verify.dp.settings import parse as parse_dp
from verify.errors import BadInput
from verify.export.settings import parse as parse_export
from verify.memory import refuse_if_too_large
from verify.notation import not_above

BOUNDS = [
    {"L": "0"},
    {"L": "1e999999999"},
    {"L": "-1e999999999"},
    {"L": "9" * 200},
    {"L": "8.."},
    {"L": "..8"},
    {"L": ".."},
    {"L": "0..0"},
    {"L": "64..32..8"},
    {"L": "0,,9"},
    {"L": ",,,"},
    {"L": "1e9,"},
    {"L": "x,,y"},
    {"L": "64..8,"},
    {"a-min": "0..1"},
    {"a-min": "0.5..0.9..2"},
    {"a-min": ".."},
    {"a-min": "0,,0.5"},
    {"a-min": "1.5,"},
    {"a-min": "1e-999"},
    {"a-max": "0..1"},
    {"a-max": "nan"},
    {"delta": "0..1"},
    {"delta": "0,1"},
    {"delta": "x,-1"},
    {"delta": ",2"},
    {"epsilon": "-0,0"},
    {"M": "1e400"},
    {"Delta": "0"},
    {"rho": "--"},
    {"rho": "1,2"},
    {"alpha-pos": "0..1"},
    {"alpha-pos": "1e-30", "L": "2"},
    {"alpha-pos": "2"},
    {"a-min": "1e-300", "L": "4096"},
    {"a-min": "1e-300,0.9", "L": "1..100000"},
    {"dtype": ""},
    {"dtype": "half"},
    {"seed": "-1,3"},
    {"seed": "1e300"},
    {"seed": "0..1"},
]
COPY = [
    {"pos": ""},
    {"pos": "la"},
    {"pos": "lag"},
    {"pos": "lag:K"},
    {"pos": "lag:-1"},
    {"pos": "lag:٣"},
    {"pos": "lag:1e3"},
    {"pos": "lag:" + "9" * 17},
    {"N": "1e999999999"},
    {"N": "1e400"},
    {"N": "4.."},
    {"N": "..4"},
    {"N": "nan"},
    {"N": ""},
    {"N": "0"},
    {"d": "64,32"},
    {"d": "0..8"},
    {"d": "1e9"},
    {"d-h": "0,,4"},
    {"module": ""},
    {"module": "ssm,,attention"},
    {"module": "all,attention"},
    {"module": "attention", "d-h": "4"},
    {"values": ""},
    {"values": "text"},
    {"a": "1.5"},
    {"keys": "k"},
    {"codes": "\n"},
    {"Delta": "0"},
    {"M": "1e4..1e5"},
    {"M": "10001"},
    {"epsilon": "0.6"},
    {"epsilon": "1", "M": "1.99999999"},
    {"epsilon": "1e-299", "M": "1e-299"},
    {"epsilon": "1", "M": "0." + "1" * 58},
    {"M": "1e-300"},
    {"M": "1e-300", "dtype": "float64"},
    {"M": "1e-9", "epsilon": "1e-10", "dtype": "float16"},
    {"M": "1e-9", "dtype": "float16"},
    {"epsilon": "1e-12", "dtype": "float16"},
    {"epsilon": "1e-200", "dtype": "bfloat16"},
    {"M": "7e-5", "epsilon": "1", "dtype": "float16"},
    {"execution": "fast"},
    {"dtype": "float128"},
    {"seed": "nan"},
]


EXPORT = [
    {"N": "0"},
    {"N": "4,8"},
    {"N": "1e300"},
    {"d": "x"},
    {"layout": "d_state"},
    {"M": "inf"},
    {"M": "-inf"},
    {"M": "nan"},
    {"M": "1e-400"},
    {"M": "0..1"},
    {"epsilon": "1"},
    {"layout": "d_state=1", "epsilon": "1e-40"},
    {"layout": "d_state=1", "M": "1e-3"},
    {"name": "select"},
    {"what": "gadget", "N": "4"},
    {"what": "gadget", "name": "selct"},
    {"what": "gadget", "M": "2", "alpha": "3"},
    {"what": "gadget", "name": "nearest", "alpha": "inf"},
    {"what": "gadget", "M": "1e-3", "alpha": "1e-9"},
    {"what": "dp", "M": "2"},
    {"what": "dp", "problem": "knapsack"},
    {"what": "dp", "theorem": "6"},
    {"what": "dp", "n": "13"},
    {"what": "dp", "instances": "0"},
    {"what": "dp", "seed": "-1"},
    {"what": "dp", "to": "gguf"},
]

DP = [
    {"problem": "nope"},
    {"problem": "lis", "mod": "7"},
    {"m": "5"},
    {"input": "1 2"},
    {"problem": "edit-distance", "m": "5", "theorem": "4"},
    {"problem": "lis", "m": "7"},
    {"problem": "lis", "m": "7", "theorem": "4"},
    {"problem": "lis", "m": "7", "theorem": "5"},
    {"problem": "lis", "theorem": "5"},
    {"problem": "arithmetic", "m": "7", "theorem": "4"},
    {"problem": "arithmetic", "theorem": "4"},
    {"problem": "subarray", "m": "1", "theorem": "5"},
    {"problem": "edit-distance", "m": "1000000000", "theorem": "5", "input": "ab ba", "instances": "0"},
    {"problem": "edit-distance", "costs": ""},
    {"problem": "edit-distance", "costs": "1,2,-3"},
    {"problem": "edit-distance", "costs": "1,nan,3"},
    {"problem": "edit-distance", "boundary": "none"},
    {"problem": "arithmetic", "mod": ""},
    {"problem": "arithmetic", "mod": "12"},
    {"problem": "arithmetic", "mod": "1"},
    {"problem": "lis", "input": "1 2", "n": "3"},
    {"problem": "lis", "input": "1 2", "seed": "3"},
    {"problem": "lis", "input": "1 2", "instances": "3"},
    {"problem": "lis", "n": ""},
    {"problem": "lis", "n": "nan"},
    {"problem": "lis", "instances": "0"},
]


USUAL = Texts(
    a_min="0.9",
    a_max=None,
    L="8..64",
    delta="1e-3",
    epsilon="0.1",
    M="1",
    Delta="1",
    alpha_pos=None,
    rho=None,
    dtype="float32",
    seed="0",
)


def read_bounds(given: dict[str, str]) -> object:
    return parse_bounds(USUAL | {name.replace("-", "_"): text for name, text in given.items()})  # type: ignore[operator]


def read_copy(given: dict[str, str]) -> object:
    return parse_copy(given)


def read_export(given: dict[str, str]) -> object:
    return parse_export(given.get("what", "copy"), {name: text for name, text in given.items() if name != "what"})


def read_dp(given: dict[str, str]) -> object:
    """With the problem's own refusals: of an --m, and of an input."""
    settings = parse_dp(given)
    return [plan(case, case.task, settings) for case in cases(settings) if case.task is not None]


def mended(given: dict[str, str], hint: str) -> dict[str, str]:
    """What is typed after reading the hint: an option with its text, one left out, or both; or the problem of `dp`."""
    hint, _, left_out = hint.partition("leave out --")
    given = {name: text for name, text in given.items() if name != left_out}
    words = hint.removesuffix(" and ").split(" ") if hint else []
    if len(words) == 1 and "problem" in given:
        return given | {"problem": words[0]}
    assert len(words) % 2 == 0
    assert all(option.startswith("--") and text for option, text in zip(words[::2], words[1::2], strict=True))
    return given | {option.removeprefix("--"): text for option, text in zip(words[::2], words[1::2], strict=True)}


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (read, words)
        for read, table in ((read_bounds, BOUNDS), (read_copy, COPY), (read_export, EXPORT), (read_dp, DP))
        for words in table
    ],
)
def test_the_nearest_that_works_is_taken(read: Callable[[dict[str, str]], object], given: dict[str, str]):
    with pytest.raises(BadInput) as refusal:
        read(given)
    read(mended(given, refusal.value.nearest))


@pytest.mark.parametrize("theorem", ["4", "5", "both"])
def test_the_theorem_that_a_user_s_problem_has_is_taken(tmp_path: Path, theorem: str):
    """One that states no locality has no Theorem 5, and so no --m either."""
    file = tmp_path / "tail.py"
    file.write_text(
        "from dataclasses import replace\nfrom constructions.problems.subarray import subarray\n"
        "TAIL = replace(subarray(), locality=None)\n"
    )
    asked = {"problem": f"{file}:TAIL", "m": "7", "theorem": theorem}
    with pytest.raises(BadInput) as refusal:
        read_dp(asked)
    assert read_dp(mended(asked, refusal.value.nearest))


def test_a_length_for_a_text_is_one_that_the_text_has(tmp_path: Path):
    file = tmp_path / "text"
    file.write_bytes(b"abc")
    for N in ("1e400", "4", "0"):
        given = {"N": N, "values": f"text:{file}"}
        with pytest.raises(BadInput) as refusal:
            read_copy(given)
        read_copy(mended(given, refusal.value.nearest))


@pytest.mark.parametrize(
    "given",
    [
        {"d": "1", "epsilon": "0.02"},
        {"d": "6", "epsilon": "0.5"},
        {"d": "1", "epsilon": "0.002", "Delta": "literal", "dtype": "float16"},
        {"d": "1", "dtype": "bfloat16"},
        {"d": "1", "dtype": "bfloat16", "Delta": "literal", "module": "ssm-linear"},
        {"d": "1", "dtype": "float16", "M": "1e-4", "epsilon": "1e-6"},
    ],
)
def test_an_epsilon_that_lets_a_text_be_read_wrongly_names_one_that_does_not(tmp_path: Path, given: dict[str, str]):
    file = tmp_path / "text"
    file.write_bytes(bytes(range(256)))
    asked = given | {"values": f"text:{file}"}
    with pytest.raises(BadInput) as refusal:
        read_copy(asked)
    read_copy(mended(asked, refusal.value.nearest))


@pytest.mark.parametrize("N", ["1e16", "1e300", "1e999999999", "4,1e15"])
def test_the_nearest_length_fits_in_memory_too(N: str, monkeypatch: pytest.MonkeyPatch):
    """A length beyond any memory is refused by the estimate, which names one that fits; no other text leads there."""
    monkeypatch.setattr("verify.memory.available_bytes", lambda: 8 * 2**30)  # other programs come and go
    given = {"N": N}
    try:
        settings = parse_copy(given)
    except BadInput as error:
        settings = parse_copy(mended(given, error.nearest))
    with suppress(BadInput):
        refuse_if_too_large("--N", "--N", max(settings.N), lambda n: needed(n, settings))
        return
    with pytest.raises(BadInput) as refusal:
        refuse_if_too_large("--N", "--N", max(settings.N), lambda n: needed(n, settings))
    settings = parse_copy(mended(given, refusal.value.nearest))
    refuse_if_too_large("--N", "--N", max(settings.N), lambda n: needed(n, settings))


@given(st.fractions(min_value=Fraction(1, 10**30), max_value=10**30))
def test_a_limit_that_is_shown_is_not_above_the_limit(value: Fraction):
    shown = Fraction(not_above(value))
    assert 0 < shown <= value < shown * (1 + Fraction(1, 10**4))
