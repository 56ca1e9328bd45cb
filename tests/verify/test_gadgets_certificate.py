"""The certificate: it encloses true suprema, agrees with the closed forms, and planted faults do not get past it."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import jax
import numpy as np
import pytest
from flint import arb, ctx, fmpq

from bounds.formats import FORMATS
from bounds.gadgets import enough
from bounds.reals import enclose, ends
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.product import product
from verify.gadgets.cases import Case, cases
from verify.gadgets.certificate import BITS, TOLERANCE, Part, supremum
from verify.gadgets.error import ErrorOf, Piece, silu
from verify.gadgets.float import rounding_bound
from verify.gadgets.ideal import ideal
from verify.gadgets.identity import polynomial_error
from verify.gadgets.network import Network, Unit, layers, read
from verify.gadgets.proofs import certify, parts, prove, within
from verify.verdict import Verdict

M, EPSILON, ALPHA = Fraction(3), Fraction(1, 10), Fraction(1, 2)
CASES = {case.name: case for case in cases(M, EPSILON, ALPHA)}
SEARCHED = [CASES[name] for name in ("product", "relu-network", "select", "greater", "not-equal")]
SMALL_SELECT = next(case for case in cases(Fraction(1), Fraction(3, 10), ALPHA) if case.name == "select")
EPSILONS = dict.fromkeys(CASES, EPSILON) | {"select": Fraction(3, 10)}
QUICK = [case for case in SEARCHED if case.name != "select"]


@cache
def lam_of(case: Case) -> float:
    """The sharp lambda, worked out once a case."""
    assert case.lambda_sharp is not None
    return enough(case.lambda_sharp)


def ideal_networks(case: Case, lam: float) -> tuple[Network, ...]:
    return tuple(ideal(network, lam, case.weights) for network in layers(case.build(lam))[1])


@pytest.mark.parametrize("case", [*QUICK, SMALL_SELECT], ids=lambda case: case.name)
def test_search_encloses_the_closed_form(case):
    lam = lam_of(case)
    worst = certify(case, case.build(lam), lam)
    low, high = ends(enclose(case.error(lam), BITS))
    assert worst.high is not None
    assert worst.low <= high
    assert worst.high <= EPSILONS[case.name]
    assert worst.high <= worst.low * (1 + TOLERANCE)
    assert low <= worst.high


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_halved_lambda_is_caught(case):
    lam = lam_of(case)
    worst = certify(case, case.build(lam / 2), lam, EPSILON)
    assert within(worst, EPSILON) is Verdict.REFUTED


@pytest.mark.parametrize("unit", [0, 1])
@pytest.mark.parametrize("case", SEARCHED, ids=lambda case: case.name)
def test_wrong_sign_and_missing_unit_are_caught(case, unit):
    lam = lam_of(case)
    (network,) = ideal_networks(case, lam)
    units = list(network.units)
    wrong = [replace(units[unit], out=-units[unit].out)]
    for planted in (wrong, []):
        faulty = Network(network.n, tuple(units[:unit] + planted + units[unit + 1 :]))
        worst = supremum([Part(piece, faulty) for piece in case.pieces(Fraction(lam))], claimed=EPSILON)
        assert within(worst, EPSILON) is Verdict.REFUTED


def test_wrong_bias_and_wrong_weight_are_caught():
    case = CASES["greater"]
    (network,) = ideal_networks(case, lam_of(case))
    first = network.units[0]
    for planted in (
        replace(first, z_0=first.z_0 + 5),
        replace(first, z=(first.z[0], first.z[1] * 2)),
        replace(first, out=first.out * 2),
    ):
        faulty = Network(2, (planted, *network.units[1:]))
        worst = supremum([Part(piece, faulty) for piece in case.pieces(Fraction(lam_of(case)))], claimed=EPSILON)
        assert within(worst, EPSILON) is Verdict.REFUTED


def test_search_is_not_fooled_by_a_corner():
    """|x (x - 1)| on [0, 1] has its maximum 1/4 inside: x silu(lambda x)/lambda is about x^2 for large lambda."""
    big = fmpq(10**6)
    network = Network(1, (Unit(1 / big, (fmpq(1),), fmpq(0), (big,), fmpq(0)),))
    worst = supremum([Part(Piece(((Fraction(0), Fraction(1)),), (1,)), network)], Fraction(1, 100))
    assert worst.high is not None
    assert abs(worst.low - Fraction(1, 4)) < Fraction(1, 100)
    assert abs(worst.point[0] - Fraction(1, 2)) < Fraction(1, 10)
    assert worst.high < Fraction(26, 100)


def test_unbounded_domain_is_bounded_only_where_the_growth_cancels():
    case = CASES["select"]
    lam = lam_of(case)
    (network,) = ideal_networks(case, lam)
    assert supremum(parts(case, case.build(lam), lam), claimed=Fraction(100)).high is not None
    without = Network(3, tuple(unit for unit in network.units if any(unit.z[:2])))
    pieces = [replace(piece, box=tuple((a, a) for a, _ in piece.box)) for piece in case.pieces(Fraction(lam))]
    assert supremum([Part(piece, without) for piece in pieces], Fraction(1, 50)).high is None


def test_stored_weights_are_not_bounded_where_their_ideals_are():
    """What float64 leaves of lambda M times M/lambda minus M^2 grows with x for ever."""
    case = CASES["relu-network"]
    (stored,) = layers(case.build(37.3))[1]
    pieces = case.pieces(Fraction(37.3))
    assert supremum([Part(piece, stored) for piece in pieces], claimed=Fraction(100)).high is None
    assert certify(case, case.build(37.3), 37.3, Fraction(100)).high is not None


def test_exhausted_search_is_undecided(monkeypatch):
    monkeypatch.setattr("verify.gadgets.certificate.LARGEST_NUMBER_OF_BOXES", 3)
    case = CASES["product"]
    lam = lam_of(case)
    assert within(certify(case, case.build(lam), lam, EPSILON), EPSILON) is Verdict.UNDECIDED


@pytest.mark.parametrize("name", ["product-gate", "linear"])
def test_exact_gadgets_are_exact_and_broken_ones_are_not(name):
    case = next(case for case in cases(Fraction(3, 10), EPSILON, Fraction(1, 5)) if case.name == name)
    for lam in (1.0, 2.0**-7, 1024.0):
        (network,) = ideal_networks(case, lam)
        assert [polynomial_error(network, piece) for piece in case.pieces(Fraction(lam))] == [0]
    units = network.units
    assert polynomial_error(Network(2, units[1:]), case.pieces(Fraction(1))[0]) is None
    doubled = tuple(replace(unit, out=2 * unit.out) for unit in units)
    assert (polynomial_error(Network(2, doubled), case.pieces(Fraction(1))[0]) or 0) > EPSILON / 2


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.name != "not-equal-printed"], ids=lambda c: c.name)
def test_network_is_what_the_layer_computes(case):
    """The weights read off a block, evaluated in balls, against the run through the generic layer."""
    from constructions.gadgets.run import evaluate

    gadget = case.build(2.0)
    rng = np.random.default_rng(1)
    inputs = {name: rng.uniform(-2, 2, (5, gadget.ports[name].dim)) for name in gadget.inputs}
    out = np.concatenate([evaluate(gadget, inputs)[name] for name in gadget.outputs], axis=1)
    x = np.concatenate([inputs[name] for name in gadget.inputs], axis=1)
    for k, network in enumerate(layers(gadget)[1]):
        at_zero = ErrorOf(network, Piece(((Fraction(-2), Fraction(2)),) * network.n, (0,) * network.n))
        values = [float(at_zero([fmpq(*float(c).as_integer_ratio()) for c in row]).mid()) for row in x]
        assert (np.abs(np.array(values) - out[:, k]) <= rounding_bound(gadget, inputs, FORMATS["float64"])).all()


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
    with pytest.raises(ValueError, match="has 3 blocks"):
        layers(replace(gadget, blocks=gadget.blocks * 3))
    with pytest.raises(ValueError, match="the second block reads inputs"):
        layers(replace(gadget, blocks=gadget.blocks * 2))


def test_nan_weights_do_not_pass():
    gadget = product(1, 2)
    poisoned = jax.tree.map(lambda leaf: np.asarray(leaf) * np.nan, gadget.blocks)
    with pytest.raises(ValueError, match="NaN"):
        layers(replace(gadget, blocks=poisoned))


def test_prove_reports_every_part():
    proved = prove(CASES["relu-network"], EPSILON)
    assert [check.verdict for check in proved.checks] == [Verdict.PROVED] * 3
