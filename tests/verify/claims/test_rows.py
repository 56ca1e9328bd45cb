"""Every row of the ledger: its committed verdicts, its planted alterations, its lines of Python.

The slow rows are decided in their fast form here; `verify all` decides them in full.
"""

import pytest

from verify.claims.claim import Decision, Setup
from verify.claims.decided import freeze, thaw
from verify.claims.ledger import LEDGER

ALTERED = [(claim, name) for claim in LEDGER for name in claim.altered]


def evaluated_again(decision: Decision) -> bool:
    """Whether the line of Python, where there is one, says something and says what is true."""
    if decision.again:
        assert "assert " in decision.again
        exec(decision.again, {})
    return True


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: claim.id)
def test_the_committed_verdict_comes_out(claim):
    decision = claim.decide(Setup(fast=claim.slow))
    assert claim.met(decision), [check for check in decision.checks if not check.met]
    assert all(check.claim == claim.id for check in decision.checks)
    assert evaluated_again(decision)
    kept = thaw(freeze(decision))
    assert (kept.verdict, kept.repaired_verdict) == (decision.verdict, decision.repaired_verdict)


@pytest.mark.parametrize(("claim", "altered"), ALTERED, ids=[f"{claim.id}-{name}" for claim, name in ALTERED])
def test_an_alteration_gets_its_own_verdict(claim, altered):
    decision = claim.decide(Setup(fast=claim.slow, altered=altered))
    assert decision.verdict is claim.altered[altered]
    assert decision.verdict is not claim.expected
    assert evaluated_again(decision)
