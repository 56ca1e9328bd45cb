"""Closed-form sizes of the modules that copy: parameters, state and operations per step as functions of N, d, d_h, d_k.

Every input is x~ = [x, code of i, code of pos(i), 1] of width D = d + 2 K + 1, K the width of a position's code: N for
one-hots, d_h or d_k otherwise. Counting:

- dense parameters: all entries of all matrices; the vectors D, and in the full layer b_1 and b_2, over the module's
  channels' stream; A as a full (state, channel) matrix. Nonzero: of these, the ones that are not 0; A = O has none.
- operations of one step: 2 for each nonzero of a matrix (a product and a sum); 1 a channel for Delta (.) z, and 1 more
  for the gate; 1 for each nonzero of b_1, b_2; for each state entry 2 to write, 2 to read, 1 to forget if A is not O.
"""

from dataclasses import dataclass, fields

from bounds.formats import FloatFormat


@dataclass(frozen=True)
class Size:
    """Sizes of one module, in entries; papers mix these, so all stand side by side.

    Args:
        parameters_dense: entries of all matrices and vectors written out in full.
        parameters_nonzero: of these, the ones that are not 0.
        parameters_index_encoded: numbers needed if each nonzero of a matrix is stored as row, column and value, and any
            other nonzero as one number: what the proof of Theorem 3 stores instead of dense matrices.
        state_entries: numbers kept from step to step.
        operations_per_step: multiplications and additions of one step.

    Raises:
        ValueError: a negative entry.
    """

    parameters_dense: int
    parameters_nonzero: int
    parameters_index_encoded: int
    state_entries: int
    operations_per_step: int

    def __post_init__(self) -> None:
        for each in fields(self):
            if getattr(self, each.name) < 0:
                raise ValueError(f"{each.name} = {getattr(self, each.name)} was given; a size is not negative")

    def state_bits(self, format: FloatFormat) -> int:
        """The state's size in bits with each entry held in `format`: what `converse.longest_copy` asks for."""
        return self.state_entries * format.bits


def ssm_linear(N: int, d: int, literal_Delta: bool = False) -> Size:
    """Theorem 3's module in the form of Eq. 6: one-hot keys, A = O, a state of N d entries.

    W_b and W_c (N x D) hold N ones each; W_Delta1 (1 x D) one entry, W_Delta2 (d x 1) d, or both none
    with `literal_Delta`.
    """
    _at_least_one(N=N, d=d)
    return _eq6(N, d, rates=d, forgets=False, zero_rates=literal_Delta)


def ssm_constant(d: int, d_h: int, forgets: bool) -> Size:
    """The module of Eq. 6 with codes of width d_h and one Delta for all channels; `forgets` if its A is not O."""
    _at_least_one(d=d, d_h=d_h)
    return _eq6(d_h, d, rates=1, forgets=forgets)


def _eq6(K: int, d: int, rates: int, forgets: bool, zero_rates: bool = False) -> Size:
    D, state = d + 2 * K + 1, K * d
    nonzeros, forgetting = 2 * K + (0 if zero_rates else 1 + rates), state if forgets else 0
    return Size(
        parameters_dense=2 * K * D + (D + rates) + D + state,
        parameters_nonzero=nonzeros + forgetting,
        parameters_index_encoded=3 * nonzeros + forgetting,
        state_entries=state,
        operations_per_step=2 * nonzeros + d + 4 * state + forgetting,
    )


def ssm_linear_layer(N: int, d: int) -> Size:
    """The same module literally inside Eq. 1-3 with Remark 1's gate: every one of the D channels has its N state
    entries.

    So the state has N (d + 2N + 1) entries, not O(N d). W_1 = W_3 = I and b_2 = k 1 add 3 D nonzeros.
    """
    _at_least_one(N=N, d=d)
    D = d + 2 * N + 1
    nonzeros = 2 * D + 2 * N + 1 + D
    return Size(
        parameters_dense=3 * D * D + 2 * N * D + 2 * D + 3 * D + N * D,
        parameters_nonzero=nonzeros + D,
        parameters_index_encoded=3 * nonzeros + D,
        state_entries=N * D,
        operations_per_step=2 * nonzeros + D + 2 * D + 4 * N * D,
    )


def ssm_gated(N: int, d: int) -> Size:
    """Theorem 3's memory inside Eq. 1-3 with d_h = 1: a channel a (slot, coordinate), N + 1 more for position and one.

    With I = N d + N + 1 channels: W_1, W_2, W_3 (I x D, I x D, D x I) hold I, N d, N d nonzeros; W_b and W_c (1 x I)
    one each; W_Delta1 (2N x I) 3 N; W_Delta2 (I x 2N) N d for the slot that is written, N d for the closed ones, which
    at N = 1 are none and whose rates are 0.
    """
    _at_least_one(N=N, d=d)
    D, I = d + 2 * N + 1, N * d + N + 1
    closed = N * d if N > 1 else 0
    nonzeros = I + 2 * N * d + 2 + 3 * N + N * d + closed
    return Size(
        parameters_dense=3 * I * D + 2 * I + 4 * N * I + 3 * I + I,
        parameters_nonzero=nonzeros,
        parameters_index_encoded=3 * nonzeros,
        state_entries=I,
        operations_per_step=2 * nonzeros + 2 * I + 4 * I,
    )


def attention(context: int, d: int, d_k: int) -> Size:
    """One softmax head over `context` positions: W_q, W_k (d_k x D), W_v (d x D); the state is the keys and the values.

    A step costs, for each position, 2 d_k for the score, 2 for the exponential and its part of the sum, 2 d for the
    values; d divisions at the end. With one position nothing has to be matched, and W_q is O.
    """
    _at_least_one(context=context, d=d, d_k=d_k)
    D, matched = d + 2 * d_k + 1, 2 * d_k if context > 1 else d_k
    nonzeros = matched + d
    return Size(
        parameters_dense=(2 * d_k + d) * D,
        parameters_nonzero=nonzeros,
        parameters_index_encoded=3 * nonzeros,
        state_entries=context * (d_k + d),
        operations_per_step=2 * nonzeros + context * (2 * d_k + 2 + 2 * d) + d,
    )


def _at_least_one(**sizes: int) -> None:
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} = {value} was given; it must be at least 1")
