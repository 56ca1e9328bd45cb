"""One program serves many lengths: padding changes no number that is read."""

from collections.abc import Iterator
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bounds.formats import format_of
from bounds.rounding import growth
from constructions.attention import Attention, attend
from constructions.encoding import VALUES
from constructions.mamba import SSM, MambaBlock
from constructions.recurrence import Execution
from constructions.run import run_block, run_ssm
from verify.copy.task import uniform_values
from verify.sweep.devices import mesh
from verify.sweep.grid import D, Run
from verify.sweep.measure import judged, prepared_on
from verify.sweep.programs import Asked, Programs, kind_of

RUNS = (
    Run("ssm-linear", 40, 8, 0, Fraction(1), None, "float32", 0),
    Run("ssm-gated", 40, 8, 0, Fraction(1), Fraction(1, 10), "float32", 0),
    Run("ssm-constant", 40, 8, 12, Fraction("0.9"), None, "float32", 0),
    Run("ssm-constant", 40, None, 12, Fraction(1), None, "float32", 0),
    Run("ssm-linear", 40, 8, 0, Fraction(1), None, "bfloat16", 0),
)


@pytest.fixture(scope="module")
def programs() -> Iterator[Programs]:
    made = Programs(mesh(None))
    yield made
    made.close()


def outputs(programs: Programs, run: Run, x: np.ndarray) -> tuple[np.ndarray, str]:
    prepared = prepared_on(run, D)
    (y,), execution = programs.outputs([Asked(run, prepared, prepared.task.sequence(x), judged(run))])
    return y, execution


def alone(run: Run, x: np.ndarray, execution: str) -> np.ndarray:
    """The module at its own N, by the same execution."""
    prepared, dtype = prepared_on(run, D), jnp.dtype(run.dtype)
    memory = prepared.memory
    stream = memory.encoding.stream(prepared.task.sequence(x), prepared.position, prepared.target, dtype)
    module = memory.module
    if isinstance(module, Attention):
        return np.asarray(jax.jit(attend)(module, stream, jnp.asarray(judged(run))))
    if isinstance(module, MambaBlock):
        y = jax.jit(lambda block, z: run_block(block, z, Execution(execution)))(module.restricted((VALUES,)), stream)
    else:
        assert isinstance(module, SSM)
        y = jax.jit(lambda ssm, z: run_ssm(ssm, z, Execution(execution)))(module, stream)
    return np.asarray(y[VALUES].dense())[judged(run)]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.module}-{run.L}-{run.dtype}")
def test_a_padded_run_is_the_run_at_its_own_length(programs: Programs, run: Run):
    x = uniform_values(run.N, D, 1.0, 0, jnp.dtype(run.dtype))
    padded, execution = outputs(programs, run, x)
    np.testing.assert_array_equal(padded, alone(run, x, execution))


def test_one_program_serves_all_short_runs():
    short = [Run("attention", N, 2, 0, Fraction(1), Fraction(1, 10), "float32", 0) for N in (2, 64, 4096)]
    assert len({kind_of(run) for run in short}) == 1
    assert kind_of(Run("attention", 4097, 2, 0, Fraction(1), Fraction(1, 10), "float32", 0)).length == 4**7
    assert kind_of(RUNS[0], 3).length % 3 == 0


def test_weights_are_arguments(programs: Programs):
    """A program compiled once obeys the weights of each run: with another forgetting the outputs differ."""
    first, second = (Run("ssm-constant", 16, 4, 16, Fraction(a), None, "float32", 0) for a in ("0.9", "0.5"))
    assert kind_of(first) == kind_of(second)
    x = uniform_values(16, D, 1.0, 0, np.dtype(np.float32))
    first_y, second_y = (outputs(programs, run, x)[0] for run in (first, second))
    kept = [float(run.a) ** 3 for run in (first, second)]
    ratio = first_y.astype(np.float64) * kept[1] - second_y.astype(np.float64) * kept[0]
    assert np.abs(ratio).max() <= 2 * growth(3 * 16 * 4, format_of("float32"), library_calls=3 * 16)
    assert not (first_y == second_y).all()
