"""Past the paper: exact worst cases, lower bounds on the state, and the information bound. Proofs stand in bounds/."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from bounds.converse import longest_copy, success_ceiling
from bounds.exact import attention_required_score, ssm_required_score, ssm_worst_case, ssm_worst_values
from bounds.reals import Order, Reals, decide
from verify.claims import beyond_attention, beyond_built, beyond_state
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.settled import settled, stands
from verify.verdict import Check, Verdict

WHERE, TOPIC = "past the paper", "Past the paper"
HALF = Fraction(1, 2)
M = Fraction(3, 2)
SCORES = (-HALF, Fraction(0), Fraction(1), Fraction(2))
STEPS = ((1, 1, 1), (1, 2, HALF))
TINY = Fraction(1, 10**20)


def ssm_exact(setup: Setup) -> Decision:
    """X-SSM-EXACT: a linear form over a box is largest at a corner (`bounds.exact.ssm_worst_case`)."""
    own = 0 if setup.altered == "own term left out" else 1
    wrong, cases = None, 0
    for scores, pos, Delta in product(product(SCORES, repeat=3), range(3), STEPS):
        row = np.array([scores], dtype=object)
        formula = ssm_worst_case(row, [pos], M, np.array(Delta, dtype=object))[0]
        formula -= (1 - own) * M * abs(scores[pos] - 1) * Delta[pos]
        corners = [_ssm_error(scores, pos, Delta, x) for x in product((-M, M), repeat=3)]
        reached = _ssm_error(scores, pos, Delta, tuple(ssm_worst_values(row, [pos], M)[0]))
        cases += 1
        if not max(corners) == formula == reached:
            wrong = wrong or {"scores": scores, "pos": pos, "Delta": Delta, "largest error": max(corners)}
    exact = settled(
        "X-SSM-EXACT",
        "corners",
        wrong is None,
        cases,
        cases,
        f"M = {M}: the error at all corners of [-M, M]^3 against the closed form and at `ssm_worst_values`, in "
        f"fractions, all scores in {{-1/2, 0, 1, 2}}^3, every pos and two choices of Delta; a linear form has no "
        "larger value inside the box",
        wrong,
    )
    return stands(
        exact,
        _interval(),
        again="from fractions import Fraction as F; M = F(3, 2); s = [-F(1, 2)] * 3; x = [-M] * 3; "
        "assert abs(sum(a * b for a, b in zip(s, x)) - x[0]) == M * (F(1, 2) * 2 + F(3, 2)) > M * F(1, 2) * 2",
    )


def _ssm_error(scores: Any, pos: int, Delta: Any, x: Any) -> Fraction:
    return abs(sum(s * step * x_j for s, step, x_j in zip(scores, Delta, x, strict=True)) - Delta[pos] * x[pos])


def _interval() -> Check:
    """The if-and-only-if: at the ends of the interval of scores the error is eps, beyond them it is more."""
    wrong = []
    for others, alpha, eps in product(product(SCORES[:2], repeat=2), (HALF, Fraction(1)), (Fraction(1), Fraction(9))):
        found = ssm_required_score(others, alpha, M, 1, eps)
        at = {} if found is None else {end: (end, step) for end, step in zip(found, (-TINY, TINY), strict=True)}
        for end, step in at.values():
            errors = [
                ssm_worst_case(np.array([[alpha * s, *others]], dtype=object), [0], M, 1)[0] for s in (end, end + step)
            ]
            if not errors[0] == eps < errors[1]:
                wrong.append({"others": others, "alpha_pos": alpha, "epsilon": eps, "score": end})
        if found is None and not M * sum(map(abs, others)) > eps:
            wrong.append({"others": others, "epsilon": eps})
    return settled(
        "X-SSM-EXACT",
        "if-and-only-if",
        not wrong,
        len(wrong),
        0,
        "the interval of scores whose worst error is at most eps (`ssm_required_score`): eps at its ends, more beyond "
        "them, and no interval only where the others alone exceed eps; in fractions",
        wrong[0] if wrong else None,
    )


def attention_exact(setup: Setup) -> Decision:
    """X-ATT-EXACT: 2 M ||W_V||_inf (1 - a_pos), a linear form again (`bounds.exact.attention_worst_case`)."""
    factor = 1 if setup.altered == "M in place of 2M" else 2
    wrong, cases = None, 0
    maps = (((1, 0), (0, 1)), ((1, -2), (HALF, 1)))
    for parts, pos, W in product(product((1, 2, 5), repeat=3), range(3), maps):
        a = [Fraction(part, sum(parts)) for part in parts]
        formula = factor * M * max(sum(map(abs, row)) for row in W) * (1 - a[pos])
        signs = [s - (j == pos) for j, s in enumerate(a)]
        corners = product(product((-M, M), repeat=2), repeat=3)
        worst = max(max(abs(_coordinate(signs, row, x)) for row in W) for x in corners)
        cases += 1
        if worst != formula:
            wrong = wrong or {"weights": a, "pos": pos, "W_V": W, "largest error": worst}
    exact = settled(
        "X-ATT-EXACT",
        "corners",
        wrong is None,
        cases,
        cases,
        f"M = {M}, d = 2: the error at all 64 corners of ([-M, M]^2)^3 against the closed form in fractions, softmax "
        "weights proportional to {1, 2, 5}^3, every pos, two value maps",
        wrong,
    )
    return stands(
        exact,
        _threshold(),
        again="from fractions import Fraction as F; a = [F(1, 3)] * 3; x = [-1, 1, 1]; "
        "assert abs(sum(p * q for p, q in zip(a, x)) - x[0]) == 2 * (1 - a[0]) > 1 - a[0]",
    )


def _coordinate(signs: list[Fraction], row: Any, x: Any) -> Fraction:
    return sum(
        (s * sum(w * x_k for w, x_k in zip(row, x_j, strict=True)) for s, x_j in zip(signs, x, strict=True)),
        Fraction(0),
    )


def _threshold() -> Check:
    """1e-20 above the required score the error is below eps, 1e-20 under it above: decided in balls."""
    wrong = []
    for others, eps in product(((0,), (0, HALF, -1), (Fraction(7, 3), 2, 2, -5)), (Fraction(1, 100), Fraction(1))):

        def error(shift: Fraction, others: Any = others, eps: Fraction = eps) -> Callable[[Reals], Any]:
            def form(reals: Reals) -> Any:
                own = reals.exp(attention_required_score(others, M, 1, eps, reals) + reals.number(shift))
                rest = sum((reals.exp(reals.number(s)) for s in others), reals.number(0))
                return 2 * reals.number(M) * rest / (rest + own)

            return form

        orders = [decide(error(shift), lambda reals, eps=eps: reals.number(eps)) for shift in (TINY, -TINY)]
        if orders != [Order.LESS, Order.GREATER]:
            wrong.append({"scores": others, "epsilon": eps})
    return settled(
        "X-ATT-EXACT",
        "if-and-only-if",
        not wrong,
        len(wrong),
        0,
        "the required score (`attention_required_score`) plus and minus 1e-20: the exact worst error is below and "
        "above eps, in balls, for three rows of scores and two eps",
        wrong[0] if wrong else None,
    )


def bits(setup: Setup) -> Decision:
    """X-BITS: 2^b states allow 2^b answers at most (`bounds.converse.success_ceiling`)."""
    less = 1 if setup.altered == "one bit less" else 0
    wrong, tried = None, 0
    for b, D, L in ((0, 2, 2), (1, 2, 1), (1, 2, 2), (1, 3, 1), (1, 2, 3), (2, 2, 2), (1, 3, 2)):
        best = max(len(set(states)) for states in _readers(2**b, D**L))
        tried += 1
        if Fraction(best, D**L) != success_ceiling(max(b - less, 0), L, D):
            wrong = wrong or {"bits": b, "alphabet": D, "length": L, "best chance": Fraction(best, D**L)}
    ceiling = settled(
        "X-BITS",
        "enumerated",
        wrong is None,
        tried,
        tried,
        "every map from the D^L strings to 2^b states, for seven (b, D, L) with at most 512 maps each: the best "
        "reader is right for as many strings as there are states in use, and the largest share of strings is the "
        "ceiling min(1, 2^b/D^L). Published as Theorem 2.7 of Jelassi et al. 2024 (arXiv 2402.01032), as quoted",
        wrong,
    )
    lengths = [(b, D, longest_copy(b, D)) for b in range(0, 41, 5) for D in (2, 3, 10, 26)]
    off = [(b, D, L) for b, D, L in lengths if not D**L <= 2 ** (b + 1) < D ** (L + 1)]
    longest = settled(
        "X-BITS",
        "longest",
        not off,
        len(lengths) - len(off),
        len(lengths),
        "error at most 1/2 asks for D^L <= 2^(b + 1): the longest such L, (b + 1)/log2(D) rounded down, in integers; "
        "their Corollary 2.8, as quoted",
        {"bits, alphabet, L": off[:1]},
    )
    return stands(ceiling, longest, again="assert len({'0': 0, '1': 1}) / 2**1 == 1 > 2**0 / 2**1")


def _readers(states: int, strings: int) -> Iterator[tuple[int, ...]]:
    return product(range(states), repeat=strings)


def _claim(id: str, statement: str, decision: Callable[[Setup], Decision], altered: str) -> Claim:
    return Claim(id, WHERE, TOPIC, statement, decision, altered={altered: Verdict.REFUTED})


CLAIMS = (
    _claim(
        "X-SSM-EXACT",
        "For given scores s_j = alpha_j c_i^T b_j the largest error of Eq. 6 over all values in [-M, M]^d is M "
        "(sum_{j != pos} |s_j| Delta_j + |s_pos - 1| Delta_pos), and is reached: so the copy is within eps if and "
        "only if this is.",
        ssm_exact,
        "own term left out",
    ),
    _claim(
        "X-ATT-EXACT",
        "For given softmax weights a_j the largest error of attention over all values in [-M, M]^d is 2 M "
        "||W_V||_inf (1 - a_pos), and is reached; it is within eps if and only if the score at pos is at least log "
        "sum_{j != pos} exp(s_j) + log((1 - e)/e), e = eps/(2 M ||W_V||_inf).",
        attention_exact,
        "M in place of 2M",
    ),
    *beyond_state.CLAIMS,
    *beyond_attention.CLAIMS,
    _claim(
        "X-BITS",
        "A state of b bits copies uniform random strings of L tokens out of D with a chance of min(1, 2^b/D^L) at "
        "best, which is reached; an error of at most 1/2 needs L <= (b + 1)/log2(D).",
        bits,
        "one bit less",
    ),
    *beyond_built.CLAIMS,
)
