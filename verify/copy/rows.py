"""A row of `verify copy`: its fields for programs, its cells for people, and the first N at which the module fails."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from verify.copy.modules import Prepared, prepare
from verify.copy.run import Run, second_route
from verify.copy.settings import CopySettings
from verify.copy.task import ByteCode, task
from verify.notation import number, seconds
from verify.table import Column, Table

COLUMNS = (
    Column("module", right=False),
    Column("N", rank=4),
    Column("d_h"),
    Column("run as", right=False, rank=5),
    Column("state entries"),
    Column("parameters", rank=2),
    Column("ops/step", rank=1),
    Column("max error"),
    Column("worst case", rank=3),
    Column("epsilon", rank=6),
    Column("copies", right=False),
    Column("bytes wrong"),
    Column("first N failing"),
    Column("time", rank=7),
)


def row(run: Run, settings: CopySettings, first_failing: int | None) -> dict[str, Any]:
    """The fields of a row."""
    memory = run.prepared.memory
    return {
        "module": memory.name,
        "N": run.prepared.task.N,
        "d": settings.d,
        "d_h": memory.d_h,
        "state_entries": run.size.state_entries,
        "parameters_nonzero": run.size.parameters_nonzero,
        "parameters_dense": run.size.parameters_dense,
        "operations_per_step": run.size.operations_per_step,
        "max_abs_error": run.max_abs_error,
        "epsilon": settings.epsilon,
        "copies": copies(run, settings),
        "first_failing_N": first_failing,
        "seconds": run.seconds,
        "worst_case_error": float(run.second.worst.max()),
        "keys": memory.keys,
        "execution": run.execution,
        "bytes_wrong": bytes_wrong(run, settings),
    }


def copies(run: Run, settings: CopySettings) -> bool:
    """Whether the error measured stays within epsilon; NaN does not."""
    return run.max_abs_error <= float(settings.epsilon)


def bytes_wrong(run: Run, settings: CopySettings) -> int | None:
    """For a text: how many of the bytes asked for are not those decoded from the outputs; None for other values."""
    if not settings.text:
        return None
    asked = np.frombuffer(settings.text, np.uint8)[run.prepared.task.target[run.steps]]
    recorded = run.outputs.astype(np.float64) / run.prepared.memory.Delta
    decoded = np.frombuffer(ByteCode(settings.d, float(settings.M)).decode(recorded), np.uint8)
    return int((asked != decoded).sum()) if len(decoded) == len(asked) else len(asked)


def table(rows: Sequence[Mapping[str, Any]], timed: bool = True) -> Table:
    """The rows for people; without the times, which differ from run to run, where a page must not."""
    text = any(r["bytes_wrong"] is not None for r in rows)
    left_out = {name for name, shown in (("time", timed), ("bytes wrong", text)) if not shown}
    several = len({r["N"] for r in rows}) > 1
    kept = [column for column in COLUMNS if column.header not in left_out]
    columns = tuple(replace(column, rank=0) if several and column.header == "N" else column for column in kept)
    cells = [_cells(r) for r in rows]
    return Table("COPY: y_i = v_pos(i)", columns, tuple(tuple(c[column.header] for column in columns) for c in cells))


def _cells(r: Mapping[str, Any]) -> dict[str, str]:
    return {
        "module": r["module"],
        "N": str(r["N"]),
        "d_h": str(r["d_h"]),
        "run as": r["execution"],
        "state entries": str(r["state_entries"]),
        "parameters": str(r["parameters_nonzero"]),
        "ops/step": str(r["operations_per_step"]),
        "max error": number(r["max_abs_error"], 3),
        "worst case": number(r["worst_case_error"], 3),
        "epsilon": number(r["epsilon"]),
        "copies": "yes" if r["copies"] else "no",
        "bytes wrong": number(r["bytes_wrong"]),
        "first N failing": "none" if r["first_failing_N"] is None else str(r["first_failing_N"]),
        "time": seconds(r["seconds"]),
    }


def first_failing(module: str, run: Run, settings: CopySettings, again: Callable[[str, int, int], Run]) -> int | None:
    """The least N up to the row's at which the module, built for that N and the same task, does not copy within
    epsilon.

    For ssm-constant by the exact worst case over all values, N after N.  The other constructions hold at every N in
    real arithmetic: None where the row copies; where its dtype does not suffice, the least failing N is found by
    bisection on runs (`again` makes one), on the assumption that a size that fails is followed by none that holds.
    """
    N, d_h = run.prepared.task.N, run.prepared.memory.d_h
    if module != "ssm-constant":
        return None if copies(run, settings) else _bisected(N, lambda n: copies(again(module, n, d_h), settings))
    exact_up_to = min(d_h, N) if settings.a == 1 and settings.keys == "projection" else 0
    sizes = range(max(1, exact_up_to), N + 1)
    return next(
        (n for n in sizes if not closed_form_worst(_at(module, n, d_h, settings), settings) <= settings.epsilon), None
    )


def closed_form_worst(prepared: Prepared, settings: CopySettings) -> float:
    """The exact worst case over all values and all judged steps."""
    T, first = prepared.task.steps, prepared.task.first_judged
    return float(second_route(prepared, np.zeros((T, 0)), np.arange(first, T), float(settings.M)).worst.max())


def _at(module: str, n: int, d_h: int, settings: CopySettings) -> Prepared:
    return prepare(module, task(settings.pos, n, settings.seed), d_h, settings)


def _bisected(failing: int, holds: Callable[[int], bool]) -> int:
    """The least size that fails, given one that does."""
    holding = 0
    while failing - holding > 1:
        middle = (holding + failing) // 2
        if holds(middle):
            holding = middle
        else:
            failing = middle
    return failing
