"""The largest error of a network over a whole domain, enclosed: branch and bound in balls.

On a box with middle m and radii r, the error e(x) = f(x) - target(x) satisfies |e| <= |e(m)| + sum_i |e_i| r_i with the
gradient enclosed over the box, and |e| <= |e(m)| + sum_i |e_i(m)| r_i + 1/2 sum_ij |e_ij| r_i r_j with the Hessian. The
smaller of the two bounds the box. The box with the largest bound is halved where it matters most, until no box can beat
the best point by more than the tolerance. Boxes are rational, so the domain is covered exactly; the bounds come from
balls, so they hold whatever the rounding. A point's error is a lower bound of the supremum.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpq

from bounds.gadget_gap import gap
from bounds.reals import balls, ends
from verify.gadgets.error import ErrorOf, Piece, exact
from verify.gadgets.network import Network, Row

BITS = 128
LARGEST_NUMBER_OF_BOXES = 20_000

Box = tuple[tuple[fmpq, fmpq], ...]


@dataclass(frozen=True)
class Supremum:
    """low <= sup |f - target| <= high (None: no bound found); `point`: inputs where the error is at least low."""

    low: Fraction
    high: Fraction | None
    point: tuple[Fraction, ...]
    boxes: int


@dataclass(frozen=True)
class _Bound:
    """What is known of one box: |e| <= high on it, |e| >= low at `best`; `split` is the side to halve."""

    box: Box
    high: Fraction
    split: int
    low: Fraction
    best: Row


def supremum(
    network: Network, pieces: Sequence[Piece], tolerance: Fraction, claimed: Fraction | None = None
) -> Supremum:
    """Enclose the largest error over the pieces: high <= (1 + tolerance) low, or wider where the boxes run out.

    claimed: stop as soon as it is decided whether the error ever exceeds this.
    """
    with ctx.workprec(BITS):
        search = _Search(pieces[0].inputs([exact(interval[0]) for interval in pieces[0].box]))
        for piece in pieces:
            local = network if piece.directions is None else network.along([_row(d) for d in piece.directions])
            search.meet(tuple((exact(a), exact(b)) for a, b in piece.box), ErrorOf(local, piece), piece)
            search.tails.append(Fraction(0) if piece.unbounded is None else _tail(local, piece, piece.unbounded))
        while search.high > search.low * (1 + tolerance) and not search.decides(claimed):
            if search.boxes >= LARGEST_NUMBER_OF_BOXES:
                break
            search.refine()
        return search.found()


class _Search:
    """The boxes still to be decided, the one with the largest bound first, and the best point so far."""

    def __init__(self, point: tuple[Fraction, ...]) -> None:
        self.low, self.point, self.boxes = Fraction(0), point, 0
        self.tails: list[Fraction | None] = []
        self._heap: list[tuple[Fraction, int, _Bound, ErrorOf, Piece]] = []

    @property
    def high(self) -> Fraction:
        """No box has a larger error."""
        return -self._heap[0][0]

    def decides(self, claimed: Fraction | None) -> bool:
        """Whether a point exceeds the claimed bound or no box can."""
        return claimed is not None and (self.low > claimed or self.high <= claimed)

    def meet(self, box: Box, error: ErrorOf, piece: Piece) -> None:
        bound = _bound(error, box)
        if bound.low > self.low:
            self.low, self.point = bound.low, piece.inputs(bound.best)
        self.boxes += 1
        heapq.heappush(self._heap, (-bound.high, self.boxes, bound, error, piece))

    def refine(self) -> None:
        _, _, bound, error, piece = heapq.heappop(self._heap)
        for half in _halves(bound.box, bound.split):
            self.meet(half, error, piece)

    def found(self) -> Supremum:
        tails = [tail for tail in self.tails if tail is not None]
        high = None if len(tails) < len(self.tails) else max(self.high, *tails)
        return Supremum(self.low, high, self.point, self.boxes)


def _bound(error: ErrorOf, box: Box) -> _Bound:
    n = len(box)
    middle = tuple((a + b) / 2 for a, b in box)
    radius = [arb((b - a) / 2) for a, b in box]
    e, at, _ = error.with_derivatives([arb(x) for x in middle], bends=False)
    _, over, curved = error.with_derivatives([arb(a).union(arb(b)) for a, b in box], bends=True)
    first = [abs(over[i]) * radius[i] for i in range(n)]
    second = [
        abs(at[i]) * radius[i] + sum((abs(curved[i][k]) * radius[i] * radius[k] for k in range(n)), arb(0)) / 2
        for i in range(n)
    ]
    by_first, by_second = (_upper(abs(e) + sum(terms, arb(0))) for terms in (first, second))
    high, terms = (by_first, first) if by_first < by_second else (by_second, second)
    split = sorted(range(n), key=lambda i: terms[i].mid() + terms[i].rad())[-1]
    corner = tuple(b if (at[i] * e).mid() > 0 else a for i, (a, b) in enumerate(box))
    candidates = [(_lower(abs(error(corner))), corner), (_lower(abs(e)), middle)]
    low, best = candidates[0] if candidates[0][0] > candidates[1][0] else candidates[1]
    return _Bound(box, high, split, low, best)


def _tail(network: Network, piece: Piece, t: int) -> Fraction | None:
    """The largest error from the end of the unbounded parameter t on, or None if it is not bounded there.

    There every |z| is at least some c > 1.28, so silu(z) is z or 0 but for phi(|z|) <= phi(c), and the rest is affine.
    Its growth along the unbounded parameter must vanish; what two roundings of each weight to float64 leave is taken
    for none, since lambda and 1/lambda are not both float64 numbers.
    """
    end = piece.box[t][1]
    reach = [fmpq(0) if i == t else _modulus(interval) for i, interval in enumerate(piece.box)]
    rest, gaps = [exact(-c) for c in (*piece.linear, piece.constant)], arb(0)
    for unit in network.units:
        others = abs(unit.z_0) + sum((abs(c) * r for c, r in zip(unit.z, reach, strict=True)), fmpq(0))
        c = abs(unit.z[t]) * exact(end) - others
        if piece.product or any(unit.y) or not c > _PAST_THE_PEAK:
            return None
        weight = unit.out * unit.y_0
        gaps += abs(arb(weight)) * gap(arb(c), balls(BITS))
        if unit.z[t] > 0:
            rest = [r + weight * x for r, x in zip(rest, (*unit.z, unit.z_0), strict=True)]
    size = abs(exact(piece.linear[t])) + sum((abs(u.out * u.y_0 * u.z[t]) for u in network.units), fmpq(0))
    if not abs(rest[t]) <= _WEIGHTS_ROUNDING * size:
        return None
    affine = abs(rest[-1]) + sum((abs(c) * r for c, r in zip(rest, reach, strict=False)), fmpq(0))
    return _upper(arb(affine) + gaps)


_PAST_THE_PEAK = fmpq(32, 25)
_WEIGHTS_ROUNDING = fmpq(1, 2**51)


def _row(direction: Sequence[Fraction]) -> Row:
    return tuple(map(exact, direction))


def _halves(box: Box, split: int) -> tuple[Box, Box]:
    a, b = box[split]
    middle = (a + b) / 2
    lower, upper = (
        tuple(half if i == split else interval for i, interval in enumerate(box)) for half in ((a, middle), (middle, b))
    )
    return lower, upper


def _upper(x: arb) -> Fraction:
    return ends(x)[1]


def _lower(x: arb) -> Fraction:
    return ends(x)[0]


def _modulus(interval: tuple[Fraction, Fraction]) -> fmpq:
    low, high = (abs(exact(end)) for end in interval)
    return low if low > high else high
