"""Arithmetic step by step: oracle, descent, program and float32 weights on small expressions, and planted faults."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bounds.formats import format_of
from constructions.problems.arithmetic import Arithmetic
from constructions.problems.expressions import Numbers, handle, is_rewrite, lines, read, value
from constructions.problems.task import Limits
from constructions.programs.expression import constant, name
from constructions.programs.stack import compiled

MODULAR, INTEGERS = Arithmetic(11), Arithmetic(None, 24)
TASKS = {"modulo 11": MODULAR, "integers": INTEGERS}
LONG = [
    "7*(7+5+10)",
    "1-2-3-4",
    "2/3*4",
    "((1+2))*((3))",
    "(9)",
    "(1+2)-(3-(4))*5",
    "2*(3-(4-(5-(6-7))))",
    "6/(3/(2/1))",
]
WHOLE = ["4*(8-6/3)", "1-2-3-4", "20/2/5*3", "((1+2))*((3))", "(-9)", "(1+2)-(3-(4))*5", "3--4*-2", "0/(-5)-24"]
GOLDEN = [
    (MODULAR, "7*(7+5+10)", "7*(7+5+10)=7*(1+10)=7*0=0"),
    (INTEGERS, "4*(8-6/3)", "4*(8-6/3)=4*(8-2)=4*6=24"),
    (MODULAR, "1-2-3", "1-2-3=10-3=7"),
    (MODULAR, "((5))", "((5))=(5)=5"),
    (MODULAR, "5", "5=5"),
    (INTEGERS, "2-3*-4=", "2-3*-4=2--12=14"),
]


def pool(key, operators=1):
    """A task with all its expressions of so many operators, longer ones and random ones."""
    task, rng = TASKS[key], np.random.default_rng(4)
    written = LONG if task.p else WHOLE
    return task, [*map(task.parse, written), *task.every(operators), *(task.draw(5, rng) for _ in range(40))]


@pytest.mark.parametrize(("task", "text", "whole"), GOLDEN)
def test_chains_as_the_paper_writes_them(task, text, whole):
    """A.5, A.8 and formats.md section 10; the bracket of one number; no operator at all; signs."""
    instance = task.parse(text)
    shown = task.shown(instance, task.expected(instance))
    assert f"{task.written(instance)}={shown.chain}{shown.answer}" == whole


def test_a_faulty_chain_can_be_shown():
    shown = MODULAR.shown(MODULAR.parse("1+2"), [{"kind": 99}, {"kind": -1, "value": 2}, {"kind": 1, "value": 3}])
    assert (shown.chain, shown.answer) == ("??", "3")
    assert MODULAR.shown(MODULAR.parse("1+2"), []).answer == ""


@pytest.mark.parametrize("key", TASKS)
def test_every_line_is_one_legal_rewrite_and_the_last_is_the_value(key):
    task, instances = pool(key, operators=2)
    for instance in instances:
        chain = [instance, *lines(instance, task.numbers)]
        assert all(is_rewrite(a, b, task.numbers) for a, b in pairwise(chain))
        assert chain[-1] == (value(instance, task.numbers),)


def test_rewrites_against_the_order_of_operations_are_found():
    numbers = Numbers(None, 30)
    for before, after in (("1-2-3", "1--1"), ("2+3*4", "5*4"), ("8/4*2", "8/8"), ("2*(3+4)", "2*(8)"), ("1+2", "4")):
        assert not is_rewrite(read(before), read(after), numbers)
    assert is_rewrite(read("2*3+4*5"), read("2*3+20"), numbers)
    assert handle(read("2*3+4*5")) == (0, 3)


@pytest.mark.parametrize("key", TASKS)
def test_the_program_does_what_the_oracle_does(key, goes_wrong):
    task, instances = pool(key)
    assert not goes_wrong(task, task.program(task.limits(instances)), instances)


@pytest.mark.parametrize("task", [Arithmetic(2), Arithmetic(3), Arithmetic(53), Arithmetic(None, 1)], ids=str)
def test_the_least_ranges_and_a_larger_one(task, goes_wrong):
    """All operations on all pairs of numbers (of the first and last few), and random expressions."""
    numbers = [n for n in range(task.numbers.low, task.numbers.high + 1) if min(n, task.numbers.high - n) < 3]
    pairs = [(x, op, y) for x in numbers for op in "+-*/" for y in numbers if _admitted(task, (x, op, y))]
    instances = [*pairs, *(task.draw(4, np.random.default_rng(seed)) for seed in range(10))]
    assert not goes_wrong(task, task.program(task.limits(instances)), instances)


def _admitted(task, line):
    try:
        value(line, task.numbers)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("key", TASKS)
def test_the_weights_do_what_the_oracle_does(key, in_float32, wrong_runs, differing_quantities):
    task, instances = pool(key, operators=2)
    stack, run = in_float32(task, instances)
    assert stack.exact
    assert run.stopped.all()
    assert run.margin == 0.5
    assert not wrong_runs(task, stack.program, instances, run)
    for k in (0, 1, 2):
        assert not differing_quantities(task, stack, instances[k], run.streams[k])


FAULTS = [
    ("in brackets", {"value": constant(0)}),
    ("one number in brackets", {"value": constant(0)}),
    ("first of its line", {"value": name("handle found")}),
    ("handles of earlier lines", {"when": constant(0)}),
    ("source", {"value": name("next offset") + 2}),
    ("place of the = before", {"when": constant(1)}),
    ("start", {"value": name("start of the first") + 1}),
    ("stops", {"value": constant(0)}),
    ("value 3 back", {"query": name("next offset")}),
]


@pytest.mark.parametrize(("called", "changes"), FAULTS, ids=[called for called, _ in FAULTS])
def test_a_planted_fault_is_caught(called, changes, planted, goes_wrong):
    instances = [MODULAR.parse(text) for text in LONG]
    program = MODULAR.program(MODULAR.limits(instances))
    assert goes_wrong(MODULAR, planted(program, called, **changes), instances)


def test_a_wrong_inverse_is_caught(monkeypatch, goes_wrong):
    instances = [*MODULAR.every(1), MODULAR.parse("1/2*4-3/2")]
    right = Numbers.divided
    limits = MODULAR.limits(instances)
    with monkeypatch.context() as patch:
        patch.setattr(Numbers, "divided", lambda self, a, b: 7 if (a, b) == (1, 2) else right(self, a, b))
        program = MODULAR.program(limits)
    wrong = goes_wrong(MODULAR, program, instances)
    assert wrong
    assert all("/" in instance for instance in wrong)


def test_the_window_of_a_next_token(window):
    """With L symbols 2 L tokens are always enough; the prompt's n = L + 1 are not for 0+0+0+0 (one order)."""
    task, least = Arithmetic(3), {}

    def chain(instance):
        return tuple((t["kind"], t.get("value", 0)) for t in task.prompt(instance) + task.expected(instance))

    for L in (1, 3, 5):
        chains = [chain(instance) for instance in task.every(2) if len(instance) == L]
        least[L] = window(chains, [L + 1] * len(chains), 2 * L)
    assert least == {1: 2, 3: 4, 5: 6}
    L = 7
    assert L + 1 < window([chain(task.parse("0+0+0+0"))], [L + 1], 2 * L) <= 2 * L


