"""A verifier is worth what it catches: each fault below must be seen by the comparison with the values to be copied.

The intact memories pass with room to spare on these values; the error counts as good only if it compares as small, so
NaN fails.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from constructions.encoding import ONE, POSITION, TARGET, VALUES
from constructions.mamba import SSM
from constructions.memories.constant import constant, projection_keys
from constructions.memories.gated import MEMORY, gated
from constructions.memories.heads import binary_head, circle_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3, theorem3_layer

N, D, M, EPSILON = 6, 2, 1.0, 1e-3
MEMORIES: dict[str, Callable[[], Memory]] = {
    "theorem3": lambda: theorem3(N, D),
    "layer": lambda: theorem3_layer(N, D),
    "gated": lambda: gated(N, D, M, EPSILON),
    "constant": lambda: constant(N, D, projection_keys(N, N), "projection"),
    "binary": lambda: binary_head(N, D, M, EPSILON),
    "circle": lambda: circle_head(N, D, M, EPSILON),
}
TARGETS = np.array([0, 0, 1, 3, 2, 4])


QUERY, RATE = (TARGET, "state"), (ONE, "rank")
WEIGHT_FAULTS = {  # memory, map, entry, what the entry is multiplied by
    "W_c negated": ("theorem3", "module.W_c", QUERY, -1.0),
    "W_c negated, constant": ("constant", "module.W_c", QUERY, -1.0),
    "Delta off": ("theorem3", "module.W_Delta1", RATE, 1 + 1e-12),
    "Delta off, constant": ("constant", "module.W_Delta1", RATE, 1 + 1e-12),
    "NaN in W_b": ("theorem3", "module.W_b", (POSITION, "state"), np.nan),
    "NaN in Delta": ("theorem3", "module.W_Delta1", RATE, np.nan),
    "NaN in the leak": ("gated", "module.ssm.W_Delta2", ("off", MEMORY), np.nan),
    "NaN in a query": ("binary", "module.W_q", (TARGET, "key"), np.nan),
    "half of S": ("gated", "module.ssm.W_Delta2", ("off", MEMORY), 0.5),
    "write rate off by 1 %": ("gated", "module.ssm.W_Delta2", ("on", MEMORY), 1.01),
    "gate off by 1 %": ("gated", "module.W_2", (TARGET, MEMORY), 1.01),
    "half of the scale": ("binary", "module.W_q", (TARGET, "key"), 0.5),
    "a tenth of the scale": ("circle", "module.W_q", (TARGET, "key"), 0.1),
    "query negated": ("circle", "module.W_q", (TARGET, "key"), -1.0),
    "values off by 1 %": ("binary", "module.W_v", (VALUES, "value"), 1.01),
}


def copies(copied, memory: Memory, position: np.ndarray, target: np.ndarray, allowed: float) -> bool:
    """Whether the outputs are the values at TARGETS, whatever position and target the program is given."""
    x = np.random.default_rng(0).uniform(-M, M, (N, D))
    return bool(np.abs(copied(memory, x, position, target) - x[TARGETS]).max() <= allowed)


def allowed(name: str) -> float:
    """What the proof states; the layer's gate is silu(k) = 1 up to rounding, far below epsilon."""
    stated = MEMORIES[name]().stated_error
    return EPSILON if name == "layer" else stated or 0.0


@pytest.mark.parametrize("name", MEMORIES)
def test_the_intact_memory_passes(copied, name):
    assert copies(copied, MEMORIES[name](), np.arange(N), TARGETS, allowed(name))


@pytest.mark.parametrize("fault", WEIGHT_FAULTS)
def test_a_faulty_weight_is_seen(copied, times, fault):
    name, path, entry, factor = WEIGHT_FAULTS[fault]
    faulty = times(MEMORIES[name](), path, entry, factor)
    assert not copies(copied, faulty, np.arange(N), TARGETS, allowed(name))


@pytest.mark.parametrize("name", ["theorem3", "constant"])
def test_forgetting_a_little_is_seen(copied, name):
    memory = MEMORIES[name]()
    assert isinstance(memory.module, SSM)
    faulty = replace(memory, module=replace(memory.module, A=np.asarray(-1e-12)))
    assert not copies(copied, faulty, np.arange(N), TARGETS, allowed(name))


@pytest.mark.parametrize("name", MEMORIES)
def test_a_wrong_index_is_seen(copied, name):
    """Two targets swapped; all slots shifted by one; two positions written in each other's slot."""
    memory, steps = MEMORIES[name](), np.arange(N)
    swapped, crossed = TARGETS.copy(), steps.copy()
    swapped[[3, 4]] = swapped[[4, 3]]
    crossed[[1, 2]] = crossed[[2, 1]]
    for position, target in ((steps, swapped), ((steps + 1) % N, TARGETS), (crossed, TARGETS)):
        assert not copies(copied, memory, position, target, allowed(name))
