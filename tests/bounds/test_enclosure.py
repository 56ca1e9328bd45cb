"""Enclosures against the arithmetic that they stand for; library functions on every number of a 16-bit format."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.enclosure import Interval, concatenated, contractible, held, library, product, quotient, rounded
from bounds.formats import format_of
from constructions.precision import contract

BF16 = format_of("bfloat16")
ALL = np.arange(2**16, dtype=np.uint16).view(jnp.bfloat16)
FINITE = ALL[(np.arange(2**16) & 0x7F80) != 0x7F80]
FINITE_FLOAT16 = np.arange(2**16, dtype=np.uint16).view(np.float16)[(np.arange(2**16) & 0x7C00) != 0x7C00]
AS_WRITTEN: dict[str, str | bool] = {"xla_allow_excess_precision": False}


def run(f: Callable, *arguments: np.ndarray) -> np.ndarray:
    """f as compiled where every operation is rounded."""
    return np.asarray(jax.jit(f).lower(*arguments).compile(compiler_options=AS_WRITTEN)(*arguments)).astype(np.float64)


def inside(y: np.ndarray, enclosure: Interval) -> bool:
    return bool(((enclosure.lo <= y) & (y <= enclosure.hi)).all())


@pytest.mark.parametrize("finite", [FINITE, FINITE_FLOAT16], ids=["bfloat16", "float16"])
@pytest.mark.parametrize(("ours", "true", "sign"), [(jnp.exp, np.exp, -1), (jnp.log1p, np.log1p, 1)])
def test_library_functions_on_every_number(ours: Callable, true: Callable, sign: int, finite: np.ndarray):
    """Where they are used: exp of what is at most 0, log1p of what is at least 0."""
    x, dtype = finite[np.signbit(finite) == (sign < 0)], finite.dtype
    enclosure = library(true, Interval.point(x.astype(np.float64)), format_of(dtype.name))
    y = run(ours, x)
    assert inside(y, enclosure)
    assert (enclosure.lo == enclosure.hi).mean() > 0.95
    assert not inside(np.nextafter(y.astype(dtype), np.asarray(2, dtype)).astype(np.float64), enclosure)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_quotient_may_be_a_product_by_the_rounded_reciprocal(dtype: str):
    """float16 on a CPU: one divisor for many numbers is inverted first, and the inverse is rounded."""
    rng, format = np.random.default_rng(0), format_of(dtype)
    a, b = rng.uniform(-1, 1, (256, 16)).astype(jnp.dtype(dtype)), rng.uniform(1, 4, (256, 1)).astype(jnp.dtype(dtype))
    A, B = (Interval.point(x.astype(np.float64)) for x in (a, b))
    y = run(jnp.divide, a, b)
    assert inside(y, quotient(A, B, format))
    assert inside(y, held(A / B, format)) is (dtype == "bfloat16" or jax.default_backend() != "cpu")
    assert not inside(y * (1 + 2.0 ** -(format.precision - 2)), quotient(A, B, format))


def test_sums_that_cut_off_lie_inside_where_that_is_told():
    """1 and a hundred terms of 1.5 u: cut off one by one they leave 1, which sums to nearest cannot."""
    u, single = 2.0**-24, format_of("float32")
    terms = np.concatenate([[1.0], np.full(100, 1.5 * u)])[:, None]
    ones, values = Interval.point(np.ones((1, len(terms)))), Interval.point(terms)
    one = np.ones((1, 1))
    assert inside(one, product(ones, values, single, truncated=True))
    assert not inside(one, product(ones, values, single))


def test_rounding_is_that_of_the_format():
    x = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    x = np.concatenate([x * np.float32(2.0**k) for k in (-140, -126, -20, 0, 100)])
    np.testing.assert_array_equal(rounded(x.astype(np.float64), BF16), x.astype(jnp.bfloat16).astype(np.float64))
    assert rounded(np.array([3.4e38]), BF16) == np.inf


@given(st.lists(st.sampled_from([float(x) for x in FINITE if abs(x) < 1e18]), min_size=2, max_size=2))
def test_one_operation_on_points_is_a_point(pair: list[float]):
    a, b = (np.asarray([each], jnp.bfloat16) for each in pair)
    A, B = (Interval.point(each) for each in pair)
    for found, y in ((held(A + B, BF16), a + b), (held(A * B, BF16), a * b), (held(A - B, BF16), a - b)):
        assert found.lo <= float(y[0]) <= found.hi
        assert found.lo == found.hi or abs(float(y[0])) < 2 * float(BF16.tiny)  # below the range 0 may come out


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_sum_that_a_product_enters_may_round_once_or_twice(dtype: str):
    """Both numbers lie inside; the sum of a product that is always rounded misses the fused multiply-add."""
    rng, format = np.random.default_rng(0), format_of(dtype)
    a, b, c = (x.astype(jnp.dtype(dtype)).astype(np.float64) for x in rng.uniform(-1, 1, (3, 1000)))
    exact, addend = Interval.point(a * b), Interval.point(c)
    found = held(contractible(exact, format) + addend, format)
    fused, twice = rounded(a * b + c, format), rounded(rounded(a * b, format) + c, format)
    assert inside(fused, found)
    assert inside(twice, found)
    assert not inside(fused, held(held(exact, format) + addend, format))
    np.testing.assert_array_equal(found.lo, np.minimum(fused, twice))
    np.testing.assert_array_equal(found.hi, np.maximum(fused, twice))


def test_parts_one_after_the_other_keep_their_ends():
    known, other = Interval.point(np.zeros((2, 3))), Interval(np.ones((2, 1)), np.full((2, 1), 2.0))
    both = concatenated([known, other], 1)
    np.testing.assert_array_equal(both.lo, [[0.0, 0.0, 0.0, 1.0]] * 2)
    np.testing.assert_array_equal(both.T.hi[:, 0], [0.0, 0.0, 0.0, 2.0])
    assert concatenated([known, known]).known
    assert not both.known


@pytest.mark.parametrize("seed", range(3))
def test_products_lie_inside_and_are_narrow(seed: int):
    rng = np.random.default_rng(seed)
    a, b = (rng.standard_normal(shape).astype(jnp.bfloat16) for shape in ((20, 128), (128, 20)))
    enclosure = product(Interval.point(a.astype(np.float64)), Interval.point(b.astype(np.float64)), BF16)
    y = run(lambda a, b: contract("ij,jk->ik", a, b), a, b)
    assert inside(y, enclosure)
    assert (enclosure.lo == enclosure.hi).mean() > 0.9
    b[0, 0] += 1  # one weight off is seen
    assert not inside(run(lambda a, b: contract("ij,jk->ik", a, b), a, b), enclosure)


def test_a_one_hot_copies_and_small_whole_numbers_add_up_exactly():
    x = np.random.default_rng(0).standard_normal((64, 4)).astype(jnp.bfloat16).astype(np.float64)
    copied = product(Interval.point(np.eye(64)), Interval.point(x), BF16)
    assert (copied.lo == x).all()
    assert (copied.hi == x).all()
    ties = product(Interval.point(np.ones((1, 3))), Interval.point(np.array([[256.0], [0.5], [0.5]])), BF16)
    assert ties.lo == ties.hi == 256.0  # 257 lies between 256 and 258: to even


@given(st.lists(st.floats(-8, 8), min_size=4, max_size=4), st.floats(0, 1), st.floats(0, 1))
def test_intervals_hold_what_their_members_give(ends: list[float], s: float, t: float):
    a, b = (Interval(np.array([min(pair)]), np.array([max(pair)])) for pair in (ends[:2], ends[2:]))
    x, y = (np.clip(i.lo + r * (i.hi - i.lo), i.lo, i.hi) for i, r in ((a, s), (b, t)))
    for found, member in ((a + b, x + y), (a - b, x - y), (a * b, x * y)):
        assert found.lo <= member <= found.hi
        assert found.mid - found.rad <= member <= found.mid + found.rad
    away = a.distance(y)
    assert away.lo <= np.abs(x - y) <= away.hi
