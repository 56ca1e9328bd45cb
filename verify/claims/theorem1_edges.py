"""T1-EDGE and T1-25: where the printed threshold has no value, and what its "constants" depend on."""

from collections.abc import Mapping
from fractions import Fraction

import sympy

from bounds.reals import FRACTIONS
from bounds.theorem1 import Theorem1
from verify.bounds.instances import Instance
from verify.claims import theorem1_proofs as proofs
from verify.claims import theorem1_sides as side
from verify.claims.claim import REFUTES, Decision, Repair, Setup
from verify.claims.inequality import Inequality, decided_inequality, family, sides, spelled
from verify.claims.nonnegative import unknowns
from verify.claims.settled import fails, settled, stands
from verify.verdict import Check

HALF, ONE, ZERO = Fraction(1, 2), Fraction(1), Fraction(0)
EPSILON, SMALL = Fraction(1, 10), Fraction(1, 100)
NEAR, FAR = 2, 12
SLOW, MANY = Fraction(99, 100), 40
INSIDE = "none of the edges"
BELOW_ZERO = "delta below 0"
NEGATIVE_AGAIN = (
    "from fractions import Fraction as F; a, d, e, s = F(1,2), F(-1), F(1,10), 0; "
    "assert s >= (1 - e/2)/a + d/2 * (a/(1-a) + (1/a)**2/(1-a)) and abs(a*s - 1) > e  # delta = -1, L = 3"
)
HELD_ALPHA = "alpha_pos held"
h, p, q, g, s, x, y = unknowns("h p q g s x y")


def _at(a: tuple[Fraction, ...], pos: int, delta: Fraction = SMALL) -> Instance:
    """Every other score 0, that of pos 9/10 of its cap (or 9/10 where there is none)."""
    bare = Instance(a, (ZERO,) * len(a), pos, len(a), delta)
    alpha = bare.alphas[pos - 1]
    scores = [ZERO] * len(a)
    scores[pos - 1] = Fraction(9, 10) / (alpha if alpha > 0 else ONE)
    return Instance(a, tuple(scores), pos, len(a), delta)


EDGES: Mapping[str, Instance] = {
    "pos = i": _at((HALF, HALF), 2),
    "pos = 1": _at((HALF, HALF), 1),
    "a_min = 1": _at((HALF, HALF, ONE), 2),
    "a_max = 1": _at((ONE, HALF, HALF), 2),
    "a_k = 0": _at((HALF, HALF, ZERO), 2),
    BELOW_ZERO: Instance((HALF,) * 3, (ZERO,) * 3, 2, 3, -ONE),
}


def edges(setup: Setup) -> Decision:
    """T1-EDGE: the threshold of Eq. 24 at each edge of its own hypotheses, then sums in place of its closed forms."""
    chosen = {"1 < pos < i": _at((HALF,) * 3, 2)} if setup.altered == INSIDE else EDGES
    printed = tuple(edge("T1-EDGE", name, x) for name, x in chosen.items())
    repair = Repair(
        "Let delta >= 0, and no coefficient after pos be 0. Then c_i^T b_pos >= (1 - eps/(2 M |Delta|)) / alpha_pos + "
        "delta/2 (sum_{k=1}^{pos-1} a_max^k + sum_{k=1}^{i-pos} a_min^-k), a_max over 1 < k <= pos and empty sums 0, "
        "is enough for an error of at most eps at every edge. If a coefficient after pos is 0, every score errs by "
        "M |Delta| at least.",
        (decided_inequality("T1-EDGE", "sums", _SUMS, setup, _SUMS_IN_WORDS), _forgotten()),
    )
    return fails(
        printed,
        repair,
        "Nothing: they are left out where the theorem is used; only pos = i, where nothing has to be kept, deserves a "
        "word, and delta in R has to be delta >= 0.",
        NEGATIVE_AGAIN,
    )


def edge(claim: str, name: str, x: Instance) -> Check:
    """What Eq. 24 promises of an instance, against the worst error that it has."""
    try:
        promised = side.least_epsilon_of_24(x)
    except (ValueError, ZeroDivisionError):
        promised = None
    error = side.worst_error(x)
    meets = "" if x.delta > 0 else "; every j <= i is matched then, and a score of 0 meets the threshold"
    return settled(
        claim,
        name,
        promised is not None and error <= promised,
        error,
        "no value" if promised is None else max(promised, ZERO),
        f"{name}: Eq. 24 evaluated in exact fractions{meets}; value: the worst error of the instance, bound: the least "
        "eps whose threshold its score meets",
        spelled(x) | {"edge": name},
        REFUTES,
    )


def _summed(x: Instance) -> Fraction:
    """The least eps whose threshold, written with the sums of Eq. 16, the score meets; empty sums are 0."""
    before = side.geometric(side.a_max_with_pos(x), x.pos - 1) if x.pos > 1 else ZERO
    after = side.geometric(1 / side.a_min(x), len(x.scores) - x.pos) if x.pos < len(x.scores) else ZERO
    return 2 * (1 - side.own(x) + x.alphas[x.pos - 1] * x.delta * (before + after) / 2)


def _proof() -> list[sympy.Expr]:
    """As for Eq. 24, with Eq. 16 in the place of Eq. 19."""
    return [*proofs.proof_of_10(), *proofs.proof_of_16(), *proofs.proof_of_20(), proofs.proof_of_24()[-1]]


_SUMS = Inequality(side.worst_error, _summed, _proof)
_SUMS_IN_WORDS = (
    "left: the worst error by Eq. 6 itself over all values; right: the least eps whose threshold, with sums, the score "
    "meets; pos = 1, pos = i and coefficients 1 are among the instances"
)


