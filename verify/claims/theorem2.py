"""Theorem 2, its steps first, as Section 3.2 states it, and the sentence that the gap it needs is only log L."""

from fractions import Fraction

from bounds.theorem2 import Theorem2
from verify.bounds.attention import enough, logarithm
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.inequality import sides
from verify.claims.settled import fails, settled, stands
from verify.claims.softmax import EDGE, ONE, L_tilde, Softmax, compared
from verify.claims.theorem2_steps import ERROR, STEPS, TOPIC, promised_35, proof_of_35
from verify.verdict import Check, Verdict

HALVED, WITHIN = "L~ halved", "i at most L"
LENGTHS = (2, 4, 16, 64, 1024)
CONSTANTS = (4, 40, 400)


def theorem(setup: Setup) -> Decision:
    """T2: exact instances and the proof of Eq. 35 with the theorem's L~ and rho, and the softmax error in balls."""

    def length(x: Softmax) -> Fraction:
        return Fraction(L_tilde(x), 2 if setup.altered == HALVED else 1)

    found = compared(
        "T2",
        "at-the-threshold",
        Softmax.worst_error,
        promised_35(length),
        proof_of_35(),
        f"{ERROR}the score is log L~ + rho + log(4 M ||W_V||/eps)",
        admits=lambda x: x.i > 1,
    )
    return stands(found, enough(_at_full_length()), again=sides(found))


def _at_full_length() -> list[Theorem2]:
    """i = L, where L~ = L whatever matches."""
    return [Theorem2(L, L, 1, Fraction(1, 1000), Fraction(1, 10), 1, 1) for L in LENGTHS]


def gap(setup: Setup) -> Decision:
    """T2-LOG: a gap of log L and a constant, against the i - 1 positions that have to be outweighed."""
    if setup.altered == WITHIN:
        inside = compared(
            "T2-LOG",
            "i-at-most-L",
            Softmax.worst_error,
            promised_35(lambda x: x.L),
            proof_of_35(),
            f"{ERROR}the gap is log L + log(4 M ||W_V||/eps); i <= L, so L~ = L",
            admits=lambda x: 1 < x.i <= x.L,
        )
        return stands(inside, again=sides(inside))
    return fails(
        tuple(map(_window_alone, CONSTANTS)),
        Repair(
            "The gap needed in the worst case is log i up to a bounded summand, and log L~ + c, L~ = max{L, i - "
            "|S_i|}, is enough: logarithmic in the context i, whatever the window L.",
            (logarithm(_at_full_length()),),
        ),
        "The comparison with Theorem 1 stands, as log i is still far below an exponential; but the gap is not bounded "
        "by the window.",
        "E, R, eps = 4.0, 5.0, 1.0; assert 2 * R / (R + E) > eps  # L = 1, i = 6, all others e^0, c = log(4/eps)",
    )


def _window_alone(constant: int) -> Check:
    """L = 1, eps = 1, M ||W_V|| = 1: with a gap of log 1 + log(constant) the error is 2 n / (n + constant) for n = i -
    1 other scores of rho, so more than 1 as soon as n is above the constant."""
    n = constant + 1
    x = Softmax((*[ONE] * n, Fraction(constant)), 1, EDGE)
    error = x.worst_error()
    return settled(
        "T2-LOG",
        f"c=log({constant})",
        not x.meets_assumption_2() or error <= 1,
        error,
        1,
        f"L = 1, a gap of log L + log({constant}), i = {n + 1}: the worst softmax error in exact fractions against "
        "eps = 1 at M ||W_V|| = 1; so no constant will do for every i, since the error goes to 2 as i grows",
        {"L": 1, "i": n + 1, "other scores": 0, "score": f"log {constant}", "delta": "log 2"},
        REFUTES,
    )


CLAIMS: tuple[Claim, ...] = (
    *STEPS,
    Claim(
        "T2",
        "Theorem 2",
        TOPIC,
        "Under Assumption 2, for every eps > 0: if q_i^T k_pos >= log L~ + rho + c with L~ = max{L, i - |S_i|}, rho = "
        "max_{j != pos} q_i^T k_j and c = log(4 M ||W_V||/eps), then |y_i - o_i| <= eps. (At i = 1 there is no rho, "
        "and no error.)",
        theorem,
        Verdict.PROVED,
        None,
        {HALVED: Verdict.REFUTED},
    ),
    Claim(
        "T2-LOG",
        "Section 3.2",
        TOPIC,
        "A gap q_i^T k_pos - rho of log L, up to a constant related to eps, is enough for attention to copy.",
        gap,
        Verdict.REFUTED,
        Verdict.PROVED,
        {WITHIN: Verdict.PROVED},
    ),
)
