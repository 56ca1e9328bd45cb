"""Sections 2 and 3.1: the unrolled recurrence, and the block of Eq. 3 without memory by both of its routes."""

from itertools import product
from typing import Any

import sympy

from verify.claims import kept
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.inequality import sides
from verify.claims.layer_algebra import (
    Signals,
    equation_5,
    equation_6,
    free,
    outputs,
    passive_block,
    same,
    states,
)
from verify.claims.nonnegative import below_one, nonnegative, unknowns
from verify.claims.settled import fails, settled, stands
from verify.verdict import ESTABLISHED, Check, Verdict

TOPIC = "Preliminaries"
SIZES = tuple(product((1, 2, 3), (1, 2, 3)))  # d_h, d
STEPS = 3
TRANSPOSED = "Pi transposed"
STATE_ON, LEFT_TO_RIGHT = "W_b = I", "Eq. 3 read from left to right"
HOLD, PAST = "exact zero-order hold", "the past only"
DELTAS = (1, 8, 64)
t, u, y, K, Delta, rho = unknowns("t u y K Delta rho")


def unrolled(setup: Setup) -> Decision:
    """EQ1-EQ6: Eq. 5 with Pi_j as defined, and with its transpose; Eq. 6.

    By induction: H_i^T = sum_j Pi_j^T (.) v_j b_j^T, since A~_i^T (.) takes Pi_j^T for i - 1 to that for i, and
    H_i^T c_i is the output. With one coefficient a step every entry of Pi_j is alpha_j, and v_j b_j^T c_i is (c_i^T
    b_j) v_j.
    """
    transposed = setup.altered == TRANSPOSED
    return fails(
        (_shapes(transposed), _values(transposed), _eq_6()),
        Repair("Eq. 5 with Pi_j^T in the place of Pi_j.", (_values(True), _shapes(True))),
        "Nothing: the paper goes on with Eq. 6, one coefficient a step, where the transpose changes nothing.",
        "import numpy as np; A, b, v = np.array([[1, 0.5], [1, 1]]), np.array([1, 0]), np.array([0, 1]); c = b; "
        "assert ((A * np.outer(b, v)).T @ c != (A * np.outer(v, b)) @ c).any()",
    )


def _shapes(transposed: bool) -> Check:
    wrong = [(d_h, d) for d_h, d in SIZES if ((d, d_h) if transposed else (d_h, d)) != (d, d_h)]
    return settled(
        "EQ1-EQ6",
        f"shapes{'-transposed' if transposed else ''}",
        not wrong,
        str(wrong[0]) if wrong else "(d, d_h)",
        str(wrong[0][::-1]) if wrong else "(d, d_h)",
        "the shapes of the two factors of Pi_j (.) (Delta_j (.) x_j) b_j^T, with A~_i in R^(d_h x d) as defined below "
        "Eq. 1; value: that of Pi_j, bound: that of the other factor",
        {"d_h": wrong[0][0], "d": wrong[0][1]} if wrong else None,
        ESTABLISHED if transposed else REFUTES,
    )


def _values(transposed: bool) -> Check:
    squares = [size for size in SIZES if transposed or size[0] == size[1]]
    cases = [(steps, *size) for size in squares for steps in range(1, STEPS + 1)]
    wrong = next((case for case in cases if not _agrees(case, transposed)), None)
    shown = _example(transposed)
    return settled(
        "EQ1-EQ6",
        f"values{'-transposed' if transposed else ''}",
        wrong is None,
        None if wrong is None else str(shown["by Eq. 5"]),
        None if wrong is None else str(shown["by Eq. 1"]),
        f"sympy: the output of Eq. 1 with H_0 = 0, d = 0 against Eq. 5 in free symbols, {len(cases)} sizes (steps, "
        f"d_h, d) up to {STEPS}" + ("" if transposed else ", d_h = d, where the product has a value"),
        {} if wrong is None else shown,
        ESTABLISHED if transposed else REFUTES,
    )


