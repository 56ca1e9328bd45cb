"""What each operation of an expression is in Python, and on intervals: the table that evaluation and bounds read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Any, NoReturn

Interval = tuple[int, int]
Value = int | Fraction
Operate = Callable[[str, list[Any], tuple], Any]
"""What an operation (its name), its arguments and its constants come to."""


@dataclass(frozen=True)
class Operation:
    """What an operation is in Python, its arguments being {0}, {1}, {2}, or {all} of them, and its constants {data};
    and what it does to intervals, given those of the arguments and the constants.
    """

    python: str
    bounds: Callable[[list, tuple], Interval]

    @cached_property
    def evaluate(self) -> Callable[[list, tuple], Any]:
        """The same text as a function of the arguments `a` and the constants `d`."""
        written = self.python.format("a[0]", "a[1]", "a[2]", all="*a", data="d")
        return eval(f"lambda a, d: {written}", {"no_flag": no_flag})


WORDS = {  # what a part of a quantity does, as its part of the stream is named
    "maximum": "maximum",
    "above": "comparison",
    "zero": "equality",
    "select": "choice",
    "product": "product",
    "square": "square",
    "quotient": "quotient",
    "modulo": "remainder",
    "table": "table",
}


def no_flag(value: Value) -> NoReturn:
    """Raises ValueError: the value was used as a flag, and is none."""
    raise ValueError(f"{value} was used as a flag; flags are 0 or 1")


def _corners(intervals: list[Interval]) -> Interval:
    products = [a * b for a in intervals[0] for b in intervals[1]]
    return min(products), max(products)


def _linear_bounds(intervals: list[Interval], data: tuple) -> Interval:
    ends = [sorted((c * low, c * high)) for (low, high), c in zip(intervals, data[1:], strict=True)]
    return floor(data[0] + sum(e[0] for e in ends)), -floor(-(data[0] + sum(e[1] for e in ends)))


def _square_bounds(intervals: list[Interval], _: tuple) -> Interval:
    low, high = intervals[0]
    return 0 if low <= 0 <= high else min(low**2, high**2), max(low**2, high**2)


def _flag_bounds(never: bool, always: bool) -> Interval:
    return int(always), int(not never)


OPERATIONS: dict[str, Operation] = {
    # A sum may have any number of terms; `evaluation` writes them out instead.
    "linear": Operation("d[0] + sum(c * x for c, x in zip(d[1:], a, strict=True))", _linear_bounds),
    "maximum": Operation("max({all})", lambda i, _: (max(i[0][0], i[1][0]), max(i[0][1], i[1][1]))),
    "above": Operation("1 if {0} >= 1 else 0", lambda i, _: _flag_bounds(i[0][1] < 1, i[0][0] >= 1)),
    "zero": Operation("1 if {0} == 0 else 0", lambda i, _: _flag_bounds(not i[0][0] <= 0 <= i[0][1], i[0] == (0, 0))),
    "select": Operation(
        "{1} if {0} == 1 else {2} if {0} == 0 else no_flag({0})",
        lambda i, _: (min(i[1][0], i[2][0]), max(i[1][1], i[2][1])),
    ),
    "product": Operation("{0} * {1}", lambda i, _: _corners(i)),
    "square": Operation("{0} * {0}", _square_bounds),
    "quotient": Operation("{0} // {data}[0]", lambda i, d: (i[0][0] // d[0], i[0][1] // d[0])),
    "modulo": Operation(
        "{0} % {data}[0]",
        lambda i, d: (i[0][0] % d[0], i[0][1] % d[0]) if i[0][0] // d[0] == i[0][1] // d[0] else (0, d[0] - 1),
    ),
    "table": Operation(
        "{data}[1][min(max({0} - {data}[0], 0), len({data}[1]) - 1)]",
        lambda i, d: _hull(d[1][max(i[0][0] - d[0], 0) : max(i[0][1] - d[0], 0) + 1] or d[1][-1:]),
    ),
}


def _hull(values: Sequence[int]) -> Interval:
    return min(values), max(values)
