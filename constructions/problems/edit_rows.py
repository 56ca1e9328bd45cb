"""Edit distance by rows, each row of the table behind a copy of the inputs (A.5, Theorem 5).

    prompt   s1 | s2 <sep>
    chain    s1 | s2 dp(1,1) ... dp(1,n2) ,   s1 | s2 dp(2,1) ... ,   ...   <sep> dp(n1,n2)

A token has a letter, a value, a mark (one of <sep> , | or the <sep> before the answer) and the row j of the state that
it belongs to: 0 in the prompt, n1 + 1 from the last separator on.  The row is part of the state's embedding in A.6; it
cannot be left out (below).

*The window.*  Let n = n1 + n2.  A row takes P = n1 + 2 n2 + 2 tokens.  For dp(j,k) A.4 reads dp(j,k-1), the token
before; dp(j-1,k), P tokens before; dp(j-1,k-1), P + 1 before; s1_j and s2_k, at most P - 1 before, from the copy in the
same row.  A copied letter is read P tokens before (n + 2 in the first row).  So the recurrence reads only the last

    m = P + 1 = n1 + 2 n2 + 3 <= 2 n + 2    for n1 >= 1;    n1 = 0 has no rows, and its answer needs the prompt alone.

As a function of the tokens, whatever is read, the last P are enough, since j and the copied inputs fix every value;
for n1 >= 2 they are needed, since the first letter of row 2 stands P tokens back at the nearest, and values of letters
that s2 does not have say nothing of them.  Without the row in the token no bound in n holds: with n2 = 0 all rows look
alike, and only counting from the prompt on tells the last.

*m slots that are overwritten.*  Slot q keeps what stood at place q of a row, the mark that opens a row at place 0.
When place q is put out, the last token written is at q - 1: slot q still holds the row before.  dp(j-1,k-1) is gone
from its slot by then; a second memory, in which the step before has put the value that it read, still has it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import numpy as np

from constructions.problem import Inputs
from constructions.problems import edit_distance
from constructions.problems.edit_distance import Costs
from constructions.problems.task import Limits, Shown
from constructions.programs.expression import Expr, differ, equal, maximum, minimum, name, select, table
from constructions.programs.interpreter import Token
from constructions.programs.program import POSITION, Builder, Field, Program, Slots

LETTER, VALUE, MARK, ROW = "letter", "dp", "mark", "row"
SEPARATOR, COMMA, LAST, BAR = 1, 2, 3, 4  # marks; BAR must be the largest (see `sizes`)


@dataclass(frozen=True)
class EditRows:
    """Edit distance with the copied row, for given costs and boundary."""

    costs: Costs = field(default_factory=Costs)

    @property
    def name(self) -> str:
        """The name on the command line."""
        return "edit-distance"

    @property
    def theorem(self) -> int:
        """The state grows with the length of a row only."""
        return 5

    def parse(self, text: str) -> Inputs:
        """Two strings of letters a-z.  Raises ValueError as `edit_distance.parse` does."""
        return edit_distance.parse(text)

    def written(self, instance: Inputs) -> str:
        """The two strings with | between them."""
        return edit_distance.written(instance)

    def draw(self, n: int, rng: np.random.Generator) -> Inputs:
        """A string of n letters and another one, by the public benchmark's rule: see `edit_distance.draw`."""
        return edit_distance.draw(n, rng)

    def every(self, n: int) -> Iterator[Inputs]:
        """All pairs of strings of length at most n over two letters."""
        return edit_distance.every(n)

    def limits(self, instances: Sequence[Inputs]) -> Limits:
        """The largest lengths, and the longest run."""
        runs = [len(s1) + len(s2) + 2 + len(s1) * row_length(len(s1), len(s2)) + 2 for s1, s2 in instances]
        return Limits((max(len(s1) for s1, _ in instances), max(len(s2) for _, s2 in instances)), max(runs))

    def program(self, limits: Limits) -> Program:
        """The program for all pairs of strings of at most these lengths."""
        return _Rows(self.costs, limits).program()

    def prompt(self, instance: Inputs) -> list[Token]:
        """s1 | s2 <sep>."""
        return [*_copy(instance, 0), {MARK: SEPARATOR, ROW: 0}]

    def expected(self, instance: Inputs, limits: Limits | None = None) -> list[Token]:  # noqa: ARG002 - the same for all
        """Every row behind its copy, the separator and the answer; the table is filled here, by A.4's recurrence."""
        s1, s2 = instance
        rows = [[self.costs.first_row * k for k in range(len(s2) + 1)]]
        for j, letter in enumerate(s1, start=1):
            before, row = rows[-1], [self.costs.first_column * j]
            for k, other in enumerate(s2, start=1):
                changed = before[k - 1] + (self.costs.substitute if letter != other else 0)
                row.append(min(row[k - 1] + self.costs.insert, before[k] + self.costs.delete, changed))
            rows.append(row)
        return chain(instance, [row[1:] for row in rows[1:]], rows[-1][-1])

    def shown(self, instance: Inputs, tokens: Sequence[Token]) -> Shown:  # noqa: ARG002 - the chain alone says it
        """The rows with their copies, and the answer."""
        texts = [_text(token) for token in tokens]
        return Shown(" ".join(filter(None, texts[:-1])), "".join(texts[-1:]))


