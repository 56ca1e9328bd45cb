"""Which numbers of a compiled stack a float format holds exactly: the error budget.

All scales are powers of two, all quantities integers, all coefficients m / 2^k, and in a format whose smallest number
exceeds e^-lambda every exponential is 0 or 1.  A sum of multiples of 2^-k is exact, in any order of summation and with
or without fused products, when the sum of the moduli of its terms is at most 2^(precision - k): so is every partial
sum.  A factor lambda or lambda^2 changes exponents only, and nothing overflows while the largest number stays above it.
This file adds the moduli up for every sum that a run forms:

    arguments   z and g of a unit, linear in the stream: sum_n |c_n| max |x_n| + |constant|;
    products    z relu(g): at most max |z| max(0, max g), the ends being those of interval arithmetic.  z and g have
                been formed exactly, so what counts here is their value, no longer the terms that they came from;
    values      the sum of these over the units of a scalar, times their weights;
    memories    what is kept lies in the cell's interval; rates and gates are sums of digits, squares and constants.

What is promised: a program's quantities are those of `interpreter` and lie in their intervals, flags are 0 or 1, parts
with fractional coefficients are integers, at most `longest` tokens.  Then `share` <= 1 everywhere says that no number
of a run is rounded, in any execution of the same sums.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bounds.formats import FloatFormat
from constructions.programs.addresses import Digits
from constructions.programs.blocks import Cell, SlotsCell
from constructions.programs.expression import Interval
from constructions.programs.lowering import Address, Form, Scalar


@dataclass(frozen=True)
class Reach:
    """The largest sum of moduli at one place, in its smallest unit, and how much of the format's exact range it takes.

    `share` <= 1: exact.
    """

    where: str
    largest: Fraction
    share: Fraction


def of_tokens(given: Mapping[str, Interval], scale: int, format: FloatFormat) -> Iterator[Reach]:
    """What enters the stream: the fields and the position."""
    return (reach(f"{n}: token", _largest(within), (), scale, format) for n, within in given.items())


def of_units(
    scalars: Sequence[Scalar], within: Mapping[str, Interval], scale: int, format: FloatFormat
) -> Iterator[Reach]:
    """The arguments, the products and the sums of a block without memory."""
    for scalar in scalars:
        for unit in scalar.units:
            largest = max(moduli(unit.z, within), moduli(unit.g, within))
            yield reach(f"{scalar.name}: argument", largest, (unit.z, unit.g), scale, format)
        products = [
            abs(u.weight) * max(map(abs, span(u.z, within))) * max(0, span(u.g, within)[1]) for u in scalar.units
        ]
        total = max(sum(products, Fraction(0)), _largest(scalar.within))
        yield reach(f"{scalar.name}: value", total, (), scale, format)


def of_cells(cells: Sequence[Cell], within: Mapping[str, Interval], scale: int, format: FloatFormat) -> Iterator[Reach]:
    """The values, the rates of writing and the gates of a block with memories."""
    for cell in cells:
        largest = max(moduli(cell.value, within), _largest(cell.within))
        yield reach(f"{cell.name}: value", largest, (cell.value,), scale**2, format)
        if isinstance(cell, SlotsCell):
            for place, label, outside in ((cell.written, "written at", 2), (cell.read, "read at", 1)):
                largest = _distance(place, cell.slots, within) * outside + 1
                yield reach(f"{cell.name}: {label}", largest, (place.norm, *place.digits), scale, format)
        elif cell.when is not None:
            yield reach(f"{cell.name}: when", 2 * moduli(cell.when, within) + 1, (cell.when,), scale, format)


def reach(where: str, largest: Fraction, forms: Sequence[Form], scale: int, format: FloatFormat) -> Reach:
    """How much of the format's exact range a sum of moduli takes when its terms are multiples of the forms' unit."""
    unit = max((c.denominator for form in forms for c in (form.constant, *form.terms.values())), default=1)
    digits = largest * unit / 2**format.precision
    size = largest * scale / format.max
    return Reach(where, largest, max(digits, size))


def moduli(form: Form, within: Mapping[str, Interval]) -> Fraction:
    """|constant| + sum |coefficient| max |scalar|."""
    return abs(form.constant) + sum((abs(c) * _largest(within[n]) for n, c in form.terms.items()), Fraction(0))


def span(form: Form, within: Mapping[str, Interval]) -> tuple[Fraction, Fraction]:
    """The interval of the form's value, term by term."""
    ends = [sorted((c * within[n][0], c * within[n][1])) for n, c in form.terms.items()]
    return form.constant + sum(low for low, _ in ends), form.constant + sum(high for _, high in ends)


def _distance(place: Address, slots: Digits, within: Mapping[str, Interval]) -> Fraction:
    """The most that |q|^2 + 2 |p| |q| + |p|^2 can be, digit by digit."""
    total = moduli(place.norm, within)
    for digit, largest in zip(place.digits, slots.largest, strict=True):
        total += 2 * largest * moduli(digit, within) + largest**2
    return total


def _largest(interval: Interval) -> Fraction:
    return Fraction(max(abs(interval[0]), abs(interval[1])))
