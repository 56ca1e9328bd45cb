"""How a slot is named by numbers: digits, and the distance from a slot as one linear form.

Theorem 3 asks for the one-hot e_q of a position; the tokens of A.6 bring the number q.  With the square of the number
in the stream as well, the one-hot is a single unit a slot, formed where it is used:

    relu(1 - (q - p)^2) = I[q = p],    (q - p)^2 = q^2 - 2 p q + p^2    linear in (q, q^2).

In floats q^2 and 2 p q must be exact, so N slots of one digit need about 4 N^2 <= 2^precision.  Beyond that q is
written in base R, q = R q_1 + q_0, and |q - p|^2 = (q_1 - p_1)^2 + (q_0 - p_0)^2 is 0 exactly for q = p and at least 1
otherwise.  A number outside 0 .. N - 1 is brought to -1 or N, whose digits no slot has.
"""

from bisect import bisect_left
from dataclasses import dataclass
from math import isqrt

import numpy as np
from jaxtyping import Int

from bounds.formats import FloatFormat
from constructions.programs.expression import Expr, clipped, modulo, quotient
from constructions.programs.lowering import Address, Form, Lowering


def radix(count: int, format: FloatFormat) -> tuple[int, int]:
    """(base, number of digits) for `count` slots: the fewest digits whose distances are exact in the format.

    The distance 1 - |q - p|^2 and the rate 1 - 2 |q - p|^2 add integers of modulus at most 2 (4 k R^2) + 1 in all.
    Raises ValueError for no slots, or where even base 2 is too coarse for the format.
    """
    if count < 1:
        raise ValueError(f"{count} slots were given; a memory has at least one")
    for k in range(1, 65):
        largest = isqrt((2**format.precision - 1) // (8 * k)) - 1  # base with 8 k (R + 1)^2 + 1 <= 2^precision
        if largest >= 1 and largest**k >= count:
            return 1 + bisect_left(range(1, largest), count, key=lambda base, k=k: base**k), k
    raise ValueError(f"{count} slots cannot be told apart exactly in {format.name}")


@dataclass(frozen=True)
class Digits:
    """The numbers 0 .. count - 1 in one base, k digits each, most significant first: how the slots of a memory are
    named.  They are written out only where weights are made; bounds on a run need the largest ones alone.
    """

    count: int
    base: int
    k: int

    @property
    def largest(self) -> tuple[int, ...]:
        """The largest digit of each place: where higher digits follow, the lower ones have run through all."""
        last = self.count - 1
        return tuple(min(last // self.base**j, self.base - 1) for j in reversed(range(self.k)))

    def written(self) -> Int[np.ndarray, "count k"]:
        """All of them."""
        return np.stack([np.arange(self.count) // self.base**j % self.base for j in reversed(range(self.k))], axis=1)


def address(number: Expr, count: int, format: FloatFormat, lowering: Lowering, called: str) -> Address:
    """The number's address among `count` slots, formed once.  Raises ValueError as `radix` does."""
    if (number, count) not in lowering.addresses:
        lowering.addresses[number, count] = _formed(number, count, format, lowering, called)
    return lowering.addresses[number, count]


def _formed(number: Expr, count: int, format: FloatFormat, lowering: Lowering, called: str) -> Address:
    base, k = radix(count, format)
    low, high = lowering.interval(number)
    if low < -1 or high > count:
        number = clipped(number, -1, count)
    digits: list[Form] = []
    squares: list[Form] = []
    rest = number
    for j in reversed(range(k)):
        power, part = base**j, "" if k == 1 else f" {j}"
        digit = quotient(rest, power) if power > 1 else rest
        within = lowering.interval(digit)
        form = lowering.carried(lowering.form(digit, f"{called}{part}"), f"{called}{part}", within, digit)
        digits.append(form)
        squares.append(lowering.squared(form, f"{called}{part} squared", within, digit))
        remainder = lowering.form(rest, called) - form.times(power)
        rest = lowering.define(f"{called} below {power}", remainder, (0, power - 1), modulo(rest, power))
    return Address(tuple(digits), sum(squares[1:], squares[0]))


def match(
    place: Address, slots: Int[np.ndarray, "count k"], outside: float
) -> tuple[list[tuple[Form, np.ndarray]], np.ndarray]:
    """1 - outside |q - p|^2 for slots p given by their digits, shape (count, k).

    Returns the forms of the stream with their coefficient for each slot, and the constant of each slot.
    """
    constants = 1.0 - outside * (slots.astype(np.float64) ** 2).sum(axis=1)
    terms = [(place.norm, np.full(len(slots), -outside))]
    terms += [(digit, 2.0 * outside * p) for digit, p in zip(place.digits, slots.T, strict=True)]
    return terms, constants
