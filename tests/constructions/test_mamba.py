"""The layer of Eq. 1-3 with random weights against the dense NumPy route of verify.independent.

Weights and inputs are multiples of 1/2, so every linear map is exact in float64 and both routes apply softplus, silu
and exp to the same numbers: what is left is bounded relative to the same layer on absolute values.
"""

import math
from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.rounding import growth, recurrence_roundings
from constructions.encoding import Encoding
from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, Outer, Stream, identity, linear_map, zero
from constructions.mamba import SHARED, MambaBlock, mamba_block, selective_ssm
from constructions.recurrence import Execution
from constructions.rows import VOID
from constructions.run import initial_state, run_block, step_block, step_ssm
from verify import independent

T, N = 5, 3
ENCODING = Encoding(N, 2)
LAYOUT = ENCODING.layout
STATE, RANK = Layout((Space("state", N),)), Layout((Space("r", N), Space("rank")))
FLOAT64 = np.dtype("float64")
# name: (channels share one Delta, A is None / a number / an array per channel, biases and D are given)
VARIANTS = {
    "nothing forgotten": (True, None, False),
    "one coefficient a step": (True, "number", True),
    "a Delta for each channel": (False, "number", False),
    "A for each state and channel": (False, "arrays", True),
    "A for each, Delta shared": (True, "arrays", False),
}

block_jit = jax.jit(run_block, static_argnums=2)
step_jit = jax.jit(step_block)
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def halves(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-3, 4, shape) / 2


def random_map(rng: np.random.Generator, domain: Layout, codomain: Layout, *entries: tuple[str, str]) -> LinearMap:
    """A random inner matrix in each of the entries, with the outer factor that fits."""
    outer = {(True, False): Outer.SPREAD, (False, True): Outer.GATHER}
    actions = {
        (a, b): Action(
            halves(rng, codomain[b].width, domain[a].width),
            outer.get((domain[a].blocks == 1, codomain[b].blocks == 1), Outer.EACH),
        )
        for a, b in entries
    }
    return linear_map(domain, codomain, actions)


SAME = (("x", "x"), ("position", "position"), ("target", "target"), ("one", "one"))


def random_A(rng: np.random.Generator, kind: str | None) -> np.ndarray | dict | None:
    """Never positive; -inf forgets everything, 0 nothing; a row or a column of A may be given for all."""
    if kind is None:
        return None
    values = np.array([0.0, -0.25, -1.0, -np.inf])
    if kind == "number":
        return rng.choice(values)[...]
    shapes = {"x": (N, 2), "position": (N, 1), "target": (1, 1), "one": (N, 1)}
    return {name: rng.choice(values, shape) for name, shape in shapes.items()}


def random_block(rng: np.random.Generator, variant: str, gate: LinearMap | None = None) -> MambaBlock:
    shared, kind, constants = VARIANTS[variant]
    bias = {space.name: halves(rng, space.width) for space in LAYOUT}
    write, read = (("position", "state"), ("one", "state")), (("target", "state"), ("x", "state"))
    rates = [("rank", SHARED)] if shared else [("r", "position"), ("r", "x"), ("rank", "target"), ("rank", "one")]
    ssm = selective_ssm(
        LAYOUT.names,
        random_map(rng, LAYOUT, STATE, *write),
        random_map(rng, LAYOUT, STATE, *read),
        random_map(rng, LAYOUT, RANK, ("position", "r"), ("x", "rank"), ("position", "rank")),
        random_map(rng, RANK, Layout((Space(SHARED),)) if shared else LAYOUT, *rates),
        random_A(rng, kind),
        {"x": halves(rng, 2), "position": halves(rng, 1)} if constants else None,
    )
    W_1 = random_map(rng, LAYOUT, LAYOUT, *SAME, ("x", "position"), ("target", "x"))
    W_2 = random_map(rng, LAYOUT, LAYOUT, *SAME[1:], ("position", "x")) if gate is None else gate
    W_3 = random_map(rng, LAYOUT, LAYOUT, *SAME[:2], ("position", "x"), ("one", "position"))
    return mamba_block(W_1, bias if constants else {}, W_2, bias if constants else {}, W_3, ssm)


def random_stream(rng: np.random.Generator) -> Stream:
    position, target = rng.integers(VOID, N, (2, T))
    return ENCODING.stream(halves(rng, T, 2), position, target, FLOAT64)


