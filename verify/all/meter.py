"""The vacuity meter of Theorem 1 as a page: at which delta its hypotheses can hold together at all."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from verify.claims.vacuity import Cell, meter, share_that_speaks
from verify.figures import PALETTE, draw, house_style, label_line, png
from verify.notation import number
from verify.page import Page
from verify.table import Column, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGE, PICTURE = "vacuity.md", "vacuity.png"
CAPTION = "The largest delta at which Theorem 1 speaks, against L; above each line its hypotheses contradict each other"
_SAYS = (
    "Assumption 1 keeps the score of the wanted position below 1/alpha_pos. Theorem 1 asks for a score above its "
    "threshold, which grows with delta, the largest score that a position may have that does not match. Where the "
    "threshold is not below the cap, no instance meets all hypotheses, and the theorem, though true, says nothing: "
    "VACUOUS. This page shows from which delta on that is so; every coefficient is a, M = |Delta| = 1."
)
_READ = (
    "Each *yes* is a place where an instance meets every hypothesis and copies within epsilon. Everywhere "
    "delta must be below epsilon (1 - a): the closer a comes to 1, that is the less is forgotten, the smaller it must "
    "be."
)
_N = (
    "The length N does not enter, from N = L + 1 on: an instance of one step becomes one of a whole sequence of any "
    "length when every other step copies itself, with a score of delta at its own position and 0 at all others. A "
    "window longer than N - 1 only asks for a larger score. The other parameters: M and |Delta| enter as epsilon/(M "
    "|Delta|), which stands for epsilon here; and coefficients that differ move the limit to epsilon / (alpha_pos "
    "(1/a_min)^(L-1) / (1 - a_min) + alpha_pos a_max / (1 - a_max))."
)


def meter_page(environment: Mapping[str, str]) -> str:
    """The text of the page."""
    cells = meter()
    speaks, places = share_that_speaks(cells)
    page = Page("Where Theorem 1 speaks: its vacuity meter")
    page.paragraph(_SAYS)
    page.figure(PICTURE, CAPTION)
    page.paragraph(f"**At {speaks} of the {places} places of this grid the theorem speaks.** {_READ}")
    page.paragraph(_N)
    page.table(_table(cells))
    page.closing("verify all", environment, ("bounds/theorem1.py, and the row [T1](theorem-1.md#t1).",))
    return page.text()


def _table(cells: Sequence[Cell]) -> Table:
    deltas = list(dict.fromkeys(cell.delta for cell in cells))
    columns = (
        Column("a"),
        Column("epsilon"),
        Column("L"),
        Column("speaks for delta below"),
        *(Column(f"delta = {number(delta)}") for delta in deltas),
    )
    rows = []
    for a, epsilon, L in sorted({(cell.a, cell.epsilon, cell.L) for cell in cells}):
        line = [cell for cell in cells if (cell.a, cell.epsilon, cell.L) == (a, epsilon, L)]
        marks = ("yes" if cell.speaks else "no" for cell in line)
        rows.append((number(a), number(epsilon), str(L), number(line[0].largest_delta), *marks))
    return Table("", columns, tuple(rows))


def meter_figure() -> bytes:
    """The PNG: a panel for each a, a line for each epsilon."""
    cells = meter()
    coefficients = list(dict.fromkeys(cell.a for cell in cells))
    with house_style():
        names = [f"a{k}" for k in range(len(coefficients))]
        canvas, axes = draw([names], height=3.9)
        for a, name in zip(coefficients, names, strict=True):
            _panel(axes[name], [cell for cell in cells if cell.a == a])
            axes[name].set_title(f"a = {number(a)}")
        axes[names[0]].set_ylabel("largest delta")
        handles, labels = axes[names[0]].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=3)
        return png(canvas)


def _panel(axes: "Axes", cells: Sequence[Cell]) -> None:
    for epsilon, colour in zip(dict.fromkeys(cell.epsilon for cell in cells), PALETTE, strict=False):
        points = {cell.L: float(cell.largest_delta) for cell in cells if cell.epsilon == epsilon}
        axes.plot(list(points), list(points.values()), "o-", color=colour, label=f"epsilon = {number(epsilon)}")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_ylim(2e-5, 1.0)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    axes.set_xlabel("L")
    label_line(axes, 1e-3, "delta = 1e-3")
