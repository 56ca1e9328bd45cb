"""Every gadget of the catalogue through the generic layer against its target, with the error that it states.

A run may be off by the stated error of real arithmetic and by what its roundings can do (`rounding_bound`, from
bounds.gadget_rounding), never by more.  The inputs are dyadic numbers, so that both are taken at the very same point.
"""

from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.reals import FLOATS
from bounds.scales import silu_unit_gate
from constructions.gadgets.catalogue import catalogue
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.run import evaluate
from constructions.gadgets.select import select
from constructions.mamba import MambaBlock
from verify.gadgets.float import rounding_bound
from verify.independent import layer

ENTRIES = {each.name: each for each in catalogue()}
NAMES = list(ENTRIES)
M = 8  # a fixed range keeps the shapes, and so the compiled programs, the same
T = 128
GRID = 2.0**-10
DENORMAL = {"float32": 2.0**-140, "float64": 2.0**-1070}
HUGE = 2.0**30
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
margins = st.sampled_from([2.0**-4, 0.25, 1.0])
scales = st.sampled_from([8.0, 11.5, 64.0, 1024.0])


def column(rng: np.random.Generator, low: float, high: float, special: np.ndarray) -> np.ndarray:
    """T numbers of [low, high]: half of them spread over the grid, half of them special."""
    spread = rng.integers(int(low / GRID), int(high / GRID) + 1, T) * GRID
    chosen = np.where(rng.random(T) < 0.5, spread, rng.choice(special, T) * rng.choice([-1.0, 1.0], T))
    return np.clip(chosen, low, high)


def drawn(gadget: Gadget, rng: np.random.Generator, alpha: float, dtype: str) -> dict[str, np.ndarray]:
    """Inputs of the domain: zero, signs, margins, ends, kinks, huge and denormal numbers, and everything between."""
    kink = np.round(silu_unit_gate() / float(gadget.scale) / GRID) * GRID
    special = np.array([0, 0, alpha, alpha + kink, kink, M, M - kink, 1, 0.5 - alpha, DENORMAL[dtype], HUGE])
    inputs = {}
    for name, (low, high) in gadget.domain.box.items():
        ends = max(float(low), -HUGE), min(float(high), HUGE)
        inner = max(ends[0], -M), min(ends[1], M)
        columns = [column(rng, *inner, special) for _ in range(gadget.ports[name].width)]
        stretched = rng.random(T) < 0.1
        inputs[name] = np.stack([np.where(stretched, rng.choice(ends, T), c) for c in columns], axis=1)
        if gadget.domain.integer:
            inputs[name] = np.rint(inputs[name])
    if gadget.inputs == ("a", "b"):
        near = rng.random(T) < 0.5
        inputs["a"][near, 0] = np.clip(inputs["b"][near, 0] + column(rng, -1, 1, special)[near], -M, M)
    if "t" in inputs and gadget.domain.box["t"] == (0, 1):
        inputs["t"] = np.rint(inputs["t"])
    if gadget.name == "nearest":
        inputs["x"] = np.rint(inputs["x"]) + np.clip(inputs["x"] - np.rint(inputs["x"]), alpha - 0.5, 0.5 - alpha)
    admitted = gadget.domain.holds(inputs)
    assert admitted.sum() > T // 8
    return {name: np.where(admitted[:, None], x, x[admitted][:1]) for name, x in inputs.items()}


def violations(gadget: Gadget, inputs: dict[str, np.ndarray], dtype: str) -> int:
    """The number of inputs where the run is not within its bound; NaN counts."""
    outputs, targets = evaluate(gadget, inputs, dtype), gadget.target(inputs)
    off = np.max([np.abs(outputs[n].astype(np.float64) - targets[n]).max(axis=1) for n in gadget.outputs], axis=0)
    return int((~(off <= gadget.error(FLOATS) + rounding_bound(gadget, inputs, FORMATS[dtype]))).sum())


