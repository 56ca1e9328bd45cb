"""Every table problem: oracle, program and float32 weights on all small instances, and planted faults."""

from dataclasses import replace

import numpy as np
import pytest

from bounds.formats import format_of
from constructions.generate import generate, machine, prompt_tokens
from constructions.oracle import solve
from constructions.problem import ValueRead
from constructions.problems import edit_distance, lis, matrix_chain, subarray
from constructions.problems.edit_distance import Costs
from constructions.problems.table import Table
from constructions.programs.expression import constant, name
from constructions.programs.interpreter import interpreted
from constructions.programs.stack import compiled

TASKS = {
    "lis": (Table(lis.two_indices(), lis.notation(), 4), 2),
    "edit distance": (Table(edit_distance.edit_distance(Costs()), edit_distance.notation(), 4), 2),
    "edit distance, benchmark": (
        Table(edit_distance.edit_distance(Costs(boundary="benchmark")), edit_distance.notation(), 4),
        2,
    ),
    "edit distance, ring": (Table(edit_distance.edit_distance(Costs(1, 4, 2)), edit_distance.notation(), 5), 2),
    "subarray": (Table(subarray.subarray(), subarray.notation(), 4), 3),
    "subarray, ring": (Table(subarray.subarray(), subarray.notation(), 5), 3),
    "matrix chain": (Table(matrix_chain.matrix_chain(), matrix_chain.notation(), 4), 3),
}
LONG = {
    "lis": "13 32 12 39 84 2 90 91",
    "edit distance": "kitten|sitting",
    "edit distance, benchmark": "kitten|sitting",
    "edit distance, ring": "kitten|sitting",
    "subarray": "3 -5 4 -1 2 -99 99 7",
    "subarray, ring": "3 -5 4 -1 2 -99 99 7",
    "matrix chain": "2 3 4 5 2 9 1",
}


def pool(key):
    """A task with all its small instances and a longer one."""
    task, n = TASKS[key]
    return task, [task.parse(LONG[key]), *task.every(n)]


def wanted(task, fields, instance):
    """The whole run as the oracle has it."""
    return prompt_tokens(fields, task.prompt(instance) + task.expected(instance))


def chain_of(task, program, instance, limit):
    """The whole run as the program's exact interpreter has it."""
    fields = [field.name for field in program.fields]
    return prompt_tokens(fields, [token for token, _ in interpreted(program, task.prompt(instance), limit)])


@pytest.mark.parametrize("key", TASKS)
def test_the_program_does_what_the_oracle_does(key):
    task, instances = pool(key)
    limits = task.limits(instances)
    program = task.program(limits)
    fields = [field.name for field in program.fields]
    for instance in instances:
        got = chain_of(task, program, instance, limits.longest)
        np.testing.assert_array_equal(got, wanted(task, fields, instance))


@pytest.mark.parametrize("key", ["lis", "edit distance, ring", "matrix chain"])
def test_the_weights_do_what_the_oracle_does(key):
    task, instances = pool(key)
    limits = task.limits(instances)
    stack = compiled(task.program(limits), format_of("float32"))
    assert stack.exact
    fields = [field.name for field in stack.program.fields]
    prompts = [prompt_tokens(fields, task.prompt(instance)) for instance in instances]
    run = generate(machine(stack), prompts, limits.longest, keep_streams=True)
    assert run.stopped.all()
    assert run.margin == 0.5
    for k, instance in enumerate(instances):
        np.testing.assert_array_equal(run.tokens[k, : run.lengths[k]], wanted(task, fields, instance))
    assert run.streams is not None
    _every_quantity(stack, task, instances[0], run.streams[0])


def _every_quantity(stack, task, instance, streams):
    """Each stage's quantities at each token, read off the stream, equal the interpreter's."""
    where = {scalar: stack.stream.coordinates(scalar).start for scalar in stack.stream.names}
    tokens = list(interpreted(stack.program, task.prompt(instance), stack.program.longest))
    for row, (_, values) in zip(streams, tokens, strict=False):
        scalars = {scalar: float(row[place]) for scalar, place in where.items()}
        for called, value in values.items():
            assert stack.forms[called].at(scalars) == value, called


def test_a_ring_has_the_slots_of_the_stack_s_limits():
    """The ring of edit distance has n2 + 2 slots, n2 that of the longest instance: shorter ones go round it later."""
    task = TASKS["edit distance, ring"][0]
    limits = task.limits([task.parse("abcab|bcabc")])
    program = task.program(limits)
    fields = [field.name for field in program.fields]
    for text in ("abc|bca", "abcab|b", "bb|abab"):
        instance = task.parse(text)
        want = prompt_tokens(fields, task.prompt(instance) + task.expected(instance, limits))
        np.testing.assert_array_equal(chain_of(task, program, instance, limits.longest), want)


