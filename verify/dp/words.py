"""The sentence of `verify dp`."""

from collections.abc import Mapping, Sequence
from typing import Any

from verify.dp.instances import Batch


def sentence(rows: Sequence[Mapping[str, Any]], interrupted: bool) -> str:
    """How many runs of how many problems came out as the oracle's."""
    run = [r for r in rows if r["reason"] is None]
    missing = [f"{r['problem']} by Theorem {r['theorem']}" for r in rows if r["reason"] is not None]
    wrong = sum(r["instances_wrong"] for r in run)
    total, tokens = sum(r["instances"] for r in run), sum(r["tokens"] for r in run)
    right = f"all {total} runs ({tokens} tokens) of {len(run)} stacks are the oracle's, token by token"
    text = f"{wrong} of {total} runs of {len(run)} stacks differ from the oracle" if wrong else right
    if run and not wrong:
        text += f", with a margin of at least {min(r['margin'] for r in run):.3g}"
    text += f"; no construction: {', '.join(missing)}" if missing else ""
    return f"interrupted; {text}." if interrupted else f"{text}."


def instances_words(batch: Batch) -> str:
    """What a stack was run on."""
    return f"{batch.words}, and all {len(batch.enumerated)} of size at most {batch.family}"
