"""The second route: Eq. 1-3 and the memories evaluated in NumPy float64, sharing no code with the layers that are
judged.

`layer` and `ssm` follow Eq. 1-3 letter by letter from dense matrices, for small sizes.  `scores` goes another way at
full size: every memory's output is y_i = sum_j S_ij v_j for a matrix of scores that the weights determine (Eq. 4, Eq.
6 and softmax attention), so a block of rows of S costs one NumPy product, no recurrence, and gives the exact worst
case over all values as well (bounds.exact).
The numbers are those of the float program, as it stores them; only the arithmetic differs.
"""

import numpy as np
from jaxtyping import Float, Int

from constructions.attention import Attention
from constructions.encoding import ONE, POSITION, TARGET, VALUES
from constructions.linear import LinearMap, Stream
from constructions.mamba import SHARED, SSM, MambaBlock
from constructions.memories.gated import MEMORY
from constructions.memories.memory import Memory
from constructions.rows import Rows

AT_ONCE = 2**14  # steps whose codes or values are float64 at the same time


def dense_stream(stream: Stream) -> Float[np.ndarray, "T dim"]:
    """The sequence as a matrix in the order of its layout, in float64."""
    length = stream.leading[0]
    return np.concatenate([_dense_rows(stream[space.name], length) for space in stream.layout], axis=1)


def _dense_rows(rows: Rows, length: int) -> np.ndarray:
    """The definition of `Rows`, with one block more than there are: an index of VOID = -1 writes there."""
    every = np.zeros((length, rows.blocks + 1, rows.width))
    if rows.fill is not None:
        every[:] = np.asarray(rows.fill, np.float64)[..., None, :]
    if rows.index is not None:
        every[np.arange(length)[:, None], np.asarray(rows.index)] = np.asarray(rows.value, np.float64)
    return every[:, :-1].reshape(length, -1)


def layer(block: MambaBlock, X: Float[np.ndarray, "T D"]) -> Float[np.ndarray, "T D"]:
    """f(X) of Eq. 3."""
    inner = block.ssm.inner
    b_1, b_2 = (_dense_vector(bias, inner) for bias in (block.b_1, block.b_2))
    gate = X @ block.W_2.dense().T + b_2
    return (ssm(block.ssm, X @ block.W_1.dense().T + b_1) * _silu(gate)) @ block.W_3.dense().T


def ssm(module: SSM, Z: Float[np.ndarray, "T D"]) -> Float[np.ndarray, "T D"]:
    """SSM(Z) of Eq. 1, one step after the other, over all inner channels (zero in those that carry no state)."""
    inner = module.inner
    live = np.concatenate([np.full(space.dim, space.name in module.channels) for space in inner])
    A = _dense_A(module)
    D = _dense_vector(module.D or {}, inner)
    Delta_map = module.W_Delta2.dense() @ module.W_Delta1.dense()
    H = np.zeros((module.d_h, inner.dim))
    Y = np.zeros_like(Z)
    for i, z in enumerate(Z):
        Delta = np.zeros(inner.dim)
        Delta[live] = _softplus(Delta_map @ z)
        with np.errstate(invalid="ignore"):
            kept = np.where(np.isneginf(A), 0.0, np.exp(Delta * np.where(np.isneginf(A), 0.0, A)))
        H = kept * H + np.outer(module.W_b.dense() @ z, Delta * z)
        Y[i] = np.where(live, H.T @ (module.W_c.dense() @ z) + D * z, 0.0)
    return Y


def scores(
    memory: Memory, position: Int[np.ndarray, " T"], target: Int[np.ndarray, " S"], rows: Int[np.ndarray, " R"]
) -> Float[np.ndarray, "R T"]:
    """S_ij for the steps i in `rows` and the first T steps j, with y_i = sum_j S_ij v_j and v_j = Delta x_j; zero for
    j > i.

    `memory` holds the weights and codes as the float program stores them.  Raises TypeError for a module of another
    kind.
    """
    asked = target[rows]
    if isinstance(memory.module, Attention):
        return _softmax(_alike(memory, position, asked, _scale(memory.module.W_q, TARGET)), rows)
    if isinstance(memory.module, SSM):
        S = _recurrent_scores(memory, position, asked, rows)
    elif isinstance(memory.module, MambaBlock) and MEMORY in memory.module.ssm.inner:
        S = _gated_scores(memory.module, position, asked)
    else:
        raise TypeError(f"no scores are known for {type(memory.module).__name__}")
    return _with_later(S, rows, 0.0)


def weighed(S: Float[np.ndarray, "R T"], x: Float[np.ndarray, "S d"]) -> Float[np.ndarray, "R d"]:
    """S x in float64 over the first T of the steps of x, a part of them converted at a time."""
    total = np.zeros((len(S), x.shape[1]))
    for part in _parts(S.shape[1]):
        total += S[:, part] @ x[part].astype(np.float64, copy=False)
    return total


