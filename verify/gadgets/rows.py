"""One row of `verify gadgets`: a gadget in one arithmetic, with what is proved and what was measured; the table."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from bounds.reals import FRACTIONS
from constructions.gadgets.gadget import Gadget
from verify.gadgets.curves import Run
from verify.gadgets.proofs import ANY, SHARP
from verify.gadgets.settings import GadgetsSettings
from verify.notation import NOTHING, not_below, number
from verify.table import Column, Table

COLUMNS = (
    Column("lemma"),
    Column("gadget", right=False),
    Column("dtype", right=False),
    Column("lambda paper"),
    Column("lambda sharp"),
    Column("certified", rank=2),
    Column("measured", rank=1),
    Column("at paper's", rank=3),
    Column("best", rank=4),
    Column("best lambda", rank=5),
    Column("norm", rank=6),
    Column("norm paper", rank=7),
)

_PROMISED = ("gadget", "domain", "units", "norm", "worst error")


def document(run: Run, settings: GadgetsSettings) -> dict[str, Any]:
    """The row of the JSON document. M, alpha: those that the gadget is built for. lambda_sharp is None where every
    lambda is enough (lambda_kind "any"), and may be more than is needed where that is "bound"; errors are at
    lambda_sharp, or at 1 then; `_paper` at the paper's lambda, `_best` at the one of all lambdas tried with the least
    measured error."""
    case, best, used = run.case, run.tried[run.best], dict(run.case.used)
    lam_paper = None if case.lambda_paper is None else case.lambda_paper(FRACTIONS)
    return {
        "lemma": case.lemma,
        "gadget": case.name,
        "M": used.get("M", settings.M),
        "epsilon": settings.epsilon,
        "alpha": used.get("alpha", settings.alpha),
        "lambda_paper": lam_paper,
        "lambda_sharp": None if run.proved.kind == ANY else run.proved.lam,
        "lambda_kind": run.proved.kind,
        "error_certified": run.proved.worst.high,
        "error_measured": run.sharp.error,
        "dtype": run.precision.name,
        "domain": domain_words(case.build(run.proved.lam)),
        "error_formula": case.formula,
        "parameters_norm": case.build(run.proved.lam).norm,
        "parameters_norm_paper": None if case.paper is None else case.build(case.paper).norm,
        "units": list(case.build(run.proved.lam).units),
        "rounding_bound": run.sharp.rounding,
        "error_measured_paper": None if run.paper is None else run.paper.error,
        "error_best": best.error,
        "lambda_best": run.best,
    }


def tables(rows: Sequence[dict[str, Any]], settings: GadgetsSettings) -> tuple[Table, ...]:
    """The rows of the lemmas' gadgets, and of those past the paper if there are any, under titles that say what they
    depend on."""
    numbers = f"M = {number(settings.M)}, epsilon = {number(settings.epsilon)}, alpha = {number(settings.alpha)}"
    found = [Table(f"Gadgets of the lemmas: {numbers}", COLUMNS, _drawn(rows, False))]
    if beyond := _drawn(rows, True):
        found.append(Table(f"Gadgets past the paper: {numbers}", COLUMNS, beyond))
    return tuple(found)


def papers(rows: Sequence[dict[str, Any]]) -> Table:
    """One line a gadget of the lemmas: the paper's lambda, and the error measured there in each format."""
    printed = [row for row in rows if row["lambda_paper"] is not None]
    dtypes = list(dict.fromkeys(row["dtype"] for row in printed))
    lines: dict[str, list[str]] = {}
    for row in printed:
        line = lines.setdefault(row["gadget"], [row["gadget"], not_below(row["lambda_paper"])])
        kept = row["error_measured_paper"] <= row["epsilon"]
        line.append(f"{_shown(row['error_measured_paper'])} {'kept' if kept else 'missed'}")
    columns = (Column("gadget", right=False), Column("lambda paper"), *map(Column, dtypes))
    return Table(
        "Error measured at the paper's lambda, and whether it keeps epsilon", columns, tuple(map(tuple, lines.values()))
    )


def promises(rows: Sequence[dict[str, Any]]) -> Table:
    """One line a gadget: where it holds, its size, its largest parameter at lambda sharp, and its worst error."""
    columns = tuple(Column(header, right=header in ("units", "norm")) for header in _PROMISED)
    firsts = {row["gadget"]: row for row in rows}.values()
    return Table(
        "What each gadget promises",
        columns,
        tuple(
            (
                row["gadget"],
                row["domain"],
                ", ".join(map(str, row["units"])),
                _shown(row["parameters_norm"]),
                row["error_formula"],
            )
            for row in firsts
        ),
    )


def domain_words(gadget: Gadget) -> str:
    """A gadget's domain, such as `a, b in [-10, 10]; |a - b| >= alpha`."""
    names: dict[tuple[Any, Any], list[str]] = {}
    for name, ends in gadget.domain.box.items():
        names.setdefault(ends, []).append(name)
    boxes = [f"{', '.join(named)} {_interval(low, high)}" for (low, high), named in names.items()]
    kind = ["integers"] if gadget.domain.integer else []
    return "; ".join([", ".join(boxes), *kind, *filter(None, [gadget.domain.condition])])


def _interval(low: Any, high: Any) -> str:
    return "any" if float(high) == float("inf") else f"in [{number(low)}, {number(high)}]"


def _drawn(rows: Sequence[dict[str, Any]], beyond: bool) -> tuple[tuple[str, ...], ...]:
    return tuple(_cells(row) for row in rows if (row["lemma"] is None) == beyond)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    measured = ("error_measured", "error_measured_paper", "error_best")
    norms = ("parameters_norm", "parameters_norm_paper")
    return (
        NOTHING if row["lemma"] is None else str(row["lemma"]),
        row["gadget"],
        row["dtype"],
        NOTHING if row["lambda_paper"] is None else not_below(row["lambda_paper"]),
        _sharp(row),
        not_below(row["error_certified"], 4),
        *(_shown(row[name]) for name in measured),
        _power(row["lambda_best"]),
        *(_shown(row[name]) for name in norms),
    )


def _sharp(row: dict[str, Any]) -> str:
    """Rounded up, so that it is enough as it is shown; a word beside it where it is not the smallest."""
    if row["lambda_sharp"] is None:
        return row["lambda_kind"]
    text = not_below(row["lambda_sharp"])
    return text if row["lambda_kind"] == SHARP else f"{text} {row['lambda_kind']}"


def _power(lam: float) -> str:
    """A power of two as such where its digits would be cut; any other number rounded up."""
    (mantissa, exponent), text = math.frexp(lam), not_below(lam, 4)
    return f"2^{exponent - 1}" if mantissa == 0.5 and Fraction(text) != Fraction(lam) else text


def _shown(value: Any) -> str:
    return NOTHING if value is None else number(float(value) if isinstance(value, Fraction) else value, 4)
