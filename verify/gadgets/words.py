"""What `verify gadgets` says to people: the verdict in one sentence and the notes under the table."""

from collections.abc import Sequence
from typing import Any

from verify.gadgets.settings import GadgetsSettings
from verify.notation import not_below, number
from verify.verdict import Check, Verdict


def sentence(rows: Sequence[dict[str, Any]], checks: Sequence[Check], interrupted: bool) -> str:
    """What came out, in one line."""
    if not rows:
        return "stopped before the first gadget was done."
    names = dict.fromkeys(row["gadget"] for row in rows)
    proved = sum(check.verdict is Verdict.PROVED for check in checks)
    refuted = sum(check.verdict is Verdict.REFUTED for check in checks)
    start = "stopped early; " if interrupted else ""
    return (
        f"{start}{len(names)} gadgets in {len({row['dtype'] for row in rows})} formats: {proved} statements proved, "
        f"{refuted} refuted (as printed, with witnesses){_product(rows)}."
    )


def _product(rows: Sequence[dict[str, Any]]) -> str:
    shown = [row for row in rows if row["gadget"] == "product"]
    if not shown:
        return ""
    row = next((row for row in shown if row["dtype"] == "float32"), shown[0])
    return (
        f"; Lemma 1 needs {_needed(row)}, the paper asks for {not_below(row['lambda_paper'], 4)}, where {row['dtype']} "
        f"errs by {number(row['error_measured_paper'], 3)}"
    )


def _needed(row: dict[str, Any]) -> str:
    lam = row["lambda_sharp"]
    return "no lambda in particular" if lam is None else f"lambda {not_below(lam, 4)}"


def notes(settings: GadgetsSettings) -> list[str]:
    """How the table is to be read."""
    return [
        "certified: an upper bound of the worst error over the whole domain, in real arithmetic, at lambda "
        "sharp; measured: the largest error met in the dtype at lambda sharp (at 1 where any lambda will do), at the "
        "paper's lambda, and at the best of these and of the powers of two.",
        f"Lemma 5 is decided with the margin alpha = {number(settings.alpha)} (a = b or |a - b| >= alpha); without one "
        "it is refuted.",
    ]
