"""The largest error of a gadget over a whole domain, enclosed: branch and bound in balls.

The box with the largest bound (verify/gadgets/boxes.py) is halved where it matters most, until no box can beat the best
point by more than the tolerance. Boxes are rational, so the domain is covered exactly; the bounds come from balls, so
they hold whatever the rounding. A point's error is a lower bound of the supremum.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb, ctx, fmpq

from bounds.gadget_gap import gap
from bounds.gadgets import PEAK_ABOVE, SPARE
from bounds.reals import balls
from verify.gadgets.boxes import Bound, OneBlock, TwoBlocks, upper
from verify.gadgets.error import Piece, exact
from verify.gadgets.identity import without_pairs
from verify.gadgets.network import Network, Row
from verify.gadgets.separate import Box

BITS = 128
LARGEST_NUMBER_OF_BOXES = 2_000

TOLERANCE = SPARE / 2**9
"""How much wider than a point's error the enclosure may be, relatively: nothing beside what lambda has to spare."""

KEY_BITS = 80  # the bounds are rounded up to these, so that equal ones tie and the search goes deep instead of wide


@dataclass(frozen=True)
class Part:
    """One output on one piece of the domain: its network, or for two blocks those of the first and then the second."""

    piece: Piece
    second: Network
    first: tuple[Network, ...] = ()

    def along(self) -> "Part":
        """The same with the piece's parameters for inputs, and without the units that cancel in pairs."""
        turn = None if self.piece.directions is None else [tuple(map(exact, d)) for d in self.piece.directions]
        if self.first:
            return self if turn is None else replace(self, first=tuple(network.along(turn) for network in self.first))
        network, piece = without_pairs(self.second if turn is None else self.second.along(turn), self.piece)
        return Part(piece, network)

    def error(self, bits: int) -> OneBlock | TwoBlocks:
        """The bounds of its error."""
        if self.first:
            return TwoBlocks(self.first, self.second, self.piece, bits)
        return OneBlock(self.second, self.piece, bits)


@dataclass(frozen=True)
class Supremum:
    """low <= sup |f - target| <= high (None: no bound found); `point`: inputs where the error is at least low."""

    low: Fraction
    high: Fraction | None
    point: tuple[Fraction, ...]
    boxes: int


def supremum(parts: Sequence[Part], tolerance: Fraction = TOLERANCE, claimed: Fraction | None = None) -> Supremum:
    """Enclose the largest error over the parts: high <= (1 + tolerance) low, or wider where the boxes run out.

    claimed: stop as soon as it is decided whether the error ever exceeds this.
    """
    bits = BITS + _digits_cancelled(parts)
    with ctx.workprec(bits):
        search = _Search(parts[0].piece.inputs([exact(interval[0]) for interval in parts[0].piece.box]))
        for part in map(Part.along, parts):
            box = tuple((exact(a), exact(b)) for a, b in part.piece.box)
            search.meet(box, part.error(bits), part.piece)
            search.tails.append(Fraction(0) if part.piece.unbounded is None else _tail(part, bits))
        while search.high > search.low * (1 + tolerance) and not search.decides(claimed):
            if search.boxes >= LARGEST_NUMBER_OF_BOXES + len(parts):
                break
            search.refine()
        return search.found()


