"""Theorems 4 and 5: a dynamic-programming problem as a program over tokens, in the four blocks of A.6.

Tokens are those of Section 4 and A.6: the embedding of a token has one coordinate for an input token, one for each
index of a state, its value, the answer, one for each separator; t and 1 come with every token.

    Block 1   problem size    registers keep where each separator stood; n_j is the distance between two of them
              next state      f_I(n, state), or the first state at the separator that ends the inputs
    Block 2   flags           whether the state is the last one; whether the answer needs its value
              positions       where the tokens and values that the next state needs are kept; -1 (gamma) for none
    Block 3   one-hots        the digits of each position and their squares, from which the copying layer forms one-hots
              copies          N_s + N_dp readers of memories with O(T) slots
              transition      f_T
    Block 4   aggregation     registers that keep the values whose flag for the answer was set
              answer          f_A, put out at the separator that ends the states

What the printed proof leaves out and is built here: the first state; the one-hots between a scalar position and the
copying layer; a position for every state (`Problem.slot`); the separator before the answer, and the answer at its own
step; that all flags are about the state to be computed, not the current one; an empty state space.

*Theorem 5.*  The values are kept in a ring of m slots that forgets.  A position modulo m cannot be computed from t by a
block of size O(m) for unbounded t, so the state's embedding carries the slot in which its value is kept: r of the next
state is r + 1, or 0 after m - 1, and a value read from a distance of k states lies in slot r - k, or r - k + m.
"""

from collections.abc import Mapping

from constructions.problem import EachRead, InputRead, Lengths, Problem, ValueRead
from constructions.programs.expression import Expr, constant, equal, name, renamed, select
from constructions.programs.program import POSITION, Builder, Field, Program, Slots, address_if

INPUT, VALUE, ANSWER, RING = "input", "dp", "answer", "ring slot"


def separator(j: int) -> str:
    """The field of the j-th separator, j from 1: after each input sequence, and after the states."""
    return f"separator {j}"


def index_field(index: str) -> str:
    """The field of a state's index."""
    return f"state {index}"


def copy_of(read: str) -> str:
    """The quantity that holds what a read brings: a name that no other quantity of the program has."""
    return f"copy of {read}"


def slot_count(problem: Problem, lengths: Lengths, theorem: int) -> int:
    """The slots that values are kept in.  Raises ValueError where Theorem 5 does not apply."""
    if theorem == 4:
        return problem.slots(lengths)
    if problem.locality is None:
        raise ValueError(
            f"{problem.name} is not m-local: the distance of the values that it reads grows like its chain; "
            "Theorem 5 does not apply, Theorem 4 does"
        )
    return problem.locality(lengths) + 1


def program_of(problem: Problem, lengths: Lengths, longest: int, theorem: int) -> Program:
    """The program that solves all instances with sequences of at most these lengths and at most `longest` tokens.

    Raises ValueError for a problem whose read sets are not of constant size, or that Theorem 5 does not cover.
    """
    return _Compiler(problem, lengths, longest, theorem).program()


