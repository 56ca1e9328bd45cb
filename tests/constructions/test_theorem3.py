"""Theorem 3's memory copies bit by bit: in every format, every execution and every task."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.rounding import growth, silu_error, softplus_error
from bounds.scales import silu_unit_gate
from constructions.encoding import POSITION, TARGET, VALUES, Encoding
from constructions.mamba import SSM, MambaBlock, signals
from constructions.memories.gated import gated
from constructions.memories.memory import values_only
from constructions.memories.theorem3 import theorem3, theorem3_layer
from constructions.recurrence import Execution
from constructions.rows import VOID
from constructions.run import initial_state, run_block, step_ssm
from verify import independent

N, D = 7, 3
KINDS = ("random", "reverse", "first", "lag")
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def values(rng: np.random.Generator, dtype: str, *shape: int) -> np.ndarray:
    """Numbers of the format, its largest and its smallest normal number and 0 among them."""
    form, x = FORMATS[dtype], rng.uniform(-1, 1, shape)
    extremes = np.array([float(form.max), -float(form.max), float(form.tiny), 0.0])
    x = np.where(rng.random(shape) < 0.2, rng.choice(extremes, shape), x)
    return x.astype(jnp.dtype(dtype)).astype(np.float64)


def expected(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    return np.where(target[:, None] == VOID, 0.0, x[target])


@settings(max_examples=5)
@pytest.mark.parametrize("execution", Execution)
@pytest.mark.parametrize("dtype", FORMATS)
@given(rng=generators)
def test_every_task_bit_by_bit(copied, tasks, dtype, execution, rng):
    memory, x = theorem3(N, D), values(rng, dtype, N, D)
    for kind in KINDS:
        position, target = tasks(N)[kind]
        y = copied(memory, x, position, target, dtype, execution)
        np.testing.assert_array_equal(y, expected(x, target), err_msg=kind)


@pytest.mark.parametrize("execution", Execution)
def test_a_string_is_read_and_then_reproduced(copied, tasks, execution):
    """2 N steps of which the second half writes nothing, though its inputs are not zero."""
    x = values(np.random.default_rng(0), "float64", 2 * N, D)
    position, target = tasks(N)["string"]
    y = copied(theorem3(N, D), x, position, target, execution=execution)
    np.testing.assert_array_equal(y, expected(x, target))


@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 3), (2, 1)])
def test_smallest_sizes(copied, tasks, n, d):
    x = values(np.random.default_rng(n + d), "float64", n, d)
    for position, target in (tasks(n)[kind] for kind in KINDS):
        np.testing.assert_array_equal(copied(theorem3(n, d), x, position, target), expected(x, target))


@pytest.mark.parametrize("dtype", FORMATS)
def test_literal_Delta_copies_what_it_records(copied, stored, tasks, dtype):
    """W_Delta = O: v = softplus(0) x = x log 2, and y is v bit by bit, though no longer x."""
    memory, x = theorem3(N, D, literal_Delta=True), np.random.default_rng(1).uniform(-1, 1, (N, D))
    position, target = tasks(N)["random"]
    stream = memory.encoding.stream(x, position, target, jnp.dtype(dtype))
    v = np.asarray(signals(stored(memory, dtype).module, stream).v[VALUES].dense(), np.float64)
    np.testing.assert_array_equal(copied(memory, x, position, target, dtype), v[target])
    x = x.astype(jnp.dtype(dtype)).astype(float)
    allowed = (softplus_error(0.0, FORMATS[dtype]) + growth(1, FORMATS[dtype])) * np.abs(x)
    assert memory.Delta == np.log(2.0)
    assert (np.abs(v - memory.Delta * x) <= allowed).all()


def test_the_state_holds_the_values_read_so_far():
    """A.3: H_i = [v_1, ..., v_i, 0, ..., 0] after every step."""
    memory, x = theorem3(N, D), values(np.random.default_rng(2), "float64", N, D)
    stream = memory.encoding.stream(x, np.arange(N), np.zeros(N, int), np.dtype("float64"))
    assert isinstance(memory.module, SSM)
    H, step = initial_state(memory.module, np.dtype("float64")), jax.jit(step_ssm)
    for i in range(N):
        H, y = step(memory.module, H, jax.tree.map(lambda leaf: leaf[i], stream))  # noqa: B023
        np.testing.assert_array_equal(H[VALUES][:, 0], np.where(np.arange(N)[:, None] <= i, x, 0.0))
        np.testing.assert_array_equal(y[VALUES].dense(), x[0])


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_the_full_layer_copies_all_of_the_stream(stored, dtype):
    """Remark 1: f(x~_i) = x~_pos(i), up to the rounding of silu(k) = 1; Eq. 2 then adds x~_i."""
    memory, x = theorem3_layer(N, D), np.random.default_rng(3).uniform(-1, 1, (N, D))
    target = np.array([0, 1, 0, 2, 4, 3, 6])
    stream = memory.encoding.stream(x, np.arange(N), target, jnp.dtype(dtype))
    f = jax.jit(run_block)(stored(memory, dtype).module, stream)
    X, form = independent.dense_stream(stream), FORMATS[dtype]
    k = float(silu_unit_gate())
    relative = growth(1, form) * k + silu_error(k, form) + growth(1, form)  # k is stored, silu'(k) = 1; the product
    assert (np.abs(independent.dense_stream(f) - X[target]) <= relative * np.abs(X[target])).all()
    total = independent.dense_stream(stream + f)
    rounding = (relative + growth(1, form)) * (np.abs(X) + np.abs(X[target]))
    assert (np.abs(total - X - X[target]) <= rounding).all()


@pytest.mark.parametrize(("n", "d"), [(1, 1), (4, 3), (50, 2)])
def test_sizes(n, d):
    """O(N d) state and 2 N nonzeros alone; inside Eq. 1-3 every channel has its N states, also the positions'."""
    memory, layer = theorem3(n, d), theorem3_layer(n, d)
    alone, whole = memory.module, layer.module
    assert isinstance(alone, SSM)
    assert isinstance(whole, MambaBlock)
    assert memory.d_h == layer.d_h == n
    assert alone.state_entries == n * d
    assert alone.W_b.nonzeros == alone.W_c.nonzeros == n
    assert alone.W_b.entries == n * (d + 2 * n + 1)
    assert whole.state_entries == n * (d + 2 * n + 1)
    assert values_only(layer).state_entries == n * d


