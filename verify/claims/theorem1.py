"""Theorem 1, its steps first: whether it holds, where it speaks, and the two sentences that the paper draws from it."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise

import sympy

from bounds.reals import FRACTIONS
from bounds.theorem1 import Theorem1
from verify.bounds.checks import sufficiency
from verify.bounds.growth import growth_checks
from verify.bounds.instances import Instance
from verify.bounds.limits import limits_of
from verify.bounds.rows import Row, rows_of
from verify.bounds.settings import BoundsSettings
from verify.claims import theorem1_sides as side
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.inequality import Inequality, decided_inequality, sides
from verify.claims.nonnegative import nonnegative, unknowns
from verify.claims.settled import fails, settled, stands
from verify.claims.theorem1_edges import HELD_ALPHA, INSIDE, constants, edges
from verify.claims.theorem1_steps import ERROR, STEPS, TWENTY_FOUR
from verify.claims.vacuity import Cell, meter, share_that_speaks
from verify.verdict import Check, Verdict

TOPIC = "Theorem 1"
LENGTHS = (2, 4, 16, 64)
LONGEST = 16  # window of the whole sequences that are gone through step by step
HALVED = "threshold halved"
UNMET = "without Assumption 1's cap"
ALIKE = "every coefficient after pos is a_min"
BELOW = "a_min at most (L - 1)/L"
RISING = (*(Fraction(k, 20) for k in range(2, 20)), Fraction(99, 100))
DELTA, EPSILON = Fraction(1, 10), Fraction(1, 10)
m, t = unknowns("m t")


@cache
def _rows(a_min: Fraction) -> tuple[Row, ...]:
    settings = BoundsSettings((a_min,), LENGTHS)
    return tuple(rows_of(settings, a_min, limits_of(settings, a_min)))


def theorem(setup: Setup) -> Decision:
    """T1: no instance errs by more than eps from the threshold on; and where there are instances at all."""
    inequality = TWENTY_FOUR
    if setup.altered == HALVED:
        inequality = Inequality(side.worst_error, _error_promised_by_half, admits=side.defined)
    found = decided_inequality(
        "T1", "at-the-threshold", inequality, setup, f"{ERROR}the least eps whose threshold the score meets"
    )
    cells = meter()
    speaks = _speaks(cells, capped=setup.altered != UNMET)
    long = _at_every_length(cells)
    return stands(found, sufficiency(_rows(Fraction(9, 10))), speaks, long, again=_first_refuted(found, speaks))


def _first_refuted(*checks: Check) -> str:
    refuted = [check for check in checks if check.verdict is Verdict.REFUTED]
    return sides(refuted[0]) if refuted else ""


def _error_promised_by_half(x: Instance) -> Fraction:
    """The least eps for which half the threshold of Eq. 24 is met."""
    return 2 * (1 - 2 * side.own(x) + x.alphas[x.pos - 1] * side.eq_19(x) / 2)


def _speaks(cells: Sequence[Cell], capped: bool) -> Check:
    """Each cell by two routes: threshold below cap in exact numbers, and an instance that meets every hypothesis.

    Without the cap of condition 2 every cell would be said to speak.
    """

    def said(cell: Cell) -> bool:
        return cell.speaks if capped else cell.delta < 1

    wrong = next((cell for cell in cells if said(cell) != _meets(cell)), None)
    speaks, all_cells = share_that_speaks(cells)
    return settled(
        "T1",
        "where-it-speaks",
        wrong is None,
        speaks if wrong is None else wrong.delta,
        all_cells if wrong is None else wrong.largest_delta,
        "Assumption 1 and the threshold hold together in value of bound places (L = 2..64, all coefficients 1/2, 9/10 "
        "or 99/100, eps/(M |Delta|) = 0.01..0.5, delta = 0.0001..0.5): exactly where delta is below the largest delta, "
        "at most eps (1 - a_min)/(M |Delta|); elsewhere the theorem is vacuous. An exact instance in each place where "
        "it speaks, threshold >= 1/alpha_pos or delta too large in the others. And delta < 1 everywhere: Assumption 1 "
        "at i = 1 says delta <= |c_1^T b_1| < 1",
        wrong and {"L": wrong.L, "a": wrong.a, "epsilon": wrong.epsilon, "delta": wrong.delta},
    )


def _at_every_length(cells: Sequence[Cell]) -> Check:
    """Assumption 1 at all steps of a whole sequence, for every place where the theorem speaks and L is small."""
    chosen = [cell for cell in cells if cell.speaks and cell.L <= LONGEST]
    tried = [(cell, N) for cell in chosen for N in (cell.L + 1, 2 * cell.L + 2)]
    wrong = next(((cell, N) for cell, N in tried if not all(x.meets_assumption_1() for x in cell.steps(N))), None)
    return settled(
        "T1",
        "at-every-N",
        wrong is None,
        len(tried),
        None,
        f"{len(tried)} whole sequences, two lengths N from L + 1 on for each place where the theorem speaks, L <= "
        f"{LONGEST}: every step but L + 1 copies itself with the score delta, and Assumption 1 holds at all N, in "
        "exact fractions; the same at any N, since those steps have nothing else",
        wrong
        and {"L": wrong[0].L, "a": wrong[0].a, "epsilon": wrong[0].epsilon, "delta": wrong[0].delta, "N": wrong[1]},
    )


def _meets(cell: Cell) -> bool:
    """Whether the cell's own instance meets Assumption 1 and the threshold; if none does, its own neither."""
    x = cell.instance()
    return x.meets_assumption_1() and x.scores[x.pos - 1] >= cell.theorem.threshold(FRACTIONS)


