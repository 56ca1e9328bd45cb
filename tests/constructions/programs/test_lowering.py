"""Expressions as hidden units, evaluated in exact fractions: no weight, no float."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructions.programs.expression import (
    Expr,
    absolute,
    bounds,
    clipped,
    constant,
    equal,
    evaluate,
    maximum,
    minimum,
    modulo,
    name,
    quotient,
    select,
    square,
    table,
)
from constructions.programs.lowering import RULES, Form, Lowering, Unit

GIVEN = {"x": (-5, 6), "y": (-3, 3), "f": (0, 1)}
seeds = st.integers(0, 2**32 - 1)


def lowered(expression: Expr, given=GIVEN) -> tuple[Lowering, Form]:
    lowering = Lowering(dict(given), dict(given), {n: Form({n: Fraction(1)}) for n in given})
    return lowering, lowering.form(expression, "e")


def scalars_of(lowering: Lowering, values) -> dict[str, Fraction | int | float]:
    """The units of Eq. 3, level by level; every scalar must lie in the interval that is stated for it."""
    scalars: dict[str, Fraction | int | float] = {n: Fraction(v) for n, v in values.items()}
    for level in sorted(lowering.levels):
        before = dict(scalars)  # what one block writes, no unit of the same block reads
        for scalar in lowering.levels[level]:
            scalars[scalar.name] = sum((u.weight * u.z.at(before) * max(0, u.g.at(before)) for u in scalar.units), 0)
            low, high = scalar.within
            assert low <= scalars[scalar.name] <= high
    return scalars


def run(lowering: Lowering, form: Form, values) -> Fraction | int | float:
    return form.at(scalars_of(lowering, values))


@settings(max_examples=80)
@given(seeds)
def test_units_equal_the_expression(random_expression, seed):
    rng = np.random.default_rng(seed)
    expression = random_expression(rng, GIVEN, 3)
    lowering, form = lowered(expression)
    low, high = bounds(expression, GIVEN)
    for _ in range(20):
        values = {n: int(rng.integers(low, high + 1)) for n, (low, high) in GIVEN.items()}
        right = evaluate(expression, values)
        assert low <= right <= high
        scalars = scalars_of(lowering, values)
        assert form.at(scalars) == right
        assert all(scalars[called] == evaluate(meant, values) for called, meant in lowering.means.items())


x, y, f = name("x"), name("y"), name("f")
OPERATIONS = {
    "maximum": maximum(x, y),
    "minimum": minimum(x, y),
    "absolute": absolute(x),
    "clipped": clipped(x, -2, 3),
    "above": x > y,
    "at least": x >= 6,
    "never": x > 6,
    "always": x >= -5,
    "equal": equal(x, y),
    "equal to its least": equal(x, -5),
    "equal to its largest": equal(x, 6),
    "equal to what it never is": equal(x, 7),
    "and": (x > 0) & (y > 0),
    "or": (x > 0) | (y > 0),
    "not": ~(x > 0),
    "select": select(f, x, y),
    "select of equals": select(f, x, x),
    "product": x * y,
    "product with 0": x * (y - y),
    "square": square(x),
    "square of a negative": square(x - 9),
    "quotient": quotient(x, 4),
    "quotient by 1": quotient(x, 1),
    "modulo": modulo(x, 4),
    "modulo 1": modulo(x, 1),
    "modulo beyond": modulo(x, 99),
    "table": table(x, -3, [4, -1, 0, 7]),
    "table of one": table(x, 0, [5]),
    "table before": table(x, 50, [5, 6]),
    "table behind": table(x, -50, [5, 6]),
    "halves": (x * (x + 1)) * Fraction(1, 2),
    "constant": x * 0 + 3,
}


def wrong(expression: Expr) -> int:
    """The number of inputs, out of all, at which units and expression differ."""
    lowering, form = lowered(expression)
    every = [{"x": a, "y": b, "f": c} for a in range(-5, 7) for b in range(-3, 4) for c in (0, 1)]
    return sum(run(lowering, form, values) != evaluate(expression, values) for values in every)


@pytest.mark.parametrize("called", OPERATIONS)
def test_every_operation_at_every_input(called):
    assert wrong(OPERATIONS[called]) == 0


@pytest.mark.parametrize("op", RULES)
@pytest.mark.parametrize("fault", ["sign", "argument", "dropped"])
def test_a_fault_in_any_rule_is_seen(monkeypatch, op, fault):
    """The first unit gets the wrong sign, a shifted argument, or is left out."""
    rule = RULES[op]

    def planted(arguments, intervals, data):
        base, (first, *rest), _ = rule(arguments, intervals, data)
        bad = {
            "sign": [Unit(-first.weight, first.z, first.g)],
            "argument": [Unit(first.weight, first.z, first.g.plus(1))],
            "dropped": [],
        }[fault]
        anything = (-(10**6), 10**6)
        return base, [*bad, *rest] or [Unit(Fraction(0), first.z, first.g)], anything

    called = "equal" if op == "zero" else op
    monkeypatch.setitem(RULES, op, planted)
    assert wrong(OPERATIONS[called]) > 0


def test_linear_parts_cost_no_unit():
    lowering, form = lowered(2 * x - (y + 3) * 4 + x)
    assert not lowering.levels
    assert (dict(form.terms), form.constant) == ({"x": 3, "y": -4}, -12)


def test_shared_parts_are_formed_once():
    shared = square(x)
    lowering, _ = lowered(shared + maximum(shared, y))
    assert [len(level) for level in lowering.levels.values()] == [1, 1]


def test_a_square_that_can_only_be_0_needs_no_scalar():
    lowering, _ = lowered(x)
    assert not lowering.squared(Form({}), "nothing", (0, 0), constant(0)).terms
