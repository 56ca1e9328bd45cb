"""What expressions say of integers and of intervals, and what they refuse."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructions.programs.expression import (
    absolute,
    bounds,
    clipped,
    constant,
    differ,
    equal,
    evaluate,
    linear,
    maximum,
    minimum,
    modulo,
    name,
    names,
    quotient,
    renamed,
    select,
    square,
    table,
)

a, b, f = name("a"), name("b"), name("f")
numbers = st.integers(-30, 30)


@given(numbers, numbers, st.integers(0, 1), st.integers(1, 7))
def test_operations_are_those_of_python(x, y, flag, p):
    values = {"a": x, "b": y, "f": flag}
    pairs = [
        (a + b, x + y), (a - b, x - y), (2 * a - 3, 2 * x - 3), (3 - a, 3 - x), (-a, -x), (a * b, x * y),
        (a * constant(2), 2 * x), (constant(2) * a, 2 * x), (a < b, x < y), (a <= b, x <= y), (a > b, x > y),
        (a >= b, x >= y), (equal(a, b), x == y), (differ(a, b), x != y), (maximum(a, b), max(x, y)),
        (minimum(a, b), min(x, y)), (absolute(a), abs(x)), (clipped(a, -4, 5), min(max(x, -4), 5)),
        (select(f, a, b), x if flag else y), (square(a), x * x), (quotient(a, p), x // p), (modulo(a, p), x % p),
        ((a > 0) & (b > 0), x > 0 and y > 0), ((a > 0) | (b > 0), x > 0 or y > 0), (~(a > 0), not x > 0),
        (table(a, -2, [7, 8, 9]), 7 if x <= -2 else 8 if x == -1 else 9),
    ]  # fmt: skip
    for expression, right in pairs:
        assert evaluate(expression, values) == right
        low, high = bounds(expression, {"a": (-30, 30), "b": (-30, 30), "f": (0, 1)})
        assert low <= right <= high


@pytest.mark.parametrize(
    ("expression", "interval"),
    [
        (equal(a, 40), (0, 0)),
        (equal(a * 0 + 2, 2), (1, 1)),
        (a > 30, (0, 0)),
        (a >= -30, (1, 1)),
        (square(a), (0, 900)),
        (modulo(a + 31, 100), (1, 61)),
        (modulo(a, 7), (0, 6)),
        (quotient(a, 7), (-5, 4)),
        (table(a, 29, [1, 5, 9]), (1, 5)),
        (table(a, 99, [1, 5]), (1, 1)),
        (table(a, -99, [1, 5]), (5, 5)),
        (select(f, a, 100), (-30, 100)),
    ],
)
def test_intervals_are_narrow_at_the_edges(expression, interval):
    assert bounds(expression, {"a": (-30, 30), "f": (0, 1)}) == interval


def test_sums_are_merged():
    merged = linear(1, (a + 2 * b, 3), (4, 1))
    assert (merged.args, merged.data) == ((a, b), (5, 3, 6))


def test_names_and_renaming():
    expression = select(f, square(a) + 1, maximum(b, a))
    assert names(expression) == {"a", "b", "f"}
    moved = renamed(expression, {"a": b + 1, "f": constant(1)})
    assert names(moved) == {"b"}
    assert evaluate(moved, {"b": 2}) == 10


def test_long_and_deep_expressions_are_evaluated():
    """Neither a sum of thousands of terms nor a chain of thousands of operations meets a limit of Python's parser."""
    wide = linear(1, *((a >= k, 2) for k in range(3000)))
    deep = a
    for k in range(1000):
        deep = maximum(deep, k) - 1
    assert evaluate(wide, {"a": 1000}) == 1 + 2 * 1001
    assert evaluate(deep, {"a": 0}) == 998


def test_a_name_is_a_key_and_never_code():
    odd = "x') or exit() #"
    assert evaluate(name(odd) + 1, {odd: 2}) == 3


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: quotient(a, 0), "divisor 0"),
        (lambda: modulo(a, -2), "divisor -2"),
        (lambda: table(a, 0, []), "at least one value"),
        (lambda: a * Fraction(1, 3), "m / 2"),
        (lambda: evaluate(select(a, 1, 2), {"a": 2}), "used as a flag"),
        (lambda: evaluate(a * Fraction(1, 2), {"a": 1}), "quantities are integers"),
        (lambda: evaluate((a + 1) * Fraction(1, 2), {"a": 2}), "gave 3/2"),
        (lambda: select(a == 1, a, 0), r"equal\(x, y\) for x == y"),
    ],
)
def test_refusals(build, says):
    with pytest.raises((ValueError, TypeError), match=says):
        build()


def test_integers_are_taken_where_an_expression_is_meant():
    assert evaluate(3, {}) == 3
    assert bounds(3, {}) == (3, 3)
    assert names(3) == set()
    assert evaluate(select(1, a, 0), {"a": 7}) == 7
    assert evaluate(renamed(3, {"a": b}), {}) == 3


def test_a_comparison_is_no_truth_value():
    with pytest.raises(TypeError, match="select"):
        bool(a > b)
    with pytest.raises(KeyError):
        evaluate(a, {})


def test_random_expressions_agree_with_their_bounds(random_expression):
    given = {"x": (-5, 6), "y": (-3, 3), "f": (0, 1)}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        expression = random_expression(rng, given, 4)
        low, high = bounds(expression, given)
        for _ in range(10):
            values = {n: int(rng.integers(i[0], i[1] + 1)) for n, i in given.items()}
            assert low <= evaluate(expression, values) <= high
