"""Softmax attention with explicit keys: its scale is enough, it is needed, and the run gives what the scores say."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.exact import attention_worst_case, attention_worst_values
from bounds.formats import FORMATS, FloatFormat
from bounds.rounding import attention_error, dot_error, growth
from constructions import attention as attention_module
from constructions.attention import Attention, attend, attention
from constructions.encoding import TARGET
from constructions.layout import Layout, Space
from constructions.linear import linear_map
from constructions.memories.heads import binary_codes, binary_head, circle_codes, circle_head
from constructions.memories.memory import Memory
from constructions.rows import VOID
from verify import independent

HEADS = {"binary": binary_head, "circle": circle_head}
FLOAT64 = FORMATS["float64"]
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


SCALE = ("module.W_q", (TARGET, "key"))  # where it is stored


def codes_of(memory: Memory) -> np.ndarray:
    assert memory.encoding.codes is not None
    return memory.encoding.codes


def scale(memory: Memory) -> float:
    assert isinstance(memory.module, Attention)
    return float(memory.module.W_q.actions[TARGET, "key"].inner)


def raw_scores(memory: Memory) -> np.ndarray:
    """q_i^T k_j for every target i and position j, from the weights and codes."""
    return scale(memory) * codes_of(memory) @ codes_of(memory).T


def worst_case(memory: Memory, M: float) -> np.ndarray:
    """2 M (1 - a_pos) for every position read at the last step."""
    return attention_worst_case(raw_scores(memory), np.arange(memory.encoding.N), M, 1.0)


def relative_rounding(memory: Memory) -> float:
    """How far the exact worst case of the stored scale may lie from eps, as a part of it.

    1 - a_pos is a ratio of exponentials of score differences, so it moves by at most the factor exp(2 E), E the error
    of a score: the scale's rounding and the codes', and the dot product's own.
    """
    largest = np.abs(raw_scores(memory)).max()
    E = largest * growth(8, FLOAT64) + dot_error(largest, memory.d_h, FLOAT64)
    return np.expm1(4 * E) + growth(2 * memory.encoding.N, FLOAT64, library_calls=4)


def run_rounding(memory: Memory, S: np.ndarray, V: float, form: FloatFormat) -> float:
    """What rounding may change in an output; the query's scaling is one more rounding of each score."""
    largest = np.abs(raw_scores(memory)).max()
    error = dot_error(largest, memory.d_h + 1, form)
    return attention_error(V, S.shape[1], error, 2 * largest, form)


@settings(max_examples=100)
@given(kind=st.sampled_from(list(HEADS)), N=st.integers(1, 40), M=st.floats(1e-3, 1e3), share=st.floats(1e-9, 3.0))
def test_the_scale_is_enough(kind, N, M, share):
    """Also where nothing is required, because eps >= 2 M or N = 1."""
    memory, epsilon = HEADS[kind](N, 1, M, share * M), share * M
    assert (worst_case(memory, M) <= epsilon * (1 + relative_rounding(memory))).all()


@settings(max_examples=50)
@given(
    case=st.sampled_from([("binary", 2), ("binary", 8), ("binary", 32), ("circle", 2), ("circle", 3)]),
    share=st.floats(1e-9, 0.5),
)
def test_the_scale_is_needed_where_all_codes_are_used(case, share):
    """For N = 2^m binary codes, and for two or three points of a circle, the worst case is eps itself."""
    kind, N = case
    memory = HEADS[kind](N, 1, 1.0, share)
    assert (np.abs(worst_case(memory, 1.0) - share) <= share * relative_rounding(memory)).all()


@pytest.mark.parametrize("share", [1e-6, 1e-3, 0.2])
@pytest.mark.parametrize("N", [2, 3, 17, 40])
@pytest.mark.parametrize("kind", HEADS)
def test_half_of_the_scale_fails(times, kind, N, share):
    memory = HEADS[kind](N, 1, 1.0, share)
    assert (worst_case(times(memory, *SCALE, 0.5), 1.0) > share * (1 + relative_rounding(memory))).all()


@pytest.mark.parametrize("share", [1e-6, 1e-3, 0.2])
@pytest.mark.parametrize("N", [2, 3, 17, 40, 500])
def test_the_circle_has_the_least_scale(N, share):
    """The worst case is eps itself: not only enough, as a closed form more than twice as large would be."""
    memory = circle_head(N, 1, 1.0, share)
    assert (np.abs(worst_case(memory, 1.0) - share) <= share * relative_rounding(memory)).all()


