"""The COPY task: which step is to reproduce which position, and the values that are copied (Definition 1).

Positions and steps count from 0.  `pos` follows the kinds of the command line:
*random*   pos(i) uniform in 0 .. i,                *first*   pos(i) = 0,
*reverse*  pos(i) = min(i, N-1-i), so that the second half reads the first one backwards,
*lag:K*    pos(i) = max(0, i-K),
*string*   the copy task of the field: N tokens are read, then reproduced one by one, 2 N steps in all.  While
           reproducing, a step writes nothing, and its input is what was reproduced a step before (teacher forcing).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from constructions.rows import VOID

AT_ONCE = 2**12  # rows of values that are drawn or decoded at a time
ALIGNMENT = 64  # bytes

KINDS = ("random", "reverse", "first", "lag:K", "string")


@dataclass(frozen=True, eq=False)
class Task:
    """`position[t]`: the slot that step t writes, VOID for none; `target[t]`: the position that it is to reproduce,
    VOID for none.

    Both of shape (T,) with T = N, or 2 N for the string task; `N` is the number of values to be remembered.
    """

    kind: str
    N: int
    position: Int[np.ndarray, " T"]
    target: Int[np.ndarray, " T"]

    @property
    def steps(self) -> int:
        """T, the number of steps."""
        return len(self.position)

    @property
    def first_judged(self) -> int:
        """The first step whose output is compared with a value; all later ones are too."""
        return self.steps - self.N

    @property
    def demand(self) -> int:
        """The most positions that are written before some step and asked for at that step or later.

        So many values the state must carry past that step: a recurrent memory with fewer states, whose keys do not
        depend on the values, meets the converse (bounds.converse) on them, all other values being zero.
        """
        written = np.flatnonzero(self.position != VOID)
        last = np.full(self.N, -1)
        asked = self.target != VOID
        np.maximum.at(last, self.target[asked], np.flatnonzero(asked))
        until = last[self.position[written]]
        carried = np.zeros(self.steps + 1, np.int64)
        kept = until > written
        np.add.at(carried, written[kept] + 1, 1)
        np.add.at(carried, until[kept] + 1, -1)
        return int(carried.cumsum().max())

    def sequence(self, values: Float[np.ndarray, "N d"]) -> Float[np.ndarray, "T d"]:
        """The inputs x of all steps for given values of the N positions."""
        if self.steps == self.N:
            return values
        return np.concatenate([values, np.zeros((1, values.shape[1]), values.dtype), values[:-1]])


def task(kind: str, N: int, seed: int) -> Task:
    """The task of that kind; `lag:K` with K >= 0.  Raises ValueError for N < 1 or another kind."""
    if N < 1:
        raise ValueError(f"a task needs N >= 1, got {N}")
    steps = np.arange(N)
    if kind == "string":
        nothing = np.full(N, VOID)
        return Task(kind, N, np.concatenate([steps, nothing]), np.concatenate([nothing, steps]))
    if kind == "random":
        target = np.random.default_rng([seed, N]).integers(0, steps + 1)
    elif kind == "reverse":
        target = np.minimum(steps, N - 1 - steps)
    elif kind == "first":
        target = np.zeros(N, np.int64)
    elif kind.startswith("lag:") and kind[4:].isdecimal():
        target = np.maximum(steps - int(kind[4:]), 0)
    else:
        raise ValueError(f"pos must be one of {', '.join(KINDS)}, got {kind!r}")
    return Task(kind, N, steps, target)


def uniform_values(N: int, d: int, M: float, seed: int, dtype: np.dtype) -> Float[np.ndarray, "N d"]:
    """Independent values, uniform in [-M, M], drawn in float64 or else in float32 and rounded to `dtype`."""
    drawn = np.float64 if dtype == np.float64 else np.float32
    values, source = _aligned((N, d), np.dtype(drawn)), np.random.default_rng([seed, N, d])
    for start in range(0, N, AT_ONCE):  # drawn and scaled while the caches hold them
        rows = values[start : start + AT_ONCE]
        source.random(out=rows, dtype=drawn)
        rows *= 2.0 * M
        rows -= M
    return values.astype(dtype, copy=False)


def _aligned(shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """An empty array that starts where JAX, on a CPU, takes it as it lies rather than copying it."""
    room = np.empty(shape[0] * shape[1] * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    return room[start : start + room.nbytes - ALIGNMENT].view(dtype).reshape(shape)


@dataclass(frozen=True, eq=False)
class ByteCode:
    """Bytes as vectors of [-M, M]^d and back.

    A byte is written in `digits` digits to the smallest base q with q^d >= 256, and coordinate k holds digit k mod
    `digits` on an even grid of [-M, M]: two bytes differ by at least 2 M / (q - 1) in some coordinate, so a copy with
    error below half of that decodes.
    """

    d: int
    M: float

    @property
    def base(self) -> int:
        """The number q of levels of a coordinate."""
        return next(q for q in range(2, 257) if q**self.d >= 256)

    @property
    def digits(self) -> int:
        """The digits of a byte to that base."""
        return next(m for m in range(1, 9) if self.base**m >= 256)

    @property
    def margin(self) -> float:
        """The largest error below which every byte is decoded."""
        return self.M / (self.base - 1)

    def table(self) -> Float[np.ndarray, "256 d"]:
        """The vectors of all bytes."""
        digit = (np.arange(256)[:, None] // self.base ** np.arange(self.digits)) % self.base
        return (self.M * (2.0 * digit / (self.base - 1) - 1.0))[:, np.arange(self.d) % self.digits]

    def encode(self, data: bytes) -> Float[np.ndarray, "N d"]:
        """The vectors of a text's bytes."""
        return self.table()[np.frombuffer(data, np.uint8)]

    def decode(self, vectors: Float[np.ndarray, "N d"]) -> bytes:
        """The bytes whose vectors are nearest in the Euclidean norm; a vector that holds NaN decodes to no byte at
        all (an empty text).
        """
        if not np.isfinite(vectors).all():
            return b""
        table, nearest = self.table(), np.empty(len(vectors), np.uint8)
        squares = (table**2).sum(1)[None, :]
        for start in range(0, len(vectors), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            nearest[rows] = (squares - 2.0 * vectors[rows] @ table.T).argmin(1)
        return nearest.tobytes()
