"""What is proved of one gadget in real arithmetic: its worst error, the smallest lambda, and the paper's lambda."""

from dataclasses import dataclass, replace
from fractions import Fraction

from bounds.gadgets import enough
from bounds.reals import ClosedForm, Order, decide, enclose, ends, float_at_least, float_at_most
from constructions.gadgets.gadget import Gadget
from verify.gadgets.cases import Case
from verify.gadgets.certificate import BITS, Part, Supremum, supremum
from verify.gadgets.ideal import ideal
from verify.gadgets.identity import polynomial_error
from verify.gadgets.network import layers
from verify.notation import nearest
from verify.verdict import Check, Verdict

SMALLER = (Fraction(99, 100), Fraction(9, 10), Fraction(1, 2))
"""The shares of the smallest lambda that are tried until one fails; the first must, unless `Case.loose`."""

ANY, SHARP, BOUND = "any", "sharp", "bound"
"""What `lam` is: 1, where every lambda > 0 will do; enough, while 0.99 of it fails; or enough, and less may be too."""


@dataclass(frozen=True)
class Proved:
    """lam: the lambda looked at, sufficient and as small as the formula and float64 allow; 1 where every lambda will
    do. kind: which of `ANY`, `SHARP`, `BOUND` it is. worst: the enclosure of the supremum at lam. checks: what was
    decided."""

    case: Case
    lam: float
    kind: str
    worst: Supremum
    checks: tuple[Check, ...]


def prove(case: Case, epsilon: Fraction) -> Proved:
    """Everything about one gadget that does not depend on a float format."""
    if case.lambda_sharp is None:
        lam = max(1.0, float_at_least(Fraction(case.least)))
        worst = identity(case, lam)
        return Proved(case, lam, ANY, worst, (_exact(case, worst, lam), *_paper(case, epsilon)))
    smallest = _smallest(case, case.lambda_sharp, epsilon)
    kind, needed = _needed(case, smallest, epsilon)
    lam = 1.0 if kind == ANY else smallest
    worst = certify(case, case.build(lam), lam)
    checks = (_closed_form(case, lam, kind, worst, epsilon), *needed, *_paper(case, epsilon))
    by_form = ends(enclose(case.error(lam), BITS))[1]
    shown = [epsilon] if checks[0].verdict is Verdict.PROVED else []
    high = min(by_form, *shown, *([] if worst.high is None else [worst.high]))  # all are bounds of one supremum
    return Proved(case, lam, kind, replace(worst, high=high), checks)


def _smallest(case: Case, sharp: ClosedForm, epsilon: Fraction) -> float:
    """The least lambda that the formula speaks of, where that will do; else a float just above its root."""
    least = float_at_least(Fraction(case.least))
    if least > 0 and decide(case.error(least), lambda reals: reals.number(epsilon)) in (Order.LESS, Order.EQUAL):
        return least
    return enough(sharp)


def certify(case: Case, gadget: Gadget, lam: float, claimed: Fraction | None = None) -> Supremum:
    """The supremum of the error of `gadget` over the case's domain at lambda, from the gadget's own weights."""
    return supremum(parts(case, gadget, lam), claimed=claimed)


def parts(case: Case, gadget: Gadget, lam: float) -> list[Part]:
    """The gadget's ideal networks, one for each piece of the domain."""
    first, second = (tuple(ideal(n, lam, case.weights) for n in networks) for networks in layers(gadget))
    return [Part(piece, second[piece.output], first) for piece in case.pieces(Fraction(lam))]


def identity(case: Case, lam: float) -> Supremum:
    """The worst error where units cancel in pairs; high is None where they do not."""
    chosen = parts(case, case.build(lam), lam)
    bounds = [polynomial_error(part.second, part.piece) for part in chosen]
    found = [bound for bound in bounds if bound is not None]
    high = max(found) if len(found) == len(bounds) else None
    return Supremum(Fraction(0), high, tuple(Fraction(0) for _ in chosen[0].piece.box), 0)


def within(worst: Supremum, bound: Fraction) -> Verdict:
    """PROVED if no point errs by more than `bound`, REFUTED if `worst.point` does, UNDECIDED if neither is known."""
    if worst.low > bound:
        return Verdict.REFUTED
    return Verdict.PROVED if worst.high is not None and worst.high <= bound else Verdict.UNDECIDED


def witness(case: Case, worst: Supremum, lam: float) -> dict[str, object]:
    """What anyone needs to evaluate the error of a gadget at a point again."""
    return {"gadget": case.name, "lambda": lam, "inputs": list(worst.point), "error_at_least": float_at_most(worst.low)}


