"""Every execution of the recurrence against plain NumPy loops, on signals of every structure.

`exact` signals are 0, 1 and -1 with forgetting coefficients 0 and 1, at most one query entry at a step: all partial
sums are integers of at most T <= 200, which even bfloat16 holds, so every execution must give equal numbers in every
dtype.  `real` signals are compared within the bound that bounds.rounding derives.
"""

from dataclasses import dataclass

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.rounding import recurrence_error
from constructions import chunked as matrix_form
from constructions.chunked import chunk_length
from constructions.mamba import Forgetting, Signals
from constructions.recurrence import CHUNK_FROM_STATES, Execution, recur, suited
from constructions.rows import VOID, Rows

SCAN, CHUNKED, SPARSE = Execution
STRUCTURES = ("dense", "keys", "slots")
run = jax.jit(lambda signals, reads, execution: recur(signals, reads, execution)[1]["v"].dense(), static_argnums=2)
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@dataclass
class Drawn:
    """Signals, the blocks that are read, and the same numbers as float64 matrices; `v_size` bounds what `sparse` adds
    up for an entry of v, which it splits into fill and difference.
    """

    signals: Signals
    reads: dict
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    v: np.ndarray
    v_size: np.ndarray


def dense64(rows: Rows) -> np.ndarray:
    """All coordinates by the definition of Rows, in float64."""
    (T,) = rows.leading
    every = np.zeros((T, rows.blocks + 1, rows.width))
    if rows.fill is not None:
        every[:] = np.asarray(rows.fill, np.float64)[:, None]
    if rows.index is not None:
        every[np.arange(T)[:, None], rows.index] = np.asarray(rows.value, np.float64)  # VOID lands in the last one
    return every[:, :-1].reshape(T, -1)


def entries(rng: np.random.Generator, exact: bool, shape: tuple[int, ...], low: int = -1) -> np.ndarray:
    return rng.integers(low, 2, shape).astype(float) if exact else rng.uniform(-2, 2, shape)


def coefficients(rng: np.random.Generator, exact: bool, T: int) -> np.ndarray:
    """Forgetting in [0, 1] where 0 and 1 occur as well as all between."""
    a = rng.uniform(0, 1, T)
    kind = rng.integers(0, 2 if exact else 4, T)
    return np.where(kind == 0, 1.0, np.where(kind == 1, 0.0 if rng.random() < 0.5 else 1.0, a**0.1))


def listed(rng: np.random.Generator, T: int, blocks: int, k: int) -> np.ndarray:
    """k distinct blocks a step, some VOID."""
    index = np.stack([rng.permutation(blocks)[:k] for _ in range(T)])
    return np.where(rng.random((T, k)) < 0.2, VOID, index).astype(np.int32)


def keys(rng: np.random.Generator, structure: str, exact: bool, T: int) -> tuple[Rows, Rows]:
    """b and c: three dense states, or one block of two states out of four, or the one state of the gated memory."""
    if structure == "keys":
        b = Rows(None, listed(rng, T, 4, 1), entries(rng, exact, (T, 1, 2)), 4, 2)
        value = entries(rng, exact, (T, 1, 2))
        if exact:
            value[np.arange(T), 0, rng.integers(0, 2, T)] = 0.0
        return b, Rows(None, listed(rng, T, 4, 1), value, 4, 2)
    d_h = 3 if structure == "dense" else 1
    b, c = entries(rng, exact, (T, d_h)), entries(rng, exact, (T, d_h))
    if exact:
        c *= np.eye(d_h)[rng.integers(0, d_h, T)]
    return Rows(b, None, None, 1, d_h), Rows(c, None, None, 1, d_h)


def draw(rng: np.random.Generator, structure: str, exact: bool, T: int, dtype: str, forget: bool = True) -> Drawn:
    b, c = keys(rng, structure, exact, T)
    if structure == "slots":
        fill, value = entries(rng, exact, (T, 2), 0), entries(rng, exact, (T, 1, 2), 0)
        v, read = Rows(fill, listed(rng, T, 4, 1), value, 4, 2), listed(rng, T, 4, 2)
    else:
        v, read = Rows(entries(rng, exact, (T, 2), 0), None, None, 1, 2), None
    a = coefficients(rng, exact, T) if forget else None
    s = jax.tree.map(lambda x: x.astype(dtype) if x.dtype == float else x, Signals(a, b, c, {"v": v}))
    v_rows = s.v["v"]
    fill_size = np.tile(np.abs(np.float64(v_rows.fill)), v.blocks) if structure == "slots" else 0.0
    a64 = np.ones(T) if s.a is None else np.asarray(s.a, np.float64)
    v64 = dense64(v_rows)
    return Drawn(s, {"v": read}, a64, dense64(s.b), dense64(s.c), v64, np.abs(v64) + 2 * fill_size)