def tolerance(block: MambaBlock, X: np.ndarray) -> np.ndarray:
    """What rounding may change in both routes together, entry by entry.

    A term of the output is W_3 silu(z_2) alpha c b Delta z_1, plus the skip.  It carries the recurrence's roundings,
    those of Delta (softplus_error: 2 and two library functions), of silu (relative to z_2: 2 and one), one library
    function for each exp(Delta A), the gate's product, the skip's two, and inner.dim additions.  An error of the
    exponent Delta |A| by the fraction growth(3, calls=2) is that many more units u of a relative error.
    """
    ssm, inner, form = block.ssm, block.ssm.inner, FORMATS["float64"]

    def constant(vector):
        return independent._dense_vector(vector, inner)

    z, pre = X @ block.W_1.dense().T + constant(block.b_1), X @ block.W_2.dense().T + constant(block.b_2)
    Delta = np.logaddexp(z @ (ssm.W_Delta2.dense() @ ssm.W_Delta1.dense()).T, 0.0) * np.ones(inner.dim)
    A = independent._dense_A(ssm)
    H, y, exponent = np.zeros(A.shape), np.zeros(z.shape), 0.0
    for i in range(len(X)):
        finite = Delta[i] * np.where(np.isneginf(A), 0.0, A)
        exponent += np.abs(finite).max()
        H = np.where(np.isneginf(A), 0.0, np.exp(finite)) * H
        H += np.outer(np.abs(ssm.W_b.dense() @ z[i]), Delta[i] * np.abs(z[i]))
        y[i] = H.T @ np.abs(ssm.W_c.dense() @ z[i]) + np.abs(constant(ssm.D or {}) * z[i])
    extra = math.ceil(exponent * growth(3, form, library_calls=2) / float(form.unit_roundoff)) + 1
    roundings = recurrence_roundings(len(X), ssm.d_h) + 2 + 2 + 1 + 2 + inner.dim + extra
    return 2 * growth(roundings, form, library_calls=3 + len(X)) * ((y * np.abs(pre)) @ np.abs(block.W_3.dense()).T)


def within(block: MambaBlock, stream: Stream, y: Stream) -> bool:
    X = independent.dense_stream(stream)
    error = np.abs(independent.dense_stream(y) - independent.layer(block, X))
    return bool((error <= tolerance(block, X)).all())


@settings(max_examples=10)
@pytest.mark.parametrize("variant", VARIANTS)
@given(rng=generators)
def test_a_random_block_is_eq_1_to_3(variant, rng):
    block, stream = random_block(rng, variant), random_stream(rng)
    assert within(block, stream, block_jit(block, stream, None))


def test_one_step_at_a_time_is_the_block():
    rng = np.random.default_rng(0)
    block, stream = random_block(rng, "A for each state and channel"), random_stream(rng)
    H, outputs = initial_state(block.ssm, FLOAT64), []
    for i in range(T):
        H, y = step_jit(block, H, jax.tree.map(lambda x: x[i], stream))  # noqa: B023
        outputs.append(y)
    assert within(block, stream, jax.tree.map(lambda *y: np.stack(y), *outputs))
    assert sum(h.size for h in H.values()) == block.state_entries == N * LAYOUT.dim


def test_a_restricted_block_is_the_block_on_its_outputs():
    rng = np.random.default_rng(1)
    block, stream = random_block(rng, "A for each state and channel"), random_stream(rng)
    block = replace(block, W_3=linear_map(LAYOUT, LAYOUT, {("position", "x"): block.W_3.actions["position", "x"]}))
    small = block.restricted(("x",))
    assert small.ssm.channels == ("position",)
    assert small.state_entries == N * N
    y, X = block_jit(small, stream, None), independent.dense_stream(stream)
    error = np.abs(y["x"].dense() - independent.layer(block, X)[:, LAYOUT.coordinates("x")])
    assert (error <= tolerance(block, X)[:, LAYOUT.coordinates("x")]).all()


def test_outputs_that_nothing_writes_need_no_state():
    block = random_block(np.random.default_rng(2), "a Delta for each channel")
    block = replace(block, W_3=linear_map(LAYOUT, LAYOUT, {("x", "x"): Action()})).restricted(("one",))
    assert block.state_entries == 0
    assert block_jit(block, random_stream(np.random.default_rng(2)), None)["one"].is_zero


