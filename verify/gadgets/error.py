"""The error of a network against its target on a piece of a domain, with its derivatives, in balls."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, fmpq

from verify.gadgets.network import Network

_SLOPES, _BENDS = arb(0, 1.125), arb(0, 0.5)


@dataclass(frozen=True)
class Piece:
    """A part of a domain, in parameters s of the inputs x = sum_i s_i directions_i, and the target there.

    box: a rational interval for each parameter. directions: None where the parameters are the inputs. constant, linear,
    product: the target is constant + linear . s + (s_0 s_1 if product). unbounded: the parameter that goes on above its
    interval's end for ever, None if there is none. output: the coordinate of the gadget's outputs that it speaks of.
    """

    box: tuple[tuple[Fraction, Fraction], ...]
    linear: tuple[Fraction | int, ...]
    constant: Fraction | int = 0
    product: bool = False
    directions: tuple[tuple[Fraction, ...], ...] | None = None
    unbounded: int | None = None
    output: int = 0

    def inputs(self, s: Sequence[fmpq]) -> tuple[Fraction, ...]:
        """The inputs of a parameter point."""
        point = tuple(Fraction(int(x.p), int(x.q)) for x in s)
        if self.directions is None:
            return point
        columns = zip(*self.directions, strict=True)
        return tuple(sum((a * b for a, b in zip(point, column, strict=True)), Fraction(0)) for column in columns)


class ErrorOf:
    """x -> network(x) - target(x) on a piece, over balls x of any width."""

    def __init__(self, network: Network, piece: Piece) -> None:
        self._n, self._piece = network.n, piece
        self._linear = [arb(exact(c)) for c in piece.linear]
        self._units = [
            (arb(u.out), arb(u.y_0), [arb(c) for c in u.y], any(u.y), arb(u.z_0), [arb(c) for c in u.z], _nonzero(u.z))
            for u in network.units
        ]

    def __call__(self, x: Sequence[fmpq]) -> arb:
        """The error at a rational point."""
        return self.with_derivatives([arb(c) for c in x], bends=False)[0]

    def with_derivatives(self, x: Sequence[arb], bends: bool) -> tuple[arb, list[arb], list[list[arb]]]:
        """The error, its gradient and, if `bends`, its Hessian (else zeros)."""
        n, piece = self._n, self._piece
        e = -arb(exact(piece.constant)) - sum((c * xi for c, xi in zip(self._linear, x, strict=True)), arb(0))
        g = [-c for c in self._linear]
        H = [[arb(0)] * n for _ in range(n)]
        if piece.product:
            e, g[0], g[1] = e - x[0] * x[1], g[0] - x[1], g[1] - x[0]
            H[0][1] = H[1][0] = arb(-1)
        for out, y_0, y_row, carries, z_0, z_row, reads in self._units:
            s, slope, bend = silu(z_0 + sum((z_row[i] * x[i] for i in reads), arb(0)))
            y = out * (y_0 + sum((c * xi for c, xi in zip(y_row, x, strict=True)), arb(0))) if carries else out * y_0
            e += y * s
            for i in reads:
                g[i] += y * slope * z_row[i]
            if carries:
                for i in range(n):
                    g[i] += out * y_row[i] * s
            if bends:
                _add_bends(H, y * bend, z_row, reads)
                if carries:
                    _add_mixed(H, out * slope, y_row, z_row, reads)
        return e, g, H


def silu(z: arb) -> tuple[arb, arb, arb]:
    """silu, silu' = g + z g (1 - g) and silu'' = g (1 - g)(2 + z (1 - 2g)), g = 1/(1 + e^-z), on a ball of any width.

    g rises, so its ends are its values at the ends. |silu'| <= 9/8 and |silu''| <= 1/2 everywhere: wide balls are cut.
    """
    g = _logistic(z.lower()).union(_logistic(z.upper()))
    rest = g * (1 - g)
    slope, bend = g + z * rest, rest * (2 + z * (1 - 2 * g))
    return z * g, slope.intersection(_SLOPES), bend.intersection(_BENDS)


def exact(x: Fraction | int) -> fmpq:
    """The same rational number for python-flint."""
    return fmpq(Fraction(x).numerator, Fraction(x).denominator)


def _logistic(z: arb) -> arb:
    if z > 0:
        return 1 / (1 + (-z).exp())
    e = z.exp()
    return e / (1 + e)


def _add_bends(H: list[list[arb]], bend: arb, z_row: list[arb], reads: list[int]) -> None:
    for i in reads:
        for k in reads:
            H[i][k] += bend * z_row[i] * z_row[k]


def _add_mixed(H: list[list[arb]], slope: arb, y_row: list[arb], z_row: list[arb], reads: list[int]) -> None:
    for i in range(len(H)):
        for k in reads:
            H[i][k] += slope * y_row[i] * z_row[k]
            H[k][i] += slope * y_row[i] * z_row[k]


def _nonzero(row: Sequence[fmpq]) -> list[int]:
    return [i for i, c in enumerate(row) if c != 0]
