"""Addresses: digits, the distance as a linear form, and numbers that no slot has."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS, format_of
from constructions.programs.addresses import Digits, radix
from constructions.programs.expression import name, select
from constructions.programs.program import Builder, Field, Slots
from constructions.programs.stack import reach_of

FLOAT32 = format_of("float32")
a, q, x, t = (name(n) for n in ("a", "q", "x", "t"))


@given(st.integers(1, 10**7), st.sampled_from(sorted(FORMATS)))
def test_digits_name_every_slot_once_and_stay_exact(count, called):
    try:
        base, k = radix(count, FORMATS[called])
    except ValueError:
        assert called in ("bfloat16", "float16")
        return
    assert base**k >= count
    assert 8 * k * (base + 1) ** 2 + 1 <= 2 ** FORMATS[called].precision
    some = min(count, 5000)
    named = Digits(some, base, k)
    digits = named.written()
    assert (digits @ np.array([base**j for j in reversed(range(k))]) == np.arange(some)).all()
    assert digits.min() >= 0
    assert digits.max() < max(base, 1)
    assert named.largest == tuple(digits.max(axis=0))


@pytest.mark.parametrize(
    ("count", "called", "wanted"),
    [
        (1, "float32", (1, 1)),
        (1447, "float32", (1447, 1)),
        (1448, "float32", (39, 2)),
        (8, "bfloat16", (2, 3)),
        (10**12, "float64", (10**6, 2)),
    ],
)
def test_the_fewest_digits(count, called, wanted):
    assert radix(count, format_of(called)) == wanted


def test_bounds_on_a_run_write_no_slot_out(monkeypatch):
    """They are sought dozens of times, of memories with millions of slots."""
    stated = program(10**6, 0, 10**6)
    monkeypatch.delattr(Digits, "written")
    assert any(reach.where == "v: read at" for reach in reach_of(stated, FLOAT32))


@pytest.mark.parametrize(("count", "called", "says"), [(0, "float32", "at least one"), (9, "bfloat16", "told apart")])
def test_refusals(count, called, says):
    with pytest.raises(ValueError, match=says):
        radix(count, format_of(called))


def program(count: int, low: int, high: int, forgets=True):
    build = Builder("addressed", (Field("a", low, high), Field("q", low, high), Field("x", -9, 9)), 60)
    memory = Slots(count, a, x, forgets)
    with build.stage("s"):
        build.recall("v", memory, q)
        build.recall("w", memory, a)
        build.recall("u", memory, q + 1, x > 0)
    return build.program({}, t >= 60)


@settings(max_examples=12)
@given(st.sampled_from([1, 2, 7, 1448, 1600]), st.integers(0, 2**32 - 1))
def test_any_address_on_either_side(compiled_for, streams, differing, count, seed):
    """One digit and two; numbers far below 0 and far above the last slot read 0 and write nowhere."""
    rng = np.random.default_rng(seed)
    low, high = int(rng.integers(-2 * count - 3, 1)), int(rng.integers(0, 2 * count + 3))
    stack = compiled_for(program(count, low, high), "float32")
    assert stack.exact
    edges = [n for n in (-1, 0, count - 1, count, low, high, count // 2) if low <= n <= high]
    draw = lambda: int(rng.choice(edges)) if rng.random() < 0.7 else int(rng.integers(low, high + 1))  # noqa: E731
    tokens = [{"a": draw(), "q": draw(), "x": int(rng.integers(-9, 10))} for _ in range(12)]
    quiet = compiled_for(stack.program, "float64")  # float64's lambda, with as many digits as float64 needs
    assert not differing(quiet, streams["numpy"](quiet, tokens), tokens)


def test_two_digits_in_float32(compiled_for, streams, differing):
    stack = compiled_for(program(1600, -5, 1700), "float32")
    numbers = [-5, -1, 0, 39, 40, 41, 1599, 1600, 1640, 1700, 0, 1599]
    tokens = [{"a": n, "q": m, "x": k % 7 - 2} for k, (n, m) in enumerate(zip(numbers, numbers[::-1], strict=True))]
    assert not differing(stack, streams["packed"](stack, tokens), tokens)


def test_a_constant_address_and_a_single_slot(compiled_for, streams, differing):
    """The square of a number that can only be 0 needs no unit."""
    build = Builder("one slot", (Field("x", -9, 9),), 9)
    with build.stage("s"):
        build.recall("v", Slots(1, select(x > 0, 0, 0), x, True), 0)
        build.recall("w", Slots(1, 0 * x, x, True), 0)
    stack = compiled_for(build.program({}, t >= 9), "float64")
    tokens = [{"x": k} for k in (3, -2, 0, 9)]
    assert not differing(stack, streams["numpy"](stack, tokens), tokens)


def test_readers_of_one_memory_share_its_address(compiled_for):
    stack = compiled_for(program(7, 0, 6), "float32")
    assert [n for n in stack.stream.names if "written at" in n] == ["v: written at squared"]
