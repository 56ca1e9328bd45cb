"""The problems that ship, by name, each with the constructions that it has."""

from dataclasses import dataclass, field

from constructions.problems import edit_distance, lis, matrix_chain, subarray
from constructions.problems.arithmetic import Arithmetic
from constructions.problems.edit_distance import Costs
from constructions.problems.edit_rows import EditRows
from constructions.problems.table import Table
from constructions.problems.task import Task


@dataclass(frozen=True)
class Options:
    """What a user may choose of a problem: the costs of edit distance, the modulus of arithmetic (None: integers)."""

    costs: Costs = field(default_factory=Costs)
    modulus: int | None = 11


@dataclass(frozen=True)
class Entry:
    """A problem: its tasks by theorem, and why a theorem is missing."""

    name: str
    tasks: dict[int, Task]
    missing: dict[int, str]


_NOT_LOCAL = "it is not m-local for any m that does not grow with its chain, as Theorem 5 needs;"
NAMES = ("lis", "edit-distance", "arithmetic", "subarray", "matrix-chain")


def entry(name: str, options: Options) -> Entry:
    """The problem of that name.  Raises ValueError, naming those there are."""
    if name == "lis":
        problem = lis.two_indices()
        return Entry(
            name,
            {4: Table(problem, lis.notation(), 4)},
            {5: f"{_NOT_LOCAL} c_k is read from a distance that grows with k"},
        )
    if name == "edit-distance":
        problem = edit_distance.edit_distance(options.costs)
        return Entry(name, {4: Table(problem, edit_distance.notation(), 4), 5: EditRows(options.costs)}, {})
    if name == "arithmetic":
        reason = "it fills no table; its construction of size O(m), m <= T, is Theorem 5's"
        return Entry(name, {5: Arithmetic(options.modulus)}, {4: reason})
    if name == "subarray":
        problem = subarray.subarray()
        return Entry(name, {k: Table(problem, subarray.notation(), k) for k in (4, 5)}, {})
    if name == "matrix-chain":
        problem = matrix_chain.matrix_chain()
        reason = f"{_NOT_LOCAL} M(k, i) is read from a distance that grows with the table"
        return Entry(name, {4: Table(problem, matrix_chain.notation(), 4)}, {5: reason})
    raise ValueError(f"no problem is called {name!r}; there are {', '.join(NAMES)}")
