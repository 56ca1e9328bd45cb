"""The figure of `verify copy`: the error of the constant-size module against N, with the phase change at N = d_h."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from verify.copy.phase import Point
from verify.copy.settings import CopySettings
from verify.figures import BLUE, FAINT, GREEN, ORANGE, PURPLE, VERMILION, draw, house_style, label_line, png
from verify.notation import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ZERO = 1e-9  # where the logarithmic axis shows an error of exactly 0
MARKS = {"ssm-linear": (GREEN, "^"), "ssm-gated": (PURPLE, "D"), "attention": (VERMILION, "v")}


def figure(
    settings: CopySettings, phases: Mapping[int, Sequence[Point]], rows: Sequence[Mapping[str, Any]], scale: float
) -> bytes:
    """The picture as PNG bytes, a panel for each d_h; `scale` is M |Delta|, the error of the output 0."""
    with house_style():
        canvas, axes = draw([[str(d_h)] for d_h in phases], height=1.4 + 4.0 * len(phases))
        for d_h, points in phases.items():
            _panel(axes[str(d_h)], d_h, points, settings, rows, scale)
        axes[str(max(phases))].set_xlabel("N, values to copy")
        handles, labels = axes[str(max(phases))].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower left", ncols=3)
        return png(canvas)


def _panel(
    ax: "Axes",
    d_h: int,
    points: Sequence[Point],
    settings: CopySettings,
    rows: Sequence[Mapping[str, Any]],
    scale: float,
) -> None:
    _frame(ax, d_h, points, settings, scale)
    _constant_size(ax, points, scale)
    for name, (colour, marker) in MARKS.items():
        measured = [(r["N"], max(r["max_abs_error"], ZERO)) for r in rows if r["module"] == name]
        if measured:
            x, y = zip(*measured, strict=True)
            ax.plot(x, y, marker, color=colour, markersize=8, label=f"{name}, measured", clip_on=False, zorder=5)


def _constant_size(ax: "Axes", points: Sequence[Point], scale: float) -> None:
    """Worst case and root mean square, in closed form (lines) and measured (marks).

    Mean squares are relative to the values'; for values uniform in [-M, M] those are M / sqrt(3), which puts both on
    one axis.
    """
    N, rms = [p.N for p in points], scale / 3**0.5
    ax.plot(N, [max(p.worst, ZERO) for p in points], color=BLUE, label="ssm-constant, worst case, exact")
    ax.plot(N, [max(p.reached, ZERO) for p in points], "o", color=BLUE, mfc="white", label="worst case, measured")
    least = [max(p.floor * rms, ZERO) for p in points]
    ax.plot(N, least, color=ORANGE, label="root mean square, least possible")
    mean_square = [max(p.mean_square * rms, ZERO) for p in points]
    ax.plot(N, mean_square, "s", color=ORANGE, mfc="white", label="root mean square, measured")


def _frame(ax: "Axes", d_h: int, points: Sequence[Point], settings: CopySettings, scale: float) -> None:
    powers = [p.N for p in points if p.N & (p.N - 1) == 0]
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_ylim(ZERO / 3, 100 * scale)
    ax.set_yticks([ZERO, 1e-6, 1e-4, 1e-2, 1.0], ["0", "$10^{-6}$", "$10^{-4}$", "$10^{-2}$", "1"])
    ax.set_xticks(powers, [str(n) for n in powers])
    ax.minorticks_off()
    ax.axvline(d_h, color=FAINT, linewidth=1.2, linestyle=":", zorder=1)
    ax.annotate(f"d_h = {d_h}", (d_h, 10 * scale), xytext=(4, 2), textcoords="offset points", color=FAINT, fontsize=9)
    label_line(ax, float(settings.epsilon), f"epsilon = {number(settings.epsilon)}")
    least = "M |Delta|: least worst case for N > d_h"  # in the legend: curves run along the line
    ax.axhline(scale, color=FAINT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1, label=least)
    keeps = settings.a == 1 and settings.keys == "projection"
    states = f"{d_h} state{'s' if d_h > 1 else ''} a channel"
    plain = f"The error of ssm-constant with {states}"
    ax.set_title(f"With {states}, N = {d_h} values are copied and N = {d_h + 1} are not" if keeps else plain)
    ax.set_ylabel("error  |y - v|")
