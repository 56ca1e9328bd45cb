"""Autoregressive runs: prompts, batches, ends, margins, blocks of tokens, and what the formats change."""

from dataclasses import replace

import numpy as np
import pytest

from bounds.formats import format_of
from constructions.generate import LENGTH, generate, machine, prompt_tokens
from constructions.programs.expression import equal, name, select
from constructions.programs.interpreter import interpreted
from constructions.programs.program import POSITION, Builder, Field, Slots
from constructions.programs.stack import compiled

x, s, t = name("x"), name("s"), name(POSITION)
LONGEST = 2 * LENGTH + 90


def program():
    """A ring of 3 slots named by a token's own field, a register, and an end 300 tokens after the last separator."""
    build = Builder("ring", (Field("x", -4, 5), Field("s", 0, 1), Field("slot", 0, 2)), LONGEST)
    slot = name("slot")
    with build.stage("keep"):
        separator = build.register("separator", t, s)
        old = build.recall("old", Slots(3, slot, x, True), select(equal(slot, 2), 0, slot + 1))
    with build.stage("out"):
        following = build.define("following", select(old + 2 > 5, old - 7, old + 2))
        ending = build.define("ending", equal(t - separator, 300))
    outputs = {"x": following, "slot": select(equal(slot, 2), 0, slot + 1)}
    return build.program(outputs, stop=ending)


PROGRAM = program()
FIELDS = [field.name for field in PROGRAM.fields]
PROMPTS = [
    [{"x": 1, "slot": 0}, {"x": 5, "slot": 1, "s": 1}],
    [{"x": k % 10 - 4, "slot": k % 3, "s": int(k == 280)} for k in range(281)],  # longer than one block of tokens
    [{"x": -4, "slot": 2}],
]


def prompts():
    return [prompt_tokens(FIELDS, prompt) for prompt in PROMPTS]


@pytest.fixture(scope="module")
def ready():
    return machine(compiled(PROGRAM, format_of("float32")))


@pytest.fixture(scope="module")
def run(ready):
    return generate(ready, prompts(), LONGEST)


def expected(prompt):
    return prompt_tokens(FIELDS, [token for token, _ in interpreted(PROGRAM, prompt, LONGEST)])


def test_every_token_of_a_batch_is_the_interpreters(run):
    for k, prompt in enumerate(PROMPTS):
        right = expected(prompt)
        assert run.lengths[k] == len(right)
        np.testing.assert_array_equal(run.tokens[k, : len(right)], right)
    assert run.stopped.tolist() == [True, True, True]
    assert run.lengths.tolist() == [303, 582, 301]


def test_margins_are_those_of_exact_values(run):
    assert run.margin * 2 == 1
    assert np.isinf(run.margins[1, :281]).all()
    assert (run.margins[1, 281:582] * 2 == 1).all()


def test_one_prompt_alone_gives_the_same(ready, run):
    alone = generate(ready, prompts()[2:], LONGEST)
    np.testing.assert_array_equal(alone.tokens[0, :301], run.tokens[2, :301])


def test_a_limit_cuts_a_run(ready):
    cut = generate(ready, prompts(), 290)
    assert cut.tokens.shape == (3, 290, 3)
    assert cut.lengths.tolist() == [290, 290, 290]
    assert not cut.stopped.any()


@pytest.mark.parametrize(
    ("given", "limit", "says"),
    [
        ([], 9, r"\[\] tokens"),
        ([np.zeros((0, 3), np.int32)], 9, r"\[0\]"),
        ([np.zeros((9, 3), np.int32)], 8, "1 to 8"),
        ([np.zeros((2, 1), np.int32)], 8, "they have 3"),
    ],
)
def test_refusals(ready, given, limit, says):
    with pytest.raises(ValueError, match=says):
        generate(ready, given, limit)


def test_a_field_beyond_32_bits_is_refused():
    build = Builder("wide", (Field("x", 0, 2**31),), 9)
    with pytest.raises(ValueError, match=r"\['x'\].*32 bits"):
        machine(compiled(build.program({}, stop=t >= 9), format_of("float64")))


def test_a_weight_that_is_nan_leaves_no_margin(ready):
    last = ready.blocks[-1]
    broken = replace(last, b_1={n: b * np.float32("nan") for n, b in last.b_1.items()})
    broken_run = generate(replace(ready, blocks=(*ready.blocks[:-1], broken)), prompts()[:1], 20)
    assert not broken_run.margin > 0


def test_a_dropped_block_is_seen(ready, run):
    ring = max(range(len(ready.blocks)), key=lambda k: sum(A.size for A in ready.blocks[k].A.values()))
    without = replace(ready, blocks=ready.blocks[:ring] + ready.blocks[ring + 1 :])
    assert (generate(without, prompts()[:1], 303).tokens[0] != run.tokens[0, :303]).any()


def counter():
    build = Builder("counter", (Field("x", 0, 1000),), 600)
    with build.stage("s"):
        build.define("next", x + 1)
    return build.program({"x": name("next")}, stop=t >= 599)


def test_bfloat16_counts_to_256_and_float32_goes_on():
    """8 bits hold all integers up to 256; 257 rounds to 256.  The stack says so of itself beforehand."""
    start = [prompt_tokens(["x"], [{"x": 0}])]
    stack = compiled(counter(), format_of("float32"))
    runs = {n: generate(machine(stack, n), start, 300).tokens[0, :, 0] for n in ("bfloat16", "float32")}
    wrong = {n: np.flatnonzero(tokens != np.arange(300)) for n, tokens in runs.items()}
    assert wrong["float32"].size == 0
    assert wrong["bfloat16"][0] == 257
    assert stack.exact
    assert not compiled(counter(), format_of("bfloat16")).exact
