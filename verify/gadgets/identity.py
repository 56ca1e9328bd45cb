"""Units that pair up: silu(z) - silu(-z) = z leaves a polynomial; where all do, the gadget is exact for every lambda.

No search is needed there, and none would end: the error is 0 everywhere, on unbounded domains too.
"""

from collections.abc import Sequence
from dataclasses import replace
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
    halves, others = paired(network.units)
    if others:
        return None
    for unit in halves:
        for monomial, coefficient in _product(unit):
            rest[monomial] = rest.get(monomial, fmpq(0)) + coefficient
    reach = [max(abs(Fraction(low)), abs(Fraction(high))) for low, high in piece.box]
    total = Fraction(0)
    for monomial, coefficient in rest.items():
        size = Fraction(int(abs(coefficient).p), int(coefficient.q))
        for i in monomial:
            size *= reach[i]
        total += size
    return total


def without_pairs(network: Network, piece: Piece) -> tuple[Network, Piece]:
    """The same error with the linear forms that pairs of units carry moved into the target."""
    halves, others = paired([unit for unit in network.units if not any(unit.y)])
    form = [exact(c) for c in (*piece.linear, piece.constant)]
    for unit in halves:
        form = [c - unit.out * unit.y_0 * x for c, x in zip(form, (*unit.z, unit.z_0), strict=True)]
    kept = (*others, *(unit for unit in network.units if any(unit.y)))
    *linear, constant = (Fraction(int(c.p), int(c.q)) for c in form)
    return Network(network.n, kept), replace(piece, linear=tuple(linear), constant=constant)


def paired(units: Sequence[Unit]) -> tuple[list[Unit], list[Unit]]:
    """One unit of each pair, and the units without a partner."""
    left, halves, others = list(units), [], []
    while left:
        unit = left.pop()
        opposite = Unit(-unit.out, unit.y, unit.y_0, tuple(-c for c in unit.z), -unit.z_0)
        if opposite in left:
            left.remove(opposite)
            halves.append(unit)
        else:
            others.append(unit)
    return halves, others


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
