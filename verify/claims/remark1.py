"""Remark 1 (A.3): the gate that lets the SSM module pass, and how large the numbers of the construction get."""

from fractions import Fraction

import numpy as np
import sympy

from bounds.reals import Order, Reals, decide
from bounds.scales import silu_unit_gate
from constructions.mamba import MambaBlock
from constructions.memories.theorem3 import theorem3_layer
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.nonnegative import unknowns, unproved
from verify.claims.settled import fails, settled, stands
from verify.notation import closed
from verify.verdict import Check, Verdict

WHERE, TOPIC = "Remark 1", "Theorem 3"
APART = Fraction(1, 10**30)  # how far from k the gate is shown to be on either side of 1


def gate(setup: Setup) -> Decision:
    """R1-GATE: W_3 (SSM(W_1 x + b_1) (.) silu(W_2 x + b_2)) = SSM(x) (.) silu(k 1) = SSM(x)."""
    return stands(
        _identities(),
        _opens(Fraction(1) if setup.altered == "k = 1" else None),
        again="import numpy as np; assert abs(1 / (1 + np.exp(-1.0)) - 1) > 0.26",
    )


def _identities() -> Check:
    block = theorem3_layer(3, 2).module
    assert isinstance(block, MambaBlock)
    unit = np.eye(block.ssm.inner.dim)
    same = (block.W_1.dense() == unit).all() and (block.W_3.dense() == unit).all()
    constant = {float(entry) for bias in block.b_2.values() for entry in np.ravel(np.asarray(bias))}
    holds = same and not block.b_1 and block.W_2.nonzeros == 0 and len(constant) == 1
    return settled(
        "R1-GATE",
        "weights",
        holds and set(block.b_2) == set(block.ssm.inner.names),
        "SSM(x) (.) silu(k 1)",
        "SSM(x)",
        "the built block at N = 3, d = 2: W_1 = W_3 = I, b_1 = 0, W_2 = O, b_2 = k 1 entry by entry, so that Eq. 3 is "
        "SSM(x) times silu(k) in every channel",
        {"b_2": sorted(constant)},
    )


def _opens(k: Fraction | None) -> Check:
    """silu is continuous: below 1 just before k and above 1 just after it, so that silu(k) = 1 in between."""

    def silu_at(shift: Fraction):
        def form(reals: Reals):
            x = (silu_unit_gate(reals) if k is None else reals.number(k)) + reals.number(shift)
            return x / (1 + reals.exp(-x))

        return form

    sides = [decide(silu_at(shift), lambda reals: reals.number(1)) for shift in (-APART, APART)]
    return settled(
        "R1-GATE",
        "open",
        sides == [Order.LESS, Order.GREATER],
        closed(silu_at(Fraction(0)), 12),
        1,
        f"k = {closed(silu_unit_gate, 12) if k is None else k}: silu is below 1 at k - 1e-30 and above 1 at k + 1e-30, "
        "decided in balls, and continuous",
        {"k": k, "silu(k)": closed(silu_at(Fraction(0)), 12)},
    )


def norm(setup: Setup) -> Decision:
    """R1-NORM: a state holds v = x with |x| <= M, and M <= N M^2 says M >= 1/N, which nothing demands."""
    least = sympy.Integer(1) if setup.altered == "M >= 1" else sympy.Integer(0)
    n, m = unknowns("n m")
    # N = 1 + n and M = least + m; M and N are met: values in the state, indices among the inputs.
    open_ones = unproved((n + 1) * (least + m) ** 2 - met for met in (least + m, n + 1))
    printed = settled(
        "R1-NORM",
        "printed",
        not open_ones,
        "M, N",
        "N M^2",
        "a value of the state is some x_j, so M is reached, and indices reach N; N M^2 minus either is looked at as a "
        f"polynomial in N - 1 and {'M - 1' if least else 'M'} (sympy)",
        {"N": 1, "M": Fraction(1, 2), "x_1": Fraction(1, 2), "entry of H_1": Fraction(1, 2), "N M^2": Fraction(1, 4)},
        REFUTES,
    )
    repair = Repair(
        "With Delta = 1 every number met is at most max(M, N, 2) in modulus: values and states at most M, indices at "
        "most N, weights at most k = 1.278.. . So it is O(poly(M, N)), and states do not grow with N. An index takes "
        "O(log N) bits, and the state keeps a value bit by bit, so that p bits suffice for values of p bits; only k, "
        "which is irrational, is rounded: the block's output is then the value times 1 + O(2^-p).",
        (_largest(), _bits()),
    )
    return fails(
        (printed,),
        repair,
        "Nothing: only the polynomial bound is used.",
        "from fractions import Fraction as F; N, M = 1, F(1, 2); H = 0 * 0 + M * 1; assert H > N * M**2",
    )


def _largest() -> Check:
    """The weights do not depend on the values, and the state is linear in them with one-hot keys."""
    found = {}
    for size in (1, 2, 5):
        block = theorem3_layer(size, 2).module
        assert isinstance(block, MambaBlock)
        arrays = [m.dense() for m in block.maps()] + [np.asarray(bias) for bias in block.b_2.values()]
        found[size] = max(float(np.abs(array).max()) for array in arrays)
    return settled(
        "R1-NORM",
        "largest-parameter",
        all(largest < 2 for largest in found.values()),
        max(found.values()),
        2,
        "the largest entry of all weights of Remark 1's block at N = 1, 2, 5; the entries are the same at every N: 1, "
        "k and log(e - 1); the state's entries are values of modulus at most M by T3-STATE",
        {str(size): largest for size, largest in found.items()},
    )


def _bits() -> Check:
    """Every product of the copy is by 0 or 1 and every sum has one term that is not 0: nothing is rounded."""
    lengths = {N: N.bit_length() for N in range(1, 1025)}
    holds = all(2 ** (bits - 1) <= N < 2**bits for N, bits in lengths.items())
    return settled(
        "R1-NORM",
        "bits",
        holds,
        lengths[1024],
        "floor(log2 N) + 1",
        "an index 1..N as a whole number, all N up to 1024; a copied value is multiplied by 0 and 1 and added to 0 "
        "only, so it keeps its own bits (`verify copy` finds it bit by bit in every dtype)",
        {"N": next((N for N, bits in lengths.items() if not 2 ** (bits - 1) <= N < 2**bits), None)},
    )


CLAIMS = (
    Claim(
        "R1-GATE",
        WHERE,
        TOPIC,
        "With W_1 = W_3 = I, b_1 = 0, W_2 = O and b_2 = k 1, where silu(k) = 1, the block of Eq. 3 is its SSM module; "
        "such a k exists.",
        gate,
        altered={"k = 1": Verdict.REFUTED},
    ),
    Claim(
        "R1-NORM",
        WHERE,
        TOPIC,
        "For x_i in [-M, M]^d and indices in [1, N], no value met exceeds N M^2, which is O(poly(M, N)), so that "
        "O(log N) bits suffice.",
        norm,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"M >= 1": Verdict.PROVED},
    ),
)
