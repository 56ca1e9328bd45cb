"""Numbers of one program against those of another or of the oracle, within what rounding allows.

Of a bound that is as large as the answers nothing follows.  So each output is asked whether its bound decides it: where
answers are whole numbers, whether it is below half of their distance, 1/2; else whether it is at most half of the
largest value.  A comparison that decides none is SKIPPED where the same outputs are compared as whole numbers, without
a bound; VACUOUS where the construction itself promises no more; and else UNDECIDED.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from verify.export import native, torch_scan
from verify.export.bound import FLOAT32, Program, ours, streamed
from verify.export.construct import Construction, Sample, fits_norm
from verify.export.disk import Loaded
from verify.export.foreign import TRANSFORMERS, Implementation, further
from verify.export.model import embedded, model
from verify.export.words import BETWEEN, VACUOUS
from verify.verdict import ESTABLISHED, Check, Verdict

BEHIND = "the float32 program"
APART = 0.5  # below it the nearest whole number is the one wanted


@dataclass(frozen=True, eq=False)
class Compared:
    """What one comparison needs: a program's outputs, those wanted, both of shape (T, k), what they may be apart, and
    the words for the program.

    promised: the part of `allowed` that the construction states of itself.
    """

    found: np.ndarray
    wanted: np.ndarray
    allowed: np.ndarray
    speaks_of: str
    promised: float = 0.0


def number_checks(loaded: Loaded) -> tuple[list[Check], dict[str, Any]]:
    """Theirs against the oracle, and more programs against both, with `verify.export.bound` as tolerance; then whole
    numbers, in every program.
    """
    construction = loaded.construction
    assert construction.sample is not None
    sample, at = construction.sample, construction.sample.outputs
    program, stated = TRANSFORMERS.load(loaded), construction.error or 0.0
    found, own = program.streamed(sample.inputs)[:, at], native.streamed(construction, sample.inputs)[:, at]
    scan = _scanned(loaded, sample.inputs)[:, at]
    off, own_off = rounding_of(loaded.tensors, construction, TRANSFORMERS.program), _own_off(construction)
    checks = [
        _close(construction, "oracle", Compared(found, sample.wanted, off + stated, _behind("transformers"), stated)),
        _close(construction, "ours", Compared(own, found, off + own_off, _behind("constructions.run"))),
        _close(construction, "torch", Compared(scan, found, 2 * off, f"{BEHIND} written in PyTorch")),
    ]
    if construction.whole is not None:
        whole, same = construction.whole, construction.whole is sample
        theirs = found if same else program.streamed(whole.inputs)[:, at]
        checks.append(_whole(construction, "whole", theirs, _behind("transformers")))
        if same:
            checks.append(_whole(construction, "ours-whole", own, _behind("constructions.run")))
            checks.append(_whole(construction, "torch-whole", scan, f"{BEHIND} written in PyTorch"))
    for other in further(loaded):
        checks += _further(loaded, other)
    return checks, {
        "theirs_off": float(np.abs(found - sample.wanted).max()),
        "ours_off": float(np.abs(own - sample.wanted).max()),
        "apart": float(np.abs(own.astype(np.float64) - found).max()),
        "tolerance": float((off + stated).max()),
    }


def _further(loaded: Loaded, other: Implementation) -> list[Check]:
    """One more implementation against the oracle, with its own rounding bound, and on whole numbers."""
    construction, program = loaded.construction, other.load(loaded)
    assert construction.sample is not None
    sample, at, stated = construction.sample, construction.sample.outputs, construction.error or 0.0
    found = program.streamed(sample.inputs)[:, at]
    allowed = rounding_of(loaded.tensors, construction, other.program) + stated
    checks = [
        _close(construction, other.name, Compared(found, sample.wanted, allowed, _behind(other.name), stated)),
    ]
    if construction.whole is not None:
        whole = construction.whole
        theirs = found if whole is sample else program.streamed(whole.inputs)[:, at]
        normed = other.program.normed
        checks.append(_whole(construction, f"{other.name}-whole", theirs, _behind(other.name), normed=normed))
    return checks


def _behind(name: str) -> str:
    return f"{BEHIND} of {name}"


def _scanned(loaded: Loaded, inputs: np.ndarray) -> np.ndarray:
    made = loaded.construction.model
    return torch_scan.streamed(loaded.tensors, made.layers, embedded(inputs, made.sizes.stream))


def rounding_of(tensors: Mapping[str, np.ndarray], construction: Construction, program: Program) -> np.ndarray:
    """What a program may be off real arithmetic on the tensors, at the outputs of the sample, shape (T, k); NaN or
    infinite where they are not finite, of which nothing is promised.
    """
    assert construction.sample is not None
    stream = embedded(construction.sample.inputs, construction.model.sizes.stream)
    with np.errstate(over="ignore", invalid="ignore"):
        return streamed(tensors, construction.model.layers, stream, program).off[:, construction.sample.outputs]


def _own_off(construction: Construction) -> np.ndarray:
    """What ours may be off real arithmetic on Eq. 1-3 itself, at the outputs."""
    assert construction.sample is not None
    plain = model(construction.blocks, (), bare=True)
    stream = embedded(construction.sample.inputs, plain.sizes.stream)
    with np.errstate(over="ignore", invalid="ignore"):
        bound = streamed(plain.tensors, construction.model.layers, stream, ours(FLOAT32))
    return bound.off[:, construction.sample.outputs]


def _close(construction: Construction, what: str, of: Compared) -> Check:
    """HELD only if every number is within what is allowed, which decides some of them, and the constant dwarfs the rest
    of the stream.
    """
    sample = construction.sample
    assert sample is not None
    apart = np.abs(of.found.astype(np.float64) - of.wanted)
    good = (apart <= of.allowed) & fits_norm(sample)
    half = np.abs(of.wanted).max() / 2
    decides = of.allowed < APART if sample.whole else of.allowed <= half
    verdict, said, why = Verdict.HELD, "", BETWEEN if sample.whole else VACUOUS
    if not decides.all():
        said = f"; {decides.sum()} of {decides.size} outputs are decided, at the others {why}"
    if not good.all():
        verdict = Verdict.REFUTED
    elif not decides.any():
        promises = Verdict.UNDECIDED if of.promised <= half else Verdict.VACUOUS
        verdict = Verdict.SKIPPED if construction.whole is sample else promises
        said = f"; {verdict.value.lower()} at all {decides.size} outputs: {why}"
    value, bound = float(apart.max()), float(of.allowed.max())
    witness = _witness(sample, of.found, of.wanted, good)
    return check_of(construction, what, verdict, value, bound, f"{sample.words}{said}", witness, of.speaks_of)


def _whole(construction: Construction, what: str, found: np.ndarray, speaks_of: str, *, normed: bool = False) -> Check:
    """HELD only if every number is the whole number wanted; the nearest one to it where a norm rounds (`normed`), or
    where floats are not promised to be exact.
    """
    sample, equal = construction.whole, construction.exact and not normed
    assert sample is not None
    apart = np.abs(found.astype(np.float64) - sample.wanted)
    good = ((apart == 0.0) if equal else (apart < APART)) & fits_norm(sample)
    verdict = Verdict.HELD if good.all() else Verdict.REFUTED
    evidence = f"{sample.words}; whole numbers, {'equal' if equal else 'the nearest ones'} at every output"
    bound, witness = 0.0 if equal else APART, _witness(sample, found, sample.wanted, good)
    return check_of(construction, what, verdict, float(apart.max()), bound, evidence, witness, speaks_of)


def _witness(sample: Sample, found: np.ndarray, wanted: np.ndarray, good: np.ndarray) -> dict[str, Any] | None:
    """The first number that is not good, None where all are."""
    if good.all():
        return None
    token, coordinate = map(int, np.argwhere(~good)[0])
    given = {"input": sample.inputs[token, : sample.shown].tolist()} if sample.shown else {}
    numbers = {"found": float(found[token, coordinate]), "wanted": float(wanted[token, coordinate])}
    return {"token": token + 1, "coordinate": coordinate + 1, **given, **numbers}


def check_of(
    construction: Construction,
    what: str,
    verdict: Verdict,
    value: Any,
    bound: Any,
    evidence: str,
    witness: Mapping[str, Any] | None,
    speaks_of: str,
) -> Check:
    """A check of a construction.  One that is VACUOUS or SKIPPED says itself what follows."""
    tag, claim = f"{construction.settings.called()}/{what}", construction.claims[0]
    skipped = verdict is Verdict.SKIPPED
    expected = ESTABLISHED | {Verdict.VACUOUS, Verdict.SKIPPED}
    return Check(tag, claim, verdict, value, bound, evidence, witness, speaks_of, expected, beside=skipped)
