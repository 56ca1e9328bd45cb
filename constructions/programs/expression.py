"""Integer expressions: one text that is evaluated by plain Python and compiled into hidden units.

An expression is built with + - *, with < <= > >= and the flags' & | ~, and with the functions of this file.  Flags are
the integers 0 and 1.  Each operation states what it does to integers (`evaluate`) and to intervals (`bounds`); how it
becomes units of Eq. 3 is `constructions.programs.lowering`'s business.  The operations are those of Lemmas 1-5 and of
the integer gadgets beside them: nothing else can be written, so whatever is written can be compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

Interval = tuple[int, int]
Value = int | Fraction


@dataclass(frozen=True, eq=False)
class Expr:
    """An operation, the expressions it acts on, and its constants.

    `linear`: data[0] + sum_k data[k + 1] args[k];  `name`: the quantity called data[0];  the others: see the functions.
    A linear expression may have coefficients m / 2^k where its value is an integer all the same.
    """

    op: str
    args: tuple["Expr", ...] = ()
    data: tuple = ()

    def __add__(self, other: "Expr | Value") -> "Expr":
        return linear(0, (self, 1), (other, 1))

    def __sub__(self, other: "Expr | Value") -> "Expr":
        return linear(0, (self, 1), (other, -1))

    def __mul__(self, other: "Expr | Value") -> "Expr":
        if not isinstance(other, Expr):
            return linear(0, (self, other))
        if self.op == "linear" and not self.args:
            return linear(0, (other, self.data[0]))
        if other.op == "linear" and not other.args:
            return linear(0, (self, other.data[0]))
        return Expr("product", (self, other))

    def __neg__(self) -> "Expr":
        return linear(0, (self, -1))

    def __radd__(self, other: Value) -> "Expr":
        return linear(other, (self, 1))

    def __rsub__(self, other: Value) -> "Expr":
        return linear(other, (self, -1))

    def __rmul__(self, other: Value) -> "Expr":
        return linear(0, (self, other))

    def __gt__(self, other: "Expr | Value") -> "Expr":
        return Expr("above", (self - other,))

    def __lt__(self, other: "Expr | Value") -> "Expr":
        return Expr("above", (as_expression(other) - self,))

    def __ge__(self, other: "Expr | Value") -> "Expr":
        return Expr("above", (self - other + 1,))

    def __le__(self, other: "Expr | Value") -> "Expr":
        return Expr("above", (as_expression(other) - self + 1,))

    def __and__(self, other: "Expr") -> "Expr":
        return maximum(self + other - 1, 0)

    def __or__(self, other: "Expr") -> "Expr":
        return minimum(self + other, 1)

    def __invert__(self) -> "Expr":
        return 1 - self

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth value here: write select(flag, x, y), and & | ~ between flags")


def name(text: str) -> Expr:
    """The quantity called `text`."""
    return Expr("name", (), (text,))


def constant(value: Value) -> Expr:
    """A number."""
    return Expr("linear", (), (value,))


def as_expression(value: "Expr | Value") -> Expr:
    """The expression itself, or a number as one."""
    return value if isinstance(value, Expr) else constant(value)


def linear(start: Value, *terms: tuple["Expr | Value", Value]) -> Expr:
    """start + sum coefficient * expression, sums merged.  Raises ValueError for a coefficient that is not m / 2^k."""
    total, args, coefficients = start, [], []
    for term, coefficient in terms:
        expression = as_expression(term)
        if expression.op == "linear":
            total += coefficient * expression.data[0]
            args += expression.args
            coefficients += [coefficient * c for c in expression.data[1:]]
        else:
            args.append(expression)
            coefficients.append(coefficient)
    for c in (total, *coefficients):
        if Fraction(c).denominator & (Fraction(c).denominator - 1):
            raise ValueError(f"the coefficient {c} was given; only m / 2^k can be a weight without rounding")
    return Expr("linear", tuple(args), (total, *coefficients))


def maximum(a: "Expr | Value", b: "Expr | Value") -> Expr:
    """max(a, b)."""
    return Expr("maximum", (as_expression(a), as_expression(b)))


def minimum(a: "Expr | Value", b: "Expr | Value") -> Expr:
    """min(a, b)."""
    return -maximum(-as_expression(a), -as_expression(b))


def absolute(a: Expr) -> Expr:
    """|a|."""
    return maximum(a, -a)


def clipped(a: Expr, low: int, high: int) -> Expr:
    """a brought into [low, high]."""
    return minimum(maximum(a, low), high)


def equal(a: "Expr | Value", b: "Expr | Value") -> Expr:
    """The flag of a = b."""
    return Expr("zero", (as_expression(a) - b,))


def differ(a: "Expr | Value", b: "Expr | Value") -> Expr:
    """The flag of a != b."""
    return 1 - equal(a, b)


def select(flag: Expr, x: "Expr | Value", y: "Expr | Value") -> Expr:
    """x where the flag is 1, y where it is 0."""
    return Expr("select", (flag, as_expression(x), as_expression(y)))


def square(a: Expr) -> Expr:
    """a^2."""
    return Expr("square", (a,))


def quotient(a: Expr, p: int) -> Expr:
    """floor(a / p) for a constant p >= 1; its units grow with the range of a / p.  Raises ValueError for p < 1."""
    return Expr("quotient", (a,), (_at_least_one(p),))


def modulo(a: Expr, p: int) -> Expr:
    """a mod p in {0, ..., p - 1} for a constant p >= 1, as costly as `quotient`.  Raises ValueError for p < 1."""
    return Expr("modulo", (a,), (_at_least_one(p),))


def table(a: Expr, low: int, values: Sequence[int]) -> Expr:
    """values[a - low], the first value below the table and the last one above it.  Raises ValueError for no values."""
    if not values:
        raise ValueError("a table needs at least one value")
    return Expr("table", (a,), (low, tuple(values)))


def evaluate(expression: Expr, values: Mapping[str, Value], known: dict[Expr, Value] | None = None) -> Value:
    """The value of an expression for given named quantities, in exact arithmetic.

    `known` remembers shared parts for one set of values.  Raises KeyError for a name without a value, ValueError where a
    flag is neither 0 nor 1 or an operation on integers meets a fraction.
    """
    known = {} if known is None else known
    if expression not in known:
        if expression.op == "name":
            known[expression] = values[expression.data[0]]
        else:
            arguments = [evaluate(a, values, known) for a in expression.args]
            known[expression] = _whole(OPERATIONS[expression.op].evaluate(arguments, expression.data), expression)
    return known[expression]


def bounds(expression: Expr, given: Mapping[str, Interval], known: dict[Expr, Interval] | None = None) -> Interval:
    """An interval that holds all values for quantities in the given intervals.  Raises KeyError for an unknown name."""
    known = {} if known is None else known
    if expression not in known:
        if expression.op == "name":
            known[expression] = given[expression.data[0]]
        else:
            intervals = [bounds(a, given, known) for a in expression.args]
            known[expression] = OPERATIONS[expression.op].bounds(intervals, expression.data)
    return known[expression]


def names(expression: Expr) -> set[str]:
    """The quantities that an expression reads."""
    seen: set[Expr] = set()
    todo = [expression]
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.add(each)
            todo += each.args
    return {each.data[0] for each in seen if each.op == "name"}


def renamed(expression: Expr, into: Mapping[str, Expr], known: dict[Expr, Expr] | None = None) -> Expr:
    """The expression with each name in `into` replaced by what stands there."""
    known = {} if known is None else known
    if expression not in known:
        args = [renamed(a, into, known) for a in expression.args]
        if expression.op == "name":
            known[expression] = into.get(expression.data[0], expression)
        elif expression.op == "linear":
            known[expression] = linear(expression.data[0], *zip(args, expression.data[1:], strict=True))
        else:
            known[expression] = Expr(expression.op, tuple(args), expression.data)
    return known[expression]


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


def _hull(values: Sequence[int]) -> Interval:
    return min(values), max(values)


def _flag(value: Value) -> bool:
    if value not in (0, 1):
        raise ValueError(f"{value} was used as a flag; flags are 0 or 1")
    return value == 1


def _whole(value: Value, expression: Expr) -> Value:
    if isinstance(value, Fraction):
        if value.denominator != 1:
            raise ValueError(f"{expression.op} gave {value}; quantities are integers")
        return int(value)
    return value


def _at_least_one(p: int) -> int:
    if p < 1:
        raise ValueError(f"the divisor {p} was given; it must be at least 1")
    return p
