"""Extreme instances of every task, by the program and, behind `long`, by the weights; there thousands of random ones
and prompts longer than a compiled loop.
"""

import numpy as np
import pytest

from bounds.formats import format_of
from constructions.generate import LENGTH, generate, machine, prompt_tokens
from constructions.problems.catalogue import Options, entry
from constructions.problems.edit_distance import Costs
from constructions.programs.stack import compiled

TASKS = {
    (name, theorem): task
    for name in ("lis", "edit-distance", "arithmetic", "subarray", "matrix-chain")
    for theorem, task in entry(name, Options(Costs())).tasks.items()
}
IDS = [f"{name}/T{theorem}" for name, theorem in TASKS]
EXTREME = {  # empty, one token, repeated ones, ties, ends of the alphabet, one way up and down
    "lis": ["", "0", "999", "5 5 5 5", "0 999 0 999", "1 2 3 4 5 6", "6 5 4 3 2 1", "999 998 999 0"],
    "edit-distance": ["|", "a|", "|z", "a|a", "a|z", "aaaa|aaaa", "aaaa|zzzz", "az|za", "abcd|bcda", "z|aaaaaaa"],
    "arithmetic": [
        "0",
        "10",
        "(10)",
        "((((10))))",
        "10*10*10",
        "10-10-10-10",
        "1/10/10",
        "0*(10+10)",
        "0/10",
        "9/(2*5)",
    ],
    "subarray": ["", "-99", "99", "0 0 0", "99 99 99 99", "-99 -99 -99", "99 -99 99 -99 99", "-1 0 -1", "1 -1 1 -1"],
    "matrix-chain": ["", "9", "1 1", "9 9", "9 9 9 9 9", "1 1 1 1 1", "9 1 9 1 9 1", "1 9 1 9", "1 2 3 4 5"],
}
MANY, SIZE, SIDE_BY_SIDE = 2048, 12, 64
SMALLER = {"matrix-chain": 8}  # whose chain grows with the cube of its size
LONG_PROMPTS = {  # more tokens than one compiled loop has
    "edit-distance": f"{'abcde' * 60}|cab",
    "arithmetic": "+".join(["7*(3-5)"] * 40),
    "subarray": " ".join(str(k * 37 % 199 - 99) for k in range(300)),
}


@pytest.mark.parametrize("key", TASKS, ids=IDS)
def test_extremes_by_the_program(key, goes_wrong):
    task = TASKS[key]
    instances = [task.parse(text) for text in EXTREME[key[0]]]
    assert not goes_wrong(task, task.program(task.limits(instances)), instances)


def wrong_by_weights(task, instances):
    """The instances whose tokens are not the oracle's, or whose least margin is not 1/2."""
    limits = task.limits(instances)
    stack = compiled(task.program(limits), format_of("float32"))
    assert stack.exact
    fields, made, wrong = [field.name for field in stack.program.fields], machine(stack), []
    for start in range(0, len(instances), SIDE_BY_SIDE):
        part = instances[start : start + SIDE_BY_SIDE]
        run = generate(made, [prompt_tokens(fields, task.prompt(x)) for x in part], limits.longest)
        for k, x in enumerate(part):
            want = prompt_tokens(fields, task.prompt(x) + task.expected(x, limits))
            same = np.array_equal(run.tokens[k, : run.lengths[k]], want)
            if not (same and run.stopped[k] and run.margins[k, : run.lengths[k]].min() == 0.5):
                wrong.append(task.written(x))
    return wrong


@pytest.mark.long
@pytest.mark.parametrize("key", TASKS, ids=IDS)
def test_thousands_and_extremes_by_the_weights(key):
    task, rng = TASKS[key], np.random.default_rng(11)
    drawn = [task.draw(SMALLER.get(key[0], SIZE), rng) for _ in range(MANY)]
    assert not wrong_by_weights(task, [*map(task.parse, EXTREME[key[0]]), *drawn])


@pytest.mark.long
@pytest.mark.parametrize("key", [key for key in TASKS if key[0] in LONG_PROMPTS], ids=lambda key: f"{key[0]}/T{key[1]}")
def test_prompts_longer_than_a_compiled_loop(key):
    task = TASKS[key]
    instance = task.parse(LONG_PROMPTS[key[0]])
    assert len(task.prompt(instance)) > LENGTH
    assert not wrong_by_weights(task, [instance])
