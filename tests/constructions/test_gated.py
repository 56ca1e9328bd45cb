"""The gated memory: its error is the leak that its scores predict, it is within epsilon, and epsilon needs its S."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import ssm_worst_case, ssm_worst_values
from bounds.formats import FORMATS
from bounds.rounding import growth, recurrence_roundings
from bounds.scales import gated_write_off, silu_unit_gate
from constructions.mamba import MambaBlock
from constructions.memories.gated import MEMORY, gated
from constructions.memories.memory import Memory, values_only
from constructions.recurrence import Execution
from constructions.rows import VOID
from verify import independent

sizes = st.sampled_from([(1, 1), (2, 1), (6, 3)])
bounds = st.floats(1e-3, 1e3)
tolerances = st.floats(1e-6, 10.0)
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def rounding(S: np.ndarray, x: np.ndarray, N: int, dtype: str) -> np.ndarray:
    """What rounding may change in y = S x.

    A term is silu(k) c b Delta x: the recurrence's roundings (d_h = 1), Delta's (softplus_error: 2 and two library
    functions), the gate's (silu_error, relative to k), their product and the N - 1 additions of W_3.
    """
    roundings = recurrence_roundings(len(x), 1) + 2 + 2 + 1 + N
    return silu_unit_gate() * growth(roundings, FORMATS[dtype], library_calls=3) * (np.abs(S) @ np.abs(x))


def all_scores(memory: Memory, position: np.ndarray, target: np.ndarray) -> np.ndarray:
    return independent.scores(memory, position, target, np.arange(len(position)))


@settings(max_examples=30)
@given(size=sizes, M=bounds, epsilon=tolerances, rng=generators)
def test_the_error_is_the_leak_and_within_epsilon(copied, tasks, size, M, epsilon, rng):
    N, d = size
    memory, x = gated(N, d, M, epsilon), rng.uniform(-M, M, (N, d))
    position, target = tasks(N)["random"]
    y = copied(memory, x, position, target)
    S = all_scores(memory, position, target)
    assert (np.abs(y - S @ x) <= rounding(S, x, N, "float64")).all()
    leak = np.logaddexp(0.0, -gated_write_off(N, M, epsilon))
    others = np.tril(np.ones((N, N))) @ x - x[target]
    assert (np.abs(y - x[target] - leak * others) <= 2 * rounding(S, np.abs(x), N, "float64")).all()
    assert (np.abs(y - x[target]) <= epsilon + rounding(S, x, N, "float64")).all()


@settings(max_examples=30)
@given(size=st.sampled_from([(2, 1), (6, 3)]), M=bounds, share=st.floats(1e-6, 0.5))
def test_the_worst_values_reach_epsilon_and_half_of_S_exceeds_it(copied, times, size, M, share):
    """Needed and enough: at the last step, with all values against one, the error is epsilon itself."""
    N, d = size
    epsilon = share * (N - 1) * M
    memory, position, target = gated(N, d, M, epsilon), np.arange(N), np.zeros(N, int)
    S = all_scores(memory, position, target)[-1:]
    x = np.tile(ssm_worst_values(S, np.zeros(1, int), M).T, (1, d))
    allowed = rounding(S, x, N, "float64").max()
    assert abs(ssm_worst_case(S, np.zeros(1, int), M, 1.0)[0] - epsilon) <= allowed
    errors = [
        np.abs(copied(m, x, position, target)[-1] - x[0]).max()
        for m in (memory, times(memory, "module.ssm.W_Delta2", ("off", MEMORY), 0.5))
    ]
    assert abs(errors[0] - epsilon) <= 2 * allowed
    assert errors[1] > epsilon + 2 * allowed


@pytest.mark.parametrize("literal_Delta", [False, True])
@pytest.mark.parametrize("dtype", FORMATS)
def test_scores_of_the_stored_weights_predict_every_format(copied, stored, tasks, dtype, literal_Delta):
    """y = S v, v = Delta x, also with Delta = log 2; storing x and v are two more roundings."""
    N, M = 6, 1.0
    memory, x = gated(N, 3, M, 1e-2, literal_Delta=literal_Delta), np.random.default_rng(0).uniform(-M, M, (N, 3))
    kept = stored(memory, dtype)
    v = independent.recorded_Delta(kept) * x
    for position, target in (tasks(N)[kind] for kind in ("random", "reverse", "first", "lag")):
        S = all_scores(kept, position, target)
        error = np.abs(copied(memory, x, position, target, dtype) - S @ v)
        assert (error <= rounding(S, v, N, dtype) + growth(2, FORMATS[dtype]) * (np.abs(S) @ np.abs(v))).all()


@pytest.mark.parametrize("execution", [Execution.SCAN, Execution.CHUNKED])
def test_steps_that_write_nothing_leak_into_all_slots(copied, tasks, execution):
    """The string task: while it reproduces, a step's input adds its leak to every slot, as the scores say."""
    N = 4
    memory, x = gated(N, 1, 1.0, 0.1), np.random.default_rng(1).uniform(-1, 1, (2 * N, 1))
    position, target = tasks(N)["string"]
    S = all_scores(memory, position, target)
    y = copied(memory, x, position, target, execution=execution)
    assert (np.abs(y - S @ x) <= rounding(S, x, N, "float64")).all()
    assert (S[target == VOID] == 0).all()
    assert (S[-1, N:] > 0).all()


