"""The memory that a run of `verify dp` will need, estimated from a program before its weights are made."""

import jax.numpy as jnp

from constructions.programs.program import Program
from constructions.programs.stack import Stack
from verify.dp.instances import memories
from verify.errors import BadInput
from verify.memory import available_bytes
from verify.notation import size

INTERPRETER = 500 * 2**20  # Python, NumPy, JAX and its compiler
WEIGHTS = 1000  # bytes of a slot of one reader: its rows of all maps, written out and packed, and their making
STATES = 8  # copies of a batch's states that live at the same time
SCALARS = 8  # coordinates of the stream for each quantity of the program, at most
STREAMS = 2**28  # bytes of streams that are kept for looking at


def needed(program: Program, batch: int, runs: int, longest: int, item: int) -> int:
    """Peak bytes: weights once, states for each run of a batch, tokens of all runs, at most `longest` each."""
    slots = sum(memory.count for memory in memories(program))
    stream = SCALARS * len(program.intervals)
    tokens = runs * longest * (3 * 4 * (len(program.fields) + 1) + 2 * item)
    return INTERPRETER + slots * WEIGHTS + STATES * batch * (slots + stream) * item + tokens + 3 * STREAMS


def refuse_too_large(program: Program, batch: int, runs: int, longest: int, item: int, asked: str) -> None:
    """Raise BadInput, with the estimate, for a run that would not fit in memory."""
    there, wanted = available_bytes(), needed(program, batch, runs, longest, item)
    if wanted > there:
        what = f"{runs} runs of up to {longest} tokens would need about {size(wanted)} of memory"
        raise BadInput(asked, f"{what} and {size(there)} are available", "smaller or fewer instances")


def fits_streams(batch: int, longest: int, stack: Stack) -> bool:
    """Whether a batch of runs may keep its whole streams."""
    item = jnp.dtype(stack.format.name).itemsize
    return batch * longest * stack.stream.dim * item <= STREAMS
