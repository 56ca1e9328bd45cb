"""Error against lambda in each arithmetic: the V of truncation against rounding, its lowest point, the bound kept."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bounds.reals import enclose
from verify.gadgets.cases import Case
from verify.gadgets.float import Measured, Precision, measure
from verify.gadgets.proofs import Proved
from verify.verdict import Check, Verdict

EXPONENTS = -2, 32
BESIDE = 8
"""lambda = 2^j is tried for every second j between the exponents, or from 2^8 below the lambda looked at, or up to 2^8
above it; around the best of them also its double and its half."""


@dataclass(frozen=True)
class Run:
    """One gadget in one arithmetic. sharp, paper: at the two lambdas (paper: None where there is none). curve: what was
    measured at powers of two."""

    proved: Proved
    precision: Precision
    sharp: Measured
    paper: Measured | None
    curve: dict[float, Measured] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """The gadget."""
        return self.proved.case

    @property
    def tried(self) -> dict[float, Measured]:
        """All lambdas that were measured: the powers of two, the sharp one and the paper's."""
        paper = {} if self.paper is None or self.case.paper is None else {self.case.paper: self.paper}
        return self.curve | {self.proved.lam: self.sharp} | paper

    @property
    def best(self) -> float:
        """The lambda of the least measured error; the smallest of several."""
        tried = self.tried
        return min(tried, key=lambda lam: (tried[lam].error, lam))


def exponents(proved: Proved) -> range:
    """The j of the lambdas 2^j along the curve: even, and on both sides of the lambda looked at."""
    middle = 2 * (math.frexp(proved.lam)[1] // 2)
    first, last = EXPONENTS
    return range(min(first, middle - BESIDE), max(last, middle + BESIDE) + 1, 2)


def run_case(proved: Proved, precision: Precision) -> Run:
    """Measure one gadget at the sharp lambda, at the paper's, and along the curve."""
    case = proved.case
    paper = None if case.paper is None else measure(case, case.paper, precision)
    curve = {2.0**j: measure(case, 2.0**j, precision) for j in exponents(proved)}
    found = Run(proved, precision, measure(case, proved.lam, precision), paper, curve)
    lowest = min(curve, key=lambda lam: (curve[lam].error, lam))
    for lam in (lowest / 2, lowest * 2):
        curve[lam] = measure(case, lam, precision)
    return replace(found, curve=dict(sorted(curve.items())))


def promised(case: Case, lam: float, measured: Measured) -> float:
    """The error that real arithmetic allows at lambda plus what rounding may add."""
    try:
        exact = float(enclose(case.error(lam), 64).upper())
    except ValueError:  # the closed form says nothing for so small a lambda
        return float("inf")
    return math.nextafter(exact, math.inf) * (1 + 2.0**-50) + measured.rounding  # an underflow included


def rounding_check(runs: Sequence[Run]) -> Check:
    """X-FLOAT: in one arithmetic no measured error exceeds the worst real error plus the rounding bound."""
    precision = runs[0].precision
    tried = [(run, lam, at) for run in runs for lam, at in run.tried.items()]
    broken = [(run, lam, at) for run, lam, at in tried if not at.error <= promised(run.case, lam, at)]
    finite = [at.error / bound for run, lam, at in tried if 0 < (bound := promised(run.case, lam, at)) < float("inf")]
    points = sum(at.points for _, _, at in tried)
    return Check(
        f"gadgets/X-FLOAT-rounding/{precision.name.replace(' ', '-')}",
        "X-FLOAT",
        Verdict.REFUTED if broken else Verdict.HELD,
        max(finite, default=None),
        1,
        f"{len(runs)} gadgets, {len(tried)} lambdas, {points} fixed points in all: the error through the layer against "
        "the worst real error plus the a-priori rounding bound; value: the largest quotient, where the bound is finite",
        _broken(broken[0]) if broken else None,
        f"the float program of {precision.name}",
    )


def _broken(found: tuple[Run, float, Measured]) -> dict[str, object]:
    run, lam, at = found
    return {"gadget": run.case.name, "lambda": lam, "inputs": at.inputs, "error": at.error}
