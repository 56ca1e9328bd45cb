"""The page of `verify bounds`: question, answer, figure, table, the formulas with their numbers, the checks."""

from collections.abc import Sequence
from fractions import Fraction

from verify.bounds.figure import figure
from verify.bounds.limits import Limits
from verify.bounds.rows import UNDEFINED, Row
from verify.bounds.settings import BoundsSettings
from verify.bounds.words import notes, table
from verify.deliver import Report
from verify.notation import closed, number
from verify.page import Page
from verify.table import Column, Table
from verify.verdict import Result

Blocks = Sequence[tuple[Fraction, Limits, Sequence[Row]]]

_QUESTION = (
    "How large must the score of the position to be copied be, so that its value comes out within epsilon? Theorem 1 "
    "answers for the SSM module, Theorem 2 for softmax attention. Both give sufficient conditions; beside each stands "
    "the exact one, which is also necessary in the worst instance that the hypotheses allow."
)
_COLUMNS = (
    "**SSM Thm 1**: the score from which Theorem 1 promises an error of at most epsilon, c (1/a_min)^(L-1) + d.",
    "**SSM exact**: the score that is enough in every instance of Assumption 1 and, in the worst, needed, with any "
    "number of positions before pos; a dash where no score is enough.",
    "**SSM cap**: 1/alpha_pos, which Assumption 1 keeps every score of pos below.",
    "**attn Thm 2** and **attn exact**: the same two numbers for softmax attention over the L positions of the window, "
    "whose other scores are at most rho: i = L, none before the window; a dash where nothing is required. They ask for "
    "the error alone: that pos matches, a score of modulus at least delta, Assumption 2 wants besides.",
    "**status**: *VACUOUS* where Theorem 1's threshold is not below the cap (or delta is not), so that no instance "
    "meets all hypotheses; *beyond* a dtype that has no number as large as the threshold; else *satisfiable*.",
)
_RHO_BELOW = (
    "Unmatched scores are below delta in modulus, so a rho below -delta speaks of instances whose positions all match "
    "(scores of modulus at least delta)."
)
_TRUSTED = (
    "The proofs written beside the closed forms in bounds/theorem1.py, bounds/requirement.py and bounds/theorem2.py.",
    "The ball arithmetic of python-flint and the fractions of Python, which decide every comparison and every digit.",
    "Eq. 6 as verify/bounds/instances.py runs it, in exact fractions and without those closed forms.",
    "A check that HELD is evidence from the samples that it names; a check that is PROVED needs none.",
)


def report(settings: BoundsSettings, blocks: Blocks, result: Result) -> Report:
    """The page and its figure, named after the settings."""
    name = settings.name()
    page = Page(f"Theorems 1 and 2 at a_min = {', '.join(number(a_min, 60) for a_min in settings.a_min)}")
    page.paragraph(_QUESTION)
    page.paragraph(f"**{result.verdict.value}** ({result.verdict.sentence}): {result.headline}")
    drawn = [(a_min, rows) for a_min, _, rows in blocks if rows]
    if drawn:
        page.figure(f"{name}.png", "Scores needed for COPY by the SSM module and by attention, against L")
    page.heading("The numbers")
    for a_min, limits, rows in blocks:
        page.table(table(settings, a_min, rows))
        page.bullets(notes(a_min, limits, rows))
    page.heading("How to read them")
    page.bullets(_COLUMNS)
    _formulas(page, settings, [rows for _, rows in drawn])
    page.checks(result.checks, 8)
    page.closing(settings.command(), result.environment, _TRUSTED)
    return Report(name, page.text(), {f"{name}.png": figure(drawn)} if drawn else {})


def _formulas(page: Page, settings: BoundsSettings, blocks: Sequence[Sequence[Row]]) -> None:
    """Theorem 1's threshold taken apart at the smallest L of each block that has one, and Theorem 2's at the same L."""
    page.heading("The formulas with their numbers")
    page.code(
        "Theorem 1:  score >= c (1/a_min)^(L-1) + d          c = delta / (2 (1 - a_min))\n"
        "            d = (1 - epsilon / (2 M |Delta|)) / alpha_pos + delta a_max / (2 (1 - a_max))\n"
        "Theorem 2:  score >= log L~ + rho + c               c = log(4 M |W_V| / epsilon),  L~ = max(L, i - |S_i|)"
    )
    alpha = "a_min^(L-1), the worst case" if settings.alpha_pos is None else number(settings.alpha_pos)
    rho = settings.delta if settings.rho is None else settings.rho
    said = (
        f"Here alpha_pos = {alpha}; |W_V| = |Delta|, so that both modules copy values of the same size; i = L, so "
        f"L~ = max(L, L - |S_i|) = L whatever matches; rho = {number(rho)}."
    )
    page.paragraph(f"{said} {_RHO_BELOW}" if rho < -settings.delta else said)
    first = [rows[0] for rows in blocks if rows[0].status != UNDEFINED]
    if first:
        page.table(_parts(first))


def _parts(rows: Sequence[Row]) -> Table:
    parts = {
        "c": lambda row: row.theorem1.c,
        "c (1/a_min)^(L-1)": lambda row: lambda reals: row.theorem1.parts(reals)["after"],
        "(1 - epsilon/(2 M abs(Delta)))/alpha_pos": lambda row: lambda reals: row.theorem1.parts(reals)["scale"],
        "delta a_max/(2 (1 - a_max))": lambda row: lambda reals: row.theorem1.parts(reals)["before"],
        "threshold of Theorem 1": lambda row: row.theorem1.threshold,
        "log(4 M abs(W_V)/epsilon)": lambda row: row.theorem2.c,
        "threshold of Theorem 2": lambda row: row.theorem2.threshold,
    }
    columns = (Column("part", right=False), *(Column(f"a_min = {number(row.a_min, 60)}, L = {row.L}") for row in rows))
    cells = ((name, *(closed(part(row)) for row in rows)) for name, part in parts.items())
    return Table("Each part at the smallest L", columns, tuple(cells))
