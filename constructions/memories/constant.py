"""`ssm-constant`: an SSM module of Eq. 6 whose state does not grow with N: d_h keys' dimensions, forgetting
coefficient a.

x~_i = [x_i, k_i, q_pos(i), 1] with given codes, W_b = [O, I, O, O], W_c = [O, O, I, O], one Delta = 1 for all
channels and A = log(a) / Delta, so
    y_i = sum_{j <= i} a^(i-j) (k_pos(i)^T k_j) x_j.
Two families of keys:
*random*      independent unit vectors of R^{d_h}, the heuristic of associative memories: interference of about
d_h^(-1/2) per token;
*projection*  the best possible in the mean square.  The score matrix S = K K^T of N keys has rank <= d_h, and over
              independent values the mean square of (S - I) v is ||S - I||_F^2 / N >= 1 - d_h / N (Eckart-Young),
              reached by every orthogonal projection of rank d_h.  The rows of a real Fourier basis with d_h of its N
              columns are such a K whose scores K_i K_i^T = d_h / N are all alike, so that no position is favoured.
              For N <= d_h the keys are orthonormal (one-hots), and with a = 1 the copy is exact.
"""

import numpy as np
from jaxtyping import Float

from constructions.encoding import POSITION, TARGET, VALUES, Encoding
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map
from constructions.mamba import SHARED, selective_ssm
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import RANK, rate, recorded_Delta

ROWS_AT_ONCE = 2**12  # of keys that are computed at a time, while the caches hold them


def constant(
    N: int, d: int, codes: Float[np.ndarray, "N d_h"], keys: str, a: float = 1.0, *, literal_Delta: bool = False
) -> Memory:
    """The module for given codes of N positions; `keys` names the family.

    a in [0, 1] is the forgetting coefficient of every step; a = 1 is A = O, a = 0 is A = -inf.
    Raises ValueError for a outside [0, 1] or codes of a wrong shape.
    """
    if not 0.0 <= a <= 1.0:
        raise ValueError(f"the forgetting coefficient a must lie in [0, 1], got {a}")
    encoding = Encoding(N, d, codes)
    layout = encoding.layout
    state = Layout((Space("state", 1, codes.shape[1]),))
    Delta = recorded_Delta(literal_Delta)
    module = selective_ssm(
        (VALUES,),
        W_b=linear_map(layout, state, {(POSITION, "state"): Action()}),
        W_c=linear_map(layout, state, {(TARGET, "state"): Action()}),
        W_Delta1=rate(layout, literal_Delta),
        W_Delta2=linear_map(RANK, Layout((Space(SHARED),)), {("rank", SHARED): Action()}),
        A=None if a == 1.0 else np.asarray(-np.inf if a == 0.0 else np.log(a) / Delta),
    )
    return Memory("ssm-constant", keys, module, encoding, None, Delta)


def random_keys(N: int, d_h: int, rng: np.random.Generator) -> Float[np.ndarray, "N d_h"]:
    """N independent unit vectors, uniform on the sphere of R^{d_h}; the first n of them do not depend on N."""
    keys = rng.standard_normal((N, d_h))
    return keys / np.linalg.norm(keys, axis=1, keepdims=True)


def projection_keys(N: int, d_h: int) -> Float[np.ndarray, "N d_h"]:
    """N keys whose score matrix is an orthogonal projection of rank min(N, d_h) with equal diagonal entries min(1,
    d_h / N).

    For N <= d_h the one-hots.  Else d_h columns of the orthonormal real Fourier basis of R^N: pairs (cos, sin) of one
    frequency m, sqrt(2/N) (cos(2 pi m j / N), sin(2 pi m j / N)), whose two squares add up to 2/N in every row j, and
    the constant column 1/sqrt(N) where d_h is odd; d_h < N leaves enough pairs, since there are ceil(N/2) - 1 of them
    (d_h even: d_h/2 <= ceil(N/2) - 1).
    """
    if d_h >= N:
        return np.eye(N, d_h)
    keys, odd = np.full((N, d_h), N**-0.5), d_h % 2
    frequencies, cosines = np.arange(1, d_h // 2 + 1), odd + d_h // 2
    for start in range(0, N, ROWS_AT_ONCE):
        rows = keys[start : start + ROWS_AT_ONCE]
        angles = 2.0 * np.pi * np.outer(np.arange(start, start + len(rows)), frequencies) / N
        np.cos(angles, out=rows[:, odd:cosines])
        np.sin(angles, out=rows[:, cosines:])
        rows[:, odd:] *= np.sqrt(2.0 / N)
    return keys
