"""The same construction in the layers of this package, for comparison."""

import jax
import numpy as np

from constructions.gadgets.run import in_dtype
from constructions.generate import generate, machine
from constructions.linear import Stream
from constructions.mamba import MambaBlock
from constructions.programs.stack import Stack
from constructions.recurrence import Execution
from constructions.rows import VOID, Rows
from constructions.run import run_block
from verify.export.construct import Construction
from verify.export.programs import Text


def streamed(construction: Construction, inputs: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """The stream behind the last block for inputs of shape (T, k), its first k coordinates; the rest start at 0."""
    layout, blocks = construction.blocks[0].W_1.domain, in_dtype(construction.blocks, dtype)
    rows, start = {}, 0
    for space in layout:
        part = np.zeros((len(inputs), space.dim), dtype)
        given = inputs[:, start : start + space.dim]
        part[:, : given.shape[1]] = given
        rows[space.name] = _rows(part, space.blocks, space.width)
        start += space.dim
    stream = _run(blocks, Stream(layout, rows))
    return np.concatenate([np.asarray(stream[n].over(stream.leading).dense()) for n in layout.names], axis=1)


@jax.jit
def _run(blocks: tuple[MambaBlock, ...], stream: Stream) -> Stream:
    """X + f(X) for each block, by the recurrence itself."""
    for block in blocks:
        stream = stream + run_block(block, stream, Execution.SCAN)
    return stream


def _rows(part: np.ndarray, blocks: int, width: int) -> Rows:
    """Dense vectors; of several blocks those that are not 0 are listed."""
    if blocks == 1:
        return Rows(part, None, None, 1, width)
    values = part.reshape(len(part), blocks, width)
    there = (values != 0).any(axis=2)
    index = np.argsort(~there, axis=1, kind="stable")[:, : max(1, int(there.sum(axis=1).max()))].astype(np.int32)
    listed = np.take_along_axis(values, index[:, :, None], axis=1)
    return Rows(None, np.where(np.take_along_axis(there, index, axis=1), index, VOID), listed, blocks, width)


def generated(stack: Stack, text: Text) -> list[np.ndarray]:
    """The runs of all instances as numbers of tokens, -1 for one that the vocabulary lacks."""
    numbers = {tuple(map(int, row)): k for k, row in enumerate(text.tokens)}
    prompts = [text.tokens[prompt][:, :-1].astype(np.int32) for prompt in text.prompts]
    run = generate(machine(stack), prompts, max(map(len, text.chains)))
    runs = []
    for k, length in enumerate(run.lengths):
        fields = run.tokens[k, :length]
        last = [int(i == length - 1 and bool(run.stopped[k])) for i in range(length)]
        runs.append(np.array([numbers.get((*map(int, row), end), -1) for row, end in zip(fields, last, strict=True)]))
    return runs
