"""The figures of `verify gadgets`: the V of error against lambda, and each gadget beside its decision boundary."""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from bounds.reals import FLOATS
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.run import evaluate
from verify.figures import FAINT, INK, PALETTE, draw, house_style, png
from verify.gadgets.cases import Case
from verify.gadgets.curves import Run
from verify.gadgets.proofs import ANY, BOUND, SHARP, Proved
from verify.gadgets.settings import GadgetsSettings
from verify.notation import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEAST = 1e-16
_POINTS = 401
_WIDEST = 5.0  # units of a line through integers
_NEAR = 1e-9  # an integer of the line that rounding moved


_WORDS = {SHARP: "lambda sharp", BOUND: "lambda bound", ANY: "lambda = 1 (any will do)"}


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
        _legend(canvas, axes.values(), 8)
        return png(canvas)


def _panels(names: Sequence[str]) -> list[list[str]]:
    """Rows of up to three names, the last one filled up with empty places."""
    wide = min(len(names), 3)
    rows = [list(names[k : k + wide]) for k in range(0, len(names), wide)]
    rows[-1] += ["."] * (wide - len(rows[-1]))
    return rows


def _legend(canvas: "Figure", panels: "Iterable[Axes]", columns: int) -> None:
    """One legend for all panels, with every label that one of them has, once."""
    found = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    canvas.legend(found.values(), found.keys(), loc="outside upper left", ncols=columns)


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
    axes.axhline(float(settings.epsilon), color=FAINT, linewidth=1.0, label="epsilon")
    sharp = None if runs[0].proved.kind == ANY else runs[0].proved.lam
    for lam, word, style in ((sharp, _WORDS[runs[0].proved.kind], ":"), (case.paper, "the paper's lambda", "-.")):
        if lam is not None:
            axes.axvline(lam, color=INK, linewidth=1.2, linestyle=style, label=word)
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
        _legend(canvas, axes.values(), 5)
        return png(canvas)


def _response(axes: "Axes", run: Run, settings: GadgetsSettings) -> None:
    symbol, line = line_across(run, settings)
    drawn = {}
    for factor, colour in ((Fraction(1, 64), PALETTE[1]), (Fraction(1, 8), PALETTE[2]), (Fraction(1), PALETTE[0])):
        gadget = run.case.build(float(Fraction(run.proved.lam) * factor))
        out = evaluate(gadget, line, "float64")["out"][:, 0]
        label = _named(run.proved, factor)
        axes.plot(_abscissa(line, symbol), out, color=colour, label=label)
        drawn[label] = out
    _target(axes, run.case.build(run.proved.lam), line, symbol)
    missing(axes, drawn)
    axes.set_title(_title(run.case))
    axes.set_xlabel(symbol)
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-3, 3))


def _named(proved: Proved, factor: Fraction) -> str:
    """A curve's label: what the table says of the lambda, or the share of it."""
    if factor == 1:
        return _WORDS[proved.kind]
    return f"lambda = 1/{factor.denominator}" if proved.kind == ANY else f"{_WORDS[proved.kind]} / {factor.denominator}"


def _target(axes: "Axes", gadget: Gadget, line: dict[str, np.ndarray], symbol: str) -> None:
    """The target where the domain has it: dashed, and a ring at a point without neighbours."""
    if gadget.domain.integer:
        line = {name: np.where(np.abs(x - np.rint(x)) < _NEAR, np.rint(x), x) for name, x in line.items()}
    target = np.where(gadget.domain.holds(line), gadget.target(line)["out"][:, 0], np.nan)
    there = ~np.isnan(np.pad(target, 1, constant_values=np.nan))
    alone = there[1:-1] & ~there[:-2] & ~there[2:]
    x = _abscissa(line, symbol)
    axes.plot(x, target, color=INK, linewidth=1.0, linestyle="--", label="target")
    if alone.any():
        axes.plot(x[alone], target[alone], "o", color=INK, markersize=6, fillstyle="none", label="target at a point")
    low, high = np.nanmin(target), np.nanmax(target)
    room = 1.5 * (high - low or max(abs(high), _LEAST))
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, low - room), min(top, high + room))


def missing(axes: "Axes", drawn: Mapping[str, np.ndarray]) -> None:
    """Words for the curves so far from the target that nothing of them is in the picture, one line a curve."""
    bottom, top = axes.get_ylim()
    sides: dict[str, list[str]] = {"below": [], "above": []}
    for label, out in drawn.items():
        if out.max() < bottom or out.min() > top:
            side = "below" if out.max() < bottom else "above"
            sides[side].append(f"{label}: {side}, {number(float(out.min()), 2)} to {number(float(out.max()), 2)}")
    for lines, y, va in zip(sides.values(), (0.04, 0.96), ("bottom", "top"), strict=True):
        if lines:
            axes.annotate("\n".join(lines), (0.02, y), xycoords="axes fraction", fontsize=8, va=va)


def line_across(run: Run, settings: GadgetsSettings) -> tuple[str, dict[str, np.ndarray]]:
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
        far, steep = (1.0, M) if run.case.lemma else (M, 1.0)
        return only, {only: s * min(far, 20.0 / (run.proved.lam * steep))}
    return only, {only: _inner(gadget, s)}


def _inner(gadget: Gadget, s: np.ndarray) -> np.ndarray:
    """The domain, or five units about its middle where it is larger; of integers two units at least, and for one-hot
    those about 0, whose coordinate is drawn."""
    ((low, high),) = ((float(low), float(high)) for low, high in gadget.domain.box.values())
    if not gadget.domain.integer:
        middle, wide = (np.floor((low + high) / 2) if high - low > _WIDEST else (low + high) / 2), high - low
    else:
        middle, wide = (0.0 if gadget.name == "one-hot" else np.floor((low + high) / 2)), max(high - low, 2.0)
    return middle + min(wide, _WIDEST) / 2 * s


def _abscissa(line: dict[str, np.ndarray], symbol: str) -> np.ndarray:
    if symbol == "a - b":
        return (line["a"] - line["b"])[:, 0]
    return line[symbol[0]][:, 0]
