"""Hidden units: a two-layer ReLU network as the degenerate block of Eq. 37, as in the proof of Lemma 2.

The network sum_u w_u relu(r_u . x + beta_u) becomes sum_u (w_u / lambda) silu(lambda (r_u . x + beta_u)).  With

    relu(z) - silu(lambda z) / lambda = phi(lambda |z|) / lambda,    0 <= phi <= kappa = 0.2784...

(`bounds.gadget_gap`) every unit is low, so an output whose units have positive weights P and negative ones -N in all is
off by at most max(P, N) kappa / lambda (`bounds.gadgets.network_error`).

Two units with opposite arguments and opposite weights carry a linear form without any error, for every lambda:

    silu(z) - silu(-z) = z / (1 + e^-z) + z / (1 + e^z) = z.

A constant is the pair whose linear form is the bias alone: Eq. 3 has no bias outside W_3, and a pair gives 1 exactly,
in real arithmetic and, for the lambdas of `integers.integer_scale`, in floats.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.gadget_gap import gap
from bounds.gadgets import network_error
from bounds.reals import ClosedForm, Number, Reals
from constructions.gadgets.gadget import above_zero
from constructions.gadgets.passive import degenerate
from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, linear_map
from constructions.mamba import MambaBlock, Vector

Form = Mapping[str, Number]  # coefficients of named spaces of width 1


@dataclass(frozen=True)
class Unit:
    """One hidden unit: relu(sum_x reads[x] x + bias), added to each output o with the weight writes[o].

    `paired` says that another unit has the opposite argument and the opposite weights, so that no error is left.
    """

    reads: Form
    bias: Number
    writes: Form
    paired: bool = False


def carried(reads: Form, bias: Number, writes: Form) -> tuple[Unit, Unit]:
    """The linear form reads . x + bias, added to the outputs without error, by a pair of units."""
    return Unit(reads, bias, writes, True), Unit(negated(reads), -bias, negated(writes), True)


def negated(form: Form) -> Form:
    """The form with opposite coefficients."""
    return {name: -weight for name, weight in form.items()}


def block_of(ports: Layout, units: Sequence[Unit], scale: Number) -> MambaBlock:
    """The units as one block of Eq. 37 over a stream of spaces of width 1; weights are rounded to float64 once.

    Raises ValueError unless lambda is finite and above 0.
    """
    above_zero(scale=scale)
    hidden = Layout((Space("hidden", 1, len(units)),))
    read = dict.fromkeys(name for unit in units for name in unit.reads)
    written = dict.fromkeys(name for unit in units for name in unit.writes)
    W_2 = {(n, "hidden"): Action(_column([Fraction(u.reads.get(n, 0)) * Fraction(scale) for u in units])) for n in read}
    W_3 = {
        ("hidden", n): Action(_column([Fraction(u.writes.get(n, 0)) / Fraction(scale) for u in units]).T)
        for n in written
    }
    b_2 = {"hidden": _column([Fraction(u.bias) * Fraction(scale) for u in units])[:, 0]}
    return degenerate(linear_map(ports, hidden, W_2), b_2, linear_map(hidden, ports, W_3))


def network_block(W_2: LinearMap, b_2: Vector, W_3: LinearMap, scale: Number) -> MambaBlock:
    """W_3 relu(W_2 x + b_2) over named spaces of any width, as W_3 / lambda silu(lambda (W_2 x + b_2)).

    Raises ValueError unless lambda is finite and above 0.
    """
    above_zero(scale=scale)
    bias = {name: np.asarray(entries) * float(scale) for name, entries in b_2.items()}
    return degenerate(_multiplied(W_2, scale), bias, _multiplied(W_3, 1 / Fraction(scale)))


def kinks(units: Sequence[Unit]) -> Fraction:
    """max(P, N) over the outputs: the weights of one sign of the units that are not paired, added up."""
    bent = [unit for unit in units if not unit.paired]
    worst = Fraction(0)
    for name in {name for unit in bent for name in unit.writes}:
        weights = [Fraction(unit.writes.get(name, 0)) for unit in bent]
        worst = max(worst, sum(w for w in weights if w > 0), sum(-w for w in weights if w < 0))
    return Fraction(worst)


def bent(weight: Number, scale: Number) -> ClosedForm:
    """The error of units whose weights of one sign are at most `weight` in all: weight kappa / lambda."""
    return lambda reals: network_error(scale, weight, reals)


def missed(z: Number, scale: Number, reals: Reals) -> Any:
    """phi(lambda z) / lambda for z >= 0: how low one unit is at the distance z from its kink."""
    return gap(reals.number(Fraction(z) * Fraction(scale)), reals) / reals.number(scale)


def _column(entries: Sequence[Fraction]) -> np.ndarray:
    return np.array([float(entry) for entry in entries])[:, None]


def _multiplied(linear: LinearMap, factor: Number) -> LinearMap:
    """factor W."""
    actions = {key: Action(np.asarray(a.inner * float(factor)), a.outer) for key, a in linear.actions.items()}
    return LinearMap(linear.domain, linear.codomain, actions)
