"""Other implementations of the same work, timed where they are installed, on the same device, as ratios of ours.

- PyTorch: Theorem 3's chunked form written the same way; the recurrence of Eq. 6 step by step, as the reference of
  Mamba's selective scan has it; softmax attention (`scaled_dot_product_attention`).
- fla-core (`chunk_simple_gla`, on CUDA) and jax-linear-attention (kind `simple_gla`): Eq. 6 with one coefficient a
  step, in bfloat16, which is what their kernels are made for; they copy nothing exactly.

A peer that fails is a row that says so: foreign code may raise anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from constructions.attention import Attention
from constructions.chunked import chunk_length
from constructions.encoding import POSITION, TARGET, VALUES
from constructions.memories.heads import binary_head
from constructions.memories.theorem3 import theorem3
from constructions.recurrence import Execution
from verify.bench.cases import N, forgetful, on_cpu
from verify.bench.clock import best
from verify.bench.forgetting import distance
from verify.bench.memories import D, attended, inputs, timed
from verify.bench.timing import Ratio, Timing

CASES = 5  # rows, where all are installed
SCANNED, SCANNED_STATES = 4 * N, 64
GATED, GATED_STATES = 2**16, 128
DECAY = 0.99


def peers() -> Iterator[Timing]:
    """One row a peer that is installed."""
    if find_spec("torch"):
        yield _kept(_torch_chunked, f"Theorem 3, N = {N}, torch")
        yield _kept(_torch_scan, f"Eq. 6, d_h = {SCANNED_STATES}, N = {SCANNED}, torch, step by step")
        yield _kept(_torch_attention, f"attention, N = {N}, torch")
    gated = f"Eq. 6, d_h = {GATED_STATES}, N = {GATED}"
    if find_spec("fla") and find_spec("torch") and not on_cpu():
        yield _kept(_fla, f"{gated}, fla-core")
    if find_spec("jla"):
        yield _kept(_jla, f"{gated}, jax-linear-attention")


def _kept(peer: Callable[[str], Timing], what: str) -> Timing:
    try:
        return peer(what)
    except Exception as error:
        first = next(iter(str(error).splitlines()), "")
        return Timing(what, f"not run: {type(error).__name__}: {first}"[:120], None)


def _torch_chunked(what: str) -> Timing:
    torch, device = _torch()
    ours, _ = timed(theorem3(N, D), Execution.CHUNKED)
    _, stream, wanted = inputs(theorem3(N, D))
    position, target = (torch.from_numpy(np.asarray(stream[name].index)[:, 0].astype(np.int64)) for name in _CODES)
    x, position, target = _tensor(stream[VALUES].dense(), device), position.to(device), target.to(device)
    one_hot, Q = torch.nn.functional.one_hot, chunk_length(N)
    causal = torch.ones(Q, Q, device=device).tril()

    def run() -> Any:
        state, outputs = torch.zeros(D, N, device=device), []
        for start in range(0, N, Q):
            rows = slice(start, start + Q)  # keys and queries come as positions, as they do for ours
            b, c, v = one_hot(position[rows], N).float(), one_hot(target[rows], N).float(), x[rows]
            outputs.append((c @ b.T * causal) @ v + c @ state.T)
            state += v.T @ b
        return _finished(torch, torch.cat(outputs))

    with torch.no_grad():
        seconds, y = best(run)
    exact = bool((y.cpu().numpy() == wanted).all())
    return Timing(what, "dense, chunked", seconds, ratio=Ratio(seconds / ours, "times ours", 1.0), exact=exact)


def _torch_scan(what: str) -> Timing:
    torch, device = _torch()
    memory = forgetful(SCANNED, SCANNED_STATES)
    ours = min(timed(memory, execution)[0] for execution in (Execution.SCAN, Execution.CHUNKED))
    b, c, x = (_tensor(rows, device) for rows in _signals(inputs(memory)[1]))

    def run() -> Any:
        state, outputs = torch.zeros(SCANNED_STATES, D, device=device), []
        for i in range(len(x)):
            state = DECAY * state + b[i, :, None] * x[i]
            outputs.append(c[i] @ state)
        return _finished(torch, torch.stack(outputs))

    with torch.no_grad():
        seconds, y = best(run)
    # Its coefficient is 0.99, rounded; ours comes by an exponential, for which the bound allows far more.
    off = distance(memory, jnp.asarray(y.cpu().numpy()), Execution.SCAN)
    return Timing(what, "dense, scan", seconds, ratio=Ratio(seconds / ours, "times our better run"), off=off)


def _torch_attention(what: str) -> Timing:
    torch, device = _torch()
    head = binary_head(N, D, 1.0, 1e-3)
    ours, (_, allowed) = attended(head)
    module, stream, wanted = inputs(head)
    assert isinstance(module, Attention)
    q, k, v = (_tensor(W(stream)[W.codomain.names[0]].dense(), device)[None, None] for W in module.maps())
    attention = torch.nn.functional.scaled_dot_product_attention

    with torch.no_grad():
        seconds, y = best(lambda: _finished(torch, attention(q, k, v, is_causal=True, scale=1.0)))
    off = float(np.abs(y.cpu().numpy()[0, 0] - wanted).max()), allowed
    return Timing(what, "scaled dot product", seconds, ratio=Ratio(seconds / ours, "times ours"), off=off)


def _fla(what: str) -> Timing:
    import torch  # pyright: ignore[reportMissingImports]
    from fla.ops.simple_gla import chunk_simple_gla  # pyright: ignore[reportMissingImports]

    memory = forgetful(GATED, GATED_STATES)
    ours, _ = timed(memory, Execution.CHUNKED)
    b, c, x = (_tensor(rows, "cuda").bfloat16()[None, :, None] for rows in _signals(inputs(memory)[1]))
    g = torch.full((1, GATED, 1), float(np.log(DECAY)), device="cuda")

    with torch.no_grad():
        seconds, _ = best(lambda: _finished(torch, chunk_simple_gla(c, b, x, g, scale=1.0)[0]))
    return _gated(what, seconds, ours)


def _jla(what: str) -> Timing:
    from jla.ops import linear_attention  # pyright: ignore[reportMissingImports]

    memory = forgetful(GATED, GATED_STATES)
    ours, _ = timed(memory, Execution.CHUNKED)
    b, c, x = (jnp.asarray(rows, jnp.bfloat16)[None, :, None] for rows in _signals(inputs(memory)[1]))
    g = jnp.full((1, GATED, 1), float(np.log(DECAY)), jnp.float32)
    program = jax.jit(lambda c, b, x, g: linear_attention("simple_gla", c, b, x, g=g, scale=1.0)[0])
    seconds, _ = best(program, c, b, x, g)
    return _gated(what, seconds, ours)


_CODES = (POSITION, TARGET)


def _gated(what: str, seconds: float, ours: float) -> Timing:
    rate, ratio = GATED / seconds / 1e6, Ratio(seconds / ours, "times ours in float32")
    return replace(Timing(what, "bfloat16, chunked", seconds, rate, "Mtoken/s"), ratio=ratio)


def _signals(stream: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keys, queries and values of a task, dense."""
    b, c, x = (np.asarray(stream[name].dense()) for name in (*_CODES, VALUES))
    return b, c, x


def _torch() -> tuple[Any, str]:
    """PyTorch and the device that stands beside JAX's."""
    import torch  # pyright: ignore[reportMissingImports]

    return torch, "cuda" if not on_cpu() and torch.cuda.is_available() else "cpu"


def _tensor(rows: Any, device: str) -> Any:
    import torch  # pyright: ignore[reportMissingImports]

    return torch.tensor(np.asarray(rows)).to(device)


def _finished(torch: Any, y: Any) -> Any:
    """The result once it is there: CUDA returns before it has computed."""
    if y.is_cuda:
        torch.cuda.synchronize()
    return y