def recorded_Delta(memory: Memory) -> float:
    """The Delta of v = Delta x, from the rates as stored; 1 for attention, which records W_v x = x."""
    if isinstance(memory.module, Attention):
        return 1.0
    if isinstance(memory.module, SSM):
        return float(_softplus(stored_rate(memory.module)))
    return float(_softplus(np.float64(np.ravel(memory.module.ssm.W_Delta2.actions["on", MEMORY].inner)[0])))


def _alike(memory: Memory, position: np.ndarray, target: np.ndarray, factor: float) -> np.ndarray:
    """factor code(target_i)^T code(position_j); a position of -1 has the zero code."""
    codes = memory.encoding.codes
    if codes is None:
        written = np.where(position >= 0, position, len(position) + memory.encoding.N)  # like no target
        return np.multiply(target[:, None] == written[None, :], factor)
    query, S = factor * _code(codes, target), np.empty((len(target), len(position)))
    for part in _parts(len(position)):
        np.matmul(query, _code(codes, position[part]).T, out=S[:, part])
    return S


def _code(codes: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The codes of those positions in float64, zero for -1."""
    rows = codes[index].astype(np.float64)
    rows[index < 0] = 0.0
    return rows


def _parts(length: int) -> list[slice]:
    """A long axis in parts of which the caches hold a few rows."""
    return [slice(start, min(start + AT_ONCE, length)) for start in range(0, length, AT_ONCE)]


def _recurrent_scores(memory: Memory, position: np.ndarray, target: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """alpha_j c_i^T b_j: the inner product of the codes, times the factors of W_b and W_c and what is left over of
    step j at step i.
    """
    module = memory.module
    assert isinstance(module, SSM)
    S = _alike(memory, position, target, _scale(module.W_b, POSITION) * _scale(module.W_c, TARGET))
    if module.A is None:
        return S
    a = float(np.exp(float(_softplus(stored_rate(module))) * float(np.asarray(module.A))))
    lag = np.maximum(rows[:, None] - np.arange(len(position))[None, :], 0)
    S *= np.power(a, np.arange(int(lag.max()) + 1))[lag]
    return S


def _gated_scores(block: MambaBlock, position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """silu(gate) Delta_{j,(p,k)} / Delta for the one open slot p = target_i: the write's Delta where p = position_j,
    else the leak's.
    """
    rates = block.ssm.W_Delta2.actions
    on, off = (float(_softplus(np.float64(np.ravel(rates[name, MEMORY].inner)[0]))) for name in ("on", "off"))
    gate = float(_silu(np.float64(np.ravel(block.W_2.actions[TARGET, MEMORY].inner)[0])))
    written, leaked = gate * (target >= 0), gate * (off / on) * (target >= 0)
    return np.where(target[:, None] == position[None, :], written[:, None], leaked[:, None])


def stored_rate(module: SSM) -> float:
    """W_Delta2 W_Delta1 of the constant, the same for every channel; 0 where W_Delta is O."""
    if not module.W_Delta1.actions:
        return 0.0
    name = SHARED if module.shares_Delta else VALUES
    return _scale(module.W_Delta1, ONE) * float(np.ravel(module.W_Delta2.actions["rank", name].inner)[0])


def _scale(linear: LinearMap, source: str) -> float:
    """The factor of a map that is a scaled identity on `source`."""
    (target,) = linear.codomain.names
    return float(np.float64(linear.actions[source, target].inner))


def _softmax(raw: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Softmax over the causal positions j <= i, in place."""
    _with_later(raw, rows, -np.inf)
    raw -= raw.max(axis=1, keepdims=True)
    np.exp(raw, out=raw)
    raw /= raw.sum(axis=1, keepdims=True)
    return raw


def _with_later(S: np.ndarray, rows: np.ndarray, value: float) -> np.ndarray:
    """S with that value wherever j > i, in place; up to the earliest step nothing is later."""
    first = int(rows.min()) + 1
    np.copyto(S[:, first:], value, where=np.arange(first, S.shape[1])[None, :] > rows[:, None])
    return S


def _dense_A(module: SSM) -> np.ndarray:
    A = np.zeros((module.d_h, module.inner.dim))
    for space in module.inner.only(module.channels):
        entries = 0.0 if module.A is None else module.A[space.name] if isinstance(module.A, dict) else module.A
        tile = np.broadcast_to(np.asarray(entries, np.float64), (module.d_h, space.width))
        A[:, module.inner.coordinates(space.name)] = np.tile(tile, (1, space.blocks))
    return A


def _dense_vector(vector, layout) -> np.ndarray:
    parts = [np.tile(np.asarray(vector.get(s.name, np.zeros(s.width)), np.float64), s.blocks) for s in layout]
    return np.concatenate(parts)


def _softplus(x: np.ndarray | float) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # NaN passes through: verdicts judge it
        return np.asarray(np.logaddexp(x, 0.0))


def _silu(x: np.ndarray | float) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):  # exp overflows to infinity where silu is 0 from below
        return np.asarray(x / (1.0 + np.exp(-x)))
