"""Arithmetic step by step (A.5, Theorem 5): each line is the one before with its leftmost handle reduced.

    7*(7+5+10)=7*(1+10)=7*0=0    modulo 11

The order and its proof: `constructions.problems.expressions`.  A token has a kind (a number, one of + - * / ( ) =) and
the value of a number; the prompt is a line with its =, the chain ends with the value alone.

*m slots serve any number of lines.*  Slot q of the memory keeps the symbol at offset q of a line.  The new line agrees
with the old one before the handle, has the value in its place, and goes on with what stood behind the handle:

    new[q] = old[q]  (q < start),   the value  (q = start),   old[q + length - 1]  (q > start).

When new[q] is put out, the last token written is new[q - 1], so old[q] and everything behind it still stands: the new
line overwrites the old one behind the place that is read.  No line is longer than the first.

*The window.*  The next symbol follows from the line before and what stands of this one: with L symbols in the first
line, from the last 2 L tokens (the = before the old line, that line, its =, at most L - 2 symbols of the new one).  The
n = L + 1 tokens of the prompt are not enough, as A.5 has it: in 0+0+0+0=0+0+0=0+0=0 the eight tokens +0+0=0+0 are
followed by + and by =.

*Where the handle is.*  Read at the token after its last number (or at its bracket), a handle lies within the last five
symbols of its line, and handles come in the order in which they begin: one that begins further left is never seen
later.  So the first to be seen is the leftmost; registers keep its start, length and value until the line has ended.
A line that is one number counts as its own handle, and the chain ends with its value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from constructions.problems.expressions import (
    OPERATORS,
    STRONG,
    SYMBOLS,
    Descent,
    Line,
    Numbers,
    Symbol,
    lines,
    read,
    text_of,
)
from constructions.problems.task import Limits, Shown
from constructions.programs.expression import Expr, absolute, equal, linear, maximum, name, select, table
from constructions.programs.interpreter import Token
from constructions.programs.program import POSITION, Builder, Field, Program, Slots

KIND, VALUE = "kind", "value"
KINDS = ("nothing", "number", *SYMBOLS, "=")  # a token's kind is the place of its name
NUMBER, EQUALS = KINDS.index("number"), KINDS.index("=")
FEW = (0, 2)  # the numbers that `every` uses


@dataclass(frozen=True)
class Arithmetic:
    """Expressions modulo a prime p, or (None) over the integers with every value of modulus at most `largest`.

    Raises ValueError as `Numbers` does.
    """

    p: int | None = 11
    largest: int = 100

    def __post_init__(self) -> None:
        _ = self.numbers

    @property
    def name(self) -> str:
        """The name on the command line."""
        return "arithmetic"

    @property
    def theorem(self) -> int:
        """The state grows with the length of a line only."""
        return 5

    @property
    def numbers(self) -> Numbers:
        """What it calculates with."""
        return Numbers(self.p, self.largest)

    def parse(self, text: str) -> Line:
        """The symbols of an expression.  Raises ValueError for what is none, and where a step divides by zero, divides
        inexactly or leaves the range.

        A node's value is what its one rewrite puts in its place: the descent meets every value of the chain.
        """
        line = read(text)
        Descent(line, self.numbers)
        return line

    def written(self, instance: Line) -> str:
        """The expression without =."""
        return text_of(instance)

    def draw(self, n: int, rng: np.random.Generator) -> Line:
        """n operators by the public benchmark's rule: a number is replaced n times by (x op y) of that value, in
        brackets where the neighbours ask for them.  Over the integers, numbers of 0 .. `largest`, a replacement drawn
        again where some step would leave the range.
        """
        line: list[Symbol] = [int(rng.integers(self.numbers.high + 1))]
        done = 0
        while done < n:
            places = [k for k, symbol in enumerate(line) if isinstance(symbol, int)]
            at = places[int(rng.integers(len(places)))]
            longer = [*line[:at], *self._expanded(line, at, rng), *line[at + 1 :]]
            if self._admits(tuple(longer)):
                line, done = longer, done + 1
        return tuple(line)

    def every(self, n: int) -> Iterator[Line]:
        """All expressions with at most n operators over two numbers, a bracket wherever one holds an operation that
        is not the whole; those that `parse` refuses are left out.
        """
        for operators in range(n + 1):
            yield from filter(self._admits, _sums(operators))

    def limits(self, instances: Sequence[Line]) -> Limits:
        """The longest line and the longest run."""
        runs = [len(self.prompt(instance)) + len(self.expected(instance)) for instance in instances]
        return Limits((max(map(len, instances)),), max(runs))

    def program(self, limits: Limits) -> Program:
        """The program for all expressions of at most `limits.lengths[0]` symbols."""
        return program_of(self.numbers, limits.lengths[0], limits.longest)

    def prompt(self, instance: Line) -> list[Token]:
        """The expression and =."""
        return [*map(token, instance), token("=")]

    def expected(self, instance: Line, limits: Limits | None = None) -> list[Token]:  # noqa: ARG002 - the same for all
        """The lines that follow, = after each but the last; for a number, that number."""
        following = list(lines(instance, self.numbers)) or [instance]
        text = [symbol for line in following for symbol in ("=", *line)][1:]
        return [token(symbol) for symbol in text]

    def shown(self, instance: Line, tokens: Sequence[Token]) -> Shown:  # noqa: ARG002 - the chain alone says it
        """The lines between prompt and answer, = after each, and the answer."""
        signs = dict(enumerate(("", "", *SYMBOLS, "=")))
        texts = [str(t.get(VALUE, 0)) if t[KIND] == NUMBER else signs.get(t[KIND], "?") for t in tokens]
        return Shown("".join(texts[:-1]), "".join(texts[-1:]))

    def _admits(self, line: Line) -> bool:
        try:
            Descent(line, self.numbers)
        except ValueError:
            return False
        return True

    def _expanded(self, line: Sequence[Symbol], at: int, rng: np.random.Generator) -> list[Symbol]:
        before, after = (line[at - 1] if at else ""), (line[at + 1] if at + 1 < len(line) else "")
        x, op, y = self._split(int(line[at]), rng)
        weak = op not in STRONG
        kept = before == "/" or (weak and (before in ("*", "-") or after in STRONG))
        return ["(", x, op, y, ")"] if kept else [x, op, y]

    def _split(self, result: int, rng: np.random.Generator) -> tuple[int, str, int]:
        """x op y of that value: op and x uniform, drawn again where no y or more than one fits, but y uniform where
        x * y = 0 = x, and y uniform but not 0 where 0 / y = 0.
        """
        numbers = self.numbers
        while True:
            x, op = int(rng.integers(numbers.high + 1)), OPERATORS[int(rng.integers(4))]
            if op in STRONG and x == result == 0:
                y = int(rng.integers(op == "/", numbers.high + 1))
            elif op in STRONG and op == "/" and 0 in (x, result):
                continue
            else:
                y = {
                    "+": result - x,
                    "-": x - result,
                    "*": numbers.divided(result, x),
                    "/": numbers.divided(x, result),
                }[op]
            if y is None:
                continue
            y = y if self.p is None else y % self.p
            if 0 <= y <= numbers.high:
                return x, op, y


def token(symbol: Symbol) -> Token:
    """A symbol's fields."""
    return {KIND: NUMBER, VALUE: symbol} if isinstance(symbol, int) else {KIND: KINDS.index(symbol)}


