"""Cell by cell, the scores that a theorem asks for beside the exact ones: what this instance requires is no more than
what all instances of the theorem do, that no more than its threshold, and a score that meets the threshold copies.

Rounding of float64.  Theorem 1's two scores are the floats nearest to theirs; Theorem 2's are a sum and a logarithm.  A
required score goes back to the others' weights, which NumPy formed: products of d_h terms, powers of 2 (L - 1)
roundings, a sum over N of them; around these lie fewer than 16 operations and 4 library calls.

Theorem 1 speaks of coefficients of at least a_min, so that its cells in 16-bit formats, where a_min itself is rounded
visibly, are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from bounds.formats import format_of
from bounds.rounding import growth
from verify.verdict import Check, Verdict

FLOAT64 = format_of("float64")
THEOREM = {"ssm-constant": "T1", "attention": "T2"}
SCORES = ("required_score", "theorem_required", "theorem_threshold")


def thresholds(module: str, dtype: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Check]:
    """The check of one module and dtype; none where no cell has a threshold."""
    asked = [row for row in rows if row["theorem_threshold"] is not None]
    if not asked or (module == "ssm-constant" and format_of(dtype).bits == 16):
        return
    met = sum(_number(row["available_score"]) >= _number(row["theorem_threshold"]) for row in asked)
    wrong = next((row for row in asked if not _holds(row)), None)
    verdict = Verdict.HELD if wrong is None else Verdict.REFUTED
    evidence = (
        f"{len(asked)} cells: required score <= the theorem's requirement <= its threshold (value: cells whose score "
        "meets it, all of which copy in exact arithmetic), within the rounding of float64"
    )
    names = ("N", "L", "d_h", "a_min", "epsilon", "available_score", *SCORES, "worst_case_error")
    witness = None if wrong is None else {name: wrong[name] for name in names}
    id = f"sweep/{module}/{dtype}/thresholds"
    yield Check(id, THEOREM[module], verdict, met, len(asked), evidence, witness, f"stored weights in {dtype}")


def _holds(row: Mapping[str, Any]) -> bool:
    room = 1 + Fraction(growth(row["N"] + row["d_h"] + 2 * row["L"] + 16, FLOAT64, library_calls=4))
    scores = [_number(row[name]) for name in SCORES if row[name] is not None]
    in_order = all(less <= room * more for less, more in pairwise(scores))
    met = _number(row["available_score"]) >= room * scores[-1]
    slack = growth(row["N"] + 8, FLOAT64, library_calls=2)  # of a sum of weights
    return in_order and (not met or row["worst_case_error"] <= row["epsilon"] + slack)


def _number(score: float | str) -> Fraction:
    """Exactly; a text where it lies beyond the floats."""
    return Fraction(score)
