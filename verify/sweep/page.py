"""The report of `verify sweep`: the grid, the break points, the figure, how many cells the closed forms decide."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bounds.enclosure import rounded
from bounds.formats import format_of
from verify.deliver import Report
from verify.notation import number
from verify.page import Page
from verify.sweep.figure import drawn, figure, one_hot, shown, states
from verify.sweep.frontier import at_distances, frontiers, tables
from verify.sweep.grid import D
from verify.sweep.settings import SweepSettings
from verify.table import Column, Table
from verify.verdict import Result

VISIBLE = 0.01  # of 1 - a: a rounding that moves the rate of forgetting by so much is told


def report(settings: SweepSettings, result: Result, runs: int) -> Report:
    """The page and its picture."""
    rows, name = result.rows, f"{settings.name()}.png"
    page = Page("Where each module stops copying")
    page.paragraph(f"**{result.verdict.value}**: {result.headline}")
    page.heading("What was run")
    page.paragraph(_grid(settings, len(rows), runs))
    if shared := [row for row in rows if row["devices"] > 1]:
        devices = max(row["devices"] for row in shared)
        page.paragraph(f"{len(shared)} cells were too large for one device and shared by {devices}: see `devices`.")
    page.bullets(_modules())
    page.heading("Break points")
    for table in tables(frontiers(rows)):
        page.table(table)
    page.paragraph(_reading())
    if "ssm-constant" in settings.modules and (moved := _stored(settings)):
        page.paragraph(moved)
    figures = {}
    if rows:
        dtype, epsilon = shown(rows)
        page.figure(name, _caption(settings, dtype, number(epsilon), rows))
        figures = {name: figure(settings, rows)}
    page.heading("Measured against predicted, cell by cell")
    page.table(_tally(rows))
    page.paragraph(
        "A copy or a failure is predicted where the exact worst case of the stored weights is farther from epsilon "
        "than all roundings can move it; in 16-bit formats also where an enclosure, which follows the program on the "
        "run's own values operation by operation, lies on one side of epsilon. *left to the dtype*: neither decides, "
        "so what came out of such cells is measured, not predicted. Both follow the weights that are run; that these "
        "are what the construction states is checked by itself (`as-stated`), and so is that what a cell requires lies "
        "at or below what its theorem asks for (`thresholds`)."
    )
    page.checks(result.checks, 3)
    page.closing(settings.command(), dict(result.environment), _trusted())
    return Report(settings.name(), page.text(), figures)


def _grid(settings: SweepSettings, cells: int, runs: int) -> str:
    lists = {
        "N": settings.N,
        "L": settings.L,
        "epsilon": settings.epsilon,
        "d_h": settings.d_h,
        "a_min": settings.a_min,
    }
    said = "; ".join(f"{name} = {', '.join(number(value) for value in values)}" for name, values in lists.items())
    return (
        f"{said}; {', '.join(settings.dtypes)}; {', '.join(settings.modules)}. These are {cells} cells, decided by "
        f"{runs} distinct runs: L > N is left out, d_h and a_min belong to `ssm-constant` (in the average case, "
        "where L is empty, with a_min = 1, listed or not), and epsilon only decides "
        "where no weight is derived from it. The value asked for at step i lies L - 1 steps back; values lie in "
        f"[-1, 1]^{D}, the first coordinate takes the worst case of the exact error formula, the others are uniform. "
        "A cell copies if no coordinate of any output judged is off by more than epsilon."
    )


def _modules() -> list[str]:
    return [
        "`ssm-linear`: Theorem 3 as proved, d_h = N, one-hot keys. Runs for N, L, dtype.",
        "`ssm-gated`: the same inside Eq. 1-3 with one state a channel. Runs for N, L, epsilon, dtype.",
        "`ssm-constant`: d_h states a channel, one forgetting coefficient a_min, keys orthonormal up to N = d_h. "
        "Runs for N, L, d_h, a_min, dtype; and, for the average case, for N, d_h, dtype with nothing forgotten "
        "(a_min = 1) and all values asked for after all are written.",
        "`attention`: one softmax head with binary position codes. Runs for N, L, epsilon, dtype.",
    ]


def _reading() -> str:
    return (
        "*largest N* is the largest N of a cell that copies at a distance, which is named beside it, *largest L* "
        "likewise; *N predicted* and *L predicted* are the same by the exact worst "
        "case of the stored weights (in 16-bit formats also by the enclosure of the program), as a range where cells "
        "are left to the dtype. The grid bounds both."
    )


def _stored(settings: SweepSettings) -> str:
    """What rounding makes of the forgetting coefficients where it moves them visibly."""
    said = [
        f"in {dtype} the nearest number to a = {number(a)} is {number(float(stored))}"
        + ("; nothing is forgotten then, and it copies where no smaller coefficient would" * bool(stored == 1))
        for dtype in settings.dtypes
        for a in settings.a_min
        for stored in [rounded(np.array(float(a)), format_of(dtype))]
        if a < 1 and bool(abs(stored - float(a)) > VISIBLE * (1 - float(a)))
    ]
    return "Rounded coefficients of `ssm-constant`: " + "; ".join(said) + "." if said else ""


def _caption(settings: SweepSettings, dtype: str, epsilon: str, rows: Sequence[Any]) -> str:
    size = next((f" (N = {row['N']}, d_h = {row['d_h']})" for row in one_hot(rows)), "")
    return (
        f"{dtype}, epsilon = {epsilon}. Top left: state entries against N, with the least number of real entries "
        "(converse) and of entries of this dtype (counting); filled where a module copies at every distance, "
        "ssm-constant with one a_min at least. Top right: worst-case error against distance, closed form (lines) and "
        f"measured (marks); ssm-constant where its keys are one-hot{size}, the others at the largest N; a mark is "
        "filled where the threshold is met: the score of the weights is at least what Theorem 1 or 2 asks for beside "
        "the largest other score of these weights. Below it, dashed: the score that each theorem asks for, Theorem 1 "
        "with no other score (delta = 0). (Where nothing is forgotten, Theorem 1's formula divides by 0; attention's "
        "scale is the exact requirement, below Theorem 2's threshold.) Bottom left: the score that must be put in, of "
        "an SSM against L, of attention above its largest other score against N; lines are the theorems' thresholds, "
        "marks the exact requirement of the weights as built. A line that ends at the upper edge goes on above it, "
        "and marks above it or not above 0 are not shown. Bottom right: root-mean-square error on random values; no "
        "state does better on average over all values, and one sample of them may lie a little below."
        f"{_undrawn(settings, rows)}"
    )


def _undrawn(settings: SweepSettings, rows: Sequence[Any]) -> str:
    """What there are not colours enough for, and what no axis can show."""
    lists = {"a_min": settings.a_min if one_hot(rows) else (), "d_h": states(rows)}
    said = [
        f"{len(drawn(values))} of {len(values)} {name} ({', '.join(map(number, drawn(values)))})"
        for name, values in lists.items()
        if len(drawn(values)) < len(values)
    ]
    few = f" Of ssm-constant, {' and '.join(said)} are drawn as lines or marks of their own." if said else ""
    dtype, epsilon = shown(rows)
    own = [row for row in at_distances(rows) if (row["dtype"], row["epsilon"]) == (dtype, epsilon)]
    lost = sum(not math.isfinite(row["max_abs_error"]) for row in own)
    return few + f" {lost} of {len(own)} errors are no finite numbers and not shown." * bool(lost)


def _tally(rows: Sequence[Any]) -> Table:
    """For each module and dtype: how the cells came out, and how they were predicted to."""
    headers = ("cells", "copy", "fail", "predicted copies", "predicted failures", "left to the dtype", "of these copy")
    columns = (Column("module", right=False), Column("dtype", right=False), *(Column(name) for name in headers))
    lines = []
    for module, dtype in dict.fromkeys((row["module"], row["dtype"]) for row in rows):
        own = [row for row in rows if (row["module"], row["dtype"]) == (module, dtype)]
        copying = sum(row["copies"] for row in own)
        said = [sum(row["copies_predicted"] is value for row in own) for value in (True, False, None)]
        open_copies = sum(row["copies"] for row in own if row["copies_predicted"] is None)
        counts = (len(own), copying, len(own) - copying, *said, open_copies)
        lines.append((module, dtype, *map(str, counts)))
    return Table("", columns, tuple(lines))


def _trusted() -> list[str]:
    return [
        "The measured errors: JAX and XLA for the layers, padded to a common length, NumPy for the comparison.",
        "The second route: NumPy float64 products of score matrices of the stored weights (verify.independent).",
        "The rounding bounds: bounds/rounding.py, with its assumption on exp, and verify/sweep/tolerance.py; the "
        "enclosures in 16-bit formats: bounds/enclosure.py, whose model XLA is asked to keep to.",
        "At most 64 evenly spread steps of each run are judged, the first and the last among them.",
        "On several devices: each runs whole cells by the program of one device, bit by bit the same; cells that one "
        "device has no room for are shared by all of them, and their errors lie within the rounding bound.",
        "SQLite, for the records of runs made by an earlier or another process; each is kept with a hash.",
    ]