def row_length(n1: int, n2: int) -> int:
    """P: the tokens of a row."""
    return n1 + 2 * n2 + 2


def chain(instance: Inputs, rows: Sequence[Sequence[Any]], answer: Any) -> list[Token]:
    """The tokens behind the prompt for a table's values dp(j, k), j, k >= 1, row by row, and its answer."""
    tokens: list[Token] = []
    for j, row in enumerate(rows, start=1):
        tokens += [*_copy(instance, j), *({VALUE: value, ROW: j} for value in row), {MARK: COMMA, ROW: j}]
    after = len(rows) + 1
    return [*tokens, {MARK: LAST, ROW: after}, {VALUE: answer, ROW: after}]


def _copy(instance: Inputs, row: int) -> list[Token]:
    s1, s2 = ([{LETTER: letter, ROW: row} for letter in string] for string in instance)
    return [*s1, {MARK: BAR, ROW: row}, *s2]


def _text(token: Token) -> str:
    letter, mark = token.get(LETTER, 0), token.get(MARK, 0)
    if letter:
        return dict(enumerate(ascii_lowercase, start=1)).get(letter, "?")
    return {0: str(token.get(VALUE, 0)), COMMA: ",", BAR: "|", SEPARATOR: "", LAST: ""}.get(mark, "?")


