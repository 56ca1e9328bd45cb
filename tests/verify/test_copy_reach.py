"""Sums that leave the dtype: refused before the run by derivation, and no verdict depends on the values drawn."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.formats import format_of
from bounds.rounding import growth
from bounds.scales import circle_scale_least
from constructions.memories.constant import projection_keys, random_keys
from verify.cli import main
from verify.copy import tolerance as tolerances
from verify.copy.command import measure
from verify.copy.reach import largest_sum, refuse_overflow
from verify.copy.settings import CopySettings, parse
from verify.copy.task import task, uniform_values
from verify.copy.tolerance import tolerance
from verify.errors import BadInput

SMALL = {"N": "80", "d": "2", "d-h": "64", "module": "ssm-constant", "dtype": "float16"}
KEYS: dict[str, Callable[[int, int], np.ndarray]] = {
    "projection": projection_keys,
    "random": lambda N, d_h: random_keys(N, d_h, np.random.default_rng([N, d_h])),
}


def document(capsys: pytest.CaptureFixture[str], words: dict[str, str]) -> tuple[int, dict[str, Any]]:
    options = [part for name, text in words.items() for part in (f"--{name}", text)]
    code = main(["copy", "--json", "--no-report", *options])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("keys", KEYS)
@given(N=st.integers(1, 300), d_h=st.integers(1, 80))
def test_no_sum_of_moduli_is_larger(keys: str, N: int, d_h: int):
    K = np.abs(KEYS[keys](N, d_h))
    state = K.sum(axis=0)
    largest = largest_sum(keys, N, d_h) * (1 + growth(4 * N * d_h, format_of("float64")))
    assert state.max() <= largest
    assert (K @ state).max() <= largest


def test_the_sums_come_near():
    """A bound far above what can be met would refuse what works."""
    K = np.abs(projection_keys(512, 64))
    assert (K @ K.sum(axis=0)).max() > largest_sum("projection", 512, 64) / 2
    assert projection_keys(4, 1).sum() == largest_sum("projection", 4, 1)


@pytest.mark.parametrize(
    ("changes", "M"),
    [
        ({}, "1023.5"),
        ({"d-h": "4,8"}, "7278.2"),  # sqrt(80) = 8.94..
        ({"keys": "random"}, "818.8"),
        ({"N": "80,160", "keys": "random"}, "409.4"),
    ],
)
def test_the_largest_M_that_works_is_named_and_works(changes: dict[str, str], M: str):
    asked = parse(SMALL | changes | {"M": "10000"})
    with pytest.raises(BadInput, match="with --dtype float16: sums of ssm-constant at N = ") as refusal:
        refuse_overflow(asked)
    assert refusal.value.nearest == f"--M {M}"
    refuse_overflow(replace(asked, M=Fraction(M)))
    with pytest.raises(BadInput):
        refuse_overflow(replace(asked, M=Fraction(M) * Fraction(1001, 1000)))


def test_another_dtype_is_named_where_epsilon_forbids_so_small_an_M():
    asked = parse({"N": "1e9", "keys": "random", "dtype": "float16", "module": "ssm-constant"})
    with pytest.raises(BadInput) as refusal:
        refuse_overflow(asked)
    assert refusal.value.nearest == "--dtype float32"
    refuse_overflow(replace(asked, dtype="float32"))


def test_a_scale_beyond_the_dtype_is_refused():
    asked = parse({"N": "1024", "module": "attention", "codes": "circle", "dtype": "float16"})
    with pytest.raises(BadInput, match=r"needs a scale of .* and float16 ends at 65504") as refusal:
        refuse_overflow(asked)
    assert refusal.value.nearest == "--codes binary"
    refuse_overflow(replace(asked, codes="binary"))
    refuse_overflow(replace(asked, N=(64,)))
    scale = [circle_scale_least(2 * N, 1, 1, Fraction("5e-4")) for N in (180, 200)]
    assert scale[0] < 65504 < scale[1]
    refuse_overflow(replace(asked, N=(180,), pos="string"))
    with pytest.raises(BadInput):
        refuse_overflow(replace(asked, N=(200,), pos="string"))


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
def test_an_M_whose_values_may_vanish_is_refused_and_the_one_named_is_not(dtype: str):
    words = {"M": "1e-295", "epsilon": "1e-296", "dtype": dtype, "module": "ssm-linear"}
    with pytest.raises(BadInput, match=r"may turn them into 0|keep their digits from M = 6\.1035e-05 on") as refusal:
        parse(words)
    _, M, *more = refusal.value.nearest.split(" ")
    asked = parse(words | {"M": M, "epsilon": more[1] if more else "1e-296"})
    with pytest.raises(BadInput):
        parse(words | {"M": f"{float(M) / 1000:.3g}", "epsilon": f"{float(M) / 10000:.3g}"})
    values = uniform_values(5000, 4, float(M), 0, np.dtype("float64" if dtype == "float64" else "float32"))
    kept = values.astype(np.float16) if dtype == "float16" else values
    assert np.abs(values[values != 0]).min() >= (0 if dtype == "float16" else 2 * format_of(dtype).tiny)
    assert np.abs(kept.astype(np.float64) - values).max() < float(asked.epsilon)


@pytest.mark.parametrize("module", ["ssm-constant", "ssm-linear"])
def test_float16_does_not_copy_what_it_cannot_hold(capsys: pytest.CaptureFixture[str], module: str):
    """All values were 0 there, and HELD said of them that they are copied bit by bit."""
    words = ["copy", "--N", "100", "--d", "4", "--dtype", "float16", "--module", module, "--no-report"]
    assert main([*words, "--M", "1e-9", "--epsilon", "1e-10"]) == 2
    assert capsys.readouterr().err.count("nearest that works: --M 0.0001 --epsilon 5e-05") == 1
    assert main([*words, "--epsilon", "1e-12"]) == 2
    said = capsys.readouterr().err
    assert said.endswith("float16 may turn errors below 5.9605e-08 into 0; nearest that works: --epsilon 6e-08\n")


def test_more_states_than_positions_take_no_memory_of_their_own(capsys: pytest.CaptureFixture[str]):
    """K^T K of 65536 states would hold 32 GiB; K K^T of 4 positions has the same norm."""
    code, found = document(capsys, {"N": "4", "d": "2", "d-h": "65536", "module": "ssm-constant"})
    assert (code, found["verdict"]) == (0, "HELD")
    (check,) = [check for check in found["checks"] if check["id"].endswith("/mean-square")]
    assert (check["value"], check["bound"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({"N": "64"}, False),
        ({"module": "ssm-linear"}, False),
        ({"module": "ssm-gated,attention"}, False),
        ({"dtype": "bfloat16"}, False),
        ({"N": "1024"}, True),
    ],
)
def test_a_sum_of_one_term_stays_in_range_where_a_sum_of_many_does_not(words: dict[str, str], refused: bool):
    try:
        refuse_overflow(parse({"N": "1024", "M": "10000", "dtype": "float16"} | words))
    except BadInput:
        assert refused
    else:
        assert not refused


@pytest.mark.parametrize("seed", ["0", "1", "2"])
@pytest.mark.parametrize("values", ["uniform", "adversarial"])
def test_where_rounding_may_pass_the_limit_the_comparison_is_skipped_for_every_seed(
    capsys: pytest.CaptureFixture[str], seed: str, values: str
):
    code, found = document(capsys, SMALL | {"M": "1023", "seed": seed, "values": values})
    assert (code, found["verdict"]) == (0, "SKIPPED")
    (skipped,) = [check for check in found["checks"] if check["verdict"] == "SKIPPED"]
    assert skipped["id"] == "copy/ssm-constant/N=80/d_h=64/two-routes"
    assert "may be rounded beyond what float16 holds" in skipped["evidence"]


@pytest.mark.parametrize("module", ["ssm-gated", "attention", "ssm-linear", "ssm-constant"])
def test_the_same_run_is_judged_where_there_is_room(capsys: pytest.CaptureFixture[str], module: str):
    words = {"N": "60", "d": "2", "dtype": "float16", "M": "10000", "module": module}
    code, found = document(capsys, words)
    assert (code, found["verdict"]) == (0, "HELD")


@pytest.mark.parametrize(("module", "N", "M"), [("ssm-gated", 4096, 4000), ("attention", 4096, 10**4)])
def test_tolerances_are_infinite_exactly_where_a_sum_may_pass(module: str, N: int, M: int):
    """ssm-gated sums the leaks apart from the value, so that its N roundings leave room; a softmax does not."""
    settings = CopySettings(N=(N,), d=1, M=Fraction(M), dtype="float16")
    run = measure(module, task("first", 4, 0), 1, settings)
    assert np.isfinite(tolerance(run, float(M), "float16")).all()
    far = replace(run, prepared=replace(run.prepared, task=task("first", N, 0)))
    assert np.isinf(tolerance(far, float(M), "float16")).any() == (module == "attention")


def test_a_limit_that_is_not_asked_for_is_missed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The planted fault: sums said to be nothing. Adversarial values then leave float16 and the run is refuted, in
    every execution, since the output itself is beyond it.
    """
    monkeypatch.setattr(tolerances, "largest_sum", lambda *_: 0)
    monkeypatch.setattr("verify.copy.command.refuse_overflow", lambda _: None)
    adversarial = {"values": "adversarial", "pos": "first"}
    code, found = document(capsys, SMALL | {"N": "256", "d-h": "4", "keys": "random", "M": "10000", **adversarial})
    assert (code, found["verdict"]) == (1, "REFUTED")
