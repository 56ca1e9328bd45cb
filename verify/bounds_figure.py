"""The figure of `verify bounds`: the SSM's score grows exponentially with L, attention's logarithmically."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bounds.formats import FORMATS
from bounds.reals import ClosedForm, Reals, enclose
from verify.bounds_rows import Row
from verify.figures import INK, ORANGE, PALETTE, draw, house_style, label_line, png
from verify.notation import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Blocks = Sequence[tuple[Fraction, Sequence[Row]]]

_ATTENTION_COLOUR = ORANGE
_SSM_COLOURS = tuple(colour for colour in PALETTE if colour != ORANGE)
_PLOT_BITS = 64
# The scores panel shows at least float16's end and at most a little more than float64's; shares stop at twice the cap.
_LEAST_TOP, _MOST_TOP = 6.0, 330.0
_LARGEST_SHARE = 2.0


def figure(blocks: Blocks) -> bytes:
    """The PNG. Above: all scores against L on a logarithmic scale, with the formats' ends. Below, left: the SSM's as
    shares of Assumption 1's cap. Below, right: attention's against log L, where a logarithm is a straight line.
    """
    with house_style():
        canvas, axes = draw([["scores", "scores"], ["shares", "attention"]], height=8.2)
        _scores(axes["scores"], blocks)
        _shares(axes["shares"], blocks)
        _attention(axes["attention"], blocks[0][1])
        handles, labels = axes["scores"].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=3)
        return png(canvas)


def _scores(axes: "Axes", blocks: Blocks) -> None:
    for (a_min, rows), colour in zip(blocks, _cycle(len(blocks)), strict=True):
        name = f"a_min = {number(a_min, 60)}"
        _curve(axes, rows, "ssm_threshold", f"SSM, Theorem 1, {name}", color=colour)
        _curve(axes, rows, "ssm_required", f"SSM, exact, {name}", color=colour, marker="o")
    rows = blocks[0][1]
    _curve(axes, rows, "attention_threshold", "attention, Theorem 2", color=_ATTENTION_COLOUR)
    _curve(axes, rows, "attention_required", "attention, exact", color=_ATTENTION_COLOUR, marker="s")
    top = float(axes.dataLim.y1)
    axes.set_ylim(min(0.0, *axes.get_ylim()), min(max(1.08 * top, _LEAST_TOP), _MOST_TOP))
    for name, end in _ends().items():
        if end < axes.get_ylim()[1]:
            label_line(axes, end, name)
    axes.set_title("Score that pos needs, against the window's length")
    axes.set_xlabel("L")
    axes.set_ylabel("score")
    axes.yaxis.set_major_formatter(lambda y, _: f"$10^{{{y:g}}}$")


def _shares(axes: "Axes", blocks: Blocks) -> None:
    for (_, rows), colour in zip(blocks, _cycle(len(blocks)), strict=True):
        threshold = [_share(row, "ssm_threshold") for row in rows]
        lengths = [row.L for row in rows]
        axes.plot(lengths, threshold, color=colour)
        vacuous = [(L, share) for L, share, row in zip(lengths, threshold, rows, strict=True) if not row.speaks]
        axes.plot(*(zip(*vacuous, strict=True) if vacuous else ([], [])), "x", color=colour, markersize=8, mew=2)
        axes.plot(lengths, [_share(row, "ssm_required") for row in rows], "o", color=colour, mfc="white")
    low, high = axes.get_ylim()
    reach = max(high, 1.0) - low
    axes.set_ylim(low - 0.05 * reach, min(max(high, 1.0) + 0.15 * reach, _LARGEST_SHARE))
    axes.axhline(1.0, color=INK, linewidth=1.0, zorder=1)
    axes.set_title("SSM scores over the cap (x: VACUOUS)")
    axes.set_ylabel("score / cap")
    _doubling_axis(axes)


def _attention(axes: "Axes", rows: Sequence[Row]) -> None:
    for name, style in (("attention_threshold", "-"), ("attention_required", "s")):
        found = [(row.L, _value(row.forms[name])) for row in rows if row.forms[name]]
        axes.plot(*(zip(*found, strict=True) if found else ([], [])), style, color=_ATTENTION_COLOUR, mfc="white")
    axes.set_title("Attention's score, against log L")
    axes.set_ylabel("score")
    _doubling_axis(axes)


def _doubling_axis(axes: "Axes") -> None:
    axes.set_xlabel("L")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")


def _curve(axes: "Axes", rows: Sequence[Row], name: str, label: str, color: str, marker: str = "") -> None:
    """log10 of the numbers against L, a line or else markers; nothing where there are no numbers."""
    there = [(row.L, _plotted(form, logarithmic=True)) for row in rows if (form := row.forms[name])]
    if there:
        line = "" if marker else "-"
        axes.plot(*zip(*there, strict=True), color=color, marker=marker, mfc="white", linestyle=line, label=label)


def _share(row: Row, name: str) -> float:
    form = row.forms[name]
    return math.nan if form is None else _value(lambda reals: form(reals) / row.theorem1.cap(reals))


def _value(form: ClosedForm | None) -> float:
    return math.nan if form is None else _plotted(form, logarithmic=False)


def _plotted(form: ClosedForm, logarithmic: bool) -> float:
    """A value, or its log10 however large it is, as good as a plot needs it; NaN where there is none."""

    def shown(reals: Reals) -> Any:
        return reals.log(form(reals)) / reals.log(reals.number(10)) if logarithmic else form(reals)

    ball = enclose(shown, _PLOT_BITS)
    return float(ball.mid()) if ball.is_finite() else math.nan


def _ends() -> dict[str, float]:
    """log10 of each format's largest number; formats that end at the same place share a name."""
    ends: dict[float, list[str]] = {}
    for name, format in FORMATS.items():
        ends.setdefault(round(math.log10(format.max), 1), []).append(name)
    return {f"end of {' and '.join(names)}": end for end, names in ends.items()}


def _cycle(n: int) -> list[str]:
    return [_SSM_COLOURS[k % len(_SSM_COLOURS)] for k in range(n)]
