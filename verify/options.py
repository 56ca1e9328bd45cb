"""The texts of options as numbers: lists, doubling ranges, exact decimals, formats. Every refusal is a BadInput."""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

from bounds.formats import FORMATS
from verify.errors import BadInput, nothing_given, quoted
from verify.notation import number

# What a decimal may look like, and how far its exponent may go: an exact fraction has as many digits as that says.
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LARGEST_EXPONENT = 300
_LONGEST_DECIMAL = 60


UNTOLD = 10**20  # an upper limit from here on says nothing to a reader


@dataclass(frozen=True)
class Domain:
    """An interval that a decimal must lie in, by the paper's symbol; None stands for no limit on that side.

    example: a value inside, in the user's notation, named when nothing nearer can be. Raises ValueError for an
    empty interval and for an example outside it.
    """

    symbol: str
    low: Fraction | None
    high: Fraction | None
    example: str
    low_included: bool = True
    high_included: bool = True

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"{self.symbol} has no value between {self.low} and {self.high}; allowed: low < high")
        if Fraction(self.example) not in self:
            raise ValueError(f"the example {self.example} is not in the domain; allowed: {self.text}")

    def __contains__(self, value: Fraction) -> bool:
        above = self.low is None or self.low < value or (self.low_included and value == self.low)
        below = self.high is None or value < self.high or (self.high_included and value == self.high)
        return above and below

    @property
    def text(self) -> str:
        """The domain in mathematical notation, such as `0 < a_min <= 1`."""
        left = "" if self.low is None else f"{number(self.low)} {'<=' if self.low_included else '<'} "
        right = "" if self.high is None else f" {'<=' if self.high_included else '<'} {number(self.high)}"
        return f"{left}{self.symbol}{right}"

    def nearest(self, value: Fraction) -> str:
        """The end that `value` lies beyond, where that end belongs to the domain; else the example."""
        if self.low is not None and value <= self.low and self.low_included:
            return number(self.low)
        if self.high is not None and value >= self.high and self.high_included:
            return number(self.high)
        return self.example


def integers(
    text: str, option: str, smallest: int, largest: int, usual: int | None = None, *, consecutive: bool = False
) -> tuple[int, ...]:
    """`64,256` or the doubling range `8..4096` (both ends included) or a mixture, ascending, each once.

    consecutive: a range is every number from one end to the other, since the numbers count or name things, not sizes.
    A whole number may be written in any decimal form (1e3). Raises BadInput for anything else and for a value outside
    [smallest, largest]; of a text that is no number it names `usual`, by default the end that the text is nearer to.
    """

    def read(item: str) -> list[int]:
        if ".." in item:
            return _range(item, option, smallest, largest, consecutive)
        return [_whole(item, option, smallest, largest, usual)]

    items = _items(text, option, read, str(usual or smallest))
    return tuple(sorted({value for item in items for value in read(item)}))


def integer(text: str, option: str, smallest: int, largest: int) -> int:
    """One whole number in [smallest, largest]; raises BadInput otherwise."""

    def read(item: str) -> int:
        return _whole(item, option, smallest, largest)

    return read(_single(text, option, read, str(smallest)))


def decimals(text: str, option: str, domain: Domain) -> tuple[Fraction, ...]:
    """`0.9,0.99` as exact fractions, ascending, each once; raises BadInput for anything that is not in `domain`."""

    def read(item: str) -> Fraction:
        return _exact(item, option, domain)

    return tuple(sorted({read(item) for item in _items(text, option, read, domain.example)}))


def decimal(text: str, option: str, domain: Domain) -> Fraction:
    """One decimal as the exact fraction that it writes; raises BadInput for anything that is not in `domain`."""

    def read(item: str) -> Fraction:
        return _exact(item, option, domain)

    return read(_single(text, option, read, domain.example))


