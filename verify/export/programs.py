"""A compiled stack as a whole language model: tokens in, tokens out, by the implementation's own `generate`.

*Position.*  A Mamba model knows no position, and the compiled programs see t with every token.  One block in front
counts: a total of the constant 1 (A = 0), written into the coordinate t.
*Vocabulary.*  A token is its fields and whether it is the last one.  The vocabulary lists those that the chains of the
instances meet; the embedding of a token holds its fields and the constant 1 of the program.
*Head.*  The stack's outputs y are the fields of the next token and the flag of the last one.  Among the tokens v the
nearest to y has the largest 2 v.y - |v|^2, which is linear in y with a bias, so greedy decoding rounds as the paper's
construction does.  A next token is exact if the logits are: whole numbers below 2^24 in float32.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bounds.formats import format_of
from constructions.generate import prompt_tokens
from constructions.mamba import MambaBlock
from constructions.problems.task import Instance, Task
from constructions.programs.blocks import RegisterCell, cells_block
from constructions.programs.lowering import ONE as CONSTANT
from constructions.programs.program import ONE, POSITION
from constructions.programs.stack import Stack, compiled
from verify.export.model import FORMAT, Head


@dataclass(frozen=True, eq=False)
class Text:
    """What a language model of a problem speaks.

    fields: of a token, in order; tokens: the vocabulary, shape (V, fields + 1), the last column 1 for a token that ends
    a chain; prompts, chains: of every instance, numbers of tokens.
    """

    fields: tuple[str, ...]
    tokens: np.ndarray
    prompts: tuple[np.ndarray, ...]
    chains: tuple[np.ndarray, ...]

    @property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end a chain."""
        return tuple(map(int, np.flatnonzero(self.tokens[:, -1])))


def counted(stack: Stack) -> tuple[MambaBlock, ...]:
    """The blocks of the stack behind the one that counts tokens."""
    counter = RegisterCell(POSITION, CONSTANT, None, (1, stack.program.longest))
    return cells_block(stack.stream, [counter], float(stack.scale)), *(named.block for named in stack.blocks)


def stack_of(task: Task, instances: Sequence[Instance]) -> Stack:
    """The task's program for all the instances, compiled for float32.  Raises ValueError where it is not exact there,
    or the task has none."""
    stack = compiled(task.program(task.limits(instances)), format_of("float32"))
    if not stack.exact:
        raise ValueError(
            f"{stack.worst.where} may reach {float(stack.worst.largest):.3g}, more than float32 holds exactly"
        )
    return stack


def text_of(task: Task, stack: Stack, instances: Sequence[Instance]) -> Text:
    """The vocabulary of the instances' chains, in the order of its numbers, and the chains in it."""
    fields = [field.name for field in stack.program.fields]
    rows = []
    for instance in instances:
        tokens = prompt_tokens(fields, [*task.prompt(instance), *task.expected(instance, task.limits(instances))])
        last = np.zeros((len(tokens), 1), np.int32)
        last[-1] = 1
        rows.append(np.concatenate([tokens, last], axis=1))
    vocabulary, numbers = np.unique(np.concatenate(rows), axis=0, return_inverse=True)
    ends = np.cumsum([len(each) for each in rows])[:-1]
    chains = tuple(np.split(np.ravel(numbers), ends))
    given = [len(task.prompt(instance)) for instance in instances]
    prompts = tuple(chain[:k] for chain, k in zip(chains, given, strict=True))
    return Text(tuple(fields), vocabulary, prompts, chains)


def head_of(stack: Stack, text: Text) -> Head:
    """Embeddings and logits.  Raises ValueError where a logit may leave the whole numbers that float32 holds."""
    tokens, stream = text.tokens.astype(np.float64), stack.stream
    largest = float(np.abs(tokens).max()) ** 2 * 3 * tokens.shape[1]
    if largest >= 2**FORMAT.precision:
        raise ValueError(f"the logits may reach {largest:.3g}, more than float32 holds exactly")
    embeddings, weight = np.zeros((len(tokens), stream.dim)), np.zeros((len(tokens), stream.dim))
    for k, name in enumerate(text.fields):
        embeddings[:, stream.coordinates(name).start] = tokens[:, k]
    embeddings[:, stream.coordinates(ONE).start] = 1.0
    for k, name in enumerate(stack.outputs):
        weight[:, stream.coordinates(name).start] = 2.0 * tokens[:, k]
    return Head(embeddings, weight, -(tokens**2).sum(axis=1))
