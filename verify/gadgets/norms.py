"""The norm claims: how the largest parameter grows with M, 1/eps and 1/alpha, fitted on the weights themselves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bounds.gadgets import product_drift
from bounds.reals import FLOATS, ClosedForm
from verify.gadgets.cases import Case, cases
from verify.verdict import Check, Verdict

STEPS = (1, 2, 4, 8)
"""Each of M, 1/eps, 1/alpha is multiplied by these, from (M, eps, alpha) = (4, 1/1000, 1/16), the others kept."""

START = {"M": Fraction(4), "1/eps": Fraction(1000), "1/alpha": Fraction(16)}

FORMULAS = {
    "product": ("lambda^2/2", {"M": 6, "1/eps": 2, "1/alpha": 0}, {"M": 4, "1/eps": 1, "1/alpha": 0}),
    "relu-network": ("lambda M", {"M": 2, "1/eps": 1, "1/alpha": 0}, {"M": 2, "1/eps": 1, "1/alpha": 0}),
    "linear": ("lambda M", {"M": 2, "1/eps": 1, "1/alpha": 0}, {"M": 1, "1/eps": 0, "1/alpha": 0}),
    "select": ("lambda M/alpha", {"M": 2, "1/eps": 1, "1/alpha": 2}, {"M": 1, "1/eps": 1, "1/alpha": 1}),
    "greater": ("lambda/alpha", {"M": 0, "1/eps": 1, "1/alpha": 2}, {"M": 0, "1/eps": 1, "1/alpha": 1}),
    "less": ("lambda/alpha", {"M": 0, "1/eps": 1, "1/alpha": 2}, {"M": 0, "1/eps": 1, "1/alpha": 1}),
    "not-equal": ("lambda/alpha", {"M": 0, "1/eps": 1, "1/alpha": 2}, {"M": 0, "1/eps": 1, "1/alpha": 1}),
}
"""Largest parameter as a formula of lambda, and the exponents that follow for the paper's lambda and for the sharp one:
paper 108 M^3/eps, M d/eps, 4 (M/alpha)/eps, 4/(alpha eps); sharp about M^2/sqrt(3 eps), kappa M d/eps, 2 kappa/eps,
kappa/eps; the linear map at lambda = 1."""

_PLACES = np.log(STEPS)
_PULLS = (_PLACES - _PLACES.mean()) / ((_PLACES - _PLACES.mean()) ** 2).sum()

BAND = float(np.abs(_PULLS).sum() * product_drift(START["M"], 1 / START["1/eps"]))
"""How far a fitted exponent may lie from the formula's: a fit is a sum of the logarithms times _PULLS, and Lemma 1's
sharp norm, lambda^2/2, is the only one off its power by more than rounding (e^(-lambda M) is far below it)."""


@dataclass(frozen=True)
class Growth:
    """The exponents of one gadget's norm in M, 1/eps and 1/alpha, fitted and by formula, for one choice of lambda."""

    gadget: str
    which: str
    formula: str
    fitted: dict[str, float]
    stated: dict[str, int]

    @property
    def holds(self) -> bool:
        """Whether every fitted exponent is that of the formula."""
        return all(abs(self.fitted[name] - exponent) <= BAND for name, exponent in self.stated.items())


def growths(lemmas: Sequence[int]) -> list[Growth]:
    """Every gadget of the lemmas whose norm has a formula, with the paper's lambda and with the sharp one."""
    names = [case.name for case in cases(*_arguments(START)) if case.lemma in lemmas and case.name in FORMULAS]
    return [_growth(name, which) for name in names for which in ("paper", "sharp")]


def norm_check(found: Sequence[Growth]) -> Check:
    """L1-L5: the norms are polynomial in M, 1/eps, 1/alpha with the exponents of the exact formulas."""
    wrong = [each for each in found if not each.holds]
    return Check(
        "gadgets/norms",
        "L1",
        Verdict.REFUTED if wrong else Verdict.HELD,
        max(abs(each.fitted[name] - each.stated[name]) for each in found for name in each.stated),
        BAND,
        f"{len(found)} families: the largest parameter at {STEPS} times each of M, 1/eps, 1/alpha from "
        f"{', '.join(f'{name} = {value}' for name, value in START.items())}, exponents fitted against the "
        "formula's; value: the largest difference",
        {"gadget": wrong[0].gadget, "lambda": wrong[0].which, "fitted": wrong[0].fitted} if wrong else None,
        "the weights in float64",
    )


def _growth(name: str, which: str) -> Growth:
    formula, paper, sharp = FORMULAS[name]
    fitted = {}
    for parameter in START:
        norms = []
        for step in STEPS:
            changed = {**START, parameter: START[parameter] * step}
            case = next(each for each in cases(*_arguments(changed)) if each.name == name)
            norms.append(_norm(case, case.lambda_paper if which == "paper" else case.lambda_sharp))
        fitted[parameter] = float(np.polyfit(np.log(STEPS), np.log(norms), 1)[0])
    return Growth(name, which, formula, fitted, paper if which == "paper" else sharp)


def _norm(case: Case, form: ClosedForm | None) -> float:
    norm = case.build(1.0 if form is None else float(form(FLOATS))).norm
    return norm if norm > 0 and math.isfinite(norm) else math.nan


def _arguments(start: dict[str, Fraction]) -> tuple[Fraction, Fraction, Fraction]:
    return start["M"], 1 / start["1/eps"], 1 / start["1/alpha"]
