"""What is known of the error on one box: an upper bound of its modulus, a point where it is large, a side to halve.

One block. With middle m, radii r and the gradient enclosed over the box, |e| <= |e(m)| + sum_i |e_i| r_i; with the
Hessian, |e| <= |e(m)| + sum_i |e_i(m)| r_i + 1/2 sum_ij |e_ij| r_i r_j; and where units keep to one side of their kinks
`Separated` bounds it too. The least of these counts. Where e keeps its sign and e_i keeps its own, |e| is largest on
one face, and the box shrinks to that face.

Two blocks. The first one's outputs u are enclosed over the box, by `Separated` and by their slopes; the second block's
error over all such u, by the rules for one block, is a bound for the chain's over the box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, fmpq

from bounds.reals import ends
from verify.gadgets.error import ErrorOf, Piece, exact
from verify.gadgets.network import Network, Row
from verify.gadgets.separate import Box, Separated

SMALL = Fraction(1, 2**1000)


@dataclass(frozen=True)
class Bound:
    """|e| <= high on the box, |e| >= low at the point `best` of it; `split` is the side to halve."""

    box: Box
    high: Fraction
    split: int
    low: Fraction
    best: Row


class OneBlock:
    """The error of one network on a piece."""

    def __init__(self, network: Network, piece: Piece, bits: int) -> None:
        self._error, self._separated = ErrorOf(network, piece), Separated(network, piece, bits)
        self._reads = [sum((abs(u.z[i]) for u in network.units), fmpq(0)) for i in range(network.n)]

    def bound(self, box: Box) -> Bound:
        """What is known of the box."""
        middle = tuple((a + b) / 2 for a, b in box)
        radius = [arb((b - a) / 2) for a, b in box]
        e, at, _ = self._error.with_derivatives([arb(x) for x in middle], bends=False)
        if all(a == b for a, b in box):
            return Bound(box, upper(abs(e)), 0, lower(abs(e)), middle)
        separated = self._separated.over(box)
        slopes, bends = self._derivatives(box, at, radius)
        first = [abs(slope) * r for slope, r in zip(slopes, radius, strict=True)]
        if face := _face(box, slopes, _sign(e, sum(first, arb(0)), separated)):
            return self.bound(face)
        second = [
            abs(slope) * r + sum((abs(bend) * r * q for bend, q in zip(row, radius, strict=True)), arb(0)) / 2
            for slope, row, r in zip(at, bends, radius, strict=True)
        ]
        highs = [(upper(abs(e) + sum(terms, arb(0))), terms) for terms in (first, second)]
        high, terms = highs[0] if highs[0][0] < highs[1][0] else highs[1]
        sizes = [upper(term) for term in terms]
        if separated and (largest := max(upper(-separated[0]), upper(separated[1]))) < high:
            high, sizes = largest, [Fraction(int(c.p), int(c.q)) for c in self._reaches(box)]
        split = sizes.index(max(sizes))
        corner = tuple(b if (at[i] * e).mid() > 0 else a for i, (a, b) in enumerate(box))
        here, there = lower(abs(e)), lower(abs(self._error(corner)))
        low, best = (there, corner) if there > here else (here, middle)
        return Bound(box, high, split, low, best)

    def enclosed(self, box: Box) -> tuple[Fraction, Fraction]:
        """An interval that holds every value of the error on the box."""
        middle = [arb((a + b) / 2) for a, b in box]
        e, at, _ = self._error.with_derivatives(middle, bends=False)
        radius = [arb((b - a) / 2) for a, b in box]
        slopes, _ = self._derivatives(box, at, radius)
        off = sum((abs(slope) * r for slope, r in zip(slopes, radius, strict=True)), arb(0))
        low, high = lower(e - off), upper(e + off)
        if separated := self._separated.over(box):
            low, high = max(low, lower(separated[0])), min(high, upper(separated[1]))
        return low, high

    def at(self, x: Sequence[arb]) -> arb:
        """The error at a point."""
        return self._error.with_derivatives(x, bends=False)[0]

    def _derivatives(self, box: Box, at: list[arb], radius: list[arb]) -> tuple[list[arb], list[list[arb]]]:
        """Gradient and Hessian over the box, the gradient by itself and from the middle by the Hessian."""
        _, over, bends = self._error.with_derivatives([arb(a).union(arb(b)) for a, b in box], bends=True)
        zero = arb(0)
        slopes = []
        for slope, here, row in zip(over, at, bends, strict=True):
            off = sum((abs(bend) * r for bend, r in zip(row, radius, strict=True)), zero)
            slopes.append(slope.intersection(here + off.union(-off)))
        return slopes, bends

    def _reaches(self, box: Box) -> list[fmpq]:
        return [read * (b - a) for read, (a, b) in zip(self._reads, box, strict=True)]


class TwoBlocks:
    """The error of `second` after `first`: it reads nothing but the outputs of `first`; the target is constant."""

    def __init__(self, first: Sequence[Network], second: Network, piece: Piece, bits: int) -> None:
        still = Piece(piece.box, (0,) * len(piece.box))
        self._first = [OneBlock(network, still, bits) for network in first]
        self._second = OneBlock(second, Piece((), (0,) * second.n, piece.constant), bits)
        self._reads = [
            sum((abs(unit.z[i]) for network in first for unit in network.units), fmpq(0)) for i in range(len(piece.box))
        ]

    def bound(self, box: Box) -> Bound:
        """What is known of the box."""
        middle = tuple((a + b) / 2 for a, b in box)
        ranges = [network.enclosed(box) for network in self._first]
        between = tuple((exact(low), exact(high)) for low, high in ranges)
        e = self._second.at([network.at([arb(x) for x in middle]) for network in self._first])
        sizes = [read * (b - a) for read, (a, b) in zip(self._reads, box, strict=True)]
        return Bound(box, self._second.bound(between).high, sizes.index(max(sizes)), lower(abs(e)), middle)


def _face(box: Box, slopes: list[arb], sign: int) -> Box | None:
    """The face on which |e| is largest; None where that is the box itself, or the sign of e is not known."""
    up = [sign * slope > 0 for slope in slopes]
    down = [sign * slope < 0 for slope in slopes]
    face = tuple(
        (b, b) if rises else (a, a) if falls else (a, b) for (a, b), rises, falls in zip(box, up, down, strict=True)
    )
    return None if face == box else face


def _sign(e: arb, off: arb, separated: tuple[arb, arb] | None) -> int:
    """The sign of the error over a box with the value e, off by at most `off`; 0 where it is not known."""
    if e - off > 0 or (separated and separated[0] > 0):
        return 1
    return -1 if e + off < 0 or (separated and separated[1] < 0) else 0


def upper(x: arb) -> Fraction:
    """A number above the ball; `SMALL` for one within it of 0, whose exact fraction could be too long to write down."""
    return SMALL if abs(x) < exact(SMALL) else ends(x.upper())[1]


def lower(x: arb) -> Fraction:
    """A number below the ball, in the same way."""
    if abs(x) < exact(SMALL):
        return Fraction(0) if x > 0 else -SMALL
    return ends(x.lower())[0]