def _example(transposed: bool) -> dict[str, Any]:
    """Two steps with d_h = d = 2 where Eq. 5 as printed gives twice the output."""
    column, none = sympy.Matrix, sympy.zeros(2, 1)
    A_2 = sympy.Matrix([[1, sympy.Rational(1, 2)], [1, 1]])
    b_1, v_1, c_2 = column([1, 0]), column([0, 1]), column([1, 0])
    signals = Signals((sympy.ones(2, 2), A_2), (b_1, none), (none, c_2), (v_1, none))
    found = {"by Eq. 1": outputs(signals)[-1], "by Eq. 5": equation_5(signals, transposed)}
    named = {"A~_2": A_2.tolist(), "b_1": b_1.T.tolist()[0], "Delta_1 x_1": v_1.T.tolist()[0], "c_2": c_2.T.tolist()[0]}
    return {name: str(value) for name, value in (named | {n: y.T.tolist()[0] for n, y in found.items()}).items()}


def _agrees(case: tuple[int, int, int], transposed: bool) -> bool:
    signals = free(*case)
    return same(outputs(signals)[-1], equation_5(signals, transposed))


def _eq_6() -> Check:
    cases = [(steps, *size) for size in SIZES for steps in range(1, STEPS + 1)]
    signals = {case: free(*case, one_coefficient=True) for case in cases}
    wrong = [case for case in cases if not same(outputs(signals[case])[-1], equation_6(signals[case]))]
    return settled(
        "EQ1-EQ6",
        "equation-6",
        not wrong,
        len(wrong),
        0,
        f"sympy: the output of Eq. 1 with one coefficient a step against Eq. 6 in free symbols, {len(cases)} sizes",
        {"sizes": wrong},
    )


def without_memory(setup: Setup) -> Decision:
    """EQ3-MLP: with W_b = O nothing is ever written, so SSM(1) = D (.) 1 = 1 whatever A, Delta and W_c."""
    W_b = sympy.eye(2) if setup.altered == STATE_ON else sympy.zeros(2, 2)
    ran, wanted = passive_block(W_b, setup.altered == LEFT_TO_RIGHT)
    wrong = [i for i, (left, right) in enumerate(zip(ran, wanted, strict=True), 1) if not same(left, right)]
    found = settled(
        "EQ3-MLP",
        "printed",
        not wrong,
        len(wrong),
        0,
        "sympy: two steps of Eq. 1-3 with d = d_h = 2 and free A~, Delta, W_c, W_2, b_2, W_3 against Eq. 37, Eq. 3 "
        "read as W_3 (SSM(Z_1) (.) silu(Z_2)); at any size each step is SSM(1) = 0^T c + 1 (.) 1 = 1",
        {"steps that differ": wrong, "first difference": str((ran[0] - wanted[0])[0].expand())},
    )
    again = {
        STATE_ON: "c, H, D, z = 1, 1, 1, 1; assert c * H + D * z != 1",
        LEFT_TO_RIGHT: "import numpy as np; W_3, silu = np.array([[1, 1], [0, 1]]), np.array([2, 3]); "
        "assert ((W_3 @ np.ones(2)) * silu != W_3 @ silu).any()",
    }
    return stands(found, again=again.get(setup.altered or "", sides(found)))


