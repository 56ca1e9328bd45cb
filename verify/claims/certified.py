"""The gadgets of the lemmas at the one (M, eps, alpha) where their rows are certified on the built weights."""

from fractions import Fraction
from functools import cache

from verify.gadgets.cases import Case, cases
from verify.gadgets.proofs import Proved, prove
from verify.verdict import Check

M, EPSILON, ALPHA = Fraction(2), Fraction(1, 10), Fraction(1, 2)
NAMES = tuple(case.name for case in cases(M, EPSILON, ALPHA))


def case_of(name: str) -> Case:
    """The case of that gadget.  Raises StopIteration for an unknown name."""
    return next(case for case in cases(M, EPSILON, ALPHA) if case.name == name)


@cache
def proved(name: str) -> Proved:
    """What is proved of that gadget; several rows ask for it."""
    return prove(case_of(name), EPSILON)


def certified(name: str, claim: str) -> tuple[Check, ...]:
    """Those checks of the gadget that speak to the claim: for a lemma, the paper's lambda over the whole domain."""
    return tuple(check for check in proved(name).checks if check.claim == claim)
