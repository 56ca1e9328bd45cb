"""What floats leave of a gadget: its error measured through the generic layer, and the bound that rounding promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from bounds.formats import FloatFormat, format_of
from bounds.gadget_rounding import block_rounding
from constructions.gadgets.gadget import Gadget, Values
from constructions.gadgets.run import evaluate
from constructions.mamba import MambaBlock
from verify.gadgets.cases import Case
from verify.gadgets.error import Piece
from verify.gadgets.mantissa import evaluate_with_bits

SPREAD_OVER = 7  # points over each interval
NEAR_THE_ENDS = (0.0, 0.5, 1.0, 1.2785, 2.0, 3.0, 5.0, 10.0)  # and at these arguments of SiLU from either end


@dataclass(frozen=True)
class Precision:
    """The arithmetic of a run: a dtype, or float64 whose every result is rounded to `bits` mantissa bits."""

    name: str
    bits: int | None = None

    @property
    def format(self) -> FloatFormat:
        """The format, for its rounding bounds; with mantissa bits, float32's range and bits + 1 significant bits."""
        return format_of(self.name) if self.bits is None else FloatFormat(self.name, self.bits + 1, 127, -126)

    def run(self, gadget: Gadget, inputs: Values) -> Values:
        """The gadget in this arithmetic."""
        return (
            evaluate(gadget, inputs, self.name) if self.bits is None else evaluate_with_bits(gadget, inputs, self.bits)
        )

    def rounded(self, x: np.ndarray) -> np.ndarray:
        """`x` as numbers of this arithmetic, in float64."""
        if self.bits is None:
            with np.errstate(over="ignore"):  # what is too large becomes an infinity, which is measured as such
                return np.asarray(x).astype(jnp.dtype(self.name)).astype(np.float64)
        mantissa, exponent = np.frexp(x)
        return np.ldexp(np.round(np.ldexp(mantissa, self.bits + 1)), exponent - self.bits - 1)


@dataclass(frozen=True)
class Measured:
    """The largest error met, where, the bound for what rounding adds there, and how many points were tried."""

    error: float
    inputs: dict[str, list[float]]
    rounding: float
    points: int


def measure(case: Case, lam: float, precision: Precision) -> Measured:
    """The error of the gadget at lambda on a fixed set of points of its domain, rounded to the format.

    NaN and infinities count as an infinite error.
    """
    gadget = case.build(lam)
    inputs = _points(case, gadget, lam, precision)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond the format there are infinities, and the error is one
        run, target = precision.run(gadget, inputs), gadget.target(inputs)
        errors = [np.abs(np.asarray(run[n], np.float64) - target[n]).max(axis=1) for n in gadget.outputs]
    off = np.stack(errors).max(axis=0)
    off = np.where(np.isnan(off), np.inf, off)
    worst = int(off.argmax())
    with np.errstate(over="ignore", invalid="ignore"):  # beyond the format the bound is infinite or NaN: no promise
        bound = np.nan_to_num(rounding_bound(gadget, inputs, precision.format), nan=np.inf, posinf=np.inf).max()
    shown = {name: [float(c) for c in x[worst]] for name, x in inputs.items()}
    return Measured(float(off[worst]), shown, float(bound), len(off))


def rounding_bound(gadget: Gadget, inputs: Values, format: FloatFormat) -> Float[np.ndarray, " T"]:
    """What rounding adds to the outputs at most, over its blocks in turn (`block_rounding`), for each input."""
    layout = gadget.ports
    x = np.zeros((len(next(iter(inputs.values()))), layout.dim))
    for name in gadget.inputs:
        x[:, layout.coordinates(name)] = inputs[name]
    dx = np.zeros_like(x)
    for block in gadget.blocks:
        W_1, b_1, W_2, b_2, W_3 = _dense(block)
        added = block_rounding(W_1, b_1, W_2, b_2, W_3, x, dx, format)
        z = x @ W_2.T + b_2
        f = ((x @ W_1.T + b_1) * z * 0.5 * (1 + np.tanh(z / 2))) @ W_3.T
        dx = dx + added + float(format.unit_roundoff) * (np.abs(x + f) + dx + added)
        x = x + f
    return np.stack([dx[:, layout.coordinates(name)].max(axis=1) for name in gadget.outputs]).max(axis=0)


def _dense(block: MambaBlock) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    inner = block.ssm.inner
    biases = [
        np.concatenate([np.tile(np.asarray(b.get(s.name, np.zeros(s.width)), np.float64), s.blocks) for s in inner])
        for b in (block.b_1, block.b_2)
    ]
    return block.W_1.dense(), biases[0], block.W_2.dense(), biases[1], block.W_3.dense()


def _points(case: Case, gadget: Gadget, lam: float, precision: Precision) -> Values:
    """A fixed number of points: a grid over every piece, denser by SiLU's own length near the ends of each interval.

    A point that rounding took out of the domain is replaced by a first point that is in it.
    """
    pieces = case.pieces(Fraction(lam))
    arrays = np.concatenate([_grid(piece, gadget) for piece in pieces])
    inputs, start = {}, 0
    for name in gadget.inputs:
        width = gadget.ports[name].dim
        inputs[name] = precision.rounded(arrays[:, start : start + width])
        start += width
    inside = gadget.domain.holds(inputs)
    if not inside.any():
        raise ValueError(f"no point of the grid of {case.name} lies in the domain once rounded to {precision.name}")
    first = int(inside.argmax())
    return {name: np.where(inside[:, None], x, x[first]) for name, x in inputs.items()}


def _grid(piece: Piece, gadget: Gadget) -> Float[np.ndarray, "T n"]:
    """The piece's grid as inputs, one row a point."""
    columns = sum(gadget.ports[name].dim for name in gadget.inputs)
    turn = np.eye(columns) if piece.directions is None else np.array(piece.directions, dtype=np.float64)
    reads = np.abs(_dense(gadget.blocks[0])[2][:, _columns(gadget)] @ turn.T).max(axis=0)
    axes = [_axis(float(low), float(high), read) for (low, high), read in zip(piece.box, reads, strict=True)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1) @ turn


def _axis(low: float, high: float, read: float) -> Float[np.ndarray, " k"]:
    if low == high:
        return np.array([low])
    steps = np.array(NEAR_THE_ENDS) / read if read > 0 else np.zeros(len(NEAR_THE_ENDS))
    inner = np.concatenate([np.linspace(low, high, SPREAD_OVER), low + steps, high - steps])
    return np.clip(inner, low, high)


def _columns(gadget: Gadget) -> Sequence[int]:
    places = [gadget.ports.coordinates(name) for name in gadget.inputs]
    return [k for place in places for k in range(place.start, place.stop)]
