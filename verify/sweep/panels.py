"""What the panels of the figure of `verify sweep` have in common: lines, marks, axes with ticks, legends below.

Of any settings: one point is seen, an axis without a power in sight has ticks, no legend lies over what is drawn.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verify.figures import FAINT
from verify.notation import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Number = int | float
Points = Sequence[tuple[Number, Number]]
LARGEST_SCORE = 1e8  # lines of theorems leave the panels here


def line(ax: "Axes", points: Points, colour: str, label: str | None = None, dashed: bool = False) -> None:
    """A line, or a short bar where there is one point; nothing where there is none."""
    if points:
        bar = {"marker": "_", "markersize": 14, "markeredgewidth": 1.4} if len(points) == 1 else {}
        style = "--" if dashed else "-"
        ax.plot(*zip(*points, strict=True), color=colour, linestyle=style, linewidth=1.4, label=label, **bar)


def marks(ax: "Axes", points: Points, colour: str, marker: str, face: str, label: str | None = None) -> None:
    if points:
        style = {"color": colour, "mfc": face, "linestyle": "none", "clip_on": False, "zorder": 4}
        ax.plot(*zip(*points, strict=True), marker, label=label, **style)


def logarithmic(ax: "Axes", words: str, values: Sequence[Number]) -> None:
    """Powers of two along the axis, which holds `values`; where fewer than two are in sight, some of the values
    themselves; one value stands in the middle.
    """
    low, high = min(values), max(values)
    margin = (high / low) ** 0.05 if low < high else 2
    low, high = low / margin, high * margin
    ax.set_xscale("log", base=2)
    ax.set_xlabel(words)
    ax.set_xlim(low, high)
    if margin == 2 or sum(low <= tick <= high for tick in ax.get_xticks()) < 2:
        kept = _apart(values, low, high)
        ax.set_xticks(kept, list(map(number, kept)))


def upwards(ax: "Axes", words: str, values: Sequence[Number]) -> None:
    """Powers of ten along the axis; where fewer than two are in sight, also 2 and 5 times them; where that is too
    little, some of the values themselves.
    """
    ax.set_yscale("log")
    ax.set_ylabel(words)
    low, high = ax.get_ylim()
    if sum(low <= tick <= high for tick in ax.get_yticks()) >= 2:
        return
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    rounded = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    seen = [tick for tick in rounded if low <= tick <= high]
    kept = seen if len(seen) >= 2 else _apart(values, low, high)
    ax.set_yticks(kept, list(map(number, kept)))
    ax.set_yticks([], minor=True)


def _apart(values: Sequence[Number], low: Number, high: Number) -> list[Number]:
    """The ends of `values` and those between them that have room for a label, on a logarithmic axis."""
    room = (high / low) ** 0.2
    *inner, last = sorted(set(values))
    kept: list[Number] = []
    for value in inner:
        if last >= value * room and (not kept or value >= kept[-1] * room):
            kept.append(value)
    return [*kept, last]


def up_to_largest(ax: "Axes", scores: Sequence[Number], words: str) -> None:
    """From below the least of them to above the largest, or to LARGEST_SCORE."""
    ax.set_yscale("log")
    ax.set_ylabel(words)
    ax.set_ylim(min(0.5, min(scores) / 2), min(LARGEST_SCORE, 3 * max([5.0, *scores])))


def nothing(ax: "Axes", words: str) -> None:
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", color=FAINT)
    ax.set_xticks([])
    ax.set_yticks([])


def legend(ax: "Axes", named: "Axes | None" = None) -> None:
    """Below the panel and the words of its axis: what is drawn in it, or in the panel `named` above it."""
    from matplotlib.transforms import ScaledTranslation

    handles, labels = (named or ax).get_legend_handles_labels()
    canvas = ax.get_figure()
    assert canvas is not None
    below = ax.transAxes + ScaledTranslation(0, -0.54, canvas.dpi_scale_trans)
    ax.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below, fontsize=8, ncols=2,
        borderaxespad=0, borderpad=0, handlelength=2.2, columnspacing=1.5,
    )  # fmt: skip
