"""Running error analysis: a value computed in float64 beside a bound of how far a float program's value may be off it.

Each operation takes what it is given (x off by at most r), moves the bound through the exact operation, and adds the
operation's own roundings from `bounds.rounding`.  The operations are those of a Mamba layer, so the bound holds for any
weights and inputs, whatever they are meant to do.

    sum, product     (x + y) +- (r + s);  |x y - x'y'| <= |x| s + (|y| + s) r
    W x              |W| r, and every term carries its product, the additions that it passes and the rounding of its
                     weight: growth(k + 1) |W| (|x| + r) with k the number of entries of the row that are not 0, since
                     adding or multiplying by 0 is exact
    silu             |silu'| < 1.1 (its largest slope is 1.0998, at 2.3994)
    softplus         softplus' < 1
    exp(x), x <= 0   |e^(x') - e^x| <= e^x expm1(r)

Where a program takes 2^(x log2 e) for e^x, the argument carries `scaled` roundings more, so e^x is off by a factor of
e^(growth(scaled) |x|) at most.  softplus is off by no more than that factor, as log1p is concave and 0 at 0; the
logistic function by |x| e^-|x| / (1 + e^-|x|)^2 < 1/4 of growth(scaled).

What one operation loses below the normal range is `FloatFormat.underflow`, enlarged by nothing here, as the bound is
moved on like any other error.  The bound itself is evaluated in float64: its own roundings are below the format's for
float32, and each count is one larger than needed, which covers them for float64.  The float64 value is as far from the
real one as a float64 program's may be: compare two programs with the sum of their two bounds.
"""

import math
from dataclasses import dataclass

import numpy as np

from bounds.formats import FloatFormat
from bounds.rounding import growth, silu_error, softplus_error

STEEPEST_SILU = 1.1


@dataclass(frozen=True, eq=False)
class Running:
    """Numbers and the most that a program in `format` may be off them; both of one shape, float64.

    Raises ValueError for shapes that differ.
    """

    value: np.ndarray
    off: np.ndarray
    format: FloatFormat

    def __post_init__(self) -> None:
        if self.value.shape != self.off.shape:
            raise ValueError(f"values of shape {self.value.shape} with bounds of shape {self.off.shape}")

    @property
    def size(self) -> np.ndarray:
        """The most that the program's numbers are in modulus."""
        return np.abs(self.value) + self.off

    def __getitem__(self, part) -> "Running":
        """Some of the numbers."""
        return Running(self.value[part], self.off[part], self.format)

    def __add__(self, other: "Running") -> "Running":
        """The sum, rounded once."""
        return self._rounded(self.value + other.value, self.off + other.off)

    def __mul__(self, other: "Running") -> "Running":
        """The product, rounded once."""
        off = np.abs(self.value) * other.off + other.size * self.off
        return self._rounded(self.value * other.value, off)

    def _rounded(self, value: np.ndarray, off: np.ndarray) -> "Running":
        return Running(
            value, off + growth(2, self.format) * (np.abs(value) + off) + float(self.format.underflow), self.format
        )

    def stored(self, format: FloatFormat) -> "Running":
        """The numbers after they have been rounded to another format for storage."""
        lost = growth(2, format) * self.size + float(format.underflow)
        return Running(self.value, self.off + lost, self.format)

    def mapped(self, W: np.ndarray) -> "Running":
        """W x for vectors along the last axis; W of shape (out, in), which the program may have rounded to its format:
        one rounding more.
        """
        roundings = np.array([growth(int(k) + 2, self.format) for k in np.count_nonzero(W, axis=1)])
        terms = 2 * np.count_nonzero(W, axis=1) * float(self.format.underflow)
        size = self.size @ np.abs(W).T
        return Running(
            self.value @ W.T, self.off @ np.abs(W).T + roundings * size + terms * (1 + roundings), self.format
        )

    def dot(self, other: "Running") -> "Running":
        """sum over the last axis of x y, in any order."""
        products = self * other
        k = growth(self.value.shape[-1] + 1, self.format)
        return Running(products.value.sum(-1), products.off.sum(-1) + k * products.size.sum(-1), self.format)

    def silu(self, scaled: int = 0) -> "Running":
        """x / (1 + e^-x)."""
        s = np.clip(self.value, -700.0, None)
        own = silu_error(1.0, self.format) * self.size + silu_error(0.0, self.format)  # linear in |x|
        own = own + growth(scaled, self.format) / 4 * self.size
        return Running(s / (1.0 + np.exp(-s)), STEEPEST_SILU * self.off + own, self.format)

    def softplus(self, cut: float = np.inf, scaled: int = 0) -> "Running":
        """log(1 + e^x); `cut`: from where on the program returns x itself, log1p(e^-cut) too little at most."""
        argument = np.minimum(self.size, np.maximum(-self.value + self.off, cut)) if scaled else 0.0
        relative = softplus_error(0.0, self.format) / math.log(2.0)  # linear in softplus(x)
        relative = relative + np.expm1(np.minimum(growth(scaled, self.format) * argument, 700.0))
        own = relative * np.logaddexp(self.value + self.off, 0.0) + softplus_error(-math.inf, self.format)
        cuts = np.where(self.value + self.off >= cut, np.log1p(np.exp(-cut)), 0.0)
        return Running(np.logaddexp(self.value, 0.0), self.off + own + cuts, self.format)

    def exp(self, scaled: int = 0) -> "Running":
        """e^x for x <= 0."""
        value = np.exp(self.value)
        argument = self.off + growth(scaled, self.format) * self.size
        off = value * np.expm1(np.minimum(argument, 700.0))
        return self._library(value, off)

    def negated_exp(self) -> "Running":
        """-e^x for a weight x."""
        value = -np.exp(self.value)
        return self._library(value, np.abs(value) * np.expm1(self.off))

    def once_more(self) -> "Running":
        """The numbers behind a library function that should give them back: a norm that is undone, for instance."""
        return self._library(self.value, self.off)

    def _library(self, value: np.ndarray, off: np.ndarray) -> "Running":
        own = growth(1, self.format, library_calls=1) * (np.abs(value) + off)
        return Running(value, off + own + float(self.format.underflow), self.format)


def given(value: np.ndarray, format: FloatFormat) -> Running:
    """Numbers that the program holds exactly as they are: stored weights and inputs."""
    return Running(np.asarray(value, np.float64), np.zeros(np.shape(value)), format)
