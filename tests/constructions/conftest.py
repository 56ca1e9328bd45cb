"""What the tests of the memories share: running one in a format, and the COPY tasks."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from constructions.attention import Attention, attend
from constructions.encoding import VALUES
from constructions.mamba import MambaBlock
from constructions.rows import VOID
from constructions.run import run_block, run_ssm


def _stored(memory, dtype="float64"):
    """The memory whose weights and codes are rounded to the format, as float64 numbers where NumPy reads them."""
    codes = memory.encoding.codes
    codes = None if codes is None else codes.astype(jnp.dtype(dtype)).astype(np.float64)
    module = jax.tree.map(lambda weight: np.asarray(weight, jnp.dtype(dtype)), memory.module)
    return replace(memory, module=module, encoding=replace(memory.encoding, codes=codes))


@pytest.fixture(scope="session")
def stored():
    """memory, dtype -> the memory as the float program of that dtype stores it."""
    return _stored


@pytest.fixture(scope="session")
def copied():
    """memory, x, position, target, dtype, execution -> the outputs (T, d) of the float program, as float64."""
    recur = jax.jit(lambda m, z, e: run_ssm(m, z, e)[VALUES].dense(), static_argnums=2)
    layer = jax.jit(lambda m, z, e: run_block(m.restricted((VALUES,)), z, e)[VALUES].dense(), static_argnums=2)
    ask = jax.jit(attend)

    def run(memory, x, position, target, dtype="float64", execution=None):
        module = _stored(memory, dtype).module
        stream = memory.encoding.stream(x, position, target, jnp.dtype(dtype))
        if isinstance(module, Attention):
            y = ask(module, stream, jnp.arange(len(x)))
        else:
            y = (layer if isinstance(module, MambaBlock) else recur)(module, stream, execution)
        assert y.dtype == dtype
        return np.asarray(y, np.float64)

    return run


def _times(node, path, key, factor):
    """The record with one entry of the map at `path` ("module.ssm.W_b") multiplied, past the checks of `linear_map`."""
    first, _, rest = path.partition(".")
    if first:
        return replace(node, **{first: _times(getattr(node, first), rest, key, factor)})
    action = node.actions[key]
    return replace(node, actions=node.actions | {key: replace(action, inner=np.asarray(action.inner * factor))})


@pytest.fixture(scope="session")
def times():
    """memory, path of a map, entry, factor -> the memory with that weight multiplied."""
    return _times


def _tasks(N: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """position and target of every kind of COPY; in `string` 2 N steps, of which the second half writes nothing."""
    steps, nothing = np.arange(N), np.full(N, VOID)
    return {
        "random": (steps, np.random.default_rng(N).integers(0, steps + 1)),
        "reverse": (steps, np.minimum(steps, N - 1 - steps)),
        "first": (steps, np.zeros(N, int)),
        "lag": (steps, np.maximum(steps - 2, 0)),
        "string": (np.concatenate([steps, nothing]), np.concatenate([nothing, steps])),
    }


@pytest.fixture(scope="session")
def tasks():
    """N -> name of the task -> (position, target)."""
    return _tasks