@settings(max_examples=3)
@pytest.mark.parametrize("name", NAMES)
@given(rng=generators, alpha=margins, scale=scales)
def test_a_gadget_is_its_target_within_the_error_it_states(name, rng, alpha, scale):
    gadget = ENTRIES[name].build(M, alpha, scale)
    for dtype in DENORMAL:
        assert violations(gadget, drawn(gadget, rng, min(alpha, 0.25), dtype), dtype) == 0


@settings(max_examples=10)
@given(rng=generators, scale=scales, steepness=st.sampled_from([1, 1.5, 4]))
def test_a_steeper_select_of_vectors(rng, scale, steepness):
    """k = steepness M / alpha: the error falls exponentially in lambda instead of like 1 / lambda."""
    gadget = select(M, 0.25, scale, d=3, steepness=steepness)
    assert gadget.units == (2 * 3 + 2,)
    assert violations(gadget, drawn(gadget, rng, 0.25, "float64"), "float64") == 0
    if steepness > 1:
        assert gadget.error(FLOATS) < select(M, 0.25, scale).error(FLOATS)


@pytest.mark.parametrize("name", NAMES)
def test_the_second_route_agrees(name):
    """NumPy, letter by letter from Eq. 1-3, on the same weights."""
    gadget = ENTRIES[name].build(M, 0.25, 64.0)
    inputs = drawn(gadget, np.random.default_rng(1), 0.25, "float64")
    x = np.zeros((T, gadget.ports.dim))
    for each in gadget.inputs:
        x[:, gadget.ports.coordinates(each)] = inputs[each]
    with np.errstate(over="ignore"):
        for block in gadget.blocks:
            x = x + layer(block, x)
        allowed = 2 * rounding_bound(gadget, inputs, FORMATS["float64"])
    for each, got in evaluate(gadget, inputs).items():
        assert (np.abs(got - x[:, gadget.ports.coordinates(each)]).max(axis=1) <= allowed).all()


def with_block(gadget: Gadget, change) -> Gadget:
    return replace(gadget, blocks=(change(gadget.blocks[0]), *gadget.blocks[1:]))


def wrong_sign(block: MambaBlock) -> MambaBlock:
    """The first weight that is not zero of every entry of W_3, negated."""
    return replace(block, W_3=jax.tree.map(lambda w: changed_first(w, -1.0), block.W_3))


def missing_unit(block: MambaBlock) -> MambaBlock:
    return replace(block, W_3=jax.tree.map(lambda w: changed_first(w, 0.0), block.W_3))


def changed_first(weights: np.ndarray, factor: float) -> np.ndarray:
    changed = np.array(weights, np.float64)
    changed.flat[0] *= factor
    return changed


@pytest.mark.parametrize("fault", [wrong_sign, missing_unit])
@pytest.mark.parametrize("name", NAMES)
def test_a_planted_fault_is_seen(name, fault):
    gadget = ENTRIES[name].build(M, 0.25, 64.0)
    inputs = drawn(gadget, np.random.default_rng(2), 0.25, "float64")
    assert violations(gadget, inputs, "float64") == 0
    assert violations(with_block(gadget, fault), inputs, "float64") > 0


REACHED = ["product", "relu-network", "select", "greater", "less", "greater-printed", "not-equal"]
REACHED += ["equal", "maximum", "minimum", "absolute", "clip"]


@pytest.mark.parametrize("name", REACHED)
def test_the_stated_error_is_reached_and_half_of_lambda_is_not_enough(name):
    """So the error is the worst one but for the spacing of the line, and the weights of half of lambda break it."""
    gadget = ENTRIES[name].build(M, 1.0, 64.0)
    inputs = worst(gadget)
    off = np.abs(evaluate(gadget, inputs)["out"] - gadget.target(inputs)["out"]).max()
    stated = gadget.error(FLOATS)
    rounded = rounding_bound(gadget, {n: x[:T] for n, x in inputs.items()}, FORMATS["float64"]).max()
    assert stated - between(gadget, inputs) - rounded <= off
    halved = replace(ENTRIES[name].build(M, 1.0, 32.0), error=gadget.error)
    off = np.abs(evaluate(halved, inputs)["out"] - halved.target(inputs)["out"]).max()
    assert off > stated + rounding_bound(halved, {n: x[:T] for n, x in inputs.items()}, FORMATS["float64"]).max()


