"""The exact worst-case error of a COPY over all values in [-M, M]^d, for given scores.

Both modules are linear in the values: the output at one position and in one coordinate is a weighted sum of that
coordinate's values, and so is its difference from the value to be copied. Over the box [-M, M]^n a linear form
sum_j w_j x_j is largest at x_j = M sign(w_j), where it is M sum_j |w_j|. The coordinates have their own values, so each
attains its own maximum and the maximum norm of the error is the largest of them. The closed forms below are therefore
equalities, hence if-and-only-if conditions; `*_worst_values` gives the values that attain them.

Shapes: scores (R, n), one row an output position; pos (R,) and lengths (R,) integers, 0-based pos < lengths <= n, where
`lengths` counts the positions that the row may see (default: all n). Positions from lengths on are ignored, whatever
they hold. A NaN among the scores that count makes its row's error NaN.

Arrays of numbers are computed in float64 and give evidence. Arrays of objects, all Fraction or all arb, stay what they
are and give exact numbers or balls; M and Delta must then be exact too (int, Fraction or arb).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.reals import FLOATS, Number, Reals


def ssm_worst_case(scores: Any, pos: Any, M: Any, Delta: Any, lengths: Any = None) -> np.ndarray:
    """Row by row, the largest ||y_i - v_pos||_inf of the SSM module of Eq. 6 over all inputs in [-M, M]^d.

    With s_j = alpha_j c_i^T b_j (forgetting included) and v_j = Delta_j x_j,
    y - v_pos = sum_{j != pos} s_j Delta_j x_j + (s_pos - 1) Delta_pos x_pos, so the largest modulus is

        M (sum_{j != pos} |s_j| Delta_j + |s_pos - 1| Delta_pos).

    Paper: Eq. 7-9 are this identity; Eq. 10 bounds it, with equality when Delta is constant and 0 <= s_pos <= 1.

    Args:
        scores: (R, n), the s_j.
        pos: (R,), the position to copy.
        M: bound of the inputs' moduli, at least 0.
        Delta: scalar or (n,), the step sizes, at least 0, of one coordinate. Where they differ between coordinates, the
            worst error of the output is the largest over the coordinates.
        lengths: (R,), how many positions each row sees.

    Returns:
        (R,), the errors.

    Raises:
        ValueError: shapes that do not fit, or pos outside the row.
    """
    differences, _ = _differences(scores, pos, lengths)
    kind, steps = differences.dtype, np.asarray(Delta, differences.dtype)
    moduli = np.abs(differences, out=differences)
    if steps.ndim == 0:  # one step size for all positions comes after the sum, which spares a pass over the matrix
        return np.asarray(M, kind) * steps * moduli.sum(axis=1)
    return np.asarray(M, kind) * (moduli * steps).sum(axis=1)


def ssm_worst_values(scores: Any, pos: Any, M: Any, lengths: Any = None) -> np.ndarray:
    """Row by row, inputs x in [-M, M]^n of one coordinate that attain `ssm_worst_case`, for every Delta.

    x_j = M sign(s_j) and x_pos = M sign(s_pos - 1): every term of the error is then its own modulus. Where a term is 0
    any value does, and M is given. Positions the row does not see get 0.

    Returns:
        (R, n), the same for each coordinate.

    Raises:
        ValueError: shapes that do not fit, or pos outside the row.
    """
    differences, seen = _differences(scores, pos, lengths)
    high = np.asarray(M, differences.dtype)
    return np.where(seen, np.where(differences < 0, -high, high), 0)


def attention_worst_case(scores: Any, pos: Any, M: Number, W_V: Number, lengths: Any = None) -> np.ndarray:
    """Row by row, the largest ||y_i - v_pos||_inf of causal softmax attention over all inputs in [-M, M]^d; floats.

    With weights a_j >= 0 that sum to 1 and v_j = W_V x_j, coordinate r of y - v_pos is
    w_r^T (sum_{j != pos} a_j x_j - (1 - a_pos) x_pos), w_r row r of W_V. It is largest at x_j = M sign(w_r) for all
    other j and x_pos = -M sign(w_r), where it is M ||w_r||_1 (1 - a_pos + 1 - a_pos). The largest over r is

        2 M ||W_V||_inf (1 - a_pos).

    1 - a_pos is computed as the others' weight over the whole weight, never as a difference, so that it keeps its
    relative accuracy however small it is.

    Paper: Eq. 27 bounds the error by this; it is the exact worst case.

    Args:
        scores: (R, n), q_i^T k_j, before the softmax; finite.
        pos: (R,), the position to copy.
        M: bound of the inputs' moduli.
        W_V: ||W_V||_inf, the largest absolute row sum of the value map.
        lengths: (R,), how many positions each row sees.

    Returns:
        (R,), the errors.

    Raises:
        ValueError: shapes that do not fit, or pos outside the row.
    """
    scores, pos, seen = _rows(np.array(scores, np.float64), pos, lengths)
    rows = np.arange(len(scores))
    masked = np.where(seen, scores, -np.inf)
    weights = np.exp(masked - masked.max(axis=1, keepdims=True))
    own = weights[rows, pos].copy()
    weights[rows, pos] = 0
    others = weights.sum(axis=1)
    return 2 * float(M) * float(W_V) * (others / (others + own))


def attention_worst_values(scores: Any, pos: Any, M: Any, lengths: Any = None) -> np.ndarray:
    """Row by row, inputs of one coordinate that attain `attention_worst_case` where that row of W_V is not negative.

    M at every position seen but -M at pos; 0 at positions not seen. For a row w_r with negative entries, coordinate k
    of the inputs takes these values times sign(w_rk). The scores matter only through their shape: the same values are
    the worst for all of them.

    Returns:
        (R, n).

    Raises:
        ValueError: shapes that do not fit, or pos outside the row.
    """
    scores, pos, seen = _rows(_numbers(scores), pos, lengths)
    is_pos = np.arange(scores.shape[1]) == pos[:, None]
    high = np.asarray(M, scores.dtype)
    return np.where(seen, np.where(is_pos, -high, high), 0)


def ssm_required_score(
    others: Sequence[Number], alpha_pos: Number, M: Number, Delta: Number, epsilon: Number
) -> tuple[Fraction, Fraction] | None:
    """All scores c_i^T b_pos for which the SSM's worst-case error is at most eps, as an interval [low, high]; exact.

    By `ssm_worst_case` with one Delta the error is M Delta (R + |alpha_pos s - 1|), R = sum_{j != pos} |s_j|. It is at
    most eps exactly if |alpha_pos s - 1| <= eps / (M Delta) - R.

    Args:
        others: the s_j = alpha_j c_i^T b_j of the other positions, forgetting included.
        alpha_pos: forgetting from pos to i, above 0.

    Returns:
        The interval, or None if the others alone exceed eps, so that no score helps.

    Raises:
        ValueError: alpha_pos, M or Delta not above 0.
    """
    if not (alpha_pos > 0 and M > 0 and Delta > 0):
        raise ValueError(f"alpha_pos = {alpha_pos}, M = {M}, Delta = {Delta} were given; each must be above 0")
    slack = Fraction(epsilon) / (Fraction(M) * Fraction(Delta)) - sum(abs(Fraction(s)) for s in others)
    if slack < 0:
        return None
    return (1 - slack) / Fraction(alpha_pos), (1 + slack) / Fraction(alpha_pos)


def attention_required_score(
    others: Sequence[Number], M: Number, W_V: Number, epsilon: Number, reals: Reals = FLOATS
) -> Any:
    """The smallest score q_i^T k_pos for which attention's worst-case error is at most eps.

    By `attention_worst_case` the demand is 1 - a_pos <= e with e = eps / (2 M W_V). As 1 - a_pos = R / (R + exp(s))
    with R = sum_{j != pos} exp(s_j), it says exp(s) >= R (1 - e) / e, hence s = log R + log((1 - e) / e).

    Paper: Eq. 31, which is exact.

    Returns:
        The score, or None if none is required: no other position, or eps >= 2 M W_V.

    Raises:
        ValueError: M, W_V or eps not above 0.
    """
    if not (M > 0 and W_V > 0 and epsilon > 0):
        raise ValueError(f"M = {M}, W_V = {W_V}, epsilon = {epsilon} were given; each must be above 0")
    e = Fraction(epsilon) / (2 * Fraction(M) * Fraction(W_V))
    if not others or e >= 1:
        return None
    top = max(others)
    total = sum((reals.exp(reals.number(s) - reals.number(top)) for s in others), reals.number(0))
    return reals.number(top) + reals.log(total) + reals.log(reals.number((1 - e) / e))


def _differences(scores: Any, pos: Any, lengths: Any) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the values in y - v_pos, 0 where they do not count, and which of them count."""
    scores, pos, seen = _rows(_numbers(scores), pos, lengths)
    differences = scores.copy() if lengths is None else np.where(seen, scores, 0)
    differences[np.arange(len(scores)), pos] -= 1
    return differences, seen


def _numbers(scores: Any) -> np.ndarray:
    """Exact numbers and balls as they are, anything else as float64."""
    scores = np.asarray(scores)
    return scores if scores.dtype == object else scores.astype(np.float64, copy=False)


def _rows(scores: np.ndarray, pos: Any, lengths: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Checked scores and pos, and the mask of positions seen."""
    if scores.ndim != 2:
        raise ValueError(f"scores have shape {scores.shape}; they must have two axes, (rows, positions)")
    R, n = scores.shape
    pos = np.asarray(pos)
    lengths = np.full(R, n) if lengths is None else np.asarray(lengths)
    if pos.shape != (R,) or lengths.shape != (R,):
        raise ValueError(f"pos has shape {pos.shape} and lengths {lengths.shape}; both must be ({R},), one per row")
    if not ((pos >= 0) & (pos < lengths) & (lengths <= n)).all():
        raise ValueError(f"each row needs 0 <= pos < lengths <= {n}; pos = {pos}, lengths = {lengths}")
    return scores, pos, np.arange(n) < lengths[:, None]