@pytest.mark.parametrize(("kind", "gap"), [("binary", 3), ("circle", 1)])
def test_tokens_without_a_position_are_outside_the_stated_error(kind, gap):
    """V such tokens, all of key 0, add V e^(-s |u|^2) to the others' weight R: stated in the docstrings, and not
    covered by the stated error."""
    N, V, M, epsilon = 8, 4000, 1.0, 0.1
    memory = HEADS[kind](N, 1, M, epsilon)
    position, target = np.concatenate([np.arange(N), np.full(V, VOID)]), np.zeros(N + V, np.int64)
    S = independent.scores(memory, position, target, np.array([N + V - 1]))
    (error,) = 2 * M * (1 - S[:, 0])
    codes = codes_of(memory)
    R = np.exp(scale(memory) * (codes[1:] @ codes[0] - codes[0] @ codes[0])).sum() + V * np.exp(-scale(memory) * gap)
    assert abs(error - 2 * M * R / (1 + R)) <= growth(2 * (N + V), FLOAT64, library_calls=8) * (1 + scale(memory) * gap)
    assert memory.stated_error is not None
    assert error > memory.stated_error


@pytest.mark.parametrize("kind", HEADS)
def test_the_worst_values_attain_the_worst_case_in_the_run(copied, kind):
    N, M, epsilon = 5, 2.0, 0.1
    memory = HEADS[kind](N, 1, M, epsilon)
    for pos in range(N):
        x = attention_worst_values(raw_scores(memory)[pos : pos + 1], np.array([pos]), M).T
        y = copied(memory, x, np.arange(N), np.full(N, pos))
        S = independent.scores(memory, np.arange(N), np.full(N, pos), np.array([N - 1]))
        assert abs(np.abs(y[-1] - x[pos]).max() - worst_case(memory, M)[pos]) <= run_rounding(memory, S, M, FLOAT64)


@settings(max_examples=8)
@pytest.mark.parametrize(("kind", "dtype"), [*(("binary", name) for name in FORMATS), ("circle", "float64")])
@given(rng=generators)
def test_the_scores_predict_every_format(copied, stored, tasks, kind, dtype, rng):
    N, M, epsilon = 6, 1.0, 0.2
    memory, x = HEADS[kind](N, 2, M, epsilon), rng.uniform(-M, M, (N, 2))
    kept, form = stored(memory, dtype), FORMATS[dtype]
    for position, target in (tasks(N)[name] for name in ("random", "reverse", "first", "lag")):
        S = independent.scores(kept, position, target, np.arange(N))
        allowed = run_rounding(kept, S, M, form) + growth(1, form) * M  # the last for storing x
        assert (np.abs(S.sum(1) - 1) <= growth(3 * N, FLOAT64)).all()
        assert (np.abs(copied(memory, x, position, target, dtype) - S @ x) <= allowed).all()


@pytest.mark.parametrize("kind", HEADS)
def test_no_format_is_covered_by_a_bound_that_could_not_fail(kind):
    """The tolerance of the test above stays below the values themselves."""
    memory = HEADS[kind](6, 2, 1.0, 0.2)
    S = independent.scores(memory, np.arange(6), np.arange(6), np.arange(6))
    assert all(run_rounding(memory, S, 1.0, form) < 1.0 for form in FORMATS.values())


@pytest.mark.parametrize("keys", [1, 2, 4, 5, 64])
def test_any_positions_may_be_asked_in_blocks_and_read_in_tiles(monkeypatch, keys):
    """Seven queries in blocks of three: the last block is padded, and the order asked is the order answered.  Tiles of
    1, 2, 4 keys, the last ones padded or not; at 5 and above the context is one piece.
    """
    N = 5
    memory, x = binary_head(N, 2, 1.0, 0.1), np.random.default_rng(0).uniform(-1, 1, (N, 2))
    target = np.array([0, 0, 2, 1, 3])
    stream = memory.encoding.stream(x, np.arange(N), target, np.dtype("float64"))
    asked = np.array([4, 0, 2, 2, 1, 3, 4])
    monkeypatch.setattr(attention_module, "queries_at_once", lambda: 3)
    monkeypatch.setattr(attention_module, "KEYS_AT_ONCE", keys)
    y = jax.jit(lambda head, z, i: attend(head, z, i))(memory.module, stream, jax.numpy.asarray(asked))
    S = independent.scores(memory, np.arange(N), target, asked)
    assert (np.abs(y - S @ x) <= run_rounding(memory, S, 1.0, FLOAT64)).all()


