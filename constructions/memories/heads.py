"""`attention`: one softmax head with explicit keys that copies at every N (X-ATT-SIZE).

x~_i = [x_i, u_i, u_pos(i), 1] with codes u of unit-free scale, W_k = [O, I, O, O], W_q = [O, O, s I, O], W_v = [I, O,
O, O]: the score of token j is s u_pos(i)^T u_j, largest at j = pos(i).  Two families of codes:
*binary*  d_k = ceil(log2 N): the bits of j as -1 and +1.  A code that differs in h bits scores s (d_k - 2h), so
          against the target the others weigh at most (1 + e^(-2s))^d_k - 1, and s = O(log(d_k / epsilon)) suffices.
*circle*  d_k = 2: the points (cos, sin)(2 pi j / N).  The nearest ones score s (1 - cos(2 pi / N)) ~ 2 pi^2 s / N^2
less, so s = O(N^2 log(N / epsilon)).
The scale s comes from epsilon and N (bounds.scales); with 2 M (1 - weight at pos(i)) being the exact worst case, the
error is at most epsilon.  That counts the N positions, each written by at most one token of the context.  A token
without a position (VOID, key 0) scores 0, which is s |u|^2 below the target (|u|^2 is d_k for binary codes, 1 for the
circle): V of them add V e^(-s |u|^2) to the others' relative weight R, and the error 2 M R / (1 + R) may then exceed
epsilon.  Nothing is promised of a query without a target.
"""

import numpy as np
from jaxtyping import Float

from bounds.scales import binary_scale, circle_scale_least
from constructions.attention import attention
from constructions.encoding import POSITION, TARGET, VALUES, Encoding
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map
from constructions.memories.memory import Memory


def binary_head(N: int, d: int, M: float, epsilon: float) -> Memory:
    """Attention with d_k = max(1, ceil(log2 N)).  Values in [-M, M]^d, every token with a position of its own (see
    above for those without); raises ValueError for sizes below one, M <= 0 or epsilon <= 0.
    """
    return _head(N, d, binary_codes(N), "binary", binary_scale(N, M, 1.0, epsilon), epsilon)


def circle_head(N: int, d: int, M: float, epsilon: float) -> Memory:
    """Attention with d_k = 2.  Values in [-M, M]^d, every token with a position of its own (see above for those
    without); raises ValueError for sizes below one, M <= 0 or epsilon <= 0.
    """
    return _head(N, d, circle_codes(N), "circle", circle_scale_least(N, M, 1.0, epsilon), epsilon)


def binary_codes(N: int) -> Float[np.ndarray, "N d_k"]:
    """The bits of 0 .. N-1 as -1 and +1, d_k = max(1, ceil(log2 N)) of them."""
    bits = max(1, (N - 1).bit_length())
    return 2.0 * ((np.arange(N)[:, None] >> np.arange(bits)) & 1) - 1.0


def circle_codes(N: int) -> Float[np.ndarray, "N 2"]:
    """N equally spaced points of the unit circle."""
    angles = 2.0 * np.pi * np.arange(N) / N
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _head(N: int, d: int, codes: np.ndarray, keys: str, scale: float, epsilon: float) -> Memory:
    encoding = Encoding(N, d, codes)
    layout = encoding.layout
    key_space = Layout((Space("key", 1, codes.shape[1]),))
    module = attention(
        W_q=linear_map(layout, key_space, {(TARGET, "key"): Action(np.asarray(float(scale)))}),
        W_k=linear_map(layout, key_space, {(POSITION, "key"): Action()}),
        W_v=linear_map(layout, Layout((Space("value", 1, d),)), {(VALUES, "value"): Action()}),
    )
    return Memory("attention", keys, module, encoding, epsilon)
