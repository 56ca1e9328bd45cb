"""Theorem 1, its steps first: whether it holds, where it speaks, and what the paper says that it requires."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from bounds.reals import FRACTIONS
from verify.bounds.checks import sufficiency
from verify.bounds.growth import growth_checks
from verify.bounds.instances import Instance
from verify.bounds.limits import limits_of
from verify.bounds.rows import Row, rows_of
from verify.bounds.settings import BoundsSettings
from verify.claims import theorem1_sides as side
from verify.claims.claim import Claim, Decision, Repair, Setup
from verify.claims.inequality import Inequality, decided_inequality, sides
from verify.claims.settled import fails, settled, stands
from verify.claims.theorem1_edges import (
    BELOW_ZERO,
    EDGES,
    HELD_ALPHA,
    INSIDE,
    NEGATIVE_AGAIN,
    constants,
    edge,
    edges,
)
from verify.claims.theorem1_monotone import BELOW, monotone
from verify.claims.theorem1_steps import ERROR, STEPS, TWENTY_FOUR
from verify.claims.vacuity import Cell, meter, share_that_speaks
from verify.verdict import Check, Verdict

TOPIC = "Theorem 1"
LENGTHS = (2, 4, 16, 64)
LONGEST = 16  # window of the whole sequences that are gone through step by step
NOT_NEGATIVE = "delta >= 0"
HALVED = "threshold halved"  # of the repair, as is the next one
UNMET = "without Assumption 1's cap"
ALIKE = "every coefficient after pos is a_min"


@cache
def _rows(a_min: Fraction) -> tuple[Row, ...]:
    settings = BoundsSettings((a_min,), LENGTHS)
    return tuple(rows_of(settings, a_min, limits_of(settings, a_min)))


def theorem(setup: Setup) -> Decision:
    """T1: delta in R lets nothing be promised; for delta >= 0, no instance errs by more than eps from the threshold
    on; and where there are instances at all."""
    inequality = TWENTY_FOUR
    if setup.altered == HALVED:
        inequality = Inequality(side.worst_error, _error_promised_by_half, admits=side.defined)
    cells = meter()
    positive = (
        decided_inequality(
            "T1", "at-the-threshold", inequality, setup, f"{ERROR}the least eps whose threshold the score meets"
        ),
        sufficiency(_rows(Fraction(9, 10))),
        _speaks(cells, capped=setup.altered != UNMET),
        _at_every_length(cells),
    )
    repair = Repair(
        "Let delta >= 0, and let the threshold have a value: 1 < pos(i) < i, coefficients after pos in (0, 1), those "
        "before pos in [0, 1). Then a score of at least c (1/a_min)^(L-1) + d with c and d of Eq. 24 keeps the error "
        "within eps, at every size.",
        positive,
    )
    return fails(
        positive if setup.altered == NOT_NEGATIVE else (edge("T1", BELOW_ZERO, EDGES[BELOW_ZERO]),),
        repair,
        "The hypothesis delta >= 0 belongs into Assumption 1. Whoever takes 'matching' to mean a score of some size "
        "reads it so already, and has Theorem 1 proved.",
        NEGATIVE_AGAIN,
    )


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
        "Under Assumption 1 with its delta in R, for any eps > 0: if c_i^T b_pos >= c (1/a_min)^(L-1) + d with c and d "
        "of Eq. 24, then |y_i - o_i| <= eps. (That c and d are constants is T1-25; the places where Eq. 24 has no "
        "value are T1-EDGE.)",
        theorem,
        REFUTED,
        PROVED,
        {NOT_NEGATIVE: PROVED},
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
