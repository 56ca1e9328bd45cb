"""The modules of `verify copy`: their weights for a task, as the float program stores them, and the values that are
worst for them.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from bounds.exact import ssm_worst_values
from constructions.memories.constant import constant, projection_keys, random_keys
from constructions.memories.gated import gated
from constructions.memories.heads import binary_head, circle_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from verify.copy.settings import CopySettings
from verify.copy.task import Task
from verify.independent import scores

ROUNDING_SHARE = 0.5  # of epsilon is left to rounding; the construction's own error gets the rest


@dataclass(frozen=True, eq=False)
class Prepared:
    """A memory on a task: its weights and codes rounded to the dtype, and each step's position and target in its terms.

    Attention sees every token of its context, also those that only reproduce, so all T steps have positions of their
    own; a recurrent memory tells N positions apart and gives the others the zero code.
    """

    memory: Memory
    task: Task
    position: Int[np.ndarray, " T"]
    target: Int[np.ndarray, " T"]


def prepare(module: str, task: Task, d_h: int, settings: CopySettings) -> Prepared:
    """The module of that name for a task, in the settings' dtype."""
    memory = as_stored(build(module, task, d_h, settings), jnp.dtype(settings.dtype))
    if module == "attention":
        return Prepared(memory, task, np.arange(task.steps), np.maximum(task.target, 0))
    return Prepared(memory, task, task.position, task.target)


def build(module: str, task: Task, d_h: int, settings: CopySettings) -> Memory:
    """The memory of that name for the N values of a task, over all its steps."""
    N, d, M = task.N, settings.d, float(settings.M)
    share = float(settings.epsilon) * (1.0 - ROUNDING_SHARE)
    literal = settings.Delta == "literal"
    if module == "ssm-linear":
        return theorem3(N, d, literal_Delta=literal)
    if module == "ssm-gated":
        return gated(N, d, M, share, steps=task.steps, literal_Delta=literal)
    if module == "attention":
        return (binary_head if settings.codes == "binary" else circle_head)(task.steps, d, M, share)
    rng = np.random.default_rng([settings.seed, d_h])
    codes = projection_keys(N, d_h) if settings.keys == "projection" else random_keys(N, d_h, rng)
    return constant(N, d, codes, settings.keys, float(settings.a), literal_Delta=literal)


def as_stored(memory: Memory, dtype: jnp.dtype) -> Memory:
    """The memory with every weight and code rounded to the dtype."""
    codes = memory.encoding.codes
    encoding = memory.encoding if codes is None else replace(memory.encoding, codes=codes.astype(dtype))
    return replace(memory, module=jax.tree.map(lambda leaf: np.asarray(leaf, dtype), memory.module), encoding=encoding)


def worst_values(prepared: Prepared, step: int, d: int, M: float) -> Float[np.ndarray, "N d"]:
    """Values of the N positions that attain the exact worst case of that step's output, alike in all coordinates."""
    row = scores(prepared.memory, prepared.position, prepared.target, np.array([step]))
    slot = step_of_slot(prepared)[prepared.target[[step]]]
    values = ssm_worst_values(weights_of_values(prepared, row), slot, M)[0][: prepared.task.N]
    return np.repeat(np.where(values == 0.0, M, values)[:, None], d, axis=1)


def weights_of_values(prepared: Prepared, S: Float[np.ndarray, "R S"]) -> Float[np.ndarray, "R n"]:
    """The scores of steps as weights of the values: in the string task a step that reproduces is fed a value once
    more, N + 1 steps after it was read (and the first one 0), so that both weights act on the same value.
    """
    N = prepared.task.N
    if prepared.task.steps == N or S.shape[1] <= N:
        return S
    once, again = S[:, :N].copy(), S[:, N + 1 :]
    once[:, : again.shape[1]] += again
    return once


def step_of_slot(prepared: Prepared) -> Int[np.ndarray, " N"]:
    """For each position that the memory tells apart, the step that writes it."""
    written = prepared.position >= 0
    steps = np.zeros(prepared.memory.encoding.N, np.int64)
    steps[prepared.position[written]] = np.flatnonzero(written)
    return steps
