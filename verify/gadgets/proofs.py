"""What is proved of one gadget in real arithmetic: its worst error, the smallest lambda, and the paper's lambda."""

from dataclasses import dataclass
from fractions import Fraction

from bounds.gadgets import enough
from bounds.reals import ClosedForm, Order, decide, enclose, ends
from constructions.gadgets.gadget import Gadget
from verify.gadgets.cases import Case
from verify.gadgets.certificate import BITS, Supremum, supremum
from verify.gadgets.identity import polynomial_error
from verify.gadgets.network import networks
from verify.notation import nearest
from verify.verdict import Check, Verdict

TOLERANCE = Fraction(1, 50)
"""How much wider than a point's error the certified enclosure may be, relatively."""

SMALLER = Fraction(99, 100)
"""The share of the smallest lambda that must fail."""

WEIGHTS = Fraction(1, 2**20)
"""Weights are float64 numbers near the ideal ones: what that may move an error by, relative to eps. It is compared with
nothing that the proof needs, only with the closed form's value."""


@dataclass(frozen=True)
class Proved:
    """lam: the lambda looked at, sufficient and as sharp as float64 allows; 1 where every lambda will do. worst: the
    enclosure of the supremum at lam. checks: what was decided."""

    case: Case
    lam: float
    worst: Supremum
    checks: tuple[Check, ...]


def prove(case: Case, epsilon: Fraction) -> Proved:
    """Everything about one gadget that does not depend on a float format."""
    if case.lambda_sharp is None:
        worst = identity(case, 1.0)
        return Proved(case, 1.0, worst, (_exact(case, worst), *_paper_exact(case, epsilon)))
    lam = max(enough(case.lambda_sharp), _LEAST_LAMBDA)
    worst = certify(case, case.build(lam), lam)
    checks = [_closed_form(case, lam, worst, epsilon), _needed(case, lam, epsilon), *_paper(case, epsilon)]
    return Proved(case, lam, worst, tuple(checks))


_LEAST_LAMBDA = 2.0**-10  # stands for "every lambda > 0 is enough"


def certify(case: Case, gadget: Gadget, lam: float, claimed: Fraction | None = None) -> Supremum:
    """The supremum of the error of `gadget` over the case's domain at lambda, from the gadget's own weights."""
    (network,) = networks(gadget)
    return supremum(network, case.pieces(Fraction(lam)), TOLERANCE, claimed)


def identity(case: Case, lam: float) -> Supremum:
    """The worst error where units cancel in pairs; high is None where they do not."""
    pieces = case.pieces(Fraction(lam))
    bounds = [polynomial_error(network, piece) for network in networks(case.build(lam)) for piece in pieces]
    found = [bound for bound in bounds if bound is not None]
    high = max(found) if len(found) == len(bounds) else None
    return Supremum(Fraction(0), high, tuple(Fraction(0) for _ in pieces[0].box), 0)


def within(worst: Supremum, bound: Fraction) -> Verdict:
    """PROVED if no point errs by more than `bound`, REFUTED if `worst.point` does, UNDECIDED if neither is known."""
    if worst.low > bound:
        return Verdict.REFUTED
    return Verdict.PROVED if worst.high is not None and worst.high <= bound else Verdict.UNDECIDED


def witness(case: Case, worst: Supremum, lam: float) -> dict[str, object]:
    """What anyone needs to evaluate the error of a gadget at a point again."""
    return {"gadget": case.name, "lambda": lam, "inputs": list(worst.point), "error_at_least": worst.low}


