"""Values that stand for open inputs: one run of a program, or of its oracle, for all inputs of the same lengths.

Where addresses, flags and the order of states depend on lengths and positions alone, a run does the same whatever the
inputs are.  So it can be made once with a *variable* in the place of every input, and every quantity comes out as a
term of these variables.  Two runs that put out equal terms put out equal numbers for all inputs.

A term is constant + sum coefficient * atom; an atom is a variable, or an operation (max, a flag, ..) on terms.  Equal
operations on equal terms are one atom, so that equal terms are equal objects of data.  Little is simplified, and each
step is an identity of integers:

    sums        coefficients of an atom are added up;
    max         max(max(a, b), c) = max(a, b, c), max(a + k, b + k) = max(a, b) + k;
    flags       I[x = 0] = I[-x = 0];
    intervals   what the intervals of its arguments decide is decided: max(a, b) = a where a >= b everywhere.

Each term has an interval that holds its value for all inputs, by interval arithmetic over its atoms.  Where an address
or the flag of a register is a term, the run depends on the inputs, and `int` of it raises ValueError.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from constructions.programs.operations import OPERATIONS, Interval, Value


@dataclass(frozen=True, eq=False)
class Atom:
    """A variable, or one operation on terms: an unknown integer of the interval `within`."""

    name: str
    within: Interval


@dataclass(frozen=True)
class Term:
    """constant + sum coefficient * atom, at least one atom and no coefficient 0."""

    terms: frozenset[tuple[Atom, Value]]
    constant: Value

    @property
    def within(self) -> Interval:
        """An interval that holds its value for all inputs."""
        ends = [sorted((c * atom.within[0], c * atom.within[1])) for atom, c in self.terms]
        return floor(self.constant + sum(e[0] for e in ends)), ceil(self.constant + sum(e[1] for e in ends))

    def __add__(self, other: "Term | Value") -> "Term | Value":
        return _sum(0, [(self, 1), (other, 1)])

    __radd__ = __add__

    def __int__(self) -> int:
        raise ValueError("an address or a flag depends on the inputs, which are left open")


Number = Term | Value


def span(value: Number) -> Interval:
    """The interval that holds the value for all inputs."""
    return value.within if isinstance(value, Term) else (floor(value), ceil(value))


@dataclass
class Terms:
    """The variables and atoms of one family of runs: terms of different families are never equal."""

    atoms: dict[Any, Atom] = field(default_factory=dict)

    def variable(self, name: str, within: Interval) -> Term:
        """An input that is left open.  Raises ValueError where the name is taken by another interval."""
        atom = self.atoms.setdefault(name, Atom(name, within))
        if atom.within != within:
            raise ValueError(f"the variable {name!r} lies in {atom.within}; {within} was given")
        return _alone(atom)

    def operate(self, op: str, arguments: list[Number], data: tuple) -> Number:
        """What `evaluate` does with an operation, for numbers and terms."""
        if not any(isinstance(argument, Term) for argument in arguments):
            return OPERATIONS[op].evaluate(arguments, data)
        if op == "linear":
            return _sum(data[0], zip(arguments, data[1:], strict=True))
        if op == "select" and not isinstance(arguments[0], Term):
            return OPERATIONS[op].evaluate(arguments, data)
        if op == "maximum":
            return self._largest(arguments)
        if op == "product" and any(not isinstance(argument, Term) for argument in arguments):
            factor, other = sorted(arguments, key=lambda argument: isinstance(argument, Term))
            assert not isinstance(factor, Term)
            return _sum(0, [(other, factor)])
        low, high = OPERATIONS[op].bounds([span(argument) for argument in arguments], data)
        if low == high:
            return low
        key = tuple(arguments)
        if op == "zero":
            key = tuple(sorted((arguments[0], _sum(0, [(arguments[0], -1)])), key=self._rank))[:1]
        return self._atom(op, key, data, (low, high))

    def _largest(self, arguments: Iterable[Number]) -> Number:
        """max, nested ones laid flat, arguments that are never the largest left out, the least constant pulled out."""
        flat = set().union(*(self._flat(argument) for argument in arguments))
        floor_of_all = max(span(each)[0] for each in flat)
        kept = {each for each in flat if span(each)[1] > floor_of_all or span(each) == (floor_of_all, floor_of_all)}
        kept = kept or {floor_of_all}
        if len(kept) == 1:
            return next(iter(kept))
        least = min(each.constant if isinstance(each, Term) else each for each in kept)
        moved = frozenset(_sum(-least, [(each, 1)]) for each in kept)
        ends = [span(each) for each in moved]
        within = max(low for low, _ in ends), max(high for _, high in ends)
        return _sum(least, [(self._atom("maximum", moved, (), within), 1)])

    def _flat(self, value: Number) -> set[Number]:
        if isinstance(value, Term) and len(value.terms) == 1:
            ((atom, coefficient),) = value.terms
            inside = self._maxima.get(atom)
            if inside is not None and coefficient == 1:
                return {_sum(value.constant, [(each, 1)]) for each in inside}
        return {value}

    def _atom(self, op: str, arguments: Any, data: tuple, within: Interval) -> Term:
        atom = self.atoms.setdefault((op, arguments, data), Atom(op, within))
        if op == "maximum":
            self._maxima[atom] = arguments
        return _alone(atom)

    def _rank(self, value: Number) -> tuple:
        """An order of a term and its negative."""
        assert isinstance(value, Term)
        order = {atom: k for k, atom in enumerate(self.atoms.values())}
        return sorted((order[atom], c) for atom, c in value.terms), value.constant

    _maxima: dict[Atom, frozenset[Number]] = field(default_factory=dict)


def _alone(atom: Atom) -> Term:
    return Term(frozenset({(atom, 1)}), 0)


def _sum(start: Value, parts: Iterable[tuple[Number, Value]]) -> Number:
    """start + sum coefficient * value, atoms merged; a number where none is left."""
    constant, found = Fraction(start), dict[Atom, Fraction]()
    for value, coefficient in parts:
        if isinstance(value, Term):
            constant += coefficient * Fraction(value.constant)
            for atom, c in value.terms:
                found[atom] = found.get(atom, Fraction(0)) + coefficient * Fraction(c)
        else:
            constant += Fraction(coefficient) * value
    left = frozenset((atom, _plain(c)) for atom, c in found.items() if c)
    return Term(left, _plain(constant)) if left else _plain(constant)


def _plain(value: Fraction) -> Value:
    return int(value) if value.denominator == 1 else value
