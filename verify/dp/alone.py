"""Each block alone against the exact value of all that it writes, at every token.

The quantities after a whole run (`verify.dp.quantities`) show that something went wrong, and in which stage it shows
first.  Here every block is fed the exact stream itself (`constructions.programs.held`, no weights), so that a fault is
seen in the block that has it and in no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from constructions.alone import Written, alone, coordinates, padded
from constructions.programs.held import held
from constructions.programs.stack import OUTPUT, NamedBlock
from verify.dp.checks import OPEN, SETTLED, speaks_of
from verify.dp.quantities import exactly, fills_table, group_of, read_off
from verify.dp.run import Done
from verify.verdict import Check, Verdict

ENTRIES = 2**25  # of one block's largest matrix, or of its inner stream over all tokens, beyond which it is not run
HALF = 0.5  # what tells integers apart
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
Exact = Mapping[int, Float[np.ndarray, "_T D"]]  # the exact stream of every instance that is looked at


@dataclass(frozen=True, eq=False)
class Judged:
    """One block: its number in the stack, from 1; its largest error, and where that is: instance, token, space."""

    number: int
    named: NamedBlock
    error: float
    at: tuple[int, int, str]


@dataclass(frozen=True, eq=False)
class Sum:
    """A quantity that no block writes, being a sum of subspaces: its name, stage, and at how many tokens the sum of
    exact subspaces is not the interpreter's value.
    """

    name: str
    stage: str
    wrong: int


def alone_checks(done: Done) -> list[Check]:
    """One check for each block of A.6, or for each stage of a chain program."""
    labels = [_label(done, stage) for stage in done.stack.program.stages]
    labels = list(dict.fromkeys([*labels, *(_label(done, named.stage) for named in done.stack.blocks)]))
    reason = _too_large(done)
    if reason is not None:
        return [_skipped(done, label, reason) for label in labels]
    exact = {
        k: held(done.stack, done.task.prompt(done.batch.all[k]), len(done.wanted[k])) for k in sorted(done.streams)
    }
    judged = [_judged(done, k, exact, each) for k, each in enumerate(alone(done.stack, list(exact.values())))]
    sums, tokens = _sums(done, exact), sum(map(len, exact.values()))
    return [
        _check(
            done,
            label,
            [each for each in judged if _label(done, each.named.stage) == label],
            [each for each in sums if _label(done, each.stage) == label],
            tokens,
        )
        for label in labels
    ]


def _label(done: Done, stage: str) -> str:
    """`block-1` .. `block-4`, those of A.6, the last of which also puts the next token out; or the stage of a chain
    program, as an id has it.
    """
    if fills_table(done.stack):
        return f"block-{4 if stage == OUTPUT else group_of(done, stage)[-1]}"
    return "".join(c if c in LETTERS else "-" for c in stage.replace("'", "").lower())


def _judged(done: Done, k: int, exact: Exact, written: Sequence[Written]) -> Judged:
    """NaN is the largest error of all."""
    named = done.stack.blocks[k]
    own = coordinates(done.stack, named.writes)
    worst, at = -1.0, (0, 0, "")
    for instance, each in zip(exact, written, strict=True):
        off = np.column_stack([np.abs(each.own - exact[instance][:, own]), each.elsewhere])
        off = np.where(np.isnan(off), np.inf, off)
        t, column = (int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
        if off[t, column] > worst:
            spaces = [*named.writes, "a space of another block"]
            worst, at = float(off[t, column]), (instance, t + 1, spaces[column])
    return Judged(k + 1, named, worst, at)


def _sums(done: Done, exact: Exact) -> list[Sum]:
    """The quantities that whoever reads them adds up, put together from exact subspaces."""
    stage_of = {statement.name: statement.stage for statement in done.stack.program.statements}
    wrong: dict[str, int] = {}
    for k, stream in exact.items():
        names, right = exactly(done, k, len(stream))
        off = (read_off(done, names, stream) != right).sum(axis=0)
        for called, count in zip(names, off, strict=True):
            if called in stage_of and list(done.stack.forms[called].terms.values()) != [1]:
                wrong[called] = wrong.get(called, 0) + int(count)
    return [Sum(called, stage_of[called], count) for called, count in wrong.items()]


def _check(done: Done, label: str, judged: Sequence[Judged], sums: Sequence[Sum], tokens: int) -> Check:
    bound = HALF - float(done.stack.margin)
    wrong, false = [each for each in judged if not each.error <= bound], [each for each in sums if each.wrong]
    stages = list(dict.fromkeys([*(each.named.stage for each in judged), *(each.stage for each in sums)]))
    spaces = sum(len(each.named.writes) for each in judged)
    added = f", and {len(sums)} quantities that are sums of subspaces and need no block" if sums else ""
    evidence = (
        f"{_numbers([each.number for each in judged])} of {len(done.stack.blocks)} ({', '.join(stages)}), each run "
        f"alone on exact streams: all {spaces} subspaces that they write{added}, at every token of "
        f"{len(done.streams)} instances, {(spaces + len(sums)) * tokens} numbers; value: the largest error of a "
        "subspace; bound: 1/2 less the guaranteed margin"
    )
    verdict = Verdict.REFUTED if wrong or false else Verdict.HELD
    witness = (
        _witness(done, wrong) if wrong else {"quantity": false[0].name, "tokens": false[0].wrong} if false else None
    )
    expected = SETTLED if done.stack.exact else OPEN
    value, id = max((each.error for each in judged), default=0.0), f"{done.case.tag}/alone-{label}"
    return Check(id, _claim(done, stages), verdict, value, bound, evidence, witness, speaks_of(done.stack), expected)


def _numbers(layers: Sequence[int]) -> str:
    """The layers by number, neighbours drawn together: `layers 5, 16-19`."""
    runs: list[list[int]] = []
    for number in layers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    spelled = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return f"layer{'s' if len(layers) != 1 else ''} {', '.join(spelled) or 'none'}"


def _witness(done: Done, wrong: Sequence[Judged]) -> dict[str, Any]:
    """The first layer that errs, with where its error is largest, and all layers that do."""
    first = wrong[0]
    instance, token, space = first.at
    return {
        "block": f"layer {first.number}, {first.named.stage}",
        "space": space,
        "instance": done.task.written(done.batch.all[instance]),
        "token": token,
        "error": first.error,
        "wrong layers": [each.number for each in wrong],
    }


def _claim(done: Done, stages: Sequence[str]) -> str:
    return group_of(done, next((stage for stage in stages if stage != OUTPUT), OUTPUT))


def _too_large(done: Done) -> str | None:
    if not done.streams:
        return f"the streams of one run of {done.limits.longest} tokens are more than is kept"
    tokens = padded(max(len(done.wanted[k]) for k in done.streams))
    inner = padded(max(named.block.ssm.inner.dim for named in done.stack.blocks))
    if inner * max(tokens, padded(done.stack.stream.dim)) > ENTRIES:
        return f"an inner stream of {inner} channels written out is more than is spent on one block"
    return None


def _skipped(done: Done, label: str, reason: str) -> Check:
    stages = [stage for stage in done.stack.program.stages if _label(done, stage) == label]
    id, expected = f"{done.case.tag}/alone-{label}", frozenset({Verdict.SKIPPED})
    return Check(
        id,
        _claim(done, stages),
        Verdict.SKIPPED,
        None,
        None,
        reason,
        None,
        speaks_of(done.stack),
        expected,
        beside=True,
    )