def _closed_form(case: Case, lam: float, worst: Supremum, epsilon: Fraction) -> Check:
    """X-GADGET: error(lambda) <= eps by the closed form, and the search over the weights encloses the same value."""
    low, high = ends(enclose(case.error(lam), BITS))
    order = decide(case.error(lam), lambda reals: reals.number(epsilon))
    slack = WEIGHTS * epsilon
    agrees = worst.high is not None and worst.low <= high + slack and low <= worst.high + slack
    refuted = worst.low > high + slack or order is Order.GREATER
    proved = agrees and order in (Order.LESS, Order.EQUAL)
    return Check(
        f"gadgets/X-GADGET-enough/{case.name}",
        "X-GADGET",
        Verdict.PROVED if proved else Verdict.REFUTED if refuted else Verdict.UNDECIDED,
        [worst.low, worst.high],
        epsilon,
        f"lambda = {lam!r}: the closed form {nearest(case.error(lam))} is at most eps, decided in balls, and "
        f"branch and bound over the whole domain ({worst.boxes} boxes, {BITS} bits) encloses the "
        f"weights' own supremum around it; value: that enclosure, reached within it at {_spell(worst)}",
        witness(case, worst, lam),
    )


def _needed(case: Case, lam: float, epsilon: Fraction) -> Check:
    """X-GADGET: at 0.99 of the smallest lambda a point errs by more than eps. Nothing is needed where all lambda do."""
    smaller = float(SMALLER * Fraction(lam))
    if lam == _LEAST_LAMBDA:
        return Check(
            f"gadgets/X-GADGET-needed/{case.name}",
            "X-GADGET",
            Verdict.VACUOUS,
            None,
            epsilon,
            f"every lambda > 0 is enough for eps = {float(epsilon)!r}, so there is no smaller one to fail",
            expected=frozenset({Verdict.VACUOUS}),
        )
    worst = certify(case, case.build(smaller), smaller, epsilon)
    verdict = within(worst, epsilon)
    return Check(
        f"gadgets/X-GADGET-needed/{case.name}",
        "X-GADGET",
        Verdict.PROVED if verdict is Verdict.REFUTED else Verdict.UNDECIDED,
        worst.low,
        epsilon,
        f"0.99 of lambda, {smaller!r}, fails: at {_spell(worst)} the error is at least the value (balls, {BITS} bits)",
        witness(case, worst, smaller),
    )


def _paper(case: Case, epsilon: Fraction) -> list[Check]:
    """The lemma itself with the paper's lambda, in real arithmetic (Lemma 5: with the margin alpha)."""
    if case.lambda_paper is None:
        return []
    lam = enough(case.lambda_paper)
    worst = certify(case, case.build(lam), lam, epsilon)
    return [_paper_check(case, lam, worst, case.error(lam), epsilon)]


def _paper_exact(case: Case, epsilon: Fraction) -> list[Check]:
    if case.lambda_paper is None:
        return []
    lam = enough(case.lambda_paper)
    return [_paper_check(case, lam, identity(case, lam), case.error(lam), epsilon)]


def _paper_check(case: Case, lam: float, worst: Supremum, error: ClosedForm, epsilon: Fraction) -> Check:
    verdict = within(worst, epsilon)
    order = decide(error, lambda reals: reals.number(epsilon))
    if verdict is Verdict.PROVED and order not in (Order.LESS, Order.EQUAL):
        verdict = Verdict.UNDECIDED
    margin = ", with the margin alpha" if case.lemma == 5 else ""
    return Check(
        f"gadgets/{case.claim}/{case.name}",
        case.claim,
        verdict,
        nearest(error),
        epsilon,
        f"the paper's lambda = {lam!r} is enough{margin}: branch and bound over the whole domain ({worst.boxes} boxes) "
        "proves that no point errs by more than eps, and the closed form of the worst error, the value, agrees",
        witness(case, worst, lam) if verdict is not Verdict.PROVED else None,
    )


def _exact(case: Case, worst: Supremum) -> Check:
    """X-GADGET: no lambda is needed, as the units cancel in pairs."""
    return Check(
        f"gadgets/X-GADGET-exact/{case.name}",
        "X-GADGET",
        within(worst, Fraction(0)),
        worst.high,
        0,
        "silu(z) - silu(-z) = z cancels the units in pairs, and the polynomial that is left is the target, coefficient "
        "by coefficient in fractions of the weights at lambda = 1; other lambdas differ by rounding of 1/lambda only",
        witness(case, worst, 1.0),
    )


def _spell(worst: Supremum) -> str:
    return "(" + ", ".join(f"{float(x):.9g}" for x in worst.point) + ")"
