"""One text for a closed form, three kinds of number: floats to plot it, balls to prove it, fractions to be exact.

A closed form is a function of one `Reals` record, whose operations it uses together with + - * / and integer powers:

    def threshold(reals): return reals.log(reals.number(N)) + reals.number(rho)

`threshold(FLOATS)` is a float and therefore evidence. `enclose(threshold, bits)` is a ball that holds the true value,
and `threshold(FRACTIONS)` is the true value itself where the form is rational. `decide` compares two closed forms and
`digits` prints one; both raise the precision until the answer is proved.

python-flint keeps its precision in one global, so `enclose` sets it for one evaluation and puts it back. Two threads of
one process must not prove things at the same time.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any

from flint import arb, ctx, fmpq

from bounds.decimals import round_decimal

Number = int | float | Fraction
ClosedForm = Callable[["Reals"], Any]

FIRST_BITS = 64
CAP_BITS = 1 << 13


class Irrational(ArithmeticError):
    """A closed form asked the rational numbers for something that they do not contain."""


class Undecided(ArithmeticError):
    """No precision up to the cap decided the question; the message shows the enclosure reached."""


@dataclass(frozen=True)
class Reals:
    """The operations that a closed form may use over one kind of number.

    Args:
        name: the kind, for messages.
        number: takes an int, a float (as the exact binary number that it is) or a Fraction to this kind.
        between: (low, high) -> a number of this kind that stands for an unknown in [low, high]: the ball of the whole
            interval, or a float in its middle.
        exp, log, log1p, expm1, sqrt, sin: the usual functions of one argument.
        pi: a function without arguments, since the value depends on the precision in force.
        bits: working precision in bits; None where arithmetic is exact.
    """

    name: str
    number: Callable[[Number], Any]
    between: Callable[[Number, Number], Any]
    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]
    log1p: Callable[[Any], Any]
    expm1: Callable[[Any], Any]
    sqrt: Callable[[Any], Any]
    sin: Callable[[Any], Any]
    pi: Callable[[], Any]
    bits: int | None


FLOATS = Reals(
    name="floats",
    number=float,
    between=lambda low, high: (low + high) / 2,
    exp=math.exp,
    log=math.log,
    log1p=math.log1p,
    expm1=math.expm1,
    sqrt=math.sqrt,
    sin=math.sin,
    pi=lambda: math.pi,
    bits=53,
)


def _not_rational(operation: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise Irrational(f"{operation} leaves the rational numbers; evaluate this closed form in FLOATS or in balls")

    return refuse


FRACTIONS = Reals(
    name="fractions",
    number=lambda x: Fraction(x),  # a float counts as the exact binary number that it is
    between=_not_rational("an unknown in an interval"),
    exp=_not_rational("exp"),
    log=_not_rational("log"),
    log1p=_not_rational("log1p"),
    expm1=_not_rational("expm1"),
    sqrt=_not_rational("sqrt"),
    sin=_not_rational("sin"),
    pi=_not_rational("pi"),
    bits=None,
)


def ball(x: Number) -> arb:
    """The number `x` as a ball at the precision in force; exact for ints that fit and for floats."""
    exact = Fraction(x)
    return arb(fmpq(exact.numerator, exact.denominator))


@cache
def balls(bits: int) -> Reals:
    """Ball arithmetic meant for `bits` bits; use it through `enclose`, which also sets the precision of + - * /.

    Every operation encloses the true value whatever the precision in force, so a result is never wrong, only wider.

    Raises:
        ValueError: fewer than 2 bits.
    """
    if bits < 2:
        raise ValueError(f"a ball of {bits} bits was asked for; the least is 2")
    return Reals(
        name=f"balls of {bits} bits",
        number=ball,
        between=lambda low, high: ball(low).union(ball(high)),
        exp=arb.exp,
        log=arb.log,
        log1p=arb.log1p,
        expm1=arb.expm1,
        sqrt=arb.sqrt,
        sin=arb.sin,
        pi=arb.pi,
        bits=bits,
    )


def enclose(closed_form: ClosedForm, bits: int) -> arb:
    """A ball that holds the closed form's true value, from `bits` bits; the global precision is left as it was."""
    with ctx.workprec(bits):
        return closed_form(balls(bits))


