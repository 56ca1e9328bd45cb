"""Theorem 3's sizes and costs: each is a polynomial in N and d, compared with what is claimed for all N and d."""

from collections.abc import Callable
from itertools import product
from typing import Any

import sympy

from bounds import sizes
from constructions.memories.gated import gated
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3, theorem3_layer
from constructions.sizes import size_of
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.nonnegative import nonnegative, unknowns
from verify.claims.settled import fails, settled, stands
from verify.verdict import Check, Verdict

TOPIC = "Theorem 3"
GRID = range(2, 6)  # N = 1 has no closed slots; each size is a polynomial of lower degree than there are points
LARGEST_FACTOR = 64

N, d = sympy.symbols("N d", integer=True, positive=True)


def size(setup: Setup) -> Decision:
    """T3-SIZE: O(N d) holds for the module of Eq. 6, but Remark 1's block has a state column for each of d + 2N
    channels."""
    by = N * (N + d) if setup.altered == "O(N (N + d))" else N * d
    blocks = () if setup.altered == "module of Eq. 6 only" else ("layer",)
    printed = tuple(
        _grows(which, entry, by)
        for which in ("module", *blocks)
        for entry in ("parameters_index_encoded", "state_entries")
    )
    repair = Repair(
        "Stored by indices, the module of Eq. 6 has O(N + d) parameters, N d state entries and O(N d) operations a "
        "step. Inside Eq. 1-3 the gated form (one channel a slot and coordinate, d_h = 1) has O(N d) of each. Written "
        "out densely, the matrices of all three have more than O(N d) entries.",
        (
            *(
                _grows(which, entry, N * d)
                for which in ("module", "gated")
                for entry in ("parameters_index_encoded", "state_entries", "operations_per_step")
            ),
            *(_outgrows(which, "parameters_dense", N * d) for which in SIZES),
            counted(),
        ),
    )
    return fails(
        printed,
        repair,
        "Theorem 4 says O(T) of blocks that copy like this: with the printed block the state has O(T^2) entries, with "
        "the gated form O(T). Theorem 3 itself, about an SSM module, stands.",
        "assert all(N * (d + 2 * N + 1) > C * N * d for d in (1, 8) for C in (2, 10, 1000) for N in [C * d])",
    )


SIZES: dict[str, Callable[[int, int], sizes.Size]] = {
    "module": sizes.ssm_linear,
    "layer": sizes.ssm_linear_layer,
    "gated": sizes.ssm_gated,
}
NAMES = {"module": "the module of Eq. 6", "layer": "Remark 1's block", "gated": "the gated form"}


def _polynomial(of: Callable[[int, int], int]) -> Any:
    """The polynomial in N and d that a size is, from its values on GRID; a ValueError if two more places disagree."""
    rows = [sympy.interpolate([(width, of(n, width)) for width in GRID], d) for n in GRID]
    found = sympy.expand(sympy.interpolate(list(zip(GRID, rows, strict=True)), N))
    beyond = GRID.stop + 1
    for n, width in ((beyond, beyond + 1), (2 * beyond, 1)):
        if found.subs({N: n, d: width}) != of(n, width):
            raise ValueError(f"{found} is not the size at N = {n}, d = {width}")
    return found


def factor(form: Any, by: Any) -> int | None:
    """The least C up to LARGEST_FACTOR with C by - form >= 0 for all N >= 2, d >= 1, by its coefficients there."""
    n, k = unknowns("n k")
    fits = (C for C in range(1, LARGEST_FACTOR + 1) if nonnegative((C * by - form).subs({N: n + 2, d: k + 1})))
    return next(fits, None)


def _form(which: str, entry: str) -> Any:
    return _polynomial(lambda n, width: getattr(SIZES[which](n, width), entry))


