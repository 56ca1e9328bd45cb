"""Past the paper: the memories that were built inside Eq. 1-3 (the ring, the gated form), with their leaks."""

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from bounds import sizes
from bounds.reals import Order, Reals, decide
from bounds.scales import (
    gated_write_off,
    silu_unit_gate,
    softplus_inverse,
)
from constructions.encoding import ONE, POSITION, TARGET
from constructions.mamba import MambaBlock
from constructions.memories.gated import MEMORY, gated
from constructions.sizes import size_of
from verify.claims import beyond_floats, beyond_gadgets
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.ring_runs import every_run, simple_leak
from verify.claims.settled import settled, stands
from verify.verdict import Check, Verdict

WHERE, TOPIC = "past the paper", "Past the paper"
ABOVE = Fraction(1, 2**60)  # an equality is decided by no ball


def ring(setup: Setup) -> Decision:
    """X-RING: Eq. 1 with A = -1 and Delta = softplus(lambda r), every run of a small memory, in balls."""
    part = Fraction(1, 4) if setup.altered == "a quarter of the leak" else Fraction(1)
    return stands(
        every_run("X-RING", part),
        simple_leak("X-RING"),
        again="import numpy as np; D, s = np.log1p(np.exp([2.0, -2.0])); H = D * 1; H = np.exp(-s) * H - s; "
        "H = np.exp(-s) * H - s; assert abs(H * 2 / (1 + np.exp(-2.0)) / 2**2 - 1) > 0.97149 / 4",
    )


def gated_form(setup: Setup) -> Decision:
    """X-T3-GATED: the leak (N - 1) M softplus(-S) is eps at S = `gated_write_off`, and the weights are those."""
    return stands(
        _leak(Fraction(1, 2) if setup.altered == "half of S" else Fraction(1)),
        _weights_of_gated(),
        _gated_state(),
        again="import numpy as np; S = -np.log(np.expm1(0.1)); assert np.log1p(np.exp(-S)) <= 0.1 + 1e-15 and "
        "np.log1p(np.exp(-S / 2)) > 0.2",
    )


def _leak(share: Fraction) -> Check:
    wrong = []
    for N, M, eps in product((2, 3, 64), (Fraction(1), Fraction(5)), (Fraction(1, 10), Fraction(1, 10**6))):

        def leak(reals: Reals, N: int = N, M: Fraction = M, eps: Fraction = eps) -> Any:
            S = reals.number(share) * gated_write_off(N, M, eps, reals)
            return (N - 1) * reals.number(M) * reals.log1p(reals.exp(-S))

        def off(reals: Reals, N: int = N, M: Fraction = M, eps: Fraction = eps) -> Any:
            return gated_write_off(N, M, eps, reals)

        orders = [decide(leak, lambda reals, to=eps * (1 + shift): reals.number(to)) for shift in (ABOVE, -ABOVE)]
        grows = decide(off, lambda reals, ratio=(N - 1) * M / eps: reals.log(reals.number(ratio)))
        if orders != [Order.LESS, Order.GREATER] or grows is not Order.LESS:
            wrong.append({"N": N, "M": M, "epsilon": eps, "S": "half" if share < 1 else "as given"})
    return settled(
        "X-T3-GATED",
        "leak",
        not wrong,
        "(N - 1) M softplus(-S)",
        "eps",
        "the worst case, all values M, is eps up to 2^-60 of it on either side, and S is below log((N - 1) M/eps), as "
        "e^x - 1 > x: in balls, at N = 2, 3, 64, M = 1, 5, eps = 1e-1, 1e-6",
        wrong[0] if wrong else None,
    )


def _gated_state() -> Check:
    places = list(product((1, 2, 3, 5), (1, 2, 3)))
    wanted = {at: at[0] * (at[1] + 1) + 1 for at in places}
    counted = {at: size_of(gated(*at, 1.0, 0.1), at[0]).state_entries for at in places}
    formula = {at: sizes.ssm_gated(*at).state_entries for at in places}
    return settled(
        "X-T3-GATED",
        "state",
        counted == wanted == formula,
        "N (d + 1) + 1",
        "N (d + 1) + 1",
        "state entries by the count of the built weights, N in 1, 2, 3, 5 and d in 1..3: one a channel, d_h = 1",
        {"N, d": [at for at in places if counted[at] != wanted[at]][:1]},
    )


def _weights_of_gated() -> Check:
    """Rates log(e - 1) in the slot written and -S elsewhere; a gate k in the slot asked for and 0 elsewhere."""
    N, d = 3, 2
    memory = gated(N, d, 1.0, 0.1)
    block, layout = memory.module, memory.encoding.layout
    assert isinstance(block, MambaBlock)
    S, slots = gated_write_off(N, 1.0, 0.1), block.ssm.inner.coordinates(MEMORY)
    rates, W_2 = block.ssm.W_Delta2.dense() @ block.ssm.W_Delta1.dense(), block.W_2.dense()
    wrong = []
    for j in range(N):
        z = np.zeros(block.ssm.inner.dim)
        z[block.ssm.inner.coordinates(POSITION).start + j] = z[block.ssm.inner.coordinates(ONE)] = 1
        x = np.zeros(layout.dim)
        x[layout.coordinates(TARGET).start + j] = 1
        own = np.repeat(np.arange(N) == j, d)
        gates = np.where(own, silu_unit_gate(), 0.0)
        written = np.where(own, softplus_inverse(1.0), -S)
        if not ((rates @ z)[slots] == written).all() or not ((W_2 @ x)[slots] == gates).all():
            wrong.append({"slot": j, "rates": (rates @ z)[slots].tolist(), "gates": (W_2 @ x)[slots].tolist()})
    return settled(
        "X-T3-GATED",
        "weights",
        not wrong,
        N,
        N,
        "the dense maps of the block at N = 3, d = 2, slot by slot: softplus(log(e - 1)) = 1 writes the slot of the "
        "token, softplus(-S) the others; the gate silu(k) = 1 reads the slot asked for, silu(0) = 0 the others",
        wrong[0] if wrong else None,
    )


CLAIMS = (
    *beyond_gadgets.CLAIMS,
    *beyond_floats.CLAIMS,
    Claim(
        "X-RING",
        WHERE,
        TOPIC,
        "Inside Eq. 1-3 a memory of N slots that forgets (A = -1, Delta = softplus(lambda r), a gate silu(lambda g)) "
        "gives back the last value of a slot, of modulus at most V, within `slots_leak`, which is at most 3 (T + N) V "
        "e^-lambda for lambda >= 1.28.",
        ring,
        altered={"a quarter of the leak": Verdict.REFUTED},
    ),
    Claim(
        "X-T3-GATED",
        WHERE,
        TOPIC,
        "Inside Eq. 1-3, with one state a channel, N (d + 1) + 1 state entries copy N values of d coordinates within "
        "eps, with weights O(log(N M/eps)).",
        gated_form,
        altered={"half of S": Verdict.REFUTED},
    ),
)
