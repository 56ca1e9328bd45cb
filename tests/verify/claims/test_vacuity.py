"""The vacuity meter: each cell against an instance, against the condition in its docstring, and against faults."""

from dataclasses import replace
from fractions import Fraction

import pytest

from bounds.reals import FRACTIONS
from verify.claims.theorem1 import _at_every_length, _meets, _speaks
from verify.claims.vacuity import Cell, meter, share_that_speaks
from verify.verdict import Verdict

CELLS = meter()


def test_it_speaks_exactly_below_the_largest_delta():
    assert {cell.speaks for cell in CELLS} == {True, False}
    assert all(cell.speaks is (cell.delta < cell.largest_delta) is _meets(cell) for cell in CELLS)


def test_the_largest_delta_is_the_formula_s():
    for cell in CELLS:
        weight = (1 / (1 - cell.a)) + cell.a ** (cell.L - 1) * cell.a / (1 - cell.a)
        assert cell.largest_delta == min(1, cell.epsilon / weight)
        assert cell.largest_delta <= cell.epsilon * (1 - cell.a)


def test_an_instance_where_it_speaks_meets_every_hypothesis():
    cell = next(cell for cell in CELLS if cell.speaks)
    x = cell.instance()
    assert x.meets_assumption_1()
    assert x.scores[x.pos - 1] >= cell.theorem.threshold(FRACTIONS)
    assert x.worst_error(Fraction(1)) <= cell.epsilon


def test_a_step_that_matches_nothing_is_found():
    cell = next(cell for cell in CELLS if cell.speaks)
    assert _at_every_length([cell]).verdict is Verdict.PROVED

    class Unmatched(Cell):
        def steps(self, N):
            return (replace(x, scores=(Fraction(0),) * len(x.scores)) for x in super().steps(N))

    planted = Unmatched(cell.L, cell.a, cell.epsilon, cell.delta, cell.largest_delta, True)
    assert _at_every_length([planted]).verdict is Verdict.REFUTED


def test_the_share():
    speaks, cells = share_that_speaks(CELLS)
    assert (speaks, cells) == (sum(cell.speaks for cell in CELLS), len(CELLS))


@pytest.mark.parametrize("k", [0, len(CELLS) - 1])
def test_a_cell_that_says_the_opposite_is_found(k):
    planted = (*CELLS[:k], replace(CELLS[k], speaks=not CELLS[k].speaks), *CELLS[k + 1 :])
    assert _speaks(CELLS, capped=True).verdict is Verdict.PROVED
    assert _speaks(planted, capped=True).verdict is Verdict.REFUTED
