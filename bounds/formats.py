"""The binary floating-point formats a run may use, as exact numbers.

A format is given by its precision p (hidden bit included) and its exponent range; every other quantity follows from
these and is a `Fraction`, so that "does this score fit the format?" is decided without rounding.
Source: IEEE 754-2019, Table 3.5 (binary16, binary32, binary64); bfloat16 is binary32's exponent range with p = 8.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property


@dataclass(frozen=True)
class FloatFormat:
    """One binary format: the numbers m 2^(e-p+1) with an integer |m| < 2^p and emin <= e <= emax.

    Args:
        name: the dtype's name, as NumPy and JAX spell it.
        precision: p, the number of significant bits, hidden bit included.
        emax: exponent of the largest numbers.
        emin: exponent of the smallest normal number.
        keeps_subnormals: whether numbers below 2^emin survive in arithmetic. The standard says so, but compilers that
            aim at speed flush them to zero in the formats with a wide range; in float16 they are always kept, because
            its range is too narrow to do without. False is the cautious choice.

    Raises:
        ValueError: p < 2, or emin >= emax.
    """

    name: str
    precision: int
    emax: int
    emin: int
    keeps_subnormals: bool = False

    def __post_init__(self) -> None:
        if self.precision < 2:
            raise ValueError(f"precision is {self.precision}; a format has at least 2 significant bits")
        if self.emin >= self.emax:
            raise ValueError(f"emin is {self.emin} and emax is {self.emax}; emin must be below emax")

    @cached_property
    def max(self) -> Fraction:
        """The largest finite number, (2 - 2^(1-p)) 2^emax."""
        return (2 - Fraction(2) ** (1 - self.precision)) * Fraction(2) ** self.emax

    @cached_property
    def tiny(self) -> Fraction:
        """The smallest positive normal number, 2^emin."""
        return Fraction(2) ** self.emin

    @cached_property
    def smallest(self) -> Fraction:
        """The smallest positive subnormal number, 2^(emin-p+1)."""
        return Fraction(2) ** (self.emin - self.precision + 1)

    @cached_property
    def unit_roundoff(self) -> Fraction:
        """u = 2^-p: rounding to nearest changes a number of the normal range by at most u of itself."""
        return Fraction(2) ** -self.precision

    @cached_property
    def underflow(self) -> Fraction:
        """The most that one operation loses below the normal range.

        Half the subnormal spacing where subnormals are kept, a whole smallest normal number where they are flushed.
        """
        return self.smallest / 2 if self.keeps_subnormals else self.tiny

    @cached_property
    def bits(self) -> int:
        """Storage in bits: sign, exponent (2 emax + 2 = 2^w codes, w bits) and p - 1 stored significand bits."""
        return 1 + (2 * self.emax + 1).bit_length() + self.precision - 1


FORMATS: dict[str, FloatFormat] = {
    each.name: each
    for each in (
        FloatFormat("bfloat16", 8, 127, -126),
        FloatFormat("float16", 11, 15, -14, keeps_subnormals=True),
        FloatFormat("float32", 24, 127, -126),
        FloatFormat("float64", 53, 1023, -1022),
    )
}


def format_of(name: str) -> FloatFormat:
    """The format called `name`.

    Raises:
        ValueError: no such format; the message lists those there are.
    """
    if name not in FORMATS:
        raise ValueError(f"no floating-point format is called {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]
