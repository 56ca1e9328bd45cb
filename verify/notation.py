"""Numbers as people read them; the only place where a number becomes text for a table, a page or a message."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb

from bounds.decimals import floor_log10, round_decimal
from bounds.reals import (
    CAP_BITS,
    FIRST_BITS,
    FRACTIONS,
    ClosedForm,
    Irrational,
    Undecided,
    digits,
    enclose,
    ends,
    narrow,
)

NOTHING = "-"
_EXACT_INTEGERS_BELOW = 10**15
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def number(value: int | float | Fraction | str | None, significant: int = 5) -> str:
    """`value` with at most `significant` digits, right to the last one printed, and no zeros that say nothing.

    Whole numbers below 10^15 are printed in full; text passes through; None is a dash, NaN and infinities their names.
    """
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    exact = Fraction(value)
    if exact.denominator == 1 and abs(exact) < _EXACT_INTEGERS_BELOW and not isinstance(value, float):
        return str(exact.numerator)
    return _trimmed(round_decimal(exact, significant))


def not_above(value: Fraction, significant: int = 5) -> str:
    """A positive number rounded down to so many digits: a limit that may be typed as it is shown."""
    unit = Fraction(10) ** (floor_log10(value) - significant + 1)
    return number(value // unit * unit, significant)


def not_below(value: Fraction | float, significant: int = 5) -> str:
    """A number above 0 rounded up to so many digits: what is enough stays so as it is shown; 0 and inf as they are.

    A float is taken as the shortest decimal that is read as it, so that typing 1.28 gives what was shown as 1.28.
    """
    if value == 0 or value == math.inf:
        return number(value, significant)
    exact = Fraction(repr(value) if isinstance(value, float) else value)
    unit = Fraction(10) ** (floor_log10(exact) - significant + 1)
    return _trimmed(round_decimal(-(-exact // unit) * unit, significant))


def closed(form: ClosedForm, significant: int = 5) -> str:
    """The value of a closed form with `significant` digits, decided in balls so that every one of them is right.

    A rational value that lies on the border between two roundings is rounded exactly instead. Where neither way settles
    the digits, as for a difference of logarithms that is 0, the text is the smallest enclosure reached, in brackets.
    """
    try:
        return digits(form, significant)
    except Undecided:
        return _exactly(form, lambda value: round_decimal(value, significant), str)


def nearest(form: ClosedForm) -> float | str:
    """The float nearest to the value of a closed form, see `nearest_float`; decided as in `closed`.

    A value halfway between two floats that is not evaluated as a fraction, such as exp(log x), is never decided: then
    it is one of the two, which differ in nearness by less than CAP_BITS can tell.
    """
    bits = FIRST_BITS
    while bits <= CAP_BITS:
        ball = enclose(form, bits)
        if narrow(ball):
            low, high = (nearest_float(end) for end in ends(ball))
            if low == high:
                return low
        bits *= 2
    return _exactly(form, nearest_float, _either)


def _exactly(form: ClosedForm, rounded: Callable[[Fraction], Any], otherwise: Callable[[arb], Any]) -> Any:
    try:
        return rounded(form(FRACTIONS))
    except Irrational:
        return otherwise(enclose(form, CAP_BITS))


def _either(ball: arb) -> float | str:
    if not narrow(ball):
        return str(ball)
    low, high = ends(ball)
    return nearest_float((low + high) / 2)


def nearest_float(value: Fraction) -> float | str:
    """The float nearest to `value`; 17 digits of text where it would overflow, or vanish though `value` does not."""
    try:
        rounded = float(value)
    except OverflowError:
        return round_decimal(value, 17)
    return round_decimal(value, 17) if rounded == 0.0 and value != 0 else rounded


def size(count: int) -> str:
    """A number of bytes, such as `8.4 GiB`."""
    unit = 0
    while unit + 1 < len(_BINARY_UNITS) and count >= 1024 ** (unit + 1):
        unit += 1
    return f"{count} B" if unit == 0 else f"{count / 1024**unit:.3g} {_BINARY_UNITS[unit]}"


def seconds(duration: float) -> str:
    """A duration, such as `1.2 s` or `0.45 ms`."""
    return f"{duration:.3g} s" if duration >= 1.0 else f"{duration * 1e3:.3g} ms"


def spoken(duration: float) -> str:
    """A time to wait, such as `40 s`, `12 min` or `1.4 h`."""
    if duration < 90:
        return f"{number(duration, 2)} s"
    return f"{number(duration / 60, 2)} min" if duration < 5400 else f"{number(duration / 3600, 2)} h"


def _trimmed(text: str) -> str:
    """Without trailing zeros after the point: 0.9000 becomes 0.9, 1.000e+09 becomes 1e+09."""
    mantissa, mark, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}{mark}{exponent}"
