"""What no recurrent memory can do: lower bounds on the state that a COPY needs, with their proofs.

A memory reads N values, then has to give back any of them on request. Three bounds, from three sizes of the state:
entries against the worst case (`worst_case_floor`, `state_floor`), entries against the mean square
(`mean_square_floor`), and bits against strings (`success_ceiling`, `longest_copy`).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from bounds.integers import largest_integer
from bounds.reals import FLOATS, Number, Order, Reals, decide


def worst_case_floor(N: int, d_h: int, M: Number, Delta: Number | Sequence[Number]) -> Number:
    """No SSM module with d_h < N copies all of N values with a worst-case error below this.

    Setting: Eq. 6, or Eq. 1 with any decay per state and channel, from H_0 = 0. The keys b_j, the step sizes Delta_j
    and the decays do not depend on the values x_j in [-M, M]; each p in 1..N may be asked for once all are written.

    Proof. Fix one coordinate. Its state is a linear map of its N values into R^(d_h). Keep only the d_h + 1 positions
    with the largest Delta_j and put zeros elsewhere: the map on those has a kernel vector u, scaled to max |u_j| = 1,
    say |u_p| = 1. The inputs x = M u and x = -M u give the same state H, so every answer made from H is the same for
    both, whatever the query and the readout, linear or not. The values to be copied, Delta_p x_p, differ by
    2 M Delta_p, so one of the two answers is off by M Delta_p at least, and Delta_p is at least the (d_h + 1)-th
    largest. QED

    The floor is reached: store the d_h positions with the largest Delta in one entry each, and answer 0 for the others.
    With one Delta for all positions the floor is M Delta: a memory with one entry too few may as well answer 0. With
    d_h >= N there is none: Theorem 3 copies exactly, so its d_h = N is optimal.

    What may depend on the values: the queries c_i, and any readout, as long as they see them through the state. At a
    step that brings a value itself, such as step N, a general readout might see that value; the readout H^T c of Eq. 6
    still falls under the proof, since H is 0 for both inputs (it is linear in x, and equal for x and -x).
    What is left open: keys, step sizes or decays that depend on the values (a real number can then code many values:
    only a bound in bits holds, see `longest_copy`), and requests that come before all N values are written.

    Args:
        Delta: one step size for all positions, or the N step sizes of the coordinate; at least 0.

    Returns:
        M times the (d_h + 1)-th largest Delta_j if d_h < N, else 0.

    Raises:
        ValueError: N < 1, d_h < 0, M < 0, a negative step size, or not N of them.
    """
    _check_sizes(N, d_h)
    steps = list(Delta) if isinstance(Delta, Sequence) else [Delta] * N
    if len(steps) != N:
        raise ValueError(f"{len(steps)} step sizes were given for N = {N} positions; give one, or one for each")
    if not (M >= 0 and all(step >= 0 for step in steps)):
        raise ValueError(f"M = {M} and Delta = {Delta} were given; none of them may be negative")
    return M * sorted(steps, reverse=True)[d_h] if d_h < N else 0


def kernel_witness(state_map: Sequence[Sequence[int | Fraction]]) -> list[Fraction] | None:
    """An exact u != 0 with state_map u = 0 and max |u_j| = 1, or None if only 0 is mapped to 0.

    `state_map` (d_h rows, N columns) takes the N values of one coordinate to its state: column j is the state after
    x = e_j. With d_h < N there always is a witness; x = +-M u are then two inputs that the module cannot tell apart.

    The columns without a pivot in the reduced row echelon form are free; setting the first of them to 1 and the others
    to 0 gives the pivot columns' values as minus that column.

    Raises:
        ValueError: no rows, no columns, or rows of unequal length.
    """
    lengths = {len(row) for row in state_map}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"the rows have lengths {sorted(lengths)}; give one row or more, all of one length above 0")
    reduced, rank = fmpq_mat([[_fmpq(Fraction(entry)) for entry in row] for row in state_map]).rref()
    N = lengths.pop()
    if rank == N:
        return None
    pivots = [next(j for j in range(N) if reduced[r, j] != 0) for r in range(rank)]
    free = next(j for j in range(N) if j not in pivots)
    u = [Fraction(0)] * N
    u[free] = Fraction(1)
    for r, pivot in enumerate(pivots):
        u[pivot] = -_fraction(reduced[r, free])
    largest = max(abs(entry) for entry in u)
    return [entry / largest for entry in u]


def state_floor(N: int, d: int) -> int:
    """The least number of state entries, all channels together, that copies N values of d coordinates below the floor.

    Setting: the layer of Eq. 1-3 where Delta, b, c and the gate do not depend on the values; everything else is free,
    also maps that mix coordinates before the state. The state is then an affine map of the N d numbers in all the
    values. With fewer than N d entries its linear part has a kernel vector u in R^(N d), max |u| = 1, and x = +-M u
    leave the same state: as in `worst_case_floor`, one of the two is answered wrongly by M (times Delta) at least.
    N d entries suffice: Theorem 3's memory in the form of Eq. 6 has N d. Its gated form inside Eq. 1-3 has
    N (d + 1) + 1, of which N d hold values; the others feed the keys and queries.

    Raises:
        ValueError: N < 1 or d < 1.
    """
    _check_sizes(N, 0)
    if d < 1:
        raise ValueError(f"d = {d} was given; a value has at least 1 coordinate")
    return N * d


def mean_square_floor(N: int, d_h: int, reals: Reals = FLOATS) -> Any:
    """The least root-mean-square error of a linear memory with d_h entries, relative to the values' own.

    Setting: the N values of a coordinate are uncorrelated, with mean 0 and one variance; memory and readout are linear
    and do not depend on them. Answering all N requests is then v -> S v with a matrix S of rank at most d_h.

    Proof. E|S v - v|^2 / E|v|^2 = ||S - I||_F^2 / N. By Eckart, Young and Mirsky the nearest matrix of rank d_h to I,
    whose singular values are all 1, is at squared distance N - d_h. QED. Reached exactly by every orthogonal
    projection of rank d_h: keys and queries the N rows of a matrix with d_h orthonormal columns.

    For Gaussian values no readout does better, linear or not: the conditional mean given a linear state is linear. For
    other values a readout that is not linear may (bits read a real number differently).

    Returns:
        sqrt(1 - d_h / N), or 0 if d_h >= N.

    Raises:
        ValueError: N < 1 or d_h < 0.
    """
    _check_sizes(N, d_h)
    return reals.sqrt(reals.number(Fraction(N - d_h, N))) if d_h < N else reals.number(0)


def success_ceiling(bits: int, length: int, alphabet: int) -> Fraction:
    """The best possible chance of copying a uniform random string with a state of so many bits: min(1, 2^bits / D^L).

    Proof. After the string only the state is left, so a deterministic reader can produce at most 2^bits different
    answers, and each answer is right for one of the D^L strings. A reader that draws lots is a mixture of
    deterministic ones. QED Reached by coding 2^bits of the strings one to one.

    Published as: Jelassi, Brandfonbrener, Kakade, Malach 2024 (arXiv 2402.01032), Theorem 2.7, as quoted: the error
    exceeds 1 - |S| / D^L.

    Args:
        bits: size of the state in bits.
        length: L, the number of tokens.
        alphabet: D, the number of different tokens.

    Raises:
        ValueError: bits < 0, length < 0 or alphabet < 2.
    """
    if length < 0:
        raise ValueError(f"length = {length} was given; it must not be negative")
    _check_bits(bits, alphabet)
    strings = alphabet**length
    return min(Fraction(1), Fraction(1 << bits, strings))


def longest_copy(bits: int, alphabet: int) -> int:
    """The largest L at which a state of so many bits can copy uniform random strings with error at most 1/2.

    By `success_ceiling` that needs 2^bits / D^L >= 1/2, so L is the largest integer with D^L <= 2^(bits + 1).

    Published as: the same source, Corollary 2.8, as quoted: error at most 1/2 needs a state of L log2(D) - 1 bits. The
    counting proof gives the same, so nothing is taken on trust.

    L = floor((bits + 1) / log2 D). For D a power of two that is a quotient of integers; for any other D, D^L is never
    a power of two (L >= 1), so the two sides always differ and balls separate them.

    Raises:
        ValueError: bits < 0 or alphabet < 2.
    """
    _check_bits(bits, alphabet)
    if alphabet & (alphabet - 1) == 0:
        return (bits + 1) // (alphabet.bit_length() - 1)

    def fits(L: int) -> bool:
        order = decide(lambda r: L * r.log(r.number(alphabet)), lambda r: (bits + 1) * r.log(r.number(2)))
        if order is Order.UNDECIDED:
            raise ArithmeticError(f"{alphabet}^{L} and 2^{bits + 1} are too close to be told apart")
        return order is Order.LESS

    return largest_integer(fits, 0, bits + 1) or 0


def _fmpq(x: Fraction) -> fmpq:
    return fmpq(x.numerator, x.denominator)


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))


def _check_sizes(N: int, d_h: int) -> None:
    if N < 1 or d_h < 0:
        raise ValueError(f"N = {N} and d_h = {d_h} were given; N must be at least 1 and d_h at least 0")


def _check_bits(bits: int, alphabet: int) -> None:
    if bits < 0 or alphabet < 2:
        raise ValueError(f"bits = {bits} and alphabet = {alphabet} were given; allowed are bits >= 0, alphabet >= 2")
