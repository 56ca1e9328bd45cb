"""One row of `verify gadgets`: a gadget in one arithmetic, with what is proved and what was measured; the table."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from bounds.gadgets import enough
from verify.gadgets.curves import Run
from verify.gadgets.settings import GadgetsSettings
from verify.notation import NOTHING, number
from verify.table import Column, Table

COLUMNS = (
    Column("lemma"),
    Column("gadget", right=False),
    Column("dtype", right=False),
    Column("lambda paper"),
    Column("lambda sharp"),
    Column("certified error"),
    Column("measured"),
    Column("at paper's"),
    Column("best", rank=1),
    Column("best lambda", rank=2),
    Column("norm", rank=3),
    Column("norm paper", rank=4),
)


def document(run: Run, settings: GadgetsSettings) -> dict[str, Any]:
    """The row of the JSON document. lambda_sharp is None where every lambda is enough; errors are at lambda_sharp, or
    at 1 then; `_paper` at the paper's lambda, `_best` at the power of two with the least measured error."""
    case, best = run.case, run.curve[run.best]
    lam_paper = None if case.lambda_paper is None else enough(case.lambda_paper)
    return {
        "lemma": case.lemma,
        "gadget": case.name,
        "M": settings.M,
        "epsilon": settings.epsilon,
        "alpha": settings.alpha,
        "lambda_paper": lam_paper,
        "lambda_sharp": None if case.lambda_sharp is None else run.proved.lam,
        "error_certified": run.proved.worst.high,
        "error_measured": run.sharp.error,
        "dtype": run.precision.name,
        "parameters_norm": case.build(run.proved.lam).norm,
        "parameters_norm_paper": None if lam_paper is None else case.build(lam_paper).norm,
        "units": list(case.build(run.proved.lam).units),
        "rounding_bound": run.sharp.rounding,
        "error_measured_paper": None if run.paper is None else run.paper.error,
        "error_best": best.error,
        "lambda_best": run.best,
    }


def table(rows: Sequence[dict[str, Any]], settings: GadgetsSettings) -> Table:
    """The rows under a title that says what they depend on."""
    title = f"Gadgets: M = {number(settings.M)}, epsilon = {number(settings.epsilon)}, alpha = {number(settings.alpha)}"
    return Table(title, COLUMNS, tuple(_cells(row) for row in rows))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    sharp = "any" if row["lambda_sharp"] is None else number(row["lambda_sharp"])
    names = ("error_certified", "error_measured", "error_measured_paper", "error_best", "lambda_best")
    rest = (*names, "parameters_norm", "parameters_norm_paper")
    return (
        str(row["lemma"]),
        row["gadget"],
        row["dtype"],
        _shown(row["lambda_paper"]),
        sharp,
        *(_shown(row[name]) for name in rest),
    )


def _shown(value: Any) -> str:
    return NOTHING if value is None else number(float(value) if isinstance(value, Fraction) else value, 4)
