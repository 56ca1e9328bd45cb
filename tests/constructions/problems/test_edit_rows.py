"""Edit distance behind copied rows: oracle, program and float32 weights on all small pairs, and planted faults."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from bounds.formats import format_of
from constructions.generate import generate, machine, prompt_tokens
from constructions.oracle import solve
from constructions.problems.edit_distance import Costs, edit_distance
from constructions.problems.edit_rows import EditRows, row_length
from constructions.problems.task import Limits
from constructions.programs.expression import constant, name
from constructions.programs.stack import compiled

PAPER, BENCHMARK = EditRows(), EditRows(Costs(boundary="benchmark"))
TASKS = {"paper": PAPER, "benchmark": BENCHMARK, "other costs": EditRows(Costs(1, 4, 2))}
XGV = "x g v | x g o 0 2 4 , x g v | x g o 2 0 2 , x g v | x g o 4 2 3 ,"
GOLDEN = [
    (PAPER, "xgv|xgo", XGV, "3"),
    (BENCHMARK, "xgv xgo", XGV, "3"),
    (PAPER, "a|ba", "a | b a 3 2 ,", "2"),
    (BENCHMARK, "a|ba", "a | b a 3 1 ,", "1"),
    (PAPER, "|xgo", "", "6"),
    (PAPER, "xg|", "x g | , x g | ,", "4"),
    (BENCHMARK, "xg|", "x g | , x g | ,", "2"),
    (PAPER, "|", "", "0"),
]


def pool(task, n):
    """All small pairs, and longer ones: repeated letters, one letter against many, random."""
    rng = np.random.default_rng(2)
    texts = ("kitten|sitting", "aaaaaaa|aaa", "a|zzzzzzz", "zzzzzzz|a", "abcabc|cbacba")
    return [*map(task.parse, texts), *task.every(n), *(task.draw(6, rng) for _ in range(10))]


@pytest.mark.parametrize(("task", "text", "chain", "answer"), GOLDEN)
def test_chains_as_the_paper_writes_them(task, text, chain, answer):
    """A.5 with the copied row; formats.md section 10."""
    instance = task.parse(text)
    shown = task.shown(instance, task.expected(instance))
    assert (shown.chain, shown.answer) == (chain, answer)


def test_a_faulty_chain_can_be_shown():
    shown = PAPER.shown(PAPER.parse("a|b"), [{"letter": -3}, {"letter": 27}, {"mark": 9}, {"dp": 4}])
    assert (shown.chain, shown.answer) == ("? ? ?", "4")
    assert PAPER.shown(PAPER.parse("a|b"), []).answer == ""


@pytest.mark.parametrize("key", TASKS)
def test_the_oracle_agrees_with_the_table_s(key):
    task = TASKS[key]
    for instance in pool(task, 2):
        solution = solve(edit_distance(task.costs), instance)
        values = [t["dp"] for t in task.expected(instance) if "dp" in t]
        assert values == [*solution.values.values(), solution.answer]


@pytest.mark.parametrize("key", TASKS)
def test_the_program_does_what_the_oracle_does(key, goes_wrong):
    instances = pool(TASKS[key], 2)
    assert not goes_wrong(TASKS[key], TASKS[key].program(TASKS[key].limits(instances)), instances)


@pytest.fixture(scope="module")
def compiled_run(in_float32):
    """The instances, the stack for all of them and its run."""
    instances = pool(PAPER, 3)
    return instances, *in_float32(PAPER, instances)


def test_the_weights_do_what_the_oracle_does(compiled_run, wrong_runs, differing_quantities):
    instances, stack, run = compiled_run
    assert stack.exact
    assert run.stopped.all()
    assert run.margin == 0.5
    assert not wrong_runs(PAPER, stack.program, instances, run)
    for k in (0, 3, 6):
        assert not differing_quantities(PAPER, stack, instances[k], run.streams[k])


@pytest.mark.parametrize("memory", ["copied value", "corner", "s1_j"])
def test_weights_that_do_not_forget_are_caught(memory, compiled_run, wrong_runs):
    """A = 0 in one memory: what is written is added to the row before."""
    instances, stack, run = compiled_run
    fields = [field.name for field in stack.program.fields]
    blocks = []
    for named in stack.blocks:
        ssm = named.block.ssm
        if memory in named.writes:
            ssm = replace(ssm, A=ssm.A | {memory: np.zeros_like(ssm.A[memory])})
        blocks.append(replace(named, block=replace(named.block, ssm=ssm)))
    prompts = [prompt_tokens(fields, PAPER.prompt(instance)) for instance in instances]
    limit = run.tokens.shape[1]
    faulty = generate(machine(replace(stack, blocks=tuple(blocks))), prompts, limit, keep_streams=True)
    assert wrong_runs(PAPER, stack.program, instances, faulty)


FAULTS = [
    ("corner", {"query": name("next place")}),
    ("copied value", {"query": name("place")}),
    ("copied letter", {"query": name("place")}),
    ("s2_k", {"query": name("next place")}),
    ("s1_j", {"when": constant(0)}),
    ("above", {"value": name("copied value")}),
    ("left", {"value": name("dp")}),
    ("begin of the row", {"when": name("separator")}),
    ("after the last row", {"value": constant(0)}),
    ("copies |", {"value": constant(0)}),
    ("closes the row", {"value": constant(0)}),
    ("is a value", {"value": constant(0)}),
    ("last entry", {"value": name("dp")}),
    ("n2", {"value": name("t") - name("n1 + 1")}),
]


@pytest.mark.parametrize(("called", "changes"), FAULTS, ids=[called for called, _ in FAULTS])
def test_a_planted_fault_is_caught(called, changes, planted, goes_wrong):
    instances = [PAPER.parse(text) for text in ("abcab|bca", "ab|", "|ab", "|")]
    assert goes_wrong(PAPER, planted(PAPER.program(PAPER.limits(instances)), called, **changes), instances)


@pytest.mark.parametrize("task", [PAPER, BENCHMARK], ids=["paper", "benchmark"])
@pytest.mark.parametrize("lengths", [(2, 1), (2, 2), (3, 1), (3, 2), (2, 3), (3, 0)])
def test_the_window_of_a_next_token(lengths, task, window):
    """A5-ED-COPY: P = n1 + 2 n2 + 2 tokens determine the next one, none fewer do, and P + 1 <= 2 n + 2."""
    n1, n2 = lengths
    strings = [list(product((1, 2), repeat=length)) for length in lengths]
    runs = [task.prompt(pair) + task.expected(pair) for pair in product(*strings)]
    starts = [n1 + n2 + 2] * len(runs)
    chains = [tuple(tuple(t.get(n, 0) for n in ("letter", "dp", "mark", "row")) for t in run) for run in runs]
    assert window(chains, starts, 3 * row_length(n1, n2)) == row_length(n1, n2) <= 2 * (n1 + n2) + 1
    assert max(map(len, chains)) == task.limits(list(product(*strings))).longest


def test_without_the_row_in_the_token_no_window_is_enough(window):
    """n2 = 0: rows look alike, and the last one is known from the whole chain only."""
    least = {}
    for n1 in (2, 3, 4, 5):
        instance = ((1,) * n1, ())
        run = PAPER.prompt(instance) + PAPER.expected(instance)
        chain = tuple(tuple(t.get(n, 0) for n in ("letter", "dp", "mark")) for t in run)
        least[n1] = window([chain], [n1 + 2], len(chain))
    assert all(m > (n1 - 1) * row_length(n1, 0) for n1, m in least.items())


def test_the_size_depends_on_the_row_and_not_on_the_run():
    """A5-ED-COPY at 180 letters each: exact in float32 whether the run has a hundred thousand tokens or a million."""
    stacks = [compiled(PAPER.program(Limits((180, 180), T)), format_of("float32")) for T in (10**5, 10**6)]
    assert all(stack.exact for stack in stacks)
    widths = [[named.block.W_1.codomain.dim for named in stack.blocks] for stack in stacks]
    assert widths[0] == widths[1]


@pytest.mark.parametrize(
    ("text", "message"), [("abc", "two are needed"), ("a|b|c", "two are needed"), ("aB|c", "letters a-z"), ("", "two")]
)
def test_malformed_instances_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        PAPER.parse(text)
