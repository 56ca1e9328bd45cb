"""The memories of a sweep's runs: as derived, in float64, and as a run's format stores them; each is made once for all
runs that differ in the distance alone.
"""

from functools import lru_cache

import jax.numpy as jnp

from constructions.memories.memory import Memory
from verify.copy.modules import Prepared, as_stored, build
from verify.copy.settings import CopySettings
from verify.copy.task import Task, task
from verify.sweep.grid import D, Run

KEPT = 4  # memories that a format stores; as derived, one


def memory_of(run: Run, width: int) -> Memory:
    """The module's weights and codes as the dtype stores them, for values of `width` coordinates."""
    return _stored(_alike(run), width)


def as_derived(run: Run) -> Memory:
    """The module's weights and codes before they are rounded to a dtype."""
    return _derived(_alike(run), D)


def task_of(run: Run) -> Task:
    """What the run is asked."""
    return task("string" if run.L is None else f"lag:{run.L - 1}", run.N, run.seed)


def prepared_on(run: Run, width: int) -> Prepared:
    """The memory on its task."""
    made = task_of(run)
    return Prepared(memory_of(run, width), made, made.position, made.target)


def _alike(run: Run) -> Run:
    return Run(run.module, run.N, 1, run.d_h, run.a, run.epsilon, run.dtype, run.seed)


@lru_cache(maxsize=KEPT)
def _stored(alike: Run, width: int) -> Memory:
    return as_stored(_derived(alike, width), jnp.dtype(alike.dtype))


@lru_cache(maxsize=1)
def _derived(alike: Run, width: int) -> Memory:
    settings = CopySettings(d=width, a=alike.a, epsilon=alike.epsilon or CopySettings.epsilon, seed=alike.seed)
    return build(alike.module, task_of(alike), alike.d_h, settings)
