"""The attention construction as a whole layer of GPT-NeoX, loaded from files by transformers' own classes.

The layer adds attention(LayerNorm(X)) + MLP(LayerNorm(X)) to X (parallel residual).  What it adds to the paper's head:

*LayerNorm* subtracts the mean and divides by the standard deviation.  Every coordinate s_c of the stream stands there
    twice, with both signs, so the mean is 0; one more coordinate, sqrt(R^2 - |s|^2), makes the norm the constant R.  So
    LayerNorm divides by sqrt(2 R^2 / D + eps), D the width, and its weight, that number, undoes it: exactly in real
    arithmetic, in floats within the bound of `_seen`.
*Rotary embeddings* turn none of the coordinates: their share of a head is 0.
*The scale* 1 / sqrt(D) of the scores is undone in W_q.
*The MLP* is 0.  Where it stands does not matter then.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bounds.formats import format_of
from bounds.rounding import attention_error, growth
from bounds.running import Running, given
from constructions.attention import Attention, attend
from constructions.encoding import POSITION, TARGET, VALUES
from constructions.memories.heads import binary_head
from verify.copy.task import task, uniform_values
from verify.export.attended import EPSILON, Attended, D, others
from verify.export.disk import as_json
from verify.export.extra import safetensors, torch, transformers
from verify.export.folder import CONFIG, WEIGHTS
from verify.files import write_whole

NORM_EPSILON = 1e-5
FLOAT32 = format_of("float32")


def layered(N: int, seed: int = 0) -> Attended:
    """The head with binary codes on N values of [-1, 1]^8, as a layer and in `constructions.attention`."""
    memory, asked = binary_head(N, D, 1.0, EPSILON), task("random", N, seed)
    assert isinstance(memory.module, Attention)
    assert memory.encoding.codes is not None
    x, codes = uniform_values(N, D, 1.0, seed, np.dtype("float32")), memory.encoding.codes
    rows = np.concatenate([x, codes[asked.position], codes[asked.target], np.zeros((N, D))], axis=1)
    squared = D + 2.0 * codes.shape[1]  # R^2: values are at most 1, codes are signs
    half = np.concatenate([rows, np.sqrt(squared - (rows**2).sum(axis=1, keepdims=True))], axis=1)
    stream = np.concatenate([half, -half], axis=1).astype(np.float32)
    scale = float(np.asarray(memory.module.W_q.actions[TARGET, "key"].inner))
    tensors = layer(codes.shape[1], scale, squared)
    theirs = _run(tensors, stream)[:, half.shape[1] - 1 - D : half.shape[1] - 1]
    head = jax.tree.map(lambda weight: np.asarray(weight).astype("float32"), memory.module)
    given_stream = memory.encoding.stream(x, asked.position, asked.target, jnp.dtype("float32"))
    ours, wanted = np.asarray(attend(head, given_stream, jnp.arange(N))), x[asked.target].astype(np.float64)
    own = _allowed(given(stream, FLOAT32), tensors, asked.target)
    apart = float(np.abs(ours.astype(np.float64) - theirs).max())
    theirs_off, ours_off = (float(np.abs(each - wanted).max()) for each in (theirs, ours))
    return Attended("binary, as a GPT-NeoX layer", N, theirs_off, ours_off, apart, 2.0 * own)


def layer(d_k: int, scale: float, squared: float) -> dict[str, np.ndarray]:
    """The tensors of a model with this one layer, by the names of transformers, in float32.

    d_k: of the codes; scale: of the scores; squared: R^2.
    """
    half = 2 * D + 2 * d_k + 1
    width, at = 2 * half, {VALUES: 0, POSITION: D, TARGET: D + d_k, "copied": D + 2 * d_k}
    q, k, v, out = (np.zeros((width, width)) for _ in range(4))
    for i in range(d_k):
        q[i, at[TARGET] + i], k[i, at[POSITION] + i] = scale * np.sqrt(width), 1.0
    for i in range(D):
        v[i, at[VALUES] + i], out[at["copied"] + i, i], out[half + at["copied"] + i, i] = 1.0, 1.0, -1.0
    undone, zeros = np.full(width, np.sqrt(2.0 * squared / width + NORM_EPSILON)), np.zeros(width)
    prefix = "gpt_neox.layers.0"
    tensors = {
        f"{prefix}.attention.query_key_value.weight": np.concatenate([q, k, v]),
        f"{prefix}.attention.dense.weight": out,
        f"{prefix}.mlp.dense_h_to_4h.weight": np.zeros((1, width)),
        f"{prefix}.mlp.dense_h_to_4h.bias": np.zeros(1),
        f"{prefix}.mlp.dense_4h_to_h.weight": np.zeros((width, 1)),
        f"{prefix}.mlp.dense_4h_to_h.bias": zeros,
        "gpt_neox.embed_in.weight": np.zeros((1, width)),
        "embed_out.weight": np.zeros((1, width)),
    }
    for name in (f"{prefix}.input_layernorm", f"{prefix}.post_attention_layernorm", "gpt_neox.final_layer_norm"):
        tensors |= {f"{name}.weight": undone, f"{name}.bias": zeros}
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def configuration(width: int) -> dict[str, Any]:
    """config.json of a model with one such layer: one head, no rotary coordinates, no biases in the attention."""
    return {
        "architectures": ["GPTNeoXForCausalLM"],
        "model_type": "gpt_neox",
        "vocab_size": 1,
        "hidden_size": width,
        "intermediate_size": 1,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "attention_bias": False,
        "use_parallel_residual": True,
        "layer_norm_eps": NORM_EPSILON,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.0},
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": None,
        "dtype": "float32",
    }


def _run(tensors: dict[str, np.ndarray], stream: np.ndarray) -> np.ndarray:
    """What the layer puts out in transformers, loaded from a folder; shape (N, width)."""
    pt, package, seen = torch(), transformers(), []
    with TemporaryDirectory() as folder:
        write_whole(Path(folder) / CONFIG, as_json(configuration(stream.shape[1])))
        write_whole(Path(folder) / WEIGHTS, safetensors().save(tensors, metadata={"format": "pt"}))
        options = {"local_files_only": True, "use_safetensors": True, "dtype": pt.float32}
        model = package.GPTNeoXForCausalLM.from_pretrained(folder, **options).eval()
    model.gpt_neox.layers[0].register_forward_hook(lambda *called: seen.append(called[-1]))
    with pt.no_grad():
        model.gpt_neox(inputs_embeds=pt.tensor(stream)[None], use_cache=False)
    return seen[0][0].numpy()


def _allowed(stream: Running, tensors: dict[str, np.ndarray], target: np.ndarray) -> float:
    """What the layer may be off the softmax of the numbers that it is given, by scores, evaluation and values."""
    width, seen = stream.value.shape[1], _seen(stream)
    q, k, v = np.split(tensors["gpt_neox.layers.0.attention.query_key_value.weight"].astype(np.float64), 3)
    queries, keys, values = seen.mapped(q / np.sqrt(width)), seen.mapped(k), seen.mapped(v)
    roundings = growth(width + 3, FLOAT32)  # of a score: its terms, the scale and its root
    score = (queries.size @ keys.size.T) - np.abs(queries.value) @ np.abs(keys.value).T
    score = float((score + roundings * queries.size @ keys.size.T).max())
    reach = 2.0 * float(np.abs(queries.value @ keys.value.T).max())
    weight = others(queries.value, keys.value, target)
    softmax = attention_error(float(values.size.max()), len(target), score, reach, FLOAT32, weight)
    return softmax + float(values.off.max())


def _seen(stream: Running) -> Running:
    """What LayerNorm makes of a stream with mean 0 and norm R, times its weight: the stream, off by what follows.

    The mean is off by m = growth(D) mean |s| at most; the variance, a sum of D squares of differences, by a factor of
    growth(2 D) and the mean's part, (2 m mean |s| + m^2) of it; root, quotient and weight are three roundings and a
    library function more, and the coordinate that makes the norm R is rounded.  So s is off by that factor of |s| + m,
    and by m.
    """
    width, size = stream.value.shape[1], np.abs(stream.value)
    mean, variance = size.mean(axis=1, keepdims=True), (size**2).mean(axis=1, keepdims=True)
    m = growth(width + 1, FLOAT32) * mean
    factor = growth(2 * width + 6, FLOAT32, library_calls=1) + (2.0 * m * mean + m**2) / variance
    return Running(stream.value, factor * (size + m) + m, FLOAT32)
