"""Sizes of a stack against T, counted on its weights: Theorem 4's O(T) a step, Theorem 5's O(m)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from bounds.formats import format_of
from bounds.sizes import Size, attention
from constructions.gadgets.gadget import largest_entry
from constructions.problems.task import Limits, Task
from constructions.programs.program import Program, Recall, Register, Total
from constructions.programs.stack import compiled
from constructions.sizes import carried_size, stack_size
from verify.dp.dtypes import size_limits
from verify.dp.instances import memories, window
from verify.dp.run import Done
from verify.verdict import REAL_ARITHMETIC, Check, decided

SIZES = (4, 8, 16, 32, 64)  # of instances, for Theorem 4
LARGEST_T = 10_000  # beyond which no larger instance is looked at
STRETCHES = (1, 4, 16, 64, 256)  # of T, for Theorem 5
FORMAT = "float64"  # holds every size tried here; the counts do not depend on it while addresses have as many digits


@dataclass(frozen=True)
class Point:
    """Sizes at one T.  slots: of all readers together; m: of the largest memory that forgets; written, carried: the
    layers as written, and what outputs need of them; norm: the largest modulus of a parameter; attended,
    attended_total: operations of the last token, and of all T, with attention heads and a cache of keys and values
    instead of the memories.
    """

    T: int
    m: int
    readers: int
    slots: int
    registers: int
    written: Size
    carried: Size
    norm: float
    attended: int
    attended_total: int

    @property
    def operations(self) -> int:
        """Of one token."""
        return self.carried.operations_per_step

    @property
    def total(self) -> int:
        """Operations of all T tokens: every token costs the same in a stack that is compiled for T."""
        return self.T * self.operations


def points(done: Done) -> list[Point]:
    """Sizes at growing T: of ever larger instances, or (Theorem 5) of ever longer runs with the same lengths."""
    task = done.task
    if done.case.theorem == 4:
        sizes = [size_limits(task, n) for n in SIZES]
        return [point(task, at) for k, at in enumerate(sizes) if k < 2 or at.longest <= LARGEST_T]
    at = done.limits
    return [point(task, replace(at, longest=at.longest * k)) for k in STRETCHES]


def point(task: Task, limits: Limits) -> Point:
    """The sizes of the stack for these limits."""
    program = task.program(limits)
    blocks = [named.block for named in compiled(program, format_of(FORMAT)).blocks]
    slots = [memory.count for memory in memories(program)]
    return Point(
        T=limits.longest,
        m=window(program),
        readers=len(slots),
        slots=sum(slots),
        registers=sum(isinstance(s, Register | Total) for s in program.statements),
        written=stack_size(blocks),
        carried=carried_size(blocks),
        norm=max(map(largest_entry, blocks)),
        attended=attended(program, limits.longest),
        attended_total=limits.longest * (attended(program, 1, limits.longest) + attended(program, limits.longest)) // 2,
    )


def attended(program: Program, t: int, T: int | None = None) -> int:
    """Operations of token t of T (by default the last one): one head a reader, with keys of ceil(log2 T) bits
    (`constructions.memories.heads`).  They are linear in t.
    """
    heads = sum(isinstance(statement, Recall) for statement in program.statements)
    return heads * attention(t, 1, max(((T or t) - 1).bit_length(), 1)).operations_per_step


def exponent(points: Sequence[Point], count: Callable[[Point], int]) -> float:
    """The exponent with which a count grows from the last T but one to the last, where what is fixed weighs least."""
    before, after = points[-2:]
    return log(count(after) / count(before)) / log(after.T / before.T)


def exponents(points: Sequence[Point]) -> dict[str, float]:
    """Those of the operations of one token, and of a whole run: the fields of a row."""
    return {
        "exponent_per_token": exponent(points, lambda p: p.operations),
        "exponent_in_total": exponent(points, lambda p: p.total),
    }


def growth_check(done: Done, found: Sequence[Point]) -> Check:
    """Theorem 4: the carried state is exactly the readers' slots and one entry a register, no reader has more slots
    than T, and operations grow no faster than T a token, so than T^2 in total.  Theorem 5: all sizes are equal at every
    T.
    """
    if done.case.theorem == 4:
        steepest = found[0].operations / found[0].T
        wrong = [p for p in found if not (_linear(p) and p.operations <= steepest * p.T)]
        words = (
            f"state entries = slots + registers, slots <= readers * T, operations a token <= {steepest:.4g} T, at T = "
        )
    else:
        wrong = [p for p in found if apart_from_T(p) != apart_from_T(found[0])]
        words = f"every size equal, with m = {found[0].m}, at T = "
    fitted = exponents(found)
    grown = f"T^{fitted['exponent_per_token']:.2f} a token and T^{fitted['exponent_in_total']:.2f} in total"
    evidence = f"{words}{', '.join(str(p.T) for p in found)}; operations grow like {grown} between the last two"
    witness = _off(wrong[0]) if wrong else None
    return Check(
        f"{done.case.tag}/growth",
        f"T{done.case.theorem}",
        decided(not wrong),
        exponent(found, lambda p: p.carried.state_entries),
        1 if done.case.theorem == 4 else 0,
        evidence,
        witness,
        REAL_ARITHMETIC,
    )


def _linear(p: Point) -> bool:
    return p.carried.state_entries == p.slots + p.registers and p.slots <= p.readers * p.T


def apart_from_T(p: Point) -> Point:
    """The sizes of the stack alone: what Theorem 5 keeps the same at every T."""
    return replace(p, T=0, attended=0, attended_total=0)


def _off(p: Point) -> dict[str, Any]:
    sizes = {"state_entries": p.carried.state_entries, "slots": p.slots, "registers": p.registers}
    found: dict[str, Any] = {"T": p.T, **sizes, "operations": p.operations}
    if p.slots > p.readers * p.T:
        found["reason"] = f"`slots` gives each of {p.readers} readers more slots than there are tokens"
    return found
