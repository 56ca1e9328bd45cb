"""Integer gadgets, in every dtype and for every input of a range, equal to their targets bit by bit."""

import itertools
import math

import numpy as np
import pytest

from bounds.formats import FORMATS
from constructions.gadgets.catalogue import catalogue
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.integers import integer_scale, modulus, nearest, one_hot
from constructions.gadgets.network import linear_by_open_gate
from constructions.gadgets.run import evaluate
from constructions.gadgets.select import select_by_flag

M = 6
ENTRIES = {each.name: each for each in catalogue()}
GAPS = {e.name: gap for e in catalogue() if (gap := e.build(M, 1, 64).gap) is not None}


def every_integer(gadget: Gadget) -> dict[str, np.ndarray]:
    """All integer inputs of the domain with entries in -M .. M; for `nearest` every 16th as well."""
    step = 1 / 16 if gadget.name == "nearest" else 1
    axes = []
    for name in gadget.inputs:
        low, high = (float(end) for end in gadget.domain.box[name])
        axes += [np.arange(math.ceil(max(low, -M)), min(high, M) + step / 2, step)] * gadget.ports[name].width
    grid = np.array(list(itertools.product(*axes)))
    ends = np.cumsum([gadget.ports[name].width for name in gadget.inputs])
    inputs = dict(zip(gadget.inputs, np.split(grid, ends[:-1], axis=1), strict=True))
    admitted = gadget.domain.holds(inputs)
    return {name: x[admitted] for name, x in inputs.items()}


@pytest.mark.parametrize("format", FORMATS.values(), ids=list(FORMATS))
@pytest.mark.parametrize("name", GAPS)
def test_integers_come_out_exactly(name, format):
    """M = 6 keeps all integers involved below 2^8 of bfloat16 and lambda times them below float16's largest number."""
    gadget = ENTRIES[name].build(M, 1, integer_scale(format, GAPS[name]))
    inputs = every_integer(gadget)
    assert len(inputs[gadget.inputs[0]]) > M
    np.testing.assert_array_equal(
        evaluate(gadget, inputs, format.name)["out"].astype(np.float64), gadget.target(inputs)["out"]
    )


def test_the_gadgets_that_are_exact():
    missing = {e.name for e in catalogue()} - set(GAPS)
    assert missing == {"product", "linear-gate", "not-equal-printed", "relu-network"}


@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_half_of_the_scale_is_not_enough(dtype):
    """e^(-lambda/2) does not vanish: I[a > b] at a = b is not 0.  (In float16 e^lambda overflows at half of it too.)"""
    format = FORMATS[dtype]
    gadget = ENTRIES["greater"].build(M, 1, integer_scale(format) / 2)
    assert evaluate(gadget, {"a": np.zeros(1), "b": np.zeros(1)}, dtype)["out"] != 0


@pytest.mark.parametrize("gap", [1, 0.25, 3])
@pytest.mark.parametrize("format", FORMATS.values(), ids=list(FORMATS))
def test_the_scale_is_the_least_power_of_two(format, gap):
    scale = integer_scale(format, gap)
    smallest_half = (format.emin - format.precision) * math.log(2.0)  # its logarithm
    assert math.log2(scale) == int(math.log2(scale))
    assert -scale * gap < smallest_half
    assert -scale / 2 * gap >= smallest_half or scale / 2 <= 8 / gap


@pytest.mark.parametrize("gap", [0, -1, math.nan, math.inf])
def test_a_gap_must_be_a_distance(gap):
    with pytest.raises(ValueError, match="it must be finite and above 0"):
        integer_scale(FORMATS["float32"], gap)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_flags_and_open_gates_copy_every_float(dtype):
    """Not integers only: any x whose quotient by lambda is a normal number."""
    format = FORMATS[dtype]
    scale = integer_scale(format)
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.dtype(dtype) if dtype != "bfloat16" else np.float32)
    x = x[(np.abs(x) > 2 * scale * float(format.tiny)).all(axis=1)].astype(np.float64)
    x = evaluate(linear_by_open_gate(np.eye(3), 8, scale), {"x": x}, dtype)["out"].astype(np.float64)  # rounded once
    flag = (np.arange(len(x)) % 2).astype(np.float64)
    chosen = evaluate(select_by_flag(8, scale, d=3), {"x": x, "y": -x, "t": flag}, dtype)["out"].astype(np.float64)
    np.testing.assert_array_equal(chosen, np.where(flag[:, None] == 1, x, -x))
    erased = evaluate(linear_by_open_gate(-np.eye(3), 8, scale), {"x": x}, dtype)["out"].astype(np.float64)
    np.testing.assert_array_equal(erased, -x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_returns_integers_for_every_float_of_its_domain(dtype):
    """Also next to the margin, where x - n is 1/2 - alpha, and for floats with all their digits in use."""
    alpha, scale = 2.0**-6, integer_scale(FORMATS[dtype], 0.25)
    rng = np.random.default_rng(1)
    n = rng.integers(-20, 21, 5000)
    x = (n + rng.uniform(-0.5 + alpha, 0.5 - alpha, 5000)).astype(dtype).astype(np.float64)
    x[:4] = [0.5 - alpha, -0.5 + alpha, 20.5 - alpha, -20.5 + alpha]
    gadget = nearest(-20, 20, alpha, scale)
    x = x[gadget.domain.holds({"x": x[:, None]})]
    assert len(x) > 4000
    np.testing.assert_array_equal(evaluate(gadget, {"x": x}, dtype)["out"][:, 0], np.rint(x))


@pytest.mark.parametrize(("p", "Q"), [(1, 1), (1, 4), (7, 1), (11, 12)])
def test_modulus_of_every_integer(p, Q):
    x = np.arange(p * Q)
    gadget = modulus(p, Q, integer_scale(FORMATS["float32"]))
    np.testing.assert_array_equal(evaluate(gadget, {"x": x}, "float32")["out"][:, 0], x % p)
    assert gadget.units == (2 * Q,)


@pytest.mark.parametrize("N", [1, 2, 100])
def test_one_hots_of_every_integer(N):
    gadget = one_hot(N, integer_scale(FORMATS["float32"]))
    np.testing.assert_array_equal(evaluate(gadget, {"n": np.arange(N)}, "float32")["out"], np.eye(N))


def test_one_hots_hold_linearly_many_numbers():
    """W_3 is three scaled identities: N = 10^5 builds and runs without anything of size N x N."""
    N = 10**5
    gadget = one_hot(N, 128)
    out = evaluate(gadget, {"n": np.array([0.0, 77777.0])}, "float32")["out"]
    np.testing.assert_array_equal(np.argwhere(out), [[0, 0], [1, 77777]])
    assert out.sum() == 2


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: one_hot(0, 64), "N = 0 was given; it must be at least 1"),
        (lambda: one_hot(3, 0), "lambda = 0 was given; it must be finite and above 0"),
        (lambda: one_hot(3, math.nan), "lambda = nan was given"),
        (lambda: modulus(0, 2, 64), "p = 0 was given"),
        (lambda: modulus(2, 0, 64), "Q = 0 was given"),
        (lambda: nearest(3, 3, 0.1, 64), "low < high and 0 < alpha <= 1/2 are needed"),
        (lambda: nearest(0, 3, 0.6, 64), "low < high and 0 < alpha <= 1/2 are needed"),
        (lambda: nearest(0, 3, math.nan, 64), "low < high and 0 < alpha <= 1/2 are needed"),
    ],
)
def test_what_is_refused(build, reason):
    with pytest.raises(ValueError, match=reason):
        build()
