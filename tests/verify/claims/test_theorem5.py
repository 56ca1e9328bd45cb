"""Theorem 5 in the ledger: committed verdicts and planted alterations."""

import pytest

from verify.claims.theorem5 import CLAIMS, _leak, _measured
from verify.verdict import Verdict

ALTERED = [(claim, name) for claim in CLAIMS for name in claim.altered]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_committed_verdict_comes_out(claim, as_committed):
    as_committed(claim)


@pytest.mark.parametrize(("claim", "altered"), ALTERED, ids=[f"{claim.id}-{name}" for claim, name in ALTERED])
def test_an_alteration_gets_its_own_verdict(claim, altered, as_altered):
    as_altered(claim, altered)


@pytest.mark.parametrize(("A", "verdict"), [(-1.0, Verdict.HELD), (-0.25, Verdict.REFUTED), (0.0, Verdict.REFUTED)])
def test_a_block_that_forgets_less_leaks_more(A, verdict):
    """A quarter of the rate keeps e^(-lambda / 4) of the old value, far more than the bound at e^-lambda."""
    assert _measured(A).verdict is verdict


def test_the_scale_grows_with_the_logarithm_of_the_run():
    scales = [_leak(10**k).value for k in (2, 4, 8)]
    assert scales == sorted(scales)
    assert scales[-1] <= 4 * scales[0]