def program_of(numbers: Numbers, longest_line: int, longest: int) -> Program:
    """The program for lines of at most `longest_line` symbols besides =, and at most `longest` tokens in all.

    Slot 0 of the memories is never written and stands for what lies before a line: kind 0, value 0.
    """
    fields = (Field(KIND, 0, len(KINDS) - 1), Field(VALUE, numbers.low, numbers.high))
    b = Builder("arithmetic (Theorem 5)", fields, longest)
    t, kind, value = name(POSITION), name(KIND), name(VALUE)
    with b.stage("line"):
        ends = b.define("ends", equal(kind, EQUALS))
        latest = b.register("place of the last =", t, ends)
        before = b.register("place of the = before", latest, ~ends)  # at = itself: of the one that opened its line
        offset = b.define("offset", t - before - 1, (0, longest_line))
    kinds, values = (Slots(longest_line + 2, offset + 1, written, forgets=True) for written in (kind, value))
    with b.stage("window"):
        following = b.define("next offset", maximum(offset + 1 - (longest_line + 1) * ends, 0))
        back = [maximum(offset + 1 - k, 0) for k in range(5)]
        near = [kind, *(b.recall(f"kind {k} back", kinds, back[k]) for k in range(1, 5))]
        x, y = (b.recall(f"value {k} back", values, back[k]) for k in (3, 1))
    with b.stage("handle"):
        starts, length, result = _handle(b, numbers, near, offset, x, y)
    with b.stage("line's handle"):
        start = b.register("start", starts, ends)
        removed = b.register("length", length, ends)
        reduced = b.register("result", result, ends)
    with b.stage("copies"):
        behind = select(following >= start, removed - 1, 0)
        source = b.define("source", following + 1 + behind, (0, longest_line + 1))
        here = b.define("in its place", equal(following, start))
        stop = b.define("stops", ends & equal(offset, removed))  # all of the line is its handle
        copied_kind = b.recall("copied kind", kinds, source)
        copied_value = b.recall("copied value", values, source)
    return b.program({KIND: select(here, NUMBER, copied_kind), VALUE: select(here, reduced, copied_value)}, stop)