def between(gadget: Gadget, inputs: dict[str, np.ndarray]) -> float:
    """How far the largest error may lie above those met on the line: at its point the error's slope is 0, or it is an
    end of the line, |silu''| is at most 1/2, and some point of the line is nearer than h in every argument of SiLU: so
    at most the sum of |W_3| times h^2/4.
    """
    (block,) = gadget.blocks
    W_2 = block.W_2.dense()
    steps = sum(np.diff(inputs[name], axis=0) @ W_2[:, gadget.ports.coordinates(name)].T for name in gadget.inputs)
    return float(np.abs(block.W_3.dense()).sum() * np.abs(steps).max() ** 2 / 4)


def worst(gadget: Gadget) -> dict[str, np.ndarray]:
    """A fine line of inputs through the places where the error is largest: kinks, ends and margins."""
    near = np.linspace(0, 6 / 64, 6 * T)[:, None]
    lines = {
        "product": {"a": M - near, "b": M - near},
        "relu-network": {"x": near / M},
        "select": {"x": near - M, "y": M - near, "t": 1 + 0 * near + 1.2784 / (64 * M)},
        "absolute": {"x": near},
        "clip": {"x": near},
    }
    signs = {"greater": 1, "greater-printed": -1, "less": -1, "maximum": 1, "minimum": 1, "not-equal": 1, "equal": 1}
    if gadget.name in lines:
        return lines[gadget.name]
    margin = 0 if gadget.name in ("maximum", "minimum") else signs[gadget.name]
    return {"a": margin + signs[gadget.name] * near, "b": 0 * near}


def test_hidden_units():
    """The printed widths: 4 for Lemma 1, 2 d_2 for Lemma 3, 2 d + 2 for Lemma 4, 4 and 8 then 4 (and the constant) for
    Lemma 5; and what suffices.
    """
    units = {each.name: each.build(M, 1, 64).units for each in catalogue()}
    assert units["product"] == (4,)
    assert units["product-gate"] == (2,)
    assert units["linear"] == (4,)
    assert units["linear-gate"] == (2,)
    assert units["linear-open"] == (2,)
    assert units["select"] == (4,)
    assert units["select-flag"] == (2,)
    assert units["greater-printed"] == (4,)
    assert units["greater"] == (2,)
    assert units["not-equal-printed"] == (8, 4 + 1)
    assert units["not-equal"] == (4,)
    assert units["equal"] == (3,)
    assert units["maximum"] == units["minimum"] == (3,)
    assert units["absolute"] == (2,)
    assert units["clip"] == (4,)


@pytest.mark.parametrize(
    ("name", "norm"),
    [
        ("product", 64**2 / 2),
        ("product-gate", 64),
        ("relu-network", 64 * M),
        ("select", 64 * M / 0.25),
        ("greater", 64 / 0.25),
        ("greater-printed", 64 / 0.25),
        ("not-equal-printed", 64**2 / 2),
        ("maximum", 64),
    ],
)
def test_norms(name, norm):
    assert ENTRIES[name].build(M, 0.25, 64).norm == norm


def test_the_catalogue_is_in_the_order_of_the_lemmas():
    lemmas = [each.lemma or 6 for each in catalogue()]
    assert lemmas == sorted(lemmas)
    assert len(NAMES) == len(catalogue())
    for each in catalogue():
        gadget = each.build(M, 1, 64)
        assert (gadget.name, gadget.lemma) == (each.name, each.lemma)
