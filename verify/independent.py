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
    memory: Memory, position: Int[np.ndarray, " T"], target: Int[np.ndarray, " T"], rows: Int[np.ndarray, " R"]
) -> Float[np.ndarray, "R T"]:
    """S_ij for the steps i in `rows` and all j, with y_i = sum_j S_ij v_j and v_j = Delta x_j; zero for j > i.

    `memory` holds the weights and codes as the float program stores them.  Raises TypeError for a module of another
    kind.
    """
    causal = np.arange(len(position))[None, :] <= rows[:, None]
    asked = target[rows]
    if isinstance(memory.module, Attention):
        return _softmax(_alike(memory, position, asked) * _scale(memory.module.W_q, TARGET), causal)
    if isinstance(memory.module, SSM):
        S = _alike(memory, position, asked) * _left_over(memory.module, len(position), rows)
    elif isinstance(memory.module, MambaBlock) and MEMORY in memory.module.ssm.inner:
        S = _gated_scores(memory.module, position, asked)
    else:
        raise TypeError(f"no scores are known for {type(memory.module).__name__}")
    return np.multiply(S, causal, out=S)


def recorded_Delta(memory: Memory) -> float:
    """The Delta of v = Delta x, from the rates as stored; 1 for attention, which records W_v x = x."""
    if isinstance(memory.module, Attention):
        return 1.0
    if isinstance(memory.module, SSM):
        return float(_softplus(_rate(memory.module)))
    return float(_softplus(np.float64(np.ravel(memory.module.ssm.W_Delta2.actions["on", MEMORY].inner)[0])))


def _alike(memory: Memory, position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """code(target_i)^T code(position_j); a position of -1 has the zero code."""
    codes = memory.encoding.codes
    if codes is None:
        return (target[:, None] == position[None, :]) & (position >= 0)[None, :]
    codes = np.concatenate([np.asarray(codes, np.float64), np.zeros((1, codes.shape[1]))])
    return codes[target] @ codes[position].T


def _left_over(module: SSM, length: int, rows: np.ndarray) -> np.ndarray:
    """alpha_j at step i, times the factors of W_b and W_c: what multiplies the inner product of the codes."""
    Delta = float(_softplus(_rate(module)))
    factor = _scale(module.W_b, POSITION) * _scale(module.W_c, TARGET)
    if module.A is None:
        return np.asarray(factor)
    a = float(np.exp(Delta * float(np.asarray(module.A))))
    lag = np.maximum(rows[:, None] - np.arange(length)[None, :], 0)
    return factor * np.power(a, np.arange(length))[lag]


def _gated_scores(block: MambaBlock, position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """silu(gate) Delta_{j,(p,k)} / Delta for the one open slot p = target_i: the write's Delta where p = position_j,
    else the leak's.
    """
    rates = block.ssm.W_Delta2.actions
    on, off = (float(_softplus(np.float64(np.ravel(rates[name, MEMORY].inner)[0]))) for name in ("on", "off"))
    gate = float(_silu(np.float64(np.ravel(block.W_2.actions[TARGET, MEMORY].inner)[0])))
    return gate * np.where(target[:, None] == position[None, :], 1.0, off / on) * (target >= 0)[:, None]


def _rate(module: SSM) -> float:
    """W_Delta2 W_Delta1 of the constant, the same for every channel; 0 where W_Delta is O."""
    if not module.W_Delta1.actions:
        return 0.0
    name = SHARED if module.shares_Delta else VALUES
    return _scale(module.W_Delta1, ONE) * float(np.ravel(module.W_Delta2.actions["rank", name].inner)[0])


def _scale(linear: LinearMap, source: str) -> float:
    """The factor of a map that is a scaled identity on `source`."""
    (target,) = linear.codomain.names
    return float(np.float64(linear.actions[source, target].inner))


def _softmax(raw: np.ndarray, causal: np.ndarray) -> np.ndarray:
    """Softmax over the causal positions, in place."""
    np.copyto(raw, -np.inf, where=~causal)
    raw -= raw.max(axis=1, keepdims=True)
    np.exp(raw, out=raw)
    raw /= raw.sum(axis=1, keepdims=True)
    return raw


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
