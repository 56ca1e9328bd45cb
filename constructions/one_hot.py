"""Products with vectors that list one entry each, as dense arithmetic that a tensor core carries out exactly.

A float32 product is slow on an accelerator at full precision (no tensor cores), and at its default precision it rounds
a copied value.  A one-hot is exact in bfloat16, and every float32 is the sum of three bfloat16 numbers,
    x = x_1 + x_2 + x_3,    x_1 = bf16(x),  x_2 = bf16(x - x_1),  x_3 = x - x_1 - x_2:
24 bits are three times 8, and a remainder after rounding to nearest is exact.  So a dense product of one-hots with X is
three products of bfloat16 numbers summed in float32.  Where one term is not 0 each of them is exact, and so are
x_2 + x_3 = x - x_1 and x_1 + (x_2 + x_3) = x.

Rounding.  The factor that a row lists is multiplied in float32, once, as in `contract`.  Where several rows hit one
state, sums of parts are formed that the hardware may truncate: at most 2 u each instead of u, of |x_1| + |x_2| + |x_3|.
`bounds.rounding.recurrence_roundings` counts T - 1 roundings for coefficients, of which there are none here, and as
many for additions: together they pay.  Below 2^-110 the parts lose what `FloatFormat.underflow` allows; above the
largest bfloat16 (3.38e38) x_1 is not finite.
"""

import jax
import jax.numpy as jnp
from jaxtyping import BFloat16, Float

from constructions.precision import exact_contract
from constructions.rows import Rows

BITS = (8, 7)  # exponent and mantissa of bfloat16


def lists_one(rows: Rows) -> bool:
    """Whether the vectors are zero but for one listed coordinate each."""
    return rows.fill is None and rows.index is not None and rows.index.shape[-1] == 1 and rows.width == 1


def scores_of_ones(c: Rows, b: Rows) -> Float[jax.Array, "Q Q"]:
    """c_i^T b_j for all i and j of a chunk, both listing one entry."""
    return exact_contract("is,js->ij", _ones(c), _ones(b)) * _value(c)[:, None] * _value(b)[None, :]


def read_one(c: Rows, X: Float[jax.Array, "channels d_h"]) -> Float[jax.Array, "Q channels"]:
    """X c_i for all i of a chunk."""
    return _whole(exact_contract("is,pcs->pic", _ones(c), parts(X))) * _value(c)[:, None]


def write_one(b: Rows, V: Float[jax.Array, "Q channels"]) -> Float[jax.Array, "channels d_h"]:
    """sum_j v_j b_j^T over a chunk."""
    return _whole(exact_contract("pjc,js->pcs", parts(V * _value(b)[:, None]), _ones(b)))


def parts(x: Float[jax.Array, "..."]) -> BFloat16[jax.Array, "3 ..."]:
    """x_1, x_2, x_3 of a float32 array.  `reduce_precision` rounds where a pair of casts may be optimised away."""
    first = jax.lax.reduce_precision(x, *BITS)
    second = jax.lax.reduce_precision(x - first, *BITS)
    return jnp.stack([first, second, x - first - second]).astype(jnp.bfloat16)


def _whole(summed: Float[jax.Array, "3 ..."]) -> Float[jax.Array, "..."]:
    return summed[0] + (summed[1] + summed[2])


def _ones(rows: Rows) -> BFloat16[jax.Array, "Q blocks"]:
    """A 1 at each listed entry; VOID is none of them."""
    assert rows.index is not None
    return (jnp.asarray(rows.index) == jnp.arange(rows.blocks, dtype=rows.index.dtype)[None, :]).astype(jnp.bfloat16)


def _value(rows: Rows) -> Float[jax.Array, " Q"]:
    assert rows.value is not None
    return jnp.asarray(rows.value)[:, 0, 0]