def by_forgetting(setup: Setup) -> Decision:
    """EQ3-REM2: what the state holds when everything before is forgotten, and how to cancel it."""
    z = [sympy.Symbol(f"z_{i}") for i in range(1, 6)]
    held = states(rho, Delta, z)
    tail = Delta * rho / (1 - rho) - Delta * rho * (1 - y) / (1 - rho)
    skipped = sympy.expand(
        held[-1] + (1 - Delta) * z[-1] - z[-1] - Delta * sum(rho**k * z[-1 - k] for k in range(1, 5))
    )
    repaired = settled(
        "EQ3-REM2",
        "repaired",
        skipped == 0 and nonnegative(tail.subs(rho, below_one(t))),
        str(skipped),
        0,
        "sympy: five steps of Eq. 1 with b = c = 1 and the skip D = 1 - Delta, less z_i and the past's part, is value; "
        "that part is a geometric sum, at most Delta rho / (1 - rho) times max |z|, rho = exp(Delta A)",
        {"left": str(skipped)},
    )
    return fails(
        (_by_exact_hold("printed") if setup.altered == HOLD else _state_at(setup.altered, held),),
        Repair(
            "Delta > 0 and A very negative forget the past, not the present: H_i = Delta b_i z_i + O(exp(Delta A)). "
            "With the skip D = 1 - Delta c^T b the output is z_i, up to Delta rho / (1 - rho) max |z| for c^T b = 1, "
            "rho = exp(Delta A). (With the exact zero-order hold (exp(Delta A) - 1)/A in place of Eq. 1's Delta the "
            "state does go to 0.)",
            (repaired, _by_exact_hold("zero-order-hold")),
        ),
        "Nothing: the lemmas take the other route, W_b = O.",
        "Delta, rho, b, z, H = 8.0, 0.0, 1.0, 1.0, 0.0; H = rho * H + Delta * b * z; assert H == 8.0",
    )


def _by_exact_hold(what: str) -> Check:
    """|H| <= (1 - rho)/K (1 + rho + ..) max |z| = (1 - rho^n)/K max |z| <= max |z| / K for K = |A|, whatever Delta."""
    bounded = nonnegative(1 / K - (1 - below_one(u)) / K)
    limit = sympy.limit(1 / K, K, sympy.oo)
    return settled(
        "EQ3-REM2",
        what,
        bounded and limit == 0,
        str(limit),
        0,
        "sympy: with (1 - exp(Delta A))/|A| in place of Delta, b = 1, |H_i| is at most max |z| / |A|, whatever Delta "
        "and i; value: its limit as A -> -infinity",
        {"limit": str(limit)},
    )


def _state_at(altered: str | None, held: list[sympy.Expr]) -> Check:
    """The last of five states for rho -> 0, Delta any of DELTAS, z = 1; or what of it comes from the past."""
    ones = [expression.subs(dict.fromkeys(expression.free_symbols - {rho, Delta}, 1)) for expression in held]
    present = 1 if altered == PAST else 0
    left = [(ones[-1] - present * Delta).subs({rho: 0, Delta: value}) for value in DELTAS]
    return settled(
        "EQ3-REM2",
        "printed",
        all(value == 0 for value in left),
        [int(value) for value in left],
        0,
        f"sympy: H_5 of Eq. 1 with b = 1 and inputs 1 as A -> -infinity, Delta = {', '.join(map(str, DELTAS))}; the "
        "present input is written with Delta, so the state holds Delta, and more the larger Delta is",
        {"Delta": list(DELTAS), "b": 1, "z": 1, "H": [int(value) for value in left]},
        REFUTES,
    )


REFUTED, PROVED = Verdict.REFUTED, Verdict.PROVED

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "EQ1-EQ6",
        "Sections 2 and 3.1",
        TOPIC,
        "Eq. 1 unrolled with H_0 = 0, d = 0 is Eq. 5, y_i = sum_j [Pi_j (.) (Delta_j (.) x_j) b_j^T] c_i with Pi_j = "
        "A~_i (.) .. (.) A~_{j+1}, shapes included; with one forgetting coefficient a step it is Eq. 6.",
        unrolled,
        REFUTED,
        PROVED,
        {TRANSPOSED: PROVED},
    ),
    Claim(
        "EQ3-MLP",
        "A.6",
        TOPIC,
        "With W_b = O, skip 1, W_1 = O and b_1 = 1, Eq. 3 is W_3 silu(W_2 x + b_2) (Eq. 37).",
        without_memory,
        PROVED,
        None,
        {STATE_ON: REFUTED, LEFT_TO_RIGHT: REFUTED},
    ),
    Claim(
        "EQ3-REM2",
        "Remark 2",
        TOPIC,
        "With Delta large and A very negative (A <= 0) the hidden states of Eq. 1 are about 0.",
        by_forgetting,
        REFUTED,
        PROVED,
        {HOLD: PROVED, PAST: PROVED},
    ),
    *kept.CLAIMS,
)
