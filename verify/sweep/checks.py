"""What a sweep's records show; each check is good only if its comparison is true, so that NaN fails.

For each module and dtype: the two routes agree; on the values that attain the exact worst case the measured error is
that worst case, and no value does worse; the weights as derived do what the construction states; what each cell
requires is no more than its theorem asks for; every cell copies or not as predicted; the break points follow.  Where
rounding may decide every cell of a module and dtype, nothing is predicted, so the last two are not checked (and the
page counts those cells).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from verify.copy.checks import COPIES
from verify.notation import number
from verify.sweep.enclosure import follows
from verify.sweep.frontier import Break, Frontier, frontiers
from verify.sweep.grid import Cell, Run
from verify.sweep.measure import Record
from verify.sweep.rows import copies, predicted
from verify.sweep.thresholds import thresholds
from verify.verdict import Check, Verdict

STATES = COPIES | {"ssm-constant": "X-AVERAGE"}
EXACT_FORM = {"attention": "X-ATT-EXACT"}
ROUTE = {"attention": "X-ATT-SIZE"}


def checks(cells: Sequence[Cell], records: Mapping[Run, Record], rows: Sequence[Mapping[str, Any]]) -> list[Check]:
    """All checks over the cells whose runs have a record."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        if cell.run in records:
            groups.setdefault((cell.run.module, cell.run.dtype), []).append(cell)
    found: list[Check] = []
    for (module, dtype), group in groups.items():
        runs = {cell.run: records[cell.run] for cell in group}
        found += [_two_routes(module, dtype, runs), _worst_case(module, dtype, runs), _as_stated(module, dtype, runs)]
        if any(record.exact for record in runs.values()):
            found.append(_bit_by_bit(module, dtype, runs))
        found += _cell_by_cell(module, dtype, group, records)
        found += thresholds(module, dtype, [row for row in rows if (row["module"], row["dtype"]) == (module, dtype)])
    return [*found, *_break_points(frontiers(rows))]


def _two_routes(module: str, dtype: str, runs: Mapping[Run, Record]) -> Check:
    """The float program against NumPy float64 on the same stored weights, each output within its rounding bound."""

    def holds(record: Record) -> bool:
        return record.routes <= record.routes_allowed

    def witness(run: Run, record: Record) -> dict[str, Any]:
        return _of(run) | {"step": record.routes_step, "distance": record.routes, "allowed": record.routes_allowed}

    worst = max(record.routes for record in runs.values())
    unbounded = sum(math.isinf(record.routes_allowed) for record in runs.values())
    route = "enclosures of the program in NumPy float64, or" if follows(dtype) else ""
    evidence = f"{_sample(runs)}; {route} score matrices in NumPy float64".replace("  ", " ")
    evidence += f"; {unbounded} of the runs have no finite bound" if unbounded else ""
    return _every(
        "two-routes", ROUTE.get(module, "EQ1-EQ6"), module, dtype, runs, holds, witness, worst, None, evidence
    )


def _as_stated(module: str, dtype: str, runs: Mapping[Run, Record]) -> Check:
    """The weights as derived do what the construction states of them: the other checks follow the weights that are run,
    wherever these come from.
    """

    def holds(record: Record) -> bool:
        return record.off_stated <= record.off_allowed

    def witness(run: Run, record: Record) -> dict[str, Any]:
        return _of(run) | {"epsilon": run.epsilon, "off": record.off_stated, "allowed": record.off_allowed}

    broken = [record for record in runs.values() if not holds(record)]
    shown = next(iter(broken), None) or max(runs.values(), key=lambda record: record.off_stated)
    what = "left of a value at its distance, and the mean square error where nothing is forgotten"
    what = what if module == "ssm-constant" else "the exact worst case against the error that the construction states"
    evidence = f"{len(runs)} runs; {what}; value and bound of one run, how far off and what rounding may do"
    check = _every(
        *("as-stated", STATES[module], module, dtype, runs, holds, witness),
        *(shown.off_stated, shown.off_allowed, evidence),
    )
    return replace(check, speaks_of="weights as derived, in float64")


def _worst_case(module: str, dtype: str, runs: Mapping[Run, Record]) -> Check:
    """The largest error is the exact worst case, within the rounding bound: reached by the values made for it, passed
    by none.
    """

    def holds(record: Record) -> bool:
        attains = record.surely <= record.attained
        return attains and record.measured <= record.possibly and record.random <= record.possibly

    def witness(run: Run, record: Record) -> dict[str, Any]:
        measured = {"attained": record.attained, "measured": record.measured, "random": record.random}
        return _of(run) | {"step": record.step, **measured, "surely": record.surely, "possibly": record.possibly}

    claim = EXACT_FORM.get(module, "X-SSM-EXACT")
    broken = [record for record in runs.values() if not holds(record)]
    shown = next(iter(broken), None) or max(runs.values(), key=_largest)
    evidence = (
        f"{_sample(runs)}; value and bound of one run, the largest error there and the exact worst case "
        f"{number(shown.worst)} with what rounding may add"
    )
    return _every("worst-case", claim, module, dtype, runs, holds, witness, _largest(shown), shown.possibly, evidence)


