"""Other implementations of the same work, timed where they are installed: Theorem 3's chunked form in torch."""

from importlib.util import find_spec

import numpy as np

from constructions.chunked import chunk_length
from verify.bench.cases import D, N, Ratio, Timing
from verify.bench.clock import best
from verify.copy.task import task, uniform_values


def peers(ours: float) -> list[Timing]:
    """One row a peer that is installed; `ours` is the time of the chunked run in the same process."""
    return [_torch(ours)] if find_spec("torch") else []


def _torch(ours: float) -> Timing:
    import torch  # pyright: ignore[reportMissingImports]

    made = task("random", N, 0)
    x = torch.from_numpy(uniform_values(N, D, 1.0, 0, np.dtype(np.float32)))
    position, target, Q = torch.from_numpy(made.position), torch.from_numpy(made.target), chunk_length(N)
    one_hot = torch.nn.functional.one_hot

    def run() -> torch.Tensor:
        state, causal, outputs = torch.zeros(D, N), torch.ones(Q, Q).tril(), []
        for start in range(0, N, Q):
            rows = slice(start, start + Q)  # keys and queries come as positions, as they do for ours
            b, c, v = one_hot(position[rows], N).float(), one_hot(target[rows], N).float(), x[rows]
            outputs.append((c @ b.T * causal) @ v + c @ state.T)
            state += v.T @ b
        return torch.cat(outputs)

    with torch.no_grad():
        seconds = best(run)
        exact = bool((run() == x[target]).all())
    ratio = Ratio(seconds / ours, "times ours", 1.0)
    return Timing(f"Theorem 3, N = {N}, torch {torch.__version__}", "dense, chunked", seconds, ratio=ratio, exact=exact)
