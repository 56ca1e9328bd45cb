"""How many of the last tokens the next one depends on: A.5's claims, decided on chains of the oracle.

A chain is local with window m if the last m tokens determine the next one: no two places, in chains of inputs of the
same size, have equal windows and different next tokens.  Two that do are a proof against m; none among finitely many
is evidence for it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from constructions.oracle import dependencies, solve, states
from constructions.problem import Problem
from constructions.problems import lis
from constructions.problems.arithmetic import Arithmetic
from constructions.problems.edit_rows import EditRows
from constructions.problems.table import Table
from constructions.problems.task import Instance, Task
from constructions.programs.interpreter import interpreted
from constructions.programs.program import Program, Recall
from verify.dp.instances import window
from verify.dp.run import Done
from verify.verdict import REAL_ARITHMETIC, Check, Verdict, decided

Chain = tuple[Any, ...]  # tokens in any form that can be compared
LIS_SIZES = (2, 3, 4, 5)
REPEATS = "0+1+0+1"  # = 1+0+1 = 1+1 = 2: the tokens 1 + 0 + 1 = 1 + are followed by 0, and later by 1
REFUTED = frozenset({Verdict.REFUTED})
_ALONE = "the small family, among which a counterexample is, was left out"


@dataclass(frozen=True)
class Conflict:
    """Two places with the same last m tokens and different next ones."""

    window: Chain
    first: Any
    second: Any


def conflict(chains: Iterable[tuple[Chain, int]], m: int) -> Conflict | None:
    """The first conflict among chains given with the index of their first generated token; None for none."""
    following: dict[Chain, Any] = {}
    for chain, start in chains:
        for t in range(start, len(chain)):
            seen = chain[max(t - m, 0) : t]
            if following.setdefault(seen, chain[t]) != chain[t]:
                return Conflict(seen, following[seen], chain[t])
    return None


def least_window(chains: Sequence[tuple[Chain, int]]) -> int:
    """The least m without a conflict among these chains."""
    m = 0
    while conflict(chains, m) is not None:
        m += 1
    return m


def locality_checks(done: Done) -> list[Check]:
    """What A.5 and A.7 say that this case can decide."""
    task, found = done.task, []
    if isinstance(task, Table) and done.case.name == "edit-distance" and done.case.theorem == 4:
        found.append(rows_check(done, task.problem))
    if isinstance(task, EditRows):
        found.append(window_check(done, "window", "A5-ED-COPY", "2 n + 2, n = |s1| + |s2|", _copied_window))
    if isinstance(task, Arithmetic):
        found.append(input_window_check(done, task))
        found.append(
            window_check(done, "window-2n", "A5-ARITH", "2 n, n the tokens of the input with its =", _two_lines)
        )
    if done.case.name == "lis":
        found.append(lis_check(done))
    if done.case.theorem == 5:
        found.append(slots_check(done))
    return found


def rows_check(done: Done, problem: Problem) -> Check:
    """A.5 without copies: are the values that a state reads among the last max(n1, n2)?"""
    lengths = max((tuple(map(len, i)) for i in done.batch.all), key=lambda each: (each[1] <= each[0], sum(each)))
    order = {state: k for k, state in enumerate(states(problem, lengths))}
    reach = {s: max((order[s] - order[v] for v in dependencies(problem, s, lengths)[1]), default=0) for s in order}
    state = max(reach, key=lambda s: reach[s], default=())
    value, bound = max(reach.values(), default=0), max(lengths)
    evidence = f"n1, n2 = {lengths[0]}, {lengths[1]}: how many values back those lie that a state reads, at most"
    witness = (
        None if value <= bound else {"n1": lengths[0], "n2": lengths[1], "state": list(state), "reads back": value}
    )
    id = f"{done.case.tag}/window"
    if witness is None and not done.batch.enumerated:
        return _undecided(id, "A5-ED-MAX", f"{evidence} {value}; {_ALONE}")
    return Check(id, "A5-ED-MAX", decided(value <= bound), value, bound, evidence, witness, REAL_ARITHMETIC, REFUTED)


def input_window_check(done: Done, task: Arithmetic) -> Check:
    """A.5: a window of n tokens, the length of the input with its =.  One short chain is enough against it."""
    instance = task.parse(REPEATS)
    chain, n = _chain(task, instance), len(task.prompt(instance))
    found = conflict([chain], n)
    evidence = f"the chain of {REPEATS} with the leftmost handle first: what follows the same n = {n} tokens"
    witness = None if found is None else {"instance": REPEATS, "m": n, **_spelled(found)}
    verdict = Verdict.HELD if found is None else Verdict.REFUTED
    id, least = f"{done.case.tag}/window", least_window([chain])
    return Check(id, "A5-ARITH", verdict, least, n, evidence, witness, REAL_ARITHMETIC, REFUTED)


def window_check(done: Done, what: str, claim: str, words: str, bound: Callable[[Instance], int]) -> Check:
    """Do the last `bound(instance)` tokens determine the next, among the chains of this run with equal input sizes?"""
    groups: dict[Any, list[tuple[Chain, int]]] = {}
    for instance, tokens in zip(done.batch.all, done.wanted, strict=True):
        chain = tuple(tuple((n, v) for n, v in done.named(row).items() if v) for row in tokens)
        given = len(done.task.prompt(instance))
        groups.setdefault((_size(done.task, instance), bound(instance)), []).append((chain, given))
    found = {key: conflict(chains, key[1]) for key, chains in groups.items()}
    broken = {key: each for key, each in found.items() if each is not None}
    evidence = f"{len(done.batch.all)} chains, compared within {len(groups)} sizes of the input; m = {words}"
    verdict, witness = Verdict.HELD, None
    if broken:
        key = min(broken, key=lambda key: key[1])
        verdict, witness = Verdict.REFUTED, {"m": key[1], **_spelled(broken[key])}
    id, least = f"{done.case.tag}/{what}", max((least_window(chains) for chains in groups.values()), default=0)
    return Check(id, claim, verdict, least, max(key[1] for key in groups), evidence, witness, REAL_ARITHMETIC)


def lis_check(done: Done) -> Check:
    """The one-index chain: the least window among all inputs of n numbers over 1, 2, 3 against T = 2 n + 3."""
    problem = lis.one_index()
    least = {}
    for n in LIS_SIZES:
        chains = []
        for sequence in product((1, 2, 3), repeat=n):
            solution = solve(problem, (sequence,))
            chains.append(((*sequence, "|", *solution.values.values(), "|", solution.answer), n + 1))
        least[n] = least_window(chains)
    wrong = [n for n in LIS_SIZES if not least[n] >= n]
    found = ", ".join(f"n = {n}: m = {m} of T = {2 * n + 3}" for n, m in least.items())
    evidence = f"all sequences of n numbers over 1, 2, 3: the least window that determines each next token; {found}"
    witness = {"n": wrong[0], "m": least[wrong[0]]} if wrong else None
    id, about = f"{done.case.tag}/window", REAL_ARITHMETIC
    return Check(id, "A5-LIS", decided(not wrong), least[LIS_SIZES[-1]], LIS_SIZES[-1], evidence, witness, about)


def slots_check(done: Done) -> Check:
    """A.7 to the letter: the same m slots as Theorem 3's module has them, with A = O, which forgets nothing.  Runs in
    which no slot is written a second time have nothing to forget and decide nothing, nor do those that all come out
    right: one run that goes wrong is what refutes.
    """
    id, m = f"{done.case.tag}/theorem-3-slots", window(done.stack.program)
    if isinstance(done.task, Table):
        states = max(done.task.problem.count(tuple(map(len, instance))) for instance in done.batch.all)
        if states <= m:
            evidence = f"no run has more than {states} states, and each of them has one of the m = {m} slots to itself"
            return _undecided(id, "T5-PROOF", evidence)
    program, wrong, shown = unforgetting(done.stack.program), None, ""
    for k in sorted(range(len(done.wanted)), key=lambda k: len(done.wanted[k])):
        shown = done.task.written(done.batch.all[k])
        wrong = _first_wrong(
            program, [done.named(row) for row in done.wanted[k]], len(done.task.prompt(done.batch.all[k]))
        )
        if wrong is not None:
            break
    if wrong is None:
        evidence = f"memories that add what is written get all {len(done.wanted)} runs right: what a slot held before"
        return _undecided(id, "T5-PROOF", f"{evidence} it was written again is 0 or not read in any of them")
    evidence = "every memory of m slots adds what is written (A = O, Theorem 3) instead of replacing it; exact integers"
    witness = {"instance": shown, **wrong}
    return Check(id, "T5-PROOF", Verdict.REFUTED, None, None, evidence, witness, REAL_ARITHMETIC, REFUTED)


def _undecided(id: str, claim: str, reason: str) -> Check:
    """Nothing in this run could have refuted the claim."""
    skipped = frozenset({Verdict.SKIPPED})
    return Check(id, claim, Verdict.SKIPPED, None, None, reason, None, REAL_ARITHMETIC, skipped, beside=True)


def unforgetting(program: Program) -> Program:
    """The program with memories that never erase, and without promises about what they hold."""
    plain = {}
    for statement in program.statements:
        if isinstance(statement, Recall):
            plain.setdefault(id(statement.memory), replace(statement.memory, forgets=False))
    statements = tuple(
        replace(s, memory=plain[id(s.memory)]) if isinstance(s, Recall) else s for s in program.statements
    )
    return replace(program, statements=statements)


def _first_wrong(program: Program, want: Sequence, given: int) -> dict[str, Any] | None:
    """The first token that the program puts out wrong, or at which it leaves its intervals."""
    t = 0
    try:
        for t, (token, _) in enumerate(interpreted(program, want[:given], len(want)), start=1):
            if any(token.get(f, 0) != want[t - 1].get(f, 0) for f in (each.name for each in program.fields)):
                return {"token": t}
    except ValueError as error:
        return {"token": t + 1, "reason": str(error)}
    return None if t == len(want) else {"token": t + 1}


def _chain(task: Task, instance: Instance) -> tuple[Chain, int]:
    """All tokens of an instance as the oracle has them, and where the generated ones begin."""
    prompt = task.prompt(instance)
    tokens = [*prompt, *task.expected(instance)]
    return tuple(tuple(sorted((n, v) for n, v in token.items() if v)) for token in tokens), len(prompt)


def _size(task: Task, instance: Instance) -> Any:
    return len(task.prompt(instance)) if isinstance(task, Arithmetic) else tuple(map(len, instance))


def _copied_window(instance: Instance) -> int:
    return 2 * sum(map(len, instance)) + 2


def _two_lines(instance: Instance) -> int:
    return 2 * (len(instance) + 1)


def _spelled(found: Conflict) -> dict[str, str]:
    def words(token: Any) -> str:
        return " ".join(f"{n} {v}" for n, v in token)

    window = " / ".join(map(words, found.window))
    return {"window": window, "next": words(found.first), "or": words(found.second)}
