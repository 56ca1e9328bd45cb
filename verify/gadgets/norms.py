"""The norm claims: how the largest parameter grows with M, 1/eps and 1/alpha, fitted on the weights themselves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bounds.gadget_gap import gap_peak
from bounds.gadgets import product_drift
from bounds.reals import FLOATS
from verify.gadgets.cases import HIDDEN, cases
from verify.verdict import Check, Verdict

STEPS = (1, 2, 4, 8)
"""Each of M, 1/eps, 1/alpha is multiplied by these, from (M, eps, alpha) = (4, 1/1000, 1/16), the others kept."""

START = {"M": Fraction(4), "1/eps": Fraction(1000), "1/alpha": Fraction(16)}


@dataclass(frozen=True)
class Power:
    """constant M^i (1/eps)^j (1/alpha)^k; text: how that is written."""

    text: str
    constant: int | float
    exponents: dict[str, int]

    def at(self, numbers: dict[str, Fraction]) -> float:
        """Its value."""
        return self.constant * math.prod(float(numbers[name]) ** power for name, power in self.exponents.items())


def _power(text: str, constant: int | float, M: int, epsilon: int, alpha: int) -> Power:
    return Power(text, constant, {"M": M, "1/eps": epsilon, "1/alpha": alpha})


_KAPPA = float(gap_peak())
_ORDER = ("lambda/alpha", _power("4/(alpha^2 eps)", 4, 0, 1, 2), _power("kappa/(alpha eps)", _KAPPA, 0, 1, 1))
FORMULAS = {
    "product": (
        "lambda^2/2",
        _power("5832 M^6/eps^2", 5832, 6, 2, 0),
        _power("M^4/(6 eps), about", 1 / 6, 4, 1, 0),
    ),
    "relu-network": (
        "lambda M",
        _power("d M^2/eps", HIDDEN, 2, 1, 0),
        _power("kappa d M^2/eps", _KAPPA * HIDDEN, 2, 1, 0),
    ),
    "linear": ("lambda M", _power("4 M^2/eps", 4, 2, 1, 0), _power("M", 1, 1, 0, 0)),
    "select": (
        "lambda M/alpha",
        _power("4 M^2/(alpha^2 eps)", 4, 2, 1, 2),
        _power("2 kappa M/(alpha eps)", 2 * _KAPPA, 1, 1, 1),
    ),
    "greater": _ORDER,
    "less": _ORDER,
    "not-equal": _ORDER,
}
"""Largest parameter as a formula of lambda, and what follows for the paper's lambda and for the sharp one: paper 108
M^3/eps, d M/eps, 4 M/eps, 4 (M/alpha)/eps, 4/(alpha eps); sharp about M^2/sqrt(3 eps), kappa d M/eps, 1, 2 kappa/eps,
kappa/eps, the last two up to e^(-lambda M) and e^-lambda. d = 4 hidden units."""

_PLACES = np.log(STEPS)
_PULLS = (_PLACES - _PLACES.mean()) / ((_PLACES - _PLACES.mean()) ** 2).sum()

BAND = float(np.abs(_PULLS).sum() * product_drift(START["M"], 1 / START["1/eps"]))
"""How far a fitted exponent may lie from the formula's: a fit is a sum of the logarithms times _PULLS, and Lemma 1's
sharp norm, lambda^2/2, is the only one off its power by more than rounding (e^(-lambda M) is far below it)."""

DRIFT = product_drift(START["M"], 1 / START["1/eps"])
"""How far the logarithm of a norm may lie from its formula's, for the same reason."""


@dataclass(frozen=True)
class Growth:
    """One gadget's norm for one choice of lambda: its exponents in M, 1/eps and 1/alpha, fitted and by formula, and the
    largest distance of its logarithm from the formula's over all norms of the fits."""

    gadget: str
    which: str
    of_lambda: str
    fitted: dict[str, float]
    stated: Power
    off: float

    @property
    def holds(self) -> bool:
        """Whether every fitted exponent and every norm is that of the formula."""
        exponents = self.stated.exponents
        return self.off <= DRIFT and all(abs(self.fitted[name] - exponents[name]) <= BAND for name in exponents)


def growths(lemmas: Sequence[int]) -> list[Growth]:
    """Every gadget of the lemmas whose norm has a formula, with the paper's lambda and with the sharp one."""
    names = [case.name for case in cases(*_arguments(START)) if case.lemma in lemmas and case.name in FORMULAS]
    return [_growth(name, which) for name in names for which in ("paper", "sharp")]


def norm_check(found: Sequence[Growth]) -> Check:
    """L1-L5: the norms are polynomial in M, 1/eps, 1/alpha: the exact formulas, constant and exponents."""
    wrong = [each for each in found if not each.holds]
    return Check(
        "gadgets/norms",
        "L1",
        Verdict.REFUTED if wrong else Verdict.HELD,
        max(abs(each.fitted[name] - each.stated.exponents[name]) for each in found for name in each.fitted),
        BAND,
        f"{len(found)} families: the largest parameter at {STEPS} times each of M, 1/eps, 1/alpha from "
        f"{', '.join(f'{name} = {value}' for name, value in START.items())}, exponents fitted against the "
        f"formula's; value: the largest difference. The norms themselves are the formula's, constant included, up to a "
        f"factor e^{max(each.off for each in found):.2g}; allowed is e^{DRIFT:.2g}, for M^4/(6 eps)",
        {"gadget": wrong[0].gadget, "lambda": wrong[0].which, "fitted": wrong[0].fitted} if wrong else None,
        "the weights in float64",
    )


def _growth(name: str, which: str) -> Growth:
    of_lambda, paper, sharp = FORMULAS[name]
    stated = paper if which == "paper" else sharp
    fitted, off = {}, []
    for parameter in START:
        places = [{**START, parameter: START[parameter] * step} for step in STEPS]
        norms = [_norm(name, which, place) for place in places]
        fitted[parameter] = float(np.polyfit(np.log(STEPS), np.log(norms), 1)[0])
        off += [abs(math.log(norm / stated.at(place))) for norm, place in zip(norms, places, strict=True)]
    return Growth(name, which, of_lambda, fitted, stated, float(np.max(off)))


def _norm(name: str, which: str, place: dict[str, Fraction]) -> float:
    case = next(each for each in cases(*_arguments(place)) if each.name == name)
    form = case.lambda_paper if which == "paper" else case.lambda_sharp
    norm = case.build(1.0 if form is None else float(form(FLOATS))).norm
    return norm if norm > 0 and math.isfinite(norm) else math.nan


def _arguments(start: dict[str, Fraction]) -> tuple[Fraction, Fraction, Fraction]:
    return start["M"], 1 / start["1/eps"], 1 / start["1/alpha"]
