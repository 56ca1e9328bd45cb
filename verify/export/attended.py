"""The attention construction in `torch.nn.functional.scaled_dot_product_attention`.

Its heads carry over without a change: scale 1, causal mask.  `verify.export.neox` has one as a whole layer.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from bounds.formats import format_of
from bounds.rounding import attention_error, dot_error
from constructions.attention import Attention, attend
from constructions.encoding import TARGET
from constructions.memories.heads import binary_head, circle_head
from constructions.memories.memory import Memory
from verify.copy.task import task, uniform_values
from verify.export.extra import torch

D, EPSILON = 8, 1e-3


@dataclass(frozen=True)
class Attended:
    """One head in both programs: largest errors against the oracle, how far they are apart, and what is allowed."""

    codes: str
    N: int
    theirs_off: float
    ours_off: float
    apart: float
    tolerance: float


def attended(codes: str, N: int, dtype: str, seed: int = 0) -> Attended:
    """The head with those codes on N values of [-1, 1]^8."""
    memory = {"binary": binary_head, "circle": circle_head}[codes](N, D, 1.0, EPSILON)
    asked = task("random", N, seed)
    x = uniform_values(N, D, 1.0, seed, np.dtype(dtype))
    head = jax.tree.map(lambda weight: np.asarray(weight).astype(dtype), memory.module)
    assert isinstance(head, Attention)
    stream = memory.encoding.stream(x, asked.position, asked.target, jnp.dtype(dtype))
    ours = np.asarray(attend(head, stream, jnp.arange(N)))
    q, k, v = (np.asarray(W(stream)[W.codomain.names[0]].dense()) for W in head.maps())
    pt = torch()
    given = [pt.tensor(each)[None, None] for each in (q, k, v)]
    theirs = pt.nn.functional.scaled_dot_product_attention(*given, is_causal=True, scale=1.0)[0, 0].numpy()
    wanted = x[asked.target].astype(np.float64)
    return Attended(
        codes,
        N,
        float(np.abs(theirs - wanted).max()),
        float(np.abs(ours - wanted).max()),
        float(np.abs(ours.astype(np.float64) - theirs).max()),
        2.0 * _tolerance(memory, N, dtype, others(q, k, asked.target)),
    )


def others(q: np.ndarray, k: np.ndarray, target: np.ndarray) -> float:
    """The most that all positions but the target weigh together in the softmax of the numbers that are given."""
    scores, rows = q.astype(np.float64) @ k.astype(np.float64).T, np.arange(len(q))
    behind = np.exp(scores - scores[rows, target][:, None])
    behind[rows, target] = 0.0
    rest = np.tril(behind).sum(axis=1)
    return float((rest / (1.0 + rest)).max())


def _tolerance(memory: Memory, N: int, dtype: str, others: float) -> float:
    """What one program may be off the softmax of the numbers that it is given (bounds.rounding)."""
    format, codes = format_of(dtype), memory.encoding.codes
    assert isinstance(memory.module, Attention)
    assert codes is not None
    scale = abs(float(np.asarray(memory.module.W_q.actions[TARGET, "key"].inner)))
    largest = scale * float((codes**2).sum(axis=1).max())
    score = dot_error(largest, codes.shape[1], format)
    return attention_error(1.0, N, score, 2.0 * largest, format, others)
