"""A stack of blocks as a whole Mamba model: norms, residual stream, embeddings and head, in two namings.

*RMSNorm*, in front of every mixer and of the head, computes w x / sqrt(mean(x^2) + eps).  One coordinate of the stream
is the constant K = 2^k, which dwarfs all others: in float32 mean(x^2) is K^2 / D bit by bit while the others' squares
add up to less than u K^2 (they stay below half a unit in the last place of K^2), and so does eps.  D, the width of the
stream, is padded to a power of 4, so the square root and the quotient are powers of two: the norm divides by
K / sqrt(D) and the weight w multiplies by it, without rounding.  The same coordinate, with its own weight 1 / sqrt(D),
is the 1 that carries all biases.  In real arithmetic the norm shrinks the stream by 1 / sqrt(1 + |x|^2 / K^2 + eps D /
K^2) instead, which is off 1 by less than (|x|^2 + eps D) / (2 K^2).

Mixers add their output to the stream as Eq. 2 does.  The head's column for the constant gives it a bias.

Names: both implementations call a layer's tensors `backbone.layers.{i}.mixer.*` and `backbone.layers.{i}.norm.weight`;
the embedding is `backbone.embeddings.weight` in transformers and `backbone.embedding.weight` in mamba_ssm.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bounds.formats import format_of
from constructions.mamba import MambaBlock
from verify.export.mixer import CONV, Sizes, bare_channels, channels_of, mixer

FORMAT = format_of("float32")
K = 2.0 ** (3 * FORMAT.emax // 8)
"""Below the root of the largest number with room for the others above and below: squares up to u K^2 go unnoticed, and
a coordinate divided by K is far from underflow."""
LARGEST_SQUARE = float(FORMAT.unit_roundoff) * K**2
"""What the squares of all other coordinates may add up to."""
EPSILON = 1e-5  # of the norm, as in the released models

LARGEST_STATE = 256  # what the CUDA kernel of mamba_ssm takes for d_state

TARGETS = ("hf-mamba", "mamba-ssm")
EMBEDDING = {"hf-mamba": "backbone.embeddings.weight", "mamba-ssm": "backbone.embedding.weight"}


@dataclass(frozen=True, eq=False)
class Head:
    """Embeddings of a vocabulary over the stream's first coordinates, shape (V, stream), and the logits as a map of
    them with a bias: shapes (V, stream) and (V,).
    """

    embeddings: np.ndarray
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True, eq=False)
class Model:
    """Tensors in float32 by the names of transformers, and the sizes that its configuration needs."""

    tensors: dict[str, np.ndarray]
    sizes: Sizes
    layers: int
    vocabulary: int

    @property
    def one(self) -> int:
        """Where the constant lies: the last coordinate of the stream."""
        return self.sizes.stream - 1

    @property
    def parameters(self) -> int:
        """The number of stored parameters."""
        return sum(tensor.size for tensor in self.tensors.values())

    @property
    def nonzeros(self) -> int:
        """Those that are not 0."""
        return sum(int(np.count_nonzero(tensor)) for tensor in self.tensors.values())

    @property
    def state_entries(self) -> int:
        """Numbers of the recurrent states of all layers."""
        return self.layers * self.sizes.channels * self.sizes.d_state


def sizes_of(blocks: Sequence[MambaBlock], channels: Sequence[int]) -> Sizes:
    """The least sizes that hold every block: a stream of a power of 4 with room for the constant."""
    stream = padded_stream(blocks[0].W_1.domain.dim)
    return Sizes(
        stream,
        max(1, -(-max(channels) // stream)),
        max(block.ssm.d_h for block in blocks),
        max(block.ssm.W_Delta1.codomain.dim for block in blocks),
    )


def padded_stream(needed: int) -> int:
    """The least power of 4 with room for so many coordinates and the constant."""
    stream = 4
    while stream < needed + 1:
        stream *= 4
    return stream


def model(
    blocks: Sequence[MambaBlock], whole: Collection[str], head: Head | None = None, *, bare: bool = False
) -> Model:
    """The blocks, over one stream, as a model; `bare`: for Eq. 3 itself, which has no SiLU behind a convolution.

    Raises ValueError where `mixer` does.
    """
    carried = [bare_channels(block) if bare else channels_of(block, whole) for block in blocks]
    sizes = sizes_of(blocks, [len(each) for each in carried])
    one, tensors = sizes.stream - 1, {}
    for i, (block, channels) in enumerate(zip(blocks, carried, strict=True)):
        for name, tensor in mixer(block, channels, one, sizes).items():
            tensors[f"backbone.layers.{i}.mixer.{name}"] = tensor
        tensors[f"backbone.layers.{i}.norm.weight"] = norm_weight(sizes.stream)
    tensors["backbone.norm_f.weight"] = norm_weight(sizes.stream)
    stream, vocabulary = blocks[0].W_1.domain.dim, 1 if head is None else len(head.weight)
    embeddings, logits = np.zeros((vocabulary, sizes.stream)), np.zeros((vocabulary, sizes.stream))
    embeddings[:, one] = K
    if head is not None:
        embeddings[:, :stream], logits[:, :stream], logits[:, one] = head.embeddings, head.weight, head.bias
    tensors |= {EMBEDDING["hf-mamba"]: embeddings, "lm_head.weight": logits}
    with np.errstate(over="ignore"):  # `verify.export.construct` refuses what is not finite
        rounded = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    return Model(rounded, sizes, len(blocks), vocabulary)


def norm_weight(stream: int) -> np.ndarray:
    """What undoes the division by K / sqrt(D), and makes the constant, the last coordinate, 1."""
    weight = np.full(stream, K / math.sqrt(stream))
    weight[-1] = 1.0 / math.sqrt(stream)
    return weight


def embedded(x: np.ndarray, stream: int) -> np.ndarray:
    """Inputs of shape (T, k) as rows of the model's stream, with the constant in place; float32."""
    rows = np.zeros((len(x), stream), np.float32)
    rows[:, : x.shape[1]], rows[:, -1] = x, K
    return rows


