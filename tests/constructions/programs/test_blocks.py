"""The blocks that compiled programs are made of: what they are as Eq. 3, and the exactness of a cell."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import silu, softplus

from bounds.formats import FORMATS, format_of
from constructions.gadgets.integers import integer_scale
from constructions.mamba import forgotten
from constructions.packed import packed
from constructions.programs.expression import equal, name
from constructions.programs.program import Builder, Field, Slots
from constructions.programs.stack import compiled

x, t = name("x"), name("t")


def stack(called="float32"):
    build = Builder("cells", tuple(Field(n, 1, 3) for n in ("x", "y", "z")), 20)
    memory = Slots(4, x, t, True)
    with build.stage("keep"):
        build.register("r", t, x > 1)
        build.total("s", equal(x, 2), (0, 20))
        for k, query in enumerate((x, name("y"), name("z"))):
            build.recall(f"v{k}", memory, query)
        build.recall("other value", Slots(4, x, t + 1, True), x)
        build.recall("no forgetting", Slots(21, t, t, False), x)
    return compiled(build.program({}, t >= 20), format_of(called))


@pytest.mark.parametrize("called", FORMATS)
def test_rates_gates_and_forgetting_are_exact_in_every_format(called):
    """Delta = lambda or 0, exp(-Delta) = 0 or 1, the gate lambda or 0, at r, g = 1, 0, -1, -2."""
    scale = jnp.asarray(integer_scale(FORMATS[called]), called)
    Delta = softplus(scale * jnp.array([1, -1, -2], called))
    np.testing.assert_array_equal(np.asarray(Delta, float), [float(scale), 0, 0])
    kept = forgotten(Delta, jnp.asarray([-1, -1, -1], called))
    np.testing.assert_array_equal(np.asarray(kept, float), [0, 1, 1])
    gate = scale * jnp.array([1, 0, -1, -2], called)
    np.testing.assert_array_equal(np.asarray(silu(gate), float), [float(scale), 0, 0, 0])


@pytest.mark.parametrize("called", ["float32", "float64"])
def test_half_the_scale_leaks(called):
    """The formula of lambda is needed: with half of it exp(-Delta) is no longer 0 when something is written."""
    half = jnp.asarray(integer_scale(FORMATS[called]) / 2, called)
    assert float(forgotten(half[None], -jnp.ones(1, called))[0]) > 0


def test_one_state_entry_a_slot_reader_register_and_total():
    (cells,) = [named.block for named in stack().blocks if named.remembers]
    assert cells.ssm.d_h == 1
    widths = {"r": 1, "s": 1, "v0": 4, "v1": 4, "v2": 4, "other value": 4, "no forgetting": 21}
    assert {n: cells.ssm.inner[n].dim for n in widths} == widths
    assert isinstance(cells.ssm.A, dict)
    A = {n: float(np.ravel(cells.ssm.A[n])[0]) for n in widths}
    assert A == {"r": -1, "s": 0, "v0": -1, "v1": -1, "v2": -1, "other value": -1, "no forgetting": 0}


def test_packed_keeps_one_state_for_the_readers_of_one_memory():
    """What is written differs for the others: another value, or nothing forgotten."""
    (cells,) = [named.block for named in stack().blocks if named.remembers]
    kept = dict(packed(cells, "float32").like)
    assert {n: kept[n] for n in ("v0", "v1", "v2")} == dict.fromkeys(("v0", "v1", "v2"), "v0")
    assert {n for n in kept if kept[n] == n} == {"r", "s", "v0", "other value", "no forgetting"}


def test_units_blocks_keep_no_state():
    for named in stack().blocks:
        if not named.remembers:
            assert named.block.ssm.W_b.nonzeros == 0
            assert not packed(named.block, "float32").A


def test_blocks_write_what_they_say():
    compiled_stack = stack()
    written = [n for named in compiled_stack.blocks for n in named.writes]
    assert len(written) == len(set(written))
    for named in compiled_stack.blocks:
        assert {target for _, target in named.block.W_3.actions} == set(named.writes)
        position = compiled_stack.blocks.index(named)
        later = {n for other in compiled_stack.blocks[position:] for n in other.writes}
        read = {source for W in (named.block.W_1, named.block.W_2) for source, _ in W.actions}
        assert not read & later
