"""Blocks of Eq. 1-3 from scalars and memory cells; lambda is one power of two for all gates, rates and units.

*Units* (no memory): W_1 x + b_1 = z, W_2 x + b_2 = lambda g, W_3 = weight / lambda, so a scalar is sum weight z relu(g)
up to what SiLU misses, which is 0 in floats (`gadgets.integers.integer_scale`).

*Cells* (X-RING): d_h = 1, b = c = 1, one channel for each slot of each reader, each register and each total.
    writing   Delta = softplus(lambda r), r = 1 where the channel is to be written and r <= -1 where not:
              lambda + log1p(e^-lambda) or at most log1p(e^-lambda);
    erasing   A = -1: H <- exp(-Delta) H + Delta v keeps e^-lambda of the old content when it writes, and loses at most
              log1p(e^-lambda) of it at a step that writes elsewhere.  A = 0 erases nothing: the value is added;
    reading   the gate is silu(lambda g), g = 1 for the slot that is asked for and g <= 0 for all others;
              W_3 adds all slots times 1 / lambda^2.
`bounds.slots` adds the leaks up.  In a float format whose smallest number exceeds e^-lambda, Delta is lambda or 0,
exp(-Delta) is 0 or 1, the gate is lambda or 0: the cell is exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from constructions.gadgets.passive import degenerate, gated
from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, linear_map
from constructions.mamba import MambaBlock, mamba_block, selective_ssm
from constructions.programs.addresses import Digits, match
from constructions.programs.expression import Interval
from constructions.programs.lowering import ONE, Address, Form, Scalar

DRIVE, RATES, UNITS = "one", "rates", "units"  # spaces of the inner streams


@dataclass(frozen=True, eq=False)
class SlotsCell:
    """A reader of a memory: what is written where, and which slot is read.  `slots`: how these are named."""

    name: str
    value: Form
    written: Address
    read: Address
    slots: Digits
    forgets: bool
    within: Interval

    @property
    def reads(self) -> tuple[Form, ...]:
        """What it reads of the stream."""
        written, read = self.written, self.read
        return self.value, *written.digits, written.norm, *read.digits, read.norm


@dataclass(frozen=True, eq=False)
class RegisterCell:
    """The value at the last token whose flag was 1; `when` None: the sum of the values at all tokens."""

    name: str
    value: Form
    when: Form | None
    within: Interval

    @property
    def reads(self) -> tuple[Form, ...]:
        """What it reads of the stream."""
        return (self.value,) if self.when is None else (self.value, self.when)


Cell = SlotsCell | RegisterCell


def units_block(stream: Layout, scalars: Sequence[Scalar], scale: float) -> MambaBlock:
    """One block without memory that writes all these scalars."""
    units = [(scalar.name, unit) for scalar in scalars for unit in scalar.units]
    hidden = Layout((Space(UNITS, 1, len(units)),))
    W_2, b_2 = _rows(stream, hidden, UNITS, [unit.g for _, unit in units], scale)
    writes = {}
    for scalar in scalars:
        row = [float(unit.weight) / scale if called == scalar.name else 0.0 for called, unit in units]
        writes[(UNITS, scalar.name)] = Action(np.array([row]))
    W_3 = linear_map(hidden, stream, writes)
    if all(unit.z is ONE for _, unit in units):
        return degenerate(W_2, {UNITS: b_2}, W_3)
    W_1, b_1 = _rows(stream, hidden, UNITS, [unit.z for _, unit in units], 1.0)
    return gated(W_1, {UNITS: b_1}, W_2, {UNITS: b_2}, W_3)


def cells_block(stream: Layout, cells: Sequence[Cell], scale: float) -> MambaBlock:
    """One block with a memory for each cell."""
    inputs = list(dict.fromkeys(form for cell in cells for form in _rate_inputs(cell))) or [Form({})]
    inner = Layout((*(Space(c.name, 1, _width(c)) for c in cells), Space(RATES, 1, len(inputs)), Space(DRIVE)))
    reads: dict[tuple[str, str], Action] = {}
    gates: dict[tuple[str, str], Action] = {}
    driven: dict[tuple[str, str], Action] = {}
    b_1, b_2 = {DRIVE: np.ones(1)}, {}
    W_rates, b_1[RATES] = _rows(stream, inner, RATES, inputs, 1.0)
    for cell in cells:
        column = np.ones((_width(cell), 1))
        reads |= {(n, cell.name): Action(float(c) * column) for n, c in cell.value.terms.items()}
        b_1[cell.name] = float(cell.value.constant) * column[:, 0]
        opened, b_2[cell.name] = _gate(cell, scale)
        gates |= {(n, cell.name): Action(c[:, None]) for n, c in opened.items()}
        coefficients, constants = _rates(cell, scale)
        matrix = np.zeros((_width(cell), len(inputs)))
        for form, column_of_form in zip(_rate_inputs(cell), coefficients.T, strict=True):
            matrix[:, inputs.index(form)] += column_of_form
        driven |= {(RATES, cell.name): Action(matrix), (DRIVE, cell.name): Action(constants[:, None])}
    one = linear_map(inner, Layout((Space("state"),)), {(DRIVE, "state"): Action()})
    factors = inner.only((RATES, DRIVE))
    ssm = selective_ssm(
        inner.names,
        W_b=one,
        W_c=one,
        W_Delta1=linear_map(inner, factors, {(RATES, RATES): Action(), (DRIVE, DRIVE): Action()}),
        W_Delta2=linear_map(factors, inner, driven),
        A={space.name: np.full((1, 1), _A(cells, space.name)) for space in inner},
    )
    back = 1.0 / scale**2
    return mamba_block(
        W_1=linear_map(stream, inner, reads | W_rates.actions),
        b_1=b_1,
        W_2=linear_map(stream, inner, gates),
        b_2=b_2,
        W_3=linear_map(inner, stream, {(c.name, c.name): Action(np.full((1, _width(c)), back)) for c in cells}),
        ssm=ssm,
    )


def _rows(
    stream: Layout, codomain: Layout, space: str, forms: Sequence[Form], scale: float
) -> tuple[LinearMap, np.ndarray]:
    """scale * forms as rows of a map into `space`, and their constants."""
    read = dict.fromkeys(n for form in forms for n in form.terms)
    actions = {(n, space): Action(np.array([[float(form.terms.get(n, 0)) * scale] for form in forms])) for n in read}
    return linear_map(stream, codomain, actions), np.array([float(form.constant) * scale for form in forms])


def _width(cell: Cell) -> int:
    return cell.slots.count if isinstance(cell, SlotsCell) else 1


def cell_entries(cell: Cell) -> int:
    """The weights of a cell's channels in matrices over what they read: W_1, W_2, W_Delta with its constant, and b_1,
    b_2, A and W_3.
    """
    read = (
        len({n for form in (cell.read.norm, *cell.read.digits) for n in form.terms})
        if isinstance(cell, SlotsCell)
        else 0
    )
    return _width(cell) * (len(cell.value.terms) + read + len(_rate_inputs(cell)) + 5)


def _rate_inputs(cell: Cell) -> list[Form]:
    """What Delta of a cell's channels reads of the stream."""
    if isinstance(cell, SlotsCell):
        return [cell.written.norm, *cell.written.digits]
    return [] if cell.when is None else [cell.when]