class _Rows:
    """The statements, stage by stage."""

    def __init__(self, costs: Costs, limits: Limits) -> None:
        self.costs, (self.n1, self.n2) = costs, limits.lengths
        self.places = row_length(self.n1, self.n2) + 1  # one more for the answer after the last separator
        steepest = max(costs.first_row, costs.first_column, costs.insert, costs.delete)
        fields = (
            Field(LETTER, 0, 26),
            Field(VALUE, 0, steepest * (self.n1 + self.n2)),
            Field(MARK, 0, BAR),
            Field(ROW, 0, self.n1 + 1),
        )
        self.b = Builder("edit distance by rows (Theorem 5)", fields, limits.longest)
        self.letter, self.value, self.mark, self.row = (name(n) for n in (LETTER, VALUE, MARK, ROW))

    def program(self) -> Program:
        """All stages and the next token."""
        with self.b.stage("problem size"):
            self._sizes()
        with self.b.stage("copies"):
            copied, up, corner, different = self._copies()
            copying, valued, mark, closing = self._flags()
            entry = self._last_entry(closing)
        with self.b.stage("transition"):
            here = self._transition(up, corner, different)
        return self.b.program(
            {
                LETTER: select(copying, copied, 0),
                VALUE: select(valued, here, 0) + select(self.answering, entry, 0),
                MARK: mark,
                ROW: self.row + self.opens,
            },
            stop=self.answering,
        )

    def _sizes(self) -> None:
        """n1, n2, the place in the row, and the column of the next token (1 .. n2: a value).

        The prompt's | is found by relu(mark - (BAR - 1) - row), which is 1 for the largest mark in row 0 only.
        """
        b, t = self.b, name(POSITION)
        first_bar = b.define("| of the prompt", maximum(self.mark - (BAR - 1) - self.row, 0), (0, 1))
        self.separates = b.define("separator", equal(self.mark, SEPARATOR))
        self.opens = b.define("opens a row", table(self.mark, 0, [0, 1, 1, 0, 0]))
        self.answering = b.define("before the answer", equal(self.mark, LAST))
        self.bar = b.register("n1 + 1", t, first_bar, (0, self.n1 + 1))
        self.offset = b.define("place", t - b.register("begin of the row", t, self.opens), (0, self.places - 1))
        self.width = b.register("n2", t - self.bar - 1, self.separates, (0, self.n2))
        self.following = b.define("next place", self.offset + 1, (1, self.places))
        reached = (-self.n1 - self.n2, max(self.n1, self.n2) + 2)
        self.column = b.define("next column", self.following - self.bar - self.width, reached)

    def _copies(self) -> tuple[Expr, Expr, Expr, Expr]:
        """For the next token: the letter to copy, dp(j-1,k), dp(j-1,k-1), and whether s1_j and s2_k differ.

        In row 1, slots of values are empty and hold 0: dp(0,k) is added.  So are dp(j-1,0), above the last letter, and
        dp(j,0), left of the first column: no token has them.
        """
        b = self.b
        letters, values = (Slots(self.places, self.offset, x, forgets=True) for x in (self.letter, self.value))
        copied = b.recall("copied letter", letters, self.following)
        s2_k = b.recall("s2_k", letters, maximum(self.following - self.width, 0))
        s1_j = b.register("s1_j", self.letter, equal(self.offset, self.row))
        top = select(equal(self.row, 1), self.costs.first_row * self.column, 0)
        side = select(equal(self.column, 0), self.costs.first_column * (self.row - 1), 0)
        up = b.define("above", b.recall("copied value", values, self.following) + top + side)
        self.left = b.define("left", self.value + select(equal(self.column, 1), self.costs.first_column * self.row, 0))
        corner = b.recall("corner", Slots(self.places, self.following, up, forgets=True), self.offset)
        return copied, up, corner, differ(s1_j, s2_k)

    def _flags(self) -> tuple[Expr, Expr, Expr, Expr]:
        """Whether the next token is copied, whether it is a value, its mark, and whether it closes the row."""
        b, column = self.b, self.column
        last = b.define("after the last row", self.opens & equal(self.row, self.bar - 1))
        front = (column <= 0) - last - self.answering
        copying = b.define("copies", maximum(front, 0), (0, 1))
        bar = b.define("copies |", maximum(front + equal(self.following, self.bar) - 1, 0), (0, 1))
        inside = (column >= 1) - (column >= self.width + 1)
        valued = b.define("is a value", maximum(inside - self.answering, 0), (0, 1))
        closing = b.define("closes the row", maximum(equal(column, self.width + 1) - self.answering, 0), (0, 1))
        return copying, valued, BAR * bar + COMMA * closing + LAST * last, closing

    def _last_entry(self, closing: Expr) -> Expr:
        """dp(j,n2) of the latest row j that is complete; row 0 is at the prompt's end."""
        edge = self.costs.first_row * self.width
        return self.b.register("last entry", select(self.separates, edge, self.left), closing | self.separates)

    def _transition(self, up: Expr, corner: Expr, different: Expr) -> Expr:
        """A.4: the least of insertion, deletion, and substitution or match."""
        gap = minimum(self.left + self.costs.insert, up + self.costs.delete)
        return self.b.define("dp(j,k)", minimum(gap, corner + self.costs.substitute * different))