def test_only_a_full_layer_is_restricted():
    assert isinstance(values_only(gated(2, 1, 1.0, 0.1)), MambaBlock)
    with pytest.raises(ValueError, match="ssm-linear is an SSM, not a full layer"):
        values_only(theorem3(2, 1))


def test_encodings_refuse_what_they_cannot_hold():
    for n, d in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match=f"N and d must be at least 1, got N = {n}, d = {d}"):
            Encoding(n, d)
    for codes in (np.ones((3, 2)), np.ones((3, 2, 1))[0]):
        with pytest.raises(ValueError, match=r"codes must have shape \(4, d_k\), got"):
            Encoding(4, 1, codes)
    encoding, x, good = Encoding(3, 1), np.zeros((2, 1)), np.array([0, VOID])
    for bad in (np.array([0, 3]), np.array([-2, 0])):
        with pytest.raises(ValueError, match=r"position must lie in 0 \.\. 2, got"):
            encoding.stream(x, bad, good, np.dtype("float64"))
        with pytest.raises(ValueError, match=r"target must lie in 0 \.\. 2, got"):
            encoding.stream(x, good, bad, np.dtype("float64"))


def test_coded_positions_are_their_codes_and_void_is_zero():
    codes = np.arange(6.0).reshape(3, 2)
    stream = Encoding(3, 1, codes).stream(
        np.zeros((2, 1)), np.array([2, VOID]), np.array([VOID, 1]), np.dtype("float64")
    )
    np.testing.assert_array_equal(stream[POSITION].dense(), [[4.0, 5.0], [0.0, 0.0]])
    np.testing.assert_array_equal(stream[TARGET].dense(), [[0.0, 0.0], [2.0, 3.0]])
