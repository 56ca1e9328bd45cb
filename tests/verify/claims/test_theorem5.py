"""Theorem 5 in the ledger: committed verdicts and planted alterations."""

import pytest

from verify.claims.theorem5 import _leak, _measured
from verify.verdict import Verdict


@pytest.mark.parametrize(("A", "verdict"), [(-1.0, Verdict.HELD), (-0.25, Verdict.REFUTED), (0.0, Verdict.REFUTED)])
def test_a_block_that_forgets_less_leaks_more(A, verdict):
    """A quarter of the rate keeps e^(-lambda / 4) of the old value, far more than the bound at e^-lambda."""
    assert _measured(A).verdict is verdict


def test_the_scale_grows_with_the_logarithm_of_the_run():
    scales = [_leak(10**k).value for k in (2, 4, 8)]
    assert scales == sorted(scales)
    assert scales[-1] <= 4 * scales[0]
