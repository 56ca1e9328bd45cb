"""M and epsilon against the dtype and the values: refused before the run where values may vanish, where the output 0
would pass as a copy, where no error as small as epsilon exists, and where epsilon lets a text be read wrongly.

*M.*  Values are drawn on a grid of 2 M steps of 2^-p (verify.copy.task), p the precision of float64 or else float32,
and may be halved by Delta = log 2: a value that is not 0 is at least M 2^-p.  Below the normal numbers a format that
keeps no subnormal ones may turn it into 0, which is no copy.  A format that keeps them, float16, loses digits there
instead: of values up to M it keeps those of its precision where M itself is a normal number.

*epsilon.*  From M |Delta| on the output 0 has so small an error, so epsilon stays below.  What the constructions may
leak (bounds.scales), at most epsilon, is a number of the format: below its smallest (the least normal one where smaller
ones become 0) it would vanish, and the run would show nothing of the construction.

A refusal names an M and an epsilon that pass together.
"""

from fractions import Fraction
from math import log

from bounds.decimals import floor_log10
from bounds.formats import FloatFormat, format_of
from bounds.rounding import growth
from verify.copy.task import ByteCode
from verify.errors import BadInput
from verify.notation import not_above, not_below, number

LARGEST_BASE_WIDTH = 8  # from here on a coordinate of a byte's code has two levels
_STRICTLY_BELOW = 1 - Fraction(1, 2**20)


def refuse_out_of_range(M: Fraction, epsilon: Fraction, dtype: str) -> None:
    """Raise BadInput unless values up to M and errors of epsilon mean something in the dtype."""
    format = format_of(dtype)
    least_M, least = _least_M(format), _least_error(format)
    asked_M, asked = f"--M {number(M, 60)}", f"--epsilon {number(epsilon, 60)}"
    if least_M > M:
        enough = Fraction(10) ** (floor_log10(least_M) + 1)
        nearest = f"--M {number(enough)}"
        if not least <= epsilon <= enough / 2:
            nearest += f" --epsilon {not_above(enough / 2)}"
        raise BadInput(f"{asked_M} with --dtype {dtype}", _vanishing(format), nearest)
    half = M / 2
    if epsilon > half:
        why = "from M |Delta| on the output 0 would pass as a copy"
        allowed = f"epsilon may be at most M/2 = {number(half, 60)}: {why}"
        raise BadInput(f"{asked} with {asked_M}", allowed, f"--epsilon {not_above(half)}")
    if epsilon < least:
        allowed = f"{dtype} may turn errors below {number(least)} into 0"
        raise BadInput(f"{asked} with --dtype {dtype}", allowed, f"--epsilon {not_below(least, 2)}")


def refuse_unreadable(M: Fraction, epsilon: Fraction, d: int, dtype: str, *, literal: bool, approximate: bool) -> None:
    """Raise BadInput where a text's bytes may be decoded wrongly although every value is copied within epsilon.

    A byte is read as the nearest of its codes, safe below `ByteCode.margin`.  Storing the codes takes one rounding, and
    recording log 2 of them (literal) two more.

    approximate: whether a module may err by epsilon, which reads as epsilon / log 2 if literal.
    """
    room, format = _room(M, d, dtype, literal), format_of(dtype)
    given = f"--d {d} with --values text and --dtype {dtype}"
    if room <= 0:
        wider = next((n for n in range(d + 1, LARGEST_BASE_WIDTH + 1) if _room(M, n, dtype, literal) > 0), None)
        allowed = f"{256 if d == 1 else ByteCode(d, 1.0).base} levels of a coordinate are not told apart"
        raise BadInput(given, allowed, f"--d {wider}" if wider else "--dtype float32")
    safe = room * (Fraction(log(2.0)) if literal else 1) * _STRICTLY_BELOW
    if approximate and epsilon > safe:
        asked = f"--epsilon {number(epsilon, 60)} with --values text, --d {d}, --M {number(M, 60)}"
        why = f"bytes lie {number(2 * ByteCode(d, float(M)).margin, 3)} apart, so that a larger error may read another"
        hint = not_above(safe) if safe >= _least_error(format) else None
        raise BadInput(asked, why, f"--epsilon {hint}" if hint else "--dtype float32")


def _room(M: Fraction, d: int, dtype: str, literal: bool) -> Fraction:
    """What storing a byte's code leaves of the margin."""
    format = format_of(dtype)
    lost = growth(3 if literal else 1, format) * float(M) + float(format.underflow)
    return Fraction(ByteCode(d, float(M)).margin) - Fraction(lost)


def _least_M(format: FloatFormat) -> Fraction:
    drawn = format_of("float64" if format.name == "float64" else "float32")
    return format.tiny if format.keeps_subnormals else format.tiny * 2**drawn.precision


def _least_error(format: FloatFormat) -> Fraction:
    return format.smallest if format.keeps_subnormals else format.tiny


def _vanishing(format: FloatFormat) -> str:
    if format.keeps_subnormals:
        return f"values up to M keep their digits from M = {number(format.tiny)} on, the least normal number"
    return f"values may fall below {number(format.tiny)}, from where on {format.name} may turn them into 0"
