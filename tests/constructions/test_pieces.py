"""A long sparse run goes piece by piece and gives the very numbers of the run in one; on an accelerator, where the
order of a sum depends on its length, within the rounding of both.
"""

import jax
import numpy as np
import pytest

import constructions.run
from bounds.formats import FORMATS
from bounds.rounding import growth, recurrence_roundings
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
    assert np.abs(outputs(memory, position, target) - whole).max() <= allowed()


def allowed() -> float:
    """Twice what rounding moves an output after 2 N steps: N values that weigh at most 1 each, d_h <= N, three library
    calls for a rate and a gate; a fill that is carried apart makes it three times as much (`recurrence_error`).
    """
    roundings = recurrence_roundings(2 * N + 1, N)
    return 0.0 if jax.default_backend() == "cpu" else 2 * 3 * N * growth(roundings, FORMATS["float64"], library_calls=3)


@pytest.mark.parametrize("name", MEMORIES)
def test_pieces_that_start_from_nothing_are_seen(monkeypatch, tasks, name):
    memory, (position, target) = MEMORIES[name](), tasks(N)["string"]
    whole = outputs(memory, position, target)
    monkeypatch.setattr(constructions.run, "PIECE", 5)
    monkeypatch.setattr(constructions.run, "recur", lambda s, reads, execution, _: recur(s, reads, execution))
    assert np.abs(outputs(memory, position, target) - whole).max() > allowed()