def choices(text: str, option: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """A list of names, in the order of `allowed`, each once; raises BadInput for a name that is not among them."""

    def read(item: str) -> str:
        return choice(item, option, allowed)

    named = {read(item) for item in _items(text, option, read, allowed[0])}
    return tuple(name for name in allowed if name in named)


def choice(text: str, option: str, allowed: Sequence[str]) -> str:
    """One of `allowed`; raises BadInput that names them all and the one that is spelt most like `text`."""
    name = text.strip()
    if name in allowed:
        return name
    alike = difflib.get_close_matches(name.lower(), allowed, n=1, cutoff=0.0)
    reason = f"{nothing_given(text)}allowed are {', '.join(allowed)}"
    raise BadInput(f"{option} {quoted(text)}", reason, f"{option} {alike[0]}")


def dtype(text: str, option: str = "--dtype") -> str:
    """The name of a float format that bounds.formats knows; raises BadInput otherwise."""
    return choice(text, option, tuple(FORMATS))


def _items(text: str, option: str, read: Callable[[str], Any], example: str) -> list[str]:
    items = [item.strip() for item in text.split(",")]
    if not all(items) and len(items) > 1:
        nearest = ",".join(_readable(items, read)) or example
        raise BadInput(f"{option} {quoted(text)}", "an entry of the list is empty", f"{option} {nearest}")
    return items


def _single(text: str, option: str, read: Callable[[str], Any], example: str) -> str:
    if "," in text or ".." in text:
        nearest = next(iter(_readable(re.split(r",|\.\.", text), read)), example)
        raise BadInput(f"{option} {quoted(text)}", "takes one value, not a list or a range", f"{option} {nearest}")
    return text.strip()


def _readable(items: Iterable[str], read: Callable[[str], Any]) -> list[str]:
    """Those items that `read` does not refuse: what is named as nearest must be taken when it is typed."""
    kept = []
    for item in map(str.strip, items):
        with suppress(BadInput):
            read(item)
            kept.append(item)
    return kept


def _range(item: str, option: str, smallest: int, largest: int, consecutive: bool) -> list[int]:
    """low, 2 low, 4 low, ... and high; or low, low + 1, ..., high."""
    ends = [end.strip() for end in item.split("..")]
    if len(ends) != 2 or not all(ends):
        there = _readable(ends, lambda end: _whole(end, option, smallest, largest))
        nearest = "..".join(sorted({there[0], there[-1]}, key=Fraction)) if there else str(smallest)
        raise BadInput(f"{option} {quoted(item)}", "a range has two ends, as in 8..64", f"{option} {nearest}")
    low, high = _ends(item, ends, option, smallest, largest)
    if low > high:
        raise BadInput(f"{option} {quoted(item)}", "a range runs upwards", f"{option} {high}..{low}")
    if consecutive:
        return list(range(low, high + 1))
    if low < 1:
        raise BadInput(f"{option} {quoted(item)}", "a range doubles, so it starts at 1 or above", f"{option} 1..{high}")
    values = [low]
    while 2 * values[-1] < high:
        values.append(2 * values[-1])
    return [*values, high]


def _ends(item: str, ends: Sequence[str], option: str, smallest: int, largest: int) -> tuple[int, int]:
    """The two ends of a range; the refusal of one quotes the whole, and names the whole range that works."""
    found, refused = [], None
    for end in ends:
        try:
            found.append(_whole(end, option, smallest, largest))
        except BadInput as error:
            refused = refused or error
            found.append(int(error.nearest.removeprefix(f"{option} ")))
    if refused is not None:
        low, high = sorted(found)
        raise BadInput(f"{option} {quoted(item)}", refused.allowed, f"{option} {low}..{high}")
    return found[0], found[1]


def _whole(item: str, option: str, smallest: int, largest: int, usual: int | None = None) -> int:
    def refuse(why: str, nearest: int) -> NoReturn:
        to = f" to {largest}" if largest < UNTOLD else " on"
        allowed = f"{why}a whole number from {smallest}{to} is allowed"
        raise BadInput(f"{option} {quoted(item)}", allowed, f"{option} {nearest}")

    value = _fraction(item)
    if value is None:
        huge = _DECIMAL.fullmatch(item) and not item.startswith("-") and "e-" not in item.lower()
        refuse(nothing_given(item) or "not a whole number of moderate size; ", usual or (largest if huge else smallest))
    inside = min(max(value, Fraction(smallest)), Fraction(largest))
    if inside != value:
        refuse("", int(inside))
    if value.denominator != 1:
        refuse("not a whole number; ", min(max(round(value), smallest), largest))
    return int(value)


def _exact(item: str, option: str, domain: Domain) -> Fraction:
    given = f"{option} {quoted(item)}"
    if ".." in item:
        ends = ",".join(_readable(item.split(".."), lambda end: _exact(end, option, domain)))
        raise BadInput(given, "ranges are for whole numbers; list the decimals", f"{option} {ends or domain.example}")
    value = _fraction(item)
    if value is None:
        allowed = "any finite number" if domain.low is None and domain.high is None else domain.text
        beyond = _beyond(item)
        nearest = domain.example if beyond is None else domain.nearest(beyond)
        reason = f"{nothing_given(item) or 'not a finite decimal of moderate size; '}{allowed}"
        raise BadInput(given, reason, f"{option} {nearest}")
    if value not in domain:
        raise BadInput(given, f"allowed is {domain.text}", f"{option} {domain.nearest(value)}")
    return value


def _beyond(item: str) -> Fraction | None:
    """A number on the side where an infinity or a decimal of an absurd exponent lies; None for any other text."""
    sign, size = -1 if item.startswith("-") else 1, item.lower().lstrip("+-")
    if size in ("inf", "infinity"):
        return sign * Fraction(10) ** (_LARGEST_EXPONENT + 1)
    if len(item) > _LONGEST_DECIMAL or not _DECIMAL.fullmatch(item):
        return None
    digits, _, exponent = size.partition("e")
    if not Fraction(digits):
        return Fraction(0)
    return sign * Fraction(10) ** (_LARGEST_EXPONENT + 1 if int(exponent) > 0 else -_LARGEST_EXPONENT - 1)


def _fraction(item: str) -> Fraction | None:
    """The exact value of a decimal; None for any other text (nan, inf, 1/3, 1_000, words) and for absurd exponents."""
    if len(item) > _LONGEST_DECIMAL or not _DECIMAL.fullmatch(item):
        return None
    exponent = item.lower().partition("e")[2] or "0"
    return Fraction(item) if abs(int(exponent)) <= _LARGEST_EXPONENT else None
