"""The sentence of `verify dp`."""

from collections.abc import Mapping, Sequence
from typing import Any

from verify.dp.instances import Batch
from verify.dp.settings import DpSettings
from verify.verdict import Check, Verdict


def sentence(
    rows: Sequence[Mapping[str, Any]], checks: Sequence[Check], settings: DpSettings, interrupted: bool
) -> str:
    """What is refuted and why, before all else; then how many runs of how many problems came out as the oracle's."""
    run = [r for r in rows if r["reason"] is None]
    text = _runs(run) if run else "nothing was run"
    text += _besides(run, settings)
    near = [r["m"] for r in run if settings.m is not None and r["theorem"] == 5 and r["m"] != settings.m]
    text += f"; no lengths give m = {settings.m}, the memory has m = {near[0]} slots" if near else ""
    missing = [f"{r['problem']} by Theorem {r['theorem']} ({r['reason']})" for r in rows if r["reason"] is not None]
    text += f"; no construction: {', '.join(missing)}" if missing else ""
    text = _refuted(checks, run) + text
    return f"interrupted; {text}." if interrupted else f"{text}."


def _refuted(checks: Sequence[Check], run: Sequence[Mapping[str, Any]]) -> str:
    """What is refuted though it should not be, and why, to begin with: the sentences lead over to what holds all the
    same.  Nothing where wrong tokens are all that is known: the runs that differ are told next.
    """
    broken = [check for check in checks if not check.met and check.verdict is Verdict.REFUTED]
    right = bool(run) and not any(r["instances_wrong"] for r in run)
    told = causes(broken) or ([f"{broken[0].id} is refuted"] if broken and right else [])
    return "".join(f"{each}. " for each in told) + ("All the same, " if told and right else "")


def causes(broken: Sequence[Check]) -> list[str]:
    """What a problem breaks of Assumption 3 though it should not, or any other reason that a refuted check gives; each
    once.
    """
    found = []
    for check in broken:
        witness = check.witness or {}
        if "violation" in witness:
            found.append(f"{check.id.split('/')[0]} breaks {_bullet(check)}: {witness['violation']}")
        elif check.id.endswith("/growth") and "reason" in witness:
            found.append(f"{check.id} is refuted: {witness['reason']}")
    return list(dict.fromkeys(found))


def instances_words(batch: Batch) -> str:
    """What a stack was run on."""
    if not batch.enumerated:
        return f"{batch.words}, alone"
    return f"{batch.words}, and all {len(batch.enumerated)} of size at most {batch.family}"


def _runs(run: Sequence[Mapping[str, Any]]) -> str:
    wrong, total = sum(r["instances_wrong"] for r in run), sum(r["instances"] for r in run)
    of = f"{len(run)} stack{'s' if len(run) > 1 else ''}"
    every = f"all {total} runs" if total > 1 else "the run"
    if wrong:
        return f"{wrong} of {total} runs of {of} differ from the oracle"
    tokens, margin = sum(r["tokens"] for r in run), min(r["margin"] for r in run)
    right = f"{every} ({tokens} tokens) of {of} {'are' if total > 1 else 'is'} the oracle's, token by token"
    return f"{right}, with a margin of at least {margin:.3g}"


def _besides(run: Sequence[Mapping[str, Any]], settings: DpSettings) -> str:
    """What was run beside an input: a verdict on one input alone would say little of the stack."""
    families = dict.fromkeys((r["family_instances"], r["family_size"]) for r in run if r["family_instances"])
    if settings.input is None or not families:
        return ""
    small = " and ".join(f"all {count} instances of size at most {size}" for count, size in families)
    return f"; beside the input {small} were run on the same weights (--instances 0 leaves them out)"


def _bullet(check: Check) -> str:
    return f"bullet {check.value} of Assumption 3" if check.value else "the order of states that Assumption 3 rests on"