class _Search:
    """The boxes still to be decided, the one with the largest bound first, and the best point so far."""

    def __init__(self, point: tuple[Fraction, ...]) -> None:
        self.low, self.point, self.boxes = Fraction(0), point, 0
        self.tails: list[Fraction | None] = []
        self._heap: list[tuple[Fraction, int, Bound, OneBlock | TwoBlocks, Piece]] = []

    @property
    def high(self) -> Fraction:
        """No box has a larger error."""
        return -self._heap[0][0]

    def decides(self, claimed: Fraction | None) -> bool:
        """Whether a point exceeds the claimed bound or no box can."""
        return claimed is not None and (self.low > claimed or self.high <= claimed)

    def meet(self, box: Box, error: OneBlock | TwoBlocks, piece: Piece) -> None:
        """Bound a box and keep it; the latest of equal ones is looked at first."""
        bound = error.bound(box)
        if bound.low > self.low:
            self.low, self.point = bound.low, piece.inputs(bound.best)
        self.boxes += 1
        heapq.heappush(self._heap, (-_rounded_up(bound.high), -self.boxes, bound, error, piece))

    def refine(self) -> None:
        """Halve the box with the largest bound."""
        _, _, bound, error, piece = heapq.heappop(self._heap)
        for half in _halves(bound.box, bound.split):
            self.meet(half, error, piece)

    def found(self) -> Supremum:
        """What the search came to, with the unbounded parts' tails."""
        tails = [tail for tail in self.tails if tail is not None]
        high = None if len(tails) < len(self.tails) else max(self.high, *tails)
        return Supremum(self.low, high, self.point, self.boxes)


def _tail(part: Part, bits: int) -> Fraction | None:
    """The largest error from the end of the unbounded parameter t on, or None if it is not bounded there.

    There every |z| is at least some c > 1.28, so silu(z) is z or 0 but for phi(|z|) <= phi(c), and the rest is affine.
    Its growth along the unbounded parameter must vanish.
    """
    piece, t = part.piece, part.piece.unbounded
    if t is None or part.first or piece.product:
        return None
    end = piece.box[t][1]
    reach = [fmpq(0) if i == t else _modulus(interval) for i, interval in enumerate(piece.box)]
    rest, gaps = [exact(-c) for c in (*piece.linear, piece.constant)], arb(0)
    for unit in part.second.units:
        others = _size(unit.z, unit.z_0, reach)
        c = abs(unit.z[t]) * exact(end) - others
        if any(unit.y) or not c > exact(1 + PEAK_ABOVE):
            return None
        weight = unit.out * unit.y_0
        gaps += abs(arb(weight)) * gap(arb(c), balls(bits))
        if unit.z[t] > 0:
            rest = [r + weight * x for r, x in zip(rest, (*unit.z, unit.z_0), strict=True)]
    if rest[t] != 0:
        return None
    return upper(arb(_size(tuple(rest[:-1]), rest[-1], reach)) + gaps)


def _digits_cancelled(parts: Sequence[Part]) -> int:
    """The binary places of the largest sum of terms that the error is the small rest of."""
    largest = 1
    for part in map(Part.along, parts):
        reach = [_modulus(interval) for interval in part.piece.box]
        for unit in (unit for network in part.first or (part.second,) for unit in network.units):
            z, y = (_size(row, start, reach) for row, start in ((unit.z, unit.z_0), (unit.y, unit.y_0)))
            size = abs(unit.out) * (y + 1) * (z + 1)
            largest = max(largest, int(size.p) // int(size.q))
    return largest.bit_length()


def _size(row: Row, start: fmpq, reach: Sequence[fmpq]) -> fmpq:
    """The largest |start + row x| for |x_i| <= reach_i."""
    return abs(start) + sum((abs(c) * r for c, r in zip(row, reach, strict=True)), fmpq(0))


def _halves(box: Box, split: int) -> tuple[Box, Box]:
    a, b = box[split]
    middle = (a + b) / 2
    lower, upper = (
        tuple(half if i == split else interval for i, interval in enumerate(box)) for half in ((a, middle), (middle, b))
    )
    return lower, upper


def _rounded_up(x: Fraction) -> Fraction:
    """The least number of KEY_BITS bits that is at least x >= 0, or one bit more."""
    shift = KEY_BITS - x.numerator.bit_length() + x.denominator.bit_length()
    scaled = x * Fraction(2) ** shift
    return -Fraction(-scaled.numerator // scaled.denominator) / Fraction(2) ** shift


def _modulus(interval: tuple[Fraction, Fraction]) -> fmpq:
    low, high = (abs(exact(end)) for end in interval)
    return low if low > high else high
