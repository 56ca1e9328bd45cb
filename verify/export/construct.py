"""The construction that the settings name, as blocks over one stream, with what it promises."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from bounds.decimals import floor_log10
from bounds.reals import FLOATS, Number
from constructions.encoding import ONE, POSITION, TARGET, VALUES
from constructions.gadgets.catalogue import catalogue
from constructions.gadgets.gadget import Gadget
from constructions.layout import Layout, Space
from constructions.linear import linear_map
from constructions.mamba import MambaBlock, mamba_block
from constructions.memories.gated import gated
from constructions.memories.memory import values_only
from constructions.memories.theorem3 import theorem3_layer
from constructions.problems.catalogue import Options, entry
from constructions.problems.task import Instance, Task
from constructions.programs.stack import Stack
from verify.copy.task import task, uniform_values
from verify.errors import BadInput
from verify.export.memory import refuse_large_copy, refuse_large_gadget
from verify.export.mixer import LAMBDA
from verify.export.model import FORMAT, LARGEST_SQUARE, LARGEST_STATE, Head, Model, model
from verify.export.programs import Text, counted, head_of, stack_of, text_of
from verify.export.settings import ExportSettings
from verify.notation import number

COPIED = "copied"  # where the memory's output is added, beside the values that came in
SAMPLES, TRIES = 512, 100  # inputs of a gadget's check, and how often so many are drawn to find them
WHOLE = 100  # the largest whole number that is copied


@dataclass(frozen=True, eq=False)
class Sample:
    """Inputs of a check, shape (T, stream of the blocks), the outputs that the oracle wants at them, shape (T, k), and
    where the stream holds them.

    whole: whether the outputs are whole numbers whatever the inputs, so that two answers are 1 apart.  shown: how many
    of an input's first coordinates a witness names.
    """

    inputs: np.ndarray
    wanted: np.ndarray
    outputs: slice
    words: str
    whole: bool = False
    shown: int = 0


@dataclass(frozen=True, eq=False)
class Construction:
    """Blocks, their promise and their oracle.

    claims: ids of the ledger.  error: of real arithmetic against the oracle, that of the blocks themselves; None where
    only the float program is spoken of, which is exact.  sample: inputs and what is wanted; whole: inputs whose outputs
    are whole numbers, which are those wanted bit by bit where `exact`, and the nearest ones else.  language: the stack
    and the text of a language model.
    """

    settings: ExportSettings
    claims: tuple[str, ...]
    blocks: tuple[MambaBlock, ...]
    model: Model
    error: float | None
    sample: Sample | None = None
    whole: Sample | None = None
    exact: bool = True
    language: tuple[Stack, Text, Task, tuple[Instance, ...]] | None = None


def construct(settings: ExportSettings) -> Construction:
    """The construction.  Raises BadInput for a problem that lacks the theorem or is not exact in float32, for a
    gadget without inputs, for what does not fit in memory or in float32, and for what the implementation named does not
    take.
    """
    made = {"copy": _copy, "gadget": _gadget, "dp": _language}[settings.what](settings)
    if not all(np.isfinite(tensor).all() for tensor in made.model.tensors.values()):
        given = settings.command().removeprefix("verify ")
        raise BadInput(given, "its weights are not finite in float32", f"export {settings.what}")
    return made


def _copy(settings: ExportSettings) -> Construction:
    N, d, M, keyed = settings.N, settings.d, float(settings.M), settings.layout == "d_state=N"
    if keyed and settings.to == "mamba-ssm" and N > LARGEST_STATE:
        asked = f"--N {N} --layout {settings.layout} --to {settings.to}"
        raise BadInput(asked, f"its CUDA kernel takes d_state up to {LARGEST_STATE}", f"--N {N} --layout d_state=1")
    refuse_large_copy(settings)
    memory = theorem3_layer(N, d) if keyed else gated(N, d, M, float(settings.epsilon))
    block = _beside(values_only(memory), d)

    claims = ("T3", "R1-GATE") if keyed else ("X-T3-GATED",)
    made = model((block,), (POSITION, TARGET, ONE))
    drawn = uniform_values(N, d, M, settings.seed, np.dtype(np.float32))
    sample = _to_copy(settings, block, drawn, f"values uniform in [-{M:g}, {M:g}]")
    if not keyed:
        return Construction(settings, claims, (block,), made, memory.stated_error, sample)
    rounded = np.round(drawn * np.float32(WHOLE / M))
    whole = replace(_to_copy(settings, block, rounded, f"whole numbers of [-{WHOLE}, {WHOLE}]"), whole=True)
    return Construction(settings, claims, (block,), made, memory.stated_error, sample, whole)


def _to_copy(settings: ExportSettings, block: MambaBlock, x: np.ndarray, kind: str) -> Sample:
    """The values at N positions, each of which asks for one that is not later."""
    N, asked = settings.N, task("random", settings.N, settings.seed)
    inputs = np.concatenate([x, np.eye(N)[asked.position], np.eye(N)[asked.target], np.ones((N, 1))], axis=1)
    words = f"{N} tokens, {kind}, positions asked for at random, seed {settings.seed}"
    wanted = x[asked.target].astype(np.float64)
    return Sample(inputs.astype(np.float32), wanted, block.W_1.domain.coordinates(COPIED), words)


def _beside(block: MambaBlock, d: int) -> MambaBlock:
    """The memory with its output in a space of its own, which starts at zero, instead of on top of its input."""
    inner, read = block.ssm.inner, block.W_1.domain
    stream = Layout((*read, Space(COPIED, 1, d)))
    written = {(source, COPIED): action for (source, target), action in block.W_3.actions.items() if target == VALUES}
    return mamba_block(
        linear_map(stream, inner, block.W_1.actions),
        block.b_1,
        linear_map(stream, inner, block.W_2.actions),
        block.b_2,
        linear_map(inner, stream, written),
        block.ssm,
    )


def _gadget(settings: ExportSettings) -> Construction:
    found = next(each for each in catalogue() if each.name == settings.name)
    gadget = found.build(settings.M, settings.alpha, int(LAMBDA))
    claims = ("X-GADGET",) if found.lemma is None else (f"L{found.lemma}",)
    sample = _points(gadget, 2 * float(max(settings.M, settings.alpha)), settings.seed)
    if not len(sample.inputs):
        given = f"--name {settings.name} --M {number(settings.M)} --alpha {number(settings.alpha)}"
        raise BadInput(given, "no input was found that the gadget promises anything of", "a smaller --alpha")
    if not fits_norm(sample):
        given = f"--name {settings.name} --M {number(settings.M)}"
        allowed = "the outputs are so large that the norm of the model would round them"
        raise BadInput(given, allowed, f"--name {settings.name} --M {number(_fitting(settings))}")
    refuse_large_gadget(settings, gadget.blocks)
    made, error = model(gadget.blocks, ()), float(gadget.error(FLOATS))
    whole = sample if sample.whole else None
    return Construction(settings, claims, gadget.blocks, made, error, sample, whole, _exact_in_floats(gadget, error))


def _exact_in_floats(gadget: Gadget, error: float) -> bool:
    """Whether whole outputs have no error in floats: promised of whole arguments (`Gadget.gap`), and what real
    arithmetic leaves is lost beside 1.  An indicator is promised for real numbers within a larger error alone.
    """
    return gadget.gap is not None and error < FORMAT.unit_roundoff


def _fitting(settings: ExportSettings) -> Fraction:
    """The largest power of ten below M whose inputs and outputs the norm leaves as they are."""
    M = Fraction(10) ** floor_log10(settings.M)
    while M == settings.M or not _fits(replace(settings, M=M)):
        M /= 10
    return M


def _fits(settings: ExportSettings) -> bool:
    """Whether the norm leaves the gadget's inputs and outputs as they are."""
    found = next(each for each in catalogue() if each.name == settings.name)
    gadget = found.build(settings.M, settings.alpha, int(LAMBDA))
    return fits_norm(_points(gadget, 2 * float(max(settings.M, settings.alpha)), settings.seed))