def _rates(cell: Cell, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """lambda r of every channel: coefficients of `_rate_inputs`, shape (width, inputs), and constants."""
    if isinstance(cell, SlotsCell):
        terms, constants = match(cell.written, cell.slots.written(), 2.0)
        return scale * np.stack([c for _, c in terms], axis=1), scale * constants
    if cell.when is None:
        return np.zeros((1, 0)), np.full(1, scale)
    return np.full((1, 1), 2.0 * scale), np.full(1, -scale)


def _gate(cell: Cell, scale: float) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
    """lambda g of every channel: coefficients of the stream's scalars, and constants."""
    if isinstance(cell, RegisterCell):
        return {}, np.full(1, scale)
    terms, constants = match(cell.read, cell.slots.written(), 1.0)
    opened: dict[str, np.ndarray] = {}
    for form, coefficients in terms:
        for n, c in form.terms.items():
            opened[n] = opened.get(n, 0.0) + scale * float(c) * coefficients
    return opened, scale * constants


def _A(cells: Sequence[Cell], name: str) -> float:
    """-1 where what is written replaces what was there, 0 where it is added."""
    for cell in cells:
        if cell.name == name:
            replaces = cell.forgets if isinstance(cell, SlotsCell) else cell.when is not None
            return -1.0 if replaces else 0.0
    return 0.0