def test_the_size_depends_on_the_line_and_not_on_the_run():
    instance = MODULAR.parse(LONG[0])
    limits = MODULAR.limits([instance])
    stacks = [compiled(MODULAR.program(replace(limits, longest=T)), format_of("float32")) for T in (50, 10**6)]
    assert all(stack.exact for stack in stacks)
    assert compiled(Arithmetic(101).program(Limits((64,), 10**5)), format_of("float32")).exact
    widths = [[named.block.W_1.codomain.dim for named in stack.blocks] for stack in stacks]
    assert widths[0] == widths[1]


@pytest.mark.parametrize("key", TASKS)
@pytest.mark.parametrize("n", [0, 1, 7])
def test_draws_have_n_operators_and_come_again(key, n):
    task = TASKS[key]
    drawn = [[task.draw(n, np.random.default_rng(seed)) for seed in range(20)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    for instance in drawn[0]:
        assert sum(symbol in ("+", "-", "*", "/") for symbol in instance) == n
        assert task.parse(task.written(instance)) == instance


@pytest.mark.parametrize(
    ("task", "text", "message"),
    [
        (MODULAR, "", "is empty"),
        (MODULAR, "=", "is empty"),
        (MODULAR, "7&2", "'&' was found"),
        (MODULAR, "7=2", "'=' was found"),
        (MODULAR, "7*", "number or \\( is needed after '7\\*', not 'the end'"),
        (MODULAR, "(7+2", "not closed"),
        (MODULAR, "()", "not '\\)'"),
        (MODULAR, "7+2)", "'\\)' was found after '7\\+2'"),
        (MODULAR, "3(4)", "an operator is needed"),
        (MODULAR, "11", "11 was given; numbers lie in 0 to 10"),
        (MODULAR, "-3", "-3 was given; numbers lie in 0 to 10"),
        (MODULAR, "9" * 50, "50 digits"),
        (MODULAR, "7/(5+6)", "7/0: division by zero"),
        (MODULAR, "(" * 51 + "1" + ")" * 51, "50 deep"),
        (INTEGERS, "7/2", "7/2: the division is not exact"),
        (INTEGERS, "5*5", "5\\*5 = 25 was reached; numbers lie in -24 to 24"),
        (INTEGERS, "0/0", "division by zero"),
    ],
)
def test_malformed_expressions_are_refused(task, text, message):
    with pytest.raises(ValueError, match=message):
        task.parse(text)


@pytest.mark.parametrize("arguments", [(1, 9), (12, 9), (0, 9), (-3, 9), (4099, 9), (None, 0), (None, 4096)])
def test_numbers_that_cannot_be_had_are_refused(arguments):
    with pytest.raises(ValueError, match="was given; it must"):
        Arithmetic(*arguments)
