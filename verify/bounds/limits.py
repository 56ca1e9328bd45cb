"""How far each float format reaches: the largest L whose threshold it can hold, proved."""

from dataclasses import dataclass
from fractions import Fraction

from bounds.formats import FORMATS, FloatFormat
from bounds.integers import largest_integer
from bounds.reals import FRACTIONS, ClosedForm, Order, decide
from verify.bounds.settings import BoundsSettings


@dataclass(frozen=True)
class Limits:
    """The reach of every format at one a_min, all else as asked.

    smallest_L: the least L that alpha_pos allows (1 where alpha_pos follows L). largest: by format name, the largest L
    whose threshold the format can hold; smallest_L - 1 if it cannot hold that one; None if there is no largest, or if
    the threshold has no value.
    """

    smallest_L: int
    largest: dict[str, int | None]

    def first_beyond(self, name: str) -> int | None:
        """The first L whose threshold leaves the format; None if there is none."""
        limit = self.largest[name]
        return None if limit is None else limit + 1


def limits_of(settings: BoundsSettings, a_min: Fraction) -> Limits:
    """The limits of one block. Their proof is asked again by the check `dtype-limits`."""
    if settings.theorem1(a_min, settings.L[-1]).undefined:
        return Limits(1, dict.fromkeys(FORMATS))
    if settings.alpha_pos is None:
        worst = settings.theorem1(a_min, 1)
        return Limits(1, {name: worst.largest_holdable_L(each) for name, each in FORMATS.items()})
    first = _smallest_L(a_min, settings.alpha_pos)
    largest = {name: _largest_at_fixed_alpha(settings, a_min, first, each) for name, each in FORMATS.items()}
    return Limits(first, dict(largest))


def holds_in(form: ClosedForm, format: FloatFormat) -> bool:
    """Whether the value is proved to be at most the format's largest number."""
    return decide(form, lambda reals: reals.number(format.max)) in (Order.LESS, Order.EQUAL)


def _smallest_L(a_min: Fraction, alpha_pos: Fraction) -> int:
    """The least L with a_min^(L-1) <= alpha_pos; (1/a_min)^(L-1) >= 1 + (L-1)(1/a_min - 1) ends the search."""

    def too_small(L: int) -> bool:
        return (
            decide(lambda reals: reals.number(a_min) ** (L - 1), lambda reals: reals.number(alpha_pos)) is Order.GREATER
        )

    return (largest_integer(too_small, 1, 2 + int(1 / (alpha_pos * (1 / a_min - 1)))) or 0) + 1


def _largest_at_fixed_alpha(settings: BoundsSettings, a_min: Fraction, first: int, format: FloatFormat) -> int:
    """With alpha_pos fixed only c (1/a_min)^(L-1) grows with L, c > 0, so the same inequality bounds the search.

    The rest d may be far below 0 (a large epsilon), which leaves c (1/a_min)^(L-1) up to max - d.
    """
    theorem = settings.theorem1(a_min, first)
    c, d = theorem.c(FRACTIONS), theorem.d(FRACTIONS)
    stop = first + 1 + int(max(Fraction(0), format.max - d) / (c * (1 / a_min - 1)))
    found = largest_integer(lambda L: holds_in(settings.theorem1(a_min, L).threshold, format), first, stop)
    return first - 1 if found is None else found
