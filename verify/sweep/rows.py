"""A row of `verify sweep`: what a run measured, what the closed forms say, and whether it copies within epsilon."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from bounds.exact import attention_required_score
from bounds.theorem1 import Theorem1
from bounds.theorem2 import Theorem2
from verify.notation import nearest, number
from verify.sweep.grid import Cell, D, Run
from verify.sweep.measure import Record
from verify.verdict import plain

FIELDS = (
    "module",
    "N",
    "L",
    "epsilon",
    "d_h",
    "a_min",
    "dtype",
    "d",
    "copies",
    "copies_predicted",
    "max_abs_error",
    "max_abs_error_random",
    "worst_case_error",
    "error_surely",
    "error_possibly",
    "rms_error",
    "rms_predicted",
    "rms_least",
    "alpha_pos",
    "available_score",
    "weighted_score",
    "required_score",
    "theorem_threshold",
    "theorem_required",
    "state_entries",
    "execution",
    "devices",
    "steps_judged",
    "seconds",
)


def row(cell: Cell, record: Record) -> dict[str, Any]:
    """The fields of a cell, in the order of FIELDS.

    L: None where every value is asked for after all are written.  copies: measured, on worst-case and random values.
    copies_predicted: what the closed form with its rounding bound says, or in a 16-bit format the enclosure of
    the program on these values; None where both leave it to the dtype.
    available_score, required_score: c^T b_pos of the weights, and the least one with which the exact worst case beside
    the same other scores is at most epsilon (None: none is enough); for attention q^T k_pos.  weighted_score: alpha_pos
    c^T b_pos.  theorem_threshold: what Theorem 1 (its delta the largest other score) or Theorem 2 (its rho the same)
    asks for; theorem_required: the least score that is enough in all their instances.  devices: how many shared the
    run, 1 where one had room for it.
    """
    run, epsilon = cell.run, float(cell.epsilon)
    return {
        "module": run.module,
        "N": run.N,
        "L": run.L,
        "epsilon": cell.epsilon,
        "d_h": record.d_h,
        "a_min": None if run.module == "attention" else run.a,
        "dtype": run.dtype,
        "d": D,
        "copies": copies(record, epsilon),
        "copies_predicted": predicted(record, epsilon),
        "max_abs_error": record.measured,
        "max_abs_error_random": record.random,
        "worst_case_error": record.worst,
        "error_surely": record.surely,
        "error_possibly": record.possibly,
        "rms_error": record.rms,
        "rms_predicted": record.rms_exact,
        "rms_least": record.rms_least,
        **_scores(cell, record),
        "state_entries": record.state_entries,
        "execution": record.execution,
        "devices": record.devices,
        "steps_judged": record.judged,
        "seconds": record.seconds,
    }


def copies(record: Record, epsilon: float) -> bool:
    """Whether no error measured exceeds epsilon; NaN does."""
    return record.measured <= epsilon and record.random <= epsilon


def predicted(record: Record, epsilon: float) -> bool | None:
    """What is known of the float program without running it: True if its error is at most epsilon with all that
    rounding may add, False if above epsilon with all that it may take away, else None.
    """
    if record.possibly <= epsilon:
        return True
    return False if record.surely > epsilon else None


SCORES = ("alpha_pos", "available_score", "weighted_score", "required_score", "theorem_threshold", "theorem_required")


def _scores(cell: Cell, record: Record) -> dict[str, Any]:
    run = cell.run
    if not all(map(math.isfinite, (record.score, record.others))):  # a score that is no number asks for none
        return dict.fromkeys(SCORES)
    if run.module == "attention":
        assert record.log_others is not None
        others = [record.log_others] if record.log_others > float("-inf") else []
        theorem = _theorem2(run.N, run.L or 1, record.loudest if others else 0.0, cell.epsilon)
        required = attention_required_score(others, 1, 1, cell.epsilon)
        found = (None, record.score, None, required, *theorem)
    else:
        forgotten, bare = _forgotten(run), _bare(Fraction(record.score), run)
        required = _required(record.others, cell.epsilon, run)
        found = (forgotten, bare, record.score, required, *_theorem1(run, record.loudest, cell.epsilon))
    return dict(zip(SCORES, found, strict=True))


@lru_cache(maxsize=4096)
def _forgotten(run: Run) -> float | str:
    """alpha_pos = a^(L-1), what is left of the value asked for."""
    return nearest(lambda reals: reals.number(run.a) ** _distance(run))


def _bare(weighted: Fraction, run: Run) -> float | str:
    """A score without its forgetting: divided by alpha_pos."""
    return nearest(lambda reals: reals.number(weighted) * (1 / reals.number(run.a)) ** _distance(run))


def _required(others: float, epsilon: Fraction, run: Run) -> float | str | None:
    """The low end of bounds.exact.ssm_required_score: (1 - (eps - R)) / alpha_pos, R the others' sum of moduli, for
    Delta = M = 1.
    """
    slack = epsilon - Fraction(others)
    return _bare(1 - slack, run) if slack >= 0 else None


def _distance(run: Run) -> int:
    return 0 if run.L is None else run.L - 1


@lru_cache(maxsize=4096)
def _theorem1(run: Run, delta: float, epsilon: Fraction) -> tuple[Any, Any]:
    """Threshold and requirement of Theorem 1; none where nothing is forgotten (its formula divides by 0) and none where
    no distance is given.
    """
    if run.a == 1 or run.L is None:
        return None, None
    theorem = Theorem1(run.a, run.a, run.L, delta, epsilon, 1, 1)
    before = run.N - run.L
    try:
        asks = theorem.required(before=before) is not None
    except OverflowError:  # then there is one, beyond floats
        asks = True
    return nearest(theorem.threshold), nearest(lambda reals: theorem.required(reals, before)) if asks else None


@lru_cache(maxsize=4096)
def _theorem2(N: int, L: int, rho: float, epsilon: Fraction) -> tuple[Any, Any]:
    theorem = Theorem2(L, N, 1, rho, epsilon, 1, 1)
    return theorem.threshold(), theorem.required()


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as comma-separated values with a header; empty where there is no such number."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _csv_cell(row[name]) for name in FIELDS} for row in rows)
    return text.getvalue()


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Fraction):
        return number(value, 17)
    return "" if value is None else plain(value)
