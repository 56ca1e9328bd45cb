"""The checks of a folder: its weights, and what other implementations compute with them, against the oracle."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from verify.export import native
from verify.export.certificate import difference
from verify.export.compared import BEHIND, check_of, number_checks
from verify.export.construct import Construction
from verify.export.disk import Loaded
from verify.export.extra import torch, transformers
from verify.export.foreign import TRANSFORMERS, Foreign, further
from verify.export.model import named
from verify.export.programs import Text
from verify.verdict import Check, Verdict, decided

OF_THE_FILES = ("certificate", "weights")  # checks of what is written, not of what a program computes


def folder_checks(loaded: Loaded) -> tuple[list[Check], dict[str, Any]]:
    """All checks of a folder, and the numbers of its row.  Raises BadInput where the extra is not installed."""
    torch()
    transformers()
    same = [_claims(loaded), _weights(loaded)]
    judged, numbers = (_language if loaded.construction.language is not None else number_checks)(loaded)
    return [*same, *judged], _sizes(loaded.construction) | numbers


def _sizes(construction: Construction) -> dict[str, Any]:
    made, sizes = construction.model, construction.model.sizes
    return {
        "construction": construction.settings.called().removesuffix(f"-{construction.settings.to}"),
        "to": construction.settings.to,
        "layers": made.layers,
        "stream": sizes.stream,
        "channels": sizes.channels,
        "d_state": sizes.d_state,
        "time_step_rank": sizes.rank,
        "state_entries": made.state_entries,
        "parameters": made.parameters,
        "nonzeros": made.nonzeros,
        "stated_error": construction.error,
    }


def _claims(loaded: Loaded) -> Check:
    """What the certificate says, against what the construction gives."""
    construction, witness = loaded.construction, difference(loaded.claimed, loaded.construction)
    evidence = "claims, error, dtype and sizes of the certificate compared with the construction's, derived again; "
    evidence += f"settings that no file depends on, taken on trust: {construction.settings.on_trust()}"
    return check_of(construction, "certificate", decided(witness is None), None, None, evidence, witness, "the file")


def _weights(loaded: Loaded) -> Check:
    """The tensors of the file, bit by bit, against those that the construction gives."""
    construction = loaded.construction
    wanted, witness = named(construction.model.tensors, construction.settings.to), None
    for name, tensor in wanted.items():
        off = np.argwhere(loaded.tensors[name].view(np.int32) != tensor.view(np.int32))
        if len(off) and witness is None:
            at = tuple(map(int, off[0]))
            there = float(loaded.tensors[name][at])
            witness = {"tensor": name, "index": list(at), "file": there, "construction": float(tensor[at])}
    count = sum(tensor.size for tensor in wanted.values())
    evidence = "every number of the file compared with the construction's, built again, bit by bit"
    return check_of(construction, "weights", decided(witness is None), count, None, evidence, witness, "the file")


def _language(loaded: Loaded) -> tuple[list[Check], dict[str, Any]]:
    """The chains that transformers generates, its logits on the right chains, ours, and what further programs do."""
    construction = loaded.construction
    assert construction.language is not None
    stack, text, task, instances = construction.language
    words = [task.written(instance) for instance in instances]
    said = f"{len(words)} random instances of size {construction.settings.n}, seed {construction.settings.seed}"
    program, own = TRANSFORMERS.load(loaded), native.generated(stack, text)
    runs = _runs(program, text)
    off = _logits_off(program, text)
    checks = [
        _chains(construction, "tokens", runs, list(text.chains), words, said, f"{BEHIND} of transformers"),
        _chains(construction, "ours", own, runs, words, said, f"{BEHIND} of constructions.generate"),
        _exact(construction, "logits", off, said, f"{BEHIND} of transformers"),
    ]
    for other in further(loaded):
        theirs, speaks_of = other.load(loaded), f"{BEHIND} of {other.name}"
        found = _runs(theirs, text)
        checks.append(_chains(construction, other.name, found, list(text.chains), words, said, speaks_of))
    right = sum(np.array_equal(run, chain) for run, chain in zip(runs, text.chains, strict=True))
    return checks, {"theirs_off": off, "ours_off": None, "apart": None, "tolerance": 0.0, "right": right}


def _runs(program: Foreign, text: Text) -> list[np.ndarray]:
    """What it makes of every prompt, with room for one token more than the oracle's chain has."""
    return [program.generated(p, len(c) - len(p) + 1) for p, c in zip(text.prompts, text.chains, strict=True)]


def _logits_off(program: Foreign, text: Text) -> float:
    """How far its logits are off 2 v.y - |v|^2 for the oracle's y, over all generated tokens of the right chains."""
    tokens, worst = text.tokens.astype(np.float64), 0.0
    for prompt, chain in zip(text.prompts, text.chains, strict=True):
        following = chain[len(prompt) :]
        exact = 2.0 * tokens[following] @ tokens.T - (tokens**2).sum(axis=1)
        off = np.abs(program.logits(chain)[len(prompt) - 1 : -1] - exact)
        worst = max(worst, float(off.max()) if np.isfinite(off).all() else np.inf)
    return worst


def _exact(construction: Construction, what: str, worst: float, said: str, speaks_of: str) -> Check:
    """HELD only if all logits are exact."""
    witness = None if worst == 0.0 else {"largest difference": worst}
    verdict = Verdict.HELD if worst == 0.0 else Verdict.REFUTED
    spoken = f"{said}; the logits of every generated token against 2 v.y - |v|^2 at the oracle's y"
    return check_of(construction, what, verdict, worst, 0.0, spoken, witness, speaks_of)


def _chains(
    construction: Construction, what: str, found: list, wanted: list, words: list[str], said: str, speaks_of: str
) -> Check:
    """HELD only if all chains are alike, token by token."""
    wrong = [k for k, (run, chain) in enumerate(zip(found, wanted, strict=True)) if not np.array_equal(run, chain)]
    witness: Mapping[str, Any] | None = None
    if wrong:
        k = wrong[0]
        witness = {"instance": words[k], "found": list(map(int, found[k])), "wanted": list(map(int, wanted[k]))}
    verdict = Verdict.HELD if not wrong else Verdict.REFUTED
    return check_of(construction, what, verdict, len(found) - len(wrong), len(found), said, witness, speaks_of)
