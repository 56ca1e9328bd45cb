"""One block of Eq. 1-3 as the tensors of a Mamba mixer, the layer of `mamba_ssm` and of transformers.

The released mixer computes, for a normalised stream x,
    [p, g] = in_proj x,  u = silu(conv1d(p)),  [r, B, C] = x_proj u,  Delta = softplus(dt_proj r + bias),
    H = exp(Delta A) H + Delta B u,  A = -exp(A_log),  y = out_proj ((C H + D u) silu(g)).
What it adds to Eq. 1-3, and what each addition costs here:

*Convolution.*  The tap of the current token is 1, the others and the bias are 0: products by 0 and 1, exact.
*SiLU behind the convolution.*  silu(s) - silu(-s) = s sigma(s) + s sigma(-s) = s for every s.  So an inner channel z
    becomes two, which carry silu(lambda z) and silu(-lambda z) with the same Delta, A, D and gate and opposite columns
    in x_proj and out_proj: the recurrence is linear in u, and what is read is lambda z / lambda.  Exact in real
    arithmetic.  In floats the two sigmas add up to 1 within a few units in the last place, and whole numbers come
    out bit by bit: lambda is `integer_scale`, a power of two for which sigma(lambda) is 1 and sigma(-lambda) is 0.
    A *whole* space, whose numbers are whole and at least 0 (one-hots, the constant 1), needs no second channel:
    silu(lambda z) = lambda z in floats, lambda z / (1 + e^(-lambda z)) in real arithmetic: e^-lambda z off at most.
*No bias.*  in_proj has none in the released models.  The stream has a constant coordinate (`verify.export.model`) that
    the norm turns into 1, so its column holds b_1 and b_2.
*A = -exp(A_log)* is never 0.  With A_log = -lambda the float program's exp is 0, and so is A; both implementations form
    A in float32, whatever the dtype.  In real arithmetic a step forgets 1 - exp(-Delta e^-lambda) <= Delta e^-lambda of
    the state.  A = -inf has no finite A_log that serves a Delta of 0: such a block is refused.
*Delta.*  dt_proj is W_Delta2 with bias 0 and x_proj's first rows are W_Delta1: nothing is lost, time_step_rank is their
    inner width.  Their softplus is the identity above 20, log1p(e^-20) too low at most: below half a unit in the last
    place of 20 in float32, but not in float64.
*b and c* are shared by all channels, as in Eq. 1; D is there.
*The gate* silu(g) is Eq. 3's own, Remark 1's b_2 = k with silu(k) = 1 included.
*Sizes.*  The inner width must be `expand` times the stream's, `expand` a whole number: the rest is padded with zeros.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from bounds.formats import format_of
from constructions.gadgets.integers import integer_scale
from constructions.layout import Layout
from constructions.mamba import MambaBlock, Vector

CONV = 4  # taps, as in the released models; the fast convolution takes 2 to 4
LAMBDA = float(integer_scale(format_of("float32")))  # both implementations form A and the states in float32


@dataclass(frozen=True)
class Sizes:
    """What all mixers of a model share.

    stream: coordinates of the stream; expand: channels of a mixer, in multiples of it; d_state, rank: of a mixer.
    """

    stream: int
    expand: int
    d_state: int
    rank: int

    @property
    def channels(self) -> int:
        """The inner width."""
        return self.expand * self.stream


@dataclass(frozen=True, eq=False)
class Channels:
    """How the inner coordinates of a block become channels: of each channel the coordinate that it carries, and its
    sign, +1 or -1, both of shape (channels,); and lambda.
    """

    source: np.ndarray
    sign: np.ndarray
    scale: float = LAMBDA

    def __len__(self) -> int:
        return len(self.source)

    def written(self, rows: np.ndarray) -> np.ndarray:
        """lambda times rows of shape (inner, ...), for each channel with its sign."""
        return self.scale * self.sign.reshape(-1, *[1] * (rows.ndim - 1)) * rows[self.source]

    def read(self, columns: np.ndarray) -> np.ndarray:
        """Columns of shape (..., inner) as a map from the channels: what undoes `written`."""
        return columns[:, self.source] * (self.sign / self.scale)


def channels_of(block: MambaBlock, whole: Collection[str] = ()) -> Channels:
    """One channel for each coordinate of a whole space, two for each other.

    `whole` names inner spaces whose numbers are whole and at least 0; constants, where W_1 is O, are found to be.
    """
    inner = block.ssm.inner
    source, sign = [], []
    for space in inner:
        place = np.arange(inner.dim)[inner.coordinates(space.name)]
        signs = (1.0,) if space.name in whole or _constant_whole(block, space.name) else (1.0, -1.0)
        source += [place] * len(signs)
        sign += [np.full(space.dim, each) for each in signs]
    return Channels(np.concatenate(source), np.concatenate(sign))


def bare_channels(block: MambaBlock) -> Channels:
    """Eq. 1-3 itself: a channel for each inner coordinate, which no SiLU meets."""
    width = block.ssm.inner.dim
    return Channels(np.arange(width), np.ones(width), 1.0)


def mixer(block: MambaBlock, channels: Channels, one: int, sizes: Sizes) -> dict[str, np.ndarray]:
    """The tensors of the mixer, by the names that both implementations share, in float64 before rounding.

    `one`: the coordinate of the normalised stream that is 1.  What W_1 reads and W_3 writes are its first coordinates.
    Raises ValueError for A = -inf, or sizes that are too small for the block.
    """
    ssm, inner, used = block.ssm, block.ssm.inner, len(channels)
    stream, rank, d_h = block.W_1.domain.dim, ssm.W_Delta1.codomain.dim, ssm.d_h
    if one < stream or used > sizes.channels or rank > sizes.rank or d_h > sizes.d_state:
        raise ValueError(f"a block with {used} channels, rank {rank}, {d_h} states and {stream} inputs exceeds {sizes}")
    p, g = np.zeros((sizes.channels, sizes.stream)), np.zeros((sizes.channels, sizes.stream))
    p[:used, :stream], p[:used, one] = channels.written(block.W_1.dense()), channels.written(vector(block.b_1, inner))
    g[:used, :stream], g[:used, one] = block.W_2.dense()[channels.source], vector(block.b_2, inner)[channels.source]
    x_proj = np.zeros((sizes.rank + 2 * sizes.d_state, sizes.channels))
    for start, W in ((0, ssm.W_Delta1), (sizes.rank, ssm.W_b), (sizes.rank + sizes.d_state, ssm.W_c)):
        x_proj[start : start + W.codomain.dim, :used] = channels.read(W.dense())
    dt_proj = np.zeros((sizes.channels, sizes.rank))
    dt_proj[:used, :rank] = _rates(block)[channels.source]
    A_log, D = np.full((sizes.channels, sizes.d_state), -LAMBDA), np.zeros(sizes.channels)
    A_log[:used, :d_h] = _A_log(block).T[channels.source]
    D[:used] = vector(ssm.D or {}, inner)[channels.source]
    out_proj = np.zeros((sizes.stream, sizes.channels))
    out_proj[: block.W_3.codomain.dim, :used] = channels.read(block.W_3.dense() * live(block))
    current = np.zeros((sizes.channels, 1, CONV))
    current[:, 0, -1] = 1.0
    return {
        "in_proj.weight": np.concatenate([p, g]),
        "conv1d.weight": current,
        "conv1d.bias": np.zeros(sizes.channels),
        "x_proj.weight": x_proj,
        "dt_proj.weight": dt_proj,
        "dt_proj.bias": np.zeros(sizes.channels),
        "A_log": A_log,
        "D": D,
        "out_proj.weight": out_proj,
    }


def live(block: MambaBlock) -> np.ndarray:
    """Whether an inner coordinate carries a state, shape (inner,)."""
    return np.concatenate([np.full(space.dim, space.name in block.ssm.channels) for space in block.ssm.inner])


def vector(entries: Vector, layout: Layout) -> np.ndarray:
    """A constant of a layout written out."""
    zero: Mapping[str, np.ndarray] = {space.name: np.zeros(space.width) for space in layout}
    return np.concatenate([np.tile(np.asarray((zero | dict(entries))[s.name], np.float64), s.blocks) for s in layout])


def _constant_whole(block: MambaBlock, name: str) -> bool:
    """Whether W_1 writes nothing into the space and b_1 only whole numbers of at least 0."""
    bias = np.asarray(block.b_1.get(name, np.zeros(1)), np.float64)
    reads = any(target == name and np.any(action.inner) for (_, target), action in block.W_1.actions.items())
    return not reads and bool(((bias >= 0) & (bias == np.floor(bias))).all())


def _rates(block: MambaBlock) -> np.ndarray:
    """W_Delta2 over all inner coordinates, shape (inner, rank); zero in those that carry no state."""
    ssm = block.ssm
    written, rates = ssm.W_Delta2.dense(), np.zeros((ssm.inner.dim, ssm.W_Delta1.codomain.dim))
    rates[live(block)] = written  # a shared Delta is one row for all
    return rates


def _A_log(block: MambaBlock) -> np.ndarray:
    """log(-A) for every state and inner coordinate, shape (d_h, inner); -lambda where A is 0."""
    ssm = block.ssm
    A = np.zeros((ssm.d_h, ssm.inner.dim))
    for name in ssm.channels if ssm.A is not None else ():
        space, given = ssm.inner[name], ssm.A[name] if isinstance(ssm.A, dict) else ssm.A
        entries = np.broadcast_to(np.asarray(given, np.float64), (ssm.d_h, space.width))
        A[:, ssm.inner.coordinates(name)] = np.tile(entries, (1, space.blocks))
    if np.isneginf(A).any():
        raise ValueError("A = -inf cannot be carried: with Delta = 0, exp(Delta A) would be NaN in the mixer")
    with np.errstate(divide="ignore"):
        return np.where(A == 0.0, -LAMBDA, np.log(-A))
