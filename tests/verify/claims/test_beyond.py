"""Rows past the paper: committed verdicts, planted alterations, and what their checks would not let pass."""

from fractions import Fraction

import pytest

from bounds.reals import FLOATS
from verify.claims.beyond import CLAIMS
from verify.claims.beyond_built import SLOTS, _ideal, _read
from verify.claims.beyond_state import _projection
from verify.verdict import Verdict

ALTERED = [(claim, name) for claim in CLAIMS for name in claim.altered]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_committed_verdict_comes_out(claim, as_committed):
    as_committed(claim)


@pytest.mark.parametrize(("claim", "altered"), ALTERED, ids=[f"{claim.id}-{name}" for claim, name in ALTERED])
def test_an_alteration_gets_its_own_verdict(claim, altered, as_altered):
    as_altered(claim, altered)


def test_no_row_past_the_paper_is_refuted():
    assert {claim.expected for claim in CLAIMS} <= {Verdict.PROVED, Verdict.HELD}


def test_the_ring_s_runs_read_what_was_written_last():
    run = ((0, 1), (1, -1), (0, -1))
    assert [_ideal(run, slot) for slot in range(SLOTS)] == [-1, -1, 0]
    assert _read(run, 0, FLOATS) < 0 < _read(((0, 1), (1, 1), (2, -1)), 0, FLOATS)


@pytest.mark.parametrize(("N", "d_h"), [(4, 3), (5, 2)])
def test_projections_leave_the_rest(N, d_h):
    assert _projection(N, d_h) == (N, d_h, Fraction(N - d_h, N))