def _largest(record: Record) -> float:
    return max(record.measured, record.random)


def _bit_by_bit(module: str, dtype: str, runs: Mapping[Run, Record]) -> Check:
    """One-hot keys and no forgetting: no error at all."""
    exact = {run: record for run, record in runs.items() if record.exact}

    def holds(record: Record) -> bool:
        return record.measured == 0.0 and record.random == 0.0

    def witness(run: Run, record: Record) -> dict[str, Any]:
        return _of(run) | {"measured": record.measured, "random": record.random}

    worst = max(max(record.measured, record.random) for record in exact.values())
    return _every("bit-by-bit", "T3", module, dtype, exact, holds, witness, worst, 0.0, _sample(exact))


def _cell_by_cell(module: str, dtype: str, cells: Sequence[Cell], records: Mapping[Run, Record]) -> Iterator[Check]:
    """Copies or not, measured, as predicted; cells within the rounding bound (or the enclosure) of epsilon are left to
    the dtype and counted.
    """
    decided, wrong = 0, None
    for cell in cells:
        record, epsilon = records[cell.run], float(cell.epsilon)
        said = predicted(record, epsilon)
        decided += said is not None
        if said is not None and said != copies(record, epsilon):
            measured = {"measured": record.measured, "random": record.random, "predicted": said}
            wrong = wrong or _of(cell.run) | {"epsilon": cell.epsilon, **measured}
    if decided == 0:
        return
    verdict = Verdict.HELD if wrong is None else Verdict.REFUTED
    by = "the closed form with its rounding bound"
    by += " or an enclosure of the program on these values" if follows(dtype) else ""
    evidence = f"{decided} of {len(cells)} cells are decided by {by}; {len(cells) - decided} are left to the dtype"
    claim, speaks_of = EXACT_FORM.get(module, "X-SSM-EXACT"), f"the float program in {dtype}"
    yield Check(f"sweep/{module}/{dtype}/cells", claim, verdict, decided, len(cells), evidence, wrong, speaks_of)


def _break_points(found: Sequence[Frontier]) -> Iterator[Check]:
    """The measured break points lie between the predicted ones."""
    for module, dtype in dict.fromkeys((f.module, f.dtype) for f in found):
        group = [f for f in found if (f.module, f.dtype) == (module, dtype)]
        points = [(f, name, point) for f in group for name, point in (("N", f.N), ("L", f.L))]
        wrong = next(((f, name, point) for f, name, point in points if not point.agrees), None)
        sharp = sum(point.surely == point.possibly for _, _, point in points)
        if not any(point.predicts for _, _, point in points):
            continue
        verdict = Verdict.HELD if wrong is None else Verdict.REFUTED
        evidence = (
            f"{len(points)} break points, largest N and largest L; {sharp} are predicted exactly, the others up to "
        )
        evidence += "cells that rounding decides"
        claim, speaks_of = EXACT_FORM.get(module, "X-SSM-EXACT"), f"the float program in {dtype}"
        witness, id = None if wrong is None else _broken(*wrong), f"sweep/{module}/{dtype}/break-points"
        yield Check(id, claim, verdict, sharp, len(points), evidence, witness, speaks_of)


def _broken(f: Frontier, name: str, point: Break) -> dict[str, Any]:
    where = {"module": f.module, "d_h": f.d_h, "epsilon": f.epsilon, "size": name}
    return where | {"measured": point.measured, "surely": point.surely, "possibly": point.possibly}


def _every(
    what: str,
    claim: str,
    module: str,
    dtype: str,
    runs: Mapping[Run, Record],
    holds: Callable[[Record], bool],
    witness: Callable[[Run, Record], dict[str, Any]],
    value: Any,
    bound: Any,
    evidence: str,
) -> Check:
    wrong = next(((run, record) for run, record in runs.items() if not holds(record)), None)
    verdict = Verdict.HELD if wrong is None else Verdict.REFUTED
    shown = None if wrong is None else witness(*wrong)
    speaks_of = f"the float program in {dtype}"
    return Check(f"sweep/{module}/{dtype}/{what}", claim, verdict, value, bound, evidence, shown, speaks_of)


def _sample(runs: Mapping[Run, Record]) -> str:
    steps, seeds = sum(record.judged for record in runs.values()), sorted({run.seed for run in runs})
    values = "worst-case and uniform values in [-1, 1]^16"
    return f"{len(runs)} runs, {number(steps)} steps, {values}, seed {', '.join(map(str, seeds))}"


def _of(run: Run) -> dict[str, Any]:
    return {"module": run.module, "N": run.N, "L": run.L, "d_h": run.d_h or None, "a": run.a, "dtype": run.dtype}
