"""From a program to a stack of named blocks over one residual stream.

The stages of the program are laid out one after the other.  Inside a stage, statements that do not read each other
share a block: first by the depth of what they read, then units and cells apart.  The stream is
[fields, t, 1, scalars, the next token's fields, stop]; every coordinate is its own named space.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bounds.formats import FloatFormat
from constructions.gadgets.integers import integer_scale
from constructions.layout import Layout, Space
from constructions.mamba import MambaBlock
from constructions.programs.addresses import Digits, address, radix
from constructions.programs.blocks import Cell, RegisterCell, SlotsCell, cell_entries, cells_block, units_block
from constructions.programs.exactness import Reach, of_cells, of_tokens, of_units
from constructions.programs.expression import Expr, Interval, name, names
from constructions.programs.lowering import Form, Lowering, Scalar, unused
from constructions.programs.program import ONE, POSITION, Define, Program, Recall, Register, Statement, Total

STOP, OUTPUT, ONE_HOTS = "output: stop", "output", "one-hots"


def following(field: str) -> str:
    """The space of a field's value in the next token."""
    return f"output {field}"


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
        outputs: the spaces that hold the next token's fields and the flag of the last token, in order.
        forms: every quantity of the program as a linear form of scalars.
        means: every scalar that a block writes as an expression of quantities: what it should hold.
        asides: the quantities in `means` that are not the program's, as expressions of those before them.
        within: for every quantity an interval that holds it at every token.
        reach: the largest intermediate numbers, against what the format holds exactly.
    """

    program: Program
    format: FloatFormat
    scale: int
    stream: Layout
    blocks: tuple[NamedBlock, ...]
    outputs: tuple[str, ...]
    forms: Mapping[str, Form]
    means: Mapping[str, Expr]
    asides: Mapping[str, Expr]
    within: Mapping[str, Interval]
    reach: tuple[Reach, ...]

    @property
    def worst(self) -> Reach:
        """The intermediate number that comes closest to what the format holds."""
        return max(self.reach, key=lambda reach: reach.share)

    @property
    def exact(self) -> bool:
        """Whether no number of any run is rounded in the format, whatever the tokens within their fields, as long as
        the program keeps its promises (`constructions.programs.exactness`).
        """
        return self.worst.share <= 1

    @property
    def margin(self) -> Fraction:
        """What a token put out is guaranteed to be off the point half way to another: 1/2 if exact, else nothing.

        It speaks of the float program.  In real arithmetic every gate and unit leaks (`bounds.slots` for one memory);
        no margin is stated for a whole stack there.
        """
        return Fraction(1, 2) if self.exact else Fraction(0)


@dataclass(frozen=True, eq=False)
class _Level:
    """What one depth of a stage holds; `units` names the block of its scalars."""

    stage: str
    units: str
    scalars: tuple[Scalar, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Entries:
    """The weights that a token meets in a run, where every map of a block is one matrix over what it reads
    (`constructions.packed`).  memories, maps: of blocks with and without memory; units: the hidden ones of the latter.
    """

    memories: int
    maps: int
    units: int


def compiled(program: Program, format: FloatFormat) -> Stack:
    """The program as blocks whose scales are derived for one float format.

    Raises ValueError where a memory has more slots than the format can tell apart, or a promise leaves no value.
    """
    levels, lowering, outputs = _levels(program, format)
    stream = Layout(tuple(Space(n) for n in lowering.scalars))
    scale = integer_scale(format)
    blocks: list[NamedBlock] = []
    for level in levels:
        if level.scalars:
            block = units_block(stream, level.scalars, float(scale))
            blocks.append(NamedBlock(level.units, block, tuple(s.name for s in level.scalars), False))
        if level.cells:
            block = cells_block(stream, level.cells, float(scale))
            blocks.append(NamedBlock(level.stage, block, tuple(c.name for c in level.cells), True))
    held = lowering.forms, lowering.means, lowering.asides, program.intervals
    return Stack(
        program, format, scale, stream, tuple(blocks), outputs, *held, _reach(program, levels, lowering, format)
    )


def reach_of(program: Program, format: FloatFormat) -> tuple[Reach, ...]:
    """`Stack.reach` without the weights, which a long program may have too many of.  Raises ValueError as `compiled`
    does.
    """
    levels, lowering, _ = _levels(program, format)
    return _reach(program, levels, lowering, format)


def entries_of(program: Program, format: FloatFormat) -> Entries:
    """The entries from the program alone, before any weight is made.  A memory's readers are counted as if each kept a
    state of its own.  Raises ValueError as `compiled` does.
    """
    levels, _, _ = _levels(program, format)
    maps, hidden = 0, 0
    for level in levels:
        units = [unit for scalar in level.scalars for unit in scalar.units]
        read = len({n for unit in units for n in unit.z.terms}) + len({n for unit in units for n in unit.g.terms})
        maps += len(units) * (read + len(level.scalars) + 2)  # W_1 and W_2; W_3; b_1 and b_2
        hidden += len(units)
    return Entries(sum(cell_entries(cell) for level in levels for cell in level.cells), maps, hidden)


def _levels(program: Program, format: FloatFormat) -> tuple[list[_Level], Lowering, tuple[str, ...]]:
    """All levels in order, what was lowered, and the spaces of the next token."""
    given = _given(program)
    lowering = Lowering(dict(given), {**given, ONE: (1, 1)}, {n: Form({n: Fraction(1)}) for n in given})
    levels: list[_Level] = []
    for stage in program.stages:
        levels += _stage(program, stage, lowering, format)
    last, outputs = _output(program, lowering)
    return [*levels, *last], lowering, outputs


def _given(program: Program) -> dict[str, Interval]:
    """What a token brings with it."""
    return {n: program.intervals[n] for n in (*(field.name for field in program.fields), POSITION)}


def _reach(program: Program, levels: Sequence[_Level], lowering: Lowering, format: FloatFormat) -> tuple[Reach, ...]:
    """The sums that a run forms, level by level."""
    scale = integer_scale(format)
    found = list(of_tokens(_given(program), scale, format))
    for level in levels:
        found += of_units(level.scalars, lowering.scalars, scale, format)
        found += of_cells(level.cells, lowering.scalars, scale, format)
    return tuple(found)


def _stage(program: Program, stage: str, lowering: Lowering, format: FloatFormat) -> list[_Level]:
    lowering.next_stage()
    cells: dict[int, list[Cell]] = {}
    addressing: set[str] = set()
    for group in _together([s for s in program.statements if s.stage == stage]):
        there = set(lowering.scalars)
        made = {
            s.name: _cell(s, program.intervals[s.name], lowering, format) for s in group if not isinstance(s, Define)
        }
        level = max((1 + lowering.depth_of(*cell.reads) for cell in made.values()), default=0)
        addressing |= set(lowering.scalars) - there if isinstance(group[0], Recall) else set()
        for statement in group:
            within = program.intervals[statement.name]
            if isinstance(statement, Define):
                lowering.forms[statement.name] = lowering.form(statement.value, statement.name)
            else:
                cell = made[statement.name]
                lowering.forms[statement.name] = Form({cell.name: Fraction(1)})
                lowering.depth[cell.name], lowering.means[cell.name] = level, name(statement.name)
                cells.setdefault(level, []).append(cell)
            lowering.within[statement.name] = within
    levels = []
    for k in sorted({*lowering.levels, *cells}):
        scalars = tuple(lowering.levels.get(k, ()))
        only_addresses = bool(scalars) and addressing.issuperset(s.name for s in scalars)
        levels.append(_Level(stage, ONE_HOTS if only_addresses else stage, scalars, tuple(cells.get(k, ()))))
    return levels


def _together(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """The statements in order, one by one, but readers of one memory that follow each other in one group: in one block
    they keep one state between them (`constructions.packed`), in two blocks each its own.
    """
    group: list[Statement] = []
    for statement in statements:
        if group and not _joins(statement, group):
            yield group
            group = []
        group.append(statement)
    if group:
        yield group


def _joins(statement: Statement, group: Sequence[Statement]) -> bool:
    """Whether it reads the memory that all of the group read, and asks for a slot that none of them names."""
    return (
        isinstance(statement, Recall)
        and all(isinstance(other, Recall) and other.memory is statement.memory for other in group)
        and names(statement.query).isdisjoint(other.name for other in group)
    )


def _cell(statement: Register | Total | Recall, within: Interval, lowering: Lowering, format: FloatFormat) -> Cell:
    """The cell of a statement, its name being a coordinate of the stream from now on."""
    called = unused(statement.name, lowering.scalars)
    lowering.scalars[called] = within
    if isinstance(statement, Recall):
        memory = statement.memory
        value = lowering.form(memory.value, f"{called}: value")
        written = address(memory.address, memory.count, format, lowering, f"{called}: written at")
        read = address(statement.query, memory.count, format, lowering, f"{called}: read at")
        slots = Digits(memory.count, *radix(memory.count, format))
        return SlotsCell(called, value, written, read, slots, memory.forgets, within)
    value = lowering.form(statement.value, f"{called}: value")
    when = lowering.form(statement.when, f"{called}: when") if isinstance(statement, Register) else None
    return RegisterCell(called, value, when, within)


def _output(program: Program, lowering: Lowering) -> tuple[list[_Level], tuple[str, ...]]:
    """The next token, carried into spaces of its own, and the names of these."""
    lowering.next_stage()
    wanted: list[tuple[str, Expr]] = [(following(field.name), program.outputs[field.name]) for field in program.fields]
    wanted.append((STOP, program.stop))
    forms = [lowering.form(expression, f"{called}: value") for called, expression in wanted]
    before = [_Level(OUTPUT, OUTPUT, tuple(lowering.levels[k]), ()) for k in sorted(lowering.levels)]
    lowering.next_stage()
    for (called, expression), form in zip(wanted, forms, strict=True):
        lowering.copied(form, called, lowering.interval(expression), expression)
    last = tuple(lowering.levels[1])
    return [*before, _Level(OUTPUT, OUTPUT, last, ())], tuple(scalar.name for scalar in last)
