"""The one place where matrix products are formed, with their precision pinned.

On GPUs and TPUs a float32 product is by default computed from shortened factors (TF32, bfloat16), which rounds a
copied value:
a one-hot key would return its value about 1e-3 off.  Every product of this package therefore asks for the highest
precision, and products of 16-bit numbers are summed in float32 before they are rounded once to their own format.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import BFloat16, Float, Float32

PRECISION = jax.lax.Precision.HIGHEST
Array32 = Float32[jax.Array, "..."]


def contract(subscripts: str, left: Float[jax.Array, "..."], right: Float[jax.Array, "..."]) -> Float[jax.Array, "..."]:
    """`einsum(subscripts, left, right)` at pinned precision, in the common dtype of its two factors."""
    dtype = jnp.result_type(left, right)
    accumulator = jnp.float32 if jnp.finfo(dtype).bits < 32 else dtype
    product = jnp.einsum(subscripts, left, right, precision=PRECISION, preferred_element_type=accumulator)
    return product.astype(dtype)


def exact_contract(subscripts: str, left: BFloat16[jax.Array, "..."], right: BFloat16[jax.Array, "..."]) -> Array32:
    """`einsum` of bfloat16 factors, summed in float32: each product of two such numbers is exact there."""
    return jnp.einsum(subscripts, left, right, precision=PRECISION, preferred_element_type=jnp.float32)


def weights_product(left: Float[np.ndarray, "a b"], right: Float[np.ndarray, "b c"]) -> Float[np.ndarray, "a c"]:
    """The product of two weights on the host, in float64, before anything runs."""
    return left @ right
