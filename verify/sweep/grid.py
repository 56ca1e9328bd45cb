"""The grid as data: cells to decide, and the runs that are enough to decide them.

A cell is (module, N, L, epsilon, d_h, a_min, dtype).  Only what a module reads tells its runs apart:

- `ssm-linear`   N, L, dtype: its weights are the same for every epsilon, which only decides;
- `ssm-gated`, `attention`   N, L, epsilon, dtype: their weights are derived from epsilon;
- `ssm-constant` N, L, d_h, a_min, dtype; and, whatever the list of a_min is, once more with nothing forgotten (a = 1)
  and every value asked for after all are written: there L is None, and the least root-mean-square error sqrt(1 - d_h/N)
  is a theorem (bounds.converse).

No step lies L - 1 steps behind another if L > N: such cells are left out.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from verify.sweep.settings import SweepSettings

D = 16
"""Coordinates of a value: the first takes the worst case, the others are random."""
DERIVED = ("ssm-gated", "attention")
"""The modules whose weights depend on epsilon."""


@dataclass(frozen=True)
class Run:
    """One execution.  L: the value asked for lies L - 1 steps back; None: all are asked for after all are written.

    d_h, a: of ssm-constant, else 0 and 1.  epsilon: what the weights are derived from, None where nothing is.
    """

    module: str
    N: int
    L: int | None
    d_h: int
    a: Fraction
    epsilon: Fraction | None
    dtype: str
    seed: int

    @property
    def steps(self) -> int:
        """T, how many steps it takes."""
        return self.N if self.L is not None else 2 * self.N

    @property
    def key(self) -> str:
        """The settings as text, the same for equal settings; what the store knows a run by."""
        a, epsilon = str(self.a), None if self.epsilon is None else str(self.epsilon)
        return json.dumps([self.module, self.N, self.L, self.d_h, a, epsilon, self.dtype, self.seed, D])


@dataclass(frozen=True)
class Cell:
    """One decision: whether the run's module copies within epsilon."""

    run: Run
    epsilon: Fraction


def cells(settings: SweepSettings) -> list[Cell]:
    """All cells, in the order of the table; cells that share a run, and runs that share weights, follow each other."""
    return [
        Cell(run, run.epsilon or epsilon)
        for dtype in settings.dtypes
        for N in settings.N
        for module in settings.modules
        for run in _runs(module, N, dtype, settings)
        for epsilon in ((run.epsilon,) if run.epsilon is not None else settings.epsilon)
    ]


def distinct(cells: Iterable[Cell]) -> list[Run]:
    """The runs that decide the cells, each once, in their order."""
    return list(dict.fromkeys(cell.run for cell in cells))


def _runs(module: str, N: int, dtype: str, settings: SweepSettings) -> list[Run]:
    distances: list[int | None] = [L for L in settings.L if L <= N]
    if module == "ssm-constant":
        return [
            Run(module, N, L, d_h, a, None, dtype, settings.seed)
            for d_h in settings.d_h
            for a, L in [*product(settings.a_min, distances), (Fraction(1), None)]
        ]
    derived = settings.epsilon if module in DERIVED else (None,)
    return [Run(module, N, L, 0, Fraction(1), epsilon, dtype, settings.seed) for epsilon in derived for L in distances]
