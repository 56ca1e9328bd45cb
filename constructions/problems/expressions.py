"""Arithmetic expressions as sequences of symbols: read, evaluated, reduced line by line, and rewrites judged.

A symbol is an integer or one of + - * / ( ).  Three routes to a value stand side by side and share only `Numbers`:
`lines`, which rewrites symbols; `value`, which descends through the grammar; and the compiled program.

*The order.*  Each line is the one before with its leftmost handle reduced, a handle being

    ( a op b )   becomes the value, without brackets                  any op
      a op b     becomes the value        op is * or /, or the symbol after b is neither * nor /
    ( a )        becomes a

*Every line has a handle unless it is one number.*  Take an innermost pair of brackets, or the whole line if there is
none: inside are numbers and operators only, a_1 op_1 a_2 ... op_r a_{r+1}.  If r = 0 it is ( a ).  Otherwise take the
first j for which op_j is * or /, or op_{j+1} is not (as for j = r): a handle, and ( a op b ) where r = 1 in brackets.

*The leftmost handle is a node of the expression*, so reducing it changes no value.  `( a )` and `( a op b )` are nodes.
Let a op b be the leftmost handle and y the symbol before a.  If y is nothing or (, then a op b is the first operation
inside its brackets, and it binds: op is * or /, or no stronger operator follows.  Otherwise y is an operator, and what
stands before it ends with ) or a number.  A ) closes brackets that hold a handle (the argument above), one that begins
further left: excluded.  After a number x, the symbols x y a are no handle, for it would begin further left: so y is
+ or - and op is * or /, and a op b binds first, whatever stands before it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isqrt

Symbol = int | str
Line = tuple[Symbol, ...]
OPERATORS = ("+", "-", "*", "/")
STRONG = ("*", "/")
SYMBOLS = (*OPERATORS, "(", ")")
DEEPEST = 50  # brackets within brackets: the descent stays far from Python's own limit
LARGEST = 2**12 - 1  # products of two numbers stay below 2^24, the integers of float32


@dataclass(frozen=True)
class Numbers:
    """The numbers that expressions are made of: residues modulo a prime p, or (p None) integers of modulus at most
    `largest`.

    Raises ValueError for p that is no prime, or for p or `largest` outside 1 .. `LARGEST`.
    """

    p: int | None
    largest: int

    def __post_init__(self) -> None:
        if self.p is not None and not (2 <= self.p <= LARGEST and all(self.p % q for q in range(2, isqrt(self.p) + 1))):
            raise ValueError(f"the modulus {self.p} was given; it must be a prime of at most {LARGEST}")
        if not 1 <= self.largest <= LARGEST:
            raise ValueError(f"the largest number {self.largest} was given; it must lie in 1 to {LARGEST}")

    @property
    def low(self) -> int:
        """The least number."""
        return -self.largest if self.p is None else 0

    @property
    def high(self) -> int:
        """The largest number."""
        return self.largest if self.p is None else self.p - 1

    def checked(self, number: int, found: str) -> int:
        """The number.  Raises ValueError, with where it was found, if it is outside the range."""
        if not self.low <= number <= self.high:
            raise ValueError(f"{found}; numbers lie in {self.low} to {self.high}")
        return number

    def divided(self, a: int, b: int) -> int | None:
        """The number q with q b = a, or None where there is not exactly one."""
        if b == 0:
            return None
        if self.p is not None:
            return a * pow(b, -1, self.p) % self.p
        return a // b if a % b == 0 else None

    def apply(self, a: int, op: str, b: int) -> int:
        """a op b.  Raises ValueError, naming the operation, for a zero or inexact division or a result out of range."""
        if op == "/":
            q = self.divided(a, b)
            if q is None:
                reason = "division by zero" if b == 0 else "the division is not exact over the integers"
                raise ValueError(f"{a}/{b}: {reason}")
        else:
            q = a + b if op == "+" else a - b if op == "-" else a * b
        return self.checked(q if self.p is None else q % self.p, f"{a}{op}{b} = {q} was reached")


def read(text: str) -> Line:
    """The symbols of an expression, blanks and one = at the end left out; - before a digit and not after a number or )
    is a sign.  Raises ValueError for any other symbol, or for no symbols.
    """
    line: list[Symbol] = []
    rest = "".join(text.split()).removesuffix("=")
    at = 0
    while at < len(rest):
        end = at + (rest[at] == "-" and (not line or line[-1] in (*OPERATORS, "(")))
        while end < len(rest) and rest[end] in "0123456789":
            end += 1
        digits = rest[at:end]
        if digits.strip("-"):
            if len(digits) > len(str(-LARGEST)):
                raise ValueError(f"the number {digits[:12]} has {len(digits)} digits; at most {LARGEST} is allowed")
            line.append(int(digits))
            at = end
        elif rest[at] in SYMBOLS:
            line.append(rest[at])
            at += 1
        else:
            raise ValueError(f"{rest[at]!r} was found in {text!r}; expressions are made of 0-9 {' '.join(SYMBOLS)}")
    if not line:
        raise ValueError("the expression is empty; write one such as 7*(7+5+10)")
    return tuple(line)


def text_of(line: Sequence[Symbol]) -> str:
    """The symbols side by side."""
    return "".join(map(str, line))


def handle(line: Line) -> tuple[int, int] | None:
    """(start, length) of the leftmost handle, or None for a line without one."""
    for start, symbol in enumerate(line):
        ahead = (*line[start + 1 : start + 5], *[""] * 4)
        if symbol == "(" and isinstance(ahead[0], int):
            if ahead[1] == ")":
                return start, 3
            if ahead[1] in OPERATORS and isinstance(ahead[2], int) and ahead[3] == ")":
                return start, 5
        operates = isinstance(symbol, int) and ahead[0] in OPERATORS and isinstance(ahead[1], int)
        if operates and (ahead[0] in STRONG or ahead[2] not in STRONG):
            return start, 3
    return None


def lines(line: Line, numbers: Numbers) -> Iterator[Line]:
    """The lines that follow, down to one number.  Raises ValueError as `Numbers.apply` does."""
    while (found := handle(line)) is not None:
        start, length = found
        inner = [symbol for symbol in line[start : start + length] if symbol not in ("(", ")")]
        result = inner[0] if len(inner) == 1 else numbers.apply(int(inner[0]), str(inner[1]), int(inner[2]))
        line = (*line[:start], result, *line[start + length :])
        yield line


@dataclass(frozen=True)
class Part:
    """A node of an expression: symbols start .. end - 1, and its value."""

    start: int
    end: int
    value: int


class Descent:
    """Reads a line by the grammar, operators of one rank from left to right:

        sum = product ((+ | -) product)*      product = atom ((* | /) atom)*      atom = number | ( sum )

    and keeps every node that one rewrite may replace: operations on two numbers, and what stands alone in brackets.
    Raises ValueError for a line that is no expression, for brackets too deep, and as `Numbers` does.
    """

    def __init__(self, line: Line, numbers: Numbers) -> None:
        self.line, self.numbers, self.at, self.depth = line, numbers, 0, 0
        self.reducible: list[Part] = []
        self.whole = self._sum()
        if self.at < len(line):
            raise ValueError(f"{line[self.at]!r} was found after {text_of(line[: self.at])!r}; an operator is needed")

    def _sum(self) -> Part:
        return self._operations(("+", "-"), lambda: self._operations(STRONG, self._atom))

    def _operations(self, ranked: tuple[str, ...], operand) -> Part:
        left = operand()
        while self._next() in ranked:
            op = str(self._next())
            self.at += 1
            right = operand()
            result = Part(left.start, right.end, self.numbers.apply(left.value, op, right.value))
            if result.end - result.start == 3:
                self.reducible.append(result)
            left = result
        return left

    def _atom(self) -> Part:
        start, symbol = self.at, self._next()
        self.at += 1
        if isinstance(symbol, int):
            return Part(start, self.at, self.numbers.checked(symbol, f"{symbol} was given"))
        if symbol != "(":
            raise ValueError(
                f"a number or ( is needed after {text_of(self.line[:start])!r}, not {symbol or 'the end'!r}"
            )
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(f"brackets lie more than {DEEPEST} deep")
        inner = self._sum()
        if self._next() != ")":
            raise ValueError(f"the bracket after {text_of(self.line[:start])!r} is not closed")
        self.depth, self.at = self.depth - 1, self.at + 1
        result = Part(start, self.at, inner.value)
        if isinstance(self.line[inner.start], int) and inner.end - inner.start in (1, 3):
            self.reducible.append(result)
        return result

    def _next(self) -> Symbol:
        return self.line[self.at] if self.at < len(self.line) else ""


def value(line: Line, numbers: Numbers) -> int:
    """The value, by descent.  Raises ValueError as `Descent` does."""
    return Descent(line, numbers).whole.value


def is_rewrite(before: Line, after: Line, numbers: Numbers) -> bool:
    """Whether `after` is `before` with one node replaced by its value, whichever node that is.  Raises ValueError as
    `Descent` does, for `before`.
    """
    return any(
        (*before[: part.start], part.value, *before[part.end :]) == after for part in Descent(before, numbers).reducible
    )