def required(setup: Setup) -> Decision:
    """T1-REQ: as printed no coefficient is singled out; the growth is there if all of them equal a_min."""
    worst_case, as_printed = growth_checks(_rows(Fraction(1, 2)))
    if setup.altered == ALIKE:
        return stands(worst_case, again=sides(worst_case))
    return fails(
        (as_printed,),
        Repair(
            "If every coefficient after pos equals a_min < 1 and pos is the first of its window, the required score "
            "lies between 1 - eps/(M |Delta|) and 1 times (1/a_min)^(L-1), so it grows exponentially with L.",
            (worst_case,),
        ),
        "The comparison of Section 3.2 with attention, exponential against logarithmic, holds for equal coefficients "
        "only; the growth is in 1/alpha_pos, which need not grow with L.",
        "from fractions import Fraction as F; a, s = F(1,2), F(9,5); "
        "assert all(abs(1 - a * 1 ** (L - 2) * s) <= F(1,10) and a * s < 1 for L in (2, 1024))",
    )


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
        "f = lambda a, L: 0.1 / (2 * (1 - a)) * a ** (1 - L) + 0.95 * a ** (1 - L); assert f(0.99, 2) > 2 * f(0.95, 2)",
    )


def _falls(below: bool) -> Check:
    """The threshold at neighbouring a_min; at most at (L - 1)/L, where the altered statement looks, it does fall."""
    cases = [(L, a, b) for L in LENGTHS for a, b in pairwise(RISING) if not below or b <= Fraction(L - 1, L)]
    rises = [case for case in cases if _closed(*case[:2]) < _closed(case[0], case[2])]
    worst = max(rises, key=lambda case: _closed(case[0], case[2]) / _closed(*case[:2]), default=None)
    return settled(
        "T1-MONO",
        "printed",
        worst is None and _derivative_is_negative(),
        worst and _closed(worst[0], worst[2]),
        worst and _closed(*worst[:2]),
        f"Eq. 24 with all coefficients a_min, delta = eps = 0.1, M = |Delta| = 1, a_max = 1/2, in exact fractions, "
        f"a_min from 0.1 to 0.99, L = {', '.join(map(str, LENGTHS))}: {len(rises)} of {len(cases)} steps up in a_min "
        "raise it (sympy: c (1/a_min)^(L-1) falls exactly up to a_min = (L-1)/L); value and bound: after and before "
        "the worst",
        worst and {"L": worst[0], "a_min": [worst[1], worst[2]], "delta": DELTA, "epsilon": EPSILON},
        REFUTES,
    )


def _closed(L: int, a: Fraction) -> Fraction:
    return Theorem1(a, Fraction(1, 2), L, DELTA, EPSILON, 1, 1).threshold(FRACTIONS)


def _derivative_is_negative() -> bool:
    """d/da of a^-m / (1 - a), m = L - 1, is a^-m / (1 - a)^2 times (a (m + 1) - m) / a, which is at most 0 up to
    a = m / (m + 1), written as m / ((m + 1)(1 + t))."""
    a = sympy.Symbol("a", positive=True)
    factor = sympy.simplify(sympy.diff(a**-m / (1 - a), a) * (1 - a) ** 2 * a ** (m + 1) - (a * (m + 1) - m))
    return factor == 0 and nonnegative(m - (m + 1) * m / ((m + 1) * (1 + t)))


def _room() -> Check:
    """Threshold over cap, which is what has to be below 1 for a score to meet both: it rises with a_min everywhere."""
    low, high = (Theorem1(a, Fraction(1, 2), 2, DELTA, EPSILON, 1, 1) for a in (Fraction(1, 2), Fraction(3, 4)))
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
    """At eps = 0.1, without the part before pos, which coefficients after pos do not touch."""
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
REFUTED, PROVED = Verdict.REFUTED, Verdict.PROVED

CLAIMS: tuple[Claim, ...] = (
    *STEPS,
    Claim(
        "T1-25",
        "A.1",
        TOPIC,
        "Eq. 25: the threshold is c (1/a_min)^(L-1) + d with c and d constants related to eps and delta.",
        constants,
        REFUTED,
        PROVED,
        {HELD_ALPHA: PROVED},
    ),
    Claim(
        "T1-EDGE",
        "A.1",
        TOPIC,
        "The threshold of Eq. 24 has a value and is enough wherever the hypotheses hold: also for pos(i) = i, pos(i) = "
        "1, a_min = 1, a_max = 1, a coefficient 0, and any delta in R.",
        edges,
        REFUTED,
        PROVED,
        {INSIDE: PROVED},
    ),
    Claim(
        "T1",
        "Theorem 1",
        TOPIC,
        "Under Assumption 1 with delta > 0, at a position i with 1 < pos(i) < i and coefficients in (0, 1): if c_i^T "
        "b_pos >= c (1/a_min)^(L-1) + d with c and d of Eq. 24, then |y_i - o_i| <= eps. (That c and d are constants "
        "is T1-25, the other positions are T1-EDGE.)",
        theorem,
        PROVED,
        None,
        {HALVED: REFUTED, UNMET: REFUTED},
    ),
    Claim(
        "T1-REQ",
        "Section 3.2",
        TOPIC,
        "Since a_min < 1, achieving COPY requires the score c_i^T b_pos to grow exponentially with L.",
        required,
        REFUTED,
        PROVED,
        {ALIKE: PROVED},
    ),
    Claim(
        "T1-MONO",
        "Section 3.2",
        TOPIC,
        "Larger forgetting coefficients after pos(i) make the bound c (1/a_min)^(L-1) + d easier to meet.",
        monotone,
        REFUTED,
        PROVED,
        {BELOW: PROVED},
    ),
)
