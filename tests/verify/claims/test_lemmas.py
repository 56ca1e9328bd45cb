"""Lemmas 1-5 in the ledger: committed verdicts, planted alterations, and what its checks would not let pass."""

from fractions import Fraction

import pytest
from flint import arb, ctx
from sympy import exp

from verify.claims.certified import M
from verify.claims.claim import Setup
from verify.claims.ledger import claim_of
from verify.claims.lemma1_remainder import _largest_at_one
from verify.claims.lemmas import CLAIMS, _relu_select
from verify.gadgets.paper import X, third_formula
from verify.verdict import Verdict


def test_a_function_whose_largest_modulus_lies_elsewhere_is_found_out():
    with ctx.workprec(128):
        e2 = arb(-2).exp()
        assert _largest_at_one(third_formula(exp(-2 * X)), e2, range(64))
        assert not _largest_at_one(third_formula(exp(-2 * X)) + X, e2, range(64))  # above 0 at 1
        assert not _largest_at_one(third_formula(exp(-2 * X)) * (3 - 2 * X), e2, range(64))  # larger inside


@pytest.mark.parametrize("t", [Fraction(1, 2), Fraction(-1, 2), Fraction(7)])
def test_the_relu_form_selects_with_k_and_not_with_less(t):
    k = M / Fraction(1, 2)
    x, y = -M, M / 3
    assert _relu_select(k, x, y, t) == (x if t > 0 else y)
    assert any(_relu_select(k / 2, a, b, Fraction(1, 2)) != a for a in (-M, M) for b in (-M, M))


def test_only_misprints_and_missing_margins_are_refuted():
    refuted = {claim.id for claim in CLAIMS if claim.expected is Verdict.REFUTED}
    assert refuted == {"L1-TAYLOR", "L1-R2", "L1-SSM", "L5-GT", "L5-LT", "L5-NE", "RES-CAT"}


@pytest.mark.parametrize(("id", "relation"), [("L5-GT", "a > b"), ("L5-LT", "a < b")])
def test_the_line_of_an_indicator_evaluates_its_own_relation(id, relation):
    line = claim_of(id).decide(Setup()).again
    exec(line, {})
    assert f"float({relation})" in line