def _points(gadget: Gadget, reach: float, seed: int) -> Sample:
    """Seeded inputs of the gadget's domain within [-reach, reach], with ties among them where it has any."""
    rng, ports, kept = np.random.default_rng(seed), gadget.ports, []
    whole = gadget.domain.integer
    for _ in range(TRIES):
        drawn = {}
        for name, (low, high) in gadget.domain.box.items():
            x = rng.uniform(max(float(low), -reach), min(float(high), reach), (SAMPLES, ports[name].width))
            drawn[name] = (np.round(x) if whole or _only_flags(low, high) else x).astype(np.float32).astype(np.float64)
        _tie(drawn, gadget.domain.box)
        inside = gadget.domain.holds(drawn)
        kept.append(np.concatenate([drawn[name][inside] for name in gadget.inputs], axis=1))
        if sum(map(len, kept)) >= SAMPLES:
            break
    rows = np.concatenate(kept)[:SAMPLES]
    inputs, values, start = np.zeros((len(rows), ports.dim)), {}, 0
    for name in gadget.inputs:
        values[name] = rows[:, start : start + ports[name].width]
        inputs[:, ports.coordinates(name)] = values[name]
        start += ports[name].width
    (out,) = gadget.outputs
    words = f"{len(rows)} {'whole ' if whole else ''}points of its domain within [-{reach:g}, {reach:g}], seed {seed}"
    wanted = np.asarray(gadget.target(values)[out], np.float64)
    return Sample(inputs, wanted, ports.coordinates(out), words, whole=_is_constant_between(gadget), shown=start)


