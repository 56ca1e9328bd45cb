"""Compiled problems on inputs that are left open: all inputs of a size at once, whatever their tokens are.

*What is proved.*  Let the addresses, the flags of registers and the order of states depend on lengths and positions
alone; a run in which they do not is refused (`constructions.programs.terms`).  Then for each tuple of lengths one run
stands for all inputs of these lengths:

    (1)  the program's tokens, as terms of the inputs, are the oracle's, token by token, and every quantity stays in
         the interval that the program states for it;
    (2)  with all quantities in these intervals no number of a run of the weights is rounded in the format
         (`constructions.programs.exactness`), so that the weights put out what the program does.

Neither speaks of lengths beyond those gone through, nor of problems beyond those compiled.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from bounds.formats import format_of
from constructions.oracle import solve
from constructions.problem import Inputs, Lengths, Problem
from constructions.problems import edit_distance
from constructions.problems.edit_rows import EditRows, chain
from constructions.problems.table import Table
from constructions.problems.task import Limits
from constructions.programs.interpreter import Interpreter, Token, interpreted
from constructions.programs.program import Program
from constructions.programs.stack import reach_of
from constructions.programs.terms import Terms, span
from verify.claims.settled import settled
from verify.verdict import Check

Copying = Table | EditRows  # tasks whose control does not depend on their inputs
FORMAT = "float32"
PROGRAM = f"the {FORMAT} program"


def all_inputs(claim: str, task: Copying, longest: int, program: Program | None = None) -> tuple[Check, Check]:
    """(1) and (2) above for all inputs of at most `longest` tokens a sequence; `program` in the place of the compiled
    one, for planted faults."""
    limits = _limits(task, longest)
    made = program or task.program(limits)
    wrong, tokens, family = None, 0, list(_lengths(task, longest))
    for lengths in family:
        run = _first_wrong(task, made, lengths)
        tokens += run[1]
        wrong = wrong or run[0]
    alphabets = _sequences(task)
    spoken = f"{task.name}, Theorem {task.theorem}: all inputs of at most {longest} tokens"
    spoken += " a sequence" if len(alphabets) > 1 else ""
    spoken += f", tokens {alphabets[0][0]} to {alphabets[0][1]}"
    worst = max(reach_of(made, format_of(FORMAT)), key=lambda reach: reach.share)
    same = settled(
        claim,
        f"all inputs, {task.name}",
        wrong is None,
        tokens,
        None,
        f"{spoken}, left open as variables, one run for each of {len(family)} "
        f"{'lengths' if len(alphabets) == 1 else 'tuples of lengths'}, T up to {limits.longest}: every token of the "
        "program is the oracle's as a term of the inputs, and every quantity stays in its interval; value: tokens",
        wrong,
    )
    exact = settled(
        claim,
        f"no rounding, {task.name}",
        worst.share <= 1,
        float(worst.share),
        1,
        f"{spoken}: the largest sum of moduli that the weights can form, over what {FORMAT} adds without rounding "
        "(constructions/programs/exactness.py); at most 1, so the weights put out what the program does",
        {"where": worst.where, "share": float(worst.share)},
        speaks_of=PROGRAM,
    )
    return same, exact


def opened(task: Copying, lengths: Lengths, terms: Terms) -> Inputs:
    """An instance of these lengths with a variable for every token."""
    return tuple(
        tuple(terms.variable(f"s{r + 1}_{k + 1}", within) for k in range(n))
        for r, (n, within) in enumerate(zip(lengths, _sequences(task), strict=True))
    )


def wanted(task: Copying, instance: Inputs, terms: Terms) -> list[Token]:
    """The oracle's tokens behind the prompt, as terms: by the problem's own recurrence (`constructions.problem`)."""
    if isinstance(task, Table):
        return task.expected(instance, operate=terms.operate)
    solution = solve(_problem(task), instance, terms.operate)
    n1, n2 = map(len, instance)
    rows = [[solution.values[j, k] for k in range(1, n2 + 1)] for j in range(1, n1 + 1)]
    return chain(instance, rows, solution.answer)


def _first_wrong(task: Copying, program: Program, lengths: Lengths) -> tuple[dict[str, Any] | None, int]:
    """The first token that is not the oracle's as a term, and how many there are."""
    terms = Terms()
    instance = opened(task, lengths, terms)
    prompt = task.prompt(instance)
    want = [*prompt, *wanted(task, instance, terms)]
    run = interpreted(program, prompt, len(want), Interpreter(program, terms.operate, span))
    fields = {field.name for field in program.fields}
    for t, oracle in enumerate(want, start=1):
        try:
            token, _ = next(run)
        except (ValueError, StopIteration) as error:
            return {"lengths": lengths, "token": t, "reason": str(error) or "the run has ended"}, len(want)
        if _plain(token, fields) != _plain(oracle, fields):
            return {"lengths": lengths, "token": t, "reason": "another term than the oracle's"}, len(want)
    return None, len(want)


def _plain(token: Token, fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in token.items() if name in fields and value != 0}


def _problem(task: Copying) -> Problem:
    return task.problem if isinstance(task, Table) else edit_distance.edit_distance(task.costs)


def _sequences(task: Copying) -> Sequence[tuple[int, int]]:
    return _problem(task).alphabets


def _lengths(task: Copying, longest: int) -> Iterator[Lengths]:
    return product(range(longest + 1), repeat=len(_sequences(task)))


def _limits(task: Copying, longest: int) -> Limits:
    return task.limits([tuple((0,) * n for n in lengths) for lengths in _lengths(task, longest)])
