"""Terms of open inputs: the operations' identities, their intervals, and their numbers against plain evaluation."""

from fractions import Fraction

import numpy as np
import pytest

from constructions.oracle import solve
from constructions.problems import edit_distance, lis
from constructions.problems.edit_distance import Costs
from constructions.programs.expression import (
    constant,
    differ,
    evaluate,
    maximum,
    minimum,
    name,
    square,
)
from constructions.programs.interpreter import Interpreter
from constructions.programs.operations import OPERATIONS
from constructions.programs.program import Builder, Field
from constructions.programs.terms import Term, Terms, span

NAMES = ("x", "y", "z")
WITHIN = {"x": (-3, 3), "y": (0, 5), "z": (0, 1)}


def valued(value, numbers, terms: Terms):
    """The number that a term comes to for given numbers of the variables, by the operations' own definitions."""
    made = {atom: key for key, atom in terms.atoms.items()}
    known = {}

    def of(each):
        if not isinstance(each, Term):
            return each
        total = Fraction(each.constant) + sum(c * at(atom) for atom, c in each.terms)
        return int(total) if total.denominator == 1 else total

    def at(atom):
        if atom not in known:
            key = made[atom]
            if isinstance(key, str):
                known[atom] = numbers[key]
            else:
                op, arguments, data = key
                known[atom] = OPERATIONS[op].evaluate([of(argument) for argument in arguments], data)
        return known[atom]

    return of(value)


@pytest.mark.parametrize("seed", range(60))
def test_a_term_comes_to_what_its_expression_does_and_lies_in_its_interval(random_expression, seed):
    rng = np.random.default_rng(seed)
    expression = random_expression(rng, WITHIN, 4)
    terms = Terms()
    term = evaluate(expression, {n: terms.variable(n, WITHIN[n]) for n in NAMES}, operate=terms.operate)
    low, high = span(term)
    for _ in range(20):
        numbers = {n: int(rng.integers(first, last + 1)) for n, (first, last) in WITHIN.items()}
        value = valued(term, numbers, terms)
        assert value == evaluate(expression, numbers)
        assert low <= value <= high


x, y = name("x"), name("y")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (x + y - x, y),
        (maximum(maximum(x, y), 1), maximum(y, maximum(1, x))),
        (maximum(x + 2, y + 2), maximum(x, y) + 2),
        (minimum(x, minimum(y, 4)), minimum(minimum(4, x), y)),
        (differ(x, y), differ(y, x)),
        (maximum(x, 9), constant(9)),
        (x < 4, constant(1)),
    ],
)
def test_equal_values_by_an_identity_are_equal_terms(one, other):
    terms = Terms()
    values = {n: terms.variable(n, WITHIN[n]) for n in NAMES}
    assert evaluate(one, values, operate=terms.operate) == evaluate(other, values, operate=terms.operate)


@pytest.mark.parametrize(
    ("one", "other"), [(x, y), (x, x + 1), (maximum(x, y), maximum(x, y + 1)), (x > y, x >= y), (x * y, square(x))]
)
def test_different_terms_are_told_apart(one, other):
    terms = Terms()
    values = {n: terms.variable(n, WITHIN[n]) for n in NAMES}
    assert evaluate(one, values, operate=terms.operate) != evaluate(other, values, operate=terms.operate)


@pytest.mark.parametrize(
    ("problem", "inputs"),
    [
        (lis.two_indices(), ((5, 3, 9, 9, 4),)),
        (edit_distance.edit_distance(Costs()), ((1, 2, 1), (2, 1))),
        (edit_distance.edit_distance(Costs(1, 3, 5, "benchmark")), ((1, 2), (2, 2, 1))),
    ],
)
def test_a_table_of_terms_comes_to_the_oracle_s_numbers(problem, inputs):
    terms = Terms()
    numbers = {f"{r} {k}": token for r, s in enumerate(inputs) for k, token in enumerate(s)}
    variables = tuple(
        tuple(terms.variable(f"{r} {k}", problem.alphabets[r]) for k in range(len(s))) for r, s in enumerate(inputs)
    )
    left, right = solve(problem, variables, terms.operate), solve(problem, inputs)
    assert {state: valued(value, numbers, terms) for state, value in left.values.items()} == right.values
    assert valued(left.answer, numbers, terms) == right.answer


def test_a_run_whose_control_reads_an_input_is_refused():
    build = Builder("told by x", (Field("x", 0, 1),), 4)
    with build.stage("start"):
        kept = build.register("kept", 1, name("x") >= 1)
    program = build.program({"x": kept}, stop=constant(0))
    terms = Terms()
    machine = Interpreter(program, terms.operate, span)
    with pytest.raises(ValueError, match="depends on the inputs"):
        machine.step({"x": terms.variable("x_1", (0, 1))})


def test_a_term_that_may_leave_its_interval_is_refused():
    build = Builder("too narrow", (Field("x", 0, 1),), 4)
    with build.stage("start"):
        build.define("twice", 2 * name("x"), (0, 1))
    program = build.program({"x": name("x")}, stop=constant(0))
    terms = Terms()
    with pytest.raises(ValueError, match="must lie in"):
        Interpreter(program, terms.operate, span).step({"x": terms.variable("x_1", (0, 1))})


def test_a_variable_has_one_interval():
    terms = Terms()
    assert terms.variable("x", (0, 1)) == terms.variable("x", (0, 1))
    with pytest.raises(ValueError, match="lies in"):
        terms.variable("x", (0, 2))