def _grows(which: str, entry: str, by: Any) -> Check:
    form = _form(which, entry)
    C, ratio = factor(form, by), sympy.limit(form.subs(d, 1) / by.subs(d, 1), N, sympy.oo)
    return settled(
        "T3-SIZE",
        f"{which}/{entry}",
        C is not None,
        str(form),
        f"{C or 'any constant'} * {by}",
        f"{entry.replace('_', ' ')} of {NAMES[which]}: the bound minus the value is a polynomial with coefficients "
        f">= 0 in N - 2 and d - 1 (sympy); at d = 1 their ratio tends to {ratio}",
        {"d": 1, "size": str(form.subs(d, 1)), "ratio tends to": str(ratio)},
        REFUTES if which == "layer" and entry == "state_entries" else frozenset({Verdict.PROVED}),
    )


def _outgrows(which: str, entry: str, by: Any) -> Check:
    form = _form(which, entry)
    ratio = sympy.limit(form.subs(d, 1) / by.subs(d, 1), N, sympy.oo)
    return settled(
        "T3-SIZE",
        f"{which}/{entry}",
        ratio == sympy.oo,
        str(form),
        f"C * {by}",
        f"{entry.replace('_', ' ')} of {NAMES[which]}: at d = 1 the ratio tends to {ratio} (sympy)",
        {"ratio tends to": str(ratio)},
    )


def counted() -> Check:
    """The formulas against what the built weights have."""
    build: dict[str, Callable[[int, int], Memory]] = {
        "module": theorem3,
        "layer": theorem3_layer,
        "gated": lambda n, width: gated(n, width, 1.0, 2.0**-10),
    }
    places = [(which, n, width) for which, n, width in product(build, (1, 2, 3, 5), (1, 2, 3))]
    wrong = [at for at in places if size_of(build[at[0]](*at[1:]), at[1]) != SIZES[at[0]](*at[1:])]
    return settled(
        "T3-SIZE",
        "counted",
        not wrong,
        len(places) - len(wrong),
        len(places),
        "every entry of the formulas against the count on the built weights, N in 1, 2, 3, 5 and d in 1..3",
        {"at": wrong[:1]},
    )


def cost(setup: Setup) -> Decision:
    """T3-COST: a step of the module of Eq. 6 and one of attention over N positions cost the same up to constants."""
    which = "layer" if setup.altered == "Remark 1's block" else "module"
    ours = _form(which, "operations_per_step")
    theirs = _polynomial(lambda n, width: sizes.attention(n, width, 2).operations_per_step)
    above, below = factor(ours, theirs), factor(theirs, ours)
    check = settled(
        "T3-COST",
        which,
        above is not None and below is not None,
        str(ours),
        str(theirs),
        f"operations a step of {NAMES[which]} against one attention head over N positions with d_k = 2: the value is "
        f"at most {above} times the bound, and that at most {below} times the value, for all N >= 2 and d >= 1 "
        "(coefficients >= 0 in N - 2 and d - 1, sympy), so both are of order N d. Every state entry is counted; a "
        "program that touches only the listed rows of the one-hots takes the d operations of one row",
        {"value": str(ours), "bound": str(theirs)},
    )
    return stands(check, again="assert all(4 * N * (1 + 2 * N + 1) > 10 * N * (4 + 2 + 2 * 1) for N in (100, 1000))")


CLAIMS = (
    Claim(
        "T3-SIZE",
        "Theorem 3, A.3, Remark 1",
        TOPIC,
        "With matrices stored by indices, the SSM module of Theorem 3, and the block that Remark 1 makes of it, have "
        "size O(N d): parameters and state.",
        size,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"O(N (N + d))": Verdict.PROVED, "module of Eq. 6 only": Verdict.PROVED},
    ),
    Claim(
        "T3-COST",
        "after Theorem 3",
        TOPIC,
        "The linear-size SSM module costs the same as attention at each inference step, O(N).",
        cost,
        altered={"Remark 1's block": Verdict.REFUTED},
    ),
)
