"""Theorem 1's exact requirement put to the test by instances: they must err just below it and never above."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.reals import FRACTIONS, Order
from bounds.theorem1 import Theorem1
from verify.bounds.checks import block, parameters
from verify.bounds.instances import Instance, decaying, extreme, fading, quarter, scattered
from verify.bounds.rows import Row
from verify.deciding import every, spell
from verify.notation import number
from verify.verdict import ESTABLISHED, REAL_ARITHMETIC, Check, Verdict

LARGEST_L = 64
MOST_BEFORE = 20_000
SAMPLED_BEFORE = 8
SAMPLES = 40
LARGEST_SAMPLED_L = 12
# How far below the requirement an instance scores, as a part of it.
STEP = Fraction(1, 10**6)


@dataclass(frozen=True)
class Trial:
    """An instance, the parameters that it belongs to, and its worst error over values of modulus M |Delta|."""

    theorem: Theorem1
    instance: Instance

    @cached_property
    def error(self) -> Fraction:
        """The worst error, exact."""
        return self.instance.worst_error(Fraction(self.theorem.M) * Fraction(self.theorem.Delta))

    @property
    def exceeds(self) -> bool:
        """Whether it meets Assumption 1 and errs by more than eps."""
        return self.instance.meets_assumption_1() and self.error > Fraction(self.theorem.epsilon)

    def witness(self) -> dict[str, Any]:
        """All that is needed to evaluate it again, as exact fractions."""
        return {
            "a": list(map(str, self.instance.forgetting)),
            "scores": list(map(str, self.instance.scores)),
            "pos": self.instance.pos,
            "L": self.instance.L,
            "delta": str(self.instance.delta),
            "values_at_most": str(Fraction(self.theorem.M) * Fraction(self.theorem.Delta)),
            "error": str(self.error),
            "epsilon": str(self.theorem.epsilon),
        }


def needed(rows: Sequence[Row]) -> list[Check]:
    """X-SSM-EXACT: an instance that meets Assumption 1 and scores just below the printed requirement errs by more than
    eps.

    The printed requirement is for any number of positions before pos, so the instance has as many as bring it within a
    part of STEP. Left out are rows without a requirement, rows where delta alone decides (there is no smaller score),
    and those whose fractions get long: L above LARGEST_L or more than MOST_BEFORE positions before pos.
    """
    trials = [(row, trial) for row in rows if row.L <= LARGEST_L and (trial := _just_below(row.theorem1))]
    if not trials:
        return []
    before = sorted({trial.instance.pos - 1 for _, trial in trials})
    evidence = (
        f"{block(rows[0])}, L = {spell([row.L for row, _ in trials])}; {spell(before)} positions before pos: Eq. 6 run "
        f"in exact fractions on instances of Assumption 1 that score {number(1 - STEP, 7)} times the printed "
        "requirement, which is for any number of positions before pos; value: the least of their worst errors, each of "
        "which must exceed eps"
    )
    return [
        every(
            f"bounds/X-SSM-EXACT/{block(rows[0])}",
            "X-SSM-EXACT",
            trials,
            lambda case: Order.LESS if case[1].exceeds else Order.GREATER,
            lambda case: parameters(case[0]) | case[1].witness(),
            value=min(trial.error for _, trial in trials),
            bound=rows[0].theorem1.epsilon,
            evidence=evidence,
        )
    ]


def _just_below(theorem: Theorem1) -> Trial | None:
    """The extreme instance a step below the requirement; None where `needed` leaves the row out.

    The step raises the largest error by at least M Delta STEP alpha_pos score. The positions before pos that are too
    far to be there take away M Delta delta alpha_pos times their weight, at most half of that.
    """
    delta, a_min = Fraction(theorem.delta), Fraction(theorem.a_min)
    required = theorem.required(FRACTIONS)
    if required is None or (1 - STEP) * required < delta:
        return None
    score = (1 - STEP) * required
    before = fading(Fraction(theorem.a_max), STEP * score / (2 * delta), MOST_BEFORE)
    if before is None:
        return None
    alpha_pos = 1 / theorem.cap(FRACTIONS)
    e = Fraction(theorem.epsilon) / (Fraction(theorem.M) * Fraction(theorem.Delta))
    # The strict limits cost less than a thousandth of what the step gains.
    short = STEP * alpha_pos * score / (1000 * max(Fraction(1), e))
    forgetting = before + decaying(alpha_pos, a_min, theorem.L - 1)
    return Trial(theorem, extreme(forgetting, len(before), theorem.L, delta, score, short))


def sampled(row: Row, seed: int) -> Check:
    """T1: no random instance that meets Assumption 1 and the exact requirement errs by more than eps.

    The threshold is never below the requirement, so those that meet it are among them. `row` gives all parameters but L
    and alpha_pos, which each instance has of its own. An instance is held to the requirement for its own number of
    positions before pos, which is at most the printed one, for any number. Without a threshold nothing is promised.
    """
    if row.theorem1.undefined:
        return _nothing_promised(row)
    rng = np.random.default_rng(seed)
    drawn = [_draw(row.theorem1, rng) for _ in range(SAMPLES)]
    trials = [trial for trial in drawn if trial is not None and trial.instance.meets_assumption_1()]
    refuting = next((trial for trial in trials if trial.exceeds), None)
    verdict = Verdict.REFUTED if refuting else Verdict.HELD if trials else Verdict.VACUOUS
    evidence = (
        f"{block(row)}: {len(trials)} of {SAMPLES} instances drawn with seed {seed} meet Assumption 1 with a score of "
        f"at least the requirement for as many positions before pos (L <= {LARGEST_SAMPLED_L}, up to {SAMPLED_BEFORE} "
        "positions before pos, coefficients after pos >= a_min); worst error of each by Eq. 6 in exact fractions; "
        "value: the largest"
    )
    return Check(
        id=f"bounds/T1-sampled/{block(row)}",
        claim="T1",
        verdict=verdict,
        value=max((trial.error for trial in trials), default=None),
        bound=row.theorem1.epsilon,
        evidence=evidence,
        witness=refuting.witness() if refuting else None,
        speaks_of=REAL_ARITHMETIC,
        expected=ESTABLISHED | {Verdict.VACUOUS},
    )


def _nothing_promised(row: Row) -> Check:
    return Check(
        id=f"bounds/T1-sampled/{block(row)}",
        claim="T1",
        verdict=Verdict.VACUOUS,
        value=None,
        bound=row.theorem1.epsilon,
        evidence=f"{block(row)}, every L: Theorem 1 has no threshold to be met, since {row.theorem1.undefined}",
        expected=frozenset({Verdict.VACUOUS}),
    )


def _draw(theorem: Theorem1, rng: np.random.Generator) -> Trial | None:
    """A random trial at or above its own requirement; None where there is none. Half of them are extreme."""
    a_min, a_max, delta = (Fraction(value) for value in (theorem.a_min, theorem.a_max, theorem.delta))
    L, before = int(rng.integers(1, LARGEST_SAMPLED_L + 1)), int(rng.integers(0, SAMPLED_BEFORE + 1))
    after = int(rng.integers(0, L))
    forgetting = [a_max * quarter(rng) for _ in range(before + 1)]
    forgetting += [a_min + (1 - a_min) * quarter(rng) for _ in range(after)]
    alpha_pos = Fraction(1)
    for a in forgetting[before + 1 :]:
        alpha_pos *= a
    own = Theorem1(a_min, a_max, L, delta, theorem.epsilon, theorem.M, theorem.Delta, alpha_pos)
    required = own.required(FRACTIONS, before=before)
    if required is None:
        return None
    score = required + (own.cap(FRACTIONS) - required) * quarter(rng) * STEP ** int(rng.integers(0, 2))
    if rng.integers(0, 2):
        return Trial(own, extreme(tuple(forgetting), before + 1, L, delta, score, STEP))
    return Trial(own, scattered(tuple(forgetting), before + 1, L, delta, score, rng))
