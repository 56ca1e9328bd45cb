"""The certificate: it encloses true suprema, agrees with the closed forms, and planted faults do not get past it."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import jax
import numpy as np
import pytest
from flint import arb, ctx, fmpq

from bounds.gadgets import enough
from bounds.reals import FLOATS
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.product import product
from verify.gadgets.cases import Case, cases
from verify.gadgets.certificate import supremum
from verify.gadgets.error import ErrorOf, Piece, silu
from verify.gadgets.identity import polynomial_error
from verify.gadgets.network import Network, Unit, networks, read
from verify.gadgets.proofs import certify, prove, within
from verify.verdict import Verdict

M, EPSILON, ALPHA = Fraction(3), Fraction(1, 10), Fraction(1, 2)
CASES = {case.name: case for case in cases(M, EPSILON, ALPHA)}
SEARCHED = [CASES[name] for name in ("product", "relu-network", "select", "greater", "not-equal")]
SMALL_SELECT = next(case for case in cases(Fraction(1), Fraction(3, 10), ALPHA) if case.name == "select")
QUICK = [case for case in SEARCHED if case.name != "select"]


@cache
def lam_of(case: Case) -> float:
    """The sharp lambda, worked out once a case."""
    assert case.lambda_sharp is not None
    return enough(case.lambda_sharp)


@pytest.mark.parametrize("case", [*QUICK, SMALL_SELECT], ids=lambda case: case.name)
def test_search_encloses_the_closed_form(case):
    lam = lam_of(case)
    worst = certify(case, case.build(lam), lam)
    closed = Fraction(float(case.error(lam)(FLOATS)))
    assert worst.high is not None
    assert worst.low <= closed * (1 + Fraction(1, 10**9))
    assert closed <= worst.high * (1 + Fraction(1, 10**9))
    assert worst.high <= worst.low * Fraction(103, 100)


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_halved_lambda_is_caught(case):
    lam = lam_of(case)
    worst = certify(case, case.build(lam / 2), lam, EPSILON)
    assert within(worst, EPSILON) is Verdict.REFUTED


@pytest.mark.parametrize("unit", [0, 1])
@pytest.mark.parametrize("case", SEARCHED, ids=lambda case: case.name)
def test_wrong_sign_and_missing_unit_are_caught(case, unit):
    lam = lam_of(case)
    (network,) = networks(case.build(lam))
    units = list(network.units)
    wrong = [replace(units[unit], out=-units[unit].out)]
    for planted in (wrong, []):
        faulty = Network(network.n, tuple(units[:unit] + planted + units[unit + 1 :]))
        worst = supremum(faulty, case.pieces(Fraction(lam)), Fraction(1, 50), EPSILON)
        assert within(worst, EPSILON) is Verdict.REFUTED


def test_wrong_bias_and_wrong_weight_are_caught():
    case = CASES["greater"]
    (network,) = networks(case.build(lam_of(case)))
    first = network.units[0]
    for planted in (
        replace(first, z_0=first.z_0 + 5),
        replace(first, z=(first.z[0], first.z[1] * 2)),
        replace(first, out=first.out * 2),
    ):
        worst = supremum(
            Network(2, (planted, *network.units[1:])), case.pieces(Fraction(lam_of(case))), Fraction(1, 50), EPSILON
        )
        assert within(worst, EPSILON) is Verdict.REFUTED


def test_search_is_not_fooled_by_a_corner():
    """|x (x - 1)| on [0, 1] has its maximum 1/4 inside: x silu(lambda x)/lambda is about x^2 for large lambda."""
    big = fmpq(10**6)
    network = Network(1, (Unit(1 / big, (fmpq(1),), fmpq(0), (big,), fmpq(0)),))
    worst = supremum(network, [Piece(((Fraction(0), Fraction(1)),), (1,))], Fraction(1, 100))
    assert worst.high is not None
    assert abs(worst.low - Fraction(1, 4)) < Fraction(1, 100)
    assert abs(worst.point[0] - Fraction(1, 2)) < Fraction(1, 10)
    assert worst.high < Fraction(26, 100)


def test_unbounded_domain_is_bounded_only_where_the_growth_cancels():
    case = CASES["select"]
    lam = lam_of(case)
    (network,) = networks(case.build(lam))
    assert supremum(network, case.pieces(Fraction(lam)), Fraction(1, 50), Fraction(100)).high is not None
    without = Network(3, tuple(unit for unit in network.units if any(unit.z[:2])))
    pieces = [replace(piece, box=tuple((a, a) for a, _ in piece.box)) for piece in case.pieces(Fraction(lam))]
    assert supremum(without, pieces, Fraction(1, 50)).high is None


def test_exhausted_search_is_undecided(monkeypatch):
    monkeypatch.setattr("verify.gadgets.certificate.LARGEST_NUMBER_OF_BOXES", 3)
    case = CASES["select"]
    lam = lam_of(case) * 1.0001
    assert within(certify(case, case.build(lam), lam, EPSILON), EPSILON) is Verdict.UNDECIDED


@pytest.mark.parametrize("name", ["product-gate", "linear"])
def test_exact_gadgets_are_exact_and_broken_ones_are_not(name):
    case = next(case for case in cases(Fraction(3, 10), EPSILON, Fraction(1, 5)) if case.name == name)
    for lam in (1.0, 2.0**-7, 1024.0):
        (network,) = networks(case.build(lam))
        assert [polynomial_error(network, piece) for piece in case.pieces(Fraction(lam))] == [0]
    units = network.units
    assert polynomial_error(Network(2, units[1:]), case.pieces(Fraction(1))[0]) is None
    doubled = tuple(replace(unit, out=2 * unit.out) for unit in units)
    assert (polynomial_error(Network(2, doubled), case.pieces(Fraction(1))[0]) or 0) > EPSILON / 2


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_network_is_what_the_layer_computes(case):
    """The weights read off a block, evaluated in balls, against the run through the generic layer."""
    from constructions.gadgets.run import evaluate

    gadget = case.build(2.0)
    rng = np.random.default_rng(1)
    inputs = {name: rng.uniform(-2, 2, (5, gadget.ports[name].dim)) for name in gadget.inputs}
    out = np.concatenate([evaluate(gadget, inputs)[name] for name in gadget.outputs], axis=1)
    x = np.concatenate([inputs[name] for name in gadget.inputs], axis=1)
    for k, network in enumerate(networks(gadget)):
        at_zero = ErrorOf(network, Piece(((Fraction(-2), Fraction(2)),) * network.n, (0,) * network.n))
        values = [float(at_zero([fmpq(*float(c).as_integer_ratio()) for c in row]).mid()) for row in x]
        assert np.allclose(values, out[:, k], rtol=1e-12, atol=1e-13)


def test_silu_on_balls_holds_its_points():
    with ctx.workprec(64):
        for low, high in ((-800, 900), (-3, 2), (0, 0), (40, 41), (-41, -40)):
            whole = silu(arb(low).union(arb(high)))
            for k in range(9):
                for over, at in zip(whole, silu(arb(low) + (arb(high) - arb(low)) * k / 8), strict=True):
                    assert over.overlaps(at)
            assert all(part.is_finite() for part in whole)


def test_a_block_with_memory_is_no_network():
    from constructions.gadgets.passive import by_forgetting

    gadget: Gadget = product(1, 2)
    with pytest.raises(ValueError, match="only a block without memory"):
        read(by_forgetting(gadget.blocks[0], 1.0, 0.0), gadget.inputs, gadget.outputs)
    with pytest.raises(ValueError, match="has 2 blocks"):
        networks(replace(gadget, blocks=gadget.blocks * 2))


def test_nan_weights_do_not_pass():
    gadget = product(1, 2)
    poisoned = jax.tree.map(lambda leaf: np.asarray(leaf) * np.nan, gadget.blocks)
    with pytest.raises(ValueError, match="NaN"):
        networks(replace(gadget, blocks=poisoned))


def test_prove_reports_every_part():
    proved = prove(CASES["relu-network"], EPSILON)
    assert [check.verdict for check in proved.checks] == [Verdict.PROVED] * 3
