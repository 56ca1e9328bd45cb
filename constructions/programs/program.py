"""A program over a stream of tokens: what a stack of blocks is to compute, as data.

At every token t the program sees the token's fields (its embedding), the position t, and what earlier tokens left in
its memories; it defines quantities one after the other and puts out the fields of the next token.  The statements are
what Eq. 1-3 can do, each with one kind of block behind it:

    Define      a quantity from an expression                       blocks without memory (Lemmas 1-5)
    Register    the value at the last token whose flag was set      one channel, A = -1: Delta writes and forgets
    Total       the sum of a value over all tokens so far           one channel, A = 0, Delta constant
    Recall      the value in the slot that a query names            one channel a slot, Delta writes, the gate reads

A memory includes the current token: a value is written before it is read.  What a layer computes cannot reach the same
layer or an earlier one at the next token, so a quantity of the last token is not readable unless a memory kept it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from constructions.programs.expression import Expr, Interval, as_expression, bounds, name, names, select

POSITION, ONE = "t", "1"  # what every token brings with it: its number, counted from 1, and the constant


@dataclass(frozen=True)
class Field:
    """One coordinate of a token's embedding, an integer of [low, high].  Raises ValueError for an empty interval."""

    name: str
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(
                f"field {self.name!r} has the interval [{self.low}, {self.high}]; its ends must be in order"
            )


@dataclass(frozen=True, eq=False)
class Define:
    """A quantity from an expression; `within` narrows the interval that interval arithmetic finds."""

    name: str
    stage: str
    value: Expr
    within: Interval | None = None


@dataclass(frozen=True, eq=False)
class Register:
    """`value` at the last token, this one included, at which the flag `when` was 1; 0 before.

    `within` narrows the interval of what it holds, where only some tokens set the flag.
    """

    name: str
    stage: str
    value: Expr
    when: Expr
    within: Interval | None = None


@dataclass(frozen=True, eq=False)
class Total:
    """The sum of `value` over all tokens up to this one, known to stay in `within`."""

    name: str
    stage: str
    value: Expr
    within: Interval


@dataclass(frozen=True, eq=False)
class Slots:
    """A memory of `count` slots: every token writes `value` into slot `address` (outside 0 .. count - 1: nowhere).

    `forgets`: the slot's old content is erased; otherwise the new value is added to it, and what a slot holds must stay
    in the interval of the value and 0, as it does where no slot is written twice.
    """

    count: int
    address: Expr
    value: Expr
    forgets: bool


@dataclass(frozen=True, eq=False)
class Recall:
    """What slot `query` of a memory holds at this token; 0 if nothing was written there or there is no such slot."""

    name: str
    stage: str
    memory: Slots
    query: Expr


Statement = Define | Register | Total | Recall


