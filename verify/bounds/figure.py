"""The figure of `verify bounds`: the SSM's score grows exponentially with L, attention's logarithmically."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.formats import FORMATS
from bounds.reals import ClosedForm, Reals, enclose
from verify.bounds.rows import Row
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
    from matplotlib.ticker import MaxNLocator

    for (a_min, rows), colour in zip(blocks, _cycle(len(blocks)), strict=True):
        name = f"a_min = {number(a_min, 60)}"
        _curve(axes, rows, "ssm_threshold", f"SSM, Theorem 1, {name}", color=colour)
        _curve(axes, rows, "ssm_required", f"SSM, exact, {name}", color=colour, marker="o")
    rows = blocks[0][1]
    _curve(axes, rows, "attention_threshold", "attention, Theorem 2", color=_ATTENTION_COLOUR)
    _curve(axes, rows, "attention_required", "attention, exact", color=_ATTENTION_COLOUR, marker="s")
    bottom, top = _reach(axes, 0.0, _LEAST_TOP, _MOST_TOP)
    axes.set_ylim(bottom - 0.03 * (top - bottom), 1.05 * top)
    axes.set_xlim(0, 1.03 * _last_L_below(blocks, top))
    for name, end in _ends().items():
        if end < top:
            label_line(axes, end, name)
    axes.set_title("Score that pos needs, against the window's length")
    axes.set_xlabel("L")
    axes.set_ylabel("score")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(lambda y, _: f"$10^{{{y:g}}}$")


def _shares(axes: "Axes", blocks: Blocks) -> None:
    for (_, rows), colour in zip(blocks, _cycle(len(blocks)), strict=True):
        threshold = [_share(row, "ssm_threshold") for row in rows]
        lengths = [row.L for row in rows]
        axes.plot(lengths, threshold, color=colour, **_line(len(lengths)))
        vacuous = [(L, share) for L, share, row in zip(lengths, threshold, rows, strict=True) if not row.speaks]
        axes.plot(*(zip(*vacuous, strict=True) if vacuous else ([], [])), "x", color=colour, markersize=8, mew=2)
        axes.plot(lengths, [_share(row, "ssm_required") for row in rows], "o", color=colour, mfc="white")
    lowest, _ = _reach(axes, math.inf, 1.0, math.inf)
    bottom, top = _reach(axes, 1.0, 1.0, _LARGEST_SHARE)
    margin = max(0.1 * (top - bottom), 0.01)
    axes.set_ylim(bottom - margin, top + margin)
    axes.axhline(1.0, color=INK, linewidth=1.0, zorder=1)
    if not any(row.forms["ssm_threshold"] for _, rows in blocks for row in rows):
        axes.text(
            0.5, 0.75, "no threshold: the printed formula\ndivides by zero", ha="center", transform=axes.transAxes
        )
    elif lowest > _LARGEST_SHARE:
        beyond = f"every score is more than {_LARGEST_SHARE:g} times the cap"
        axes.text(0.5, 0.5, beyond, ha="center", transform=axes.transAxes)
    axes.set_title("SSM scores divided by the cap (x: VACUOUS)")
    axes.set_ylabel("score / cap")
    _doubling_axis(axes, blocks[0][1])


def _reach(axes: "Axes", least: float, enough: float, most: float) -> tuple[float, float]:
    """The lowest and the highest number drawn; the lowest at most `least`, the highest from `enough` to `most`."""
    heights = [float(y) for line in axes.lines for y in np.asarray(line.get_ydata(), float) if math.isfinite(y)]
    return min([least, *heights]), min(max([enough, *heights]), most)


def _last_L_below(blocks: Blocks, top: float) -> float:
    """The L at which the last of the SSM's lines leaves the panel; the largest L if one never does."""
    leaving = []
    for _, rows in blocks:
        drawn = [(row.L, _plotted(form, logarithmic=True)) for row in rows if (form := row.forms["ssm_threshold"])]
        points = [(L, y) for L, y in drawn if math.isfinite(y)]  # a negative threshold has no logarithm
        beyond = next((k for k, (_, y) in enumerate(points) if y > top), None)
        if not beyond:
            return float(rows[-1].L)
        (L, y), (next_L, next_y) = points[beyond - 1 : beyond + 1]
        leaving.append(L + (next_L - L) * (top - y) / (next_y - y))
    return max(leaving)


def _attention(axes: "Axes", rows: Sequence[Row]) -> None:
    for name in ("attention_threshold", "attention_required"):
        found = [(row.L, _value(row.forms[name])) for row in rows if row.forms[name]]
        exact: dict[str, Any] = {"linestyle": "", "marker": "s"}
        style = exact if name == "attention_required" else _line(len(found))
        axes.plot(*(zip(*found, strict=True) if found else ([], [])), color=_ATTENTION_COLOUR, mfc="white", **style)
    axes.set_title("Attention's score, against log L")
    axes.set_ylabel("score")
    _doubling_axis(axes, rows)


def _doubling_axis(axes: "Axes", rows: Sequence[Row]) -> None:
    axes.set_xlabel("L")
    axes.set_xlim(0.8 * rows[0].L, 1.25 * rows[-1].L)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")


def _curve(axes: "Axes", rows: Sequence[Row], name: str, label: str, color: str, marker: str = "") -> None:
    """log10 of the numbers against L, a line or else markers; nothing where there are no numbers."""
    there = [(row.L, _plotted(form, logarithmic=True)) for row in rows if (form := row.forms[name])]
    if there:
        if marker:
            style: dict[str, Any] = {"marker": marker, "mfc": "white", "linestyle": ""}
        else:
            style = _line(len(there))
        axes.plot(*zip(*there, strict=True), color=color, label=label, **style)


def _line(points: int) -> dict[str, Any]:
    """The style of a curve; one point, of which no line is seen, is a dash."""
    return {"linestyle": "-"} if points > 1 else {"linestyle": "", "marker": "_", "markersize": 18, "mew": 2.5}


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
