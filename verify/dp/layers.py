"""A stack block by block, with the blocks of A.6 by name; and one token's way through the named subspaces."""

from collections.abc import Iterable
from string import ascii_letters

import numpy as np
from jaxtyping import Int

from constructions.gadgets.gadget import largest_entry
from constructions.programs.program import POSITION
from constructions.programs.stack import NamedBlock, Stack
from constructions.sizes import carried_size
from verify.dp.cost import Plan
from verify.dp.quantities import BLOCKS, fills_table, seen_of
from verify.dp.run import Done
from verify.dp.settings import DpSettings
from verify.errors import BadInput
from verify.notation import NOTHING, number
from verify.table import Column, Table

TOKENS = "the token"  # the group of spaces that a token brings with it
KINDS = {True: "memory", False: "units"}
LAYERS = (
    Column("block"),
    Column("A.6", right=False),
    Column("stage", right=False),
    Column("kind", right=False),
    Column("inner"),
    Column("nonzeros"),
    Column("norm"),
    Column("state"),
)
SPACES = (Column("block"), Column("stage", right=False), Column("reads", right=False), Column("writes", right=False))
PICTURE = (
    Column("block"),
    Column("stage", right=False),
    Column("W_1 reads", right=False),
    Column("W_2 reads", right=False),
    Column("W_3 writes", right=False),
)
TRACE = (
    Column("stage", right=False, rank=1),
    Column("quantity", right=False),
    Column("interpreter"),
    Column("run"),
)


def layers_table(stack: Stack) -> Table:
    """Block by block: its stage, its width (units or slots), nonzero parameters and the largest of them, state."""
    rows = []
    for k, named in enumerate(stack.blocks, start=1):
        size = carried_size([named.block])
        rows.append(
            (
                str(k),
                f"Block {BLOCKS[named.stage]}" if _in_blocks(stack, named) else NOTHING,
                named.stage,
                KINDS[named.remembers],
                str(named.block.ssm.inner.dim),
                str(size.parameters_nonzero),
                number(largest_entry(named.block), 6),
                str(size.state_entries),
            )
        )
    return Table(f"The stack of {stack.program.name}: {len(rows)} blocks", LAYERS, tuple(rows))


def spaces_table(stack: Stack) -> Table:
    """Block by block: the named subspaces that it reads and writes."""
    rows = [
        (str(k), named.stage, ", ".join(reads(named)), ", ".join(named.writes))
        for k, named in enumerate(stack.blocks, start=1)
    ]
    return Table(f"What the blocks of {stack.program.name} read and write", SPACES, tuple(rows))


def picture_table(stack: Stack) -> Table:
    """The weights by named subspace, as the paper writes W = [O, I, O]: a letter for every group of spaces in which a
    map has entries, a dot for O.
    """
    names, counts = weights(stack)
    letters = dict(zip(names, ascii_letters, strict=False))
    rows = []
    for k, named in enumerate(stack.blocks):
        drawn = (
            "".join(letters.get(n, "?") if counts[called][k, j] else "." for j, n in enumerate(names))
            for called in counts
        )
        rows.append((str(k + 1), named.stage, *drawn))
    legend = ", ".join(f"{letter} {name}" for name, letter in letters.items())
    title = f"The weights of {stack.program.name} by named subspace, a dot for O: {legend}"
    return Table(title, PICTURE, tuple(rows))


def reads(named: NamedBlock) -> tuple[str, ...]:
    """The spaces of the stream that W_1 or W_2 read."""
    maps = (named.block.W_1, named.block.W_2)
    return tuple(dict.fromkeys(source for linear in maps for source, _ in linear.actions))


def _in_blocks(stack: Stack, named: NamedBlock) -> bool:
    """Whether the blocks of A.6 are those of this stack: it fills a table."""
    return named.stage in BLOCKS and fills_table(stack)


def groups(stack: Stack) -> dict[str, str]:
    """For every space of the stream the stage whose block writes it, or that it comes with the token."""
    written = {space: named.stage for named in stack.blocks for space in named.writes}
    return {space.name: written.get(space.name, TOKENS) for space in stack.stream}


def weights(stack: Stack) -> tuple[list[str], dict[str, Int[np.ndarray, "blocks groups"]]]:
    """The groups of spaces in order; for every block the nonzeros of W_1, W_2 (reading) and W_3 (writing) by group."""
    group = groups(stack)
    names = list(dict.fromkeys(group.values()))
    counts = {called: np.zeros((len(stack.blocks), len(names)), np.int64) for called in ("W_1", "W_2", "W_3")}
    for k, named in enumerate(stack.blocks):
        block = named.block
        for called, linear in (("W_1", block.W_1), ("W_2", block.W_2), ("W_3", block.W_3)):
            for (source, target), action in linear.actions.items():
                space = target if called == "W_3" else source
                entries = action.nonzeros(linear.domain[source], linear.codomain[target])
                counts[called][k, names.index(group[space])] += entries
    return names, counts


def refuse_token(plans: Iterable[Plan], settings: DpSettings) -> None:
    """Raise BadInput for a token to trace that the first instance's run does not have, by any of the theorems."""
    length = min((plan.lengths[0] for plan in plans), default=0)
    if settings.trace is not None and settings.trace > length:
        allowed = f"the run of the first instance has {length} tokens"
        raise BadInput(f"--trace {settings.trace}", allowed, f"--trace {length}")


def trace_table(done: Done, token: int) -> Table:
    """Token `token`, counted from 1, of the first instance: its fields, and every quantity by stage as the interpreter
    and the run have it.
    """
    t = token - 1
    stage_of = {statement.name: statement.stage for statement in done.stack.program.statements}
    given = done.named(done.tokens_of(0)[t])
    rows: list[tuple[str, ...]] = [(TOKENS, name, str(value), str(value)) for name, value in given.items()]
    seen = seen_of(done, 0) if 0 in done.streams else None
    if seen is not None and t < min(len(seen.run), len(seen.exact)):
        for q, name in enumerate(seen.names):
            stage = TOKENS if name == POSITION else stage_of[name]
            rows.append((stage, name, *(number(round(float(each[t, q]), 6), 9) for each in (seen.exact, seen.run))))
    written = done.task.written(done.batch.all[0])
    return Table(f"{done.stack.program.name}, token {token} of {written}", TRACE, tuple(rows))
