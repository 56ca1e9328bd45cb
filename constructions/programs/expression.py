"""Integer expressions: one text that is evaluated by plain Python and compiled into hidden units.

An expression is built with + - *, with < <= > >= and the flags' & | ~, and with the functions of this file.  Flags are
the integers 0 and 1.  What an operation does to integers and intervals is in `constructions.programs.operations`,
how it becomes units of Eq. 3 in `constructions.programs.lowering`.  The operations are those of Lemmas 1-5 and of the
integer gadgets beside them: nothing else can be written, so whatever is written can be compiled.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from constructions.programs.evaluation import function_of
from constructions.programs.operations import OPERATIONS, Interval, Operate, Value


@dataclass(frozen=True, eq=False)
class Expr:
    """An operation, the expressions it acts on, and its constants.

    `linear`: data[0] + sum_k data[k + 1] args[k];  `name`: the quantity called data[0];  the others: see the functions.
    A linear expression may have coefficients m / 2^k where its value is an integer all the same.
    """

    op: str
    args: tuple["Expr", ...] = ()
    data: tuple = ()

    @cached_property
    def order(self) -> tuple["Expr", ...]:
        """All parts, each once and after those that it acts on; the expression itself comes last."""
        return tuple(self.beyond(()))

    def beyond(self, known: Container["Expr"]) -> dict["Expr", None]:
        """The parts that are not known, in order; what only known ones act on is not looked at."""
        done: dict[Expr, None] = {}
        todo: list[tuple[Expr, bool]] = [(self, False)]
        while todo:
            part, ready = todo.pop()
            if ready:
                done[part] = None
            elif part not in done and part not in known:
                todo.append((part, True))
                todo += [(argument, False) for argument in part.args if argument not in done]
        return done

    @cached_property
    def function(self) -> Callable[[Mapping[str, Value]], Value]:
        """Its value from those of the quantities that it names: see `evaluate`."""
        return function_of(self.order)

    def __add__(self, other: "Expr | Value") -> "Expr":
        return linear(0, (self, 1), (other, 1))

    def __sub__(self, other: "Expr | Value") -> "Expr":
        return linear(0, (self, 1), (other, -1))

    def __mul__(self, other: "Expr | Value") -> "Expr":
        if not isinstance(other, Expr):
            return linear(0, (self, as_expression(other).data[0]))
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


@lru_cache(maxsize=2**12)
def constant(value: Value) -> Expr:
    """A number."""
    return Expr("linear", (), (value,))


def as_expression(value: "Expr | Value") -> Expr:
    """The expression itself, or a number as one.  Raises TypeError for anything else, a truth value above all: == and
    != compare objects, not quantities.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, bool):
        raise TypeError(f"{value} was given as an expression; write equal(x, y) for x == y, differ(x, y) for x != y")
    if not isinstance(value, int | Fraction):
        raise TypeError(f"{value!r} was given; an expression, or an integer such as 1, is needed")
    return constant(value)


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


def select(flag: "Expr | int", x: "Expr | Value", y: "Expr | Value") -> Expr:
    """x where the flag is 1, y where it is 0."""
    return Expr("select", (as_expression(flag), as_expression(x), as_expression(y)))


def square(a: "Expr | int") -> Expr:
    """a^2."""
    return Expr("square", (as_expression(a),))


def quotient(a: "Expr | int", p: int) -> Expr:
    """floor(a / p) for a constant p >= 1; its units grow with the range of a / p.  Raises ValueError for p < 1."""
    return Expr("quotient", (as_expression(a),), (_at_least_one(p),))


def modulo(a: "Expr | int", p: int) -> Expr:
    """a mod p in {0, ..., p - 1} for a constant p >= 1, as costly as `quotient`.  Raises ValueError for p < 1."""
    return Expr("modulo", (as_expression(a),), (_at_least_one(p),))


def table(a: "Expr | int", low: int, values: Sequence[int]) -> Expr:
    """values[a - low], the first value below the table and the last one above it.  Raises ValueError for no values."""
    if not values:
        raise ValueError("a table needs at least one value")
    return Expr("table", (as_expression(a),), (low, tuple(values)))


def evaluate(
    expression: "Expr | int",
    values: Mapping[str, Any],
    known: dict[Expr, Any] | None = None,
    operate: Operate | None = None,
) -> Any:
    """The value of an expression for given named quantities, in exact arithmetic.

    `operate`: what operations do to values that are no numbers (`constructions.programs.terms`); `known` remembers
    their shared parts for one set of values.  Raises KeyError for a name without a value, ValueError where a flag is
    neither 0 nor 1 or a sum is no integer.
    """
    whole = as_expression(expression)
    if operate is None:
        return whole.function(values)
    found = {} if known is None else known
    for part in whole.order:
        if part not in found:
            if part.op == "name":
                found[part] = values[part.data[0]]
            else:
                value = operate(part.op, [found[a] for a in part.args], part.data)
                found[part] = _whole(value) if isinstance(value, Fraction) else value
    return found[whole]


def bounds(
    expression: "Expr | int", given: Mapping[str, Interval], known: dict[Expr, Interval] | None = None
) -> Interval:
    """An interval that holds all values for quantities in the given intervals.  Raises KeyError for an unknown name."""
    found, expression = {} if known is None else known, as_expression(expression)
    for part in expression.beyond(found):
        if part.op == "name":
            found[part] = given[part.data[0]]
        else:
            found[part] = OPERATIONS[part.op].bounds([found[a] for a in part.args], part.data)
    return found[expression]


def names(expression: "Expr | int") -> set[str]:
    """The quantities that an expression reads."""
    return {part.data[0] for part in as_expression(expression).order if part.op == "name"}


def renamed(expression: "Expr | int", into: Mapping[str, Expr], known: dict[Expr, Expr] | None = None) -> Expr:
    """The expression with each name in `into` replaced by what stands there."""
    known, expression = {} if known is None else known, as_expression(expression)
    if expression not in known:
        args = [renamed(a, into, known) for a in expression.args]
        if expression.op == "name":
            known[expression] = into.get(expression.data[0], expression)
        elif expression.op == "linear":
            known[expression] = linear(expression.data[0], *zip(args, expression.data[1:], strict=True))
        else:
            known[expression] = Expr(expression.op, tuple(args), expression.data)
    return known[expression]


def _whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise ValueError(f"a sum gave {value}; quantities are integers")
    return int(value)


def _at_least_one(p: int) -> int:
    if p < 1:
        raise ValueError(f"the divisor {p} was given; it must be at least 1")
    return p
