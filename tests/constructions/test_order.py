"""Problems that state something false about the order of their states: the field that is false is named."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from constructions.assumption import order
from constructions.oracle import solve
from constructions.order import fault
from constructions.problem import InputRead, Problem, ValueRead
from constructions.problems.plain import plain
from constructions.problems.table import Table
from constructions.problems.task import Limits
from constructions.programs.expression import constant, name, select
from constructions.stated import ends, ends_of, stated, whole

i, n = name("i"), name("n1")
COST, BACK = InputRead("cost", 0, i), ValueRead("back", (i - 1,), when=i > 1, distance=1)
TOP = ValueRead("top", (n,), when=n >= 1)
SUMS = Problem(
    name="sums",
    alphabets=((0, 9),),
    indices=("i",),
    empty=n < 1,
    first=(1,),
    following=(i + 1,),
    last=i >= n,
    slot=lambda _: i - 1,
    reads=(COST, BACK),
    transition=name("cost") + name("back"),
    answer_reads=(TOP,),
    answer=name("top"),
    count=lambda lengths: lengths[0],
    slots=lambda lengths: lengths[0],
    index_bounds=lambda lengths: ((1, lengths[0]),),
    value_bounds=lambda lengths: (0, 9 * lengths[0]),
    locality=lambda _: 1,
)


def raising(error: BaseException):
    def function(_lengths):
        raise error

    return function


def itself(lengths):
    return replace(SUMS, count=itself).count(lengths)


@pytest.mark.parametrize("length", range(6))
def test_a_right_problem_is_at_fault_nowhere_not_even_where_its_intervals_are_empty(length):
    assert fault(SUMS, (length,)) is None
    assert order(SUMS, [((1,) * length,)]).holds


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"first": (0,)}, "`first` is false: it gives (0,), where i = 0 lies outside [1, 4]"),
        ({"first": (2,)}, "`first` is false: 'back' asks for (1,), but the order begins at (2,)"),
        ({"first": (10**9,)}, "`first` is false"),
        ({"following": (i,)}, "`following` is false: it leads from (1,) back to (1,)"),
        ({"following": (i - 1,)}, "`following` is false: it leads from (1,) to (0,)"),
        ({"following": (i + 2,)}, "`following` is false: it leads from (3,) to (5,), where"),
        ({"last": i >= 2}, "`last` is false: 'top' asks for (4,), but it is 1 at (2,) already"),
        ({"last": i > n}, "`last` is false: it is 0 at (4,), the last of the 4 states that `count` gives"),
        ({"last": (i - 1) * 2}, "`last` is no flag: it is 2 at n1 = 4, i = 2"),
        ({"empty": 5}, "`empty` is no flag: it is 5"),
        ({"empty": constant(1)}, "`count` is false: 0 states are visited; 4 are stated"),
        ({"count": lambda lengths: lengths[0] + 1}, "`count` is false: 4 states are visited"),
        ({"count": lambda lengths: lengths[0] - 1}, "`count` is false: it gives 3 states; 'top' asks for (4,)"),
        ({"count": lambda _: 1}, "`count` or `last` is false: more than the 1 states"),
        ({"count": lambda _: -3}, "count at lengths (4,): -3 was given; a whole number, at least 0"),
        ({"count": lambda _: 2.5}, "count at lengths (4,): 2.5 was given"),
        ({"count": raising(SystemExit(0))}, "count at lengths (4,): it raised SystemExit: 0"),
        ({"count": itself}, "count at lengths (4,): it raised RecursionError"),
        ({"index_bounds": lambda _: ((1, 2),)}, "state (3,): `index_bounds` is false: i = 3 lies outside [1, 2]"),
        ({"index_bounds": raising(MemoryError("all"))}, "index_bounds at lengths (4,): it raised MemoryError: all"),
        ({"reads": (replace(COST, index=i - 1), BACK)}, "`index` or `when` of 'cost' is false: it asks for token 0"),
        ({"reads": (replace(COST, when=i), BACK)}, "`when` of 'cost' is no flag: it is 2"),
        ({"reads": (COST, replace(BACK, when=i > 0))}, "`state` or `when` of 'back' is false: 'back' asks for (0,)"),
        ({"reads": (COST, replace(BACK, state=(i,)))}, "'back' asks for (2,), which is not solved yet"),
        ({"answer_reads": (replace(TOP, state=(n + 1,)),)}, "the answer: `state` or `when` of 'top' is false"),
        ({"slots": lambda _: 3}, "state (4,): `slots` is false: its slot is 3"),
        ({"slot": lambda _: i - 5}, "state (1,): `slot` is false: it is -4"),
        (
            {"slot": lambda _: constant(0), "locality": lambda _: 2, "reads": (COST, replace(BACK, distance=2))},
            "2 is stated",
        ),
        ({"locality": lambda _: 0}, "`locality` is false: 'back' is 1 state back, at most 0"),
        ({"transition": name("cost") * Fraction(1, 2)}, "transition at state (1,): a sum gave 1/2"),
        ({"transition": select(name("cost"), 1, 0)}, "transition at state (2,): 2 was used as a flag"),
        ({"answer": select(name("top"), 1, 0)}, "answer: 10 was used as a flag"),
    ],
    ids=lambda given: ", ".join(given) if isinstance(given, dict) else given[:30],
)
def test_the_field_at_fault_is_named(wrong, said):
    found = order(replace(SUMS, **wrong), [((1, 2, 3, 4),)])
    assert found.violation is not None
    assert said in found.violation


def test_the_oracle_of_a_task_names_the_field_as_well():
    with pytest.raises(ValueError, match=r"problem 'sums': .*`following` is false: .* never visited, in the order"):
        task(following=(i + 2,)).expected(((1, 2, 3),))
    with pytest.raises(ValueError, match="`value_bounds` is false: the value 10 lies outside"):
        task(value_bounds=lambda _: (0, 9)).expected(((1, 9),), Limits((2,), 9))
    with pytest.raises(ValueError, match=r"`value_bounds` reaches 4.29e\+09 at lengths \(2,\); a token has 32 bits"):
        task(value_bounds=lambda _: (0, 2**32)).expected(((1, 9),), Limits((2,), 9))


def test_an_interrupt_inside_a_field_stays_one():
    with pytest.raises(KeyboardInterrupt):
        fault(replace(SUMS, count=raising(KeyboardInterrupt())), (3,))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "has the name ''"),
        ({"alphabets": ((0, 2**31),)}, "tokens have 32 bits"),
    ],
)
def test_what_no_problem_can_state_is_refused_at_once(wrong, said):
    with pytest.raises(ValueError, match=said):
        replace(SUMS, **wrong)


@pytest.mark.parametrize(
    ("given", "checked", "said"),
    [
        (7, whole(0), "7 was given; a function of the lengths is needed"),
        (lambda _: "x", whole(0), "'x' was given; a whole number, at least 0, is needed"),
        (lambda _: True, whole(0), "True was given; a whole number"),
        (lambda _: None, ends, "None was given; an interval is two integers"),
        (lambda _: (0, 0.5), ends, "(0, 0.5) was given; an interval is two integers"),
        (lambda _: (1, 2), ends_of(("i",)), "(1, 2) was given; an interval is needed for each of ('i',)"),
    ],
)
def test_what_a_field_gives_is_of_its_form(given, checked, said):
    with pytest.raises(ValueError, match=re.escape(f"problem 'p', f at lengths (3,): {said}")):
        stated("p", "f", given, checked)((3,))


def task(**wrong) -> Table:
    problem = replace(SUMS, **wrong)
    assert solve(SUMS, ((1, 9),)).answer == 10
    return Table(problem, plain(problem), 4)
