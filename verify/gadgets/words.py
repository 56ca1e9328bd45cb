"""What `verify gadgets` says to people: the verdict in one sentence and the notes under the table."""

from collections.abc import Sequence
from typing import Any

from verify.gadgets.beyond import LARGEST_INTEGER
from verify.gadgets.proofs import BOUND, Proved
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
        f"{start}{_counted(len(names), 'gadget')} in {_counted(len({row['dtype'] for row in rows}), 'format')}: "
        f"{_counted(proved, 'statement')} proved, "
        f"{refuted} refuted (as printed, with witnesses){_product(rows)}."
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


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


def notes(settings: GadgetsSettings, proved: Sequence[Proved]) -> list[str]:
    """How the table is to be read, and what was not tried or not as asked."""
    bounds = "; ".join(f"{gadget}: {why}" for gadget, why in loose(proved).items())
    margin = (
        f"Lemma 5 is decided with the margin alpha = {number(settings.alpha)} (a = b or |a - b| >= alpha); without one "
        "it is refuted."
    )
    none = "M < 1: no integer but 0 is of modulus at most M, so exactness on integers is not tried."
    return [
        "lambda sharp: the smallest that keeps the worst error at most epsilon, 0.99 of it fails; any: every lambda > "
        f"0 does; bound: it is enough, and less may be ({bounds or 'none here'}). What is enough is rounded up, so "
        "that it may be typed as it is shown.",
        "certified: an upper bound of the worst error over the whole domain, in real arithmetic, at lambda "
        "sharp; measured: the largest error met in the dtype at lambda sharp (at 1 where any lambda will do), at the "
        "paper's lambda, and at the best of these and of the powers of two.",
        *([margin] if 5 in settings.lemmas else []),
        *_used(proved),
        *([none] if settings.M < 1 else []),
    ]


def _used(proved: Sequence[Proved]) -> list[str]:
    """The gadgets of integers, whose domains are not given by M and alpha alone."""
    told = [
        f"{each.case.name} with {' and '.join(f'{name} = {number(value)}' for name, value in each.case.used)}"
        for each in proved
        if each.case.used
    ]
    if not told:
        return []
    return [
        f"Gadgets of integers are built for those up to M, {LARGEST_INTEGER} at most, and nearest with a margin of 1/4 "
        f"at most; their domains end with the last step or stair. So here: {', '.join(told)}."
    ]


def at_papers(rows: Sequence[dict[str, Any]], checks: Sequence[Check]) -> str:
    """What becomes of the paper's own lambda in real arithmetic, by the verdicts, and in the first format shown, or
    float32 if it is there, in a sentence a way."""
    printed = [row for row in rows if row["lambda_paper"] is not None]
    names = list(dict.fromkeys(row["dtype"] for row in printed))
    dtype = "float32" if "float32" in names else names[0]
    chosen = [row for row in printed if row["dtype"] == dtype]
    fails = [row for row in chosen if not row["error_measured_paper"] <= row["epsilon"]]
    said = ", ".join(
        f"{row['gadget']} by {number(row['error_measured_paper'], 3)} (at lambda {not_below(row['lambda_paper'], 4)})"
        for row in fails
    )
    kept = ", ".join(row["gadget"] for row in chosen if row not in fails)
    why = (
        " Lemma 1's four units put out numbers of about M/lambda, rounded to a unit roundoff u of that, and lambda^2/2 "
        "times their difference is the product: about lambda M u is lost. So the error is least near lambda = M "
        "(3u)^(-1/3), and beyond that a larger lambda makes it worse, until nothing of the product is left."
    )
    return (
        f"{_in_real_arithmetic(chosen, checks)} In {dtype} it "
        + (f"misses epsilon = {number(chosen[0]['epsilon'])} for {said}" if fails else "misses epsilon for no gadget")
        + (f"; it keeps it for {kept}." if kept else ".")
        + why * any(row["gadget"] == "product" for row in chosen)
    )


def _in_real_arithmetic(rows: Sequence[dict[str, Any]], checks: Sequence[Check]) -> str:
    verdicts = {check.id.partition(f"gadgets/{check.claim}/")[2]: check.verdict.value for check in checks}
    other = {row["gadget"]: found for row in rows if (found := verdicts.get(row["gadget"])) != "PROVED"}
    if not other:
        return "In real arithmetic the paper's lambda is enough for each of these gadgets, as proved below."
    told = ", ".join(f"{gadget} ({found or 'not decided here'})" for gadget, found in other.items())
    return f"In real arithmetic the paper's lambda is proved enough for each of these gadgets but {told}."


def loose(proved: Sequence[Proved]) -> dict[str, str]:
    """The gadgets whose lambda is a bound, and why."""
    return {each.case.name: each.case.loose for each in proved if each.kind == BOUND}
