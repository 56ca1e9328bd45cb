"""`verify dp`: every problem by every theorem asked for, then checks and an outcome."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import jax

from verify.compiled import keep_compiled
from verify.console import Console
from verify.deliver import Outcome, Report
from verify.dp.alone import alone_checks
from verify.dp.assumption import assumption_checks, refuse_vast
from verify.dp.cases import Case, blamed, cases
from verify.dp.checks import checks
from verify.dp.cost import Plan, plan, refuse_costly, seconds
from verify.dp.dtypes import COARSEST, OTHERS, Range, differences, dtypes_check, ranges
from verify.dp.growth import Point, exponents, growth_check, points
from verify.dp.instances import refuse_short
from verify.dp.layers import layers_table, picture_table, refuse_token, spaces_table, trace_table
from verify.dp.leak import leak_checks
from verify.dp.locality import locality_checks
from verify.dp.quantities import quantities_checks
from verify.dp.rows import as_written, missing_row, row, table
from verify.dp.run import Done, execute, stack_for
from verify.dp.second import second_check
from verify.dp.settings import DpSettings
from verify.dp.words import sentence
from verify.environment import environment
from verify.notation import spoken
from verify.table import Table
from verify.verdict import Check, Result

STEPS = 3  # of the progress bar, a case
TOLD = 60.0  # seconds from which on an estimate is told beforehand


@dataclass(frozen=True, eq=False)
class Shown:
    """What the page shows of a case besides its checks: the chain as written, sizes against T, ranges, tables."""

    done: Done
    chain: str
    points: list[Point]
    ranges: list[Range]
    tables: tuple[Table, ...]


@dataclass
class Found:
    """What a run has found so far; an interrupt leaves what is done."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    interrupted: bool = False


def run(settings: DpSettings, console: Console) -> Outcome:
    """Carry out the request.  Raises BadInput for a problem, an input or a size that cannot be run, with the reason."""
    keep_compiled()
    jax.config.update("jax_enable_x64", True)
    found = Found()
    try:
        with blamed(settings):
            wanted = cases(settings)
            plans = planned(wanted, settings)
            _tell(list(plans.values()), console)
            with console.progress("stacks", STEPS * len(wanted)) as advance:
                for case in wanted:
                    if case.tag in plans:
                        _decide(plans[case.tag], settings, found, advance)
                    else:
                        found.rows.append(missing_row(case))
                    advance(1 if case.tag in plans else STEPS)
    except KeyboardInterrupt:
        found.interrupted = True
    result = Result(
        "dp",
        settings.document(),
        environment("numpy", "jax", "jaxlib", dtype=settings.dtype or "float32"),
        found.checks,
        found.rows,
        sentence(found.rows, found.checks, settings, found.interrupted),
        interrupted=found.interrupted,
    )
    more = [each for shown in found.shown for each in shown.tables]
    opening = tuple(shown.chain for shown in found.shown) if settings.problem is not None else ()
    tables = (table(found.rows), *more)
    return Outcome(result, tables, (), lambda: _report(settings, result, found), opening)


def planned(wanted: Sequence[Case], settings: DpSettings) -> dict[str, Plan]:
    """What is to be run, by tag, for every case that has a construction.  Raises BadInput for whatever one of them
    cannot take, before the first of them is run.
    """
    tasks = {case: case.task for case in wanted if case.task is not None}
    if settings.input is None:  # one instance may be too much, and all of them take long to draw
        refuse_costly([plan(case, task, replace(settings, instances=1)) for case, task in tasks.items()], settings)
    plans = {case.tag: plan(case, task, settings) for case, task in tasks.items()}
    refuse_short([each.longest for each in plans.values()], settings)
    refuse_token(plans.values(), settings)
    refuse_costly(list(plans.values()), settings)
    if settings.file is not None:
        for each in plans.values():
            refuse_vast(each.task, settings)
    return plans


def _tell(plans: Sequence[Plan], console: Console) -> None:
    """On stderr, how long it will take, where that is long."""
    took = sum(map(seconds, plans))
    if took > TOLD:
        stacks, runs = len(plans), sum(len(each.lengths) for each in plans)
        what = f"{stacks} stack{'s' if stacks > 1 else ''}, {runs} run{'s' if runs > 1 else ''}"
        console.say(f"{what}: about {spoken(took)} on two cores")


def _decide(each: Plan, settings: DpSettings, found: Found, advance: Callable[[int], None]) -> None:
    """One case: the run, its row, its checks.  Other formats are compiled and run beside the checks, which are Python's
    work.
    """
    case, task, done = each.case, each.task, measure(each, settings)
    advance(1)
    found.rows.append(row(done))
    formats = OTHERS if settings.problem else COARSEST  # every format is one more program to compile
    compare = settings.problem is not None or case.theorem == first_theorem(case.name, found.rows)
    with ThreadPoolExecutor(1) as beside:
        others = beside.submit(differences, done, formats) if compare else None
        found.checks += [*checks(done), *quantities_checks(done), *alone_checks(done), second_check(done)]
        advance(1)
        sizes = points(done)
        found.rows[-1] |= exponents(sizes)
        found.checks += [
            growth_check(done, sizes),
            *assumption_checks(done),
            *locality_checks(done),
            *leak_checks(done),
        ]
        reached = ranges(done)
        if others is not None:
            found.checks.append(dtypes_check(done, others.result()))
    tables = (
        (layers_table(done.stack), spaces_table(done.stack), picture_table(done.stack)) if settings.show_layers else ()
    )
    if settings.trace is not None:
        tables += (trace_table(done, settings.trace),)
    chain = as_written(task, done.batch.all[0], done.chain(0))
    found.shown.append(Shown(done, chain, sizes, reached, tables))


def first_theorem(name: str, rows: list[dict[str, Any]]) -> int:
    """The first theorem by which a problem has been run: with all problems it is enough to compare those."""
    return next(r["theorem"] for r in rows if r["problem"] == name and r["reason"] is None)


def measure(each: Plan, settings: DpSettings) -> Done:
    """The case's stack, compiled for its instances and run on them.  Raises BadInput where no format holds them."""
    return execute(each, stack_for(each.task.program(each.limits), settings.dtype))


def _report(settings: DpSettings, result: Result, found: Found) -> Report:
    from verify.dp.page import report

    return report(settings, result, found.shown)
