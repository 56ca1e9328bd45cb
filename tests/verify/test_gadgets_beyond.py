"""Gadgets past the paper and of two blocks before the certificate: each proved, and each planted fault refuted."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import jax
import numpy as np
import pytest

from bounds.formats import FORMATS
from bounds.gadget_rounding import weight_rounding
from bounds.gadgets import network_lambda
from constructions.gadgets.integers import integer_scale
from constructions.gadgets.network import relu_network
from verify.gadgets.beyond import beyond
from verify.gadgets.cases import cases
from verify.gadgets.concatenation import WIDTH, compared, residual_check
from verify.gadgets.ideal import ideal
from verify.gadgets.network import Network, layers
from verify.gadgets.proofs import ANY, BOUND, SHARP, certify, identity, prove, within
from verify.gadgets.rows import domain_words
from verify.verdict import Verdict

M, EPSILON, ALPHA = Fraction(6), Fraction(1, 50), Fraction(3, 10)
TWO_BLOCKS = next(case for case in cases(M, EPSILON, ALPHA) if case.name == "not-equal-printed")
CASES = [TWO_BLOCKS, *beyond(M, EPSILON, ALPHA)]
SEARCHED = [case for case in CASES if case.lambda_sharp is not None]


def name(case):
    return case.name


@cache
def proved(case):
    """Worked out once a case; every planted fault starts from its lambda."""
    return prove(case, EPSILON)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_everything_is_proved(case):
    found = proved(case)
    assert {check.verdict for check in found.checks} == {Verdict.PROVED}
    assert found.kind == (SHARP if case in SEARCHED else ANY)
    assert found.worst.high is not None
    assert found.worst.high <= EPSILON


@pytest.mark.parametrize("factor", [-1.0, 0.0, 2.0])
@pytest.mark.parametrize("block", [0, -1])
@pytest.mark.parametrize("case", SEARCHED, ids=name)
def test_planted_faults_are_refuted(case, block, factor):
    """A sign, a missing unit, a doubled weight: the first weight of an action of W_3."""
    lam = proved(case).lam
    gadget = case.build(lam)

    def planted(weights):
        changed = np.array(weights, np.float64)
        changed.flat[0] *= factor
        return changed

    blocks = list(gadget.blocks)
    blocks[block] = replace(blocks[block], W_3=jax.tree.map(planted, blocks[block].W_3))
    faulty = replace(gadget, blocks=tuple(blocks))
    assert within(certify(case, faulty, lam, EPSILON), EPSILON) is Verdict.REFUTED


@pytest.mark.parametrize("case", SEARCHED, ids=name)
def test_a_halved_lambda_is_refuted(case):
    lam = proved(case).lam
    halved = case.build(max(lam / 2, float(case.least)))
    assert within(certify(case, halved, float(halved.scale), EPSILON), EPSILON) is Verdict.REFUTED


def test_an_exact_gadget_with_a_fault_is_not_exact():
    case = next(case for case in CASES if case.name == "linear-gate")
    gadget = case.build(1)
    doubled = jax.tree.map(lambda w: np.asarray(2.0 * np.asarray(w)), gadget.blocks[0].W_3)
    faulty = replace(gadget, blocks=(replace(gadget.blocks[0], W_3=doubled),))
    worst = identity(replace(case, build=lambda _: faulty), 1.0)
    assert within(worst, Fraction(0)) is not Verdict.PROVED


@pytest.mark.parametrize("case", [*cases(M, EPSILON, ALPHA), *CASES], ids=name)
def test_ideal_weights_round_to_the_stored_ones(case):
    """And every weight is recovered: at lambda and at a lambda without a short 1/lambda the same c are found."""
    lam, within_rounding = 37.3, Fraction(weight_rounding(FORMATS["float64"]))
    for stored in layers(case.build(lam))[1]:
        found = ideal(stored, lam, case.weights)
        if len(found.units) != len(stored.units):
            continue  # a gate held open at silu(k) = 1
        for a, b in zip(stored.units, found.units, strict=True):
            for x, y in zip((a.out, a.y_0, *a.y, a.z_0, *a.z), (b.out, b.y_0, *b.y, b.z_0, *b.z), strict=True):
                stored_weight, ideal_weight = (Fraction(int(w.p), int(w.q)) for w in (x, y))
                assert abs(stored_weight - ideal_weight) <= within_rounding * abs(ideal_weight)
                q = ideal_weight / Fraction(lam), ideal_weight, ideal_weight * Fraction(lam)
                assert any(c.denominator < 10**6 for c in (*q, ideal_weight / Fraction(lam) ** 2))


def test_a_planted_weight_is_left_as_it_is():
    (network,) = layers(TWO_BLOCKS.build(50.0))[1]
    planted = Network(network.n, (replace(network.units[0], out=network.units[0].out * 3 / 2), *network.units[1:]))
    assert ideal(planted, 50.0, TWO_BLOCKS.weights).units[0].out == planted.units[0].out


def test_concatenation_and_a_fault_in_it():
    assert residual_check().verdict is Verdict.HELD
    f = relu_network(np.eye(WIDTH), np.eye(WIDTH), integer_scale(FORMATS["float64"])).blocks[0]
    x = np.array([[1.0, -2.0], [3.0, 4.0]])
    assert compared(f, x, np.maximum(x, 0.0)).verdict is Verdict.HELD
    wrong = compared(f, x, np.maximum(x, 0.0) + np.eye(WIDTH))
    assert wrong.verdict is Verdict.REFUTED
    assert compared(f, x, np.full_like(x, np.nan)).verdict is Verdict.REFUTED


def test_small_domains_have_their_own_smallest_lambda():
    """On a domain as small as this no kink is far from its ends. Once the forms were bounds there, which 0.99 met too,
    and where every lambda does a least one was named."""
    small = Fraction(3, 10), Fraction(2, 5), Fraction(3, 10)
    found = [prove(case, small[1]) for case in (*cases(*small), *beyond(*small))]
    assert all(check.met for each in found for check in each.checks)
    kinds = {each.case.name: each.kind for each in found}
    assert [name for name, kind in kinds.items() if kind == BOUND] == ["not-equal-printed", "nearest"]
    assert kinds["absolute"] == kinds["product"] == kinds["clip"] == ANY
    assert kinds["equal"] == kinds["greater"] == kinds["one-hot"] == SHARP


@pytest.mark.parametrize(("wanted", "epsilon"), [("absolute", 3), ("maximum", 3), ("clip", 1)])
def test_a_form_for_large_domains_is_not_sharp_on_a_small_one(wanted, epsilon):
    """kappa/lambda asks for more than is needed where the peak of phi lies outside, and 0.99 of it is enough too."""
    M, epsilon = Fraction(1, 2), Fraction(epsilon, 10)
    case = next(case for case in beyond(M, epsilon, M) if case.name == wanted)
    assert prove(case, epsilon).kind == SHARP
    weight = 2 if wanted == "absolute" else 1
    loose = replace(case, lambda_sharp=lambda reals: network_lambda(weight, epsilon, reals))
    assert prove(loose, epsilon).checks[1].verdict is Verdict.UNDECIDED


def test_domains_in_words():
    words = {case.name: domain_words(case.build(64)) for case in CASES}
    assert words["not-equal-printed"] == "a, b in [-6, 6]; a = b or |a - b| >= alpha"
    assert words["one-hot"] == "n in [0, 6]; integers"
    assert words["linear-gate"] == "x any"
