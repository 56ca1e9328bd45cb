"""What the enclosures of a sweep's runs take for granted of the layers, on every number that matters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bounds.formats import format_of
from bounds.scales import silu_unit_gate
from verify.sweep.enclosure import follows
from verify.sweep.layers import silu, softplus
from verify.sweep.programs import AS_WRITTEN

BITS_16 = ("bfloat16", "float16")


def compiled(f, x: np.ndarray) -> np.ndarray:
    return np.asarray(jax.jit(f).lower(x).compile(compiler_options=AS_WRITTEN)(x)).astype(np.float64)


def test_the_16_bit_formats_are_followed():
    assert [dtype for dtype in ("float32", "float64", *BITS_16) if follows(dtype)] == list(BITS_16)


def test_a_backend_on_which_the_model_is_not_tested_is_not_followed(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "another")
    assert not any(map(follows, BITS_16))


@pytest.mark.parametrize("dtype", BITS_16)
def test_gates_and_rates_lie_inside(dtype: str):
    """The gate from a quarter of the one that opens a slot to four times it, the rates over the exponents in use."""
    format = format_of(dtype)
    x = (silu_unit_gate() * np.geomspace(0.25, 4, 200)).astype(jnp.dtype(dtype))
    w = np.concatenate([-np.geomspace(1e-3, 16, 100), np.geomspace(1e-3, 16, 100)]).astype(jnp.dtype(dtype))
    for ours, theirs, numbers in ((silu, jax.nn.silu, x), (softplus, jax.nn.softplus, w)):
        found = [ours(float(number), format) for number in numbers]
        y = compiled(theirs, numbers)
        assert all(each.lo[0] <= value <= each.hi[0] for each, value in zip(found, y, strict=True))
        off = np.nextafter(np.nextafter(y.astype(jnp.dtype(dtype)), 9), 9).astype(np.float64)
        assert not all(each.lo[0] <= value <= each.hi[0] for each, value in zip(found, off, strict=True))