def test_a_tile_left_out_is_seen(monkeypatch):
    """A planted fault: tiles one key too short leave keys out."""
    N = 5
    memory, x = binary_head(N, 2, 1.0, 0.1), np.arange(2.0 * N).reshape(N, 2)
    target, asked = np.array([0, 1, 2, 3, 4]), np.arange(N)
    stream = memory.encoding.stream(x, np.arange(N), target, np.dtype("float64"))
    monkeypatch.setattr(attention_module, "KEYS_AT_ONCE", 2)
    whole = attention_module._causal_scores

    def short(q, k, i, first):
        return whole(q, k, i, first).at[:, -1].set(-jax.numpy.inf)

    monkeypatch.setattr(attention_module, "_causal_scores", short)
    y = jax.jit(lambda head, z, i: attend(head, z, i))(memory.module, stream, jax.numpy.asarray(asked))
    assert (np.abs(y - x[target]).max(1) > 0.2)[[1, 3]].all()


def test_nothing_asked_is_answered_by_nothing():
    memory, x = binary_head(3, 2, 1.0, 0.1), np.ones((3, 2))
    stream = memory.encoding.stream(x, np.arange(3), np.zeros(3, np.int64), np.dtype("float64"))
    assert isinstance(memory.module, Attention)
    assert attend(memory.module, stream, jax.numpy.zeros(0, int)).shape == (0, 2)


def test_huge_scores_do_not_overflow(copied, times):
    """Shifted by the largest: a scale of 1e6 picks the target and nothing else."""
    memory, x = times(binary_head(4, 1, 1.0, 0.1), *SCALE, 1e6), np.array([[1.0], [2.0], [3.0], [4.0]])
    target = np.array([0, 0, 1, 2])
    np.testing.assert_array_equal(copied(memory, x, np.arange(4), target), x[target])


def test_codes():
    """ceil(log2 N) bits and at least one, all codes different; N points of the unit circle."""
    for N in range(1, 70):
        codes = binary_codes(N)
        assert codes.shape[1] == max(1, int(np.ceil(np.log2(N))))
        assert set(np.unique(codes)) <= {-1.0, 1.0}
        assert len(np.unique(codes, axis=0)) == N
        assert (np.abs(np.linalg.norm(circle_codes(N), axis=1) - 1) <= growth(4, FLOAT64, library_calls=2)).all()
        assert len(np.unique(circle_codes(N), axis=0)) == N
    assert binary_head(40, 3, 1.0, 0.1).d_h == 6
    assert circle_head(40, 3, 1.0, 0.1).d_h == 2


def test_maps_that_do_not_meet_are_refused():
    a, b, key = Layout((Space("a"),)), Layout((Space("b"),)), Layout((Space("k"),))
    to = {name: linear_map(layout, key, {}) for name, layout in (("a", a), ("b", b))}
    with pytest.raises(ValueError, match="W_q, W_k, W_v must read one layout"):
        attention(to["a"], to["b"], to["a"])
    with pytest.raises(ValueError, match="W_q, W_k, W_v must read one layout"):
        attention(to["a"], to["a"], to["b"])
    two = linear_map(a, Layout((Space("k"), Space("l"))), {})
    for maps in ((two, to["a"], to["a"]), (two, two, to["a"]), (to["a"], to["a"], two)):
        with pytest.raises(ValueError, match="one space of keys, W_v one space of values"):
            attention(*maps)


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize(
    ("N", "d", "M", "epsilon"), [(0, 1, 1.0, 1.0), (2, 0, 1.0, 1.0), (2, 1, 0.0, 1.0), (2, 1, 1.0, 0.0)]
)
def test_bad_sizes_are_refused(kind, N, d, M, epsilon):
    with pytest.raises(ValueError, match=r"at least 1|above 0"):
        HEADS[kind](N, d, M, epsilon)
