"""Numbers that are not chosen yet: quotients of polynomials in positive unknowns, in the place of fractions.

A function of fractions takes them as they are, so that the very text that is evaluated at instances is evaluated for
all of them at once. A comparison is decided by coefficients: x > 0 if the polynomials above and below the line have
coefficients of one sign each, and the same one. Where coefficients leave it open, `Open` is raised and nothing is said.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpz_mpoly, fmpz_mpoly_ctx


class Open(Exception):
    """A comparison that coefficients do not decide."""


class Quotient(Fraction):
    """A quotient of polynomials with whole coefficients: a Fraction as soon as its unknowns are chosen.

    above, below: the two polynomials, without a common factor.
    """

    above: fmpz_mpoly
    below: fmpz_mpoly

    def __new__(cls, above: fmpz_mpoly, below: fmpz_mpoly) -> "Quotient":
        """`above` and `below` must have no common factor."""
        made = super().__new__(cls)
        made.above, made.below = above, below
        return made

    def _parts(self, other: Any) -> tuple[fmpz_mpoly, fmpz_mpoly]:
        """Both polynomials of an int, a Fraction or a Quotient of the same unknowns."""
        if isinstance(other, Quotient):
            return other.above, other.below
        constant = self.above.context().constant
        return constant(other.numerator), constant(other.denominator)

    def __add__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        above, below = self._parts(other)
        mine, theirs = _reduced(self.below, below)
        return Quotient(*_reduced(self.above * theirs + above * mine, self.below * theirs))

    def __sub__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        return self + -other

    def __rsub__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        return -self + other

    def __mul__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._times(*self._parts(other))

    def __truediv__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        above, below = self._parts(other)
        return self._times(below, above)

    def __rtruediv__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        return Quotient(self.below, self.above)._times(*self._parts(other))

    def _times(self, above: fmpz_mpoly, below: fmpz_mpoly) -> "Quotient":
        (first, last), (other, rest) = _reduced(self.above, below), _reduced(above, self.below)
        return Quotient(first * other, last * rest)

    def __radd__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        return self + other

    def __rmul__(self, other: Any) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        return self * other

    def __pow__(self, power: int) -> "Quotient":  # pyright: ignore[reportIncompatibleMethodOverride]
        return Quotient(self.above**power, self.below**power)

    def __neg__(self) -> "Quotient":
        return Quotient(-self.above, self.below)

    def __abs__(self) -> "Quotient":
        return -self if self.sign() < 0 else self

    def sign(self) -> int:
        """1, 0 or -1, at all positive values of the unknowns. Raises Open where the coefficients do not tell."""
        if self.above == 0:
            return 0
        above, below = ({1 if c > 0 else -1 for c in part.coeffs()} for part in (self.above, self.below))
        if len(above) > 1 or len(below) > 1:
            raise Open(f"the sign of ({self.above}) / ({self.below})")
        return above.pop() * below.pop()

    def _compared(self, other: Any) -> int:
        """The sign of self - other."""
        return self.sign() if other == 0 else (self - other).sign()

    def __lt__(self, other: Any) -> bool:
        return self._compared(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compared(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compared(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compared(other) >= 0

    def __eq__(self, other: Any) -> bool:
        above, below = self._parts(other)
        return self.above * below == above * self.below

    def __hash__(self) -> int:
        return hash((str(self.above), str(self.below)))

    def __repr__(self) -> str:
        return f"({self.above}) / ({self.below})"

    __str__ = __repr__


def _reduced(above: fmpz_mpoly, below: fmpz_mpoly) -> tuple[fmpz_mpoly, fmpz_mpoly]:
    common = above.gcd(below)
    return above // common, below // common


def positive(names: Sequence[str]) -> tuple[Quotient, ...]:
    """Unknowns above 0 of those names."""
    context = fmpz_mpoly_ctx.get(tuple(names), "lex")
    return tuple(Quotient(unknown, context.constant(1)) for unknown in context.gens())
