"""`verify copy`: every module asked for on every N, then its checks, then an outcome."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from verify.compiled import keep_compiled
from verify.console import Console
from verify.copy.checks import checks
from verify.copy.exact import converse_check, theorem3_checks
from verify.copy.memory import needed
from verify.copy.modules import Prepared, prepare, worst_values
from verify.copy.phase import PANELS, phase, sizes
from verify.copy.reach import refuse_overflow
from verify.copy.rows import first_failing, row, table
from verify.copy.run import Run, compared, computed_steps, execute, second_route
from verify.copy.settings import CopySettings
from verify.copy.task import ByteCode, Task, task, uniform_values
from verify.copy.words import sentence
from verify.deliver import Outcome, Report
from verify.environment import environment
from verify.errors import quoted
from verify.figures import load
from verify.memory import refuse_if_too_large
from verify.verdict import Check, Result


@dataclass
class Found:
    """What a run has found so far; an interrupt leaves what is done."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    interrupted: bool = False


def run(settings: CopySettings, console: Console) -> Outcome:
    """Carry out the request.  Raises BadInput, before anything is allocated, where a size would not fit in memory or a
    sum not in the dtype.
    """
    for N in settings.N:
        refuse_if_too_large(_asked(settings, N), "--N", N, lambda n: needed(n, settings))
    refuse_overflow(settings)
    keep_compiled()
    if settings.dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    found = Found()
    try:
        found.checks += [*theorem3_checks(), converse_check(settings.seed)]
        wanted = list(_cells(settings))
        with console.progress("modules", len(wanted)) as advance:
            for module, N, d_h in wanted:
                _decide(module, task(settings.pos, N, settings.seed), d_h, settings, found)
                advance(1)
    except KeyboardInterrupt:
        found.interrupted = True
    result = Result(
        "copy",
        settings.document(),
        environment("numpy", "jax", "jaxlib", "python-flint", dtype=settings.dtype),
        found.checks,
        found.rows,
        sentence(found.rows, found.interrupted),
        interrupted=found.interrupted,
    )
    return Outcome(result, (table(found.rows),), (), lambda: _page(settings, result, console))


def _cells(settings: CopySettings) -> list[tuple[str, int, int]]:
    """Module, N and d_h of each row, in the order of the table."""
    return [
        (module, N, d_h)
        for N in settings.N
        for module in settings.modules
        for d_h in (settings.d_h if module == "ssm-constant" else settings.d_h[:1])
    ]


def _decide(module: str, task_: Task, d_h: int, settings: CopySettings, found: Found) -> None:
    done = measure(module, task_, d_h, settings)

    def again(name: str, n: int, states: int) -> Run:
        return measure(name, task(settings.pos, n, settings.seed), states, settings)

    found.checks += checks(done, settings)
    found.rows.append(row(done, settings, first_failing(module, done, settings, again)))


def measure(module: str, task_: Task, d_h: int, settings: CopySettings) -> Run:
    """One module on one task, with the values that the settings name."""
    prepared = prepare(module, task_, d_h, settings)
    return execute(prepared, _values(prepared, settings), settings)


def _values(prepared: Prepared, settings: CopySettings) -> Float[np.ndarray, "N d"]:
    N, d, M = prepared.task.N, settings.d, float(settings.M)
    if settings.values == "text":
        return ByteCode(d, M).encode(settings.text[:N])
    if settings.values == "uniform":
        return uniform_values(N, d, M, settings.seed, jnp.dtype(settings.dtype))
    steps = computed_steps(prepared)
    steps = steps[compared(prepared, steps)]  # the checks look for the worst case at these alone
    worst = second_route(prepared, np.zeros((prepared.task.steps, 0)), steps, M).worst
    return worst_values(prepared, int(steps[worst.argmax()]), d, M)


def _asked(settings: CopySettings, N: int) -> str:
    execution = f" --execution {settings.execution}" if settings.execution != "auto" else ""
    return f"--N {quoted(str(N))}{execution}"


def _page(settings: CopySettings, result: Result, console: Console) -> Report:
    """The page; where making its figure is interrupted, the page without it, which holds all that was decided."""
    try:
        return _report(settings, result, console)
    except KeyboardInterrupt:
        from verify.copy.page import report

        said = sentence(result.rows, interrupted=True)
        return replace(report(settings, replace(result, sentence=said, interrupted=True), {}), interrupted=True)


def _report(settings: CopySettings, result: Result, console: Console) -> Report:
    from verify.copy.page import report

    if "ssm-constant" not in settings.modules or result.interrupted:
        return report(settings, result, {})
    shown = settings.d_h[:PANELS]
    with (
        ThreadPoolExecutor(1) as beside,
        console.progress("figure", sum(len(sizes(settings, d_h)) for d_h in shown)) as advance,
    ):
        beside.submit(load)
        phases = {d_h: phase(settings, d_h, advance) for d_h in shown}
    return report(settings, result, phases)
