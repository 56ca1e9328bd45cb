"""What the released block adds to Eq. 1-3, one addition at a time: what its neutraliser leaves, what it does as it is.

Eq. 1 has the skip D and Eq. 2 the residual connection, so neither is an addition.  The five that are stand in one of
three states each: *absent*, as in the paper; *undone* by the weights of an export; *as it is* in a released model.  All
stacks are evaluated in PyTorch in float32.  What a neutraliser leaves is how far the outputs move when its addition is
undone instead of absent, the other four absent; what an addition costs is the error of the outputs when it alone is as
it is, the other four undone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from verify.export.bound import mixer_of
from verify.export.compared import APART
from verify.export.construct import Construction, construct
from verify.export.mixer import CONV, LAMBDA
from verify.export.model import EMBEDDING, EPSILON, K, model, norm_weight
from verify.export.settings import parse
from verify.export.torch_scan import scanned

SUBJECTS = (
    ("copy", {"N": "64", "d": "8"}),
    ("gadget", {"name": "select"}),
    ("dp", {"problem": "subarray", "theorem": "5", "n": "3", "instances": "1"}),
)
UNDONE_BY = {
    "SiLU behind the convolution": "two channels, silu(z) - silu(-z) = z",
    "RMSNorm": "one coordinate that dwarfs the others",
    "convolution over 4 tokens": "tap of the current token 1, others 0",
    "A = -exp(A_log), never 0": "A_log = -128, whose exp is 0 in float32",
    "no bias in in_proj": "a constant coordinate of the stream",
}
SILU, NORM, CONVOLUTION, FORGETTING, BIAS = ADDITIONS = tuple(UNDONE_BY)
NONE, ALL = "none: Eq. 1-3 themselves", "all five"


class State(Enum):
    """What becomes of an addition."""

    ABSENT = auto()
    UNDONE = auto()
    AS_IT_IS = auto()


Block = Mapping[str, State]  # the state of each addition


@dataclass(frozen=True)
class Addition:
    """One addition, or none, or all of them: in which construction, what undoes it, how far that moves the outputs, and
    their largest error where it is left as it is; of a language model also how many next tokens are wrong then, and of
    how many.
    """

    construction: str
    name: str
    undone_by: str
    left: float
    as_is_error: float
    wrong: tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class Subject:
    """A construction with inputs of its first coordinates, shape (T, k), and what is wanted of some of its outputs:
    read: the stream behind the last layer, shape (T, stream), -> outputs of the shape of `wanted`.
    """

    construction: Construction
    inputs: np.ndarray
    wanted: np.ndarray
    read: Callable[[np.ndarray], np.ndarray]


def additions() -> list[Addition]:
    """Theorem 3's copy, a gadget and a compiled program, each with all additions in turn."""
    return [row for what, texts in SUBJECTS for row in rows_of(subject(construct(parse(what, texts))))]


def rows_of(of: Subject) -> list[Addition]:
    """None of the additions, each of them, and all."""
    called = of.construction.settings.called().removesuffix(f"-{of.construction.settings.to}")
    absent, undone, as_is = (dict.fromkeys(ADDITIONS, state) for state in State)
    plain = outputs(of, absent)

    def row(name: str, undone_by: str, moved: Block, kept: Block) -> Addition:
        left, off = _largest(outputs(of, moved) - plain), np.abs(outputs(of, kept) - of.wanted)
        right = int((off < APART).all(axis=1).sum())  # the nearest token is the one wanted
        wrong = None if of.construction.language is None else (len(of.wanted) - right, len(of.wanted))
        return Addition(called, name, undone_by, left, _largest(off), wrong)

    return [
        row(NONE, "", absent, absent),
        *(
            row(name, by, absent | {name: State.UNDONE}, undone | {name: State.AS_IT_IS})
            for name, by in UNDONE_BY.items()
        ),
        row(ALL, "all of these", undone, as_is),
    ]


def subject(construction: Construction) -> Subject:
    """The inputs of the construction's check; of a language model the first chain that is right, token by token."""
    if construction.language is None:
        sample = construction.sample
        assert sample is not None
        return Subject(construction, sample.inputs, sample.wanted, lambda stream: stream[:, sample.outputs])
    stack, text = construction.language[:2]
    chain, given = text.chains[0], len(text.prompts[0])
    inputs = construction.model.tensors[EMBEDDING["hf-mamba"]][chain][:, :-1]
    places = [stack.stream.coordinates(name).start for name in stack.outputs]
    wanted = text.tokens[chain[given:]].astype(np.float64)
    return Subject(construction, inputs, wanted, lambda stream: stream[given - 1 : -1, places])


def _largest(off: np.ndarray) -> float:
    return float(np.abs(off).max()) if np.isfinite(off).all() else np.inf


def outputs(of: Subject, block: Block) -> np.ndarray:
    """What the stack puts out, in float64, with the additions as `block` says.  The last norm, which stands behind all
    mixers, is undone or not there.
    """
    made, undone = of.construction.model, block[NORM] is State.UNDONE
    tensors = made.tensors if block[SILU] is State.UNDONE else _single(of.construction)
    stream = np.zeros((len(of.inputs), made.sizes.stream), np.float32)
    stream[:, : of.inputs.shape[1]], stream[:, -1] = of.inputs, K if undone else 1.0
    for i in range(made.layers):
        mixer = _mixer(mixer_of(tensors, i), block)
        seen = stream if block[NORM] is State.ABSENT else _normed(stream, undone)
        stream = stream + scanned(mixer, seen, "float32", activated=block[SILU] is not State.ABSENT)
    return of.read(_normed(stream, undone) if undone else stream).astype(np.float64)


def _single(construction: Construction) -> dict[str, np.ndarray]:
    """Eq. 3's own channels, one for each inner coordinate, as if no SiLU met them."""
    return model(construction.blocks, (), bare=True).tensors


def _normed(stream: np.ndarray, undone: bool) -> np.ndarray:
    """RMSNorm, with the weights of an export or with 1."""
    weight = norm_weight(stream.shape[1]).astype(np.float32) if undone else np.float32(1)
    return weight * (stream / np.sqrt((stream**2).mean(axis=1, keepdims=True) + np.float32(EPSILON)))


def _mixer(tensors: dict[str, np.ndarray], block: Block) -> dict[str, np.ndarray]:
    """The tensors of one mixer.  As they are: all taps alike; A = -1, ..., -d_state, as released models begin training;
    nothing in the place of a bias.
    """
    A_log, weight = tensors["A_log"], tensors["in_proj.weight"]
    states = np.log(np.arange(1, A_log.shape[1] + 1, dtype=np.float32))
    taps, kept = tensors["conv1d.weight"], weight.copy()
    kept[:, -1] = 0.0
    change: dict[tuple[str, State], dict[str, np.ndarray]] = {
        (CONVOLUTION, State.ABSENT): {"conv1d.weight": np.ones_like(taps[:, :, :1])},
        (CONVOLUTION, State.AS_IT_IS): {"conv1d.weight": np.full_like(taps, 1.0 / CONV)},
        (FORGETTING, State.ABSENT): {"A_log": np.where(A_log == np.float32(-LAMBDA), -np.inf, A_log)},
        (FORGETTING, State.AS_IT_IS): {"A_log": np.broadcast_to(states, A_log.shape)},
        (BIAS, State.ABSENT): {"in_proj.weight": kept, "in_proj.bias": weight[:, -1]},
        (BIAS, State.AS_IT_IS): {"in_proj.weight": kept},
    }
    for name, state in block.items():
        tensors = tensors | change.get((name, state), {})
    return tensors
