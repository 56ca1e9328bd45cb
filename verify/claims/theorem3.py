"""Theorem 3 (A.3): the state that it displays and the copy itself; its sizes and Remark 1 are in files of their own."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import sympy

from constructions.encoding import POSITION
from constructions.linear import Action, linear_map
from constructions.mamba import SSM
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from verify.claims import remark1, theorem3_sizes
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled, stands
from verify.copy.exact import theorem3_checks
from verify.verdict import Check, Verdict

WHERE, TOPIC = "A.3", "Theorem 3"
LARGEST_N = 5

i, p = sympy.symbols("i p", integer=True, positive=True)
v: Any = sympy.IndexedBase("v")


def state(setup: Setup) -> Decision:
    """T3-STATE: the displayed update adds the past, which H_{i-1} holds already, once more.

    H_{i-1} = sum_{j<i} v_j b_j^T by the definition of the step before, so the display gives 2 v_j in column j < i.
    """
    repeats = 0 if setup.altered == "the past is added once" else 1
    shown = _displayed_states(LARGEST_N, repeats)
    wrong = next((case for case in shown if case["H"] != case["wanted"]), None)
    printed = settled(
        "T3-STATE",
        "printed",
        wrong is None,
        None if wrong is None else wrong["H"],
        None if wrong is None else wrong["wanted"],
        f"the display run as a recurrence on v_j = the j-th unit vector, all steps of N = 1..{LARGEST_N}, in integers; "
        "value: the columns' weights in H_i, bound: those of [v_1, .., v_i, O]",
        wrong,
        REFUTES,
    )
    repair = Repair(
        "H_i = H_{i-1} + v_i b_i^T = sum_{j <= i} v_j b_j^T = [v_1, .., v_i, O], in the shape (d, N) of A.3, which is "
        "the transpose of Eq. 1's.",
        (theorem3_checks(LARGEST_N)[1], _column()),
    )
    return fails(
        (printed,),
        repair,
        "Nothing: A.3 goes on with H_T = sum_j v_j b_j^T, which is the repaired state.",
        "v1, v2 = 1, 1; H1 = [v1, 0]; H2 = [H1[0] + v1, H1[1] + v2]; assert H2 == [2, 1] != [v1, v2]",
    )


def _displayed_states(largest: int, repeats: int) -> list[dict[str, Any]]:
    """Column weights of H_i by H_{i-1} + repeats sum_{j<i} v_j b_j^T + v_i b_i^T, beside those that are wanted."""
    found = []
    for size in range(1, largest + 1):
        H = [0] * size
        for step in range(size):
            H = [h + (repeats if j < step else int(j == step)) for j, h in enumerate(H)]
            found.append({"N": size, "i": step + 1, "H": list(H), "wanted": [int(j <= step) for j in range(size)]})
    return found


def _column() -> Check:
    found = _sum(1, p)
    return settled(
        "T3-STATE",
        "for-all-N",
        found == _where_past(v[p]),
        str(found),
        "v_p for p <= i, else 0",
        "sympy: column p of sum_{j <= i} v_j e_j^T for symbols i, p",
        {"column": str(found)},
    )


def copies(setup: Setup) -> Decision:
    """T3: for pos(i) <= i, y_i = H_i c_i = v_pos(i), whatever the values and the map pos."""
    keys = sympy.Rational(1, 2) if setup.altered == "keys halved" else sympy.Integer(1)
    asks = i if setup.altered == "query e_i" else p
    found = _sum(keys, asks)
    symbolic = settled(
        "T3",
        "for-all-N",
        found == _where_past(v[p]),
        str(found),
        "v_p for p = pos(i) <= i",
        "sympy: y_i = sum_{j <= i} v_j b_j^T c_i with b_j = e_j, c_i = e_pos(i), for symbols i, pos(i)",
        {"y_i": str(found)},
    )
    enumerated = theorem3_checks(LARGEST_N, _builder(setup.altered))[0]
    return stands(
        symbolic,
        enumerated,
        again="v, pos = [3, 5], 0; e = [[1, 0], [0, 1]]; read = lambda b, c: sum(v[j] * b * e[j][c] for j in (0, 1)); "
        "assert read(1, pos) == v[pos] and read(1, 1) != v[pos] and read(1 / 2, pos) != v[pos]",
    )


def _builder(altered: str | None) -> Callable[[int, int], Memory]:
    def build(size: int, width: int) -> Memory:
        memory = theorem3(size, width)
        module, layout = memory.module, memory.encoding.layout
        assert isinstance(module, SSM)
        state = module.W_b.codomain
        if altered == "keys halved":
            half = linear_map(layout, state, {(POSITION, "state"): Action(np.asarray(0.5))})
            return replace(memory, module=replace(module, W_b=half))
        if altered == "query e_i":
            return replace(memory, module=replace(module, W_c=module.W_b))
        return memory

    return build


def _sum(weight: Any, asked: Any) -> Any:
    j = sympy.Symbol("j", integer=True, positive=True)
    return sympy.Sum(weight * v[j] * sympy.KroneckerDelta(j, asked), (j, 1, i)).doit()


def _where_past(value: Any) -> Any:
    return sympy.Piecewise((value, i >= p), (0, True))


CLAIMS = (
    Claim(
        "T3-STATE",
        WHERE,
        TOPIC,
        "H_i = H_{i-1} + sum_{j=1}^{i-1} v_j b_j^T + v_i b_i^T = [v_1, .., v_i, O] for one-hot keys b_j = e_j, A = O.",
        state,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"the past is added once": Verdict.PROVED},
    ),
    Claim(
        "T3",
        "Theorem 3, A.3",
        TOPIC,
        "For all x_1, .., x_N and every map pos to historical records (pos(i) <= i), the SSM module with A = O, b_i "
        "= e_i, c_i = e_pos(i) puts out y_i = v_pos(i) at every i.",
        copies,
        altered={"keys halved": Verdict.REFUTED, "query e_i": Verdict.REFUTED},
    ),
    *theorem3_sizes.CLAIMS,
    *remark1.CLAIMS,
)
