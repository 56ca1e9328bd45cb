"""Compressed vectors against the dense ones: every operation must give the very same numbers.

Entries are small integers, so sums and products are exact in any order and equality can be demanded.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructions.rows import VOID, Rows, dense_rows, one_hot_rows, present_or_past

T = 3
FLOAT64 = np.dtype("float64")
SHAPES = ((1, 2), (4, 2))  # (blocks, width)
BLOCKS, WIDTH = SHAPES[1]
STRUCTURES = list(itertools.product((False, True), (None, 2)))  # (fill or zero, number of listed blocks)

views = jax.jit(lambda rows, wanted: (rows.dense(), rows.total().dense(), rows.at(wanted)))
combined = jax.jit(lambda left, right: [(r.dense(), r.total().dense()) for r in (left + right, left * right)])


def integers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-4, 5, shape).astype(np.float64)


def random_rows(rng: np.random.Generator, blocks: int, width: int, filled: bool, listed: int | None) -> Rows:
    """Rows of that structure: distinct blocks in any order, some of them VOID with a value that must not count."""
    fill = integers(rng, T, width) if filled else None
    if listed is None:
        return Rows(fill, None, None, blocks, width)
    index = np.full((T, listed), VOID, np.int32)
    for row in index:
        present = min(rng.integers(0, listed + 1), blocks)
        places = rng.permutation(listed)[:present]
        row[places] = rng.permutation(blocks)[:present]
    return Rows(fill, index, integers(rng, T, listed, width), blocks, width)


def by_hand(rows: Rows) -> np.ndarray:
    """All coordinates, read off the definition with plain loops."""
    every = np.zeros((T, rows.blocks, rows.width))
    if rows.fill is not None:
        every[:] = np.asarray(rows.fill)[:, None]
    if rows.index is not None and rows.value is not None:
        for t, k in np.ndindex(*rows.index.shape):
            if rows.index[t, k] != VOID:
                every[t, rows.index[t, k]] = rows.value[t, k]
    return every


def flat(every: np.ndarray) -> np.ndarray:
    return every.reshape(T, -1)


structures = st.sampled_from(STRUCTURES[1:])  # the first one is the zero vector, which has its own tests
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(st.sampled_from(SHAPES), structures, generators)
def test_one_vector(shape, structure, rng):
    rows = random_rows(rng, *shape, *structure)
    every = by_hand(rows)
    wanted = rng.integers(0, rows.blocks, (T, 2)).astype(np.int32)
    dense, total, at = views(rows, wanted)
    np.testing.assert_array_equal(dense, flat(every))
    np.testing.assert_array_equal(total, every.sum(1))
    np.testing.assert_array_equal(at, every[np.arange(T)[:, None], wanted])
    assert rows.leading == (T,)


@pytest.mark.parametrize("structure", STRUCTURES[1:])
def test_elementwise_map(structure):
    rows = random_rows(np.random.default_rng(5), 4, 2, *structure)
    for function in (lambda v: v * v, lambda v: v * v + 1.0):
        image = rows.map(function, float(function(0.0)), FLOAT64)
        np.testing.assert_array_equal(image.dense(), flat(function(by_hand(rows))))
        assert (image.index is None) == (rows.index is None)


def test_a_map_keeps_zero_blocks_unwritten_only_where_it_maps_zero_to_zero():
    rows = one_hot_rows(np.array([2, 0, VOID], np.int32), 4, FLOAT64)
    assert rows.map(jnp.square, 0.0, FLOAT64).fill is None
    np.testing.assert_array_equal(rows.map(jnp.cos, 1.0, FLOAT64).dense()[2], np.ones(4))


@given(structures, structures, generators)
def test_sum_and_product(left, right, rng):
    a, b = (random_rows(rng, BLOCKS, WIDTH, *structure) for structure in (left, right))
    images = (by_hand(a) + by_hand(b), by_hand(a) * by_hand(b))
    for (dense, total), image in zip(combined(a, b), images, strict=True):
        np.testing.assert_array_equal(dense, flat(image))
        np.testing.assert_array_equal(total, image.sum(1))  # wrong if a block were listed twice


def test_a_product_lists_no_more_than_a_zero_factor_lists():
    """Otherwise a gate of one open slot times a memory of N slots would grow instead of staying one block."""
    one_hot = random_rows(np.random.default_rng(0), 4, 2, False, 1)
    other = random_rows(np.random.default_rng(1), 4, 2, True, 3)
    for product in (one_hot * other, other * one_hot):
        assert [leaf.shape for leaf in jax.tree.leaves(product)] == [(T, 1), (T, 1, 2)]


def test_constants_meet_sequences():
    constant = Rows(np.array([2.0, -1.0]), None, None, 4, 2)
    sequence = random_rows(np.random.default_rng(2), 4, 2, True, 3)
    spread = np.tile([2.0, -1.0], (T, 4))
    np.testing.assert_array_equal((constant * sequence).dense(), spread * flat(by_hand(sequence)))
    np.testing.assert_array_equal((sequence * constant).dense(), spread * flat(by_hand(sequence)))
    np.testing.assert_array_equal((sequence + constant).dense(), spread + flat(by_hand(sequence)))
    np.testing.assert_array_equal(constant.over((T,)).dense(), spread)
    assert constant.leading == ()


def test_the_zero_vector_is_neutral_and_absorbing():
    zero = Rows(None, None, None, 4, 2)
    rows = random_rows(np.random.default_rng(3), 4, 2, True, 1)
    assert zero.is_zero
    assert not rows.is_zero
    assert zero + rows is rows
    assert rows + zero is rows
    assert (zero * rows).is_zero
    assert (rows * zero).is_zero
    assert zero.total().is_zero
    assert zero.over((T,)) is zero
    for ask in (Rows.dense, lambda z: z.at(np.zeros((1,), np.int32))):
        with pytest.raises(ValueError, match="no dtype"):
            ask(zero)


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_one_hots(dtype):
    index = np.array([3, VOID, 0], np.int32)
    rows = one_hot_rows(index, 4, jnp.dtype(dtype))
    np.testing.assert_array_equal(rows.dense(), np.eye(5)[index][:, :4].astype(dtype))
    assert rows.dense().dtype == dtype


def test_dense_rows_are_one_block():
    values = integers(np.random.default_rng(4), T, 5)
    rows = dense_rows(values)
    assert (rows.blocks, rows.width) == (1, 5)
    np.testing.assert_array_equal(rows.dense(), values)


def test_void_points_past_the_end_and_never_at_the_last_block():
    index = jnp.array([0, VOID, 3])
    np.testing.assert_array_equal(present_or_past(index, 4), [0, 4, 3])