def by_hand(a: np.ndarray, b: np.ndarray, c: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The definition; a of shape (T,) or (T, d_h, channels)."""
    H, y = np.zeros((b.shape[1], v.shape[1])), np.zeros_like(v)
    for i in range(len(v)):
        H = a[i] * H + np.outer(b[i], v[i])
        y[i] = c[i] @ H
    return y


def wanted(y: np.ndarray, read: np.ndarray | None, blocks: int) -> np.ndarray:
    """The outputs with every block that is not read set to zero."""
    if read is None:
        return y
    kept = (read[:, :, None] == np.arange(blocks)).any(1)
    return np.where(np.repeat(kept, y.shape[1] // blocks, axis=1), y, 0.0)


def expected(drawn: Drawn) -> np.ndarray:
    return wanted(by_hand(drawn.a, drawn.b, drawn.c, drawn.v), drawn.reads["v"], drawn.signals.v["v"].blocks)


def tolerance(drawn: Drawn, dtype: str) -> np.ndarray:
    """Both routes' rounding at each step, of the larger channel; splitting v into fill and difference costs two more
    roundings, which one step more pays.
    """
    d_h = drawn.b.shape[1]
    sizes = by_hand(drawn.a, np.abs(drawn.b), np.abs(drawn.c), drawn.v_size).max(1)
    entry = max(1.0, *(np.abs(x).max() for x in (drawn.b, drawn.c, drawn.v_size)))
    both = (FORMATS[dtype], FORMATS["float64"])
    each = [sum(recurrence_error(size, i + 2, d_h, f, entry) for f in both) for i, size in enumerate(sizes)]
    return np.array(each)[:, None]


LONG = 129  # one step more than a chunk
KINDS = [("dense", dtype) for dtype in FORMATS] + [("keys", "float64"), ("slots", "float64"), ("slots", "bfloat16")]
CASES = [
    *[(structure, LONG, dtype, tuple(Execution)) for structure, dtype in KINDS],
    *[(structure, T, "float64", tuple(Execution)) for structure, T in (("dense", 1), ("dense", 2), ("slots", 1))],
    *[("dense", T, "float64", (CHUNKED,)) for T in (127, 128, 200)],
]


@pytest.mark.parametrize(("structure", "T", "dtype", "executions"), CASES)
def test_integers_are_exact_in_every_execution(structure, T, dtype, executions):
    """128 steps are one chunk; 127 and 129 are its edges, and most of the second chunk of 129 is padding."""
    for seed in range(5):
        drawn = draw(np.random.default_rng([seed, T]), structure, True, T, dtype)
        for execution in executions:
            y = run(drawn.signals, drawn.reads, execution)
            assert y.dtype == dtype
            np.testing.assert_array_equal(np.float64(y), expected(drawn), err_msg=execution.value)


@settings(max_examples=8)
@pytest.mark.parametrize(("structure", "dtype"), KINDS)
@given(rng=generators)
def test_real_signals_within_rounding(structure, dtype, rng):
    """For the 16-bit formats the first steps are the test; later the bound exceeds the outputs."""
    drawn = draw(rng, structure, False, LONG, dtype)
    for execution in Execution:
        error = np.abs(np.float64(run(drawn.signals, drawn.reads, execution)) - expected(drawn))
        assert (error <= tolerance(drawn, dtype)).all(), execution


@pytest.mark.parametrize("exact", [True, False])
def test_nothing_is_forgotten_where_a_is_none(exact):
    drawn = draw(np.random.default_rng(6), "dense", exact, LONG, "float64", forget=False)
    for execution in Execution:
        error = np.abs(np.float64(run(drawn.signals, drawn.reads, execution)) - expected(drawn))
        assert (error <= (0.0 if exact else tolerance(drawn, "float64"))).all()


@pytest.mark.parametrize("structure", ["dense", "slots"])
def test_the_state_is_carried_over_many_chunks(structure, monkeypatch):
    monkeypatch.setattr(matrix_form, "chunk_length", lambda _length: 3)
    drawn = draw(np.random.default_rng(7), structure, True, 11, "float64")
    np.testing.assert_array_equal(run(drawn.signals, drawn.reads, CHUNKED), expected(drawn))


def test_a_dropped_coefficient_exceeds_the_tolerance():
    """The tolerance can fail: forgetting a thousandth more at one step of 129 is seen in float32."""
    drawn = draw(np.random.default_rng(8), "dense", False, LONG, "float32")
    fault = np.array(drawn.a)
    step = np.flatnonzero(fault > 0.9)[-1]
    fault[step] *= 0.999
    change = by_hand(fault, drawn.b, drawn.c, drawn.v) - expected(drawn)
    assert (np.abs(change) > tolerance(drawn, "float32")).any()


def test_zero_steps_make_no_chunk_and_long_sequences_make_short_ones():
    long = 64 if jax.default_backend() == "cpu" else 128
    assert [chunk_length(n) for n in (0, 1, 127, 128, 16383, 16384)] == [1, 1, 127, 128, 128, long]


def test_the_structure_of_the_signals_chooses_the_execution():
    rng = np.random.default_rng(9)
    dense, one_hot, slots = (draw(rng, structure, True, 2, "float64").signals for structure in STRUCTURES)
    states = CHUNK_FROM_STATES.get(jax.default_backend(), 3)
    wide = Rows(np.zeros((2, states)), None, None, 1, states)
    few = SCAN if jax.default_backend() == "cpu" else CHUNKED
    assert [suited(s) for s in (dense, one_hot, slots)] == [few, SPARSE, SPARSE]
    assert suited(Signals(None, wide, wide, dense.v)) is CHUNKED
    full = Signals(Forgetting(dense.v, np.asarray(-1.0)), one_hot.b, one_hot.c, dense.v)
    assert suited(full) is SCAN
    for execution in (CHUNKED, SPARSE):
        with pytest.raises(ValueError, match=f"the {execution.value} execution needs one forgetting coefficient"):
            recur(full, {"v": None}, execution)