def _precisions(cap_bits: int) -> Iterator[int]:
    """FIRST_BITS, doubled up to the cap."""
    bits = FIRST_BITS
    while bits <= cap_bits:
        yield bits
        bits *= 2


class Order(Enum):
    """How two real numbers compare; the value is the sign to print between them."""

    LESS = "<"
    EQUAL = "="
    GREATER = ">"
    UNDECIDED = "?"


def decide(left: ClosedForm, right: ClosedForm, cap_bits: int = CAP_BITS) -> Order:
    """Proves how two closed forms compare.

    Balls of rising precision are compared until one comparison is true. Equal numbers never separate that way, so at
    the cap both forms are evaluated exactly if they are rational; otherwise the answer is UNDECIDED.
    """
    for bits in _precisions(cap_bits):
        a, b = enclose(left, bits), enclose(right, bits)
        with ctx.workprec(bits):
            if a < b:
                return Order.LESS
            if a > b:
                return Order.GREATER
    try:
        return _decide_exactly(left(FRACTIONS), right(FRACTIONS))
    except Irrational:
        return Order.UNDECIDED


def _decide_exactly(a: Fraction, b: Fraction) -> Order:
    if a == b:
        return Order.EQUAL
    return Order.LESS if a < b else Order.GREATER


def ends(x: arb) -> tuple[Fraction, Fraction]:
    """The ends of a finite ball as exact fractions.

    Raises:
        Undecided: the ball is not finite, so that it tells nothing.
    """
    if x.is_finite():  # middle and radius are exact whatever the precision in force; `lower` and `upper` would round
        middle, radius = _dyadic(x.mid()), _dyadic(x.rad())
        return middle - radius, middle + radius
    raise Undecided(f"the enclosure {x} is not finite")


def float_at_least(x: Fraction) -> float:
    """The least float that is not below `x`: a number that is enough stays so as a float."""
    nearest = float(x)
    return nearest if Fraction(nearest) >= x else math.nextafter(nearest, math.inf)


def float_at_most(x: Fraction) -> float:
    """The largest float that is not above `x`: what is at least `x` is at least that float."""
    return -float_at_least(-x)


def narrow(x: arb) -> bool:
    """Whether a ball tells at least one bit of its number (or is exact), so that its ends may round alike.

    Only then are the ends worth having: a wide ball, such as exp of one, may reach to 2^(2^100), which no memory holds.
    """
    return x.is_finite() and x.rel_accuracy_bits() > 0


def _dyadic(x: arb) -> Fraction:
    mantissa, exponent = x.man_exp()
    return int(mantissa) * Fraction(2) ** int(exponent)


def digits(value: Number | ClosedForm, n: int, cap_bits: int = CAP_BITS) -> str:
    """The decimal string of `value` with n significant digits, right to the last one printed (see `round_decimal`).

    A number is rounded exactly, half to even; a float counts as the binary number that it is. A closed form is enclosed
    at rising precision until both ends of its ball round to the same string; one that lies on a rounding boundary never
    gets there, and is then evaluated exactly if it is rational.

    Raises:
        ValueError: n < 1, or a float that is not finite.
        Undecided: the ends still differ at `cap_bits` and the form is not rational. The message shows the enclosure.
    """
    if not callable(value):
        return round_decimal(_finite(value), n)
    x = arb("nan")
    for bits in _precisions(cap_bits):
        x = enclose(value, bits)
        if narrow(x):
            low, high = (round_decimal(end, n) for end in ends(x))
            if low == high:
                return low
    try:
        return round_decimal(value(FRACTIONS), n)
    except Irrational:
        raise Undecided(f"{n} digits are not decided at {cap_bits} bits; the value lies in {x.str(n + 5)}") from None


def _finite(x: Number) -> Fraction:
    if isinstance(x, float) and not math.isfinite(x):
        raise ValueError(f"{x} has no decimal digits; give a finite number")
    return Fraction(x)
