"""The residual stream as named subspaces.

A vector of the stream is a direct sum of named subspaces, x~ = [x, position, target, ...].  A subspace is `blocks`
groups of `width` coordinates: the values x in R^d are one block of width d, a one-hot position e_i in R^N is N blocks
of width 1, and a memory with a d-vector in each of N slots is N blocks of width d.  Weights are written as actions on
names (`constructions.linear`), so that no index is ever computed by hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise


@dataclass(frozen=True)
class Space:
    """A named subspace of `blocks * width` coordinates, block after block.

    Raises ValueError for an empty name, or for fewer than one block or coordinate.
    """

    name: str
    blocks: int = 1
    width: int = 1

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a space needs a name")
        if self.blocks < 1 or self.width < 1:
            raise ValueError(
                f"space {self.name!r}: {self.blocks} blocks of width {self.width}; both must be at least 1"
            )

    @property
    def dim(self) -> int:
        """The number of coordinates."""
        return self.blocks * self.width


@dataclass(frozen=True)
class Layout:
    """Named subspaces in the order in which the paper's block notation [x, e_i, e_pos(i)] concatenates them.

    Raises ValueError if two of them share a name.
    """

    spaces: tuple[Space, ...]

    def __post_init__(self) -> None:
        names = [space.name for space in self.spaces]
        if len(set(names)) != len(names):
            raise ValueError(f"the names of a layout must differ, got {names}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(space.name for space in self.spaces)

    @property
    def dim(self) -> int:
        """The number of coordinates of the whole direct sum."""
        return sum(space.dim for space in self.spaces)

    def __iter__(self) -> Iterator[Space]:
        return iter(self.spaces)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> Space:
        """The space of that name.  Raises KeyError, naming what exists."""
        if name in self._places:
            return self._places[name][0]
        raise KeyError(f"no space {name!r}; this layout has {', '.join(self.names)}")

    def coordinates(self, name: str) -> slice:
        """Where the space of that name lies in the concatenated vector."""
        return self._places[self[name].name][1]

    @cached_property
    def _places(self) -> dict[str, tuple[Space, slice]]:
        """Every space by name, and where it lies: a stream may have thousands."""
        ends = list(accumulate((space.dim for space in self.spaces), initial=0))
        return {s.name: (s, slice(*between)) for s, between in zip(self.spaces, pairwise(ends), strict=True)}

    def only(self, names: tuple[str, ...]) -> "Layout":
        """The layout of those of its spaces that are named."""
        return Layout(tuple(space for space in self.spaces if space.name in names))
