"""The rounding bound of a memoryless block, against runs in short formats emulated step by step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.formats import FloatFormat, format_of
from bounds.gadget_rounding import affine_rounding, block_rounding


def exact_block(W_1, b_1, W_2, b_2, W_3, x):
    z = x @ W_2.T + b_2
    return ((x @ W_1.T + b_1) * z / (1 + np.exp(-z))) @ W_3.T


def float32_block(W_1, b_1, W_2, b_2, W_3, x):
    W_1, b_1, W_2, b_2, W_3, x = (array.astype(np.float32) for array in (W_1, b_1, W_2, b_2, W_3, x))
    z = x @ W_2.T + b_2
    return ((x @ W_1.T + b_1) * (z * (1 / (1 + np.exp(-z))))) @ W_3.T


@given(st.integers(0, 10_000), st.floats(0.01, 1000.0))
def test_float32_runs_stay_within(seed, size):
    rng = np.random.default_rng(seed)
    n, h, m, T = 3, 4, 2, 5
    W_1, b_1, W_2, b_2, W_3 = (rng.standard_normal(s) * size ** rng.integers(2) for s in ((h, n), h, (h, n), h, (m, h)))
    x = rng.standard_normal((T, n)).astype(np.float32).astype(np.float64)
    with np.errstate(over="ignore"):
        off = np.abs(float32_block(W_1, b_1, W_2, b_2, W_3, x) - exact_block(W_1, b_1, W_2, b_2, W_3, x))
    assert (off <= block_rounding(W_1, b_1, W_2, b_2, W_3, x, np.zeros_like(x), format_of("float32"))).all()


def test_bound_grows_with_the_error_of_the_input():
    one = np.ones((1, 1))
    small, large = (
        block_rounding(0 * one, one[0], one, 0 * one[0], one, one, dx * one, format_of("float64")) for dx in (0.0, 0.1)
    )
    assert large[0, 0] > 0.05
    assert small[0, 0] < 1e-14
    assert affine_rounding(one, one[0], one, 0.1 * one, format_of("float64"))[0, 0] >= 0.1


def test_overflow_promises_nothing():
    one = np.ones((1, 1))
    bound = block_rounding(0 * one, one[0], one, one[0], 1e6 * one, one, 0 * one, format_of("float16"))
    assert np.isinf(bound).all()


@pytest.mark.parametrize("p", [4, 8, 11])
def test_bound_falls_with_the_precision(p):
    one = np.ones((1, 1))
    of = {q: FloatFormat("short", q, 127, -126) for q in (p, p + 1)}
    bounds = [block_rounding(0 * one, one[0], one, one[0], one, one, 0 * one, of[q])[0, 0] for q in (p, p + 1)]
    assert bounds[1] < bounds[0] < np.inf
