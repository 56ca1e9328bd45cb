"""The memories timed: weights and a random task on the device, a run by one execution, and what it has to do."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from bounds.formats import format_of
from bounds.rounding import attention_error, dot_error
from constructions.attention import Attention, attend
from constructions.encoding import TARGET, VALUES
from constructions.memories.memory import Memory
from constructions.recurrence import Execution
from constructions.run import initial_state, run_ssm, step_ssm
from verify.bench.clock import best
from verify.bench.timing import Work
from verify.copy.task import Task, task, uniform_values

D = 64  # coordinates of a value
ITEM = 4  # bytes of a float32


def posed(memory: Memory) -> tuple[Task, Float[np.ndarray, "N d"]]:
    """The random task on which a memory is timed, and its values in [-1, 1]."""
    length = memory.encoding.N
    return task("random", length, 0), uniform_values(length, memory.encoding.d, 1.0, 0, np.dtype(np.float32))


def inputs(memory: Memory) -> tuple[Any, Any, np.ndarray]:
    """Weights and that task's stream on the device, and what is to be copied."""
    made, x = posed(memory)
    stream = memory.encoding.stream(x, made.position, made.target, jnp.dtype(np.float32))
    module = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), memory.module)
    return *jax.device_put((module, stream)), x[made.target]


def ran(memory: Memory, execution: Execution) -> tuple[float, jax.Array, np.ndarray]:
    """Seconds of the module by that execution, its outputs, (N, d), and what is to be copied."""
    module, stream, wanted = inputs(memory)
    program = jax.jit(lambda module, z: run_ssm(module, z, execution)[VALUES].dense())
    return *best(program, module, stream), wanted


def timed(memory: Memory, execution: Execution) -> tuple[float, bool]:
    """Seconds of the module by that execution, and whether every output was the value to be copied, bit by bit."""
    seconds, outputs, wanted = ran(memory, execution)
    return seconds, bool((np.asarray(outputs) == wanted).all())


def attended(memory: Memory) -> tuple[float, tuple[float, float]]:
    """Seconds of a head of binary codes for all queries; the largest error of a copied value and what is allowed, the
    head's stated error and the rounding of float32.
    """
    module, stream, wanted = inputs(memory)
    assert isinstance(module, Attention)
    assert memory.stated_error is not None
    N, format = memory.encoding.N, format_of("float32")
    seconds, outputs = best(jax.jit(attend), module, stream, jnp.arange(N))
    largest = abs(float(np.asarray(module.W_q.actions[TARGET, "key"].inner))) * memory.d_h  # entries of a code are +-1
    score, others = dot_error(largest, memory.d_h, format), 0.5 * memory.stated_error
    rounding = attention_error(1.0, N, score, 2.0 * largest, format, others)
    return seconds, (float(np.abs(np.asarray(outputs) - wanted).max()), memory.stated_error + rounding)


def decoded(memory: Memory, tokens: int) -> tuple[float, bool]:
    """Seconds of that many single steps, each a call of one compiled program that takes the state over; whether every
    output was the value to be copied, bit by bit.
    """
    module, stream, wanted = inputs(memory)
    rows = [jax.tree.map(lambda leaf, i=i: leaf[i], stream) for i in range(tokens)]
    step = jax.jit(step_ssm, donate_argnums=1)

    def run() -> list[jax.Array]:
        H, outputs = initial_state(module, jnp.dtype(np.float32)), []
        for row in rows:
            H, y = step(module, H, row)
            outputs.append(y[VALUES].fill)
        return outputs

    seconds, outputs = best(run)
    return seconds, bool((np.stack([np.asarray(y) for y in outputs]) == wanted[:tokens]).all())


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


def attention_work(N: int, d: int) -> Work:
    """Causal softmax attention with binary codes of d_k = log2 N: scores and weighted sums over N (N + 1) / 2 pairs;
    keys, queries and values once.
    """
    pairs, d_k = N * (N + 1) / 2, max(1, (N - 1).bit_length())
    return Work(pairs * (2 * d_k + 2 * d), N * (2 * d_k + 2 * d) * ITEM)
