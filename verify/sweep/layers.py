"""The operations that layers are made of, in a 16-bit format, enclosed as JAX and the backend form them.

Rates.  Delta = softplus(w) = max(w, 0) + log1p(exp(-|w|)) and a = exp(Delta A) are the same at every step and mostly
points: in bfloat16, a = 0.999 is 1, and nothing is forgotten.

Sums.  An accelerator may contract a product and the sum that it enters (`contractible`), and let a product of matrices
begin its sum with what is added to it (gemm with beta = 1).  Either may spare a rounding, and both are enclosed there.
"""

import jax
import numpy as np
from jaxtyping import Float, Int

from bounds import enclosure
from bounds.enclosure import Interval, concatenated, contractible, held, hull, library, quotient
from bounds.formats import FloatFormat
from constructions.mamba import SSM
from verify.independent import stored_rate


def product(left: Interval, right: Interval, format: FloatFormat) -> Interval:
    """left @ right as the backend sums it: matrix units of accelerators truncate."""
    return enclosure.product(left, right, format, truncated=jax.default_backend() != "cpu")


def term(exact: Interval, format: FloatFormat) -> Interval:
    """A product of two numbers that enters a sum next."""
    return held(exact, format) if jax.default_backend() == "cpu" else contractible(exact, format)


def added(C: Interval, left: Interval, right: Interval, format: FloatFormat) -> Interval:
    """C + left @ right."""
    apart = held(C + product(left, right, format), format)
    return apart if jax.default_backend() == "cpu" else hull(apart, onto(C, left, right, format))


def onto(C: Interval, left: Interval, right: Interval, format: FloatFormat) -> Interval:
    """C + left @ right as one sum, rounded once."""
    unit = Interval.point(np.eye(len(left.lo)))
    return product(concatenated([left, unit], 1), concatenated([right, C]), format)


def softplus(w: float, format: FloatFormat) -> Interval:
    """log(1 + exp(w)) as JAX forms it."""
    exponential = library(np.exp, Interval.point(-abs(w)), format)
    return held(Interval.point(max(w, 0.0)) + library(np.log1p, exponential, format), format)


def silu(x: float, format: FloatFormat) -> Interval:
    """x / (1 + exp(-x)) for x > 0, the logistic function rounded once or after each of its operations."""
    by_steps = held(Interval.point(1.0) + library(np.exp, Interval.point(-x), format), format)
    at_once = library(lambda t: 1.0 / (1.0 + np.exp(-t)), Interval.point(x), format)
    logistic = hull(quotient(Interval.point(1.0), by_steps, format), at_once)
    return held(Interval.point(x) * logistic, format)


def rates(module: SSM, format: FloatFormat) -> tuple[Interval, Interval | None]:
    """Delta and a as the format computes them from the stored weights; None where nothing is forgotten."""
    Delta = softplus(stored_rate(module), format)
    if module.A is None:
        return Delta, None
    A = float(np.asarray(module.A))
    if np.isneginf(A):
        return Delta, Interval.point(0.0)
    return Delta, library(np.exp, held(Delta * Interval.point(A), format), format)


def coded(codes: Float[np.ndarray, "n s"], index: Int[np.ndarray, " q"]) -> Float[np.ndarray, "q s"]:
    """The codes of positions; 0 for what lies outside."""
    inside = (index >= 0) & (index < len(codes))
    return codes[np.where(inside, index, 0)] * inside[:, None]