@dataclass(frozen=True, eq=False)
class Program:
    """Statements in order, the fields of the next token, and when to stop.

    Args:
        name: for tables and errors.
        fields: the coordinates of a token's embedding besides t and 1.
        statements: each reads fields, t and quantities defined before it.
        outputs: for each field its value in the next token.
        stop: a flag: the token that is put out now is the last one.
        longest: positions run from 1 to here.

    Raises ValueError for an unknown or repeated name, one of a later stage, or outputs that are not the fields.
    """

    name: str
    fields: tuple[Field, ...]
    statements: tuple[Statement, ...]
    outputs: Mapping[str, Expr]
    stop: Expr
    longest: int

    def __post_init__(self) -> None:
        known = {POSITION, ONE, *(field.name for field in self.fields)}
        if len(known) != len(self.fields) + 2:
            raise ValueError(
                f"program {self.name!r}: two fields share a name, or one is called {POSITION!r} or {ONE!r}"
            )
        known.remove(ONE)
        stage = {s.name: self.stages.index(s.stage) for s in self.statements}
        for statement in self.statements:
            unknown = set().union(*(names(part) for part in parts(statement))) - known
            if unknown or statement.name in known:
                raise ValueError(
                    f"program {self.name!r}, {statement.name!r}: "
                    + (f"{sorted(unknown)} are not defined before it" if unknown else "the name is taken")
                )
            known.add(statement.name)
            late = [n for part in parts(statement) for n in names(part) if stage.get(n, 0) > stage[statement.name]]
            if late:
                raise ValueError(
                    f"program {self.name!r}, {statement.name!r}: its stage {statement.stage!r} runs before {late[0]!r} "
                    "is known"
                )
        unknown = set().union(*(names(e) for e in (*self.outputs.values(), self.stop))) - known
        if unknown or set(self.outputs) != {field.name for field in self.fields}:
            raise ValueError(
                f"program {self.name!r}: outputs {tuple(self.outputs)} must be the fields and read known quantities; "
                f"unknown: {sorted(unknown)}"
            )

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages in order."""
        return tuple(dict.fromkeys(statement.stage for statement in self.statements))

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """For every field, t and every quantity an interval that holds it: interval arithmetic, narrowed by what the
        statements promise in `within`.  Raises ValueError where a promise leaves nothing.
        """
        found: dict[str, Interval] = {POSITION: (1, self.longest), **{f.name: (f.low, f.high) for f in self.fields}}
        known: dict[Expr, Interval] = {}
        for statement in self.statements:
            low, high = _interval(statement, found, known)
            if low > high:
                raise ValueError(f"program {self.name!r}, {statement.name!r}: no value is left in [{low}, {high}]")
            found[statement.name] = low, high
        return found


def parts(statement: Statement) -> tuple[Expr, ...]:
    """The expressions that a statement reads."""
    if isinstance(statement, Define | Total):
        return (statement.value,)
    if isinstance(statement, Register):
        return statement.value, statement.when
    return statement.memory.address, statement.memory.value, statement.query


def _interval(statement: Statement, found: Mapping[str, Interval], known: dict[Expr, Interval]) -> Interval:
    """An interval for one statement's quantity, given those of the quantities before it."""
    if isinstance(statement, Total):
        return statement.within
    if isinstance(statement, Recall):
        low, high = bounds(statement.memory.value, found, known)
        return min(0, low), max(0, high)
    low, high = bounds(statement.value, found, known)
    if isinstance(statement, Register):
        low, high = min(0, low), max(0, high)
    least, largest = statement.within or (low, high)
    return max(low, least), min(high, largest)


class Builder:
    """Writes a program statement by statement; every method returns the new quantity as an expression."""

    def __init__(self, name: str, fields: tuple[Field, ...], longest: int) -> None:
        """A program without statements.  Raises ValueError for longest < 1."""
        if longest < 1:
            raise ValueError(f"longest = {longest} was given; a program runs for at least one token")
        self.name, self.fields, self.longest = name, fields, longest
        self.statements: list[Statement] = []
        self._stage = "start"

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Statements inside belong to this stage; stages run one after the other."""
        before, self._stage = self._stage, name
        yield
        self._stage = before

    def define(self, called: str, value: Expr | int, within: Interval | None = None) -> Expr:
        """A quantity from an expression; `within` is an interval known to hold it."""
        return self._add(Define(called, self._stage, as_expression(value), within))

    def register(self, called: str, value: Expr | int, when: Expr, within: Interval | None = None) -> Expr:
        """The value at the last token, this one included, whose flag `when` was 1; 0 before."""
        return self._add(Register(called, self._stage, as_expression(value), when, within))

    def total(self, called: str, value: Expr | int, within: Interval) -> Expr:
        """The sum of a value over all tokens up to this one."""
        return self._add(Total(called, self._stage, as_expression(value), within))

    def recall(self, called: str, memory: Slots, query: Expr | int, when: Expr | None = None) -> Expr:
        """What slot `query` of a memory holds; 0 where the flag `when` is 0."""
        slot = as_expression(query) if when is None else address_if(when, query)
        return self._add(Recall(called, self._stage, memory, slot))

    def since(self, called: str, when: Expr, within: Interval) -> Expr:
        """A counter with reset: the tokens since the last one whose flag was 1 (0 there), counted from the start before
        any.
        """
        last = self.register(f"{called}: last reset", name(POSITION), when)
        return self.define(called, name(POSITION) - last, within)

    def program(self, outputs: Mapping[str, Expr | int], stop: Expr) -> Program:
        """The finished program; a field without output is put out as 0.  Raises ValueError as `Program` does."""
        values = {field.name: as_expression(outputs.get(field.name, 0)) for field in self.fields}
        strangers = set(outputs) - set(values)
        if strangers:
            raise ValueError(f"program {self.name!r}: {sorted(strangers)} are outputs but no fields")
        return Program(self.name, self.fields, tuple(self.statements), values, stop, self.longest)

    def _add(self, statement: Statement) -> Expr:
        self.statements.append(statement)
        return name(statement.name)


def address_if(flag: Expr, address: Expr | int) -> Expr:
    """The address where the flag is 1, and -1, the paper's gamma, which is no slot, where it is 0."""
    return select(flag, address, -1)
