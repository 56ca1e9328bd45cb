"""Enclosures of what a program in a 16-bit format computes on given numbers: intervals that are rounded as it rounds.

A bound over all values and orders counts every rounding as u, and in bfloat16 (u = 2^-8) a hundred of them are half of
the number.  On given numbers more is known: rounding to nearest is monotone, so an operation whose exact result lies in
[lo, hi] puts out a number of [fl(lo), fl(hi)], and where both ends round to the same number that is the number.
Products by 0 and 1, and sums with 0, are exact, so that a copied value stays a point.

Model.  Each operation is computed in float32, to within one of its roundings, and rounded once to the format
(`held`); a product of matrices adds up in float32, in any order, and is rounded once (`product`); a library function is
within LIBRARY_ULPS units of float32 before it is rounded (`library`).  XLA does so where it may not keep excess
precision; a test enumerates all numbers of the 16-bit formats for the functions that are used.

Each end is computed in float64 and moved outwards by its own roundings.
Source: Moore, Kearfott, Cloud, Introduction to Interval Analysis, chapters 2-3, for the arithmetic; the rest is here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bounds.formats import FloatFormat, format_of
from bounds.rounding import growth

_WIDE = format_of("float32")
_OWN = 2.0**-50  # the roundings of an end in float64, a few


@dataclass(frozen=True, eq=False)
class Interval:
    """Arrays lo <= hi; ends may be infinite."""

    lo: Float[np.ndarray, "..."]
    hi: Float[np.ndarray, "..."]

    @staticmethod
    def point(x: Float[np.ndarray, "..."] | float) -> "Interval":
        """Numbers that are known; one number is an array of one."""
        known = np.atleast_1d(np.asarray(x, np.float64))
        return Interval(known, known)

    @property
    def mid(self) -> Float[np.ndarray, "..."]:
        """The middle; with `rad` it covers the interval."""
        if self.known:
            return self.lo
        return self.lo + 0.5 * (self.hi - self.lo)

    @property
    def rad(self) -> Float[np.ndarray, "..."]:
        """Half the width, enlarged by the rounding of the middle; 0 for a point."""
        if self.known:
            return np.zeros_like(self.lo)
        half = 0.5 * (self.hi - self.lo)
        return np.where(half > 0, half + _OWN * (np.abs(self.mid) + half), 0.0)

    def __add__(self, other: "Interval") -> "Interval":
        lo = self.lo + other.lo
        return Interval(lo, lo if self.known and other.known else self.hi + other.hi)

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(self.lo - other.hi, self.hi - other.lo)

    @property
    def known(self) -> bool:
        """Whether it is seen at once that all are points: both ends are one array."""
        return self.lo is self.hi

    def __mul__(self, other: "Interval") -> "Interval":
        if self.known and other.known:
            return Interval.point(self.lo * other.lo)
        return _around([a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)])

    def __truediv__(self, other: "Interval") -> "Interval":
        """For a divisor above 0."""
        return _around([a / b for a in (self.lo, self.hi) for b in (other.lo, other.hi)])

    @property
    def T(self) -> "Interval":
        """Transposed."""
        return Interval.point(self.lo.T) if self.known else Interval(self.lo.T, self.hi.T)

    def __getitem__(self, where) -> "Interval":
        lo = self.lo[where]
        return Interval(lo, lo if self.known else self.hi[where])

    def distance(self, x: Float[np.ndarray, "..."]) -> "Interval":
        """|y - x| for y in the interval."""
        below, above = self.lo - x, self.hi - x
        nearest = np.maximum(np.maximum(below, -above), 0.0)
        return Interval(nearest, np.maximum(np.abs(below), np.abs(above)))


def held(exact: Interval, format: FloatFormat) -> Interval:
    """An operation's result in the format, from what it is in real arithmetic."""
    lo = rounded(_single(exact.lo, -1.0), format)
    if exact.known and _is_single(exact.lo).all():
        return _flushed(lo, lo, format)
    return _flushed(lo, rounded(_single(exact.hi, 1.0), format), format)


def contractible(exact: Interval, format: FloatFormat) -> Interval:
    """A product that is added to something next, from what it is in real arithmetic: rounded before the sum or not.

    An accelerator may contract a b + c to one operation (a fused multiply-add) that rounds once, and a compiler decides
    where; that the product must be a number of the format on its own is not said by asking for no excess precision.
    What is added may therefore be either number; the sum, which is monotone, lies between those of both.
    """
    return hull(exact, held(exact, format))


def library(f: Callable[[np.ndarray], np.ndarray], x: Interval, format: FloatFormat) -> Interval:
    """A library function that increases."""
    relative = growth(1, _WIDE, library_calls=1)
    lo, hi = f(x.lo), f(x.hi)
    return _flushed(rounded(lo - relative * np.abs(lo), format), rounded(hi + relative * np.abs(hi), format), format)


