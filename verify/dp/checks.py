"""What a run of `verify dp` shows of its tokens: they are the oracle's, with the margin that the stack guarantees."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from constructions.programs.stack import Stack
from verify.dp.instances import Batch
from verify.dp.run import Done
from verify.verdict import Check, Verdict

SETTLED = frozenset({Verdict.PROVED, Verdict.HELD})
OPEN = SETTLED | {Verdict.REFUTED, Verdict.SKIPPED}  # where the format is too coarse, its program may do anything


def checks(done: Done) -> list[Check]:
    """The run against the oracle and against the stack's own promise."""
    return [range_check(done), *_tokens(done), margin_check(done)]


def speaks_of(stack: Stack) -> str:
    """The float program that a check is about."""
    return f"the float program in {stack.format.name}"


def claim(done: Done) -> str:
    """The theorem's id."""
    return f"T{done.case.theorem}"


def range_check(done: Done) -> Check:
    """Whether interval arithmetic shows that no number of any run is rounded (`constructions.programs.exactness`)."""
    stack, worst = done.stack, done.stack.worst
    holds = worst.share <= 1
    reach = f"interval arithmetic over all {len(stack.reach)} sums, up to {done.limits.longest} tokens"
    found = f"closest to the limit: {worst.where}, {float(worst.largest):.6g}"
    evidence = f"{reach}; {found}" + ("" if holds else f", which {done.dtype} does not hold exactly")
    verdict = Verdict.PROVED if holds else Verdict.SKIPPED
    expected = frozenset({Verdict.PROVED, Verdict.SKIPPED})
    id, share = f"{done.case.tag}/range", float(worst.share)
    return Check(id, claim(done), verdict, share, 1, evidence, None, speaks_of(stack), expected)


def _tokens(done: Done) -> list[Check]:
    """The instances that were asked for, HELD by so many; and the small family, PROVED by going through it."""
    batch, asked = done.batch, len(done.batch.asked)
    found = [_compared(done, "tokens", range(asked), Verdict.HELD, batch.words)]
    if batch.enumerated:
        words = f"all {len(batch.enumerated)} instances of size at most {batch.family} over the task's small alphabet"
        found.append(_compared(done, "enumerated", range(asked, len(batch.all)), Verdict.PROVED, words))
    return found


def _compared(done: Done, what: str, which: Sequence[int], good: Verdict, words: str) -> Check:
    wrong = [k for k in which if not done.right[k]]
    tokens = sum(len(done.wanted[k]) for k in which)
    evidence = f"{words}: {tokens} tokens, generated one from the other, against the oracle"
    verdict = Verdict.REFUTED if wrong else good
    witness = smallest_witness(done, wrong) if wrong else None
    expected = SETTLED if done.stack.exact else OPEN
    id = f"{done.case.tag}/{what}"
    return Check(id, claim(done), verdict, len(wrong), 0, evidence, witness, speaks_of(done.stack), expected)


def smallest_witness(done: Done, wrong: Sequence[int]) -> dict[str, Any]:
    """The wrong instance with the fewest tokens: the first token that differs, as it is and as it should be."""
    k = min(wrong, key=lambda k: len(done.wanted[k]))
    first = done.first_wrong(k) or 1
    got, want = done.tokens_of(k), done.wanted[k]
    return {
        "instance": done.task.written(done.batch.all[k]),
        "token": first,
        "got": _spelled(done, got, first),
        "expected": _spelled(done, want, first),
    }


def margin_check(done: Done) -> Check:
    """The least margin of all generated tokens, at least what the stack guarantees; NaN is not."""
    measured, promised = done.run.margin, float(done.stack.margin)
    holds = measured >= promised
    evidence = f"{len(done.wanted)} runs; distance to the point half way to another token, less at no token"
    verdict = Verdict.HELD if holds else Verdict.REFUTED
    witness = None if holds else _least_margin(done)
    expected = SETTLED if done.stack.exact else OPEN
    id = f"{done.case.tag}/margin"
    return Check(id, claim(done), verdict, measured, promised, evidence, witness, speaks_of(done.stack), expected)


def _least_margin(done: Done) -> dict[str, Any]:
    margins = np.where(np.isnan(done.run.margins), -np.inf, done.run.margins)
    used = np.arange(margins.shape[1])[None, :] < done.run.lengths[:, None]
    k, at = np.unravel_index(int(np.argmin(np.where(used, margins, np.inf))), margins.shape)
    batch: Batch = done.batch
    written = done.task.written(batch.all[int(k)])
    return {"instance": written, "token": int(at) + 1, "margin": float(done.run.margins[k, at])}


def _spelled(done: Done, rows: np.ndarray, token: int) -> str:
    """A token's fields that are not 0, or `none` where the run has ended."""
    if token > len(rows):
        return "none"
    return ", ".join(f"{n} {v}" for n, v in done.named(rows[token - 1]).items() if v) or "all fields 0"
