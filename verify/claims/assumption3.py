"""Assumption 3 and the problems that A.6 says meet it, bullet by bullet.

*Why no transition saves the chain of Section 4.*  Let a state or the answer read s_k for k in I and c_k for k in V,
sets that depend on n and the state alone (Section 4).  Take s = (5, .., 5, 7) with s_i = 6 or 5 for one 2 <= i < n.
The two inputs differ in s_i and c_i = 2 or 1 alone, all other c_k with k < n are 1; but c_n = 3 or 2.  So i is in I or
in V for every such i: N_s + N_dp >= n - 2, whatever f_T is.  Without the last number the answers are 2 and 1 and the
values differ in c_i alone; the answer is made of values: N_A >= n - 2.

*Values.*  `intervals` runs the recurrence on intervals, state by state, for all inputs of a length at once.  For LIS
with two indices the step is: the value of (j, k) is at most j, as (j, k-1) is, c_k + 1 <= k + 1 <= j for k < j, and the
maximum so far at (j-1, j) is at most j - 1.  For edit distance each value is at most max(a, b) (j + k).
"""

from collections.abc import Sequence
from dataclasses import replace

from constructions.assumption import Finding, constant_functions, constant_reads, order, polynomial
from constructions.oracle import solve, states
from constructions.problem import EachRead, InputRead, Inputs, Lengths, Problem, State, ValueRead
from constructions.problems import edit_distance, lis
from constructions.problems.arithmetic import Arithmetic
from constructions.problems.edit_distance import Costs
from constructions.problems.expressions import Line, lines, text_of
from constructions.programs.expression import Expr, Interval, as_expression, bounds, evaluate
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled, stands
from verify.dp.assumption import chain_findings
from verify.verdict import ESTABLISHED, Check, Verdict

WHERE, TOPIC = "Assumption 3, A.6", "Assumption 3"
LONGEST = 8  # numbers of an input whose read sets are looked at one by one
OPERATORS = 2  # of the expressions that are gone through
GROWING = frozenset({"quotient", "modulo"})  # a step for every multiple in the interval
COSTS = (Costs(2, 2, 3), Costs(1, 1, 1), Costs(1, 3, 5))


def lis_chain(setup: Setup) -> Decision:
    """A3-LIS-CHAIN: the read sets of c_1 .. c_n grow with n, for any transition."""
    if setup.altered == "two indices":
        return stands(_bullet("A3-LIS-CHAIN", constant_reads(lis.two_indices(), [(3,), (LONGEST,)])), again="")
    printed = (
        _bullet("A3-LIS-CHAIN", constant_reads(lis.one_index(), [(3,), (LONGEST,)]), REFUTES),
        _forced_reads(),
    )
    repair = Repair(
        "LIS with states (j, k), k <= j + 1, meets Assumption 3 with N_s = N_dp = 2 and N_A = 1. Its chain has n (n "
        "+ 3) / 2 states instead of n.",
        _meets("A3-LIS-CHAIN", lis.two_indices(), _sequences(3), [(n,) for n in (2, 4, LONGEST)]),
    )
    return fails(
        printed,
        repair,
        "Theorem 4 does not cover the chain that Section 4 shows and Section 5 trains on. It covers LIS with two "
        "indices.",
        "c = lambda s: s and (lambda v: v + [1 + max([v[i] for i in range(len(v)) if s[i] < s[-1]], "
        "default=0)])(c(s[:-1])); assert all(c([5] * i + [6] + [5] * (7 - i) + [7])[-1] == 3 != c([5] * 8 + [7])[-1] "
        "for i in range(1, 8))",
    )


def _forced_reads() -> Check:
    """Every pair of the proof above, by the oracle: what differs is s_i and c_i alone, and c_n and the answer."""
    problem, forced = lis.one_index(), {}
    for n in range(3, LONGEST + 1):
        forced[n] = [i for i in range(2, n) if _only_through(problem, n, i)]
    grows = [n for n in forced if len(forced[n]) == n - 2]
    return settled(
        "A3-LIS-CHAIN",
        "any transition",
        grows != list(forced),
        len(forced[LONGEST]),
        "a constant",
        f"n = 3..{LONGEST}: for each i = 2..n-1 two inputs that differ in s_i and c_i alone, and in c_n; value: how "
        f"many of s_1, c_1, .. a transition must read at n = {LONGEST}, n - 2 in general",
        {"n": 4, "s": "5 6 5 7 and 5 5 5 7", "c": "1 2 1 3 and 1 1 1 2", "read": "s_2 or c_2; s_3 or c_3 likewise"},
        REFUTES,
    )


def _only_through(problem: Problem, n: int, i: int) -> bool:
    """Whether the two inputs of the proof differ in c_i and c_n alone, and in the answer without their last number."""
    pair = [(*[5] * (i - 1), middle, *[5] * (n - 1 - i), 7) for middle in (6, 5)]
    (first, second), short = [solve(problem, (s,)) for s in pair], [solve(problem, (s[:-1],)) for s in pair]
    differing = [j for (j,), value in first.values.items() if value != second.values[(j,)]]
    return differing == [i, n] and short[0].answer != short[1].answer


