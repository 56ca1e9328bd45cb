"""X-FLOAT for what is not a gadget: memories, attention and chains of thought in each format, with their ranges."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import jax.numpy as jnp
import numpy as np

from bounds.formats import FloatFormat, format_of
from constructions.attention import Attention
from constructions.encoding import TARGET
from constructions.gadgets.integers import integer_scale
from constructions.generate import generate, machine, prompt_tokens
from constructions.linear import Action, linear_map
from constructions.memories.gated import gated
from constructions.memories.heads import binary_head, circle_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from constructions.problems.catalogue import Options, entry
from constructions.problems.task import Task
from constructions.programs.stack import compiled
from verify.claims.float_gadgets import every_number
from verify.copy.modules import Prepared, as_stored
from verify.copy.run import Run, execute
from verify.copy.settings import CopySettings
from verify.copy.task import task as copy_task
from verify.copy.tolerance import tolerance
from verify.dp.dtypes import first_unequal, range_by_length, range_by_size
from verify.sweep.tolerance import gated_tolerance
from verify.verdict import Check, Verdict

SLOTS = 16  # positions of a bit by bit copy
GATED = (16, 512)
LEAST_LEAK = Fraction(1, 2**1000)
CIRCLE = (16, 64, 256, 1024)
HALF = Fraction(1, 2)
CHAINS = (("subarray", 4), ("subarray", 5), ("edit-distance", 5))
SIZE = 4  # of the instance of a chain


def exact_copies(dtypes: Sequence[str], fast: bool) -> Iterator[Check]:
    """Theorem 3's memory, and attention with binary codes at a scale whose exponentials vanish: every sum has one term
    that is not 0, multiplied by 1, at every N; the scores s (d_k - 2h) are whole multiples of a power of two."""
    for dtype in dtypes:
        values, all_of_them = _numbers(dtype)
        d = values.shape[1]
        yield _copied("ssm-linear", theorem3(SLOTS, d), values, all_of_them, dtype)
        if not fast:
            head = _sharpened(binary_head(2 * SLOTS, d, 1.0, 0.5), integer_scale(format_of(dtype), 2))
            yield _copied("attention", head, values, all_of_them, dtype)


def _numbers(dtype: str) -> tuple[np.ndarray, bool]:
    """Values for SLOTS positions: every number of a 16-bit format but those that may be flushed, else random ones."""
    format = format_of(dtype)
    if format.bits == 16:
        numbers = every_number(dtype)
        numbers = numbers[(numbers == 0) | (np.abs(numbers) >= float(format.tiny))]
        return np.concatenate([numbers, np.zeros(-len(numbers) % SLOTS)]).reshape(SLOTS, -1), True
    rng = np.random.default_rng(0)
    return np.ldexp(rng.uniform(-1, 1, (SLOTS, 256)), rng.integers(-60, 60, (SLOTS, 256))), False


def _sharpened(memory: Memory, scale: int) -> Memory:
    """The head with another scale of its queries."""
    head = memory.module
    assert isinstance(head, Attention)
    W_q = linear_map(head.W_q.domain, head.W_q.codomain, {(TARGET, "key"): Action(np.asarray(float(scale)))})
    return replace(memory, module=replace(head, W_q=W_q))


def _copied(name: str, memory: Memory, values: np.ndarray, all_of_them: bool, dtype: str) -> Check:
    run = _run(memory, SLOTS, values, dtype)
    wrong = int((run.outputs != run.wanted(slice(None))).sum())
    which = "every normal number of the format and 0" if all_of_them else "random numbers, seed 0"
    good = Verdict.PROVED if all_of_them else Verdict.HELD
    return Check(
        f"claims/X-FLOAT/{dtype}/{name}",
        "X-FLOAT",
        Verdict.REFUTED if wrong else good,
        wrong,
        0,
        f"{values.size} values ({which}) written to {SLOTS} slots and read back, outputs that differ by ==; no sum has "
        "a second term that is not 0, whatever N is",
        {"outputs that differ": wrong} if wrong else None,
        f"the float program of {dtype}",
    )


def gated_form(dtypes: Sequence[str]) -> Iterator[Check]:
    """The gated form with S so large that softplus(-S) vanishes: what is left is rounding, the same at every N."""
    for dtype in dtypes:
        format, rng = format_of(dtype), np.random.default_rng(0)
        errors, bounds = [], []
        for N in GATED:
            memory = gated(N, 4, 1.0, float(max(format.smallest, LEAST_LEAK)), steps=2 * N)
            run = _run(memory, N, rng.uniform(-1, 1, (N, 4)), dtype)
            errors.append(run.max_abs_error)
            rounding = gated_tolerance(run.prepared.memory, run.second.worst, 2 * N, dtype)
            bounds.append(float((run.second.worst + rounding).max()))
        good = all(error <= bound for error, bound in zip(errors, bounds, strict=True))
        yield Check(
            f"claims/X-FLOAT/{dtype}/ssm-gated",
            "X-FLOAT",
            Verdict.HELD if good else Verdict.REFUTED,
            errors,
            bounds,
            f"N = {' and '.join(map(str, GATED))} random values of modulus at most 1, seed 0, all read back, with S so "
            "large that all leaks together are below the smallest number (2^-1000 in float64): what is left is the "
            "rounding of the gate, of Delta and of their products; bound: the a-priori one, over all values",
            None if good else {"errors": errors},
            f"the float program of {dtype}",
        )


def circles(dtypes: Sequence[str]) -> Iterator[Check]:
    """Two-dimensional keys: neighbours' scores differ by s (1 - cos(2 pi/N)), the format tells them apart to about u s:
    an N of about 1/sqrt(u)."""
    for dtype in dtypes:
        sure, good, broken, wrong = 0, 0, 0, None
        for N in CIRCLE:
            run = _run(circle_head(2 * N, 1, 1.0, 0.25), N, np.random.default_rng(0).uniform(-1, 1, (N, 1)), dtype)
            promised, error = _promised(run, dtype), run.max_abs_error
            if promised <= HALF:
                sure = N
            if not error <= promised:
                wrong = wrong or {"N": N, "error": error}
            if not error <= HALF:
                broken = N
                break
            good = N
        yield Check(
            f"claims/X-FLOAT/{dtype}/circle",
            "X-FLOAT",
            Verdict.REFUTED if wrong and sure >= wrong["N"] else Verdict.HELD,
            {"for all values": sure, "for random ones": good},
            f"breaks at {broken}" if broken else f"no break up to {CIRCLE[-1]}",
            f"attention with keys on a circle of 2 N points, values in [-1, 1], N = {', '.join(map(str, CIRCLE))}: the "
            "largest N whose worst error on the stored keys and a-priori rounding together stay below 1/2, and the "
            "largest whose copy of random values, seed 0, does; bound: the first N whose copy is off by more",
            wrong,
            f"the float program of {dtype}",
        )


def chains(dtypes: Sequence[str]) -> Iterator[Check]:
    """Theorems 4 and 5: the T up to which no sum of a run is rounded, and a run in every format that it holds for."""
    for name, theorem in CHAINS:
        yield _chain(entry(name, Options()).tasks[theorem], dtypes)


def _chain(task: Task, dtypes: Sequence[str]) -> Check:
    instance = task.draw(SIZE, np.random.default_rng(0))
    limits = task.limits([instance])
    ranges, wrong, ran = {}, {}, []
    for dtype in dtypes:
        found = range_by_length(task, limits, dtype) if task.theorem == 5 else range_by_size(task, dtype)
        ranges[dtype] = found.words
        if limits.longest <= found.T:
            ran.append(dtype)
            if (first := _first_wrong(task, instance, format_of(dtype))) is not None:
                wrong[dtype] = first
    return Check(
        f"claims/X-FLOAT/range/{task.name}/T{task.theorem}",
        "X-FLOAT",
        Verdict.REFUTED if wrong or not ran else Verdict.HELD,
        ranges,
        None,
        f"{task.name}, Theorem {task.theorem}: the value is the largest T for which interval arithmetic proves that no "
        "sum of a run is rounded (0: some sum may be, even for the smallest instance); the run of "
        f"{task.written(instance)}, {limits.longest} tokens, is the oracle's in {', '.join(ran)}",
        wrong or (None if ran else {"formats whose range holds the instance": 0}),
        f"the float programs of {', '.join(dtypes)}",
    )


def _first_wrong(task: Task, instance: Any, format: FloatFormat) -> int | None:
    """The first token of the weights' own run that is not the oracle's."""
    stack = compiled(task.program(task.limits([instance])), format)
    fields = [field.name for field in stack.program.fields]
    want = prompt_tokens(fields, [*task.prompt(instance), *task.expected(instance)])
    run = generate(machine(stack), [want[: len(task.prompt(instance))]], len(want))
    return first_unequal(run.tokens[0, : run.lengths[0]], want)


def _run(memory: Memory, N: int, values: np.ndarray, dtype: str) -> Run:
    """The copy task of the field: N values are read, then asked for one by one."""
    task = copy_task("string", N, 0)
    settings = CopySettings(N=(N,), d=values.shape[1], dtype=dtype)
    stored = as_stored(memory, jnp.dtype(dtype))
    if isinstance(memory.module, Attention):
        prepared = Prepared(stored, task, np.arange(task.steps), np.maximum(task.target, 0))
    else:
        prepared = Prepared(stored, task, task.position, task.target)
    return execute(prepared, values, settings)


def _promised(run: Run, dtype: str) -> float:
    """The worst error over all values in [-1, 1] on the stored weights, and what rounding may add."""
    return float((run.second.worst + tolerance(run, 1.0, dtype)).max())
