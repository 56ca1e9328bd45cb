"""What the enclosures of a sweep's runs take for granted of the layers, on every number that matters."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bounds.enclosure import Interval, held
from bounds.formats import format_of
from bounds.scales import silu_unit_gate
from verify.sweep.enclosure import enclosed, follows
from verify.sweep.grid import D, Run
from verify.sweep.layers import added, silu, softplus, term
from verify.sweep.measure import pose
from verify.sweep.programs import AS_WRITTEN, kind_of

BITS_16 = ("bfloat16", "float16")
BFLOAT16 = format_of("bfloat16")
GATED = Run("ssm-gated", 40, 8, 0, Fraction(1), Fraction(1, 10), "bfloat16", 0)
ATTENTION = Run("attention", 40, 8, 0, Fraction(1), Fraction(1, 10), "bfloat16", 0)


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


@pytest.mark.parametrize("run", [GATED, ATTENTION], ids=lambda run: run.module)
def test_the_enclosure_for_an_accelerator_holds_that_of_a_cpu(run: Run, monkeypatch: pytest.MonkeyPatch):
    kind, asked = kind_of(run), pose(run, D).asked
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    rounded = enclosed(asked, "", kind)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    either = enclosed(asked, "", kind)
    assert rounded is not None
    assert either is not None
    assert (either.lo <= rounded.lo).all()
    assert (rounded.hi <= either.hi).all()


def test_an_accelerator_may_round_a_product_and_a_sum_once(monkeypatch: pytest.MonkeyPatch):
    """In bfloat16 (1 + 2^-7)^2 = 1 + 2^-6 + 2^-14 is rounded to 1 + 2^-6; less that number it is 0, or 2^-14."""
    x, less = Interval.point(np.array([[1 + 2.0**-7]])), Interval.point(np.array([[-1 - 2.0**-6]]))
    for backend, most in (("cpu", 0.0), ("gpu", 2.0**-14)):
        monkeypatch.setattr(jax, "default_backend", lambda backend=backend: backend)
        for found in (held(term(x * x, BFLOAT16) + less, BFLOAT16), added(less, x, x, BFLOAT16)):
            assert found.lo.item() == 0.0
            assert found.hi.item() == most