class _Compiler:
    """The statements of the four blocks, written one after the other."""

    def __init__(self, problem: Problem, lengths: Lengths, longest: int, theorem: int) -> None:
        self.reads = [read for read in problem.reads if not isinstance(read, EachRead)]
        self.answer_reads = [read for read in problem.answer_reads if isinstance(read, ValueRead)]
        if len(self.reads) + len(self.answer_reads) < len(problem.reads) + len(problem.answer_reads):
            raise ValueError(
                f"{problem.name}: a state or the answer reads a set of values whose size grows with n, which breaks "
                "the first bullet of Assumption 3; write the problem with one more index"
            )
        self.problem, self.lengths, self.ring = problem, lengths, theorem == 5
        self.slots = slot_count(problem, lengths, theorem)
        if self.slots < 1:
            raise ValueError(f"problem {problem.name!r}, slots at lengths {lengths}: 0 was given; a memory has a slot")
        self.builder = Builder(f"{problem.name} (Theorem {theorem})", self._fields(), longest)
        self.t, self.ends_inputs = name(POSITION), name(separator(len(lengths)))
        self.ends_states = name(separator(len(lengths) + 1))

    def program(self) -> Program:
        """All blocks, and the next token."""
        build, problem = self.builder, self.problem
        n = self._problem_size()
        current = {i: name(index_field(i)) for i in problem.indices}
        with build.stage("next state"):
            here = n | current
            upcoming = {
                i: build.define(
                    f"next {index_field(i)}",
                    select(self.ends_inputs, renamed(first, n), renamed(following, here)),
                )
                for i, first, following in zip(problem.indices, problem.first, problem.following, strict=True)
            }
            if self.ring:
                filled = name(RING)
                ring = build.define(
                    f"next {RING}", select(self.ends_inputs | equal(filled, self.slots - 1), 0, filled + 1)
                )
        with build.stage("flags"):
            is_state = build.define("is a state", name(index_field(problem.indices[0])) >= 1)
            finished = build.define(
                "no more states", select(self.ends_inputs, renamed(problem.empty, n), renamed(problem.last, here))
            )
            going = build.define("computes a state", (1 - finished - self.ends_states) >= 1)
            needed = {read.name: self._needed(read, n, is_state) for read in self.answer_reads}
        copies = self._copies(n | upcoming, going, is_state, n | current)
        with build.stage("transition"):
            value = build.define("next dp", renamed(problem.transition, n | upcoming | copies))
        with build.stage("aggregation"):
            kept = {
                called: build.register(f"for the answer: {called}", name(VALUE), flag)
                for called, flag in needed.items()
            }
        with build.stage("answer"):
            answer = build.define("the answer", renamed(problem.answer, n | kept))
            outputs = {index_field(i): select(going, e, 0) for i, e in upcoming.items()}
            outputs |= {VALUE: select(going, value, 0), ANSWER: select(self.ends_states, answer, 0)}
            outputs |= {separator(len(self.lengths) + 1): (finished - self.ends_states) >= 1}
            if self.ring:
                outputs |= {RING: select(going, ring, 0)}
        return build.program(outputs, stop=self.ends_states)

    def _fields(self) -> tuple[Field, ...]:
        low = min(0, *(alphabet[0] for alphabet in self.problem.alphabets))
        high = max(0, *(alphabet[1] for alphabet in self.problem.alphabets))
        least, largest = self.problem.value_interval(self.lengths)
        bounds = self.problem.index_intervals(self.lengths)
        return (
            Field(INPUT, low, high),
            *(Field(index_field(i), min(0, b[0]), b[1]) for i, b in zip(self.problem.indices, bounds, strict=True)),
            *((Field(RING, 0, self.slots - 1),) if self.ring else ()),
            Field(VALUE, min(0, least), max(0, largest)),
            Field(ANSWER, min(0, least), max(0, largest)),
            *(Field(separator(j + 1), 0, 1) for j in range(len(self.lengths) + 1)),
        )

    def _problem_size(self) -> dict[str, Expr]:
        """n_j = t_sep,j - t_sep,j-1 - 1, kept from the moment at which the j-th separator is seen."""
        n: dict[str, Expr] = {}
        with self.builder.stage("problem size"):
            for j, longest in enumerate(self.lengths):
                before = sum((1 + size for size in n.values()), constant(0))
                n[f"n{j + 1}"] = self.builder.register(
                    f"n{j + 1}", self.t - 1 - before, name(separator(j + 1)), within=(0, longest)
                )
        return n

    def _needed(self, read: ValueRead, n: Mapping[str, Expr], is_state: Expr) -> Expr:
        """The flag of the state whose value the answer reads."""
        alike = [
            equal(name(index_field(i)), renamed(e, n)) for i, e in zip(self.problem.indices, read.state, strict=True)
        ]
        wanted = renamed(read.when, n)
        return self.builder.define(f"the answer reads it: {read.name}", sum(alike, is_state + wanted) >= len(alike) + 2)

    def _copies(
        self, upcoming: Mapping[str, Expr], going: Expr, is_state: Expr, current: Mapping[str, Expr]
    ) -> dict[str, Expr]:
        """Positions of all that the next state reads, and what is kept there."""
        build, _problem = self.builder, self.problem
        queries: dict[str, tuple[Slots, Expr]] = {}
        with build.stage("positions"):
            inputs = Slots(max(sum(self.lengths) + len(self.lengths), 1), self.t - 1, name(INPUT), forgets=False)
            if self.ring:
                own = build.define("slot of this state", address_if(is_state, name(RING)))
            else:
                own = build.define("slot of this state", address_if(is_state, self._slot(current)))
            values = Slots(self.slots, own, name(VALUE), forgets=True)
            for read in self.reads:
                guard = going & renamed(read.when, upcoming)
                if isinstance(read, InputRead):
                    memory = inputs
                    place = self._offset(read.sequence, upcoming) + renamed(read.index, upcoming) - 1
                else:
                    memory, place = values, self._place(read, upcoming)
                queries[read.name] = memory, build.define(f"position of {read.name}", address_if(guard, place))
        with build.stage("copies"):
            return {called: build.recall(copy_of(called), memory, query) for called, (memory, query) in queries.items()}

    def _slot(self, state: Mapping[str, Expr]) -> Expr:
        return renamed(self.problem.slot(self.lengths), state)

    def _place(self, read: ValueRead, upcoming: Mapping[str, Expr]) -> Expr:
        """Where the value is kept: the slot of its state, or the ring's slot at its distance."""
        if not self.ring:
            state = {i: renamed(e, upcoming) for i, e in zip(self.problem.indices, read.state, strict=True)}
            return self._slot({**upcoming, **state})
        if read.distance is None:
            raise ValueError(f"{self.problem.name}: {read.name!r} states no distance, which Theorem 5 needs")
        back = name(f"next {RING}") - renamed(read.distance, upcoming)
        return back + self.slots * (back < 0)

    def _offset(self, sequence: int, n: Mapping[str, Expr]) -> Expr:
        """The number of tokens before an input sequence."""
        return sum((n[f"n{j + 1}"] + 1 for j in range(sequence)), constant(0))
