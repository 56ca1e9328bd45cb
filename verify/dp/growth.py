"""Sizes of a stack against T, counted on its weights: Theorem 4's O(T) a step, Theorem 5's O(m)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from bounds.formats import format_of
from bounds.sizes import Size, attention
from constructions.problems.task import Limits, Task
from constructions.programs.program import Program, Recall, Register, Total
from constructions.programs.stack import compiled
from constructions.sizes import carried_size, stack_size
from verify.dp.dtypes import size_limits
from verify.dp.instances import memories, window
from verify.dp.run import Done
from verify.verdict import REAL_ARITHMETIC, Check, decided

SIZES = (4, 8, 16, 32)  # of instances, for Theorem 4
STRETCHES = (1, 4, 16, 64, 256)  # of T, for Theorem 5
FORMAT = "float64"  # holds every size tried here; the counts do not depend on it while addresses have as many digits


@dataclass(frozen=True)
class Point:
    """Sizes at one T.  slots: of all readers together; m: of the largest memory that forgets; written, carried: the
    layers as written, and what outputs need of them; attended: operations of one token with attention heads and a
    cache of keys and values instead of the memories.
    """

    T: int
    m: int
    readers: int
    slots: int
    registers: int
    written: Size
    carried: Size
    attended: int


def points(done: Done) -> list[Point]:
    """Sizes at growing T: of ever larger instances, or (Theorem 5) of ever longer runs with the same lengths."""
    task = done.task
    if done.case.theorem == 4:
        return [point(task, size_limits(task, n)) for n in SIZES]
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
        attended=_attended(program, limits.longest),
    )


def _attended(program: Program, T: int) -> int:
    """One head a reader, with keys of ceil(log2 T) bits (`constructions.memories.heads`), at the last of T tokens."""
    heads = sum(isinstance(statement, Recall) for statement in program.statements)
    return heads * attention(T, 1, max((T - 1).bit_length(), 1)).operations_per_step


def exponent(points: Sequence[Point], count: str) -> float:
    """The exponent with which a size of the needed parts grows from the first T to the last."""
    first, last = points[0], points[-1]
    before, after = (getattr(p.carried, count) for p in (first, last))
    return log(after / before) / log(last.T / first.T)


def growth_check(done: Done, found: Sequence[Point]) -> Check:
    """Theorem 4: the carried state is exactly the readers' slots and one entry a register, and no reader has more slots
    than T.  Theorem 5: all sizes are equal at every T.
    """
    if done.case.theorem == 4:
        wrong = [p for p in found if not _linear(p)]
        words = "state entries = slots + registers, and slots <= readers * T, at T = "
    else:
        wrong = [p for p in found if replace(p, T=0, attended=0) != replace(found[0], T=0, attended=0)]
        words = f"every size equal, with m = {found[0].m}, at T = "
    fitted = f"operations a token grow like T^{exponent(found, 'operations_per_step'):.2f}"
    evidence = f"{words}{', '.join(str(p.T) for p in found)}; {fitted} from the first to the last"
    witness = _off(wrong[0]) if wrong else None
    return Check(
        f"{done.case.tag}/growth",
        f"T{done.case.theorem}",
        decided(not wrong),
        exponent(found, "state_entries"),
        1 if done.case.theorem == 4 else 0,
        evidence,
        witness,
        REAL_ARITHMETIC,
    )


def _linear(p: Point) -> bool:
    return p.carried.state_entries == p.slots + p.registers and p.slots <= p.readers * p.T


def _off(p: Point) -> dict[str, int]:
    return {"T": p.T, "state_entries": p.carried.state_entries, "slots": p.slots, "registers": p.registers}