def _is_constant_between(gadget: Gadget) -> bool:
    """Whether the target is the same all around an input of its domain: an indicator, a residue, a rounded number."""
    return gadget.lipschitz == 0


def _tie(drawn: dict[str, np.ndarray], box: Mapping[str, tuple[Number, Number]]) -> None:
    """Every fourth point has equal numbers in the inputs of one box: a = b, which random numbers never are."""
    for one, other in itertools.pairwise(drawn):
        if box[one] == box[other] and drawn[one].shape == drawn[other].shape:
            drawn[other][::4] = drawn[one][::4]


def _only_flags(low: object, high: object) -> bool:
    """Whether an input is a flag, 0 or 1."""
    return low == 0 and high == 1


def _language(settings: ExportSettings) -> Construction:
    known = entry(settings.problem, Options())
    if settings.theorem not in known.tasks:
        asked, there = f"--problem {settings.problem} --theorem {settings.theorem}", min(known.tasks)
        raise BadInput(asked, known.missing[settings.theorem], f"--problem {settings.problem} --theorem {there}")
    try:
        language, head = _spoken(settings)
    except ValueError as error:
        given = f"--problem {settings.problem} --theorem {settings.theorem} --n {settings.n}"
        raise BadInput(given, str(error), f"--n {largest_exact(settings)}") from error
    blocks = counted(language[0])
    return Construction(settings, (f"T{settings.theorem}",), blocks, model(blocks, (), head), None, language=language)


def _spoken(settings: ExportSettings) -> tuple[tuple[Stack, Text, Task, tuple[Instance, ...]], Head]:
    """The stack, its text and its head.  Raises ValueError where float32 does not hold them exactly."""
    spoken, rng = entry(settings.problem, Options()).tasks[settings.theorem], np.random.default_rng(settings.seed)
    instances = tuple(spoken.draw(settings.n, rng) for _ in range(settings.instances))
    stack = stack_of(spoken, instances)
    text = text_of(spoken, stack, instances)
    return (stack, text, spoken, instances), head_of(stack, text)


def largest_exact(settings: ExportSettings) -> int:
    """The largest size, up to that of the settings, whose random instances float32 holds exactly; 0 always is."""
    for n in range(settings.n, 0, -1):
        try:
            _spoken(replace(settings, n=n))
        except ValueError:
            continue
        return n
    return 0


def fits_norm(sample: Sample) -> bool:
    """Whether the constant dwarfs inputs and wanted outputs together, as the norm's neutraliser asks."""
    return float((sample.inputs**2).sum(1).max() + (sample.wanted**2).sum(1).max()) < LARGEST_SQUARE / 4