def lis_two_indices(setup: Setup) -> Decision:
    """A3-LIS-2D: all bullets, on expressions, read sets and intervals."""
    problem = lis.one_index() if setup.altered == "one index" else lis.two_indices()
    if setup.altered == "values below n":
        problem = replace(problem, value_bounds=lambda lengths: (0, lengths[0] - 1))
    found = _meets("A3-LIS-2D", problem, _sequences(3), [(n,) for n in (2, 4, LONGEST)])
    return stands(*found, again="assert max(1, 1 + 1) > 2 - 1  # 1 2 has the value 2 = n at the state (2, 2)")


def edit(setup: Setup) -> Decision:
    """A3-ED: all bullets, for several costs."""
    lengths, found = [(2, 2), (3, 3), (5, 5)], []
    for costs in COSTS[: 1 if setup.fast else None]:
        problem = edit_distance.edit_distance(costs)
        if setup.altered == "values at most max(n1, n2)":
            problem = replace(problem, value_bounds=lambda each: (0, max(each)))
        called = f"{costs.insert},{costs.delete},{costs.substitute}"
        instances = tuple(edit_distance.every(2))
        found += _meets("A3-ED", problem, instances, lengths, f" with costs {called}")
    return stands(*found, again="assert min(2 + 2, 2 + 2, 0 + 3) > max(1, 1)  # a into b, costs 2, 2, 3")


def arithmetic(setup: Setup) -> Decision:
    """A3-ARITH: in Section 4 n alone says how many states there are; the chain of A.5 depends on the symbols."""
    task = Arithmetic()
    expressions = [*task.every(OPERATORS), *(("(", *line, ")") for line in task.every(OPERATORS) if len(line) > 1)]
    if setup.altered == "one operator":
        expressions = [line for line in expressions if len(line) == 3]
    chains: dict[int, dict[int, Line]] = {}
    for line in expressions:
        chains.setdefault(len(line) + 1, {}).setdefault(len(task.expected(line)), line)
    broken = next((n for n in sorted(chains) if len(chains[n]) > 1), None)
    pair = [] if broken is None else [chains[broken][k] for k in sorted(chains[broken])][:2]
    printed = settled(
        "A3-ARITH",
        "states from n",
        not pair,
        None if broken is None else " and ".join(map(str, sorted(chains[broken]))),
        "one length",
        f"all {len(expressions)} expressions of at most {OPERATORS} operators over 0 and 2, also in brackets, by n, "
        "the number of their tokens with the =; value: lengths of the generated chains of one n, where I_n and "
        "f_I(n, state) allow one only",
        {"n": broken, **{f"chain {k + 1}": _written(line, task) for k, line in enumerate(pair)}},
        REFUTES,
    )
    repair = Repair(
        "Where the next state and the read positions may depend on what was read (registers and flags), a token of the "
        "chain of A.5 reads a constant number of earlier tokens, functions have a constant size, and there are at most "
        "(n + 1)^2 tokens with values below p.",
        tuple(_bullet("A3-ARITH", finding, held=True) for finding in chain_findings(task)),
    )
    return fails(
        (printed,),
        repair,
        "Theorems 4 and 5 do not cover the chain of A.5 as they stand; a stack of size O(n) that writes it exists "
        "all the same (T5).",
        'one, two = "0+0+0=0+0=0", "(0+0)=0"; assert one.index("=") == two.index("=") and len(one) != len(two)',
    )


def _written(line: Line, task: Arithmetic) -> str:
    return "=".join(map(text_of, (line, *lines(line, task.numbers))))


def _meets(
    claim: str, problem: Problem, instances: Sequence[Inputs], lengths: Sequence[Lengths], words: str = ""
) -> tuple[Check, ...]:
    """The four bullets of `constructions.assumption`, the second one confirmed for all inputs by intervals."""
    bullets = [order(problem, instances), constant_reads(problem, lengths)]
    checks = [_bullet(claim, finding, words=words) for finding in bullets]
    if bullets[1].holds:
        checks += [_values(claim, problem, instances, lengths, words)]
        checks += [_bullet(claim, constant_functions(problem, lengths), words=words), _every_n(claim, problem, words)]
    return tuple(checks)


