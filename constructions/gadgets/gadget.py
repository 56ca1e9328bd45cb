"""What every gadget is: named inputs, named outputs, the blocks between them, and what is promised of the result.

A gadget's blocks live on a small stream of its own, its *ports*: the input spaces, the output spaces and, where it has
more than one block, spaces for intermediate results.  Outputs and intermediate spaces start at zero, so the residual
connection of Eq. 2 leaves in them what the blocks write.  `constructions.gadgets.run` evaluates a gadget on its ports,
`constructions.gadgets.placing` puts it into a larger stream, and `constructions.gadgets.catalogue` lists all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import jax
import numpy as np

from bounds.reals import ClosedForm, Number, Reals
from constructions.layout import Layout, Space
from constructions.mamba import MambaBlock

Values = Mapping[str, np.ndarray]  # for each named space its coordinates, of shape (T, width)


def everywhere(inputs: Values, slack: float) -> np.ndarray:  # noqa: ARG001
    """The condition that every input of the box meets, as booleans of shape (T,)."""
    return np.ones(len(next(iter(inputs.values()))), bool)


@dataclass(frozen=True, eq=False)
class Domain:
    """The inputs for which a gadget's promise holds: a box, and a condition where a margin is needed.

    Args:
        box: for each input space the closed interval of each of its coordinates; an end may be infinite.
        condition: the further condition in words, or "" if there is none.
        admits: the same condition: (inputs of shape (T, width) each, slack) -> booleans of shape (T,), true where the
            condition still holds after every coordinate has moved by as much as `slack`.
        integer: whether the promise is made for integer inputs only.
        isolated: whether some inputs of the domain have no others around them, as integers have none.

    Raises:
        ValueError: an empty interval, or one with NaN; integers that are not called isolated.
    """

    box: Mapping[str, tuple[Number, Number]]
    condition: str = ""
    admits: Callable[[Values, float], np.ndarray] = everywhere
    integer: bool = False
    isolated: bool = False

    def __post_init__(self) -> None:
        if self.integer and not self.isolated:
            raise ValueError("a domain of integers was given as not isolated; integers have no others around them")
        for name, (low, high) in self.box.items():
            if not low <= high:
                raise ValueError(f"the interval of {name!r} is [{low}, {high}]; its ends must be in order")

    def holds(self, inputs: Values, slack: float = 0.0) -> np.ndarray:
        """Which of T inputs lie in the domain with all that is within `slack` >= 0 of them in the maximum norm, shape
        (T,); NaN lies outside, and so does an integer with slack around it where only integers are admitted.
        """
        with np.errstate(invalid="ignore", over="ignore"):  # infinities compare as they should, NaN lies outside
            inside = self.admits(inputs, slack)
        for name, (low, high) in self.box.items():
            x = inputs[name]
            inside = inside & ((x - slack >= float(low)) & (x + slack <= float(high))).all(axis=1)
            if self.integer:
                inside = inside & (x == np.floor(x)).all(axis=1) & (slack == 0.0)
        return inside


@dataclass(frozen=True, eq=False)
class Gadget:
    """Blocks of Eq. 3 that compute a function of named spaces, with the promise that is made of them.

    Args:
        name: the name in the catalogue and in tables.
        lemma: the lemma of A.6 whose function it computes; None for those that go past the paper.
        ports: the stream of its own: inputs, outputs, intermediate results.
        inputs, outputs: names of spaces of `ports`.
        blocks: the blocks in order; each adds what it writes to the stream.
        domain: where the promise holds.
        target: the function itself on exact or float64 numbers, inputs (T, width) -> outputs (T, width).
        error: in real arithmetic, a bound for the largest |output - target| over the domain.
        lipschitz: how far the target moves, in the maximum norm, when its inputs move by 1 and all that lies between
            stays in the domain; 0 for an indicator, which cannot change without crossing its margin.
        scale: lambda, the number by which the arguments of SiLU are multiplied (divided, in Lemma 1).
        gap: where integer inputs give exactly the target in floats (for a suitable power of two as lambda, see
            `integers.integer_scale`): the least modulus other than 0 that a hidden unit's argument, lambda apart, has
            at integer inputs.  None: no such promise.

    Raises:
        ValueError: no block, a port that does not exist, a block over another stream, lambda <= 0 or NaN.
    """

    name: str
    lemma: int | None
    ports: Layout
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    blocks: tuple[MambaBlock, ...]
    domain: Domain
    target: Callable[[Values], Values]
    error: ClosedForm
    lipschitz: Number
    scale: Number
    gap: Fraction | None = None

    def __post_init__(self) -> None:
        if not self.blocks:
            raise ValueError(f"gadget {self.name!r} has no blocks; one is the least")
        missing = [name for name in (*self.inputs, *self.outputs) if name not in self.ports]
        if missing or set(self.domain.box) != set(self.inputs):
            raise ValueError(
                f"gadget {self.name!r}: inputs {self.inputs} and outputs {self.outputs} must be ports "
                f"{self.ports.names}, and the domain must bound the inputs, got {tuple(self.domain.box)}"
            )
        for block in self.blocks:
            if not block.W_1.domain == block.W_2.domain == block.W_3.codomain == self.ports:
                raise ValueError(
                    f"gadget {self.name!r}: a block reads {block.W_2.domain.names}, not {self.ports.names}"
                )
        above_zero(scale=self.scale)

    @property
    def units(self) -> tuple[int, ...]:
        """The hidden units of each block: the dimension of its inner stream."""
        return tuple(block.ssm.inner.dim for block in self.blocks)

    @property
    def norm(self) -> float:
        """The l_infinity norm of all parameters: the largest modulus of an entry of any matrix or vector."""
        return max(largest_entry(block) for block in self.blocks)


def largest_entry(block: MambaBlock) -> float:
    """The largest modulus of a parameter of the block, A and D included."""
    return max(float(np.abs(np.asarray(leaf, np.float64)).max(initial=0.0)) for leaf in jax.tree.leaves(block))


def above_zero(**numbers: Number) -> None:
    """Raises ValueError unless every number is finite and above 0; `scale` goes by its name in the paper, lambda."""
    for name, value in numbers.items():
        if not 0 < value < float("inf"):
            symbol = "lambda" if name == "scale" else name
            raise ValueError(f"{symbol} = {value} was given; it must be finite and above 0")


def exact(reals: Reals) -> Any:
    """The error of a gadget that computes its target exactly in real arithmetic."""
    return reals.number(0)


def ports(inputs: Mapping[str, int], outputs: Mapping[str, int], between: Mapping[str, int] | None = None) -> Layout:
    """A stream of single blocks from names and widths."""
    widths = {**inputs, **outputs, **(between or {})}
    if len(widths) != len(inputs) + len(outputs) + len(between or {}):
        raise ValueError(f"inputs {tuple(inputs)}, outputs {tuple(outputs)} and {tuple(between or ())} share a name")
    return Layout(tuple(Space(name, 1, width) for name, width in widths.items()))
