"""Assumption 3 bullet by bullet: on a problem's own expressions, or on the program of a chain that fills no table."""

from contextlib import suppress
from dataclasses import replace

from bounds.formats import format_of
from constructions.assumption import Finding, assumption, constant_reads
from constructions.compiler import program_of
from constructions.problem import Problem
from constructions.problems import lis
from constructions.problems.edit_rows import EditRows
from constructions.problems.table import Table
from constructions.problems.task import Limits, Task
from constructions.programs.stack import compiled
from verify.dp.cost import WEIGHTS, slots
from verify.dp.dtypes import size_limits
from verify.dp.instances import memories
from verify.dp.run import Done
from verify.dp.settings import DpSettings
from verify.errors import BadInput, quoted
from verify.memory import available_bytes
from verify.notation import number, size
from verify.verdict import REAL_ARITHMETIC, Check, Verdict

CLAIMS = {"lis": "A3-LIS-2D", "edit-distance": "A3-ED", "arithmetic": "A3-ARITH"}
LENGTHS = (6, 12)  # of every input sequence, between which growth shows; in shorter ones some units are not needed
LOOKED_AT = 4  # instances of each kind, and one of every length in the small family: their order and values
CHAIN_SIZES = (3, 12)  # of a chain's instances
HELD = frozenset({Verdict.HELD})


def assumption_checks(done: Done) -> list[Check]:
    """What is found for the case's problem; for LIS also of the paper's chain with one index."""
    task = done.task
    if isinstance(task, EditRows):
        return []  # the problem is that of Theorem 4's table
    if not isinstance(task, Table):
        return [_check(done, finding) for finding in chain_findings(task)]
    found = [_check(done, finding) for finding in findings(task.problem, done)]
    if done.case.name == "lis":
        found += one_index_checks(done)
    return found


def findings(problem: Problem, done: Done) -> tuple[Finding, ...]:
    """The bullets on the instances of this run, and on lengths that grow."""
    kinds = len(problem.alphabets)
    each_length = {tuple(map(len, instance)): instance for instance in done.batch.enumerated}
    instances = (*done.batch.asked[:LOOKED_AT], *each_length.values(), *done.batch.enumerated[-LOOKED_AT:])
    return assumption(problem, instances, [(n,) * kinds for n in LENGTHS])


def refuse_vast(task: Task, settings: DpSettings) -> None:
    """Raise BadInput where a problem states so many slots at the lengths of Assumption 3 that its blocks, which are
    compiled there, would not fit in memory: Theorem 5's run may need few of them all the same.
    """
    if not isinstance(task, Table):
        return
    lengths = (LENGTHS[-1],) * len(task.problem.alphabets)
    with suppress(ValueError):  # then the bullet says so
        count = slots(program_of(task.problem, lengths, 1, 4))
        if count * WEIGHTS > available_bytes():
            what = f"at lengths {lengths} its memories by Theorem 4 have {number(float(count))} slots, which would need"
            reason = f"{what} {size(count * WEIGHTS)} of memory"
            raise BadInput(quoted(settings.problem or task.name), reason, "a problem that states fewer slots")


def one_index_checks(done: Done) -> list[Check]:
    """The chain of Section 4: its first bullet is broken, as its read sets grow."""
    found = constant_reads(lis.one_index(), [(n,) for n in LENGTHS])
    verdict = Verdict.HELD if found.holds else Verdict.REFUTED
    witness = None if found.holds else {"violation": found.violation, "read sets": found.found}
    evidence = f"the chain 1 2 1 3 4 with one state a number; {found.statement}; {found.found}"
    expected = frozenset({Verdict.REFUTED})
    id, claim = f"{done.case.tag}/assumption-one-index", "A3-LIS-CHAIN"
    return [Check(id, claim, verdict, found.bullet, None, evidence, witness, REAL_ARITHMETIC, expected)]


def chain_findings(task: Task) -> list[Finding]:
    """The bullets on a program that fills no table, at two sizes: what is read at a token, how long runs get, and how
    many units its blocks without memory have.
    """
    sizes = [size_limits(task, n) for n in CHAIN_SIZES]
    reads = [len(memories(task.program(at))) for at in sizes]
    units = [_units(task, at) for at in sizes]
    lines = [at.lengths[0] for at in sizes]
    grows = None if reads[0] == reads[1] else f"{reads[0]} readers become {reads[1]}"
    wider = None if units[0] == units[1] else f"{units[0]} units become {units[1]}"
    long = [at.longest for at in sizes if at.longest > (at.lengths[0] + 1) ** 2]
    longer = f"{long[0]} tokens" if long else None
    spelled = " and ".join(map(str, lines))
    return [
        Finding(1, "constants bound the read sets", f"lines of {spelled}: {reads[1]} reads a token", grows),
        Finding(2, "lengths and values are bounded", f"at most (n + 1)^2 tokens for lines of n = {spelled}", longer),
        Finding(3, "the functions are constant-size networks", f"lines of {spelled}: {units[1]} units", wider),
    ]


def _units(task: Task, at: Limits) -> int:
    """The hidden units besides those that form addresses, which have a digit more now and then."""
    longest = replace(at, longest=max(at.longest, 2))
    stack = compiled(task.program(longest), format_of("float64"))
    functions = [named for named in stack.blocks if not named.remembers and named.stage != "one-hots"]
    return sum(named.block.ssm.inner.dim for named in functions)


def _check(done: Done, finding: Finding) -> Check:
    verdict = Verdict.HELD if finding.holds else Verdict.REFUTED
    witness = None if finding.holds else {"violation": finding.violation}
    evidence = f"{finding.statement}; {finding.found}"
    id = f"{done.case.tag}/assumption-{finding.bullet}"
    claim = CLAIMS.get(done.case.name, f"T{done.case.theorem}")
    return Check(id, claim, verdict, finding.bullet, None, evidence, witness, REAL_ARITHMETIC, HELD)