def quotient(a: Interval, b: Interval, format: FloatFormat) -> Interval:
    """a / b for b > 0, rounded once; or a times the reciprocal of b, which may be rounded to float32 or to the format
    before: XLA does so where one divisor serves many numbers, in float16 with the latter rounding, in bfloat16 with the
    former.
    """
    inverse = Interval.point(1.0) / b
    single = Interval(_single(inverse.lo, -1.0), _single(inverse.hi, 1.0))
    return hull(held(a / b, format), held(a * hull(single, held(inverse, format)), format))


def product(left: Interval, right: Interval, format: FloatFormat, *, truncated: bool = False) -> Interval:
    """left @ right, summed in float32 in any order and rounded once.

    truncated: whether additions may cut off what float32 does not hold, as the matrix units of accelerators do with
    each term of a group, relative to the largest of it: up to 2 u of the sum of moduli in the place of u.

    With middles and radii, (a +- r)(b +- s) lies within |a| s + r (|b| + s) of a b.  A sum of k terms that are not 0
    carries a rounding for each product that is not exact (one of two points of a 16-bit format is) and k - 1 more; none
    where all terms are multiples of one q and sum up, in moduli, to no more than 2^24 q.
    """
    a, r, b, s = left.mid, left.rad, right.mid, right.rad
    middle = a @ b
    radius = np.zeros_like(middle) if left.known and right.known else np.abs(a) @ s + r @ (np.abs(b) + s)
    size = np.abs(a) @ np.abs(b) + radius
    terms = (np.abs(a) + r > 0).astype(np.float64) @ (np.abs(b) + s > 0).astype(np.float64)
    exact = size <= _quantum(left) * _quantum(right) * 2.0**_WIDE.precision
    several = np.where(((terms > 1) & ~exact) | (radius > 0), 1.0, 0.0)
    most = growth((int(terms.max(initial=0.0)) + 1) * (2 if truncated else 1), _WIDE)
    radius = radius * (1 + most) + several * (most + a.shape[-1] * 2.0**-52) * size
    return held(Interval(middle - radius, middle + radius), format)


def rounded(x: Float[np.ndarray, "..."], format: FloatFormat) -> Float[np.ndarray, "..."]:
    """The nearest number of the format, ties to even, subnormals kept; infinite beyond its range."""
    _, exponent = np.frexp(x)
    spacing = np.ldexp(1.0, np.maximum(exponent, format.emin + 1) - format.precision)
    found = np.where(np.isfinite(x), np.round(x / spacing) * spacing, x)
    return np.where(np.abs(found) > float(format.max), np.copysign(np.inf, found), found)


def _flushed(lo: np.ndarray, hi: np.ndarray, format: FloatFormat) -> Interval:
    """[lo, hi], with 0 where a number below the normal range may have become 0."""
    if not format.keeps_subnormals:
        least = float(format.tiny)
        lo, hi = np.where((lo > 0) & (lo < least), 0.0, lo), np.where((hi < 0) & (hi > -least), 0.0, hi)
    return Interval(lo, lo if np.array_equal(lo, hi) else hi)


def _quantum(x: Interval) -> float:
    """A power of two of which all entries are multiples; 0 where they are no points, or have more bits than float32."""
    if not x.known and not np.array_equal(x.lo, x.hi):
        return 0.0
    mantissa, exponent = np.frexp(x.lo[x.lo != 0])
    whole = np.ldexp(mantissa, _WIDE.precision)
    bits = whole.astype(np.int64)
    if not np.array_equal(bits, whole):
        return 0.0
    return float(np.ldexp((bits & -bits).astype(np.float64), exponent - _WIDE.precision).min(initial=np.inf))


def _single(x: np.ndarray, outwards: float) -> np.ndarray:
    """An end after one rounding of float32: itself where it is such a number, else moved by at most that much."""
    u = float(_WIDE.unit_roundoff)
    same = _is_single(x)
    with np.errstate(invalid="ignore"):  # an infinite end is such a number
        return np.where(same, x, x + outwards * ((u + _OWN) * np.abs(x) + float(_WIDE.underflow)))


def _is_single(x: np.ndarray) -> np.ndarray:
    """Whether each is a number of float32."""
    with np.errstate(over="ignore"):
        return x.astype(np.float32) == x


def concatenated(parts: Sequence[Interval], axis: int = 0) -> Interval:
    """The parts one after the other along that axis."""
    lo = np.concatenate([part.lo for part in parts], axis)
    return Interval(lo, lo if all(part.known for part in parts) else np.concatenate([part.hi for part in parts], axis))


def hull(one: Interval, other: Interval) -> Interval:
    """The least interval around both."""
    return Interval(np.minimum(one.lo, other.lo), np.maximum(one.hi, other.hi))


def _around(corners: list[np.ndarray]) -> Interval:
    return Interval(np.minimum.reduce(corners), np.maximum.reduce(corners))
