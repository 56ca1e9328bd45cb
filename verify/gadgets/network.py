"""The function that a block without memory computes, read off its weights as exact numbers.

With the state off (W_b = O) and the skip on (D), Eq. 3 is f(x) = W_3 (D (.) (W_1 x + b_1) (.) silu(W_2 x + b_2)), which
is Eq. 37 where W_1 = O and D (.) b_1 = 1. A float weight is a dyadic rational, so nothing is rounded in reading it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from constructions.gadgets.gadget import Gadget
from constructions.layout import Layout
from constructions.mamba import MambaBlock, Vector

Row = tuple[fmpq, ...]


@dataclass(frozen=True)
class Unit:
    """One hidden unit: it adds `out` (y_0 + y x) silu(z_0 + z x) to an output."""

    out: fmpq
    y: Row
    y_0: fmpq
    z: Row
    z_0: fmpq


@dataclass(frozen=True)
class Network:
    """One output of a memoryless block as a function of n inputs: the sum of its units."""

    n: int
    units: tuple[Unit, ...]

    def along(self, directions: Sequence[Row]) -> "Network":
        """The network in parameters s with x = sum_i s_i directions_i."""
        return Network(
            len(directions),
            tuple(
                Unit(
                    unit.out,
                    tuple(_dot(unit.y, direction) for direction in directions),
                    unit.y_0,
                    tuple(_dot(unit.z, direction) for direction in directions),
                    unit.z_0,
                )
                for unit in self.units
            ),
        )


def layers(gadget: Gadget) -> tuple[tuple[Network, ...], tuple[Network, ...]]:
    """The networks of a gadget's one block, one for each coordinate of its outputs in order, after no others; or of its
    two: those of the first block's results, and those that read these and nothing else.

    Raises ValueError for more blocks, a block that has memory, or a second one that reads the inputs.
    """
    blocks = list(gadget.blocks)
    if len(blocks) > 2:
        raise ValueError(f"{gadget.name} has {len(blocks)} blocks; networks are read off one or two")
    if len(blocks) == 1:
        return (), tuple(read(blocks[0], gadget.inputs, gadget.outputs))
    between = [name for name in gadget.ports.names if name not in (*gadget.inputs, *gadget.outputs)]
    beside = [unit for network in read(blocks[1], gadget.inputs, gadget.outputs) for unit in network.units]
    if any(any((*unit.y, *unit.z)) for unit in beside):
        raise ValueError(f"{gadget.name}: the second block reads inputs; it may read results of the first only")
    return tuple(read(blocks[0], gadget.inputs, between)), tuple(read(blocks[1], between, gadget.outputs))


def read(block: MambaBlock, inputs: Sequence[str], outputs: Sequence[str]) -> list[Network]:
    """The networks from the named inputs to the named outputs, all else in the stream being zero."""
    if block.ssm.W_b.nonzeros != 0:
        raise ValueError("the block writes to its state; only a block without memory is a network")
    stream, inner = block.W_2.domain, block.ssm.inner
    columns = [k for name in inputs for k in _places(stream, name)]
    rows = [k for name in outputs for k in _places(block.W_3.codomain, name)]
    D = _vector(block.ssm.D or {}, inner)
    W_1, b_1 = block.W_1.dense()[:, columns], _vector(block.b_1, inner)
    W_2, b_2 = block.W_2.dense()[:, columns], _vector(block.b_2, inner)
    W_3 = block.W_3.dense()
    found = []
    for row in rows:
        units = tuple(
            Unit(
                rational(W_3[row, j]) * rational(D[j]),
                tuple(map(rational, W_1[j])),
                rational(b_1[j]),
                tuple(map(rational, W_2[j])),
                rational(b_2[j]),
            )
            for j in range(inner.dim)
            if W_3[row, j] != 0
        )
        found.append(Network(len(columns), units))
    return found


def rational(x: float | int) -> fmpq:
    """A finite float as the dyadic rational that it is."""
    return fmpq(*float(x).as_integer_ratio())


def _places(layout: Layout, name: str) -> range:
    where = layout.coordinates(name)
    return range(where.start, where.stop)


def _vector(vector: Vector, layout: Layout) -> np.ndarray:
    parts = [np.tile(np.asarray(vector.get(s.name, np.zeros(s.width)), np.float64), s.blocks) for s in layout]
    return np.concatenate(parts)


def _dot(left: Row, right: Row) -> fmpq:
    return sum((a * b for a, b in zip(left, right, strict=True)), fmpq(0))
