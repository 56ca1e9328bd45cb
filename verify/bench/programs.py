"""Compiled programs timed: Theorem 4 at T = 10 000, Theorem 5 at T = 100 000, compilation against T, batches."""

import time
from collections.abc import Iterator, Sequence

import jax
import numpy as np

from bounds.formats import format_of
from constructions.generate import LENGTH, Machine, generate, machine, prompt_tokens
from constructions.packed import initial
from constructions.problems import edit_distance
from constructions.problems.edit_distance import Costs
from constructions.problems.edit_rows import EditRows
from constructions.problems.table import Table
from constructions.problems.task import Instance, Task
from constructions.programs.stack import compiled
from verify.bench.timing import Ratio, Timing

LONG, SHORT = 99, 30  # lengths of both strings: T = 10 003 and 964 by Theorem 4
HALF = 70  # T = 5044; its slots are told apart by two digits, as those of LONG are
ROWS = 182  # of both strings: T = 100 104 by Theorem 5
INSTANCES, SIZE = 64, 12
MANY = 2048  # random instances, in batches of INSTANCES
CASES = 7  # rows
SMALL_BOUND = (
    "one such run is bound by starting some hundred small operations a token, which many runs share, but many runs "
    "are bound by softplus, exp and silu of each slot of each of them, which nothing shares"
)


def program_cases() -> Iterator[Timing]:
    """Edit distance by both theorems."""
    table = Table(edit_distance.edit_distance(Costs()), edit_distance.notation(), 4)
    yield whole_run(table, strings(LONG))
    yield compilation(table)
    yield memory(table)
    yield flat(EditRows(), strings(ROWS))
    yield from batched(table)
    yield many(table)


def whole_run(task: Task, instance: Instance) -> Timing:
    """One long run with all that it takes: weights, compilation, tokens."""
    begin = time.perf_counter()
    made, prompts, _ = prepared(task, [instance])
    limit = task.limits([instance]).longest
    run = generate(made, prompts, limit)
    seconds = time.perf_counter() - begin
    wanted = _tokens(task, instance)
    got = run.tokens[0, : run.lengths[0]]
    exact = got.shape == wanted.shape and bool((got == wanted).all())
    rate = limit / seconds / 1e3
    return Timing(
        f"{task.name}, Theorem 4, T = {limit}", "with compilation", seconds, rate, "ktoken/s", None, 10.0, exact
    )


def compilation(task: Task) -> Timing:
    """Compiling the loop for a long and for a short program: weights are arguments, so T should not matter."""
    short, long = (_compiling(task, strings(n)) for n in (SHORT, LONG - 1))  # neither compiled before
    share = Ratio(short / long, "short / long program", 0.5)
    return Timing(f"{task.name}, Theorem 4, n = {LONG - 1} and {SHORT}", "compilation", long, ratio=share)


def memory(task: Task) -> Timing:
    """The bytes of all weights and states at T = 10 003; linear in T where a program half as long has as many a
    token.
    """
    found = {}
    for n in (HALF, LONG):
        begin = time.perf_counter()
        made, _, limit = prepared(task, [strings(n)])
        arrays = jax.tree.leaves((made, [initial(block) for block in made.blocks]))
        found[n] = time.perf_counter() - begin, sum(array.nbytes for array in arrays), limit
    seconds, held, limit = found[LONG]
    share = Ratio(found[HALF][1] / found[HALF][2] / (held / limit), "bytes a token, half / whole program", 0.8)
    what = f"{task.name}, Theorem 4, T = {limit}, bytes held"
    return Timing(what, "making the weights", seconds, ratio=share, peak_bytes=held)


def flat(task: Task, instance: Instance) -> Timing:
    """A long run by Theorem 5: the first half's time a token over the second half's."""
    made, prompts, limit = prepared(task, [instance])
    generate(made, prompts, len(prompts[0]))
    half = limit // 2 // LENGTH * LENGTH
    times = {}
    for length in (half, limit):
        begin = time.perf_counter()
        run = generate(made, prompts, length)
        times[length] = time.perf_counter() - begin
    wanted = _tokens(task, instance)
    exact = bool((run.tokens[0, : run.lengths[0]] == wanted).all()) if run.lengths[0] == len(wanted) else False
    later = (times[limit] - times[half]) / (limit - half)
    share = Ratio(times[half] / half / later, "first half / second half, a token", 0.8)
    rate = limit / times[limit] / 1e3
    return Timing(f"{task.name}, Theorem 5, T = {limit}", "one run", times[limit], rate, "ktoken/s", share, exact=exact)


