"""Putting a row together: a check is good only if its comparison is true, and what is refuted says so."""

import math

import pytest

from verify.claims.claim import Repair
from verify.claims.settled import UNEXPECTED, fails, settled, stands
from verify.verdict import Verdict

TRUE = settled("X", "a", True, 1, 1, "shown")
FALSE = settled("X", "a", False, 1, 2, "shown", {"at": 1})
REPAIR = Repair("less", (TRUE,))


def test_only_a_true_comparison_is_proved():
    assert TRUE.verdict is Verdict.PROVED
    assert TRUE.witness is None
    assert settled("X", "a", math.nan < 1, math.nan, 1, "shown", {"value": "nan"}).verdict is Verdict.REFUTED
    with pytest.raises(ValueError, match="without a witness"):
        settled("X", "a", False, 1, 2, "shown")


def test_a_statement_that_stands_needs_no_line_and_one_that_falls_has_it():
    assert (stands(TRUE, again="assert 1").again, stands(TRUE, again="assert 1").later) == ("", "")
    fallen = stands(TRUE, FALSE, again="assert 1")
    assert (fallen.verdict, fallen.again, fallen.later) == (Verdict.REFUTED, "assert 1", UNEXPECTED)


def test_a_refuted_statement_keeps_its_repair():
    found = fails((FALSE,), REPAIR, "nothing", "assert 1")
    assert (found.verdict, found.repaired_verdict, found.later) == (Verdict.REFUTED, Verdict.PROVED, "nothing")
    standing = fails((TRUE,), REPAIR, "nothing", "assert 1")
    assert (standing.verdict, standing.later, standing.again) == (Verdict.PROVED, "", "")
