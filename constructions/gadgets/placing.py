"""Blocks in a larger stream: residual connection and concatenation are one thing (RES-CAT).

A block f over some named spaces becomes a block g over a stream that has these spaces and more: its matrices act on the
same names and are zero elsewhere.  If f writes into spaces that the stream holds at zero,

    [x, 0] + g([x, 0]) = [x, 0] + [0, f(x)] = [x, f(x)],

so the residual connection of Eq. 2 does what a concatenation would.  The other way round, the linear map [I, I] brings
[x, f(x)] back to x + f(x) (`residual_from_concatenation`).  A space that has been written is not zero any more: a
second block adds to it.
"""

from collections.abc import Mapping

from constructions.gadgets.gadget import Gadget
from constructions.layout import Layout
from constructions.linear import Action, LinearMap, linear_map
from constructions.mamba import MambaBlock, mamba_block


def placed(gadget: Gadget, stream: Layout, names: Mapping[str, str] | None = None) -> tuple[MambaBlock, ...]:
    """The gadget's blocks over `stream`, each port at the space of the name names[port], or of its own name.

    Raises ValueError where a space is missing or has another shape, or two ports share one space.
    """
    return tuple(placed_block(block, stream, names) for block in gadget.blocks)


def placed_block(block: MambaBlock, stream: Layout, names: Mapping[str, str] | None = None) -> MambaBlock:
    """A block over `stream` that reads and writes the spaces names[...] where `block` has its own; see `placed`.

    `block` may read one layout and write another, as a block that is concatenated does.
    """
    for layout in (block.W_2.domain, block.W_3.codomain):
        _check(layout, stream, names or {})
    return mamba_block(
        _reading(block.W_1, stream, names or {}),
        block.b_1,
        _reading(block.W_2, stream, names or {}),
        block.b_2,
        _writing(block.W_3, stream, names or {}),
        block.ssm,
    )


def residual_from_concatenation(concatenated: Layout, outputs: Mapping[str, str]) -> LinearMap:
    """The map [I, I]: every space of `concatenated` that is no output, plus the output outputs[space] if it has one.

    Raises ValueError for a space that does not exist or has another shape than its output.
    """
    kept = Layout(tuple(space for space in concatenated if space.name not in outputs.values()))
    sums = {(written, name): Action() for name, written in outputs.items()}
    return linear_map(concatenated, kept, {(space.name, space.name): Action() for space in kept} | sums)


def _reading(linear: LinearMap, stream: Layout, names: Mapping[str, str]) -> LinearMap:
    actions = {(names.get(source, source), target): a for (source, target), a in linear.actions.items()}
    return linear_map(stream, linear.codomain, actions)


def _writing(linear: LinearMap, stream: Layout, names: Mapping[str, str]) -> LinearMap:
    actions = {(source, names.get(target, target)): a for (source, target), a in linear.actions.items()}
    return linear_map(linear.domain, stream, actions)


def _check(layout: Layout, stream: Layout, names: Mapping[str, str]) -> None:
    places = [names.get(space.name, space.name) for space in layout]
    if len(set(places)) != len(places):
        raise ValueError(f"two ports share a space: {dict(zip(layout.names, places, strict=True))}")
    for space, place in zip(layout, places, strict=True):
        if place not in stream:
            raise ValueError(f"port {space.name!r} is placed at {place!r}, but the stream has {stream.names}")
        if (space.blocks, space.width) != (stream[place].blocks, stream[place].width):
            raise ValueError(
                f"port {space.name!r} has {space.blocks} x {space.width} coordinates, {place!r} has "
                f"{stream[place].blocks} x {stream[place].width}"
            )
