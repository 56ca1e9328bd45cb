"""Claims decided in processes: the same verdicts, and no process left behind whatever ends the loop."""

import multiprocessing
from contextlib import closing

from verify.claims.claim import Setup
from verify.claims.decided import decide, freeze, thaw
from verify.claims.ledger import claim_of
from verify.claims.pool import decide_all
from verify.verdict import Verdict

CLAIMS = [claim_of(id) for id in ("R1-GATE", "L1-SSM")]
SLOWER = [claim_of(id) for id in ("T1-24", "X-GADGET", "T1-11", "T1-7to10")]
FAST = Setup(fast=True)


def test_a_process_decides_what_this_one_does():
    found = {row.claim.id: row.decision for row in decide_all(CLAIMS, FAST)}
    here = {claim.id: thaw(freeze(decide(claim, FAST).decision)) for claim in CLAIMS}
    assert found == here
    assert list(decide_all([], FAST)) == []
    assert multiprocessing.active_children() == []


def test_a_loop_that_ends_early_ends_the_processes():
    with closing(decide_all(CLAIMS, FAST)) as decided:
        assert next(decided).met
        assert multiprocessing.active_children()
    assert multiprocessing.active_children() == []


def test_what_a_dead_process_leaves_is_undecided():
    rows = []
    for row in decide_all([*CLAIMS, *SLOWER], FAST):
        rows.append(row)
        for child in multiprocessing.active_children():
            child.kill()
    lost = [row.decision.printed[0].evidence for row in rows if row.decision.verdict is Verdict.UNDECIDED]
    assert len(rows) == len(CLAIMS) + len(SLOWER)
    assert lost
    assert all(evidence.startswith("deciding it ended in BrokenProcessPool") for evidence in lost)
