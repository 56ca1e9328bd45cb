"""Rows of Theorem 2 in the ledger: committed verdicts, planted alterations, and its exact instances."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.exact import attention_worst_case
from bounds.formats import format_of
from bounds.rounding import growth
from verify.claims.nonnegative import unknowns
from verify.claims.softmax import (
    EDGE,
    FULL,
    ONE,
    L_tilde,
    L_tilde_in_the_proof,
    Softmax,
    cells,
    compared,
    crowded,
    family,
    left_open,
)
from verify.verdict import Verdict


def softmax(*weights: str, L: int = 2) -> Softmax:
    return Softmax(tuple(map(Fraction, weights)), L, EDGE)


@pytest.mark.parametrize(
    ("weights", "L", "matched", "meets"),
    [
        (("1", "3", "4"), 2, [2, 3], True),
        (("1", "1/3", "4"), 2, [2, 3], True),
        (("3", "1", "4"), 2, [3], False),
        (("1", "3", "3/2"), 2, [2], False),
        (("1", "1", "2"), 1, [3], True),
    ],
)
def test_assumption_2(weights, L, matched, meets):
    x = softmax(*weights, L=L)
    assert x.matched() == matched
    assert x.meets_assumption_2() is meets


def test_the_worst_error_is_the_closed_form_s():
    for x in family()[::97]:
        scores = np.log(np.array([x.weights], dtype=np.float64))
        closed = float(attention_worst_case(scores, np.array([x.i - 1]), 1, 1)[0])
        rounding = growth(8 * x.i, format_of("float64"), library_calls=2 * x.i)
        assert abs(closed - float(x.worst_error())) <= rounding * max(1.0, closed)


def test_cells_are_instances_of_every_pattern():
    assert all(x.meets_assumption_2() for x in cells())
    patterns = {(x.i, len(x.matched()), x.L) for x in cells()}
    assert {(x.i, len(x.matched()), x.L) for x in family() if x.i <= FULL} <= patterns


def test_a_right_side_a_little_too_small_is_not_proved_by_its_proof():
    """rest <= 2 (1 - a_pos) is what T2-27 proves; the worst error reaches it, so that no smaller share will do."""
    promised = lambda x: Fraction(999, 1000) * 2 * (1 - x.share())  # noqa: E731
    assert left_open(Softmax.worst_error, promised, lambda _: True) != ""
    assert left_open(Softmax.worst_error, lambda x: 2 * (1 - x.share()), lambda _: True) == ""


def test_nothing_admitted_is_vacuous():
    (g,) = unknowns("g")
    check = compared("T2", "planted", lambda _: ONE, lambda _: ONE / 2, [g], "planted", admits=lambda _: False)
    assert check.verdict is Verdict.VACUOUS


def test_both_L_tilde():
    x = softmax("1", "1", "1", "1", "2", "4")
    assert (L_tilde(x), L_tilde_in_the_proof(x), crowded(x)) == (4, 2, True)
    assert not crowded(softmax("1", "4"))


def test_every_instance_meets_assumption_2_and_some_are_crowded():
    assert all(x.meets_assumption_2() for x in family())
    assert {crowded(x) for x in family()} == {True, False}


def test_a_broken_inequality_a_missing_proof_and_a_wrong_one():
    (g,) = unknowns("g")

    def verdict(factor: int, proof: list) -> Verdict:
        return compared("T2", "planted", lambda x: factor * x.rest, lambda x: x.i * x.rest, proof, "planted").verdict

    assert verdict(1, [g]) is Verdict.PROVED
    assert verdict(3, [g]) is Verdict.REFUTED
    assert verdict(1, []) is verdict(1, [-g]) is Verdict.UNDECIDED