def named(tensors: dict[str, np.ndarray], to: str) -> dict[str, np.ndarray]:
    """The tensors by the names of an implementation."""
    return {EMBEDDING[to] if name == EMBEDDING["hf-mamba"] else name: tensor for name, tensor in tensors.items()}


def configuration(of: Model, to: str, ends: Sequence[int] | None = None) -> dict[str, Any]:
    """config.json of an implementation; `ends`: the tokens that end a generated text.  Padding is one of them, so that
    no token of a prompt is taken for padding.
    """
    s = of.sizes
    if to == "mamba-ssm":
        layer = {"layer": "Mamba1", "d_state": s.d_state, "d_conv": CONV, "expand": s.expand, "dt_rank": s.rank}
        return {
            "d_model": s.stream,
            "d_intermediate": 0,
            "n_layer": of.layers,
            "vocab_size": of.vocabulary,
            "ssm_cfg": {**layer, "bias": False, "conv_bias": True},
            "rms_norm": True,
            "residual_in_fp32": True,
            "fused_add_norm": False,
            "pad_vocab_size_multiple": 1,
            "tie_embeddings": False,
        }
    return {
        "architectures": ["MambaForCausalLM"],
        "model_type": "mamba",
        "vocab_size": of.vocabulary,
        "hidden_size": s.stream,
        "intermediate_size": s.channels,
        "expand": s.expand,
        "state_size": s.d_state,
        "time_step_rank": s.rank,
        "num_hidden_layers": of.layers,
        "conv_kernel": CONV,
        "use_conv_bias": True,
        "use_bias": False,
        "hidden_act": "silu",
        "layer_norm_epsilon": EPSILON,
        "residual_in_fp32": True,
        "tie_word_embeddings": False,
        "use_cache": True,
        "bos_token_id": None,
        "pad_token_id": ends[0] if ends else None,
        "eos_token_id": list(ends) if ends else None,
        "dtype": "float32",
    }
