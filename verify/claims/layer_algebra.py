"""Eq. 1 and Eq. 3 in symbols, letter by letter, for a few steps of small sizes."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy

silu = sympy.Function("silu")


@dataclass(frozen=True)
class Signals:
    """What drives Eq. 1 over some steps: A~_i of shape (d_h, d), b_i and c_i of shape (d_h, 1) and the values v_i =
    Delta_i (.) x_i of shape (d, 1)."""

    kept: tuple[sympy.Matrix, ...]
    b: tuple[sympy.Matrix, ...]
    c: tuple[sympy.Matrix, ...]
    v: tuple[sympy.Matrix, ...]


def symbols(name: str, rows: int, columns: int = 1) -> sympy.Matrix:
    """A matrix of independent symbols."""
    return sympy.Matrix(rows, columns, lambda i, j: sympy.Symbol(f"{name}[{i},{j}]"))


def free(steps: int, d_h: int, d: int, one_coefficient: bool = False) -> Signals:
    """Signals of independent symbols; with one coefficient a step, every entry of A~_i is a_i."""

    def kept(i: int) -> sympy.Matrix:
        return sympy.ones(d_h, d) * sympy.Symbol(f"a[{i}]") if one_coefficient else symbols(f"A{i}", d_h, d)

    numbers = range(1, steps + 1)
    return Signals(
        tuple(map(kept, numbers)),
        tuple(symbols(f"b{i}", d_h) for i in numbers),
        tuple(symbols(f"c{i}", d_h) for i in numbers),
        tuple(symbols(f"v{i}", d) for i in numbers),
    )


def outputs(signals: Signals) -> list[sympy.Matrix]:
    """y_1, y_2, ..: H_i = A~_i (.) H_{i-1} + b_i v_i^T, y_i = H_i^T c_i with H_0 = 0 and no skip (Eq. 1)."""
    H, found = sympy.zeros(*signals.kept[0].shape), []
    for A, b, c, v in zip(signals.kept, signals.b, signals.c, signals.v, strict=True):
        H = A.multiply_elementwise(H) + b * v.T
        found.append(H.T * c)
    return found


def equation_5(signals: Signals, transposed: bool) -> sympy.Matrix:
    """The last output by Eq. 5, sum_j [Pi_j (.) v_j b_j^T] c_i, with Pi_j as printed, of shape (d_h, d), or Pi_j^T.

    Raises sympy's ShapeError where the shapes of an elementwise product differ.
    """
    total = sympy.zeros(signals.v[0].rows, 1)
    Pi = sympy.ones(*signals.kept[0].shape)
    for A, b, v in zip(reversed(signals.kept), reversed(signals.b), reversed(signals.v), strict=True):
        total += (Pi.T if transposed else Pi).multiply_elementwise(v * b.T) * signals.c[-1]
        Pi = Pi.multiply_elementwise(A)
    return total


def equation_6(signals: Signals) -> sympy.Matrix:
    """The last output by Eq. 6, sum_j alpha_j (c_i^T b_j) v_j, for signals of one coefficient a step."""
    total, alpha = sympy.zeros(signals.v[0].rows, 1), sympy.Integer(1)
    for A, b, v in zip(reversed(signals.kept), reversed(signals.b), reversed(signals.v), strict=True):
        total += alpha * (signals.c[-1].T * b)[0] * v
        alpha *= A[0, 0]
    return total


def same(left: sympy.Matrix, right: sympy.Matrix) -> bool:
    """Whether two matrices are equal as polynomials, shapes included."""
    return left.shape == right.shape and (left - right).expand().is_zero_matrix is True


def passive_block(
    W_b: sympy.Matrix, left_to_right: bool, steps: int = 2
) -> tuple[list[sympy.Matrix], list[sympy.Matrix]]:
    """Eq. 3 with W_1 = O, b_1 = 1, skip 1 and that W_b, beside Eq. 37, W_3 silu(W_2 x + b_2), step by step.

    All other weights are symbols, A~ and Delta too. `left_to_right` reads Eq. 3 as (W_3 SSM(Z_1)) (.) silu(Z_2).
    """
    d_h, d = W_b.shape
    z = sympy.ones(d, 1)
    W_2, b_2, W_3, W_c = symbols("W2", d, d), symbols("b2", d), symbols("W3", d, d), symbols("Wc", d_h, d)
    v = symbols("Delta", d)  # Delta (.) 1
    y = outputs(
        Signals(
            tuple(symbols(f"A{i}", d_h, d) for i in range(steps)), (W_b * z,) * steps, (W_c * z,) * steps, (v,) * steps
        )
    )
    gates = [(W_2 * symbols(f"x{i}", d) + b_2).applyfunc(silu) for i in range(steps)]
    ran = [_combined(W_3, y_i + z, gate, left_to_right) for y_i, gate in zip(y, gates, strict=True)]
    return ran, [W_3 * gate for gate in gates]


def _combined(W_3: sympy.Matrix, y: sympy.Matrix, gate: sympy.Matrix, left_to_right: bool) -> sympy.Matrix:
    return (W_3 * y).multiply_elementwise(gate) if left_to_right else W_3 * y.multiply_elementwise(gate)


def states(kept: sympy.Expr, written: sympy.Expr, z: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """H_1, H_2, .. of one state: H_i = kept H_{i-1} + written z_i from H_0 = 0."""
    H, found = sympy.Integer(0), []
    for z_i in z:
        H = sympy.expand(kept * H + written * z_i)
        found.append(H)
    return found
