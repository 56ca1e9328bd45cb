"""The matrix form: chunks side by side, and products with one-hots, against loops and the plain form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.rounding import recurrence_error
from constructions import chunked, one_hot
from constructions.chunked import Part, joined_additions, on_one_hots, one_after_another, side_by_side, states_are_small
from constructions.rows import VOID, Rows, dense_rows, one_hot_rows

D_H, D = 3, 2
FLOAT32 = FORMATS["float32"]


def drawn(seed: int, T: int, dtype: str, integers: bool) -> Part:
    """Dense signals with coefficients 0, 1 and between; integers: all sums are small integers."""
    rng = np.random.default_rng(seed)

    def entries(*shape: int) -> np.ndarray:
        return (rng.integers(-1, 2, shape) if integers else rng.uniform(-2, 2, shape)).astype(dtype)

    a = np.where(rng.random(T) < 0.1, 0.0, 1.0 if integers else rng.uniform(0.5, 1, T)).astype(dtype)
    c = np.eye(D_H)[rng.integers(0, D_H, T)].astype(dtype) if integers else entries(T, D_H)
    return Part(a, dense_rows(entries(T, D_H)), dense_rows(c), dense_rows(entries(T, D)), None)


def together(part: Part) -> np.ndarray:
    """Chunks of four steps; compiled afresh, so that what a test has planted is seen."""
    return np.asarray(jax.jit(lambda part: side_by_side(part, 4).fill)(part)).astype(np.float64)


def by_hand(part: Part, moduli: bool = False) -> np.ndarray:
    a, b, c, v = (np.asarray(x).astype(np.float64) for x in (part.a, part.b.fill, part.c.fill, part.v.fill))
    if moduli:
        b, c, v = map(np.abs, (b, c, v))
    H, y = np.zeros((D_H, D)), np.zeros_like(v)
    for i in range(len(v)):
        H = a[i] * H + np.outer(b[i], v[i])
        y[i] = c[i] @ H
    return y


CASES = [(1, 2**17), (7, 2**17), (50, 2**17), (50, 12), (96, 24)]


@pytest.mark.parametrize(
    ("T", "steps", "dtype"), [*((*case, "float32") for case in CASES), *((50, 12, dtype) for dtype in FORMATS)]
)
def test_side_by_side_integers_are_exact(monkeypatch: pytest.MonkeyPatch, T: int, steps: int, dtype: str):
    """In one round, in several, with a last chunk and a last round that are padded."""
    monkeypatch.setattr(chunked, "STEPS_SIDE_BY_SIDE", steps)
    part = drawn(T, T, dtype, integers=True)
    np.testing.assert_array_equal(together(part), by_hand(part))


@pytest.mark.parametrize("seed", range(3))
def test_side_by_side_is_within_rounding(seed: int):
    part = drawn(seed, 50, "float32", integers=False)
    sizes = by_hand(part, moduli=True)
    tolerance = [recurrence_error(size.max(), i + 1, D_H, FLOAT32, 2.0) for i, size in enumerate(sizes)]
    error = np.abs(together(part) - by_hand(part)).max(1)
    assert (error <= tolerance).all()


def test_a_state_of_the_wrong_chunk_is_seen(monkeypatch: pytest.MonkeyPatch):
    """A planted fault: every chunk begins with the state that it should leave."""
    part = drawn(1, 50, "float32", integers=True)
    states = chunked._states
    monkeypatch.setattr(chunked, "_states", lambda *given: (states(*given)[0], jnp.roll(states(*given)[1], -1, 0)))
    assert (together(part) != by_hand(part)).any()


def test_joined_additions_count_the_levels_of_the_prefix_sum():
    for length in (1, 128, 129, 2**17, 2**20):
        assert joined_additions(length) >= 2 * min(length, 64) + 2 * np.log2(max(length // 64, 1))


def test_where_chunks_go_side_by_side():
    dense, T = drawn(0, 8, "float32", integers=False), 8
    wide = dense_rows(np.zeros((T, 4096), np.float32))
    listed = one_hot_rows(np.zeros(T, np.int32), 4, np.dtype(np.float32))
    assert states_are_small(dense, 128)
    assert not states_are_small(dense._replace(b=wide, c=wide, v=dense_rows(np.zeros((T, 512), np.float32))), 128)
    assert not states_are_small(dense._replace(b=listed, c=listed), 128)
    assert not on_one_hots(dense)
    assert not on_one_hots(dense._replace(b=listed, c=listed))  # something is forgotten
    assert on_one_hots(dense._replace(a=None, b=listed, c=listed))


def one_hots(seed: int, T: int, N: int, collide: bool) -> Part:
    """Keys and queries that list one entry, some VOID, their values anything; without collisions a slot is written
    once.
    """
    rng = np.random.default_rng(seed)
    slots = rng.integers(0, N // 4 if collide else N, T) if collide else rng.permutation(N)[:T]

    def rows(index: np.ndarray) -> Rows:
        index = np.where(rng.random(T) < 0.1, VOID, index).astype(np.int32)
        return Rows(None, index[:, None], rng.uniform(-2, 2, (T, 1, 1)).astype(np.float32), N, 1)

    v = rng.uniform(-1, 1, (T, D)) * 2.0 ** rng.integers(-20, 20, (T, 1))
    return Part(None, rows(slots), rows(rng.integers(0, N, T)), dense_rows(v.astype(np.float32)), None)


def accelerated(monkeypatch: pytest.MonkeyPatch, part: Part, Q: int) -> np.ndarray:
    """The form that an accelerator takes, run here."""
    monkeypatch.setattr(chunked.jax, "default_backend", lambda: "gpu")
    return np.asarray(one_after_another(part, Q).fill)


@pytest.mark.parametrize("Q", [5, 16, 64])
def test_one_hot_products_are_the_plain_ones_bit_by_bit(monkeypatch: pytest.MonkeyPatch, Q: int):
    part = one_hots(Q, 60, 64, collide=False)
    plain = np.asarray(one_after_another(part, Q).fill)
    np.testing.assert_array_equal(accelerated(monkeypatch, part, Q), plain)
    assert np.abs(plain).max() > 0


def test_sums_of_one_hot_products_are_within_rounding(monkeypatch: pytest.MonkeyPatch):
    part, T = one_hots(3, 60, 64, collide=True), 60
    b, c, v = (np.asarray(x.dense()).astype(np.float64) for x in (part.b, part.c, part.v))
    causal = np.tril(np.ones((T, T)))
    exact, sizes = (c @ b.T * causal) @ v, (np.abs(c @ b.T) * causal) @ np.abs(v)
    tolerance = [recurrence_error(size.max(), i + 1, 64, FLOAT32, 2.0**21) for i, size in enumerate(sizes)]
    assert (np.abs(accelerated(monkeypatch, part, 16) - exact).max(1) <= tolerance).all()


@settings(max_examples=50)
@given(st.floats(-(2.0**100), 2.0**100, width=32).filter(lambda x: abs(x) > 2.0**-100 or x == 0))
def test_three_parts_are_the_whole_number(x: float):
    first, second, third = np.asarray(one_hot.parts(jnp.full((1,), x, jnp.float32))).astype(np.float64)[:, 0]
    assert first + second + third == x
    assert np.float32(second + third) == np.float64(x) - first


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_part_is_seen(monkeypatch: pytest.MonkeyPatch, missing: int):
    part = one_hots(3, 60, 64, collide=False)
    plain = np.asarray(one_after_another(part, 16).fill)
    whole = one_hot.parts
    monkeypatch.setattr(one_hot, "parts", lambda x: whole(x).at[missing].set(0))
    assert (accelerated(monkeypatch, part, 16) != plain).any()
