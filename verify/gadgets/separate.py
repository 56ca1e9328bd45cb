"""The error of a network whose units keep to one side of their kinks: an affine part, and one gap phi a unit.

silu(z) = relu(z) - phi(|z|) (bounds/gadget_gap.py). On a box where no unit's argument changes sign the error is an
affine function, exactly 0 in most gadgets, minus sum_j w_j phi(|z_j|). Each term is enclosed by itself: phi rises to
its one peak and falls, so its least value over an interval is at an end, its largest at an end or at the peak. That is
sharp where one unit dominates, however far the box reaches, which a Taylor bound is not.
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import arb, fmpq

from bounds.gadget_gap import gap, gap_peak
from bounds.gadgets import PEAK_ABOVE
from bounds.reals import balls
from verify.gadgets.error import Piece, exact
from verify.gadgets.network import Network

Box = tuple[tuple[fmpq, fmpq], ...]

_AFTER = exact(1 + PEAK_ABOVE)
_BEFORE = exact(Fraction(127, 100))  # kappa > 0.27, so that phi still rises here; a test decides it in balls


class Separated:
    """Enclosures of one network's error on boxes, unit by unit, at the precision in force when it is made."""

    def __init__(self, network: Network, piece: Piece, bits: int) -> None:
        self._reals = balls(bits)
        self._peak = gap_peak(self._reals)
        self._affine = [exact(-c) for c in (*piece.linear, piece.constant)]
        apart = not piece.product and not any(any(unit.y) for unit in network.units)
        self._units = [(u.out * u.y_0, u.z, u.z_0) for u in network.units] if apart else None

    def over(self, box: Box) -> tuple[arb, arb] | None:
        """Balls below and above every value of the error on the box; None where an argument may change its sign."""
        if self._units is None:
            return None
        rest, low, high = list(self._affine), arb(0), arb(0)
        for weight, z, z_0 in self._units:
            least, most = _range(z, z_0, box)
            if least >= 0:
                rest = [r + weight * c for r, c in zip(rest, (*z, z_0), strict=True)]
            elif most <= 0:
                least, most = -most, -least
            else:
                return None
            smallest, largest = self._gaps(least, most)
            down, up = (largest, smallest) if weight > 0 else (smallest, largest)
            low, high = low - arb(weight) * down, high - arb(weight) * up
        least, most = _range(rest[:-1], rest[-1], box)
        return low + arb(least), high + arb(most)

    def _gaps(self, near: fmpq, far: fmpq) -> tuple[arb, arb]:
        """The least and the largest phi over [near, far], near >= 0."""
        first = gap(arb(near), self._reals)
        if near == far:
            return first, first
        last = gap(arb(far), self._reals)
        least = first if first < last else last if last < first else first.union(last)
        return least, last if far <= _BEFORE else first if near >= _AFTER else self._peak


def _range(row: Sequence[fmpq], start: fmpq, box: Box) -> tuple[fmpq, fmpq]:
    """The least and the largest value of start + row x on the box."""
    least = most = start
    for c, (a, b) in zip(row, box, strict=True):
        least, most = (least + c * a, most + c * b) if c > 0 else (least + c * b, most + c * a)
    return least, most
