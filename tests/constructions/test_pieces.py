"""A long sparse run goes piece by piece and gives the very numbers of the run in one."""

import jax
import numpy as np
import pytest

import constructions.run
from constructions.encoding import VALUES
from constructions.mamba import MambaBlock
from constructions.memories.constant import constant, random_keys
from constructions.memories.gated import gated
from constructions.memories.theorem3 import theorem3
from constructions.recurrence import Execution, recur

N, D = 23, 3
MEMORIES = {
    "one-hot": lambda: theorem3(N, D),
    "slots": lambda: gated(N, D, 1.0, 0.1, steps=2 * N),
    "forgetting": lambda: constant(N, D, random_keys(N, 4, np.random.default_rng(1)), "random", 0.9),
}


def outputs(memory, position, target) -> np.ndarray:
    """The values that the sparse execution puts out; compiled anew, for the length of a piece as it is now."""
    x = np.random.default_rng(0).uniform(-1, 1, (len(position), D))
    stream = memory.encoding.stream(x, position, target, np.dtype("float64"))
    run = constructions.run.run_block if isinstance(memory.module, MambaBlock) else constructions.run.run_ssm
    return np.asarray(jax.jit(lambda m, x: run(m, x, Execution.SPARSE)[VALUES].dense())(memory.module, stream))


@pytest.mark.parametrize("piece", [1, 5, 23, 45])  # of 46 steps: with and without padding
@pytest.mark.parametrize("name", MEMORIES)
def test_pieces_are_the_whole(monkeypatch, tasks, name, piece):
    memory, (position, target) = MEMORIES[name](), tasks(N)["string"]
    whole = outputs(memory, position, target)
    monkeypatch.setattr(constructions.run, "PIECE", piece)
    np.testing.assert_array_equal(outputs(memory, position, target), whole)


@pytest.mark.parametrize("name", MEMORIES)
def test_pieces_that_start_from_nothing_are_seen(monkeypatch, tasks, name):
    memory, (position, target) = MEMORIES[name](), tasks(N)["string"]
    whole = outputs(memory, position, target)
    monkeypatch.setattr(constructions.run, "PIECE", 5)
    monkeypatch.setattr(constructions.run, "recur", lambda s, reads, execution, _: recur(s, reads, execution))
    assert (outputs(memory, position, target) != whole).any()
