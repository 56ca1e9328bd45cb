"""What `verify bounds` says to people: the table, the notes under it, and the verdict in one sentence."""

from collections.abc import Sequence
from fractions import Fraction

from bounds.reals import Order, decide
from verify.bounds.limits import Limits
from verify.bounds.rows import BEYOND, UNDEFINED, VACUOUS, Row
from verify.bounds.settings import BoundsSettings
from verify.deciding import spell
from verify.notation import closed, nearest, number
from verify.table import Column, Table

COLUMNS = (
    Column("L"),
    Column("SSM Thm 1"),
    Column("SSM exact"),
    Column("SSM cap", rank=1),
    Column("attn Thm 2"),
    Column("attn exact"),
    Column("status", right=False),
)
NUMBERS = ("ssm_threshold", "ssm_required", "ssm_cap", "attention_threshold", "attention_required")
FORMATS_IN_ORDER = ("float16", "bfloat16", "float32", "float64")


def table(settings: BoundsSettings, a_min: Fraction, rows: Sequence[Row]) -> Table:
    """The rows of one block, titled with all that they depend on."""
    a_max = a_min if settings.a_max is None else settings.a_max
    title = (
        f"Score needed: a_min = {number(a_min, 60)}, a_max = {number(a_max, 60)}, delta = {number(settings.delta)}, "
        f"epsilon = {number(settings.epsilon)}, M = {number(settings.M)}, |Delta| = {number(settings.Delta)}"
    )
    if settings.alpha_pos is not None:
        title += f", alpha_pos = {number(settings.alpha_pos)}"
    return Table(
        title, COLUMNS, tuple((str(row.L), *(row.texts[name] for name in NUMBERS), _status(row)) for row in rows)
    )


def _status(row: Row) -> str:
    return f"beyond {row.dtype}" if row.status == BEYOND else row.status


def notes(a_min: Fraction, limits: Limits, rows: Sequence[Row]) -> list[str]:
    """What a reader asks next: where each format ends, and what would make the vacuous rows speak."""
    at = f"a_min = {number(a_min, 60)}"
    undefined = [row for row in rows if row.status == UNDEFINED]
    if undefined:
        return [f"{at}: Theorem 1's printed threshold is no number, since {undefined[0].theorem1.undefined}."]
    ends = ((name, limits.first_beyond(name)) for name in FORMATS_IN_ORDER)
    said = [f"{at}: Theorem 1's threshold leaves {', '.join(f'{name} {_from(L)}' for name, L in ends)}."]
    vacuous = [row for row in rows if row.status == VACUOUS]
    if vacuous:
        delta = min((row.theorem1.largest_delta for row in vacuous), key=lambda form: float(nearest(form)))
        said.append(
            f"{at}: VACUOUS at L = {spell([row.L for row in vacuous])}, where no score meets both Assumption 1 and the "
            f"threshold; Theorem 1 would speak at all of them for delta below {closed(delta)}."
        )
    return said


def _from(L: int | None) -> str:
    return "never" if L is None else f"from L = {L}"


def sentence(blocks: Sequence[tuple[Fraction, Sequence[Row]]]) -> str:
    """The verdict for people, over (a_min, rows) of each block."""
    last = blocks[0][1][-1]
    attention = f"attention at L = {last.L} is promised with {last.texts['attention_threshold']}"
    if last.forms["attention_required"]:
        attention += f" and needs {last.texts['attention_required']}"
    return f"{'; '.join(_about(a_min, rows) for a_min, rows in blocks)}; {attention}."


def _about(a_min: Fraction, rows: Sequence[Row]) -> str:
    at = f"a_min = {number(a_min, 60)}"
    speaking = [row for row in rows if row.speaks]
    if not speaking:
        undefined = rows[0].status == UNDEFINED
        return f"at {at} Theorem 1 {'has no threshold' if undefined else 'is VACUOUS at every L asked'}"
    end = speaking[-1]
    where = "every L asked" if len(speaking) == len(rows) else f"L = {spell([row.L for row in speaking])} only"
    more = decide(end.theorem1.threshold, lambda reals: reals.number(end.theorem1.delta)) is Order.GREATER
    wanted = f"a score of {end.texts['ssm_threshold']}" if more else "no score above delta"
    return f"at {at} Theorem 1 speaks at {where} and wants {wanted} at L = {end.L}"