@pytest.mark.parametrize("execution", [Execution.SCAN, Execution.SPARSE])
def test_a_gate_that_opens_listed_slots_reads_only_those(execution):
    """The gate of `position` is a one-hot, so the recurrence is asked for one block a step; the others must be zero."""
    rng = np.random.default_rng(3)
    gate = linear_map(LAYOUT, LAYOUT, {("target", "position"): Action(), ("one", "x"): Action(np.ones((2, 1)))})
    block, stream = random_block(rng, "nothing forgotten", gate), random_stream(rng)
    assert within(block, stream, block_jit(block, stream, execution))


def test_the_residual_of_eq_2():
    rng = np.random.default_rng(4)
    block, stream = random_block(rng, "one coefficient a step"), random_stream(rng)
    f, X = block_jit(block, stream, None), independent.dense_stream(stream)
    np.testing.assert_array_equal(independent.dense_stream(stream + f), X + independent.dense_stream(f))


@pytest.mark.parametrize("unwritten", ["x", "position"])
def test_channels_that_no_weight_writes(unwritten):
    """A channel that is zero by structure once made the recurrence fail for want of a dtype."""
    rng = np.random.default_rng(5)
    block, stream = random_block(rng, "one coefficient a step"), random_stream(rng)
    kept = linear_map(LAYOUT, LAYOUT, {(n, n): Action() for n in LAYOUT.names if n != unwritten})
    block = replace(block, W_1=kept, b_1={})
    assert within(block, stream, block_jit(block, stream, None))


def test_a_constant_added_to_one_hots():
    """b_1 on a compressed space once made vectors whose fill had no position axis while their lists had one."""
    rng = np.random.default_rng(6)
    block, stream = random_block(rng, "one coefficient a step"), random_stream(rng)
    block = replace(block, W_1=identity(LAYOUT), b_1={"position": np.array([0.5])})
    assert within(block, stream, block_jit(block, stream, None))


def test_a_shared_Delta_that_reads_the_one_hot_of_a_single_position():
    """With N = 1 the position is one block that lists itself; the list was once dropped from Delta."""
    encoding, rng = Encoding(1, 2), np.random.default_rng(7)
    inner, Delta = encoding.layout, Layout((Space(SHARED),))
    write, read = ({("one", "state"): Action()}, {("one", "state"): Action()})
    state = Layout((Space("state"),))
    ssm = selective_ssm(
        ("x",),
        linear_map(inner, state, write),
        linear_map(inner, state, read),
        linear_map(inner, Delta, {("position", SHARED): Action(np.asarray(2.0))}),
        identity(Delta),
    )
    block = mamba_block(identity(inner), {}, identity(inner), {"x": np.ones(2)}, identity(inner), ssm)
    stream = encoding.stream(halves(rng, 3, 2), np.array([VOID, 0, VOID]), np.zeros(3, int), FLOAT64)
    assert within(block, stream, block_jit(block, stream, None))


def test_eq_37_without_state_and_with_the_skip_the_block_is_a_two_layer_mlp():
    """W_1 = O, b_1 = 1, W_b = O, D = 1: f(x) = W_3 silu(W_2 x + b_2)."""
    rng = np.random.default_rng(8)
    block, stream = random_block(rng, "one coefficient a step"), random_stream(rng)
    ones = {space.name: np.ones(space.width) for space in LAYOUT}
    ssm = replace(block.ssm, W_b=zero(LAYOUT, STATE), D=ones)
    block = replace(block, W_1=zero(LAYOUT, LAYOUT), b_1=ones, ssm=ssm)
    X = independent.dense_stream(stream)
    pre = X @ block.W_2.dense().T + independent._dense_vector(block.b_2, LAYOUT)
    mlp = (pre / (1 + np.exp(-pre))) @ block.W_3.dense().T
    y = independent.dense_stream(block_jit(block, stream, None))
    assert (np.abs(y - mlp) <= tolerance(block, X)).all()
    assert np.abs(mlp).max() > 0


def test_a_state_that_is_not_read_is_still_written():
    """W_c = O gives y = 0, yet H_i of Eq. 1 goes on; it once stood still."""
    rng = np.random.default_rng(9)
    block, stream = random_block(rng, "a Delta for each channel"), random_stream(rng)
    blind = replace(block.ssm, W_c=zero(LAYOUT, STATE))
    H, one = initial_state(blind, FLOAT64), jax.tree.map(lambda x: x[0], stream)
    step = jax.jit(step_ssm)
    seen, _ = step(block.ssm, H, one)
    unseen, y = step(blind, H, one)
    assert all(rows.is_zero for rows in y.rows.values())
    for name in LAYOUT.names:
        np.testing.assert_array_equal(seen[name], unseen[name])
    assert max(np.abs(h).max() for h in seen.values()) > 0
