"""The memories timed: weights and a random task on the device, a run by one execution, and what it has to do."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from constructions.attention import attend
from constructions.encoding import VALUES
from constructions.memories.memory import Memory
from constructions.recurrence import Execution
from constructions.run import run_ssm
from verify.bench.clock import best
from verify.bench.timing import Work
from verify.copy.task import task, uniform_values

D = 64  # coordinates of a value
ITEM = 4  # bytes of a float32


def inputs(memory: Memory) -> tuple[Any, Any, np.ndarray]:
    """Weights and a random task's stream on the device, and what is to be copied."""
    length = memory.encoding.N
    made = task("random", length, 0)
    x = uniform_values(length, memory.encoding.d, 1.0, 0, np.dtype(np.float32))
    stream = memory.encoding.stream(x, made.position, made.target, jnp.dtype(np.float32))
    module = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), memory.module)
    return *jax.device_put((module, stream)), x[made.target]


def timed(memory: Memory, execution: Execution) -> tuple[float, bool]:
    """Seconds of the module by that execution, and whether every output was the value to be copied, bit by bit."""
    module, stream, wanted = inputs(memory)
    program = jax.jit(lambda module, z: run_ssm(module, z, execution)[VALUES].dense())
    seconds, outputs = best(program, module, stream)
    return seconds, bool((np.asarray(outputs) == wanted).all())


def attended(memory: Memory) -> tuple[float, float]:
    """Seconds of a head for all queries, and the largest error of a copied value."""
    module, stream, wanted = inputs(memory)
    seconds, outputs = best(jax.jit(attend), module, stream, jnp.arange(memory.encoding.N))
    return seconds, float(np.abs(np.asarray(outputs) - wanted).max())


def chunk_work(N: int, d: int, states: int, Q: int) -> Work:
    """The matrix form, dense: in each of N/Q chunks the scores C B^T, their product with V, C X and V^T B; the state is
    read twice and written once.
    """
    operations = (N / Q) * (2 * Q * Q * states + 2 * Q * Q * d + 4 * Q * states * d)
    return Work(operations, (N / Q) * 3 * states * d * ITEM + N * (2 * states + 2 * d) * ITEM)


def scan_work(N: int, d: int, states: int) -> Work:
    """The recurrence itself: a step forgets, writes and reads the whole state, which is read and written once."""
    return Work(N * 5 * states * d, N * 2 * states * d * ITEM)


def sparse_work(N: int, d: int) -> Work:
    """Index lists: a step writes one row of the state and reads one, and moves a value in and out."""
    return Work(N * 2 * d, N * 4 * d * ITEM)


def attention_work(N: int, d: int, d_k: int) -> Work:
    """Causal softmax attention: scores and weighted sums over N (N + 1) / 2 pairs; keys, queries and values once."""
    pairs = N * (N + 1) / 2
    return Work(pairs * (2 * d_k + 2 * d), N * (2 * d_k + 2 * d) * ITEM)
