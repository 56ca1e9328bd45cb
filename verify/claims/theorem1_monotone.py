"""T1-MONO: whether larger forgetting coefficients after pos make the printed threshold easier to meet."""

from fractions import Fraction
from itertools import pairwise

import sympy

from bounds.reals import FRACTIONS
from bounds.theorem1 import Status, Theorem1
from verify.bounds.instances import Instance
from verify.claims import theorem1_sides as side
from verify.claims.claim import REFUTES, Decision, Repair, Setup
from verify.claims.inequality import Inequality, decided_inequality
from verify.claims.nonnegative import nonnegative, unknowns
from verify.claims.settled import fails, settled
from verify.verdict import Check

BELOW = "a_min at most (L - 1)/L"
LENGTHS = (2, 4, 16, 64)
RISING = (*(Fraction(k, 20) for k in range(2, 20)), *(Fraction(k, 100) for k in range(96, 100)))
DELTA, EPSILON = Fraction(1, 2000), Fraction(1, 10)
m, t = unknowns("m t")


def monotone(setup: Setup) -> Decision:
    """T1-MONO: the printed threshold as a_min rises, all coefficients after pos being a_min."""
    below = setup.altered == BELOW
    return fails(
        (_falls(below),) if below else (_falls(below), _room()),
        Repair(
            "With the sum of Eq. 16 in place of its closed form, (1 - eps/(2 M |Delta|)) / alpha_pos + delta/2 "
            "(sum_{k=1}^{pos-1} a_max^k + sum_{k=1}^{i-pos} a_min^-k), the bound falls, or stays, when any coefficient "
            "after pos is raised, for eps <= 2 M |Delta|.",
            (decided_inequality("T1-MONO", "sums", _RAISED, setup, _RAISED_IN_WORDS),),
        ),
        "Nothing: it is a remark. The closed form grows without bound as a_min goes to 1, since Eq. 19 drops "
        "1/(1 - a_min).",
        "from fractions import Fraction as F; d, e, L = F(1, 2000), F(1, 10), 2; "
        "f = lambda a: d / (2 * (1 - a)) * a ** (1 - L) + (1 - e / 2) * a ** (1 - L) + d / 2; "
        "assert f(F(98, 100)) < f(F(99, 100)) < 1 / F(99, 100)",
    )


def _falls(below: bool) -> Check:
    """The threshold at neighbouring a_min; at most at (L - 1)/L, where the altered statement looks, it does fall.

    The steps are those at which Theorem 1 speaks at both ends: threshold below cap, and delta as well.
    """
    steps = [(L, a, b) for L in LENGTHS for a, b in pairwise(RISING) if not below or b <= Fraction(L - 1, L)]
    cases = [case for case in steps if all(_theorem(case[0], a).status() is Status.SATISFIABLE for a in case[1:])]
    rises = [case for case in cases if _closed(*case[:2]) < _closed(case[0], case[2])]
    worst = max(rises, key=lambda case: _closed(case[0], case[2]) / _closed(*case[:2]), default=None)
    caps = [_theorem(worst[0], a).cap(FRACTIONS) for a in worst[1:]] if worst else []
    return settled(
        "T1-MONO",
        "printed",
        bool(cases) and worst is None and _derivative_is_negative(),
        worst and _closed(worst[0], worst[2]),
        worst and _closed(*worst[:2]),
        f"Eq. 24 with all coefficients after pos a_min, delta = {DELTA}, eps = {EPSILON}, M = |Delta| = 1, a_max = "
        f"1/2, in exact fractions, a_min from 0.1 to 0.99, L = {', '.join(map(str, LENGTHS))}: {len(rises)} of the "
        f"{len(cases)} steps up in a_min with the threshold below the cap 1/alpha_pos at both ends raise it (sympy: c "
        "(1/a_min)^(L-1) falls exactly up to a_min = (L-1)/L); value and bound: after and before the worst",
        worst and {"L": worst[0], "a_min": list(map(str, worst[1:])), "delta": DELTA, "epsilon": EPSILON, "caps": caps},
        REFUTES,
    )


def _theorem(L: int, a: Fraction) -> Theorem1:
    return Theorem1(a, Fraction(1, 2), L, DELTA, EPSILON, 1, 1)


def _closed(L: int, a: Fraction) -> Fraction:
    return _theorem(L, a).threshold(FRACTIONS)


def _derivative_is_negative() -> bool:
    """d/da of a^-m / (1 - a), m = L - 1, is a^-m / (1 - a)^2 times (a (m + 1) - m) / a, which is at most 0 up to
    a = m / (m + 1), written as m / ((m + 1)(1 + t))."""
    a = sympy.Symbol("a", positive=True)
    factor = sympy.simplify(sympy.diff(a**-m / (1 - a), a) * (1 - a) ** 2 * a ** (m + 1) - (a * (m + 1) - m))
    return factor == 0 and nonnegative(m - (m + 1) * m / ((m + 1) * (1 + t)))


def _room() -> Check:
    """Threshold over cap, which is what has to be below 1 for a score to meet both: it rises with a_min everywhere."""
    low, high = (_theorem(2, a) for a in (Fraction(1, 2), Fraction(3, 4)))
    shares = [each.threshold(FRACTIONS) / each.cap(FRACTIONS) for each in (low, high)]
    return settled(
        "T1-MONO",
        "room-below-the-cap",
        shares[1] <= shares[0],
        shares[1],
        shares[0],
        "easier to meet is also said of the room between the threshold and the cap 1/alpha_pos: their ratio "
        "delta/(2 (1 - a_min)) + 1 - eps/2 + .. rises with a_min at every a_min; value and bound: at a_min = 3/4 and "
        "1/2, L = 2",
        {"a_min": ["1/2", "3/4"], "threshold over cap": shares},
        REFUTES,
    )


def _bound_by_sums(x: Instance) -> Fraction:
    """At eps = 1/10, without the part before pos, which coefficients after pos do not touch."""
    after = side.geometric(1 / side.a_min(x), len(x.scores) - x.pos)
    return (1 - EPSILON / 2) / x.alphas[x.pos - 1] + x.delta * after / 2


def _raised(x: Instance) -> Instance:
    """Every coefficient after pos halfway to 1."""
    late = tuple((a + 1) / 2 for a in x.forgetting[x.pos :])
    return Instance((*x.forgetting[: x.pos], *late), x.scores, x.pos, x.L, x.delta)


def _proof_of_falling() -> list[sympy.Expr]:
    """1/y falls as y rises, for y = alpha_pos and, power by power, for y = a_min^k; its weights are not negative."""
    y, g, weight = unknowns("y g w")
    return [weight / y - weight / (y + g)]


_RAISED = Inequality(
    lambda x: _bound_by_sums(_raised(x)),
    _bound_by_sums,
    _proof_of_falling,
    lambda x: x.pos < len(x.scores) and x.delta >= 0,
)
_RAISED_IN_WORDS = "left: the bound with every coefficient after pos raised halfway to 1; right: the bound"
