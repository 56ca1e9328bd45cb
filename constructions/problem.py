"""A dynamic-programming problem as data (Section 4).

One text serves three: the oracle evaluates the expressions of a problem in plain Python (`constructions.oracle`), the
compiler turns the same expressions into blocks (`constructions.compiler`), and Assumption 3 is checked on them
(`constructions.assumption`).  An integer may stand wherever an expression is meant.  Names that an expression may use:

    n1, n2, ...     the lengths of the input sequences
    the indices     of a state, as the problem names them; in reads, transition and slot those of the state computed
    reads           what the problem calls its copied input tokens and earlier values
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from constructions.programs.expression import Expr, Interval, names
from constructions.stated import Lengths, ends, ends_of, interval, stated, whole

LARGEST_TOKEN = 2**31 - 1  # in modulus
State = tuple[int, ...]
Quantity = Expr | int  # wherever an expression is meant, a number may stand
Inputs = tuple[tuple[Any, ...], ...]  # the tokens of every input sequence: integers, or terms


@dataclass(frozen=True, eq=False)
class InputRead:
    """The token `index` (from 1) of an input sequence (from 0), where the flag `when` is 1; 0 elsewhere."""

    name: str
    sequence: int
    index: Quantity
    when: Quantity = 1

    def quantities(self, allowed: set[str]) -> Iterator[tuple[str, Quantity, set[str]]]:
        """Its expressions, each with its name and the names that it may use."""
        return ((self.name, e, allowed) for e in (self.index, self.when))


@dataclass(frozen=True, eq=False)
class ValueRead:
    """The value of an earlier state, where the flag `when` is 1; 0 elsewhere.

    `distance`: how many states lie between that state and the one computed (1: the one just before); needed for
    Theorem 5, where a value is found by its distance.
    """

    name: str
    state: tuple[Quantity, ...]
    when: Quantity = 1
    distance: Quantity | None = None

    def quantities(self, allowed: set[str]) -> Iterator[tuple[str, Quantity, set[str]]]:
        """Its expressions, each with its name and the names that it may use."""
        distance = () if self.distance is None else (self.distance,)
        return ((self.name, e, allowed) for e in (*self.state, self.when, *distance))


@dataclass(frozen=True, eq=False)
class EachRead:
    """The largest of the values of `state` over index = low .. high: a read set whose size is not constant.

    The oracle evaluates it; no constant-size block can (Assumption 3, first bullet), so the compiler refuses it.
    """

    name: str
    index: str
    low: Quantity
    high: Quantity
    reads: tuple["InputRead | ValueRead", ...]
    value: Quantity

    def quantities(self, allowed: set[str]) -> Iterator[tuple[str, Quantity, set[str]]]:
        """Its expressions and those of the reads inside, each with its name and the names that it may use."""
        inside = allowed | {self.index}
        yield from ((self.name, e, allowed) for e in (self.low, self.high))
        yield self.name, self.value, inside | {read.name for read in self.reads}
        yield from (each for read in self.reads for each in read.quantities(inside))


Read = InputRead | ValueRead | EachRead


@dataclass(frozen=True, eq=False)
class Problem:
    """Input sequences, an ordered state space, a transition and an aggregation.

    Args:
        name: for tables and errors.
        alphabets: for each input sequence the interval of its tokens.
        indices: the names of a state's indices; the first one is at least 1 in every state.
        empty: the flag of an empty state space, from n.
        first: the indices of the first state, from n.
        following: the indices of the next state, from a state and n.
        last: the flag of the last state, from a state and n.
        slot: where a state's value is kept, from 0, from a state and n, given the largest lengths.  States that share
            a slot overwrite each other.
        reads: what the transition reads, each with the state that is computed in view.
        transition: the value of the state, from its indices, n and the reads.
        answer_reads: the states whose values the answer needs, from n.
        answer: the answer, from those and n.
        count: the number of states, from the lengths.
        slots: the number of slots, from the largest lengths.
        index_bounds: for each index the interval of its values, from the largest lengths.
        value_bounds: an interval that holds all values, the answer and 0, from the largest lengths.
        locality: the largest distance that a value is read from, from the largest lengths; None: not local.

    Raises ValueError without an alphabet or for one that is no interval, where the numbers of indices differ, where a
    read is of no sequence or has the name of an index, a length or another read, and for an expression that names what
    it may not, TypeError for what is neither an expression nor an integer.
    """

    name: str
    alphabets: tuple[Interval, ...]
    indices: tuple[str, ...]
    empty: Quantity
    first: tuple[Quantity, ...]
    following: tuple[Quantity, ...]
    last: Quantity
    slot: Callable[[Lengths], Quantity]
    reads: tuple[Read, ...]
    transition: Quantity
    answer_reads: tuple[ValueRead | EachRead, ...]
    answer: Quantity
    count: Callable[[Lengths], int]
    slots: Callable[[Lengths], int]
    index_bounds: Callable[[Lengths], tuple[Interval, ...]]
    value_bounds: Callable[[Lengths], Interval]
    locality: Callable[[Lengths], int] | None = None

    def __post_init__(self) -> None:
        self._check_states()
        taken = {*self.indices, *self.sizes((0,) * len(self.alphabets))}
        for group in (self.reads, self.answer_reads):
            given = [read.name for read in group]
            double = sorted({called for called in given if called in taken or given.count(called) > 1 or not called})
            if double:
                raise ValueError(
                    f"problem {self.name!r}: a read is called {double[0]!r}; names of reads are not empty, differ, and "
                    f"are none of {', '.join(sorted(taken))}"
                )
        self._check_sequences(self.reads)
        for where, given, allowed in self._quantities():
            try:
                strange = sorted(names(given) - allowed)
            except TypeError as error:
                raise TypeError(f"problem {self.name!r}, {where}: {error}") from None
            if strange:
                known = ", ".join(sorted(allowed))
                raise ValueError(f"problem {self.name!r}, {where}: it names {strange[0]!r}; {known} may be named there")
        self._check_functions(taken)

    def _check_functions(self, here: set[str]) -> None:
        """What is stated by functions of the lengths tells its faults with its name, whoever asks for it."""

        def slot(given: Any) -> Quantity:
            strange = sorted(names(given) - here)
            if strange:
                raise ValueError(f"it names {strange[0]!r}; {', '.join(sorted(here))} may be named there")
            return given

        checks = {"count": whole(0), "slots": whole(0), "slot": slot, "value_bounds": ends}
        checks |= {"index_bounds": ends_of(self.indices)} | ({} if self.locality is None else {"locality": whole(0)})
        for field, checked in checks.items():
            object.__setattr__(self, field, stated(self.name, field, getattr(self, field), checked))

    def _check_states(self) -> None:
        """There is something to read, and every state is given by as many indices as there are."""
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"a problem has the name {self.name!r}; a text that is not empty is needed")
        if not self.alphabets:
            raise ValueError(f"problem {self.name!r}: no alphabets were given; at least one is needed")
        for alphabet in self.alphabets:
            try:
                low, high = interval(alphabet)
            except ValueError as error:
                raise ValueError(f"problem {self.name!r}, alphabets: {error}") from None
            if max(-low, high) > LARGEST_TOKEN:
                raise ValueError(f"problem {self.name!r}, alphabets: {alphabet!r} was given; tokens have 32 bits")
        k, given = len(self.indices), {"first": self.first, "following": self.following}
        given |= {r.name: r.state for r in (*self.reads, *self.answer_reads) if isinstance(r, ValueRead)}
        for where, state in given.items():
            if k < 1 or not isinstance(state, tuple) or len(state) != k:
                shown = f"it has {len(state)}" if isinstance(state, tuple) else f"{state!r} was given"
                raise ValueError(
                    f"problem {self.name!r}, {where}: every state needs a tuple of the {k} indices {self.indices}; "
                    f"{shown}"
                )

    def _check_sequences(self, reads: Sequence[Read]) -> None:
        """Every token that is read is one of an input sequence that there is."""
        there = range(len(self.alphabets))
        for read in reads:
            if isinstance(read, EachRead):
                self._check_sequences(read.reads)
            elif isinstance(read, InputRead) and read.sequence not in there:
                raise ValueError(
                    f"problem {self.name!r}, {read.name}: sequence {read.sequence!r} was given; there are 0 to "
                    f"{len(there) - 1}, one for each alphabet"
                )

    def _quantities(self) -> Iterator[tuple[str, Quantity, set[str]]]:
        """All expressions, each with where it stands and the names that it may use there.

        What a state reads, and where, depends on n and the state alone (Section 4): no token is named there.
        """
        n = set(self.sizes((0,) * len(self.alphabets)))
        here, read, needed = n | {*self.indices}, {r.name for r in self.reads}, {r.name for r in self.answer_reads}
        yield from (("empty", self.empty, n), ("answer", self.answer, n | needed))
        yield from (("last", self.last, here), ("transition", self.transition, here | read))
        yield from (("first", e, n) for e in self.first)
        yield from (("following", e, here) for e in self.following)
        for group, allowed in ((self.reads, here), (self.answer_reads, n)):
            yield from (each for r in group for each in r.quantities(allowed))

    def value_interval(self, lengths: Lengths) -> Interval:
        """`value_bounds` where a stack is made for them.  Raises ValueError for an empty interval."""
        return self._in_order("value_bounds", lengths, self.value_bounds(lengths))

    def index_intervals(self, lengths: Lengths) -> tuple[Interval, ...]:
        """`index_bounds` where a stack is made for them.  Raises ValueError for an empty interval."""
        return tuple(self._in_order("index_bounds", lengths, each) for each in self.index_bounds(lengths))

    def _in_order(self, field: str, lengths: Lengths, given: Interval) -> Interval:
        try:
            return interval(given)
        except ValueError as error:
            raise ValueError(f"problem {self.name!r}, {field} at lengths {lengths}: {error}") from None

    def sizes(self, lengths: Lengths) -> dict[str, int]:
        """The lengths by name: n1, n2, ..."""
        return {f"n{r + 1}": n for r, n in enumerate(lengths)}
