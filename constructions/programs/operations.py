"""What each operation of an expression does to values and to intervals: the table that evaluation and bounds read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

Interval = tuple[int, int]
Value = int | Fraction
Operate = Callable[[str, list[Any], tuple], Any]
"""What an operation (its name), its arguments and its constants come to."""


@dataclass(frozen=True)
class Operation:
    """What an operation does to values and to intervals; both get the arguments and the constants."""

    evaluate: Callable[[list, tuple], Value]
    bounds: Callable[[list, tuple], Interval]


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
    "linear": Operation(lambda a, d: d[0] + sum(c * x for c, x in zip(d[1:], a, strict=True)), _linear_bounds),
    "maximum": Operation(lambda a, _: max(a), lambda i, _: (max(i[0][0], i[1][0]), max(i[0][1], i[1][1]))),
    "above": Operation(lambda a, _: int(a[0] >= 1), lambda i, _: _flag_bounds(i[0][1] < 1, i[0][0] >= 1)),
    "zero": Operation(
        lambda a, _: int(a[0] == 0), lambda i, _: _flag_bounds(not i[0][0] <= 0 <= i[0][1], i[0] == (0, 0))
    ),
    "select": Operation(
        lambda a, _: a[1] if _flag(a[0]) else a[2],
        lambda i, _: (min(i[1][0], i[2][0]), max(i[1][1], i[2][1])),
    ),
    "product": Operation(lambda a, _: a[0] * a[1], lambda i, _: _corners(i)),
    "square": Operation(lambda a, _: a[0] ** 2, _square_bounds),
    "quotient": Operation(lambda a, d: a[0] // d[0], lambda i, d: (i[0][0] // d[0], i[0][1] // d[0])),
    "modulo": Operation(
        lambda a, d: a[0] % d[0],
        lambda i, d: (i[0][0] % d[0], i[0][1] % d[0]) if i[0][0] // d[0] == i[0][1] // d[0] else (0, d[0] - 1),
    ),
    "table": Operation(
        lambda a, d: d[1][min(max(a[0] - d[0], 0), len(d[1]) - 1)],
        lambda i, d: _hull(d[1][max(i[0][0] - d[0], 0) : max(i[0][1] - d[0], 0) + 1] or d[1][-1:]),
    ),
}


def operated(op: str, arguments: list, data: tuple) -> Value:
    """The operation on numbers."""
    return OPERATIONS[op].evaluate(arguments, data)


def _hull(values: Sequence[int]) -> Interval:
    return min(values), max(values)


def _flag(value: Value) -> bool:
    if value not in (0, 1):
        raise ValueError(f"{value} was used as a flag; flags are 0 or 1")
    return value == 1
