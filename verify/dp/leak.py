"""X-RING: what the ring of a Theorem 5 stack leaks in real arithmetic, by its bound and as measured at a small lambda.

In the format of the stack nothing leaks (`range`).  In real numbers no gate is closed and no flag 0: `bounds.slots`
bounds what that adds to a read.  At the stack's lambda the bound is far below what any float shows, so the cell itself
is run with a small lambda in float64, where the leak stands out, and must stay below its bound.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bounds.slots import leaks_at_most, slots_leak
from constructions.layout import Layout, Space
from constructions.programs.addresses import Digits
from constructions.programs.blocks import SlotsCell, cells_block
from constructions.programs.lowering import Address, Form
from constructions.programs.program import Slots
from verify.dp.instances import memories
from verify.dp.run import Done
from verify.dp.second import dense
from verify.notation import closed
from verify.verdict import REAL_ARITHMETIC, Check, Verdict, decided

SMALL = 8  # lambda at which leaks stand out of float64's rounding
TOKENS, SLOTS, VALUES = 256, 64, 8  # of the measured run, at most
READ = "read"


@dataclass(frozen=True)
class Ring:
    """A memory of N slots that forgets, values of modulus at most V, runs of T tokens."""

    N: int
    V: int
    T: int


def ring(done: Done) -> Ring | None:
    """The largest memory of the stack that forgets."""
    rings = [memory for memory in memories(done.stack.program) if memory.forgets]
    if not rings:
        return None
    largest = max(rings, key=lambda memory: memory.count)
    return Ring(largest.count, max(_modulus(done, largest), 1), done.limits.longest)


def leak_checks(done: Done) -> list[Check]:
    """The bound at the stack's lambda, and a measured run at a small one."""
    found = ring(done)
    if found is None or done.case.theorem != 5:
        return []
    return [bound_check(done, found), measured_check(done, found)]


def bound_check(done: Done, found: Ring) -> Check:
    """In real arithmetic a read of the ring is off by less than the format's rounding of 1."""
    scale, unit = done.stack.scale, done.stack.format.unit_roundoff
    holds = leaks_at_most(scale, found.V, found.T, found.N, unit)
    value = closed(lambda reals: slots_leak(scale, found.V, found.T, found.N, reals), 3)
    numbers = f"lambda = {scale}, N = {found.N} slots, |values| <= {found.V}, T = {found.T}"
    evidence = f"bounds/slots.py in balls: the error of a read at {numbers}, against 2^-p of {done.dtype}"
    witness = None if holds else {"lambda": scale, "N": found.N, "V": found.V, "T": found.T}
    id = f"{done.case.tag}/leak"
    return Check(id, "X-RING", decided(holds), value, Fraction(unit), evidence, witness, REAL_ARITHMETIC)


def measured_check(done: Done, found: Ring) -> Check:
    """A random run of one reader at lambda = SMALL, in NumPy float64 from dense matrices, against the bound there."""
    small = Ring(min(found.N, SLOTS), min(found.V, VALUES), min(found.T, TOKENS))
    off, token = measured(small, SMALL)
    bound = float(slots_leak(SMALL, small.V, small.T, small.N))
    holds = off <= bound
    evidence = (
        f"{small.T} random tokens, {small.N} slots, |values| <= {small.V}, lambda = {SMALL}, seed 0: the largest error "
        "of a read"
    )
    witness = None if holds else {"token": token, "error": off}
    verdict = Verdict.HELD if holds else Verdict.REFUTED
    id, about = f"{done.case.tag}/leak-measured", "real arithmetic, evaluated in float64"
    return Check(id, "X-RING", verdict, off, bound, evidence, witness, about)


def measured(small: Ring, scale: int, A: float | None = None) -> tuple[float, int]:
    """The largest error of a read among random writes and reads, and its token; `A` in place of the cell's -1."""
    names = ("value", "at", "at squared", "from", "from squared", READ)
    stream = Layout(tuple(Space(name) for name in names))
    places = [Address((_form(n),), _form(f"{n} squared")) for n in ("at", "from")]
    cell = SlotsCell(READ, _form("value"), places[0], places[1], Digits(small.N, small.N, 1), True, (-small.V, small.V))
    block = dense(cells_block(stream, [cell], float(scale)))
    block.A = block.A if A is None else np.where(block.A < 0, A, block.A)
    rng = np.random.default_rng(0)
    kept, worst, token = np.zeros(small.N), 0.0, 0
    for t in range(small.T):
        value, at, source = rng.integers(-small.V, small.V + 1), rng.integers(small.N), rng.integers(small.N)
        kept[at] = value
        x = np.array([value, at, at**2, source, source**2, 0], np.float64)
        off = abs(block(x)[-1] - kept[source])
        if not off <= worst:
            worst, token = float(off), t + 1
    return worst, token


def _modulus(done: Done, memory: Slots) -> int:
    """The largest modulus of what a memory's readers may find."""
    recalls = [s for s in done.stack.program.statements if getattr(s, "memory", None) is memory]
    return max(max(map(abs, done.stack.within[s.name])) for s in recalls)


def _form(name: str) -> Form:
    return Form({name: Fraction(1)})
