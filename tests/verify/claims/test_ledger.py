"""The ledger as a whole: every claim is there, in order, with what makes its verdict worth something."""

import pytest

from verify.all.topics import ABOUT
from verify.claims.ledger import LEDGER, TOPICS, claim_of
from verify.claims.reading import ARGUMENTS, KINDS, REMARKS, Kind
from verify.claims.short import SHORT
from verify.verdict import Verdict

LINES = (
    "EQ1-EQ6 EQ3-MLP EQ3-REM2 A-RANGE A1-SCALE",
    "T1-7to10 T1-11 T1-12 T1-14 T1-15 T1-16 T1-17 T1-18 T1-19 T1-20 T1-24 T1-25 T1-EDGE T1 T1-REQ T1-MONO",
    "T2-27 T2-28 T2-31 T2-33 T2-34 T2-35 T2-RHO T2 T2-LOG",
    "T3-STATE T3 T3-SIZE T3-COST R1-GATE R1-NORM",
    "L1-TAYLOR L1-R2 L1 L1-SSM L2-38to41 L3 L4 L5-GT L5-LT L5-NE RES-CAT",
    "A3-LIS-CHAIN A3-LIS-2D A3-ED A3-ARITH",
    "T4-B1 T4-B2 T4-B3 T4-B4 T4 T5-PROOF T5",
    "A4-ED A5-ARITH A5-ED-MAX A5-ED-COPY A5-LIS A8-EX",
    "X-SSM-EXACT X-ATT-EXACT X-CONVERSE X-STATE X-AVERAGE X-ATT-SIZE X-BITS X-GADGET X-FLOAT X-RING X-T3-GATED",
)
IDS = [id for line in LINES for id in line.split()]


def test_every_claim_is_there_once_in_the_paper_s_order():
    assert [claim.id for claim in LEDGER] == IDS


def test_every_claim_is_said_in_short_and_every_topic_has_a_page():
    assert list(SHORT) == IDS
    assert set(TOPICS) == set(ABOUT)


def test_what_is_refuted_has_a_kind_and_nothing_else_has_one():
    assert list(KINDS) == [claim.id for claim in LEDGER if claim.expected is Verdict.REFUTED]
    assert set(KINDS.values()) == set(Kind)


def test_what_is_only_sampled_says_why():
    """X-FLOAT speaks of float programs run on points, and says so in its statement."""
    held = {claim.id for claim in LEDGER if Verdict.HELD in (claim.expected, claim.expected_repair)}
    assert held - {"X-FLOAT"} <= set(REMARKS) <= set(IDS)


def test_remarks_and_arguments_are_of_rows():
    assert set(REMARKS) | set(ARGUMENTS) <= set(IDS)


def test_topics_come_one_after_the_other():
    """A topic is one run of the ledger, so that its page is in the paper's order too."""
    runs = [claim.topic for k, claim in enumerate(LEDGER) if k == 0 or LEDGER[k - 1].topic != claim.topic]
    assert runs == list(TOPICS)


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: claim.id)
def test_some_alteration_changes_the_verdict(claim):
    assert any(verdict is not claim.expected for verdict in claim.altered.values())


@pytest.mark.parametrize("claim", LEDGER, ids=lambda claim: claim.id)
def test_what_is_refuted_has_a_repair(claim):
    assert claim.expected is not Verdict.REFUTED or claim.expected_repair is not None
    assert claim.expected is not Verdict.UNDECIDED


def test_a_claim_is_found_by_its_id():
    assert claim_of(LEDGER[0].id) is LEDGER[0]
    with pytest.raises(KeyError):
        claim_of("T9")
