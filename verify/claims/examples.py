"""The worked examples of A.4, A.5 and A.8; here the recurrence of edit distance, against its meaning.

*Why the recurrence is right for all a, b, c >= 0.*  Edits of the same letter cost no less than one edit: two
substitutions c + c >= c, an inserted letter that is substituted or deleted a + c >= a, a + b >= 0.  So a cheapest way
touches each letter once, and its edits can be put in order from left to right: its last step inserts s2_k, deletes
s1_j, or pairs s1_j with s2_k, which is the minimum of A.4.

The other route knows nothing of this: the cheapest way from one string to another among all strings, letter by letter
(Dijkstra).  A way need never pass a string longer than n1 + n2.

A.4's state space has no states for j = 0 or k = 0.  For an empty string the answer dp(n1, n2) is a boundary value and
no state, so that the chain holds no value to aggregate; the recurrence gives it all the same.
"""

import heapq
from collections.abc import Iterator
from functools import cache

from constructions.oracle import solve
from constructions.problems import edit_distance
from constructions.problems.edit_distance import Costs
from constructions.problems.edit_rows import EditRows
from verify.claims import arithmetic, windows
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.settled import settled, stands
from verify.verdict import Check, Verdict

TOPIC, WHERE = "Examples", "A.4"
LETTERS, LONGEST = (1, 2), 2  # of the strings that are gone through
COSTS = ((2, 2, 3), (1, 1, 1), (1, 3, 2), (3, 1, 5), (0, 2, 1))
PAPER = ("xgv|xgo", "0 2 4 , 2 0 2 , 4 2 3 ,", "3")  # A.5's example, for costs 2, 2, 3

String = tuple[int, ...]


def recurrence(setup: Setup) -> Decision:
    """A4-ED: every dp(j, k) is the least cost of turning one prefix into the other."""
    found = [(abc, pair) for abc in COSTS for pair in edit_distance.every(LONGEST)]
    wrong = [case for case in found if not _agrees(*case, setup.altered)]
    example = wrong[0] if wrong else None
    table = settled(
        "A4-ED",
        "recurrence",
        example is None,
        len(wrong),
        0,
        f"all {len(found)} pairs of strings of length <= {LONGEST} over two letters with costs (a, b, c) in {COSTS}: "
        "every dp(j, k), the empty strings included, against the cheapest way among all strings; value: pairs that "
        "differ",
        example and {"costs": list(example[0]), "strings": edit_distance.written(example[1])},
    )
    return stands(
        table,
        _example(),
        again="a, b, c = 1, 3, 2; assert 1 * b != 1 * a  # x into the empty string is one deletion, not one insertion",
    )


def _agrees(abc: tuple[int, int, int], pair: tuple[String, ...], altered: str | None) -> bool:
    a, b, c = abc
    swapped = altered == "insertions cost b, deletions a"
    boundary = "benchmark" if altered == "boundaries cost 1" else "paper"
    costs = Costs(b, a, c, boundary) if swapped else Costs(a, b, c, boundary)
    s1, s2 = pair
    solution = solve(edit_distance.edit_distance(costs), pair)
    values = {(j, k): value for (j, k), value in solution.values.items()} | {(len(s1), len(s2)): solution.answer}
    return all(value == cheapest(abc, s1[:j], s2[:k]) for (j, k), value in values.items())


def cheapest(abc: tuple[int, int, int], s1: String, s2: String) -> int:
    """The least cost of edits (insertion a, deletion b, substitution c, one letter each) that turn s1 into s2."""
    return _ways(abc, s1, max(len(s1) + len(s2), 1))[s2]


@cache
def _ways(abc: tuple[int, int, int], start: String, longest: int) -> dict[String, int]:
    """The least cost of every string of at most that length, from one string on."""
    least: dict[String, int] = {}
    queue = [(0, start)]
    while queue:
        cost, string = heapq.heappop(queue)
        if string not in least:
            least[string] = cost
            edits = [(cost + more, other) for more, other in _edits(abc, string) if len(other) <= longest]
            for edit in edits:
                heapq.heappush(queue, edit)
    return least


def _edits(abc: tuple[int, int, int], string: String) -> Iterator[tuple[int, String]]:
    a, b, c = abc
    for at in range(len(string) + 1):
        for letter in LETTERS:
            yield a, (*string[:at], letter, *string[at:])
            if at < len(string):
                yield c, (*string[:at], letter, *string[at + 1 :])
        if at < len(string):
            yield b, (*string[:at], *string[at + 1 :])


def _example() -> Check:
    """The table of A.5 and its answer, by the rows' own oracle."""
    text, chain, answer = PAPER
    task = EditRows(Costs(2, 2, 3))
    pair = task.parse(text)
    values = [task.shown(pair, [token, {}]).chain for token in task.expected(pair) if not token.get("letter", 0)]
    found = " ".join(word for word in values[:-1] if word not in ("", "|")), values[-1]
    return settled(
        "A4-ED",
        "example",
        found == (chain, answer),
        f"{found[0]} {found[1]}",
        f"{chain} {answer}",
        f"{text} with a = b = 2, c = 3, row by row, and the answer",
        {"chain": found[0], "answer": found[1]},
    )


_STEPS, _TRAINING = arithmetic.CLAIMS
CLAIMS = (
    Claim(
        "A4-ED",
        WHERE,
        TOPIC,
        "For costs a, b, c >= 0 of an insertion, a deletion and a substitution, the recurrence of A.4 gives the "
        "least cost dp(j, k) of turning the first j letters of s1 into the first k of s2; dp(n1, n2) is the answer.",
        recurrence,
        altered={"insertions cost b, deletions a": Verdict.REFUTED, "boundaries cost 1": Verdict.REFUTED},
    ),
    _STEPS,
    *windows.CLAIMS,
    _TRAINING,
)
