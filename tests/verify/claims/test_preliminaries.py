"""Rows of the preliminaries in the ledger: committed verdicts, planted alterations, and steps by hand."""

import pytest
import sympy

from verify.claims.layer_algebra import Signals, equation_5, equation_6, free, outputs, same, states


def test_two_steps_of_eq_1_by_hand():
    """H_1 = 3 . 5, H_2 = H_1 / 2 + 2 . 7; read with 10 each time."""
    one = sympy.Matrix
    signals = Signals(
        (one([[7]]), one([[sympy.Rational(1, 2)]])),
        (one([3]), one([2])),
        (one([10]), one([10])),
        (one([5]), one([7])),
    )
    wanted = [one([150]), one([215])]
    assert outputs(signals) == wanted
    assert equation_5(signals, transposed=False) == equation_5(signals, transposed=True) == wanted[-1]
    assert equation_6(signals) == wanted[-1]


def test_another_forgetting_or_another_order_is_seen():
    signals = free(2, 2, 3, one_coefficient=True)
    late = Signals(signals.kept[::-1], signals.b, signals.c, signals.v)
    assert same(outputs(signals)[-1], equation_6(signals))
    assert not same(outputs(signals)[-1], equation_6(late))
    assert not same(outputs(signals)[-1], outputs(signals)[0])


def test_the_product_of_eq_5_as_printed_has_no_value_between_shapes():
    with pytest.raises(sympy.matrices.exceptions.ShapeError):
        equation_5(free(2, 1, 2), transposed=False)


def test_states_by_hand():
    rho, Delta = sympy.symbols("rho Delta")
    assert states(rho, Delta, [sympy.Integer(1), sympy.Integer(2)]) == [Delta, sympy.expand(rho * Delta + 2 * Delta)]