def batched(task: Task) -> Iterator[Timing]:
    """Many small instances side by side against one of them: the run alone, and with its compilation."""
    rng = np.random.default_rng(0)
    instances = [task.draw(SIZE, rng) for _ in range(INSTANCES)]
    made, prompts, limit = prepared(task, instances)
    tokens = sum(len(_tokens(task, instance)) for instance in instances)
    first = {count: _timed(made, prompts[:count], limit) for count in (1, INSTANCES)}
    again = {count: min(_timed(made, prompts[:count], limit) for _ in range(3)) for count in (1, INSTANCES)}
    compiling = {count: first[count] - again[count] for count in first}
    mostly = compiling[INSTANCES] > again[INSTANCES]
    compiled_bound = f"compiling takes {compiling[INSTANCES]:.2g} s of it, for one instance {compiling[1]:.2g} s"
    for run_as, times, why in (
        ("batched", again, SMALL_BOUND),
        ("batched, with compilation", first, compiled_bound if mostly else SMALL_BOUND),
    ):
        share, seconds = Ratio(times[1] / times[INSTANCES], "one instance / all of them", 1 / 3), times[INSTANCES]
        what, rate = f"{INSTANCES} of {task.name}, n = {SIZE}", tokens / seconds / 1e3
        yield Timing(what, run_as, seconds, rate, "ktoken/s", share, bound_by=why)


def many(task: Task) -> Timing:
    """Thousands of random instances, every token of each against the oracle."""
    rng = np.random.default_rng(1)
    instances = [task.draw(SIZE, rng) for _ in range(MANY)]
    made, prompts, limit = prepared(task, instances)
    wanted = [_tokens(task, instance) for instance in instances]
    _timed(made, prompts[:INSTANCES], limit)  # compiles
    begin, right = time.perf_counter(), True
    for start in range(0, MANY, INSTANCES):
        run = generate(made, prompts[start : start + INSTANCES], limit)
        for k, want in enumerate(wanted[start : start + INSTANCES]):
            right &= bool(np.array_equal(run.tokens[k, : run.lengths[k]], want))
    seconds, tokens = time.perf_counter() - begin, sum(map(len, wanted))
    what = f"{MANY} random {task.name}, n = {SIZE}"
    return Timing(what, "batched, compared", seconds, tokens / seconds / 1e3, "ktoken/s", exact=right)


def prepared(task: Task, instances: Sequence[Instance]) -> tuple[Machine, list[np.ndarray], int]:
    """The machine for these instances, their prompts, and the longest run."""
    limits = task.limits(instances)
    stack = compiled(task.program(limits), format_of("float32"))
    fields = [field.name for field in stack.program.fields]
    return machine(stack), [prompt_tokens(fields, task.prompt(i)) for i in instances], limits.longest


def strings(n: int) -> Instance:
    """Two random strings of n letters."""
    rng = np.random.default_rng(n)
    return tuple(tuple(int(c) for c in rng.integers(1, 27, n)) for _ in range(2))


def _compiling(task: Task, instance: Instance) -> float:
    """The first call's time less the second's."""
    made, prompts, _ = prepared(task, [instance])
    return _timed(made, prompts[:1], 1) - _timed(made, prompts[:1], 1)


def _timed(made: Machine, prompts: Sequence[np.ndarray], limit: int) -> float:
    begin = time.perf_counter()
    generate(made, [prompt[:limit] for prompt in prompts], limit)
    return time.perf_counter() - begin


def _tokens(task: Task, instance: Instance) -> np.ndarray:
    """Prompt and oracle as rows of fields."""
    fields = [field.name for field in task.program(task.limits([instance])).fields]
    return prompt_tokens(fields, [*task.prompt(instance), *task.expected(instance)])
