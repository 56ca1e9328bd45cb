"""Past the paper: how many state entries a copy needs, in the worst case and in the mean square."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import sympy

from bounds import sizes
from bounds.converse import kernel_witness, mean_square_floor, state_floor, worst_case_floor
from bounds.exact import ssm_worst_case
from bounds.reals import enclose
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.settled import settled, stands
from verify.verdict import Check, Verdict

WHERE, TOPIC = "past the paper", "Past the paper"
HALF = Fraction(1, 2)
M = Fraction(3, 2)
STEPS = ((1, 1), (1, 2), (2, 1, HALF), (1, 1, 1))


def converse(setup: Setup) -> Decision:
    """X-CONVERSE: the proof of `bounds.converse.worst_case_floor`, a kernel vector, two inputs, the floor reached.

    With one Delta for all positions the floor is M Delta. With max Delta in its place the statement is false.
    """
    largest = setup.altered == "the largest Delta"

    def floor(d_h: int, Delta: Sequence[Any]) -> Any:
        return M * max(Delta) if largest else worst_case_floor(len(Delta), d_h, M, Delta)

    return stands(
        _kernel(),
        _alike(floor),
        _reached(floor),
        again="Delta, M = [1, 2], 1; scores = [[0, 0], [0, 1]]; "
        "off = [M * sum(abs(s - (j == p)) * Delta[j] for j, s in enumerate(scores[p])) for p in (0, 1)]; "
        "assert max(off) == 1 < M * max(Delta)",
    )


def _kernel() -> Check:
    """K u = 0 for u_j = (-1)^j det(K without column j): expand the determinant of K with one of its rows twice."""
    left = []
    for d_h in (1, 2, 3):
        K = sympy.Matrix(d_h, d_h + 1, sympy.symbols(f"k1:{d_h * (d_h + 1) + 1}"))
        u = [
            (-1) ** j * K.extract(list(range(d_h)), [c for c in range(d_h + 1) if c != j]).det() for j in range(d_h + 1)
        ]
        left += [sympy.expand(entry) for entry in K * sympy.Matrix(u)]
    return settled(
        "X-CONVERSE",
        "kernel",
        not any(left),
        len(left),
        "all 0",
        "sympy, matrices of symbols with d_h = 1, 2, 3: the signed minors are in the kernel; in general a linear map "
        "of d_h + 1 numbers to d_h has one (rank and nullity)",
        {"left": [str(entry) for entry in left if entry != 0]},
    )


def _alike(floor: Callable[[int, Sequence[Any]], Any]) -> Check:
    """Both inputs through Eq. 1 with a decay of every state entry at every step: one state, values 2 floors apart."""
    tried, wrong = 0, None
    for Delta, kind in product(STEPS, product((-1, 1, 2), (0, HALF, 1))):
        N, d_h = len(Delta), len(Delta) - 1
        keys = [[kind[0] + (r + 1) * j for r in range(d_h)] for j in range(N)]
        decays = [[kind[1] if (r + j) % 2 else Fraction(1) for r in range(d_h)] for j in range(N)]
        columns = [_state(keys, decays, Delta, [int(j == k) for k in range(N)]) for j in range(N)]
        u = kernel_witness([list(row) for row in zip(*columns, strict=True)])
        tried += 1
        states = [] if u is None else [_state(keys, decays, Delta, [sign * M * x for x in u]) for sign in (1, -1)]
        apart = 0 if u is None else max(2 * M * step * abs(x) for step, x in zip(Delta, u, strict=True))
        if u is None or states[0] != states[1] or max(map(abs, u)) != 1 or apart < 2 * floor(d_h, Delta):
            wrong = wrong or {"Delta": Delta, "keys": keys, "decays": decays, "apart": apart}
    return settled(
        "X-CONVERSE",
        "two-inputs",
        wrong is None,
        tried,
        tried,
        "d_h = N - 1, N = 2, 3, integer keys, decays 0, 1/2, 1 that differ between entries, four choices of Delta "
        "(with zeros at other positions every d_h < N is this case): x = M u and -M u leave one state, and their "
        "values differ by twice the floor somewhere; Eq. 1 step by step in fractions",
        wrong,
    )


def _state(keys: Any, decays: Any, Delta: Sequence[Any], x: Sequence[Any]) -> list[Any]:
    H = [Fraction(0)] * len(keys[0])
    for b, a, step, x_j in zip(keys, decays, Delta, x, strict=True):
        H = [a_s * h + b_s * step * x_j for a_s, h, b_s in zip(a, H, b, strict=True)]
    return H


def _reached(floor: Callable[[int, Sequence[Any]], Any]) -> Check:
    """The d_h positions of the largest Delta kept in an entry each, 0 for the others: the worst error is the floor."""
    wrong, tried = None, 0
    for Delta in STEPS:
        N = len(Delta)
        for d_h in range(1, N):
            kept = sorted(range(N), key=lambda j: -Delta[j])[:d_h]
            scores = np.array([[int(j == p and p in kept) for j in range(N)] for p in range(N)], dtype=object)
            worst = max(ssm_worst_case(scores, range(N), M, np.array(Delta, dtype=object)))
            tried += 1
            if worst != floor(d_h, Delta):
                wrong = wrong or {"Delta": Delta, "d_h": d_h, "worst error": worst, "floor": floor(d_h, Delta)}
    return settled(
        "X-CONVERSE",
        "reached",
        wrong is None,
        tried,
        tried,
        "the exact worst error of the memory that keeps the d_h positions of the largest Delta is the floor, M times "
        "the (d_h + 1)-th largest Delta, in fractions",
        wrong,
    )


def entries(setup: Setup) -> Decision:
    """X-STATE: an affine map of N d numbers to fewer has two inputs with one state (`bounds.converse.state_floor`)."""
    more = 1 if setup.altered == "one entry more" else 0
    sizes_of = [(N, d, sizes.ssm_linear(N, d).state_entries) for N, d in product(range(1, 9), range(1, 5))]
    reached = [(N, d, found) for N, d, found in sizes_of if found != state_floor(N, d) + more]
    tried = 0
    blind = None
    for rows, columns in ((1, 2), (2, 3), (3, 4)):
        for flat in product((-1, 0, 1) if rows < 3 else (0, 1), repeat=rows * columns):
            matrix = [list(flat[r * columns : (r + 1) * columns]) for r in range(rows)]
            u = kernel_witness(matrix)
            tried += 1
            images = [] if u is None else [sum(a * x for a, x in zip(row, u, strict=True)) for row in matrix]
            if u is None or any(images) or max(map(abs, u)) != 1:
                blind = blind or {"map": matrix}
    return stands(
        settled(
            "X-STATE",
            "needed",
            blind is None,
            tried,
            tried,
            "every matrix of N d - 1 rows and N d = 2, 3, 4 columns with entries in {-1, 0, 1} ({0, 1} for 4) has a "
            "kernel vector u, max |u| = 1, in fractions: the values M u and -M u leave one state, so one answer is off "
            "by M times a Delta; mixing coordinates changes nothing. In general by rank and nullity",
            blind,
        ),
        settled(
            "X-STATE",
            "reached",
            not reached,
            "N d",
            "N d" if not more else "N d + 1",
            "Theorem 3's module has N d state entries and copies exactly, N up to 8 and d up to 4, by the count of its "
            "weights; inside Eq. 1-3 the gated form has N (d + 1) + 1, of which N d hold values",
            {"N, d, entries": reached[:1]},
        ),
        again="x, H = [3, 5], [0, 0]; H[0] = x[0]; H[1] = x[1]; assert H == x and len(H) == 2 * 1 < 2 * 1 + 1",
    )


def average(setup: Setup) -> Decision:
    """X-AVERAGE: ||S - I||_F^2 >= N - d_h for every S of rank d_h, as (S - I) u = -u on its kernel."""
    share = HALF if setup.altered == "d_h counted by half" else Fraction(1)
    low, tried = None, 0
    for N in (2, 3):
        for c, b in product(product((-1, 0, HALF, 1), repeat=N), repeat=2):
            square = sum((c[r] * b[k] - (r == k)) ** 2 for r, k in product(range(N), repeat=2))
            tried += 1
            if square < N - share:
                low = low or {"c": c, "b": b, "|S - I|^2": square, "claimed at least": N - share}
    rows = [_projection(N, d_h) for N, d_h in ((2, 1), (4, 1), (4, 2), (4, 3), (5, 2))]
    off = [row for row in rows if not enclose(_difference(row), 128).contains(0)]
    return stands(
        settled(
            "X-AVERAGE",
            "least",
            low is None,
            tried,
            tried,
            "on the kernel of S, of dimension N - d_h at least, S - I is -I, which alone gives ||S - I||_F^2 >= N - "
            "d_h; every S = c b^T with entries of c and b in {-1, 0, 1/2, 1}, N = 2, 3, in fractions",
            low,
        ),
        settled(
            "X-AVERAGE",
            "reached",
            not off,
            len(rows) - len(off),
            len(rows),
            "orthogonal projections of rank d_h (one-hots, and rows of a Hadamard matrix over 2 for N = 4) have a mean "
            "square of exactly (N - d_h)/N in fractions, the square of the closed form in balls",
            {"N, d_h, mean square": off[:1]},
        ),
        again="from fractions import Fraction as F; S = [[F(1, 2)] * 2] * 2; "
        "assert sum((S[r][k] - (r == k)) ** 2 for r in (0, 1) for k in (0, 1)) == 2 - 1 < 2 - F(1, 2)",
    )


def _projection(N: int, d_h: int) -> tuple[int, int, Fraction]:
    """N, d_h and the mean square ||S - I||_F^2 / N of S = K K^T, K with d_h orthonormal columns."""
    signs = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    one_hots = [[Fraction(r == k) for r in range(N)] for k in range(N)]
    K = ([[Fraction(x, 2) for x in row] for row in signs] if N == 4 else one_hots)[:d_h]
    total = Fraction(0)
    for r, s in product(range(N), repeat=2):
        off = sum((k[r] * k[s] for k in K), Fraction(0)) - int(r == s)
        total += off * off
    return N, d_h, total / N


def _difference(row: tuple[int, int, Fraction]) -> Callable[[Any], Any]:
    N, d_h, square = row
    return lambda reals: mean_square_floor(N, d_h, reals) ** 2 - reals.number(square)


CLAIMS = (
    Claim(
        "X-CONVERSE",
        WHERE,
        TOPIC,
        "No SSM module of Eq. 6 or Eq. 1 with d_h < N, whose keys, Delta and decays ignore the values, copies all N "
        "positions after all are written with a worst error below M times the (d_h + 1)-th largest Delta_j (M Delta, "
        "where there is one Delta); queries and readout may be anything made from the state. It is reached. Open: "
        "keys, Delta or decays that read the values, and requests before all N are written.",
        converse,
        altered={"the largest Delta": Verdict.REFUTED},
    ),
    Claim(
        "X-STATE",
        WHERE,
        TOPIC,
        "A layer of Eq. 1-3 whose Delta, b, c and gate ignore the values needs N d state entries in all to copy N "
        "values v = Delta (.) x of d coordinates, after all are written, with a worst error below M times the least "
        "Delta; N d suffice for a module of Eq. 6.",
        entries,
        altered={"one entry more": Verdict.REFUTED},
    ),
    Claim(
        "X-AVERAGE",
        WHERE,
        TOPIC,
        "For uncorrelated values of one variance, a linear memory of d_h < N entries has a root mean square error of "
        "at least sqrt(1 - d_h/N) of the values', and orthogonal projections reach it.",
        average,
        altered={"d_h counted by half": Verdict.REFUTED},
    ),
)
