"""The network that stored weights stand for: float64 rounds c lambda^q, and its real number is recovered.

Weights of a gadget are simple numbers c times a power of lambda, and lambda and 1/lambda are not both float64 numbers
unless lambda is a power of two. On an unbounded domain what such roundings leave grows without end, so a statement in
real arithmetic is one about the ideal weights. They are recovered here from the block's own: a weight within rounding
(`weight_rounding`) of one of the named c lambda^q is that number; any other, a planted one for instance, stays as it is
stored. So the network examined is one whose weights round to those that run.
"""

from collections.abc import Iterable
from fractions import Fraction

from flint import fmpq

from bounds.formats import FORMATS
from bounds.gadget_rounding import weight_rounding
from bounds.reals import Number
from bounds.scales import silu_unit_gate
from verify.gadgets.error import exact
from verify.gadgets.network import Network, Row, Unit, rational

_WITHIN = rational(weight_rounding(FORMATS["float64"]))
_OUT, _CARRIED, _ARGUMENT = (-1, 0, 2), (-1, 0), (1, -1)
_GATE = rational(float(silu_unit_gate()))


def ideal(network: Network, lam: Number, weights: Iterable[Number]) -> Network:
    """The network in ideal weights: c lambda^q with c among the moduli `weights` and 1, q -1, 0, 2 for what a unit puts
    out, -1, 0 for what it carries, 1, -1 for the argument of SiLU.

    A gate held open at silu(k) = 1 lets y pass; silu(y) - silu(-y) = y puts a pair of units in the place of such a one.
    """
    moduli = sorted({Fraction(1), *(Fraction(weight) for weight in weights)})

    def choices(exponents: tuple[int, ...]) -> list[fmpq]:
        return [exact(c * Fraction(lam) ** q) for q in exponents for c in moduli if c != 0]

    out, carried, argument = map(choices, (_OUT, _CARRIED, _ARGUMENT))
    units: list[Unit] = []
    for unit in network.units:
        weight, y, y_0 = _of(unit.out, out), _row(unit.y, carried), _of(unit.y_0, carried)
        if unit.z_0 == _GATE and not any(unit.z):
            n = network.n
            units += [Unit(s * weight, _zeros(n), fmpq(1), tuple(s * c for c in y), s * y_0) for s in (1, -1)]
        else:
            units.append(Unit(weight, y, y_0, _row(unit.z, argument), _of(unit.z_0, argument)))
    return Network(network.n, tuple(units))


def _of(stored: fmpq, among: list[fmpq]) -> fmpq:
    """The number that `stored` is rounded from; itself where it is none of them."""
    if stored == 0:
        return stored
    sign = fmpq(1 if stored > 0 else -1)
    near = [(abs(abs(stored) - x), k) for k, x in enumerate(among) if abs(abs(stored) - x) <= _WITHIN * x]
    return sign * among[sorted(near)[0][1]] if near else stored


def _row(stored: Row, among: list[fmpq]) -> Row:
    return tuple(_of(x, among) for x in stored)


def _zeros(n: int) -> Row:
    return (fmpq(0),) * n
