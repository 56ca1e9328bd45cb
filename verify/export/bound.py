"""How far a float program of the mixer may be off real arithmetic on the same stored tensors and inputs.

The steps of the mixer in `bounds.running`, one after the other, whatever the weights are.  Each weight may have been
rounded for storage, |W - fl(W)| <= u |W|, and every term carries that rounding, so the bound is one for the tensors
before they were rounded as well; it holds at the inputs that are given.  Two programs that evaluate the same tensors
differ by the sum of their bounds at most; a program and the oracle by its bound and the construction's own error.

The recurrence in any order.  H_T = sum_j P_j w_j with w_j what step j writes and P_j the product of the forgetting
coefficients a_k behind it.  Where the program's a' and w' are off by at most alpha and omega, the H' of a' and w' has

    H'_i - H_i = a_i (H'_{i-1} - H_{i-1}) + (a'_i - a_i) H'_{i-1} + (w'_i - w_i),
    |H'_i| <= G_i = |a'_i| G_{i-1} + |w'_i|,

so it is off by D_i = |a_i| D_{i-1} + alpha_i G_{i-1} + omega_i.  However a scan groups the steps, a term passes at most
i - 1 products, the one with w_j and i - 1 additions: growth(2 i) G_i more.  Written out as a tree that is at most
i (i + 6) operations (`bounds.rounding.recurrence_error`), which lose the underflow each; coefficients that rounding has
lifted above 1 enlarge that by growth(i, i) at most.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bounds.formats import FloatFormat, format_of
from bounds.rounding import growth
from bounds.running import Running, given

CUT = 20.0  # of PyTorch's softplus and of the CUDA kernel's: the identity from here on
FLOAT32 = format_of("float32")
Numbers = tuple[np.ndarray, np.ndarray]  # values, and the most that a program's may be off them
AT_ONCE = 2**21  # numbers of all states of some steps that exist at the same time


@dataclass(frozen=True)
class Program:
    """What differs between programs of the mixer.

    format: of the arithmetic; states: in which A, b, u and D are held (transformers and the CUDA kernel: float32);
    activated: whether SiLU follows the convolution; cut: where softplus becomes the identity; in_turn: whether the
    recurrence takes one step after the other; scaled: how many roundings more the argument of an exponential carries;
    normed: whether the norms round at all, which undo themselves exactly where square roots do (`verify.export.model`).
    """

    format: FloatFormat
    states: FloatFormat
    activated: bool = True
    cut: float = CUT
    in_turn: bool = True
    scaled: int = 0
    normed: bool = False


def theirs(format: FloatFormat) -> Program:
    """transformers' slow path."""
    return Program(format, FLOAT32)


def by_parallel_scan() -> Program:
    """`mambapy`: the steps of the recurrence are joined in a tree."""
    return Program(FLOAT32, FLOAT32, in_turn=False)


def on_cuda() -> Program:
    """`mamba_ssm`: a scan by blocks of threads, e^x as 2^(x log2 e) (a product by the rounded log2 e: 2 roundings, and
    one where A is scaled before), and a norm by an approximate square root.
    """
    return Program(FLOAT32, FLOAT32, in_turn=False, scaled=3, normed=True)


def ours(format: FloatFormat) -> Program:
    """Eq. 1-3 in `constructions.run`."""
    return Program(format, format, activated=False, cut=np.inf)


def streamed(tensors: Mapping[str, np.ndarray], layers: int, x: np.ndarray, program: Program) -> Running:
    """The stream behind the last layer, shape (T, stream), less the constant, which stays what it is.

    Every mixer sees the stream with the constant as 1, as the norms leave it (`verify.export.model`).
    """
    stream = given(np.concatenate([x[:, :-1], np.ones((len(x), 1))], axis=1), program.format)
    for i in range(layers):
        seen = stream.once_more() if program.normed else stream
        stream = stream + mixed(mixer_of(tensors, i), seen, program)
    return (stream.once_more() if program.normed else stream)[:, :-1]


def mixer_of(tensors: Mapping[str, np.ndarray], layer: int) -> dict[str, np.ndarray]:
    """The tensors of one layer's mixer, by their own names."""
    prefix = f"backbone.layers.{layer}.mixer."
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def mixed(tensors: Mapping[str, np.ndarray], x: Running, program: Program) -> Running:
    """The mixer's outputs, shape (T, stream), for tensors by the names of `verify.export.mixer`, each within one
    rounding of what it should be, and inputs of shape (T, stream).
    """
    W = {name: np.asarray(tensor, np.float64) for name, tensor in tensors.items()}
    channels, d_state = W["A_log"].shape
    projected = x.mapped(W["in_proj.weight"])
    p, gate = projected[:, :channels], projected[:, channels:].silu(program.scaled)
    u = _convolved(p, W["conv1d.weight"][:, 0], W["conv1d.bias"])
    u = u.silu(program.scaled) if program.activated else u
    read = u.mapped(W["x_proj.weight"])
    rank = W["dt_proj.weight"].shape[1]
    rates = read[:, :rank].mapped(W["dt_proj.weight"])
    Delta = (rates + _repeated(W["dt_proj.bias"], rates)).softplus(program.cut, program.scaled)
    b, c = read[:, rank : rank + d_state], read[:, rank + d_state :]
    seen = np.flatnonzero(W["out_proj.weight"].any(axis=0))  # the states of other channels are multiplied by 0
    u, Delta, gate = u[:, seen], Delta[:, seen], gate[:, seen]
    A = given(W["A_log"][seen], program.format).stored(program.format).negated_exp()
    y = _scanned(u, Delta, b, c, A, program)
    D = _repeated(W["D"][seen], u).stored(program.states)
    return ((y + u * D) * gate).mapped(W["out_proj.weight"][:, seen])


