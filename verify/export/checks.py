"""The checks of a folder: its weights, and what other implementations compute with them, against the oracle."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from verify.export import native, torch_scan
from verify.export.bound import FLOAT32, Program, ours, streamed
from verify.export.certificate import difference
from verify.export.construct import Construction, Sample, fits_norm
from verify.export.disk import Loaded
from verify.export.extra import torch, transformers
from verify.export.foreign import TRANSFORMERS, Foreign, Implementation, further
from verify.export.model import embedded, model, named
from verify.export.programs import Text
from verify.export.words import VACUOUS
from verify.verdict import ESTABLISHED, Check, Verdict, decided

BEHIND = "the float32 program"


def folder_checks(loaded: Loaded) -> tuple[list[Check], dict[str, Any]]:
    """All checks of a folder, and the numbers of its row.  Raises BadInput where the extra is not installed."""
    torch()
    transformers()
    same = [_claims(loaded), _weights(loaded)]
    judged, numbers = (_language if loaded.construction.language is not None else _numbers)(loaded)
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
    evidence = "claims, error, dtype and sizes of the certificate compared with the construction's, derived again"
    return _check(construction, "certificate", decided(witness is None), None, None, evidence, witness, "the file")


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
    return _check(construction, "weights", decided(witness is None), count, None, evidence, witness, "the file")


def _numbers(loaded: Loaded) -> tuple[list[Check], dict[str, Any]]:
    """Theirs against the oracle, and more programs against both, with `verify.export.bound` as tolerance."""
    construction = loaded.construction
    assert construction.sample is not None
    sample, at = construction.sample, construction.sample.outputs
    program = TRANSFORMERS.load(loaded)
    found = program.streamed(sample.inputs)[:, at]
    own = native.streamed(construction, sample.inputs)[:, at]
    stream = embedded(sample.inputs, construction.model.sizes.stream)
    scan = torch_scan.streamed(loaded.tensors, construction.model.layers, stream)[:, at]
    with np.errstate(over="ignore", invalid="ignore"):  # of weights that are not finite nothing is promised
        off, own_off = _off(loaded, TRANSFORMERS.program), _own_off(construction)
    stated = construction.error or 0.0
    checks = [
        _close(construction, "oracle", found, sample.wanted, off + stated, sample, f"{BEHIND} of transformers"),
        _close(construction, "ours", own, found, off + own_off, sample, f"{BEHIND} of constructions.run"),
        _close(construction, "torch", scan, found, 2 * off, sample, f"{BEHIND} written in PyTorch"),
    ]
    if construction.whole is not None:
        whole = construction.whole
        copied, nothing = program.streamed(whole.inputs)[:, at], np.zeros(whole.wanted.shape)
        checks.append(_close(construction, "whole", copied, whole.wanted, nothing, whole, f"{BEHIND} of transformers"))
    for other in further(loaded):
        checks += _further(loaded, other)
    return checks, {
        "theirs_off": float(np.abs(found - sample.wanted).max()),
        "ours_off": float(np.abs(own - sample.wanted).max()),
        "apart": float(np.abs(own.astype(np.float64) - found).max()),
        "tolerance": float((off + stated).max()),
    }


def _further(loaded: Loaded, other: Implementation) -> list[Check]:
    """One more implementation against the oracle, with its own rounding bound; without one of whole numbers, where its
    norm undoes itself exactly.
    """
    construction = loaded.construction
    assert construction.sample is not None
    sample, at, program = construction.sample, construction.sample.outputs, other.load(loaded)
    with np.errstate(over="ignore", invalid="ignore"):
        allowed = _off(loaded, other.program) + (construction.error or 0.0)
    speaks_of, found = f"{BEHIND} of {other.name}", program.streamed(sample.inputs)[:, at]
    checks = [_close(construction, other.name, found, sample.wanted, allowed, sample, speaks_of)]
    if construction.whole is not None and not other.program.normed:
        whole = construction.whole
        copied, nothing = program.streamed(whole.inputs)[:, at], np.zeros(whole.wanted.shape)
        checks.append(_close(construction, f"{other.name}-whole", copied, whole.wanted, nothing, whole, speaks_of))
    return checks


def _off(loaded: Loaded, program: Program) -> np.ndarray:
    """What a program may be off real arithmetic on the file's tensors, at the outputs."""
    construction = loaded.construction
    assert construction.sample is not None
    stream = embedded(construction.sample.inputs, construction.model.sizes.stream)
    bound = streamed(loaded.tensors, construction.model.layers, stream, program)
    return bound.off[:, construction.sample.outputs]


def _own_off(construction: Construction) -> np.ndarray:
    """What ours may be off real arithmetic on Eq. 1-3 itself, at the outputs."""
    assert construction.sample is not None
    plain = model(construction.blocks, (), bare=True)
    stream = embedded(construction.sample.inputs, plain.sizes.stream)
    bound = streamed(plain.tensors, construction.model.layers, stream, ours(FLOAT32))
    return bound.off[:, construction.sample.outputs]


def _close(
    construction: Construction,
    what: str,
    found: np.ndarray,
    wanted: np.ndarray,
    allowed: np.ndarray,
    sample: Sample,
    speaks_of: str,
) -> Check:
    """HELD only if every number is within what is allowed, and the constant dwarfs the rest of the stream; VACUOUS if
    that is everywhere more than half of the largest value (`verify export copy` takes no such epsilon either).
    """
    apart = np.abs(found.astype(np.float64) - wanted)
    good = (apart <= allowed) & fits_norm(sample)
    worst = tuple(map(int, np.unravel_index(np.argmax(np.where(good, apart - allowed, np.inf)), apart.shape)))
    witness = None
    if not good.all():
        place = {"token": worst[0] + 1, "coordinate": worst[1] + 1}
        witness = {**place, "found": float(found[worst]), "wanted": float(wanted[worst])}
    empty = bool((allowed > np.abs(wanted).max() / 2).all())
    verdict = (Verdict.VACUOUS if empty else Verdict.HELD) if good.all() else Verdict.REFUTED
    evidence = f"{sample.words}{f'; vacuous: {VACUOUS}' if verdict is Verdict.VACUOUS else ''}"
    value, bound = float(apart.max()), float(allowed.max())
    return _check(construction, what, verdict, value, bound, evidence, witness, speaks_of)


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
    return _check(construction, what, verdict, worst, 0.0, spoken, witness, speaks_of)


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
    return _check(construction, what, verdict, len(found) - len(wrong), len(found), said, witness, speaks_of)


def _check(
    construction: Construction,
    what: str,
    verdict: Verdict,
    value: Any,
    bound: Any,
    evidence: str,
    witness: Mapping[str, Any] | None,
    speaks_of: str,
) -> Check:
    tag = f"{construction.settings.called()}/{what}"
    expected = ESTABLISHED | {Verdict.VACUOUS}  # which says itself that nothing follows
    return Check(tag, construction.claims[0], verdict, value, bound, evidence, witness, speaks_of, expected)