def test_the_paper_s_chains():
    """Section 4 and A.5, and formats.md section 10."""
    task = TASKS["lis"][0]
    shown = {text: task.shown(task.parse(text), task.expected(task.parse(text))) for text in GOLDEN_LIS}
    assert {text: (s.chain, s.answer) for text, s in shown.items()} == GOLDEN_LIS
    for key, text, chain, answer in GOLDEN_EDITS:
        task = TASKS[key][0]
        instance = task.parse(text)
        seen = task.shown(instance, task.expected(instance))
        assert (seen.chain, seen.answer) == (chain, answer)


GOLDEN_LIS = {
    "13 32 12 39 84": ("1 2 1 3 4", "4"),
    "17 42 8 9 60": ("1 2 1 2 3", "3"),
    "30 30 31": ("1 1 2", "2"),
    "": ("", "0"),
}
GOLDEN_EDITS = [
    ("edit distance", "xgv|xgo", "0 2 4 , 2 0 2 , 4 2 3 ,", "3"),
    ("edit distance, benchmark", "xgv|xgo", "0 2 4 , 2 0 2 , 4 2 3 ,", "3"),
    ("edit distance, benchmark", "a|ba", "3 1 ,", "1"),
    ("edit distance", "a|ba", "3 2 ,", "2"),
    ("edit distance", "|abc", "", "6"),
    ("edit distance, benchmark", "ab|", "", "2"),
    ("edit distance", "|", "", "0"),
]


@pytest.mark.parametrize("seed", range(20))
def test_oracles_against_another_way_to_compute_the_answer(seed):
    rng = np.random.default_rng(seed)
    numbers = TASKS["lis"][0].draw(9, rng)
    (s,) = numbers
    chains = [1] * 9
    for j in range(9):
        chains[j] = 1 + max((chains[i] for i in range(j) if s[i] < s[j]), default=0)
    assert solve(TASKS["lis"][0].problem, numbers).answer == max(chains)
    assert solve(lis.one_index(), numbers).answer == max(chains)
    (s,) = numbers = TASKS["subarray"][0].draw(9, rng)
    assert solve(TASKS["subarray"][0].problem, numbers).answer == max(
        sum(s[i:j]) for i in range(10) for j in range(i, 10)
    )
    (d,) = sizes = TASKS["matrix chain"][0].draw(7, rng)
    assert solve(TASKS["matrix chain"][0].problem, sizes).answer == _cheapest(d)


def _cheapest(d):
    """Matrix chain by plain recursion."""
    if len(d) < 3:
        return 0
    return min(_cheapest(d[: k + 1]) + _cheapest(d[k:]) + d[0] * d[k] * d[-1] for k in range(1, len(d) - 1))


@pytest.mark.parametrize(
    "planted",
    [
        {"slot": lambda _: (name("j") - 1) * (name("n2") - 1) + name("k") - 1},
        {"transition": constant(0)},
        {"last": name("j") >= name("n1")},
        {"following": (name("j") + 1, constant(1))},
    ],
    ids=["a slot used twice", "no transition", "a dropped flag", "a skipped column"],
)
def test_a_planted_fault_changes_the_chain(planted):
    good = TASKS["edit distance"][0]
    instance = good.parse("ab|bca")
    faulty = replace(good, problem=replace(good.problem, **planted))
    limits = good.limits([instance])
    program = faulty.program(limits)
    fields = [field.name for field in program.fields]
    want = wanted(good, fields, instance)
    try:
        got = chain_of(good, program, instance, limits.longest)
    except ValueError:  # the chain left the fields' intervals
        return
    assert got.shape != want.shape or (got != want).any()


def test_a_swapped_index_asks_for_what_is_not_there():
    good = TASKS["edit distance"][0].problem
    above = good.reads[3]
    assert isinstance(above, ValueRead)
    faulty = replace(good, reads=(*good.reads[:3], replace(above, state=above.state[::-1]), good.reads[4]))
    with pytest.raises(ValueError, match="not solved yet"):
        solve(faulty, TASKS["edit distance"][0].parse("ab|bca"))


def test_what_theorem_5_does_not_cover_is_refused():
    task = Table(lis.two_indices(), lis.notation(), 5)
    with pytest.raises(ValueError, match="not m-local"):
        task.program(task.limits([task.parse("1 2 3")]))


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("lis", "1 two 3", "no sequence of integers"),
        ("lis", "1000", "takes 0 to 999"),
        ("lis", "1 2 | 3", "takes 1, separated"),
        ("edit distance", "abc", "two are needed"),
        ("edit distance", "aB|c", "letters a-z"),
        ("matrix chain", "0 1", "takes 1 to 9"),
        ("subarray", "100", "takes -99 to 99"),
    ],
)
def test_malformed_instances_are_refused(key, text, message):
    with pytest.raises(ValueError, match=message):
        TASKS[key][0].parse(text)