def _repeated(weights: np.ndarray, like: Running) -> Running:
    """Weights of the channels for every token."""
    return given(np.broadcast_to(weights, like.value.shape), like.format)


def _convolved(p: Running, taps: np.ndarray, bias: np.ndarray) -> Running:
    """The causal convolution, which has one tap that is not 0 where it is the identity."""
    length, width = len(p.value), taps.shape[1]
    total = _repeated(bias, p)
    for back in range(width):
        tap = taps[:, width - 1 - back]
        if tap.any():
            moved = Running(_later(p.value, back, length), _later(p.off, back, length), p.format)
            total = total + moved * _repeated(tap, p)
    return total


def _later(rows: np.ndarray, back: int, length: int) -> np.ndarray:
    return np.concatenate([np.zeros((min(back, length), rows.shape[1])), rows[: max(length - back, 0)]])


def _scanned(u: Running, Delta: Running, b: Running, c: Running, A: Running, program: Program) -> Running:
    """H = exp(Delta A) H + (Delta b) u, y = H c: H step by step, all else for many steps at once."""
    A, b, u = A.stored(program.states), b.stored(program.states), u.stored(program.states)
    H = _State(A.value.shape, program)
    outputs, at_once = [], max(1, AT_ONCE // max(1, A.value.size))
    for start in range(0, len(u.value), at_once):
        part = slice(start, start + at_once)
        shape = (len(u.value[part]), *A.value.shape)
        step = _spread(Delta[part], 2, shape)
        kept, written = (step * _spread(A, 0, shape)).exp(program.scaled), step * _spread(b[part], 1, shape)
        written = written * _spread(u[part], 2, shape)
        outputs.append(H.behind(kept, written).dot(_spread(c[part], 1, shape)))
    return _joined(outputs, np.concatenate)


class _State:
    """H of the recurrence, with what a program may be off it: step by step, or in any order (see above)."""

    def __init__(self, shape: tuple[int, ...], program: Program) -> None:
        self._program, self._steps = program, 0
        self._once, self._lost = growth(2, program.format), float(program.format.underflow)
        self._H, self._off, self._G = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def behind(self, kept: Running, written: Running) -> Running:
        """The states behind some steps more, shape (steps, channels, d_state)."""
        walk = self._in_turn if self._program.in_turn else self._in_any_order
        steps = [walk(*step) for step in zip(kept.value, kept.off, written.value, written.off, strict=True)]
        value, off = (np.stack(part) for part in zip(*steps, strict=True))
        return Running(value, off, self._program.format)

    def _in_turn(self, a: np.ndarray, a_off: np.ndarray, w: np.ndarray, w_off: np.ndarray) -> Numbers:
        """a H + w by the sum and the product of `bounds.running`, written out, as there are many steps."""
        off = np.abs(a) * self._off + (np.abs(self._H) + self._off) * a_off
        product = a * self._H
        off = self._rounded(product, off) + w_off
        self._H = product + w
        self._off = self._rounded(self._H, off)
        return self._H, self._off

    def _rounded(self, value: np.ndarray, off: np.ndarray) -> np.ndarray:
        return off + self._once * (np.abs(value) + off) + self._lost

    def _in_any_order(self, a: np.ndarray, a_off: np.ndarray, w: np.ndarray, w_off: np.ndarray) -> Numbers:
        """D_i and G_i of the derivation above, and what the roundings of i steps add to D_i."""
        format, i = self._program.format, self._steps + 1
        self._off = np.abs(a) * self._off + a_off * self._G + w_off
        self._H = a * self._H + w
        self._G, self._steps = (np.abs(a) + a_off) * self._G + np.abs(w) + w_off, i
        lost = i * (i + 6) * self._lost
        relative, lifted = growth(2 * i + 1, format), growth(i, format, library_calls=i)
        return self._H, self._off + relative * self._G + lost * (1 + relative) * (1 + lifted)


def _spread(x: Running, axis: int, shape: tuple[int, ...]) -> Running:
    """The numbers repeated along a new axis, as views."""
    value, off = (np.broadcast_to(np.expand_dims(each, axis), shape) for each in (x.value, x.off))
    return Running(value, off, x.format)


def _joined(parts: Sequence[Running], join: Callable) -> Running:
    return Running(join([part.value for part in parts]), join([part.off for part in parts]), parts[0].format)
