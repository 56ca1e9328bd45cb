"""Where a stack says that it is exact, no number of a run is rounded; far beyond, runs do go wrong."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.formats import FloatFormat, format_of
from constructions.programs.exactness import moduli, reach, span
from constructions.programs.expression import equal, modulo, name, select, table
from constructions.programs.lowering import Form
from constructions.programs.program import Builder, Field, Slots
from constructions.programs.stack import compiled

FLOAT32, FLOAT64 = format_of("float32"), format_of("float64")
x, y, t = name("x"), name("y"), name("t")
WITHIN = {"a": (-3, 5), "b": (0, 2)}


def program(largest: int):
    """Sums, products, tables and memories of numbers up to `largest`; only the product with 1 + y x comes near it."""
    build = Builder("near", (Field("x", 0, largest), Field("y", 0, 1)), 200)
    with build.stage("s"):
        build.define("product", (y + 1) * (x * y) - x)
        build.define("chosen", select(equal(x, largest), x - 1, 1 - x))
        build.register("kept", x + 1, y)
        build.recall("slot", Slots(3, y, largest - x, True), 1 - y)
        build.define("parts", table(x, largest - 3, [0, 5, -5, 7]))
    return build.program({}, t >= 200)


def tokens(largest: int):
    rng = np.random.default_rng(0)
    near = [{"x": int(largest - rng.integers(0, 9)), "y": int(rng.integers(0, 2))} for _ in range(60)]
    return [*near, {"x": largest, "y": 1}, {"x": largest - 1, "y": 1}, {"x": largest - 1, "y": 0}]


def limit(format: FloatFormat) -> int:
    """The largest argument with which the program is said to be exact."""
    low, high = 8, 2**format.precision
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if compiled(program(middle), format).exact else (low, middle)
    return low


def test_at_the_limit_float32_and_float64_hold_the_same_numbers(streams, differing):
    largest = limit(FLOAT32)
    assert largest > 2**20
    in_32, in_64 = (compiled(program(largest), format) for format in (FLOAT32, FLOAT64))
    assert in_32.exact
    given = tokens(largest)
    streamed = streams["packed"](in_32, given)
    assert not differing(in_32, streamed, given)
    np.testing.assert_array_equal(streamed, streams["packed"](in_64, given))


def test_far_beyond_the_limit_the_run_goes_wrong(streams, differing):
    """The limit means something: at 16 times the range float32 rounds, and says so; float64 does not."""
    largest = 16 * limit(FLOAT32) + 1
    in_32, in_64 = (compiled(program(largest), format) for format in (FLOAT32, FLOAT64))
    assert not in_32.exact
    assert in_32.margin == 0
    given = tokens(largest)
    assert differing(in_32, streams["packed"](in_32, given), given)
    assert in_64.exact
    assert not differing(in_64, streams["packed"](in_64, given), given)


def modulus(longest: int, format: FloatFormat):
    build = Builder("modulus", (Field("x", 0, 1),), longest)
    with build.stage("s"):
        build.define("m", modulo(t, 5))
    return compiled(build.program({}, t >= longest), format)


def test_a_long_sum_of_steps_is_exact_by_what_its_units_can_be():
    """By the moduli of the arguments alone, t mod 5 would be refused from t of about 1200 on."""
    assert modulus(3000, FLOAT32).exact
    assert not modulus(5000, FLOAT32).exact


@pytest.mark.parametrize("constant", [-7, 0, 9])
def test_span_and_moduli_are_the_best_and_the_worst_term_by_term(constant):
    form = Form({"a": Fraction(2), "b": Fraction(-3)}, Fraction(constant))
    every = [(2 * a - 3 * b + constant, 2 * abs(a) + 3 * b + abs(constant)) for a in range(-3, 6) for b in range(3)]
    assert span(form, WITHIN) == (min(v for v, _ in every), max(v for v, _ in every))
    assert moduli(form, WITHIN) == max(m for _, m in every)


def test_share_counts_digits_and_size():
    tiny = FloatFormat("tiny", 4, 7, -6)
    assert reach("here", Fraction(16), (), 1, tiny).share == 1
    assert reach("here", Fraction(8), (Form({"a": Fraction(1, 2)}),), 1, tiny).share == 1
    assert reach("here", Fraction(16), (), 16, tiny).share > 1


@pytest.mark.parametrize(
    ("where", "fill"),
    [
        ("x: token", lambda _: None),
        ("r: when", lambda b: b.register("r", 1, equal(x, 3) * 2**23 - equal(x, 3) * (2**23 - 1))),
        ("r: value", lambda b: b.register("r", x + 2, equal(y, 1))),
        ("s: value", lambda b: b.total("s", 1, (0, 2**24 + 1))),
        ("v: value", lambda b: b.recall("v", Slots(2, y, x + 2, True), 0)),
        ("d: argument", lambda b: b.define("d", x + 2 > 5)),
        ("d: value", lambda b: b.define("d", x * (y + 2))),
    ],
)
def test_every_place_is_counted(where, fill):
    """One place is pushed past 2^24, and it is among those that are reported."""
    build = Builder("one place", (Field("x", 0, 2**24 if where != "x: token" else 2**24 + 1), Field("y", 0, 1)), 9)
    with build.stage("s"):
        fill(build)
    stack = compiled(build.program({}, t >= 9), FLOAT32)
    assert where in {each.where for each in stack.reach if each.share > 1}
    assert not stack.exact
