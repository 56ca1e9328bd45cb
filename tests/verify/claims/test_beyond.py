"""Rows past the paper: committed verdicts, planted alterations, and what their checks would not let pass."""

from fractions import Fraction

import pytest

from bounds.reals import FLOATS
from verify.claims.beyond import CLAIMS
from verify.claims.beyond_state import _projection
from verify.claims.ring_runs import SLOTS, _ideal, _read
from verify.verdict import Verdict


def test_no_row_past_the_paper_is_refuted():
    assert {claim.expected for claim in CLAIMS} <= {Verdict.PROVED, Verdict.HELD}


def test_the_ring_s_runs_read_what_was_written_last():
    run = ((0, 1), (1, -1), (0, -1))
    assert [_ideal(run, slot) for slot in range(SLOTS)] == [-1, -1, 0]
    assert _read(run, 0, FLOATS) < 0 < _read(((0, 1), (1, 1), (2, -1)), 0, FLOATS)


@pytest.mark.parametrize(("N", "d_h"), [(4, 3), (5, 2)])
def test_projections_leave_the_rest(N, d_h):
    assert _projection(N, d_h) == (N, d_h, Fraction(N - d_h, N))