def _closed_form(case: Case, lam: float, kind: str, worst: Supremum, epsilon: Fraction) -> Check:
    """X-GADGET: error(lambda) <= eps by the closed form, and by the search over the weights, which know it not."""
    form = ends(enclose(case.error(lam), BITS))[1]
    order = decide(case.error(lam), lambda reals: reals.number(epsilon))
    refuted = worst.low > epsilon or worst.low > form or order is Order.GREATER
    proved = not refuted and worst.high is not None and order in (Order.LESS, Order.EQUAL)
    agree = (
        "it too" if worst.high is not None and worst.high <= epsilon else "as far as it came, is above the formula's"
    )
    every = {
        ANY: ", and so it is for every lambda > 0: it falls, from a limit at 0 that is not above eps",
        BOUND: f", while less is not known to fail: {case.loose}",
    }.get(kind, "")
    return Check(
        f"gadgets/X-GADGET-enough/{case.name}",
        "X-GADGET",
        Verdict.REFUTED if refuted else Verdict.PROVED if proved else Verdict.UNDECIDED,
        [float_at_most(worst.low), None if worst.high is None else float_at_least(worst.high)],
        epsilon,
        f"lambda = {lam!r}: the closed form {nearest(case.error(lam))} is at most eps, decided in balls{every}; and "
        f"the supremum over the whole domain, enclosed by the value through branch and bound ({worst.boxes} boxes) on "
        f"the weights, {agree}; an error of the value's lower end is met at {_spell(worst)}",
        witness(case, worst, lam),
    )


def _needed(case: Case, lam: float, epsilon: Fraction) -> tuple[str, list[Check]]:
    """What lambda is, and X-GADGET: at 0.99 of the smallest lambda a point errs by more than eps; where the formula is
    loose, at one of `SMALLER`. No check where all lambdas will do, or where less than a bound is not known to fail.
    """
    if lam <= float_at_least(Fraction(case.least)):
        return BOUND if case.least > 0 else ANY, []
    share, smaller, worst = SMALLER[0], lam, Supremum(Fraction(0), None, (), 0)
    for share in SMALLER if case.loose else SMALLER[:1]:
        smaller = max(float(share * Fraction(lam)), float(case.least))
        worst = certify(case, case.build(smaller), smaller, epsilon)
        if worst.low > epsilon:
            break
    fails = worst.low > epsilon
    kind = SHARP if fails and share == SMALLER[0] else BOUND
    if not fails and case.loose:
        return kind, []
    what = f"fails: at {_spell(worst)} the error is at least the value, in balls" if fails else "is not known to fail"
    check = Check(
        f"gadgets/X-GADGET-needed/{case.name}",
        "X-GADGET",
        Verdict.PROVED if fails else Verdict.UNDECIDED,
        float_at_most(worst.low),
        epsilon,
        f"{smaller / lam:.3g} of lambda, {smaller!r}, {what}",
        witness(case, worst, smaller),
    )
    return kind, [check]


def _paper(case: Case, epsilon: Fraction) -> list[Check]:
    """The lemma itself with the paper's lambda, in real arithmetic (Lemma 5: with the margin alpha)."""
    if (lam := case.paper) is None:
        return []
    error = case.error
    worst = identity(case, lam) if case.lambda_sharp is None else certify(case, case.build(lam), lam, epsilon)
    verdict = within(worst, epsilon)
    order = decide(error(lam), lambda reals: reals.number(epsilon))
    if verdict is Verdict.PROVED and order not in (Order.LESS, Order.EQUAL):
        verdict = Verdict.UNDECIDED
    margin = ", with the margin alpha" if case.lemma == 5 else ""
    how = (
        "units cancel in pairs, and what they leave is the target"
        if case.lambda_sharp is None
        else f"branch and bound over the whole domain ({worst.boxes} boxes) proves that no point errs by more than eps"
    )
    return [
        Check(
            f"gadgets/{case.claim}/{case.name}",
            case.claim,
            verdict,
            nearest(error(lam)),
            epsilon,
            f"the paper's lambda = {lam!r} is enough{margin}: {how}, and the closed form of the worst error, the "
            "value, agrees",
            witness(case, worst, lam) if verdict is not Verdict.PROVED else None,
        )
    ]


def _exact(case: Case, worst: Supremum, lam: float) -> Check:
    """X-GADGET: no lambda is needed, as the units cancel in pairs."""
    return Check(
        f"gadgets/X-GADGET-exact/{case.name}",
        "X-GADGET",
        within(worst, Fraction(0)),
        worst.high,
        0,
        "silu(z) - silu(-z) = z cancels the units in pairs, a gate at silu(k) = 1 passes what it is given, and the "
        "polynomial that is left is the target, coefficient by coefficient in exact fractions: lambda drops out, and "
        "no bound of the inputs is used",
        witness(case, worst, lam),
    )


def _spell(worst: Supremum) -> str:
    return "(" + ", ".join(f"{float(x):.9g}" for x in worst.point) + ")"
