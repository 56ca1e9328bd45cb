"""What every row of the ledger is tested for: its committed verdicts, its planted alterations, its lines of Python.

The slow rows are decided in their fast form here; `verify all` decides them in full.
"""

from collections.abc import Callable

import pytest

from verify.claims.claim import Claim, Decision, Setup
from verify.claims.decided import freeze, thaw


@pytest.fixture
def as_committed() -> Callable[[Claim], Decision]:
    """Decides a claim: the verdicts are the committed ones, its line is true, and it survives being written down."""

    def decide(claim: Claim) -> Decision:
        decision = claim.decide(Setup(fast=claim.slow))
        assert claim.met(decision), [check for check in decision.checks if not check.met]
        assert all(check.claim == claim.id for check in decision.checks)
        if decision.again:
            exec(decision.again, {})
        return thaw(freeze(decision))

    return decide


@pytest.fixture
def as_altered() -> Callable[[Claim, str], Decision]:
    """Decides an altered claim: it gets the verdict named for it, which is another one, and its line is true."""

    def decide(claim: Claim, altered: str) -> Decision:
        decision = claim.decide(Setup(fast=claim.slow, altered=altered))
        assert decision.verdict is claim.altered[altered]
        assert decision.verdict is not claim.expected
        if decision.again:
            exec(decision.again, {})
        return decision

    return decide
