"""How a position and the position to be copied enter the stream: x~_i = [x_i, code(i), code(pos(i)), 1].

Theorem 3's proof embeds both as one-hots of R^N; a module of constant size is given codes of constant (or
logarithmic) dimension instead, so that its own weights do not grow with N.  A token that is only read, not written,
has the zero code.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from constructions.layout import Layout, Space
from constructions.linear import Stream
from constructions.rows import VOID, Rows, dense_rows, one_hot_rows

VALUES, POSITION, TARGET, ONE = "x", "position", "target", "one"


@dataclass(frozen=True, eq=False)
class Encoding:
    """Positions 0 .. N-1 beside values in R^d; `codes` of shape (N, d_k), or None for the one-hots of R^N.

    Raises ValueError for sizes below one or codes of a wrong shape.
    """

    N: int
    d: int
    codes: Float[np.ndarray, "N d_k"] | None = None

    def __post_init__(self) -> None:
        if self.N < 1 or self.d < 1:
            raise ValueError(f"N and d must be at least 1, got N = {self.N}, d = {self.d}")
        if self.codes is not None and (self.codes.ndim != 2 or len(self.codes) != self.N):
            raise ValueError(f"codes must have shape ({self.N}, d_k), got {self.codes.shape}")

    @property
    def layout(self) -> Layout:
        """[x, position, target, one]."""
        blocks, width = (self.N, 1) if self.codes is None else (1, self.codes.shape[1])
        return Layout(
            (Space(VALUES, 1, self.d), Space(POSITION, blocks, width), Space(TARGET, blocks, width), Space(ONE)),
        )

    def stream(
        self,
        x: Float[np.ndarray, "T d"],
        position: Int[np.ndarray, " T"],
        target: Int[np.ndarray, " T"],
        dtype: jnp.dtype,
    ) -> Stream:
        """The embedded sequence; `position` and `target` count from 0, VOID gives the zero code.

        Raises ValueError for a position outside 0 .. N-1.
        """
        for name, index in (("position", position), ("target", target)):
            if index.size and not (index.min() >= VOID and index.max() < self.N):
                raise ValueError(f"{name} must lie in 0 .. {self.N - 1}, got {index.min()} .. {index.max()}")
        rows = {
            VALUES: dense_rows(x.astype(dtype, copy=False)),
            POSITION: self._code(position, dtype),
            TARGET: self._code(target, dtype),
            ONE: dense_rows(np.ones((len(x), 1), dtype)),
        }
        return Stream(self.layout, rows)

    def _code(self, index: Int[np.ndarray, " T"], dtype: jnp.dtype) -> Rows:
        if self.codes is None:
            return one_hot_rows(index.astype(np.int32), self.N, dtype)
        rows = self.codes[index].astype(dtype, copy=False)
        rows[index == VOID] = 0
        return dense_rows(rows)
