"""Running bounds against programs in each format, on random numbers and at the ends."""

import numpy as np
import pytest

from bounds.formats import format_of
from bounds.running import STEEPEST_SILU, Running, given

DTYPES = ("float32", "float64")


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def _numbers(dtype: str, *shape: int) -> tuple[np.ndarray, Running]:
    """Random numbers of the format, as a program holds them and as the analysis does."""
    x = np.random.default_rng(sum(shape)).uniform(-3, 3, shape).astype(dtype)
    return x, given(x, format_of(dtype))


def _chain(x: np.ndarray, W: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Every operation once, in the dtype of its arguments."""
    p = x @ W.T
    s = _silu(p) + p * x
    rate = np.maximum(s, 0) + np.log1p(np.exp(-np.abs(s)))
    return (np.exp(-rate) * one * s).sum(axis=-1)


def _followed(x: Running, W: np.ndarray, one: Running) -> Running:
    p = x.mapped(W)
    s = p.silu() + p * x
    minus = given(np.full(s.value.shape, -1.0), s.format)
    return ((s.softplus() * minus).exp() * one).dot(s)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_program_stays_within_the_bound(dtype):
    (x, followed), W = _numbers(dtype, 400, 6), _numbers(dtype, 6, 6)[0]
    one, held = np.ones_like(x), given(np.ones(x.shape), format_of(dtype))
    bound = _followed(followed, W.astype(np.float64), held)
    exact = _chain(x.astype(np.longdouble), W.astype(np.longdouble), one.astype(np.longdouble))
    assert (np.abs(_chain(x, W, one) - exact) <= bound.off).all()
    assert (np.abs(bound.value - exact) <= _followed_in("float64", x, W).off).all()


def _followed_in(dtype: str, x: np.ndarray, W: np.ndarray) -> Running:
    format = format_of(dtype)
    return _followed(given(x, format), W.astype(np.float64), given(np.ones(x.shape), format))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_weight_that_is_off_leaves_the_bound(dtype):
    """Planted: one weight of thirty-six off by a hundredth of its size."""
    (x, followed), W = _numbers(dtype, 400, 6), _numbers(dtype, 6, 6)[0]
    bound = _followed(followed, W.astype(np.float64), given(np.ones(x.shape), format_of(dtype)))
    wrong = W.copy()
    wrong[2, 3] *= 1.01
    assert not (np.abs(_chain(x, wrong, np.ones_like(x)) - bound.value) <= bound.off).all()


def test_no_slope_of_silu_is_steeper():
    x = np.linspace(2.3, 2.5, 20001)
    sigma = 1 / (1 + np.exp(-x))
    slopes = sigma * (1 + x * (1 - sigma))
    assert slopes.max() < STEEPEST_SILU < 1.01 * slopes.max()


def test_the_bound_moves_what_was_off():
    """Silu, softplus and the exponential of numbers that are off by r, against both ends of what they may be."""
    format, r = format_of("float64"), 0.25
    x = np.linspace(-6, 0, 49)
    followed = Running(x, np.full(x.shape, r), format)
    for function, name in ((_silu, "silu"), (lambda t: np.log1p(np.exp(t)), "softplus"), (np.exp, "exp")):
        moved = getattr(followed, name)()
        for end in (x - r, x + r):
            assert (np.abs(function(end) - function(x)) <= moved.off).all()


def test_zeros_add_no_rounding():
    """A one-hot row of a wide map copies a number: its bound does not grow with the width."""
    format = format_of("float32")
    narrow, wide = given(np.ones((1, 2)), format), given(np.ones((1, 4096)), format)
    assert wide.mapped(np.eye(1, 4096)).off == narrow.mapped(np.eye(1, 2)).off


def test_a_softplus_that_is_cut_is_allowed_for():
    format = format_of("float64")
    x = given(np.array([19.0, 21.0]), format)
    more = x.softplus(20.0).off - x.softplus().off
    assert more[0] == 0.0
    assert more[1] == pytest.approx(np.log1p(np.exp(-20.0)))


def test_storing_in_a_narrower_format_costs_its_rounding():
    x = given(np.array([1.0 + 2.0**-30]), format_of("float64"))
    held = x.stored(format_of("float32"))
    assert abs(float(np.float32(x.value[0])) - x.value[0]) <= held.off[0]


def test_shapes_must_meet():
    with pytest.raises(ValueError, match="values of shape"):
        Running(np.zeros(2), np.zeros(3), format_of("float32"))


@pytest.mark.parametrize("name", ["exp", "softplus", "silu"])
def test_exponentials_by_powers_of_2_stay_within_the_scaled_bound(name):
    """2^(x log2 e) for e^x, in float32: within the bound that counts the argument's roundings."""
    x = np.linspace(-80, 0 if name == "exp" else 15, 4001, dtype=np.float32)
    e = np.exp2(np.abs(x) * np.float32(-np.log2(np.e))) if name != "silu" else np.exp2(-x * np.float32(np.log2(np.e)))
    programs = {"exp": e, "softplus": np.maximum(x, 0) + np.log1p(e), "silu": x / (1 + e)}
    bound = getattr(given(x, format_of("float32")), name)(scaled=2)
    assert (np.abs(programs[name] - bound.value) <= bound.off).all()


def test_the_argument_of_a_power_of_2_has_to_be_counted():
    """At -80 the argument's rounding alone is more than the library's units in the last place."""
    x = np.linspace(-80, -60, 4001, dtype=np.float32)
    found = np.exp2(x * np.float32(np.log2(np.e)))
    plain, scaled = (given(x, format_of("float32")).exp(scaled=count) for count in (0, 2))
    assert not (np.abs(found - plain.value) <= plain.off).all()
    assert (np.abs(found - scaled.value) <= scaled.off).all()
