"""How far a memoryless block of Eq. 3 run in floats is from real arithmetic: what rounding adds to a gadget's error.

The model and `growth` are those of bounds/rounding.py. Unlike there, moving the weights to the format is included: it
is one more rounding of each product. Inputs are taken as the format's own numbers.
"""

import math

import numpy as np
from jaxtyping import Float

from bounds.formats import FloatFormat
from bounds.rounding import growth

SILU_SLOPE = 1.1
"""|silu'| <= 1.1: its largest value, where silu'' = 0, is 1.09984; a test decides it in balls."""


def weight_rounding(format: FloatFormat) -> float:
    """How far, relatively, a stored weight may lie from its ideal c lambda^q: growth(4).

    c is rounded once, and so is lambda^q or 1/lambda; their product, or a quotient by lambda, is rounded once more.
    """
    return growth(4, format)


def affine_rounding(
    W: Float[np.ndarray, "h n"],
    b: Float[np.ndarray, " h"],
    x: Float[np.ndarray, "T n"],
    dx: Float[np.ndarray, "T n"],
    format: FloatFormat,
) -> Float[np.ndarray, "T h"]:
    """Bound for W x + b where x is off by at most dx already.

    A product carries the rounding of its weight, its own and at most n additions (n - 1 and the bias): n + 2, with one
    to spare for this evaluation. Products, sums and the weights' rounding lose at most eta each below the normal range.
    """
    size = np.abs(x) + dx
    relative, eta = growth(W.shape[1] + 3, format), float(format.underflow)
    lost = eta * (2 * W.shape[1] + 2 + size.sum(axis=1, keepdims=True)) * (1 + relative)
    return relative * (size @ np.abs(W).T + np.abs(b)) + dx @ np.abs(W).T + lost


def block_rounding(
    W_1: Float[np.ndarray, "h n"],
    b_1: Float[np.ndarray, " h"],
    W_2: Float[np.ndarray, "h n"],
    b_2: Float[np.ndarray, " h"],
    W_3: Float[np.ndarray, "m h"],
    x: Float[np.ndarray, "T n"],
    dx: Float[np.ndarray, "T n"],
    format: FloatFormat,
) -> Float[np.ndarray, "T m"]:
    """Bound for r + W_3 ((W_1 x + b_1) (.) silu(W_2 x + b_2)), r = 0 or off by its own dx, which the caller adds.

    With y and s the two factors, off by dy and ds:
    - ds: silu is within growth(2, one library call) |z| + 2 eta of itself at the z it is given (`silu_error`), and it
      moves by at most 1.1 dz where z is off by dz;
    - their product is off by |y| ds + |s| dy + dy ds, with |s| <= |z| + 0.28;
    - it carries the skip D = 1, its own rounding, W_3's, a product and at most h additions (with r): h + 4, and one to
      spare;
    - an entry of W_3 below the normal range is off by as much as eta besides, times all of the product.

    inf where a weight or a magnitude met on the way leaves the format: then nothing is promised.
    """
    dy, dz = (affine_rounding(W, b, x, dx, format) for W, b in ((W_1, b_1), (W_2, b_2)))
    y, z = np.abs(x @ W_1.T + b_1), np.abs(x @ W_2.T + b_2)
    eta = float(format.underflow)
    ds = growth(2, format, library_calls=1) * (z + dz) + 2 * eta + SILU_SLOPE * dz
    s = np.minimum(z, np.abs(_silu(x @ W_2.T + b_2))) * (1 + growth(2, format)) + eta
    relative, weights = growth(W_3.shape[1] + 5, format), np.abs(W_3) + eta
    off = y * ds + s * dy + dy * ds
    lost = eta * (1 + relative) * (y * s + off + 4 * eta).sum(axis=1, keepdims=True)
    bound = (relative * y * s + (1 + relative) * (off + 4 * eta)) @ np.abs(W_3).T + lost + 2 * W_3.shape[1] * eta
    largest = max(_largest(W_1, b_1, W_2, b_2, W_3), _largest((np.abs(x) + dx) @ np.abs(W_2).T + np.abs(b_2)))
    largest = max(largest, _largest((np.abs(x) + dx) @ np.abs(W_1).T + np.abs(b_1), ((y + dy) * (s + ds)) @ weights.T))
    return bound if largest * (1 + relative) < float(format.max) else np.full_like(bound, math.inf)


def _silu(z: Float[np.ndarray, "T h"]) -> Float[np.ndarray, "T h"]:
    e = np.exp(-np.abs(z))
    return z * np.where(z > 0, 1.0, e) / (1 + e)


def _largest(*arrays: np.ndarray) -> float:
    return max(float(np.abs(array).max(initial=0.0)) for array in arrays)
