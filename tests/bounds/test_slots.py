"""The leak of memories that forget: the blocks of compiled programs at a small lambda, run by Eq. 1-3 in float64."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import format_of
from bounds.reals import FLOATS, Order, decide, enclose
from bounds.rounding import growth, recurrence_roundings
from bounds.slots import (
    LEAST,
    leaks_at_most,
    register_leak,
    slots_leak,
    slots_leak_simple,
    slots_scale,
    state_bound,
    total_leak,
)
from constructions.gadgets.integers import integer_scale
from constructions.layout import Layout, Space
from constructions.programs.addresses import Digits
from constructions.programs.blocks import RegisterCell, SlotsCell, cells_block
from constructions.programs.lowering import Address, Form
from verify import independent

N, V = 4, 10
STREAM = Layout(tuple(Space(n) for n in ("x", "a", "a^2", "q", "q^2", "w", "slot", "kept", "sum")))


def form(called: str) -> Form:
    return Form({called: Fraction(1)})


def read(scale: float, x, a, q, w) -> np.ndarray:
    """What the slot asked for, the register and the total hold at every token, columns `slot`, `kept` and `sum`."""
    written, asked = (Address((form(n),), form(f"{n}^2")) for n in ("a", "q"))
    cells = (
        SlotsCell("slot", form("x"), written, asked, Digits(N, N, 1), True, (-V, V)),
        RegisterCell("kept", form("x"), form("w"), (-V, V)),
        RegisterCell("sum", form("x"), None, (-V, V)),
    )
    columns = [x, a, np.square(a), q, np.square(q), w, *np.zeros((3, len(x)))]
    return independent.layer(cells_block(STREAM, cells, float(scale)), np.stack(columns, axis=1).astype(float))[:, 6:]


def rounded(size: float, T: int) -> float:
    """What roundings change a number of that size in T steps: products and sums, softplus, exp and silu."""
    return growth(recurrence_roundings(T, 1) + 4, format_of("float64"), library_calls=5) * size


def ideal(x, a, q, w) -> np.ndarray:
    slots, kept, rows = {}, 0, []
    for k in range(len(x)):
        slots[a[k]] = x[k]
        kept = x[k] if w[k] else kept
        rows.append((slots.get(q[k], 0) if 0 <= q[k] < N else 0, kept, sum(x[: k + 1])))
    return np.array(rows, float)


def adversary(T: int) -> tuple[np.ndarray, ...]:
    """-V is written once; then V is written beside it, and the old value is asked for at the end."""
    x, a, w = np.full(T, V), np.ones(T, int), np.zeros(T, int)
    x[0], a[0], w[0] = -V, 0, 1
    return x, a, np.zeros(T, int), w


def off(scale: float, tokens) -> np.ndarray:
    return np.abs(read(scale, *tokens) - ideal(*tokens)).max(axis=0)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 8, 16]), st.integers(1, 25))
def test_no_run_is_above_the_bound(seed, scale, T):
    """Addresses and queries on both sides of the slots included."""
    rng = np.random.default_rng(seed)
    x, a, q = rng.choice([-V, 0, 3, V], T), rng.integers(-1, N + 1, T), rng.integers(-1, N + 1, T)
    slot, kept, total = off(scale, (x, a, q, rng.integers(0, 2, T)))
    assert slot <= slots_leak(scale, V, T, N)
    assert kept <= register_leak(scale, V, T)
    assert total <= total_leak(scale, V * T) + rounded(2 * V * T, T)  # it is attained


@pytest.mark.parametrize("scale", [8, 16])
@pytest.mark.parametrize("T", [2, 30, 300])
def test_the_bound_is_within_a_factor_of_3(scale, T):
    slot, kept, _ = off(scale, adversary(T))
    assert slots_leak(scale, V, T, 1) / 3 <= slot <= slots_leak(scale, V, T, N)
    assert register_leak(scale, V, T) / 3 <= kept <= register_leak(scale, V, T)


def test_the_total_is_off_by_exactly_its_bound():
    x = np.full(7, V)
    off_by = off(8, (x, x * 0, x * 0, x * 0))[2]
    assert abs(off_by - total_leak(8, 7 * V)) <= rounded(2 * 7 * V, 7)


def test_the_scale_is_enough_and_half_of_it_is_not():
    """For a margin of 1/2 after 1000 tokens."""
    T, epsilon = 1000, Fraction(1, 2)
    scale = slots_scale(V, T, N, epsilon)
    assert leaks_at_most(scale, V, T, N, epsilon)
    tokens = adversary(T)
    assert off(scale, tokens)[0] < epsilon
    assert off(scale / 2, tokens)[0] > epsilon


@pytest.mark.parametrize("called", ["float32", "float64"])
def test_the_scale_of_exact_floats_is_far_beyond_what_real_numbers_need(called):
    """Where every number is exact in the format, the leak of the real-number model is below half its last unit."""
    format = format_of(called)
    largest = 2**format.precision
    assert leaks_at_most(integer_scale(format), largest, 10**9, 10**6, format.unit_roundoff)


@pytest.mark.parametrize("scale", [2, 8, 128])
def test_balls_hold_the_floats(scale):
    ball = enclose(lambda reals: slots_leak(scale, V, 100, N, reals), 200)
    leak = slots_leak(scale, V, 100, N, FLOATS)
    assert abs(float(ball) - leak) <= rounded(leak, 20)
    assert ball > 0
    assert enclose(lambda reals: state_bound(scale, V, reals) - V * scale, 400) > 0


@given(st.floats(float(LEAST) + 1e-12, 700), st.integers(1, 10**9), st.integers(1, 10**9))
def test_the_simple_bound_is_never_below(scale, T, count):
    orders = decide(
        lambda reals: slots_leak(scale, V, T, count, reals), lambda reals: slots_leak_simple(scale, V, T, count, reals)
    )
    assert orders is Order.LESS


def test_a_third_of_the_simple_bound_would_be_too_small():
    assert slots_leak(LEAST, V, 1000, 1) > slots_leak_simple(LEAST, V, 1000, 1) / 3


def test_a_dropped_term_would_be_seen():
    """Without the tokens that write elsewhere the bound is far below what is measured."""
    assert off(8, adversary(300))[0] > slots_leak(8, V, 1, N)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: slots_leak(1, V, 5, 5), "lambda = 1"),
        (lambda: slots_leak(float("nan"), V, 5, 5), "lambda = nan"),
        (lambda: slots_leak(8, 0, 5, 5), "V = 0"),
        (lambda: slots_leak(8, V, 0, 5), "T = 0"),
        (lambda: slots_leak(8, V, 5, 0), "N = 0"),
        (lambda: total_leak(8, -1), "largest = -1"),
        (lambda: slots_scale(V, 5, 5, 0), "epsilon = 0"),
    ],
)
def test_refusals(call, says):
    with pytest.raises(ValueError, match=says):
        call()