def _handle(b: Builder, numbers: Numbers, near: list[Expr], offset: Expr, x: Expr, y: Expr) -> tuple[Expr, Expr, Expr]:
    """Start, length and value of the leftmost handle of the line so far.

    `near`: kinds of the current symbol and the four before it.  In an expression two numbers that stand two apart have
    an operator between them.  Before `( a )`, and before a line of one number, the value three back is 0 and the
    symbol two back is no operator, so the value comes out as 0 + a.
    """
    operands = among(near[3], "number") + among(near[1], "number")
    weak, ahead = among(near[2], "+", "-"), among(near[0], *STRONG)
    operates = maximum(operands - 1, 0) - maximum(operands + weak + ahead - 3, 0)
    bracketed = b.define("in brackets", maximum(operands + among(near[4], "(") + among(near[0], ")") - 3, 0), (0, 1))
    single = among(near[1], "number") - 2
    wrapped = b.define("one number in brackets", maximum(single + among(near[2], "(") + among(near[0], ")"), 0), (0, 1))
    alone = b.define("one number", maximum(single + among(near[2], "nothing") + among(near[0], "="), 0), (0, 1))
    found = b.define("handle found", operates + wrapped + alone, (0, 1))
    count = b.total("handles", found, (0, b.longest))
    earlier = b.register("handles of earlier lines", count, equal(offset, 0))
    first = b.define("first of its line", maximum(2 * found - (count - earlier), 0), (0, 1))
    start = b.register("start of the first", offset - 3 - bracketed + wrapped + 2 * alone, first)
    length = b.register("length of the first", 3 + 2 * bracketed - 2 * alone, first)
    reached = None if numbers.p is None else (numbers.low, numbers.high)  # integers leave it where x op y is no handle
    result = b.define("x op y", _result(numbers, near[2], x, y), reached)
    return start, length, b.register("result of the first", result, first)


def among(kind: Expr, *called: str) -> Expr:
    """The flag of a kind being one of those."""
    return table(kind, 0, [int(each in called) for each in KINDS])


def _result(numbers: Numbers, op: Expr, x: Expr, y: Expr) -> Expr:
    """x op y; 0 + y where op is no operator.

    Modulo p, x / y is x times the inverse of y.  Over the integers |x / y| is the number of k in 1 .. largest with
    k |y| <= |x|, exact where y divides x, with the sign of x y.  Tables and remainders are sums of flags that are
    scalars of their own: a remainder that is one scalar is a sum of 2 p units of size p^3, exact in float32 to p = 53.
    """
    strong, minus, over = among(op, *STRONG), among(op, "-"), among(op, "/")
    added = x + select(minus, -y, y)
    p = numbers.p
    if p is not None:
        inverse = [numbers.divided(1, k) or 0 for k in range(p)]
        inverted = linear(0, *((y >= k, inverse[k] - inverse[k - 1]) for k in range(1, p)))
        whole = select(strong, x * select(over, inverted, y), added)  # in -p + 1 .. p^2 - 1
        return linear(p, (whole, 1), *((whole >= q * p, -p) for q in range(p)))
    size = linear(0, *((absolute(x) >= k * absolute(y), 1) for k in range(1, numbers.largest + 1)))
    divided = select(absolute((x < 0) - (y < 0)), -size, size)
    return select(strong, select(over, divided, x * y), added)


def _sums(operators: int) -> Iterator[Line]:
    """All ways to write that many operators, the whole without brackets."""
    for parts in _compositions(operators):
        for atoms in product(*map(_atoms, parts)):
            for ops in product(OPERATORS, repeat=len(parts) - 1):
                rest = [(op, *atom) for op, atom in zip(ops, atoms[1:], strict=True)]
                yield tuple(symbol for part in (atoms[0], *rest) for symbol in part)


def _atoms(operators: int) -> list[Line]:
    """A number, or a sum in brackets."""
    return [(x,) for x in FEW] if operators == 0 else [("(", *line, ")") for line in _sums(operators)]


def _compositions(operators: int) -> Iterator[tuple[int, ...]]:
    """Operators inside each atom of a sum: with r + 1 atoms, r operators stand between them."""
    if operators == 0:
        yield (0,)
    for between in range(1, operators + 1):
        yield from (p for p in product(range(operators), repeat=between + 1) if sum(p) == operators - between)
