"""Edit distance (A.4): the cost of turning the string s1 into s2 by insertions (a), deletions (b), substitutions (c).

    dp(j, k) = min(dp(j, k-1) + a, dp(j-1, k) + b, dp(j-1, k-1) + c I[s1_j != s2_k]),  1 <= j <= n1, 1 <= k <= n2

with dp(0, k) = a k and dp(j, 0) = b j in the paper; the public benchmark takes dp(0, k) = k and dp(j, 0) = j whatever
the costs are.  Both are here, by name.  States in the order of rows; the answer is dp(n1, n2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from string import ascii_lowercase

import numpy as np

from constructions.problem import InputRead, Inputs, Lengths, Problem, ValueRead
from constructions.problems.table import Notation
from constructions.programs.expression import constant, differ, equal, minimum, name, select

BOUNDARIES = ("paper", "benchmark")


@dataclass(frozen=True)
class Costs:
    """Of an insertion, a deletion and a substitution, at least 0, and which boundary; the benchmark's by default.

    Raises ValueError for a negative cost or an unknown boundary.
    """

    insert: int = 2
    delete: int = 2
    substitute: int = 3
    boundary: str = "paper"

    def __post_init__(self) -> None:
        if min(self.insert, self.delete, self.substitute) < 0:
            raise ValueError(f"the costs {self.insert}, {self.delete}, {self.substitute} were given; none is negative")
        if self.boundary not in BOUNDARIES:
            raise ValueError(f"no boundary is called {self.boundary!r}; there are {', '.join(BOUNDARIES)}")

    @property
    def first_row(self) -> int:
        """dp(0, k) / k."""
        return self.insert if self.boundary == "paper" else 1

    @property
    def first_column(self) -> int:
        """dp(j, 0) / j."""
        return self.delete if self.boundary == "paper" else 1


def edit_distance(costs: Costs) -> Problem:
    """The problem with these costs."""
    j, k, n1, n2 = name("j"), name("k"), name("n1"), name("n2")
    row, column = costs.first_row, costs.first_column
    left = select(k > 1, name("left"), column * j)
    above = select(j > 1, name("above"), row * k)
    corner = select((j > 1) & (k > 1), name("corner"), select(j > 1, column * (j - 1), row * (k - 1)))
    return Problem(
        name="edit-distance",
        alphabets=((1, 26), (1, 26)),
        indices=("j", "k"),
        empty=(n1 < 1) | (n2 < 1),
        first=(constant(1), constant(1)),
        following=(j + (k >= n2), select(k >= n2, 1, k + 1)),
        last=(j >= n1) & (k >= n2),
        slot=lambda _: (j - 1) * n2 + k - 1,
        reads=(
            InputRead("s1_j", 0, j),
            InputRead("s2_k", 1, k),
            ValueRead("left", (j, k - 1), when=k > 1, distance=constant(1)),
            ValueRead("above", (j - 1, k), when=j > 1, distance=n2),
            ValueRead("corner", (j - 1, k - 1), when=(j > 1) & (k > 1), distance=n2 + 1),
        ),
        transition=minimum(
            minimum(left + costs.insert, above + costs.delete),
            corner + costs.substitute * differ(name("s1_j"), name("s2_k")),
        ),
        answer_reads=(ValueRead("whole", (n1, n2), when=(n1 >= 1) & (n2 >= 1)),),
        answer=select(equal(n1, 0), row * n2, select(equal(n2, 0), column * n1, name("whole"))),
        count=lambda lengths: lengths[0] * lengths[1],
        slots=lambda lengths: max(lengths[0] * lengths[1], 1),
        index_bounds=lambda lengths: ((1, max(lengths[0], 1)), (1, max(lengths[1], 1))),
        value_bounds=lambda lengths: (0, max(row, column, costs.substitute) * max(sum(lengths), 1)),
        locality=lambda lengths: lengths[1] + 1,
    )


def notation() -> Notation:
    """Two strings of letters a-z separated by |; the chain shows every value, and a comma after each row."""

    def entry(state: tuple[int, ...], value: int, lengths: Lengths) -> str:
        return f"{value} ," if state[1] == lengths[1] else str(value)

    return Notation(parse, written, draw, every, entry)


def parse(text: str) -> Inputs:
    """Two strings, separated by | or by one blank; letters of a string may stand apart where there is a |.

    Raises ValueError for anything but letters a-z, or for other than two strings.
    """
    parts = [part.replace(" ", "") for part in text.split("|")] if "|" in text else text.split()
    if len(parts) != 2:
        raise ValueError(f"{text!r} holds {len(parts)} strings; two are needed, such as xgv|xgo")
    strange = sorted(set("".join(parts)) - set(ascii_lowercase))
    if strange:
        raise ValueError(f"{text!r} holds {strange[0]!r}; strings are made of the letters a-z")
    return tuple(tuple(ascii_lowercase.index(letter) + 1 for letter in part) for part in parts)


def written(inputs: Inputs) -> str:
    """The two strings with | between them."""
    return "|".join("".join(ascii_lowercase[code - 1] for code in string) for string in inputs)


def draw(n: int, rng: np.random.Generator) -> Inputs:
    """A string of n letters from an alphabet of 3 to 10, and another: random (2 in 5), or the first after up to n
    edits, as in the public benchmark; the shorter one first.
    """
    letters = rng.permutation(26)[: int(rng.integers(3, 11))] + 1
    first = [int(x) for x in rng.choice(letters, n)]
    if rng.random() < 0.4:
        second = [int(x) for x in rng.choice(letters, max(n + int(rng.integers(-3, 3)), 0))]
    else:
        second = list(first)
        for _ in range(int(rng.integers(1, n + 1)) if n else 0):
            _edit(second, int(rng.choice(letters)), rng)
    return (tuple(first), tuple(second)) if len(first) <= len(second) else (tuple(second), tuple(first))


def _edit(string: list[int], letter: int, rng: np.random.Generator) -> None:
    """One deletion (of a string longer than two), substitution or insertion at random."""
    kind = int(rng.integers(3))
    if kind == 0 and len(string) > 2:
        del string[int(rng.integers(len(string)))]
    elif kind == 1 and string:
        string[int(rng.integers(len(string)))] = letter
    else:
        string.insert(int(rng.integers(len(string) + 1)), letter)


def every(n: int) -> Iterator[Inputs]:
    """All pairs of strings of length at most n over two letters."""
    strings = [s for length in range(n + 1) for s in product((1, 2), repeat=length)]
    yield from product(strings, repeat=2)