def _forgotten() -> Check:
    """A coefficient 0 after pos: alpha_pos = 0, so v_pos = -1 alone errs by 1, and other values only add to it."""
    ends = [_ending(x) for x in family() if x.pos < len(x.scores)]
    wrong = next((x for x in ends if side.worst_error(x) < 1), None)
    return settled(
        "T1-EDGE",
        "a_i = 0",
        wrong is None,
        min(map(side.worst_error, ends)),
        1,
        f"Eq. 6 in exact fractions on {len(ends)} instances with a_i = 0; in general the error over all values is "
        "sum_{j != pos} alpha_j |s_j| + |alpha_pos s_pos - 1| >= 1 at alpha_pos = 0; value: the least error",
        wrong and spelled(wrong),
    )


def _ending(x: Instance) -> Instance:
    return Instance((*x.forgetting[:-1], ZERO), x.scores, x.pos, x.L, x.delta)


def constants(setup: Setup) -> Decision:
    """T1-25: c and d of Eq. 25 as functions of L and of the coefficients."""
    if setup.altered == HELD_ALPHA:
        held = _grows(HALF)
        return stands(held, again=sides(held))
    repair = Repair(
        "With c = delta / (2 (1 - a_min)) + max(0, 1 - eps/(2 M |Delta|)) and d = delta a_max / (2 (1 - a_max)), which "
        "depend on a_min, a_max, M and |Delta| besides, but not on L, i, pos or alpha_pos, c (1/a_min)^(L-1) + d is at "
        "least the threshold of Eq. 24, so it is enough.",
        tuple(
            decided_inequality("T1-25", f"eps={eps}", _bounded(eps), setup, _BOUNDED_IN_WORDS) for eps in (EPSILON, 3)
        ),
    )
    return fails(
        (_grows(None), _blind_to_a_max()),
        repair,
        "The form c (1/a_min)^(L-1) + d survives with the larger c; read with c and d of eps and delta alone, "
        "Theorem 1 is true only where no score can meet its threshold.",
        "from fractions import Fraction as F; d = lambda L: (1 - F(1, 20)) * 2**(L - 1) + F(1, 200); "
        "assert d(12) > 1000 * d(2); a, s = F(99, 100), F(77, 40); "
        "assert sum(a**k for k in range(1, 41)) / 2 * F(1, 200) + abs(1 - s / 2) > F(1, 10)",
    )


def _grows(alpha_pos: Fraction | None) -> Check:
    """d at two windows; and the score c (1/a_min)^(L-1) + d(NEAR) put to the test at the farther one."""
    near, far = (Theorem1(HALF, HALF, L, SMALL, EPSILON, 1, 1, alpha_pos) for L in (NEAR, FAR))
    d_near, d_far = near.d(FRACTIONS), far.d(FRACTIONS)
    score = far.c(FRACTIONS) * 2 ** (FAR - 1) + d_near
    error = abs(1 - score / far.cap(FRACTIONS))
    return settled(
        "T1-25",
        "d-grows",
        d_near == d_far,
        d_far,
        d_near,
        f"all coefficients 1/2, delta = {SMALL}, eps = {EPSILON}, M = |Delta| = 1, pos first in the window, in exact "
        f"fractions; value: d at L = {FAR}, bound: d at L = {NEAR}",
        {"L": [NEAR, FAR], "d": [d_near, d_far], "score with d held": score, "its error at the larger L": error},
        REFUTES,
    )


def _blind_to_a_max() -> Check:
    """Any c, d of eps and delta alone (or of L and a_min too): if their threshold lies below a cap, positions before
    pos that are never forgotten, each scoring almost delta, weigh alpha_pos delta each, and there can be any number."""
    threshold = Theorem1(HALF, HALF, NEAR, SMALL, EPSILON, 1, 1).threshold(FRACTIONS)
    a = (*[SLOW] * (MANY + 1), HALF)
    x = Instance(a, (*[SMALL * HALF] * MANY, threshold, ZERO), MANY + 1, NEAR, SMALL)
    return settled(
        "T1-25",
        "any-constants",
        not x.meets_assumption_1() or side.worst_error(x) <= EPSILON,
        side.worst_error(x),
        EPSILON,
        f"c and d as they are at a_max = 1/2, kept at a_max = {SLOW} with {MANY} positions before pos that score "
        "delta/2, which weigh without bound as a_max goes to 1; "
        "so no c and d that leave out a_max are enough, unless c (1/a_min)^(L-1) + d is above the cap 1/alpha_pos and "
        "no instance meets it (c = 1, d = 0 is such a pair); value: the worst error, bound: eps",
        {
            "a": f"{SLOW} up to pos, 1/2 after",
            "positions before pos": MANY,
            "their scores": "1/200",
            "score": threshold,
        },
        REFUTES,
    )


def _threshold(x: Instance, eps: Fraction | int) -> Fraction:
    return (1 - Fraction(eps) / 2) / x.alphas[x.pos - 1] + side.eq_19(x) / 2


def _bounded(eps: Fraction | int) -> Inequality:
    """Eq. 24 against the constants of the repair."""

    def right(x: Instance) -> Fraction:
        low, high = side.a_min(x), side.a_max(x)
        c = x.delta / (2 * (1 - low)) + max(ZERO, 1 - Fraction(eps) / 2)
        return c * (1 / low) ** (x.L - 1) + x.delta * high / (2 * (1 - high))

    def proof() -> list[sympy.Expr]:
        """1/alpha_pos = y and (1/a_min)^(L-1) = y + g; 1 - eps/(2 M |Delta|) is p or -q."""
        return [p * (y + g) - p * y, 0 - (-q * y)]

    return Inequality(lambda x: _threshold(x, eps), right, proof, side.defined)


_BOUNDED_IN_WORDS = "left: the threshold of Eq. 24; right: c (1/a_min)^(L-1) + d with the constants of the repair"