def test_steps_beyond_N_are_paid_for_by_S(tasks):
    """Over 2 N steps the worst inputs reach epsilon if S was made for 2 N steps, and exceed it if it was made for N."""
    N, epsilon = 4, 0.1
    position, target = tasks(N)["string"]
    last, pos = np.array([2 * N - 1]), target[-1:]
    worst = [
        ssm_worst_case(independent.scores(memory, position, target, last), pos, 1.0, 1.0)[0]
        for memory in (gated(N, 1, 1.0, epsilon, steps=2 * N), gated(N, 1, 1.0, epsilon))
    ]
    assert abs(worst[0] - epsilon) <= growth(4 * N, FORMATS["float64"], library_calls=4)
    assert worst[1] > 2 * epsilon


def test_the_whole_layer_agrees_with_its_restriction(copied, tasks):
    memory, x = gated(3, 2, 1.0, 0.1), np.random.default_rng(2).uniform(-1, 1, (3, 2))
    position, target = tasks(3)["random"]
    X = independent.dense_stream(memory.encoding.stream(x, position, target, np.dtype("float64")))
    S = all_scores(memory, position, target)
    assert isinstance(memory.module, MambaBlock)
    whole = independent.layer(memory.module, X)[:, :2]
    assert (np.abs(whole - copied(memory, x, position, target)) <= 2 * rounding(S, x, 3, "float64")).all()


@pytest.mark.parametrize(("N", "d"), [(1, 1), (4, 3), (64, 2)])
def test_sizes(N, d):
    """d_h = 1 and one channel for each slot and coordinate; the position's and the constant's channels go unread."""
    memory = gated(N, d, 1.0, 0.1)
    assert memory.d_h == 1
    assert isinstance(memory.module, MambaBlock)
    assert memory.module.state_entries == N * (d + 1) + 1
    assert values_only(memory).state_entries == N * d
    assert memory.stated_error == 0.1


@pytest.mark.parametrize(
    ("N", "d", "M", "epsilon"), [(0, 1, 1.0, 1.0), (2, 0, 1.0, 1.0), (2, 1, 0.0, 1.0), (2, 1, 1.0, 0.0)]
)
def test_bad_sizes_are_refused(N, d, M, epsilon):
    with pytest.raises(ValueError, match=r"must be at least 1|above 0"):
        gated(N, d, M, epsilon)
