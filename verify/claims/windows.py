"""The windows of A.5: how many of the last tokens the next one depends on.

m-local means that o_i is a function of the last m tokens.  Two places of chains of the same sizes with the same last m
tokens and different next ones refute an m, whatever the function is (`verify.dp.locality.conflict`).

*LIS.*  Take s = (s_1, 9, .., 9, 6) with s_1 = 5 or 6.  Both chains have c = 1 2 .. 2 up to their last number, so the
2 n - 1 tokens before c_n are the same; c_n = 2 or 1.  So m >= 2 n, of T = 2 n + 3 tokens.

*Edit distance.*  (j, k) stands at place (j - 1) n2 + k, so (j - 1, k - 1) is n2 + 1 values before, a comma more in
tokens.  A row with copied inputs takes P = n1 + 2 n2 + 2 tokens, and A.4 reads at most P + 1 back; 2 n + 2 - (P + 1) =
n1 - 1.  But tokens as in the table that A.5 shows do not say which row it is: with unit costs in the rows of aba|b, the
ten tokens  a | b 1 , a b a | b  come before 1 in row 2 and before 2 in row 3.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from constructions.oracle import dependencies, solve, states
from constructions.problems import lis
from constructions.problems.edit_distance import Costs, edit_distance
from constructions.problems.edit_rows import ROW, EditRows, row_length
from constructions.problems.task import Instance
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled, stands
from verify.dp.locality import Chain, conflict
from verify.verdict import ESTABLISHED, Check, Verdict

TOPIC, WHERE = "Examples", "A.5"
UNIT, SHOWN = Costs(1, 1, 1), Costs(2, 2, 3)
LARGEST = 8  # of n1, n2 for which places are counted


def table_window(setup: Setup) -> Decision:
    """A5-ED-MAX: the values that A.4 reads lie n2 + 1 values back."""
    mended = setup.altered == "n2 + 1"
    repair = Repair(
        "The values that A.4's recurrence reads lie at most n2 + 1 values back, n2 + 2 tokens with the commas, and for "
        "n1, n2 >= 2 no fewer are enough. The letters are read from further back still.",
        (_reach("n2 + 1"),),
    )
    return fails(
        (_reach("n2 + 1" if mended else "max(n1, n2)"),),
        repair,
        "Theorem 5 holds for a table without copies only with the inputs kept apart; with the inputs copied A.5 "
        "needs no such bound.",
        "n1 = n2 = 2; place = lambda j, k: (j - 1) * n2 + k; assert place(2, 2) - place(1, 1) == 3 > max(n1, n2)",
    )


def _reach(bound: str) -> Check:
    """How many values back the farthest value lies that a state reads, for all sizes up to LARGEST."""
    problem, back = edit_distance(SHOWN), {}
    for lengths in product(range(1, LARGEST + 1), repeat=2):
        place = {state: k for k, state in enumerate(states(problem, lengths))}
        reads = [(place[s] - place[v], s, v) for s in place for v in dependencies(problem, s, lengths)[1]]
        back[lengths] = max(reads, default=(0, (1, 1), (1, 1)))
    of = {"n2 + 1": lambda *n: n[1] + 1, "max(n1, n2)": max}[bound]
    wrong = sorted((sum(n), n) for n, found in back.items() if found[0] > of(*n))
    sharp = all(back[n][0] == n[1] + 1 for n in back if min(n) >= 2)
    lengths = wrong[0][1] if wrong else (2, 2)
    return settled(
        "A5-ED-MAX",
        bound,
        not wrong and sharp,
        back[lengths][0],
        of(*lengths),
        f"dependencies of A.4's recurrence at all n1, n2 <= {LARGEST}: how many values back the farthest one lies; at "
        f"n1, n2 = {lengths[0]}, {lengths[1]}",
        {"n1": lengths[0], "n2": lengths[1], "state": list(back[lengths][1]), "reads": list(back[lengths][2])},
        REFUTES if bound == "max(n1, n2)" else ESTABLISHED,
    )


def copied_window(setup: Setup) -> Decision:
    """A5-ED-COPY: what the recurrence reads, and whether the last 2 n + 2 tokens say what comes next."""
    rows = setup.altered == "tokens with their row"
    printed = (_copied_reach(), _copied_tokens("2 n + 2", rows))
    repair = Repair(
        "Where a token carries the row of its state, as the pairs (i, dp(i)) of Section 4 do, the last n1 + 2 n2 + 2 "
        "<= 2 n + 1 tokens determine the next, and all that A.4's recurrence reads lies in the last n1 + 2 n2 + 3 <= "
        "2 n + 2 (n1 >= 1).",
        (_copied_reach(), _copied_tokens("n1 + 2 n2 + 2", True)),
    )
    return fails(
        printed,
        repair,
        "Theorem 5 for edit distance; it holds for chains whose tokens carry their state, as those of A.6 do.",
        'chain = "a b a | b / a b a | b 1 , a b a | b 1 , a b a | b 2 , / 2".split(); m = 2 * (3 + 1) + 2; '
        "i, j = 18, 25; assert chain[i - m : i] == chain[j - m : j] and (chain[i], chain[j]) == ('1', '2')",
    )


def _copied_reach() -> Check:
    """How far back in tokens the recurrence reads, counted on places of a row, for all sizes."""
    largest = {}
    for n1, n2 in product(range(1, LARGEST + 1), repeat=2):
        P, width = row_length(n1, n2), n1 + 1 + n2
        place = {(j, k): (j - 1) * P + width + k for j in range(1, n1 + 1) for k in range(1, n2 + 1)}
        values = [
            place[j, k] - place[i, l]
            for j, k in place
            for i, l in ((j, k - 1), (j - 1, k), (j - 1, k - 1))
            if (i, l) in place
        ]
        letters = [place[j, k] - ((j - 1) * P + at) for j, k in place for at in (j, n1 + 1 + k)]
        largest[n1, n2] = max(*values, *letters, P)
    over = [n for n, back in largest.items() if back > 2 * sum(n) + 2]
    sharp = all(largest[n] == row_length(*n) + 1 for n in largest if min(n) >= 2)
    return settled(
        "A5-ED-COPY",
        "reads",
        not over and sharp,
        "n1 + 2 n2 + 3",
        "2 n + 2",
        f"places of all letters and values that A.4 reads, and of the copied letters, for all n1, n2 = 1..{LARGEST}; "
        "the difference to the bound is n1 - 1",
        {"sizes": [list(n) for n in over]},
    )


def _copied_tokens(window: str, rows: bool) -> Check:
    """No conflict of the last tokens among all strings over two letters, tokens without or with their rows."""
    tried = 0
    for n1, n2 in product(range(1, 5), range(1, 4)):
        m = {"2 n + 2": 2 * (n1 + n2) + 2, "n1 + 2 n2 + 2": row_length(n1, n2)}[window]
        for costs in (UNIT, SHOWN):
            chains = [_tokens(EditRows(costs), pair, rows) for pair in _pairs(n1, n2)]
            tried += len(chains)
            found = conflict(chains, m)
            if found is not None:
                costs_words = f"{costs.insert},{costs.delete},{costs.substitute}"
                shown = {"n1": n1, "n2": n2, "costs": costs_words, "window": " ".join(found.window)}
                return _copied(window, rows, tried, shown | {"next": [found.first, found.second]})
    return _copied(window, rows, tried, None)


def _copied(window: str, rows: bool, tried: int, witness: dict | None) -> Check:
    kind = "tokens with their row" if rows else "tokens without their row"
    return settled(
        "A5-ED-COPY",
        f"{kind}, window {window}",
        witness is None,
        None,
        None,
        f"{kind}; {tried} chains of all strings over two letters, n1 <= 4, n2 <= 3, with unit costs and with 2, 2, 3, "
        f"by size; looked for: the same last {window} tokens and different next ones",
        witness,
        ESTABLISHED if rows else REFUTES,
    )


def _pairs(n1: int, n2: int) -> Iterator[Instance]:
    yield from product(product((1, 2), repeat=n1), product((1, 2), repeat=n2))


def _tokens(task: EditRows, pair: Instance, rows: bool) -> tuple[Chain, int]:
    """The chain in words, and where its generated part begins."""
    prompt = task.prompt(pair)
    tokens = [*prompt, *task.expected(pair)]
    texts = [task.shown(pair, [token, {}]).chain or "/" for token in tokens]
    return tuple(
        f"{text}:{token.get(ROW, 0)}" if rows else text for text, token in zip(texts, tokens, strict=True)
    ), len(prompt)


def lis_window(setup: Setup) -> Decision:
    """A5-LIS: m >= 2 n, of T = 2 n + 3."""
    beyond = setup.altered == "m above T"
    sizes = range(3, 25)
    short = [n for n in sizes if not _agree(n, 2 * n + 3 if beyond else 2 * n - 1)]
    bound = "T" if beyond else "2 n - 1"
    return stands(
        settled(
            "A5-LIS",
            f"window {bound}",
            not short,
            "2 n",
            "n",
            f"n = 3..{sizes[-1]}: two inputs whose chains agree on the {bound} tokens before c_n and differ in c_n "
            "(by the oracle), so m is at least one more; T = 2 n + 3",
            {"n": short[0] if short else None, "window": bound},
        ),
        again="n = 3; assert 2 * n < 2 * n + 3  # a window of T tokens holds the whole chain",
    )


def _agree(n: int, window: int) -> bool:
    """Whether the pair of the proof above has the same last `window` tokens before c_n, and another c_n."""
    chains = []
    for first in (5, 6):
        s = (first, *[9] * (n - 2), 6)
        values = tuple(solve(lis.one_index(), (s,)).values.values())
        chains.append(((*s, "|", *values[:-1]), values[-1]))
    (left, c), (right, other) = chains
    return left[-window:] == right[-window:] and c != other


CLAIMS: Sequence[Claim] = (
    Claim(
        "A5-ED-MAX",
        WHERE,
        TOPIC,
        "In the edit distance table row by row without copies, the values that a step needs lie within the last m <= "
        "max(n1, n2) values.",
        table_window,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"n2 + 1": Verdict.PROVED},
    ),
    Claim(
        "A5-ED-COPY",
        WHERE,
        TOPIC,
        "With the input copied before each row, the chain of letters, separators and values is m-local: the last m <= "
        "2 n + 2 tokens determine the next, n = |s1| + |s2|, for costs a, b, c.",
        copied_window,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"tokens with their row": Verdict.PROVED},
    ),
    Claim(
        "A5-LIS",
        WHERE,
        TOPIC,
        "LIS with the chain of Section 4 is not m-local for any m of lower order than T: m is at least n, and T = "
        "O(n).",
        lis_window,
        altered={"m above T": Verdict.REFUTED},
    ),
)
