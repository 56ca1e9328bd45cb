"""Expressions as functions of plain Python: each is written out once, line by line, and then called at every state.

A table of a hundred thousand states evaluates an expression as often; walking through its parts each time costs many
times what the written lines cost.  A line is one part: `p3 = max(p1, p2)`, from the table of
`constructions.programs.operations`, its arguments being earlier lines.  Numbers of the expression stand in the lines as
integers, names and tables are handed over as constants, so nothing that a user calls something is ever run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, Protocol, runtime_checkable

from constructions.programs.operations import OPERATIONS, Value, no_flag

TERMS = 50  # of a sum on one line: Python's own parser is recursive


@runtime_checkable
class Part(Protocol):
    """What is read of an expression."""

    @property
    def op(self) -> str:
        """The operation."""
        ...

    @property
    def args(self) -> tuple:
        """What it acts on."""
        ...

    @property
    def data(self) -> tuple:
        """Its constants."""
        ...


def function_of(order: Sequence[Part]) -> Callable[[Mapping[str, Value]], Value]:
    """The function of the last part, all parts given after those that they act on.

    It raises KeyError for a name without a value, ValueError where a flag is neither 0 nor 1 or a sum is no integer.
    """
    names = _called(order)
    return _function(names, names[order[-1]])


def functions_of(order: Sequence[Part], wanted: Sequence[Part]) -> Callable[[Mapping[str, Value]], tuple[Value, ...]]:
    """The function of several parts at once, in the order that is wanted; each part is evaluated once for all of them.
    It raises as that of `function_of` does.
    """
    names = _called(order)
    return _function(names, f"({' '.join(f'{names[part]},' for part in wanted)})")


def _called(order: Sequence[Part]) -> dict[Part, str]:
    return {part: f"p{k}" for k, part in enumerate(order)}


def _function(names: Mapping[Part, str], result: str) -> Callable[[Mapping[str, Value]], Any]:
    """The lines of all parts, and what is returned."""
    constants: dict[str, Any] = {"whole": _whole, "no_flag": no_flag}
    lines = ["def function(values):"]
    for part, called in names.items():
        arguments = [names[argument] for argument in part.args]
        if part.op == "linear":
            lines += [f"    {line}" for line in _sum(called, arguments, part.data)]
            continue
        if part.data:
            constants[f"data_{called}"] = part.data
        written = "values[{data}[0]]" if part.op == "name" else OPERATIONS[part.op].python
        lines.append(f"    {called} = {written.format(*arguments, all=', '.join(arguments), data=f'data_{called}')}")
    exec("\n".join([*lines, f"    return {result}"]), constants)
    return constants["function"]


def _sum(called: str, arguments: Sequence[str], data: Sequence[Value]) -> Iterator[str]:
    """data[0] + sum_k data[k + 1] argument_k over the least common denominator, which must divide it."""
    coefficients = [Fraction(c) for c in data]
    below = lcm(*(c.denominator for c in coefficients))
    start, *factors = (int(c * below) for c in coefficients)
    terms = [f"{factor} * {argument}" for factor, argument in zip(factors, arguments, strict=True)]
    yield f"{called} = {' + '.join([str(start), *terms[:TERMS]])}"
    for k in range(TERMS, len(terms), TERMS):
        yield f"{called} += {' + '.join(terms[k : k + TERMS])}"
    if below > 1:
        yield f"{called} = whole({called}, {below})"


def _whole(numerator: int, below: int) -> int:
    found, rest = divmod(numerator, below)
    if rest:
        raise ValueError(f"a sum gave {Fraction(numerator, below)}; quantities are integers")
    return found
