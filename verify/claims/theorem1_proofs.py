"""The proofs of A.1's inequalities, at every size: each function returns what its step needs to be nonnegative.

Write r_j = alpha_j / alpha_pos, A = a_max, B = a_min, n = i - pos. The proofs, whose inequalities `nonnegative` checks:

Eq. 10. The error is linear in the values, so largest at signs t_j; then each term of the difference of the two sides
    is alpha_j |s_j| (1 - t_j) or (1 - alpha_pos s_pos)(1 + t_pos), and alpha_pos s_pos < 1 since pos is matched.
Eq. 16. With a_max over the coefficients that r_j holds: r_{j-1} = a_j r_j <= A A^k. And 1/B^(k+1) >= r_j / a_{j+1}.
Eq. 17. S(k+1) - S(k) is the next power for both closed forms, and S(0) = 0.
Eq. 18. n <= L - 1, since pos lies in the window.
Eq. 19 as printed, where A leaves out a_pos: r_j = a_pos a_{pos-1} .. a_{j+1} <= A^(pos-1-j), so that the sum before
    pos is at most 1 + A + .. + A^(pos-2), which is 1 more than Eq. 16 at most; and Eq. 19 has dropped 1/(1-B) >= 1.
Eq. 20. sum_S alpha_j |s_j| < 1, divided by alpha_pos, and |s_pos| >= s_pos.
Eq. 24. (10), (19), (20) put together.
"""

import sympy

from verify.claims.nonnegative import below_one, unknowns, zero

g, h, k, r, s, t, u, x, y, z = unknowns("g h k r s t u x y z")
A, B = below_one(t), 1 / (1 + u)


def proof_of_10() -> list[sympy.Expr]:
    """Eq. 7-9 (y the others' part, h = alpha_pos, x = v_pos); then both signs of the error, of a value and a score."""
    signs = (1, -1)
    identity = (y + h * s * x - x) - (y + (h * s - 1) * x)
    alike = [r * s - e * sign * v * r * s for e in signs for sign in signs for v in signs]
    return [*zero(identity), *alike, *(g + e * v * g for e in signs for v in signs)]


def proof_of_11() -> list[sympy.Expr]:
    """Eq. 11 with slack g, in Eq. 10: what is left of epsilon is M |Delta| alpha_pos g. (h = alpha_pos, k = eps,
    x = M |Delta|, s = sum r_j |s_j|.)"""
    score = (1 - k / x) / h + s + g
    return [*proof_of_10(), k - x * (h * s + 1 - h * score)]


def proof_of_14() -> list[sympy.Expr]:
    """A term: delta = |s_j| + g."""
    return [r * (s + g) - r * s]


def proof_of_15() -> list[sympy.Expr]:
    """What is added: delta r_j of the matched positions."""
    return [s * r]


def proof_of_16() -> list[sympy.Expr]:
    """The steps of both inductions: A = a + g and A^k = r + h; a = B + g and B^-k = r + h."""
    return [(x + g) * (r + h) - x * r, (r + h) / y - r / (y + g)]


def geometric_sums() -> list[sympy.Expr]:
    """The next term of both closed forms is the next power, with y = A^k and z = B^-k."""
    before = A * (1 - A * y) / (1 - A) - A * (1 - y) / (1 - A) - A * y
    after = ((z / B - 1) - (z - 1)) / (1 - B) - z / B
    return [*zero(before), *zero(after)]


def proof_of_17() -> list[sympy.Expr]:
    """Eq. 14-16, and the closed forms of its sums."""
    return [*proof_of_14(), *proof_of_15(), *proof_of_16(), *geometric_sums()]


def wider_window() -> list[sympy.Expr]:
    """From Eq. 17 to Eq. 18: B^-(L-1) = B^-n + g."""
    return [g / (1 - B)]


def proof_of_18() -> list[sympy.Expr]:
    """Eq. 17, and the wider window."""
    return [*proof_of_17(), *wider_window()]


def proof_of_19() -> list[sympy.Expr]:
    """x = A^(pos-1), y = B^-n, B^-(L-1) = y + z: Eq. 19 less the two sums, each by its closed form."""
    return [*proof_of_17(), A / (1 - A) + (y + z) / (1 - B) - (1 - x) / (1 - A) - (y - 1) / (1 - B)]


def proof_of_20() -> list[sympy.Expr]:
    """h = alpha_pos, x = the other matched part, s = |s_pos|, 1 = x + h s + g; both signs of s_pos."""
    return [(x + h * s + g) / h - sign * s - x / h for sign in (1, -1)]


def proof_of_24() -> list[sympy.Expr]:
    """h = alpha_pos; x and y the unmatched and matched parts over alpha_pos, delta G = x + g, 1/alpha_pos = score + y +
    k, score = threshold + u. Then eps less Eq. 10 is nonnegative."""
    score = 1 / h - y - k
    epsilon = 2 * (1 - h * (score - (x + g) / 2 - u))
    return [*proof_of_10(), *proof_of_19(), *proof_of_20(), epsilon - h * (x + y) - (1 - h * score)]
