"""Compiled programs equal the interpreter, for every quantity at every token, by three routes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import format_of
from constructions.linear import Action
from constructions.programs.expression import bounds, equal, name
from constructions.programs.program import Builder, Field, Slots
from constructions.programs.stack import compiled

GIVEN = {"x": (-5, 6), "y": (-3, 3), "f": (0, 1)}
x, t = name("x"), name("t")


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_random_programs_follow_eq_3(random_program, random_tokens, compiled_for, streams, differing, seed):
    rng = np.random.default_rng(seed)
    program = random_program(rng)
    stack = compiled_for(program, "float64")
    assert stack.exact
    tokens = random_tokens(program, 25, rng)
    assert not differing(stack, streams["numpy"](stack, tokens), tokens)


def test_a_random_program_in_float32(random_program, random_tokens, compiled_for, streams, differing):
    """By the packed blocks at 40 tokens, and by the plain step at the first three, bit for bit."""
    rng = np.random.default_rng(1)
    program = random_program(rng)
    stack = compiled_for(program, "float32")
    assert stack.exact
    assert stack.margin * 2 == 1
    tokens = random_tokens(program, 40, rng)
    packed = streams["packed"](stack, tokens)
    assert not differing(stack, packed, tokens)
    np.testing.assert_array_equal(streams["plain"](stack, tokens[:3]), packed[:3])


def test_random_expressions_in_float32(random_expression, random_tokens, compiled_for, streams, differing):
    rng = np.random.default_rng(3)
    build = Builder("expressions", tuple(Field(n, *interval) for n, interval in GIVEN.items()), 250)
    with build.stage("all"):
        for k in range(40):
            expression = random_expression(rng, GIVEN, 3)
            build.define(f"e{k}", expression, bounds(expression, GIVEN))
    program = build.program({}, stop=t >= 250)
    stack = compiled_for(program, "float32")
    assert stack.exact
    tokens = random_tokens(program, 250, rng)
    assert not differing(stack, streams["packed"](stack, tokens), tokens)


def small(longest=30):
    """A register, a total and both kinds of memory."""
    build = Builder("small", (Field("x", 0, 6), Field("f", 0, 1)), longest)
    f = name("f")
    with build.stage("keep"):
        build.register("r", x + 1, f)
        build.total("s", x, (0, 6 * longest))
        build.recall("v", Slots(7, x, t, True), 6 - x)
        build.recall("u", Slots(longest, t - 1, x, False), t - 3)
    return build.program({"x": x}, stop=equal(t, longest))


def test_names_of_the_user_never_meet_those_of_the_compiler(compiled_for, streams, differing, random_tokens):
    """The outputs' spaces, and the scalars that the compiler names itself."""
    build = Builder("names", (Field("x", 0, 6),), 30)
    with build.stage("one"):
        build.define("output x", equal(x, 2))
        build.define("output: stop", equal(x, 3))
        build.define("q", equal(x, 1) + equal(x, 4))
        build.register("q: equality", x, equal(x, 5))
        build.recall("v", Slots(3, 0 * x, x, True), 0)
    program = build.program({"x": 6 - x}, stop=equal(x, 1))
    stack = compiled_for(program, "float64")
    tokens = random_tokens(program, 30, np.random.default_rng(0))
    assert not differing(stack, streams["numpy"](stack, tokens), tokens)


def changed(stack, cell, weights, change):
    """The stack with one map of the block that holds `cell` changed at all entries into or out of the cell."""

    def touch(named):
        if not named.remembers or cell not in named.writes:
            return named
        block = named.block
        if weights == "A":
            return replace(named, block=replace(block, ssm=replace(block.ssm, A=block.ssm.A | {cell: change})))
        owner = block.ssm if weights.startswith("W_Delta") else block
        linear = getattr(owner, weights)
        actions = {
            key: Action(change(np.asarray(action.inner))) if key[1] == cell else action
            for key, action in linear.actions.items()
        }
        owner = replace(owner, **{weights: replace(linear, actions=actions)})
        return replace(named, block=replace(block, ssm=owner) if weights.startswith("W_Delta") else owner)

    return replace(stack, blocks=tuple(touch(named) for named in stack.blocks))


FAULTS = {
    "a leak": ("v", "A", np.full((1, 1), -0.01)),
    "a register that adds": ("r", "A", np.zeros((1, 1))),
    "a total that forgets": ("s", "A", np.full((1, 1), -1.0)),
    "lambda far smaller in the rates": ("v", "W_Delta2", lambda w: w / 64),
    "a shifted slot, written": ("v", "W_Delta2", lambda w: np.roll(w, 1, axis=0)),
    "a shifted slot, read": ("u", "W_2", lambda w: np.roll(w, 1, axis=0)),
    "a dropped flag": ("r", "W_Delta2", lambda w: w * 0),
    "a wrong sign of the value": ("s", "W_1", lambda w: -w),
    "a wrong sign of the gate": ("v", "W_2", lambda w: -w),
}


@pytest.fixture(scope="module")
def right():
    return compiled(small(), format_of("float64"))


def test_without_a_fault_all_is_right(right, streams, differing, random_tokens):
    tokens = random_tokens(right.program, 30, np.random.default_rng(0))
    assert not differing(right, streams["numpy"](right, tokens), tokens)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen_where_it_is(right, streams, differing, random_tokens, fault):
    cell, weights, change = FAULTS[fault]
    tokens = random_tokens(right.program, 30, np.random.default_rng(0))
    broken = changed(right, cell, weights, change)
    assert cell in differing(right, streams["numpy"](broken, tokens), tokens)


def test_a_swapped_index_is_seen(right, streams, differing, random_tokens):
    """The values of two cells change places on their way out."""
    tokens = random_tokens(right.program, 30, np.random.default_rng(0))
    streamed = streams["numpy"](right, tokens)
    r, s = (right.stream.coordinates(n).start for n in ("r", "s"))
    streamed[:, [r, s]] = streamed[:, [s, r]]
    assert differing(right, streamed, tokens) == {"r", "s"}
