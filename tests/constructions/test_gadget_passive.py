"""The two routes to a block without memory: state off and skip on, and forgetting."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.reals import FLOATS
from bounds.rounding import growth, softplus_error
from bounds.scales import silu_unit_gate, softplus_inverse
from constructions.gadgets.catalogue import catalogue
from constructions.gadgets.gadget import Gadget, ports
from constructions.gadgets.passive import by_forgetting, degenerate, leaked
from constructions.gadgets.run import evaluate, stream_of
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map, zero
from constructions.mamba import MambaBlock
from constructions.run import initial_state, step_block
from verify.independent import layer

EQ_37 = [e.name for e in catalogue() if e.build(8, 1, 64).blocks[0].W_1.nonzeros == 0]
T = 24
ENTRIES = {each.name: each for each in catalogue()}
FLOAT64 = FORMATS["float64"]


def inputs_of(gadget, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.integers(0, 5, (T, gadget.ports[name].width)).astype(float) for name in gadget.inputs}


def test_equation_37_is_a_two_layer_network():
    """f(x) = W_3 silu(W_2 x + b_2), for any weights: the printed parameters W_1 = O, b_1 = 1, W_b = O, D = 1."""
    rng = np.random.default_rng(0)
    stream, hidden = ports({"x": 3}, {"out": 2}), Layout((Space("hidden", 1, 5),))
    W_2, b_2, W_3 = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=(2, 5))
    block = degenerate(
        linear_map(stream, hidden, {("x", "hidden"): Action(W_2)}),
        {"hidden": b_2},
        linear_map(hidden, stream, {("hidden", "out"): Action(W_3)}),
    )
    assert block.W_1.nonzeros == block.ssm.W_b.nonzeros == 0
    np.testing.assert_array_equal(block.b_1["hidden"], np.ones(5))
    np.testing.assert_array_equal((block.ssm.D or {})["hidden"], np.ones(5))
    x = rng.normal(size=(T, 3))
    g = x @ W_2.T + b_2
    expected = (g / (1 + np.exp(-g))) @ W_3.T
    np.testing.assert_array_equal(layer(block, np.hstack([x, np.zeros((T, 2))]))[:, 3:], expected)


def route_error(Delta: float, rho: float) -> float:
    """How far SSM(1) may be from 1 + Delta (rho + ... ) in float64: Delta is softplus of a rounded rate, the state adds
    up T terms, the skip cancels all but 1 of Delta.
    """
    of_rate = softplus_error(float(softplus_inverse(Delta)), FLOAT64) + growth(3, FLOAT64) * (1 + Delta)
    return (2 * of_rate + growth(3 * T + 8, FLOAT64) * (1 + 2 * Delta)) / (1 - rho)


def dense_inputs(gadget: Gadget, inputs: dict[str, np.ndarray]) -> np.ndarray:
    x = np.zeros((T, gadget.ports.dim))
    for name, values in inputs.items():
        x[:, gadget.ports.coordinates(name)] = values
    return x


def size(block: MambaBlock, x: np.ndarray) -> np.ndarray:
    """The block of Eq. 37 on absolute values: what its units would add up to without cancelling, |silu(g)| <= |g|."""
    b_2 = np.concatenate([np.abs(block.b_2.get(s.name, np.zeros(s.width))) for s in block.ssm.inner])
    return (np.abs(x) @ np.abs(block.W_2.dense()).T + b_2) @ np.abs(block.W_3.dense()).T


@settings(max_examples=25)
@given(
    name=st.sampled_from(EQ_37),
    Delta=st.sampled_from([0.25, 1.0, 3.0, 1000.0]),
    rho=st.sampled_from([0.0, 1e-300, 1e-8, 0.3]),
    seed=st.integers(0, 99),
)
def test_both_routes_agree_up_to_the_leak(name, Delta, rho, seed):
    """With the constant inner input of Eq. 37 the leak is one gain for all units: y_i = (1 + Delta (rho + ... +
    rho^(i-1))) f(x_i), at most 1 + leaked.
    """
    gadget = ENTRIES[name].build(8, 1, 64)
    block = gadget.blocks[0]
    x = dense_inputs(gadget, inputs_of(gadget, seed))
    gain = 1 + Delta * np.cumsum(np.concatenate([[0.0], rho ** np.arange(1, T)]))
    with np.errstate(over="ignore"):
        difference = np.abs(layer(by_forgetting(block, Delta, rho), x) - gain[:, None] * layer(block, x))
    roundings = growth(block.ssm.inner.dim + 6, FLOAT64) * gain[:, None]
    assert (difference <= (route_error(Delta, rho) + roundings) * size(block, x)).all()
    assert (gain <= 1 + leaked(Delta, rho, FLOATS) * (1 + growth(T + 4, FLOAT64))).all()


@pytest.mark.parametrize("name", ["product", "relu-network", "select", "not-equal", "one-hot"])
def test_the_forgetting_route_runs_in_the_generic_layer(name):
    """With Delta = 1 and A = -inf nothing leaks and no skip is left, D = 0."""
    gadget = ENTRIES[name].build(8, 1, 64)
    (block,) = gadget.blocks
    forgetful = replace(gadget, blocks=(by_forgetting(block, 1.0, 0.0),))
    inputs = inputs_of(gadget, 3)
    assert not any(np.asarray(D).any() for D in (forgetful.blocks[0].ssm.D or {}).values())
    one, other = (evaluate(each, inputs)["out"] for each in (gadget, forgetful))
    allowed = (route_error(1.0, 0.0) + 2 * growth(block.ssm.inner.dim + 6, FLOAT64)) * size(
        block, dense_inputs(gadget, inputs)
    )
    assert (np.abs(one - other) <= allowed[:, gadget.ports.coordinates("out")]).all()


@pytest.mark.parametrize(("Delta", "rho"), [(1.0, 1e-3), (0.5, 0.1)])
def test_where_the_branch_carries_a_value_the_past_leaks_into_it(Delta, rho):
    """The exact product by the gate becomes a b plus at most leaked * M |b|, and a constant a comes as close to that as
    the past is long."""
    gadget = ENTRIES["product-gate"].build(8, 1, 64)
    forgetful = replace(gadget, blocks=(by_forgetting(gadget.blocks[0], Delta, rho),))
    inputs = {"a": np.full(T, 8.0), "b": np.linspace(-8, 8, T)}
    off = np.abs(evaluate(forgetful, inputs)["out"][:, 0] - inputs["a"] * inputs["b"])
    leak = leaked(Delta, rho, FLOATS) * 8 * np.abs(inputs["b"])
    roundings = (route_error(Delta, rho) + 2 * growth(10, FLOAT64)) * 8 * np.abs(inputs["b"])
    assert (off <= leak + roundings).all()
    assert off[-1] >= leak[-1] * (1 - rho ** (T - 1)) - roundings[-1]  # what T - 1 steps before have left of it


def test_the_state_of_the_forgetting_route_is_not_near_zero():
    """Remark 2 says that the states approximate zeros; they hold Delta z, which only the skip takes away."""
    gadget = ENTRIES["absolute"].build(8, 1, 64)
    block = by_forgetting(gadget.blocks[0], 3.0, 1e-30)
    H = initial_state(block.ssm, np.dtype("float64"))
    x = stream_of(gadget.ports, {"x": np.array([2.0])}, "float64")
    vector = type(x)(x.layout, {n: r if r.fill is None else replace(r, fill=r.fill[0]) for n, r in x.rows.items()})
    H, _ = jax.jit(step_block)(block, H, vector)
    for state in H.values():
        assert (np.abs(np.asarray(state) - 3.0) <= route_error(3.0, 0.0)).all()


def test_a_skip_left_out_is_seen():
    """Planted: D = 1 kept beside the state's current term doubles the output."""
    gadget = ENTRIES["absolute"].build(8, 1, 64)
    block = by_forgetting(gadget.blocks[0], 1.0, 0.0)
    doubled = replace(block, ssm=replace(block.ssm, D={n: D + 1.0 for n, D in (block.ssm.D or {}).items()}))
    inputs = {"x": np.array([[3.0]])}
    right, wrong = (evaluate(replace(gadget, blocks=(b,)), inputs)["out"] for b in (block, doubled))
    assert abs(wrong - 2 * right).max() <= 6 * route_error(1.0, 0.0)


