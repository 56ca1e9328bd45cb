"""What a problem states by functions of the lengths, each of whose faults is told with the field's name.

A problem may be anyone's file: its functions may raise anything, and give anything back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

Lengths = tuple[int, ...]
Interval = tuple[int, int]
INTERVAL = "an interval is two integers, the least and the largest"


@dataclass(frozen=True, eq=False)
class Stated:
    """A field of a problem that is a function of the lengths; `checked` brings what it gives into its form, or raises
    ValueError with what is needed.
    """

    problem: str
    field: str
    function: Any
    checked: Callable[[Any], Any]

    def __call__(self, lengths: Lengths) -> Any:
        """What is stated for these lengths, asked for once.  Raises ValueError, with the field's name, where the
        function raises anything but an interrupt, or gives what cannot be used.
        """
        if lengths not in self._known:
            self._known[lengths] = self._asked(lengths)
        return self._known[lengths]

    @cached_property
    def _known(self) -> dict[Lengths, Any]:
        return {}

    def _asked(self, lengths: Lengths) -> Any:
        where = f"problem {self.problem!r}, {self.field} at lengths {lengths}"
        if not callable(self.function):
            raise ValueError(f"{where}: {self.function!r} was given; a function of the lengths is needed")
        try:
            found = self.function(lengths)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # the function is anyone's, and so is what it raises
            if isinstance(error, ValueError) and str(error).startswith(f"problem {self.problem!r}, "):
                raise  # it asks for another field, or for itself
            raise ValueError(f"{where}: it raised {type(error).__name__}: {error}") from error
        try:
            return self.checked(found)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{where}: {error}") from error


def stated(problem: str, field: str, function: Any, checked: Callable[[Any], Any]) -> Stated:
    """The function as a field of the problem, also where it was one of another problem before."""
    return Stated(problem, field, function.function if isinstance(function, Stated) else function, checked)


def whole(least: int) -> Callable[[Any], int]:
    """A check for a whole number that is not too small."""

    def checked(given: Any) -> int:
        if isinstance(given, bool) or not isinstance(given, Integral) or given < least:
            raise ValueError(f"{given!r} was given; a whole number, at least {least}, is needed")
        return int(given)

    return checked


def ends(given: Any) -> Interval:
    """Two integers, in any order: an interval of no states holds nothing.  Raises ValueError for anything else."""
    pair = isinstance(given, tuple | list) and len(given) == 2 and all(isinstance(end, Integral) for end in given)
    if not pair:
        raise ValueError(f"{given!r} was given; {INTERVAL}")
    return int(given[0]), int(given[1])


def interval(given: Any) -> Interval:
    """The interval itself.  Raises ValueError where it is none."""
    low, high = ends(given)
    if low > high:
        raise ValueError(f"{given!r} was given; {INTERVAL}")
    return low, high


def ends_of(indices: tuple[str, ...]) -> Callable[[Any], tuple[Interval, ...]]:
    """A check for the ends of an interval for each index."""

    def checked(given: Any) -> tuple[Interval, ...]:
        if not isinstance(given, tuple | list) or len(given) != len(indices):
            raise ValueError(f"{given!r} was given; an interval is needed for each of {indices}")
        return tuple(ends(each) for each in given)

    return checked
