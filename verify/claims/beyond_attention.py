"""Past the paper: how small attention's keys may be, and the scale that they then need."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy

from bounds.reals import Order, Reals, decide
from bounds.scales import binary_scale, circle_scale, circle_scale_enough, circle_scale_least
from constructions.memories.heads import binary_codes, circle_codes
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.settled import settled, stands
from verify.verdict import Check, Verdict

LENGTHS = (2, 3, 4, 6, 8, 13, 16)
EPSILON = Fraction(1, 100)
ABOVE = Fraction(1, 2**60)  # a scale on the border itself is decided by no ball


def attention_size(setup: Setup) -> Decision:
    """X-ATT-SIZE: `bounds.scales.binary_scale` and `circle_scale`, whose proofs hold for every N."""
    share = Fraction(1, 2) if setup.altered == "half the scale" else Fraction(1)
    found = {N: _binary_error(N, share) for N in LENGTHS}
    late = [N for N, order in found.items() if order is not Order.LESS]
    circle = [
        circle_scale_enough(float(share) * circle_scale_least(N, 1, 1, EPSILON), N, 1, 1, EPSILON) for N in LENGTHS
    ]
    slow = [N for N, order in zip(LENGTHS, circle, strict=True) if order not in (Order.LESS, Order.EQUAL)]
    dims = [(binary_codes(N).shape[1], circle_codes(N).shape[1]) for N in LENGTHS]
    return stands(
        _codes_of_all_bits(),
        settled(
            "X-ATT-SIZE",
            "binary",
            not late and all(2 ** (k - 1) < N <= 2**k for N, (k, _) in zip(LENGTHS, dims, strict=True)),
            [k for k, _ in dims],
            "ceil(log2 N)",
            f"N = {', '.join(map(str, LENGTHS))}, M = ||W_V|| = 1, eps = {EPSILON}: at every pos the others' weight, "
            "from the codes' Hamming distances, leaves an exact error below eps at the closed form's scale plus "
            "2^-60, in balls; the query is the scale times a code of +-1, so its length is about 1/2 sqrt(log2 N) "
            "log log N",
            {"N": late[:1]},
        ),
        settled(
            "X-ATT-SIZE",
            "circle",
            not slow and {k for _, k in dims} == {2} and _circle_grows(),
            2,
            2,
            "the same N with points on a circle: the scale that `circle_scale_least` gives is enough, in balls, and at "
            "most N^2/8 log((N - 1)(1 - e)/e), as 1 - cos(2 pi/N) >= 8/N^2 (sin x >= 2x/pi)",
            {"N": slow[:1]},
        ),
        again="import numpy as np; e = 0.01 / 2; s = -np.log(1 / (1 - e) - 1) / 2; R = np.exp(-2 * s / 2); "
        "assert 2 * R / (1 + R) > 0.01 >= 2 * np.exp(-2 * s) / (1 + np.exp(-2 * s)) - 1e-15",
    )


def _codes_of_all_bits() -> Check:
    """Over all 2^m codes sum_h C(m, h) q^h = (1 + q)^m, q = e^(-2s), and s solves (1 + q)^m = 1/(1 - e)."""
    q, e = sympy.symbols("q e", positive=True)
    left = [
        sympy.simplify(
            sum(sympy.binomial(m, h) * q**h for h in range(m + 1)).subs(q, (1 - e) ** sympy.Rational(-1, m) - 1)  # type: ignore[union-attr]
            - 1 / (1 - e)
        )
        for m in range(1, 7)
    ]
    return settled(
        "X-ATT-SIZE",
        "all-codes",
        not any(left),
        len(left),
        "all 0",
        "sympy, m = 1..6 bits: at the scale s = -1/2 log((1 - e)^(-1/m) - 1) all 2^m codes together weigh 1/(1 - e) "
        "relative to pos, so 1 - a_pos = e = eps/(2 M ||W_V||); by the binomial theorem for every m",
        {"left": [str(each) for each in left if each != 0]},
    )


def _binary_error(N: int, share: Fraction) -> Order:
    """The worst pos of 2 R/(1 + R) against eps, R the others' relative weight."""
    codes = binary_codes(N)
    apart = (codes.shape[1] - codes @ codes.T) / 2
    orders = {
        _weighed(tuple(sorted(int(h) for j, h in enumerate(row) if j != p)), N, share) for p, row in enumerate(apart)
    }
    return Order.LESS if orders == {Order.LESS} else max(orders, key=lambda order: order is Order.GREATER)


def _weighed(distances: tuple[int, ...], N: int, share: Fraction) -> Order:
    def error(reals: Reals) -> Any:
        s = reals.number(share) * binary_scale(N, 1, 1, EPSILON, reals) + reals.number(ABOVE)
        R = sum((reals.exp(-2 * h * s) for h in distances), reals.number(0))
        return 2 * R / (1 + R)

    return decide(error, lambda reals: reals.number(EPSILON))


def _circle_grows() -> bool:
    e = EPSILON / 2

    def limit(N: int) -> Callable[[Reals], Any]:
        return lambda reals: reals.number(Fraction(N * N, 8)) * reals.log(reals.number((N - 1) * (1 - e) / e))

    orders = [decide(lambda reals, N=N: circle_scale(N, 1, 1, EPSILON, reals), limit(N)) for N in LENGTHS[1:]]
    return all(order is Order.LESS for order in orders)


CLAIMS = (
    Claim(
        "X-ATT-SIZE",
        "past the paper",
        "Past the paper",
        "One softmax head copies N positions within eps for every N: with binary codes, d_k = ceil(log2 N), at the "
        "scale -1/2 log((1 - e)^(-1/d_k) - 1), e = eps/(2 M ||W_V||); with points on a circle, d_k = 2, at a scale "
        "of O(N^2 log(N/e)).",
        attention_size,
        altered={"half the scale": Verdict.REFUTED},
    ),
)
