"""The figures of `verify gadgets`: the V of error against lambda, and each gadget beside its decision boundary."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from bounds.reals import FLOATS
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.run import evaluate
from verify.figures import FAINT, INK, PALETTE, draw, house_style, png
from verify.gadgets.cases import Case
from verify.gadgets.curves import Run
from verify.gadgets.settings import GadgetsSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST = 1e-16
_POINTS = 401


def valleys(runs: Sequence[Run], settings: GadgetsSettings) -> bytes:
    """The PNG of measured error against lambda, one panel a gadget, one curve an arithmetic, the real error beside."""
    names = list(dict.fromkeys(run.case.name for run in runs))
    panels = _panels(names)
    with house_style():
        canvas, axes = draw(panels, height=0.6 + 2.3 * len(panels), width=11.0)
        for name in names:
            _valley(axes[name], [run for run in runs if run.case.name == name], settings)
        for row in panels:
            axes[row[0]].set_ylabel("largest error")
        handles, labels = axes[names[0]].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=6)
        return png(canvas)


def _panels(names: Sequence[str]) -> list[list[str]]:
    """Rows of up to three names, the last one filled up with empty places."""
    wide = min(len(names), 3)
    rows = [list(names[k : k + wide]) for k in range(0, len(names), wide)]
    rows[-1] += ["."] * (wide - len(rows[-1]))
    return rows


def _title(case: Case) -> str:
    return case.name if case.lemma is None else f"Lemma {case.lemma}: {case.name}"


def _valley(axes: "Axes", runs: Sequence[Run], settings: GadgetsSettings) -> None:
    case = runs[0].case
    for run, colour in zip(runs, PALETTE * len(runs), strict=False):
        shown = [(lam, max(at.error, _LEAST)) for lam, at in run.curve.items() if math.isfinite(at.error)]
        if shown:
            axes.plot(*zip(*shown, strict=True), color=colour, marker=".", label=run.precision.name)
    real = [(lam, _real(runs[0], lam)) for lam in runs[0].curve]
    kept = [(lam, error) for lam, error in real if error > _LEAST]
    if kept:
        axes.plot(*zip(*kept, strict=True), color=INK, linewidth=1.0, linestyle="--", label="real arithmetic")
    axes.axhline(float(settings.epsilon), color=FAINT, linewidth=1.0)
    for form, word, height in ((case.lambda_sharp, "sharp", 1.0), (case.lambda_paper, "paper", 0.9)):
        if form is not None:
            axes.axvline(float(form(FLOATS)), color=FAINT, linewidth=1.0, linestyle=":")
            axes.annotate(
                word,
                (float(form(FLOATS)), height),
                xycoords=("data", "axes fraction"),
                fontsize=8,
                color=FAINT,
                va="top",
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title(_title(case))
    axes.set_xlabel("lambda")


def _real(run: Run, lam: float) -> float:
    try:
        return float(run.case.error(lam)(FLOATS))
    except ValueError:
        return math.nan


def responses(runs: Sequence[Run], settings: GadgetsSettings) -> bytes:
    """The PNG of each gadget's output along a line across its boundary, at three lambdas (none below the least that it
    takes), beside the target."""
    firsts = list({run.case.name: run for run in runs}.values())
    names = [run.case.name for run in firsts]
    panels = _panels(names)
    with house_style():
        canvas, axes = draw(panels, height=0.6 + 2.1 * len(panels), width=11.0)
        for run in firsts:
            _response(axes[run.case.name], run, settings)
        handles, labels = axes[names[0]].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=4)
        return png(canvas)


def _response(axes: "Axes", run: Run, settings: GadgetsSettings) -> None:
    symbol, line = _line(run, settings)
    for factor, colour in ((Fraction(1, 64), PALETTE[1]), (Fraction(1, 8), PALETTE[2]), (Fraction(1), PALETTE[0])):
        gadget = run.case.build(float(Fraction(run.proved.lam) * factor))
        out = evaluate(gadget, line, "float64")["out"][:, 0]
        label = "lambda sharp" if factor == 1 else f"lambda sharp / {factor.denominator}"
        axes.plot(_abscissa(line, symbol), out, color=colour, label=label)
    gadget = run.case.build(run.proved.lam)
    inside = gadget.domain.holds(line)
    target = np.where(inside, gadget.target(line)["out"][:, 0], np.nan)
    axes.plot(_abscissa(line, symbol), target, color=INK, linewidth=1.0, linestyle="--", label="target")
    axes.set_title(_title(run.case))
    axes.set_xlabel(symbol)
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-3, 3))


def _line(run: Run, settings: GadgetsSettings) -> tuple[str, dict[str, np.ndarray]]:
    """The symbol of the line's parameter and the inputs along it: across the boundary where the gadget has one."""
    M, alpha = float(settings.M), float(settings.alpha)
    s = np.linspace(-1.0, 1.0, _POINTS)[:, None]
    gadget, name = run.case.build(run.proved.lam), run.case.name
    if run.case.lemma == 1:
        return "a (b = M)", {"a": M * s, "b": np.full_like(s, M)}
    if gadget.inputs == ("x", "y", "t"):
        symbol, t = ("t", 2 * alpha * s) if name == "select" else ("t", (1 + s) / 2)
        return f"{symbol} (x = M, y = -M)", {"x": np.full_like(s, M), "y": np.full_like(s, -M), "t": t}
    if gadget.inputs == ("a", "b"):
        near = min(alpha, 20.0 / run.proved.lam) if name in ("maximum", "minimum") else alpha
        return "a - b", {"a": near * s, "b": -near * s}
    (only,) = gadget.inputs
    if gadget.ports[only].width == 2:
        return "x_1 (x_2 = 0)", {only: np.concatenate([M * s, np.zeros_like(s)], axis=1)}
    if name in ("relu-network", "absolute"):
        return only, {only: s * min(1.0, 20.0 / (run.proved.lam * (M if run.case.lemma else 1.0)))}
    return only, {only: _inner(gadget, s)}


def _inner(gadget: Gadget, s: np.ndarray) -> np.ndarray:
    """Up to five units about the middle of the domain; about 0 for one-hot, whose coordinate 0 is drawn."""
    ((low, high),) = ((float(low), float(high)) for low, high in gadget.domain.box.values())
    middle = 0.0 if gadget.name == "one-hot" else np.floor((low + high) / 2)
    return middle + min(high - low, 5.0) / 2 * s


def _abscissa(line: dict[str, np.ndarray], symbol: str) -> np.ndarray:
    if symbol == "a - b":
        return (line["a"] - line["b"])[:, 0]
    return line[symbol[0]][:, 0]