@pytest.mark.parametrize(("Delta", "rho"), [(0.0, 0.5), (-1.0, 0.5), (float("nan"), 0.5), (1.0, 1.0), (1.0, -0.1)])
def test_ranges_of_the_forgetting_route(Delta, rho):
    with pytest.raises(ValueError, match=r"Delta must be above 0 and rho in \[0, 1\)"):
        by_forgetting(ENTRIES["absolute"].build(8, 1, 64).blocks[0], Delta, rho)


def test_a_block_with_memory_is_refused():
    block = by_forgetting(ENTRIES["absolute"].build(8, 1, 64).blocks[0], 1.0, 0.0)
    with pytest.raises(ValueError, match="the block's state is on already"):
        by_forgetting(block, 1.0, 0.0)


def test_a_constant_without_an_outer_bias():
    """A zero row of W_2 and b_2 = k, silu(k) = 1: the fifth unit of the printed I[a != b]."""
    stream, hidden = ports({"x": 1}, {"out": 1}), Layout((Space("one"),))
    block = degenerate(
        zero(stream, hidden),
        {"one": np.full(1, silu_unit_gate())},
        linear_map(hidden, stream, {("one", "out"): Action()}),
    )
    assert abs(layer(block, np.zeros((1, 2)))[0, 1] - 1.0) <= growth(6, FLOAT64)
