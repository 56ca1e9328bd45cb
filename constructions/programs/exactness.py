"""Which numbers of a compiled stack a float format holds exactly: the error budget.

All quantities are integers (or m / 2^k), all scales powers of two, and in a format whose smallest number exceeds
e^-lambda every exponential is 0 or 1.  A run is then exact if no intermediate number is rounded: a sum of products of
integers is exact, in any order of summation, when the sum of their moduli is at most 2^precision (times the smallest
unit 2^-k among them), and lambda^2 times it stays below the largest number of the format.  This file adds the moduli up
over the intervals of the quantities, for every row of every weight that is used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bounds.formats import FloatFormat
from constructions.programs.addresses import Address
from constructions.programs.blocks import Cell, SlotsCell
from constructions.programs.expression import Interval
from constructions.programs.lowering import Form, Scalar


@dataclass(frozen=True)
class Reach:
    """The largest sum of moduli at one place, in its smallest unit, and how much of the format's exact range it takes.

    `share` <= 1: exact.
    """

    where: str
    largest: Fraction
    share: Fraction


def of_units(
    scalars: Sequence[Scalar], within: Mapping[str, Interval], scale: int, format: FloatFormat
) -> Iterator[Reach]:
    """The arguments, the products and the sums of a block without memory."""
    for scalar in scalars:
        total = Fraction(0)
        for unit in scalar.units:
            z, g = moduli(unit.z, within), moduli(unit.g, within)
            total += abs(unit.weight) * z * g
            yield reach(f"{scalar.name}: argument", max(z, g), (unit.z, unit.g), scale, format)
        finest = [form for unit in scalar.units for form in (unit.z, unit.g)]
        yield reach(f"{scalar.name}: value", max(total, _largest(scalar.within)), finest, scale, format)


def of_cells(cells: Sequence[Cell], within: Mapping[str, Interval], scale: int, format: FloatFormat) -> Iterator[Reach]:
    """The values, the rates of writing and the gates of a block with memories."""
    for cell in cells:
        yield reach(
            f"{cell.name}: value",
            max(moduli(cell.value, within), _largest(cell.within)),
            (cell.value,),
            scale**2,
            format,
        )
        if isinstance(cell, SlotsCell):
            for place, label, outside in ((cell.written, "written at", 2), (cell.read, "read at", 1)):
                largest = _distance(place, cell.slots, within) * outside + 1
                yield reach(f"{cell.name}: {label}", largest, (place.norm, *place.digits), scale, format)


def reach(where: str, largest: Fraction, forms: Sequence[Form], scale: int, format: FloatFormat) -> Reach:
    """How much of the format's exact range a sum of moduli takes when its terms are multiples of the forms' unit."""
    unit = max((c.denominator for form in forms for c in (form.constant, *form.terms.values())), default=1)
    digits = largest * unit / 2**format.precision
    size = largest * scale / format.max
    return Reach(where, largest, max(digits, size))


def moduli(form: Form, within: Mapping[str, Interval]) -> Fraction:
    """|constant| + sum |coefficient| max |scalar|."""
    return abs(form.constant) + sum((abs(c) * _largest(within[n]) for n, c in form.terms.items()), Fraction(0))


def _distance(place: Address, slots: np.ndarray, within: Mapping[str, Interval]) -> Fraction:
    """The most that |q|^2 + 2 |p| |q| + |p|^2 can be, digit by digit."""
    total = moduli(place.norm, within)
    for digit, largest in zip(place.digits, slots.max(axis=0), strict=True):
        total += 2 * int(largest) * moduli(digit, within) + int(largest) ** 2
    return total


def _largest(interval: Interval) -> Fraction:
    return Fraction(max(abs(interval[0]), abs(interval[1])))
