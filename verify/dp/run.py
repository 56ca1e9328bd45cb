"""One case of `verify dp`: its stack is compiled, run on all instances at once, and put beside the oracle."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from bounds.formats import format_of
from constructions.generate import Machine, Run, generate, machine, prompt_tokens
from constructions.problems.task import Limits, Task
from constructions.programs.interpreter import Token
from constructions.programs.program import Program
from constructions.programs.stack import Stack, compiled
from verify.dp.cases import Case
from verify.dp.cost import BATCH, Plan, batches, fits_streams
from verify.dp.instances import Batch
from verify.errors import BadInput

DEFAULT, WIDEST = "float32", "float64"
CLOSER = 3  # of the longest instances, whose streams are kept


@dataclass(frozen=True, eq=False)
class Done:
    """What came of one case.

    streams: of those instances that are looked at more closely, each of shape (T, D); none where they would be too
    large.  seconds: the run on all instances, compiled before.
    """

    case: Case
    task: Task
    batch: Batch
    limits: Limits
    stack: Stack
    machine: Machine
    run: Run
    streams: dict[int, Float[np.ndarray, "_T D"]]
    wanted: tuple[Int[np.ndarray, "_T F"], ...]
    seconds: float

    @property
    def dtype(self) -> str:
        """The float format of the run."""
        return self.stack.format.name

    @property
    def fields(self) -> list[str]:
        """The names of a token's fields."""
        return [field.name for field in self.stack.program.fields]

    @cached_property
    def right(self) -> Bool[np.ndarray, " B"]:
        """Which instances' tokens are the oracle's, prompt included, with the last one where it should be."""
        return np.array([self.first_wrong(k) is None for k in range(len(self.wanted))])

    def tokens_of(self, k: int) -> Int[np.ndarray, "T F"]:
        """All tokens of an instance's run."""
        return self.run.tokens[k, : self.run.lengths[k]]

    def first_wrong(self, k: int) -> int | None:
        """The first token, counted from 1, at which instance k's run differs from the oracle; None for none."""
        got, want = self.tokens_of(k), self.wanted[k]
        shared = min(len(got), len(want))
        off = np.flatnonzero((got[:shared] != want[:shared]).any(axis=1))
        if len(off):
            return int(off[0]) + 1
        return None if len(got) == len(want) and self.run.stopped[k] else shared + 1

    def named(self, row: Int[np.ndarray, " F"]) -> Token:
        """A token's fields by name."""
        return dict(zip(self.fields, map(int, row), strict=True))

    def chain(self, k: int) -> list[Token]:
        """What instance k's run put out."""
        return [self.named(row) for row in self.tokens_of(k)[len(self.task.prompt(self.batch.all[k])) :]]


def stack_for(program: Program, dtype: str | None) -> Stack:
    """The program compiled for a format: the one asked for, or float32 where that is exact and float64 otherwise.

    Raises BadInput where not even float64 holds all numbers, or the format cannot tell the slots apart.
    """
    if dtype is not None:
        try:
            return compiled(program, format_of(dtype))
        except ValueError as error:
            raise BadInput(f"--dtype {dtype}", str(error), f"--dtype {WIDEST}") from error
    stack = compiled(program, format_of(DEFAULT))
    if stack.exact:
        return stack
    stack = compiled(program, format_of(WIDEST))
    if not stack.exact:
        worst = f"{stack.worst.where} may reach {float(stack.worst.largest):.3g}"
        raise BadInput(program.name, f"{worst}, more than {WIDEST} holds exactly", "smaller lengths or values")
    return stack


def execute(plan: Plan, stack: Stack) -> Done:
    """Run the stack on all instances, up to BATCH at a time, long runs apart from short ones."""
    case, task, batch, limits = plan.case, plan.task, plan.batch, plan.limits
    instances, fields = batch.all, [field.name for field in stack.program.fields]
    wanted = tuple(prompt_tokens(fields, [*task.prompt(i), *task.expected(i, limits)]) for i in instances)
    prompts = [each[: len(task.prompt(i))] for each, i in zip(wanted, instances, strict=True)]
    made = machine(stack)
    longest = max(map(len, wanted))
    keeps = fits_streams(min(len(instances), BATCH), longest, stack)
    chunks = batches(list(map(len, wanted)))
    for size in {size for _, size in chunks}:
        generate(made, [prompts[0][:1]] * size, 1, keeps)  # compiles
    begin, runs = time.perf_counter(), {}
    closer = looked_at(batch, wanted)
    streams: dict[int, np.ndarray] = {}
    for chunk, size in chunks:
        filled = [*chunk, *[chunk[0]] * (size - len(chunk))]  # every call has the same shapes
        run = generate(made, [prompts[k] for k in filled], max(len(wanted[k]) for k in chunk), keeps)
        runs |= {k: _alone(run, j) for j, k in enumerate(chunk)}
        if run.streams is not None:
            streams |= {k: run.streams[j, : run.lengths[j]] for j, k in enumerate(chunk) if k in closer}
    seconds = time.perf_counter() - begin
    if not keeps and fits_streams(1, longest, stack):
        alone = generate(made, [prompts[0]], len(wanted[0]), keep_streams=True)
        streams = {} if alone.streams is None else {0: alone.streams[0]}
    return Done(case, task, batch, limits, stack, made, _together(runs, longest), streams, wanted, seconds)


def looked_at(batch: Batch, wanted: Sequence[np.ndarray]) -> set[int]:
    """The first instance, the longest ones, and the longest of the small family."""
    family = range(len(batch.asked), len(batch.all))
    longest = sorted(range(len(wanted)), key=lambda k: -len(wanted[k]))[:CLOSER]
    return {0, *longest, *([example(batch, wanted)] if family else [])}


def example(batch: Batch, wanted: Sequence[np.ndarray]) -> int:
    """The longest instance of the small family; the first one asked for where there is none."""
    family = range(len(batch.asked), len(batch.all))
    return max(family, key=lambda k: len(wanted[k])) if family else 0


def _alone(run: Run, j: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Tokens, margins, and whether it stopped, of one run of a batch."""
    return run.tokens[j, : run.lengths[j]], run.margins[j, : run.lengths[j]], bool(run.stopped[j])


def _together(runs: dict[int, tuple[np.ndarray, np.ndarray, bool]], longest: int) -> Run:
    """The runs in the order of the instances, padded to one length."""
    found = [runs[k] for k in sorted(runs)]
    F = found[0][0].shape[1]
    tokens = np.zeros((len(found), longest, F), np.int32)
    margins = np.full((len(found), longest), np.inf, found[0][1].dtype)
    for k, (rows, left, _) in enumerate(found):
        tokens[k, : len(rows)], margins[k, : len(left)] = rows, left
    return Run(tokens, np.array([len(f[0]) for f in found]), margins, np.array([f[2] for f in found]))
