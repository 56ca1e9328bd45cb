"""Structured maps against their dense matrices, on streams of every structure.

Weights and entries are small integers, so equality is demanded.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, Outer, Stream, identity, linear_map, zero
from constructions.rows import VOID, Rows, dense_rows, one_hot_rows
from verify.independent import dense_stream

T = 3
DOMAIN = Layout((Space("x", 1, 2), Space("position", 4), Space("memory", 4, 2), Space("one")))
CODOMAIN = Layout((Space("out", 1, 3), Space("slots", 4, 2), Space("marks", 4), Space("copy", 1, 2)))
# One map with every outer factor and both kinds of inner factor; None is a scalar, else the matrix's shape.
ENTRIES: dict[tuple[str, str], tuple[Outer, tuple[int, int] | None]] = {
    ("x", "copy"): (Outer.EACH, None),
    ("x", "out"): (Outer.EACH, (3, 2)),
    ("x", "slots"): (Outer.SPREAD, None),
    ("x", "marks"): (Outer.SPREAD, (1, 2)),
    ("position", "marks"): (Outer.EACH, None),
    ("position", "slots"): (Outer.EACH, (2, 1)),
    ("position", "out"): (Outer.GATHER, (3, 1)),
    ("memory", "slots"): (Outer.EACH, None),
    ("memory", "copy"): (Outer.GATHER, None),
    ("memory", "out"): (Outer.GATHER, (3, 2)),
    ("memory", "marks"): (Outer.EACH, (1, 2)),
    ("one", "slots"): (Outer.SPREAD, (2, 1)),
}

applied = jax.jit(lambda linear, stream: linear(stream))
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def integers(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-3, 4, shape).astype(np.float64)


def random_map(rng: np.random.Generator) -> LinearMap:
    return linear_map(
        DOMAIN, CODOMAIN, {key: Action(integers(rng, shape or ()), outer) for key, (outer, shape) in ENTRIES.items()}
    )


def random_stream(rng: np.random.Generator, structure: str) -> Stream:
    """`listed`: one-hots, some VOID, and a memory with listed blocks; `filled`: that over a fill; `zero`: no memory."""
    index = np.stack([rng.permutation(4)[:2] for _ in range(T)]).astype(np.int32)
    index[0, 0] = VOID
    memory = {
        "listed": Rows(None, index, integers(rng, (T, 2, 2)), 4, 2),
        "filled": Rows(integers(rng, (T, 2)), index, integers(rng, (T, 2, 2)), 4, 2),
        "zero": Rows(None, None, None, 4, 2),
    }
    rows = {
        "x": dense_rows(integers(rng, (T, 2))),
        "position": one_hot_rows(rng.integers(VOID, 4, T).astype(np.int32), 4, np.dtype("float64")),
        "memory": memory[structure],
        "one": dense_rows(np.ones((T, 1))),
    }
    return Stream(DOMAIN, rows)


@settings(max_examples=20)
@pytest.mark.parametrize("structure", ["listed", "filled", "zero"])
@given(rng=generators)
def test_a_map_is_its_matrix(structure, rng):
    linear, stream = random_map(rng), random_stream(rng, structure)
    np.testing.assert_array_equal(dense_stream(applied(linear, stream)), dense_stream(stream) @ linear.dense().T)


@given(generators)
def test_counts_are_those_of_the_matrix(rng):
    linear = random_map(rng)
    assert linear.nonzeros == np.count_nonzero(linear.dense())
    assert linear.entries == linear.dense().size == 17 * 15


@given(generators, st.sets(st.sampled_from(CODOMAIN.names)))
def test_into_is_the_projection(rng, names):
    linear = random_map(rng)
    kept = np.concatenate([np.full(space.dim, space.name in names) for space in CODOMAIN])
    np.testing.assert_array_equal(linear.into(tuple(names)).dense(), linear.dense()[kept])


def test_identity_and_zero():
    stream = random_stream(np.random.default_rng(0), "filled")
    assert identity(DOMAIN).nonzeros == DOMAIN.dim
    np.testing.assert_array_equal(identity(DOMAIN).dense(), np.eye(DOMAIN.dim))
    np.testing.assert_array_equal(dense_stream(identity(DOMAIN)(stream)), dense_stream(stream))
    nothing = zero(DOMAIN, CODOMAIN)
    assert nothing.nonzeros == 0
    assert not nothing.dense().any()
    assert all(rows.is_zero for rows in nothing(stream).rows.values())


def test_one_hots_stay_compressed():
    """W_b = [O, I_N, O] of Theorem 3 on a one-hot lists one block; nothing of size N is formed."""
    N = 10**9
    layout = Layout((Space("position", N),))
    image = identity(layout)(Stream(layout, {"position": one_hot_rows(np.array([7]), N, np.dtype("float64"))}))
    assert identity(layout).nonzeros == N
    assert [leaf.shape for leaf in jax.tree.leaves(image)] == [(1, 1), (1, 1, 1)]
    np.testing.assert_array_equal(image["position"].at(np.array([[7, 8]])), [[[1.0], [0.0]]])


def test_streams():
    stream = random_stream(np.random.default_rng(1), "filled")
    assert stream.leading == (T,)
    assert stream.dtype == jnp.float64
    twice = stream + stream
    np.testing.assert_array_equal(dense_stream(twice), 2 * dense_stream(stream))
    alone = stream + Stream(DOMAIN.only(("one",)), {"one": stream["one"]})
    np.testing.assert_array_equal(alone["one"].dense(), np.full((T, 1), 2.0))
    assert alone["x"] is stream["x"]


@pytest.mark.parametrize(
    ("key", "action", "reason"),
    [
        (("y", "out"), Action(), r"'y' -> 'out': the map goes from \('x', 'position', 'memory', 'one'\) to"),
        (("x", "y"), Action(), r"'x' -> 'y': the map goes from"),
        (("x", "slots"), Action(), "each block to itself, but 1 blocks in and 4 out"),
        (("position", "slots"), Action(outer=Outer.SPREAD), "the one block to every block, but 4 blocks in and 4 out"),
        (("position", "marks"), Action(outer=Outer.GATHER), "the sum of all blocks to the one block, but 4 blocks in"),
        (("x", "out"), Action(), r"inner factor of shape \(\) for 2 coordinates in and 3 out"),
        (("x", "out"), Action(np.ones((2, 3))), r"inner factor of shape \(2, 3\) for 2 coordinates in and 3 out"),
        (("x", "copy"), Action(np.asarray(np.nan)), "'x' -> 'copy': the weights hold NaN"),
        (("x", "out"), Action(np.array([[1.0, np.nan]] * 3)), "the weights hold NaN"),
    ],
)
def test_errors_name_the_entry_and_the_reason(key, action, reason):
    with pytest.raises(ValueError, match=reason):
        linear_map(DOMAIN, CODOMAIN, {key: action})
