"""Programs in exact integer arithmetic: what every quantity of the compiled stack should be at every token.

It shares nothing with the weights but the program: no embedding, no unit, no float.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from constructions.programs.expression import Expr, Interval, evaluate
from constructions.programs.operations import Operate
from constructions.programs.program import POSITION, Define, Program, Recall, Slots, Statement, Total

Token = Mapping[str, Any]  # fields, integers or terms; one that is not named is 0
Quantities = dict[str, Any]


def _itself(value: Any) -> Interval:
    return value, value


@dataclass
class Interpreter:
    """A program's state between tokens.

    operate, within: what operations do to the values that tokens bring, and the interval that holds such a value:
    those of integers, unless inputs are left open (`constructions.programs.terms`).
    """

    program: Program
    operate: Operate | None = None
    within: Callable[[Any], Interval] = _itself
    position: int = 0
    registers: dict[str, Any] = field(default_factory=dict)
    slots: dict[int, dict[int, Any]] = field(default_factory=dict)

    def step(self, token: Token) -> tuple[Quantities, dict[str, Any], bool]:
        """One token: all quantities, the next token's fields, and whether that one is the last.

        Raises ValueError where a quantity leaves its interval: a program that breaks a promise is not what is compiled;
        and where an address or a flag is a term.
        """
        self.position += 1
        values: Quantities = {POSITION: self.position, **{f.name: token.get(f.name, 0) for f in self.program.fields}}
        known: dict[Expr, Any] = {}
        written: set[int] = set()
        for statement in self.program.statements:
            values[statement.name] = self._value(statement, values, known, written)
        self._check(values)
        outputs = {n: evaluate(e, values, known, self.operate) for n, e in self.program.outputs.items()}
        return values, outputs, int(evaluate(self.program.stop, values, known, self.operate)) == 1

    def _value(self, statement: Statement, values: Quantities, known: dict[Expr, Any], written: set[int]) -> Any:
        of = partial(evaluate, values=values, known=known, operate=self.operate)
        if isinstance(statement, Define):
            return of(statement.value)
        if isinstance(statement, Recall):
            return self._recalled(statement.memory, int(of(statement.query)), of, written)
        if isinstance(statement, Total):
            self.registers[statement.name] = self.registers.get(statement.name, 0) + of(statement.value)
        elif int(of(statement.when)) == 1:
            self.registers[statement.name] = of(statement.value)
        return self.registers.get(statement.name, 0)

    def _check(self, values: Quantities) -> None:
        for called, (low, high) in self.program.intervals.items():
            least, largest = self.within(values[called])
            if not low <= least <= largest <= high:
                raise ValueError(
                    f"program {self.program.name!r}, token {self.position}: {called!r} is {values[called]}, "
                    f"but must lie in [{low}, {high}]"
                )

    def _recalled(self, memory: Slots, query: int, of: Callable[[Expr], Any], written: set[int]) -> Any:
        cells = self.slots.setdefault(id(memory), {})
        address = int(of(memory.address))
        if id(memory) not in written and 0 <= address < memory.count:
            cells[address] = of(memory.value) + (0 if memory.forgets else cells.get(address, 0))
        written.add(id(memory))
        return cells.get(query, 0)


def interpreted(
    program: Program, prompt: Sequence[Token], limit: int, machine: Interpreter | None = None
) -> Iterator[tuple[Token, Quantities]]:
    """Every token with its quantities: the prompt, then what the program puts out, up to its last token or `limit`
    tokens in all; `machine`: the interpreter to use, fresh, where it is not that of integers.  Raises ValueError as
    `Interpreter.step` does, and for no prompt.
    """
    if not prompt:
        raise ValueError(f"program {program.name!r} was given no token to begin with")
    machine = machine or Interpreter(program)
    upcoming, last = dict(prompt[0]), False
    for position in range(min(limit, program.longest)):
        values, following, stop = machine.step(upcoming)
        yield upcoming, values
        if last:
            return
        if position + 1 < len(prompt):
            upcoming = dict(prompt[position + 1])
        else:
            upcoming, last = following, stop