def _every_n(claim: str, problem: Problem, words: str) -> Check:
    """Bullets 1 and 3 for all n, on the problem's text: it is the same at every n, reads one by one, and none of its
    operations takes more units in a wider interval."""
    texts = expressions(problem)
    growing = sorted({part.op for text in texts for part in text.order if part.op in GROWING})
    ranged = [read.name for read in (*problem.reads, *problem.answer_reads) if isinstance(read, EachRead)]
    tokens = sum(isinstance(read, InputRead) for read in problem.reads)
    values = len(problem.reads) - len(ranged) - tokens
    operations = len({part for text in texts for part in text.order if part.op not in ("name", "linear")})
    return settled(
        claim,
        f"at every n{words}",
        not growing and not ranged,
        operations,
        None,
        f"the expressions of the problem do not depend on n{words}: {tokens} reads of tokens, {values} of values and "
        f"{len(problem.answer_reads)} for the answer at every n, none over a range; value: operations that take units, "
        "none of them (floor, mod) with more units in a wider interval; so bullets 1 and 3 hold for all n",
        {"read over a range": ranged, "operations that grow": growing},
    )


def expressions(problem: Problem) -> list[Expr]:
    """All expressions that f_I, A(n), f_T, f_A and what they read are made of; slots are places, not functions."""
    found = [problem.empty, *problem.first, *problem.following, problem.last, problem.transition, problem.answer]
    for read in (*problem.reads, *problem.answer_reads):
        if isinstance(read, InputRead):
            found += [read.index, read.when]
        elif isinstance(read, ValueRead):
            found += [*read.state, read.when]
    return [as_expression(each) for each in found]


def _values(claim: str, problem: Problem, instances: Sequence[Inputs], lengths: Sequence[Lengths], words: str) -> Check:
    finding = polynomial(problem, instances, lengths)
    inside = all(_inside(problem, each) for each in lengths)
    verdict = Verdict.REFUTED if not finding.holds else Verdict.PROVED if inside else Verdict.UNDECIDED
    witness = None if finding.holds else {"violation": finding.violation}
    evidence = (
        f"{finding.statement}{words}; {finding.found}; intervals of all values, for all inputs of lengths {lengths}"
    )
    return Check(f"claims/{claim}/bullet 2{words}", claim, verdict, None, None, evidence, witness)


def _inside(problem: Problem, lengths: Lengths) -> bool:
    low, high = problem.value_bounds(lengths)
    return all(low <= least and most <= high for least, most in intervals(problem, lengths).values())


def intervals(problem: Problem, lengths: Lengths) -> dict[State, Interval]:
    """For every state an interval that holds its value for all inputs of these lengths.

    Raises ValueError for a problem with a ranged read.
    """
    found: dict[State, Interval] = {}
    for state in states(problem, lengths):
        here = problem.sizes(lengths) | dict(zip(problem.indices, state, strict=True))
        given: dict[str, Interval] = {n: (v, v) for n, v in here.items()}
        for read in problem.reads:
            if isinstance(read, InputRead):
                there = problem.alphabets[read.sequence]
            elif isinstance(read, ValueRead):
                there = found.get(tuple(int(evaluate(e, here)) for e in read.state), (0, 0))
            else:
                raise ValueError(f"{problem.name}: {read.name!r} is a ranged read, which has no interval here")
            given[read.name] = there if evaluate(read.when, here) == 1 else (0, 0)
        found[state] = bounds(problem.transition, given)
    return found


def _bullet(
    claim: str, finding: Finding, expected: frozenset[Verdict] = ESTABLISHED, held: bool = False, words: str = ""
) -> Check:
    good = Verdict.HELD if held else Verdict.PROVED
    verdict, witness = (good, None) if finding.holds else (Verdict.REFUTED, {"violation": finding.violation})
    id, evidence = f"claims/{claim}/bullet {finding.bullet}{words}", f"{finding.statement}{words}; {finding.found}"
    return Check(id, claim, verdict, None, None, evidence, witness, expected=expected)


def _sequences(longest: int) -> tuple[Inputs, ...]:
    return tuple(lis.every(longest))


CLAIMS = (
    Claim(
        "A3-LIS-CHAIN",
        "Sec. 4, A.6",
        TOPIC,
        "LIS with the chain c_1 .. c_n of Section 4, one state a number, meets Assumption 3: constants N_s, N_dp, "
        "N_A bound what a state and the answer read.",
        lis_chain,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"two indices": Verdict.PROVED},
    ),
    Claim(
        "A3-LIS-2D",
        WHERE,
        TOPIC,
        "LIS with a state space of two indices meets all bullets of Assumption 3.",
        lis_two_indices,
        altered={"one index": Verdict.REFUTED, "values below n": Verdict.REFUTED},
    ),
    Claim(
        "A3-ED",
        "A.4, A.6",
        TOPIC,
        "Edit distance with fixed costs a, b, c >= 0 and the states (j, k) of A.4 meets all bullets of Assumption 3.",
        edit,
        altered={"values at most max(n1, n2)": Verdict.REFUTED},
    ),
    Claim(
        "A3-ARITH",
        "A.5, A.6",
        TOPIC,
        "Arithmetic, with the chain of A.5 that reduces a line step by step, is a DP problem of Section 4 that meets "
        "Assumption 3: the state space and the next state depend on the problem size n (and the state) alone.",
        arithmetic,
        Verdict.REFUTED,
        Verdict.HELD,
        {"one operator": Verdict.PROVED},
    ),
)
