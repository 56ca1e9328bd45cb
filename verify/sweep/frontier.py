"""Break points: for each module, dtype and epsilon the largest N and the largest distance that still copy, measured
and predicted, and the state that it took.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verify.notation import NOTHING, number
from verify.table import Column, Table

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Break:
    """One break point.  measured: the largest that copies, None if nothing does.  surely, possibly: the largest whose
    copy is predicted, and the largest whose copy is not excluded.  of: the row that reached `measured`.  predicts:
    whether any cell was predicted at all.
    """

    measured: int | None
    surely: int | None
    possibly: int | None
    of: Row | None
    predicts: bool

    @property
    def agrees(self) -> bool:
        """Whether the measured one lies between the predicted ones."""
        low, measured, high = (-1 if n is None else n for n in (self.surely, self.measured, self.possibly))
        return low <= measured <= high


@dataclass(frozen=True)
class Frontier:
    """The break points of one module at one d_h (of ssm-constant; None for the others), dtype and epsilon."""

    module: str
    d_h: int | None
    dtype: str
    epsilon: Any
    N: Break
    L: Break


def frontiers(rows: Sequence[Row]) -> list[Frontier]:
    """One for each group of rows that ask at a distance, in their order; for ssm-constant over all a_min."""
    groups: dict[tuple, list[Row]] = {}
    for row in at_distances(rows):
        d_h = row["d_h"] if row["module"] == "ssm-constant" else None
        groups.setdefault((row["dtype"], row["module"], d_h, row["epsilon"]), []).append(row)
    return [
        Frontier(module, d_h, dtype, epsilon, _break(group, _N), _break(group, _L))
        for (dtype, module, d_h, epsilon), group in groups.items()
    ]


def at_distances(rows: Sequence[Row]) -> list[Row]:
    """Without the rows of the average case, in which every value is asked for after all are written, with a_min = 1
    whether it was listed or not.
    """
    return [row for row in rows if row["L"] is not None]


def _N(row: Row) -> int:
    return row["N"]


def _L(row: Row) -> int:
    return row["L"]


def _break(rows: Sequence[Row], size: Callable[[Row], int]) -> Break:
    copying = [row for row in rows if row["copies"]]
    best = max(copying, key=lambda row: (size(row), row["N"], row["L"]), default=None)
    surely = max((size(row) for row in rows if row["copies_predicted"] is True), default=None)
    possibly = max((size(row) for row in rows if row["copies_predicted"] is not False), default=None)
    predicts = any(row["copies_predicted"] is not None for row in rows)
    return Break(None if best is None else size(best), surely, possibly, best, predicts)


COLUMNS = (
    Column("module", right=False),
    Column("d_h"),
    Column("epsilon"),
    Column("largest N"),
    Column("N predicted", right=False, rank=1),
    Column("its state entries"),
    Column("N reached at", right=False, rank=3),
    Column("largest L"),
    Column("L predicted", right=False, rank=2),
    Column("L reached at", right=False, rank=3),
)


def tables(found: Sequence[Frontier]) -> tuple[Table, ...]:
    """The break points for people, a table for each dtype, so that they fit in 80 characters."""
    dtypes = dict.fromkeys(f.dtype for f in found)
    return tuple(
        Table(f"The largest that still copies in {dtype}", COLUMNS, tuple(_cells(f) for f in found if f.dtype == dtype))
        for dtype in dtypes
    )


def _cells(f: Frontier) -> tuple[str, ...]:
    state = NOTHING if f.N.of is None else number(f.N.of["state_entries"])
    head = (f.module, number(f.d_h), number(f.epsilon))
    by_N = (number(f.N.measured), _range(f.N), state, _of(f.N, "L"))
    return (*head, *by_N, number(f.L.measured), _range(f.L), _of(f.L, "N"))


def _range(found: Break) -> str:
    if found.surely == found.possibly:
        return number(found.surely)
    return f"{number(found.surely)} to {number(found.possibly)}"


def _of(found: Break, other: str) -> str:
    """Where the break point was reached: the other size, and of ssm-constant the forgetting."""
    if found.of is None:
        return NOTHING
    size = number(found.of[other])
    forgets = f", a = {number(found.of['a_min'])}" if found.of["module"] == "ssm-constant" else ""
    return f"{other} = {size}{forgets}"
