"""A decision keeps its meaning as a row, as text, and when deciding it fails."""

from dataclasses import replace
from fractions import Fraction

import pytest

from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.decided import Decided, decide, freeze, thaw, verdicts
from verify.verdict import Check, Verdict

FALSE = Check(
    "claims/T/printed",
    "T",
    Verdict.REFUTED,
    Fraction(1, 3),
    Fraction(1, 4),
    "tried",
    {"a": [Fraction(1, 3), 2], "n": Fraction(7), "long": Fraction(1, 10**30)},
    expected=REFUTES,
)
TRUE = Check("claims/T/repaired", "T", Verdict.PROVED, 1, 2, "by symbols")
DECISION = Decision((FALSE,), Repair("it is less", (TRUE,)), "Nothing.", "assert 1 / 3 > 1 / 4")
CLAIM = Claim("T", "A.1", "Theorem 1", "it is", lambda _: DECISION, Verdict.REFUTED, Verdict.PROVED)


def broken(_: Setup) -> Decision:
    raise ZeroDivisionError("division\nby zero")


def test_a_frozen_decision_comes_back_with_exact_witnesses():
    back = thaw(freeze(DECISION))
    assert (back.verdict, back.repaired_verdict, back.later, back.again) == (
        Verdict.REFUTED,
        Verdict.PROVED,
        "Nothing.",
        "assert 1 / 3 > 1 / 4",
    )
    assert back.printed[0].witness == {"a": ["1/3", 2], "n": 7, "long": 1e-30}
    assert back.printed[0].expected == REFUTES
    assert freeze(back) == freeze(DECISION)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"printed": [], "repaired": null, "later": "", "again": ""}'])
def test_another_text_is_no_decision(text):
    with pytest.raises((ValueError, KeyError, TypeError)):
        thaw(text)


def test_the_row_has_the_contract_s_fields():
    row = Decided(CLAIM, DECISION).row()
    assert list(row)[:7] == ["id", "where", "statement", "printed", "repaired", "evidence", "witness"]
    assert (row["printed"], row["repaired"], row["witness"]) == (Verdict.REFUTED, Verdict.PROVED, FALSE.witness)
    assert row["evidence"] == "claims/T/printed: tried; claims/T/repaired: by symbols"


@pytest.mark.parametrize(
    ("expected", "repaired", "agrees"),
    [
        (Verdict.REFUTED, Verdict.PROVED, True),
        (Verdict.PROVED, Verdict.PROVED, False),
        (Verdict.REFUTED, Verdict.HELD, False),
        (Verdict.REFUTED, None, False),
    ],
)
def test_any_other_verdict_than_the_committed_one_is_told(expected, repaired, agrees):
    row = Decided(replace(CLAIM, expected=expected, expected_repair=repaired), DECISION)
    check = row.agreement()
    assert (row.met, check.met) == (agrees, agrees)
    if not agrees:
        assert check.witness == {"committed": verdicts(expected, repaired), "now": "REFUTED, repaired PROVED"}


def test_a_single_check_that_comes_to_something_else_is_told():
    planted = Decision((FALSE, replace(TRUE, expected=REFUTES)), DECISION.repaired, "Nothing.", "assert 1 / 3 > 1 / 4")
    row = Decided(CLAIM, planted)
    assert CLAIM.met(planted)
    assert not row.met
    assert row.agreement().value == "REFUTED, repaired PROVED (claims/T/repaired PROVED)"


def test_an_error_in_deciding_is_no_verdict():
    row = decide(replace(CLAIM, decide=broken), Setup())
    assert row.decision.verdict is Verdict.UNDECIDED
    assert row.decision.printed[0].evidence == "deciding it ended in ZeroDivisionError: division\\nby zero"
    assert not row.met
