"""Gadgets that are exact for every lambda: their units pair up, and silu(z) - silu(-z) = z leaves a polynomial.

No search is needed, and none would end: the error is 0 everywhere, or as small as the rounding of the weights.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq

from verify.gadgets.error import Piece, exact
from verify.gadgets.network import Network, Unit

Monomial = tuple[int, ...]


def polynomial_error(network: Network, piece: Piece) -> Fraction | None:
    """A bound for |network - target| on the piece, from exact coefficients, or None where the units do not pair up.

    A unit out (y) silu(z) and one with the same y, the argument -z and the weight -out add up to out y z exactly. What
    then differs from the target is a polynomial, bounded by its coefficients' moduli times the box's.
    """
    rest = _target(piece)
    for unit in _halves(network.units) or ():
        for monomial, coefficient in _product(unit):
            rest[monomial] = rest.get(monomial, fmpq(0)) + coefficient
    if _halves(network.units) is None:
        return None
    reach = [max(abs(Fraction(low)), abs(Fraction(high))) for low, high in piece.box]
    total = Fraction(0)
    for monomial, coefficient in rest.items():
        size = Fraction(int(abs(coefficient).p), int(coefficient.q))
        for i in monomial:
            size *= reach[i]
        total += size
    return total


def _halves(units: Sequence[Unit]) -> list[Unit] | None:
    """One unit of each pair; None if a unit is left over."""
    left, halves = list(units), []
    while left:
        unit = left.pop()
        opposite = Unit(-unit.out, unit.y, unit.y_0, tuple(-c for c in unit.z), -unit.z_0)
        if opposite not in left:
            return None
        left.remove(opposite)
        halves.append(unit)
    return halves


def _target(piece: Piece) -> dict[Monomial, fmpq]:
    """Minus the target, as coefficients of monomials (the indices of the factors, in order)."""
    terms: dict[Monomial, fmpq] = {(): exact(-piece.constant)}
    terms |= {(i,): exact(-Fraction(c)) for i, c in enumerate(piece.linear)}
    if piece.product:
        terms[0, 1] = fmpq(-1)
    return terms


def _product(unit: Unit) -> list[tuple[Monomial, fmpq]]:
    """out (y_0 + y x)(z_0 + z x) as monomials."""
    y = [((), unit.y_0), *(((i,), c) for i, c in enumerate(unit.y))]
    z = [((), unit.z_0), *(((i,), c) for i, c in enumerate(unit.z))]
    return [(tuple(sorted((*i, *k))), unit.out * a * b) for i, a in y for k, b in z if a * b != 0]
