"""From expressions to hidden units: every quantity becomes a linear form of named scalars of the stream.

A *scalar* is one coordinate of the stream, written by the units of one block.  A unit of Eq. 3 without memory is

    weight * z(x) relu(g(x)),    z, g linear forms (z = 1 in Eq. 37),

and all operations are sums of such units and linear forms, on integers exactly:

    max(a, b)  = b + relu(a - b)                          I[x >= 1] = relu(x) - relu(x - 1)
    I[x = 0]   = relu(x + 1) - 2 relu(x) + relu(x - 1)    select    = y + (x - y) relu(flag)
    a b        = a relu(b) - a relu(-b)                   x^2       = x relu(x) + (-x) relu(-x)
    floor(x/p) = sum_q I[x >= q p]                        x mod p   = x - p floor(x/p)
    table      = first value + sum over the kinks of the change of slope times relu(x - kink)

Linear forms cost nothing: they are folded into the rows of W_1 and W_2 that read them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from constructions.programs.expression import Expr, Interval, bounds, linear, name, square
from constructions.programs.operations import WORDS


@dataclass(frozen=True, eq=False)
class Form:
    """constant + sum_name terms[name] * name, over scalars of the stream."""

    terms: Mapping[str, Fraction]
    constant: Fraction = Fraction(0)

    def __add__(self, other: "Form") -> "Form":
        terms = dict(self.terms)
        for scalar, coefficient in other.terms.items():
            terms[scalar] = terms.get(scalar, Fraction(0)) + coefficient
        return Form({n: c for n, c in terms.items() if c}, self.constant + other.constant)

    def __sub__(self, other: "Form") -> "Form":
        return self + other.times(-1)

    def times(self, factor: Fraction | int) -> "Form":
        """The form multiplied by a number."""
        return Form({n: c * factor for n, c in self.terms.items() if factor}, self.constant * factor)

    def plus(self, number: Fraction | int) -> "Form":
        """The form with a number added."""
        return Form(self.terms, self.constant + number)

    def at(self, values: Mapping[str, Fraction | int | float]) -> Fraction | int | float:
        """Its value for given scalars."""
        return self.constant + sum(c * values[n] for n, c in self.terms.items())


ONE = Form({}, Fraction(1))


@dataclass(frozen=True, eq=False)
class Unit:
    """weight * z relu(g)."""

    weight: Fraction
    z: Form
    g: Form


@dataclass(frozen=True, eq=False)
class Scalar:
    """A coordinate of the stream that a block without memory writes: the sum of its units, in the interval `within`."""

    name: str
    units: tuple[Unit, ...]
    within: Interval


@dataclass(frozen=True, eq=False)
class Address:
    """A number as digits, most significant first, and the sum of their squares: plain scalars of the stream."""

    digits: tuple[Form, ...]
    norm: Form


@dataclass
class Lowering:
    """Forms, intervals and depths of everything lowered so far.

    Args:
        within: an interval for every quantity: fields, t, and what statements define.
        scalars: an interval for every coordinate of the stream.
        forms: every quantity as a form of scalars.
        depth: how many blocks of the running stage come before a scalar can be read; 0 where an earlier stage wrote it.
        levels: the scalars of the running stage by depth.
        addresses: those of numbers among so many slots that are in the stream already.
        means: every scalar as an expression of the program's quantities, from the expression that it was made for and
            not from its units: what it should hold.
        asides: quantities that lowering has named itself, as expressions of those before them.
    """

    within: dict[str, Interval]
    scalars: dict[str, Interval]
    forms: dict[str, Form]
    depth: dict[str, int] = field(default_factory=dict)
    levels: dict[int, list[Scalar]] = field(default_factory=dict)
    addresses: dict[tuple[Expr, int], Address] = field(default_factory=dict)
    means: dict[str, Expr] = field(default_factory=dict)
    asides: dict[str, Expr] = field(default_factory=dict)
    _known: dict[Expr, Form] = field(default_factory=dict)
    _intervals: dict[Expr, Interval] = field(default_factory=dict)
    _given: dict[str, Expr] = field(default_factory=dict)

    def form(self, expression: Expr, called: str, part_of: str | None = None) -> Form:
        """The expression as a form.  Its nonlinear parts become scalars; the outermost is named `called` if nothing is
        added to it, those inside after what they do: `called: comparison`.  `part_of`: what they are named after
        instead.
        """
        if expression not in self._known:
            self._known[expression] = self._lowered(expression, called, part_of or called)
        return self._known[expression]

    def interval(self, expression: Expr) -> Interval:
        """An interval that holds the expression."""
        return bounds(expression, self.within, self._intervals)

    def depth_of(self, *forms: Form) -> int:
        """The number of blocks of the running stage after which the forms can be read."""
        return max((self.depth.get(n, 0) for form in forms for n in form.terms), default=0)

    def carried(self, form: Form, called: str, within: Interval, means: Expr) -> Form:
        """The form, whose value is that of `means`, as one scalar: itself if it is one already."""
        if form.constant == 0 and list(form.terms.values()) == [1]:
            return form
        return self.copied(form, called, within, means)

    def copied(self, form: Form, called: str, within: Interval, means: Expr) -> Form:
        """The form as a new scalar."""
        return self.scalar([Unit(Fraction(1), form, ONE)], within, called, means)

    def squared(self, form: Form, called: str, within: Interval, means: Expr) -> Form:
        """The square of the form, whose value is that of `means`: no scalar where it can only be 0."""
        _, units, reached = RULES["square"]([form], [within], ())
        return self.scalar(units, reached, called, square(means)) if units else ZERO

    def define(self, called: str, form: Form, within: Interval, means: Expr) -> Expr:
        """A quantity that is this form, known to lie in `within` and to be what `means` says."""
        free = unused(called, self.forms)
        self.forms[free], self.within[free], self.asides[free] = form, within, means
        return name(free)

    def scalar(self, units: list[Unit], within: Interval, called: str, means: Expr) -> Form:
        """A new coordinate of the stream, which holds what `means` says."""
        free = unused(called, self.scalars)
        level = 1 + max(self.depth_of(unit.z, unit.g) for unit in units)
        self.scalars[free], self.depth[free], self.means[free] = within, level, means
        self.levels.setdefault(level, []).append(Scalar(free, tuple(units), within))
        return Form({free: Fraction(1)})

    def next_stage(self) -> None:
        """A new stage begins: whatever was written can be read."""
        self.levels, self.depth = {}, {}

    def _lowered(self, expression: Expr, called: str, whole: str) -> Form:
        if expression.op == "name":
            return self.forms[expression.data[0]]
        if expression.op == "linear":
            form = Form({}, Fraction(expression.data[0]))
            for argument, coefficient in zip(expression.args, expression.data[1:], strict=True):
                form = form + self._inside(whole, argument).times(Fraction(coefficient))
            return form
        arguments = [self._inside(whole, argument) for argument in expression.args]
        intervals = [self.interval(argument) for argument in expression.args]
        base, units, within = RULES[expression.op](arguments, intervals, expression.data)
        if not units:
            return base
        added = bool(base.terms) or base.constant != 0
        spelled = f"{whole}: {WORDS[expression.op]}" if added else called
        return base + self.scalar(units, within, spelled, self._beyond(expression, base))

    def _inside(self, whole: str, argument: Expr) -> Form:
        return self.form(argument, f"{whole}: {WORDS.get(argument.op, 'sum')}", whole)

    def _beyond(self, expression: Expr, base: Form) -> Expr:
        """The expression less the form that its scalar is added to.  Equal parts cancel, or selections inside
        selections would double the length of what is meant each time.
        """
        parts: dict[Expr, Fraction] = {expression: Fraction(1)}
        constant = -base.constant
        for scalar, coefficient in base.terms.items():
            meant = self.means[scalar] if scalar in self.means else self._given.setdefault(scalar, name(scalar))
            first, *factors = meant.data if meant.op == "linear" else (0, 1)
            constant -= coefficient * first
            for part, factor in zip(meant.args if meant.op == "linear" else (meant,), factors, strict=True):
                parts[part] = parts.get(part, Fraction(0)) - coefficient * factor
        return linear(constant, *((part, factor) for part, factor in parts.items() if factor))


def unused(called: str, taken: Mapping[str, object]) -> str:
    """The name, or the name with the first number that is free."""
    free, count = called, 2
    while free in taken:
        free, count = f"{called} {count}", count + 1
    return free


Rule = Callable[[list[Form], list[Interval], tuple], tuple[Form, list[Unit], Interval]]
ZERO = Form({})


def unit(g: Form, weight: int | Fraction = 1, z: Form = ONE) -> Unit:
    """weight * z relu(g)."""
    return Unit(Fraction(weight), z, g)


def _maximum(a: list[Form], i: list[Interval], _: tuple) -> tuple[Form, list[Unit], Interval]:
    if i[0][1] <= i[1][0]:
        return a[1], [], (0, 0)
    if i[1][1] <= i[0][0]:
        return a[0], [], (0, 0)
    return a[1], [unit(a[0] - a[1])], (0, i[0][1] - i[1][0])


def _above(a: list[Form], i: list[Interval], _: tuple) -> tuple[Form, list[Unit], Interval]:
    low, high = i[0]
    if low >= 1 or high < 1:
        return ZERO.plus(int(low >= 1)), [], (0, 0)
    if low >= 0 and high <= 1:
        return a[0], [], (0, 1)
    return ZERO, [unit(a[0])] + ([unit(a[0].plus(-1), -1)] if high > 1 else []), (0, 1)


def _zero(a: list[Form], i: list[Interval], _: tuple) -> tuple[Form, list[Unit], Interval]:
    low, high = i[0]
    if not low <= 0 <= high or low == high:
        return ZERO.plus(int(low == high == 0)), [], (0, 0)
    if low >= 0:
        return ZERO, [unit(a[0].times(-1).plus(1))], (0, 1)
    if high <= 0:
        return ZERO, [unit(a[0].plus(1))], (0, 1)
    return ZERO, [unit(a[0].plus(1)), unit(a[0], -2), unit(a[0].plus(-1))], (0, 1)


def _select(a: list[Form], i: list[Interval], _: tuple) -> tuple[Form, list[Unit], Interval]:
    difference = a[1] - a[2]
    span = (min(0, i[1][0] - i[2][1]), max(0, i[1][1] - i[2][0]))
    return a[2], [unit(a[0], z=difference)], span


def _product(a: list[Form], i: list[Interval], _: tuple) -> tuple[Form, list[Unit], Interval]:
    corners = [x * y for x in i[0] for y in i[1]]
    positive = [unit(a[1], z=a[0])] if i[1][1] > 0 else []
    negative = [unit(a[1].times(-1), -1, z=a[0])] if i[1][0] < 0 else []
    return ZERO, positive + negative, (min(corners), max(corners))


def _square(a: list[Form], i: list[Interval], _: tuple) -> tuple[Form, list[Unit], Interval]:
    low, high = i[0]
    back = a[0].times(-1)
    units = ([unit(a[0], z=a[0])] if high > 0 else []) + ([unit(back, z=back)] if low < 0 else [])
    return ZERO, units, (0, max(low**2, high**2))


def _steps(a: Form, i: Interval, p: int) -> list[Unit]:
    """floor(x / p) - floor(low / p): one step for every multiple of p above the low end."""
    first, last = i[0] // p + 1, i[1] // p
    return [u for q in range(first, last + 1) for u in (unit(a.plus(1 - q * p)), unit(a.plus(-q * p), -1))]


def _quotient(a: list[Form], i: list[Interval], data: tuple) -> tuple[Form, list[Unit], Interval]:
    (low, high), p = i[0], data[0]
    return ZERO.plus(low // p), _steps(a[0], i[0], p), (0, high // p - low // p)


def _modulo(a: list[Form], i: list[Interval], data: tuple) -> tuple[Form, list[Unit], Interval]:
    (low, high), p = i[0], data[0]
    units = [Unit(-p * u.weight, u.z, u.g) for u in _steps(a[0], i[0], p)]
    return a[0].plus(-p * (low // p)), units, (-p * (high // p - low // p), 0)


def _table(a: list[Form], _: list[Interval], data: tuple) -> tuple[Form, list[Unit], Interval]:
    start, values = data
    slopes = [0, *(after - before for before, after in pairwise(values)), 0]
    changes = [after - before for before, after in pairwise(slopes)]
    units = [unit(a[0].plus(-(start + j)), change) for j, change in enumerate(changes) if change]
    return ZERO.plus(values[0]), units, (min(values) - values[0], max(values) - values[0])


RULES: dict[str, Rule] = {
    "maximum": _maximum,
    "above": _above,
    "zero": _zero,
    "select": _select,
    "product": _product,
    "square": _square,
    "quotient": _quotient,
    "modulo": _modulo,
    "table": _table,
}
