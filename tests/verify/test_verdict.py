"""Verdicts, exit codes and the JSON document."""

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.verdict import Check, Result, Verdict, decided, plain, weakest

DOCUMENT_KEYS = ["schema", "command", "settings", "environment", "checks", "rows", "verdict", "report"]
CHECK_KEYS = ["id", "claim", "verdict", "value", "bound", "evidence", "witness", "speaks_of"]


def check(verdict: Verdict, expected: frozenset[Verdict] | None = None, **fields: Any) -> Check:
    witness = {"x": Fraction(1, 3)} if verdict is Verdict.REFUTED else None
    usual: dict[str, Any] = {
        "id": "t/one",
        "claim": "T1",
        "value": 1,
        "bound": 2,
        "evidence": "tried",
        "witness": witness,
    }
    if expected is not None:
        usual["expected"] = expected
    return Check(verdict=verdict, **(usual | fields))


def result(*checks: Check, interrupted: bool = False, **fields: Any) -> Result:
    parts = {"command": "bounds", "settings": {}, "environment": {}, "rows": [], "sentence": "s"} | fields
    return Result(checks=checks, interrupted=interrupted, **parts)


def test_document_has_the_keys_of_the_contract_and_no_others():
    document = json.loads(result(check(Verdict.PROVED), rows=[{"L": 8}]).json())
    assert list(document) == DOCUMENT_KEYS
    assert list(document["checks"][0]) == CHECK_KEYS
    assert document["schema"] == "verify/1"


def test_every_word_has_a_sentence_of_its_own():
    assert len({verdict.sentence for verdict in Verdict}) == len(Verdict)


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.PROVED, Verdict.HELD], 0),
        ([Verdict.PROVED, Verdict.REFUTED], 1),
        ([Verdict.PROVED, Verdict.VACUOUS], 1),
        ([Verdict.PROVED, Verdict.SKIPPED], 1),
        ([Verdict.PROVED, Verdict.UNDECIDED], 3),
        ([Verdict.UNDECIDED, Verdict.REFUTED], 1),
        ([], 0),
    ],
)
def test_exit_code(verdicts: list[Verdict], code: int):
    assert result(*map(check, verdicts)).exit_code == code


def test_a_refutation_that_is_expected_is_not_a_failure_and_its_absence_is():
    known = frozenset({Verdict.REFUTED})
    again = result(check(Verdict.REFUTED, known))
    assert (again.exit_code, again.verdict) == (0, Verdict.PROVED)
    assert result(check(Verdict.PROVED, known)).exit_code == 1


def test_the_headline_names_what_is_refuted_as_expected():
    """A verdict of HELD above a refuted copy in bfloat16 would say too much."""
    either = frozenset({Verdict.HELD, Verdict.REFUTED})
    lost = check(Verdict.REFUTED, either, id="copy/attention/copies", speaks_of="the float program in bfloat16")
    found = result(check(Verdict.HELD), lost)
    assert found.verdict is Verdict.HELD
    assert found.headline == "s Refuted, as expected: copy/attention/copies (the float program in bfloat16)."
    missed = result(check(Verdict.HELD, either), check(Verdict.REFUTED, id="t/1"))
    assert missed.headline == "s Not as expected: t/1 is REFUTED."
    five = [check(Verdict.REFUTED, either, id=f"t/{k}") for k in range(5)]
    assert result(*five).headline == "s Refuted, as expected: t/0, t/1, t/2 and 2 more."


def test_the_whole_is_as_weak_as_its_weakest_check():
    order = [Verdict.PROVED, Verdict.HELD, Verdict.VACUOUS, Verdict.SKIPPED, Verdict.UNDECIDED, Verdict.REFUTED]
    for k, worst in enumerate(order):
        assert weakest([check(verdict) for verdict in order[: k + 1]]) is worst
    assert weakest([]) is Verdict.SKIPPED


def test_a_second_route_that_is_skipped_does_not_hide_what_the_first_decides():
    """`verify dp lis --n 150` said SKIPPED of tokens that had all been compared."""
    either = frozenset({Verdict.HELD, Verdict.SKIPPED})
    skipped = check(Verdict.SKIPPED, either, id="t/second", evidence="too large", beside=True)
    found = result(check(Verdict.HELD), skipped)
    assert (found.verdict, found.exit_code) == (Verdict.HELD, 0)
    assert found.headline == "s Skipped: t/second (too large)."
    assert result(check(Verdict.HELD), check(Verdict.SKIPPED, either)).verdict is Verdict.SKIPPED
    assert weakest([check(Verdict.HELD), check(Verdict.SKIPPED, beside=True)]) is Verdict.SKIPPED
    assert weakest([skipped]) is Verdict.SKIPPED


def test_an_interrupted_run_claims_nothing():
    stopped = result(check(Verdict.PROVED), interrupted=True)
    assert (stopped.exit_code, stopped.verdict) == (130, Verdict.UNDECIDED)


def test_decided_takes_nothing_but_true():
    assert decided(float("nan") < 0.1) is Verdict.REFUTED
    assert decided(0.1 < 0.2) is Verdict.PROVED


@pytest.mark.parametrize("field", ["id", "claim", "evidence", "speaks_of"])
def test_an_empty_text_is_refused(field: str):
    with pytest.raises(ValueError, match=f"{field} is empty"):
        check(Verdict.PROVED, None, **{field: " "})


def test_a_refutation_needs_a_witness():
    with pytest.raises(ValueError, match="REFUTED without a witness"):
        check(Verdict.REFUTED, witness=None)


@given(st.fractions() | st.floats() | st.integers() | st.none() | st.text() | st.booleans())
def test_plain_is_always_strict_json_and_loses_no_finite_number(value: Any):
    there = json.loads(json.dumps(plain(value), allow_nan=False))
    if isinstance(value, float) and not np.isfinite(value):
        assert there == str(value)
    elif isinstance(value, Fraction):
        assert there == float(value)
    else:
        assert there == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(10) ** 400 * 3, "3.0000000000000000e+400"),
        (-(Fraction(10) ** -400), "-1.0000000000000000e-400"),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        ({"a": (Fraction(1, 4), None)}, {"a": [0.25, None]}),
        (Verdict.HELD, "HELD"),
    ],
)
def test_plain_of_what_json_has_no_form_for(value: Any, expected: Any):
    assert plain(value) == expected


def test_plain_refuses_what_it_does_not_know():
    with pytest.raises(TypeError, match="no JSON form for a set"):
        plain({1})
