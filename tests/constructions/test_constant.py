"""The constant-size memory: its keys, the error that the converse allows it, and its scores in every format."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.converse import mean_square_floor
from bounds.formats import FORMATS
from bounds.rounding import growth, recurrence_roundings
from constructions.mamba import SSM
from constructions.memories.constant import constant, projection_keys, random_keys
from constructions.memories.memory import Memory
from constructions.recurrence import Execution
from constructions.rows import VOID
from verify import independent

FLOAT64 = FORMATS["float64"]
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def key_rounding(N: int, d_h: int) -> float:
    """The largest error of an entry of `projection_keys`: its angle is at most pi d_h and has three roundings, the
    cosine is a library function, two roundings follow, and sqrt(2 / N) bounds it.
    """
    angle = np.pi * d_h * growth(3, FLOAT64)
    return np.sqrt(2 / N) * (angle + growth(2, FLOAT64, library_calls=1))


def score_rounding(N: int, d_h: int) -> float:
    """The largest error of an entry of K K^T: two factors of modulus at most sqrt(2 / N) in each of d_h terms."""
    largest = np.sqrt(2 / N)
    return d_h * (2 * largest * key_rounding(N, d_h) * 2 + growth(d_h + 1, FLOAT64) * largest**2)


@pytest.mark.parametrize("N", range(1, 41))
def test_projection_keys_score_by_a_projection_of_equal_diagonal(N):
    """S = S^T = S^2, trace d_h spread evenly: no position is favoured, and no rank is wasted."""
    for d_h in range(1, N):
        K, allowed = projection_keys(N, d_h), score_rounding(N, d_h)
        S = K @ K.T
        assert K.shape == (N, d_h)
        assert np.abs(np.diag(S) - d_h / N).max() <= allowed
        assert np.abs(S @ S - S).max() <= (2 * N + 1) * allowed + growth(N, FLOAT64) * N
    np.testing.assert_array_equal(projection_keys(N, N), np.eye(N))
    np.testing.assert_array_equal(projection_keys(N, N + 2), np.eye(N, N + 2))


@pytest.mark.parametrize(("N", "d_h"), [(6, 1), (6, 4), (6, 5), (9, 4)])
def test_the_mean_square_error_is_the_floor(copied, tasks, N, d_h):
    """Read after all N tokens are written. The values are the N unit vectors, so the outputs are S and the squares of
    the errors add up to ||S - I||_F^2 = N - d_h: what independent values have on average.
    """
    position, target = tasks(N)["string"]
    x = np.concatenate([np.eye(N), np.zeros((N, N))])
    Y = copied(constant(N, N, projection_keys(N, d_h), "projection"), x, position, target)[N:]
    error = np.linalg.norm(Y - np.eye(N)) / np.sqrt(N)
    allowed = np.sqrt(N) * (score_rounding(N, d_h) + growth(recurrence_roundings(2 * N, d_h), FLOAT64) * 2 * d_h / N)
    assert abs(error - mean_square_floor(N, d_h)) <= allowed + growth(N * N + 3, FLOAT64)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("d_h", [5, 6])
def test_with_a_key_for_each_position_the_copy_is_exact(copied, tasks, d_h, dtype):
    N = 5
    x = np.random.default_rng(0).integers(-7, 8, (N, 2)) / 8
    for position, target in (tasks(N)[kind] for kind in ("random", "reverse", "first", "lag")):
        y = copied(constant(N, 2, projection_keys(N, d_h), "projection"), x, position, target, dtype)
        np.testing.assert_array_equal(y, x[target])


def rounding(memory: Memory, x: np.ndarray, target: np.ndarray, dtype: str) -> np.ndarray:
    """What rounding may change in y = S v, v = Delta x: the recurrence on absolute values.

    Beside the recurrence's roundings a term has those of Delta (softplus_error: 2 and two library functions), of x and
    v, and of exp(Delta A) at each step, whose exponent of modulus |log a| is off by the fraction growth(3, calls=2).
    """
    assert isinstance(memory.module, SSM)
    assert memory.encoding.codes is not None
    codes, T, A = np.abs(memory.encoding.codes), len(x), memory.module.A
    a = 1.0 if A is None else float(np.exp(independent.recorded_Delta(memory) * np.asarray(A)))
    alike = np.tril(codes[target] @ codes.T * a ** np.maximum(np.subtract.outer(np.arange(T), np.arange(T)), 0))
    form = FORMATS[dtype]
    exponent = 0.0 if a in (0.0, 1.0) else -T * np.log(a) * growth(3, form, 2) / float(form.unit_roundoff)
    roundings = recurrence_roundings(T, codes.shape[1]) + 4 + int(np.ceil(exponent)) + 1
    return growth(roundings, form, library_calls=2 + T) * (alike @ np.abs(x))


@settings(max_examples=8)
@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("literal_Delta", [False, True])
@given(a=st.sampled_from([0.0, 0.3, 0.9, 1.0]), rng=generators)
def test_the_scores_predict_the_outputs(copied, stored, tasks, dtype, literal_Delta, a, rng):
    N = 6
    memory = constant(N, 2, random_keys(N, 3, rng), "random", a, literal_Delta=literal_Delta)
    x, kept = rng.uniform(-1, 1, (N, 2)), stored(memory, dtype)
    for position, target in (tasks(N)[kind] for kind in ("random", "first")):
        S = independent.scores(kept, position, target, np.arange(N))
        error = np.abs(copied(memory, x, position, target, dtype) - S @ (independent.recorded_Delta(kept) * x))
        assert (error <= rounding(kept, x, target, dtype)).all()
        if a == 0.0:
            assert (np.diag(np.diag(S)) == S).all(), "everything but the step itself is forgotten"


@pytest.mark.parametrize("a", [0.0, 0.9, 1.0])
def test_every_execution_agrees(copied, a):
    N, rng = 6, np.random.default_rng(1)
    memory, x, target = (
        constant(N, 2, random_keys(N, 3, rng), "random", a),
        rng.uniform(-1, 1, (N, 2)),
        np.arange(N) // 2,
    )
    y = [copied(memory, x, np.arange(N), target, execution=execution) for execution in Execution]
    for other in y[1:]:
        assert (np.abs(other - y[0]) <= 2 * rounding(memory, x, target, "float64")).all()


def test_random_keys_are_unit_vectors_and_a_longer_list_begins_with_the_shorter():
    keys = random_keys(9, 4, np.random.default_rng(2))
    assert (np.abs(np.linalg.norm(keys, axis=1) - 1) <= growth(8, FLOAT64)).all()
    np.testing.assert_array_equal(random_keys(5, 4, np.random.default_rng(2)), keys[:5])


def test_sizes_do_not_grow_with_N():
    for N in (4, 400):
        memory = constant(N, 3, projection_keys(N, 2), "projection")
        assert isinstance(memory.module, SSM)
        assert (memory.d_h, memory.module.state_entries) == (2, 6)
        assert sum(linear.nonzeros for linear in memory.module.maps()) == 2 + 2 + 1 + 1
        assert memory.stated_error is None


def test_bad_arguments_are_refused():
    keys = projection_keys(4, 2)
    for a in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"the forgetting coefficient a must lie in \[0, 1\], got"):
            constant(4, 1, keys, "projection", a)
    with pytest.raises(ValueError, match=r"codes must have shape \(5, d_k\), got \(4, 2\)"):
        constant(5, 1, keys, "projection")


def test_steps_that_are_not_positions_are_not_recorded(copied):
    """A VOID position has the zero key, so its value never comes out, whatever it is."""
    x = np.array([[1.0], [1e300], [0.0]])
    y = copied(constant(1, 1, projection_keys(1, 1), "projection"), x, np.array([0, VOID, VOID]), np.zeros(3, int))
    np.testing.assert_array_equal(y, np.ones((3, 1)))
