"""From a program to a stack of named blocks over one residual stream.

The stages of the program are laid out one after the other.  Inside a stage, statements that do not read each other
share a block: first by the depth of what they read, then units and cells apart.  The stream is
[fields, t, 1, scalars, next fields, stop]; every coordinate is its own named space.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from bounds.formats import FloatFormat
from constructions.gadgets.integers import integer_scale
from constructions.layout import Layout, Space
from constructions.mamba import MambaBlock
from constructions.programs.addresses import address, radix, slot_digits
from constructions.programs.blocks import Cell, RegisterCell, SlotsCell, cells_block, units_block
from constructions.programs.exactness import Reach, of_cells, of_units
from constructions.programs.expression import Expr, Interval
from constructions.programs.lowering import Form, Lowering, Scalar
from constructions.programs.program import POSITION, Define, Program, Recall, Register, Statement, Total

ONE, STOP, OUTPUT = "1", "stop", "output"


def following(field: str) -> str:
    """The space of a field's value in the next token."""
    return f"next {field}"


@dataclass(frozen=True, eq=False)
class NamedBlock:
    """A block, the stage that it belongs to, and the scalars that it writes."""

    stage: str
    block: MambaBlock
    writes: tuple[str, ...]
    remembers: bool


@dataclass(frozen=True, eq=False)
class Stack:
    """A compiled program.

    Args:
        program: what it computes.
        format: the format for which its scales were derived.
        scale: lambda.
        stream: the residual stream.
        blocks: in order; each adds what it writes to the stream (Eq. 2).
        forms: every quantity of the program as a linear form of scalars.
        within: for every quantity an interval that holds it at every token.
        reach: the largest intermediate numbers, against what the format holds exactly.
    """

    program: Program
    format: FloatFormat
    scale: int
    stream: Layout
    blocks: tuple[NamedBlock, ...]
    forms: Mapping[str, Form]
    within: Mapping[str, Interval]
    reach: tuple[Reach, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The spaces that hold the next token's fields and the flag of the last token, in order."""
        return (*(following(field.name) for field in self.program.fields), STOP)

    @property
    def worst(self) -> Reach:
        """The intermediate number that comes closest to what the format holds."""
        return max(self.reach, key=lambda reach: reach.share)

    @property
    def exact(self) -> bool:
        """Whether every number of every run is exact in the format, whatever the tokens within their fields."""
        return self.worst.share <= 1


@dataclass(frozen=True, eq=False)
class _Level:
    """What one depth of a stage holds."""

    stage: str
    scalars: tuple[Scalar, ...]
    cells: tuple[Cell, ...]


def compiled(program: Program, format: FloatFormat) -> Stack:
    """The program as blocks whose scales are derived for one float format.

    Raises ValueError where a memory has more slots than the format can tell apart.
    """
    fields = {field.name: (field.low, field.high) for field in program.fields}
    given: dict[str, Interval] = {**fields, POSITION: (1, program.longest)}
    scalars = {**given, ONE: (1, 1)}
    lowering = Lowering(dict(given), dict(scalars), {n: Form({n: Fraction(1)}) for n in given})
    levels: list[_Level] = []
    for stage in program.stages:
        levels += _stage(stage, [s for s in program.statements if s.stage == stage], lowering, format)
    levels += _output(program, lowering)
    stream = Layout(tuple(Space(n) for n in lowering.scalars))
    scale = integer_scale(format)
    blocks: list[NamedBlock] = []
    reach: list[Reach] = []
    for level in levels:
        if level.scalars:
            block = units_block(stream, level.scalars, float(scale))
            blocks.append(NamedBlock(level.stage, block, tuple(s.name for s in level.scalars), False))
            reach += of_units(level.scalars, lowering.scalars, scale, format)
        if level.cells:
            block = cells_block(stream, level.cells, float(scale))
            blocks.append(NamedBlock(level.stage, block, tuple(c.name for c in level.cells), True))
            reach += of_cells(level.cells, lowering.scalars, scale, format)
    return Stack(program, format, scale, stream, tuple(blocks), lowering.forms, lowering.within, tuple(reach))


def _stage(stage: str, statements: list[Statement], lowering: Lowering, format: FloatFormat) -> list[_Level]:
    lowering.next_stage()
    cells: dict[int, list[Cell]] = {}
    for statement in statements:
        if isinstance(statement, Define):
            lowering.forms[statement.name] = lowering.form(statement.value, statement.name)
            low, high = lowering.interval(statement.value)
            least, largest = statement.within or (low, high)
            lowering.within[statement.name] = (max(low, least), min(high, largest))
        else:
            cell, level = _cell(statement, lowering, format)
            lowering.forms[cell.name] = Form({cell.name: Fraction(1)})
            lowering.within[cell.name] = lowering.scalars[cell.name] = cell.within
            lowering.depth[cell.name] = level
            cells.setdefault(level, []).append(cell)
    return [
        _Level(stage, tuple(lowering.levels.get(k, ())), tuple(cells.get(k, ())))
        for k in sorted({*lowering.levels, *cells})
    ]


def _cell(statement: Register | Total | Recall, lowering: Lowering, format: FloatFormat) -> tuple[Cell, int]:
    """The cell of a statement, and the depth at which it can be written."""
    called = statement.name
    if isinstance(statement, Recall):
        memory = statement.memory
        value = lowering.form(memory.value, f"{called}: value")
        written = address(memory.address, memory.count, format, lowering, f"{called}: written at")
        read = address(statement.query, memory.count, format, lowering, f"{called}: read at")
        within = _with_zero(lowering.interval(memory.value))
        slots = slot_digits(memory.count, *radix(memory.count, format))
        cell = SlotsCell(called, value, written, read, slots, memory.forgets, within)
        return cell, 1 + lowering.depth_of(value, *written.digits, written.norm, *read.digits, read.norm)
    value = lowering.form(statement.value, f"{called}: value")
    if isinstance(statement, Total):
        return RegisterCell(called, value, None, statement.within), 1 + lowering.depth_of(value)
    when = lowering.form(statement.when, f"{called}: when")
    within = _with_zero(lowering.interval(statement.value))
    return RegisterCell(called, value, when, within), 1 + lowering.depth_of(value, when)


def _output(program: Program, lowering: Lowering) -> list[_Level]:
    """The next token, carried into spaces of its own."""
    lowering.next_stage()
    wanted: list[tuple[str, Expr]] = [(following(n), e) for n, e in program.outputs.items()]
    forms = [
        (called, expression, lowering.form(expression, f"{called}: value"))
        for called, expression in (*wanted, (STOP, program.stop))
    ]
    before = [_Level(OUTPUT, tuple(lowering.levels[k]), ()) for k in sorted(lowering.levels)]
    lowering.next_stage()
    for called, expression, form in forms:
        lowering.copied(form, called, lowering.interval(expression))
    return [*before, _Level(OUTPUT, tuple(lowering.levels[1]), ())]


def _with_zero(interval: Interval) -> Interval:
    return min(0, interval[0]), max(0, interval[1])
