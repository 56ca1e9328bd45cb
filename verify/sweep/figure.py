"""The figure of `verify sweep`: the atlas of break points, errors and scores against distance, the average case."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from bounds.converse import mean_square_floor, state_floor
from bounds.formats import format_of
from bounds.theorem1 import Theorem1
from verify.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, draw, house_style, label_line, png
from verify.notation import number
from verify.sweep.frontier import at_distances
from verify.sweep.grid import D
from verify.sweep.settings import SweepSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
MARKS = {
    "ssm-linear": (GREEN, "^"),
    "ssm-gated": (PURPLE, "D"),
    "ssm-constant": (BLUE, "o"),
    "attention": (VERMILION, "v"),
}
SHADES = (BLUE, ORANGE, SKY, INK, FAINT)
LEAST = 1e-8  # where a logarithmic axis shows 0
LARGEST_SCORE = 1e8
BEHIND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}  # of words that a curve may cross


def figure(settings: SweepSettings, rows: Sequence[Row]) -> bytes:
    """The picture as PNG bytes, of the last dtype and the middle epsilon; one row or more."""
    dtype, epsilon = shown(rows)
    rows = [row for row in rows if row["dtype"] == dtype and row["epsilon"] == epsilon]
    far = at_distances(rows)
    with house_style():
        canvas, axes = draw([["atlas", "distance"], ["scores", "average"]], height=9.6, width=11.0)
        _atlas(axes["atlas"], far, dtype, epsilon)
        _distance(axes["distance"], settings, far, epsilon)
        _scores(axes["scores"], settings, far, epsilon)
        _average(axes["average"], rows)
        return png(canvas)


def shown(rows: Sequence[Row]) -> tuple[str, Fraction]:
    """The dtype and the epsilon of the figure, of one row or more."""
    dtype = rows[-1]["dtype"]
    epsilons = sorted({row["epsilon"] for row in rows if row["dtype"] == dtype})
    return dtype, epsilons[len(epsilons) // 2]


def least_entries(N: int, epsilon: Fraction, bits: int) -> float:
    """State entries of so many bits that a copy of N values of [-1, 1]^D within epsilon needs, by counting.

    ceil(1 / epsilon) levels of a coordinate lie more than 2 epsilon apart, so copies within epsilon tell
    levels^(N D) strings of values apart, and the state, from which all of them are told, has at least as many values
    (the counting of bounds.converse.success_ceiling).
    """
    return N * D * math.log2(math.ceil(1 / epsilon)) / bits


def _atlas(ax: "Axes", rows: Sequence[Row], dtype: str, epsilon: Fraction) -> None:
    for module, (colour, marker) in MARKS.items():
        outcome: dict[tuple[int, int], bool] = {}
        for (N, entries, _), copied in _by_forgetting(rows, module).items():
            outcome[N, entries] = outcome.get((N, entries), False) or copied
        for copied in (True, False):
            points = [place for place, found in outcome.items() if found is copied]
            if points:
                x, y = zip(*points, strict=True)
                face, label = (colour, module) if copied else ("white", None if True in outcome.values() else module)
                ax.plot(x, y, marker, color=colour, mfc=face, linestyle="none", label=label, clip_on=False, zorder=4)
    N = sorted({row["N"] for row in rows})
    ax.plot(N, [state_floor(n, D) for n in N], color=INK, linewidth=1.3, label="d_h = N (converse: least in reals)")
    bits = format_of(dtype).bits
    least = [max(least_entries(n, epsilon, bits), 1.0) for n in N]
    ax.plot(N, least, color=FAINT, linestyle="--", linewidth=1.3, label=f"information: least of {bits}-bit entries")
    _logarithmic(ax, "N, values to copy", "state entries", base=2)
    ax.set_yscale("log")
    ax.set_title(f"Filled: copies at every distance (epsilon = {number(epsilon)})")
    _legend(ax)


def _by_forgetting(rows: Sequence[Row], module: str) -> dict[tuple[int, int, Any], bool]:
    """Whether all cells of one N, state and forgetting copy."""
    found: dict[tuple[int, int, Any], bool] = {}
    for row in (row for row in rows if row["module"] == module):
        place = (row["N"], row["state_entries"], row["a_min"])
        found[place] = found.get(place, True) and row["copies"]
    return found


def _distance(ax: "Axes", settings: SweepSettings, rows: Sequence[Row], epsilon: Fraction) -> None:
    """Worst-case errors: closed form (lines), measured (marks, filled where the theorem's threshold is met); against a
    second axis, the score that each theorem asks for at that distance.
    """
    for a, colour in zip(settings.a_min, SHADES, strict=False):
        _one_error(
            ax, [row for row in one_hot(rows) if row["a_min"] == a], colour, "o", f"ssm-constant, a = {number(a)}"
        )
    for module in ("ssm-linear", "ssm-gated", "attention"):
        own = [row for row in rows if row["module"] == module]
        colour, marker = MARKS[module]
        _one_error(ax, [row for row in own if row["N"] == max(r["N"] for r in own)], colour, marker, module)
    label_line(ax, float(epsilon), f"epsilon = {number(epsilon)}")
    _logarithmic(ax, "L, distance to the value + 1", "largest error", base=2)
    ax.set_yscale("log")
    ax.set_ylim(LEAST / 3, 1e3)
    ax.set_yticks([LEAST, 1e-6, 1e-4, 1e-2, 1.0], ["0", "$10^{-6}$", "$10^{-4}$", "$10^{-2}$", "1"])
    said = "filled: its score meets the threshold" if any(map(_met, rows)) else "no score meets its threshold"
    ax.set_title(f"Error against distance ({said})")
    _thresholds(ax, settings, rows, epsilon)
    _legend(ax, columns=2)


def _thresholds(ax: "Axes", settings: SweepSettings, rows: Sequence[Row], epsilon: Fraction) -> None:
    """Theorem 1's for each forgetting and Theorem 2's at the largest N, in their modules' colours, each named where it
    is farthest from the others; in the lower half, below the errors that are no copies.
    """
    curves = []
    for a, colour in zip(settings.a_min, SHADES, strict=False):
        if a < 1 and "ssm-constant" in settings.modules:
            curves.append((f"Theorem 1, a = {number(a)}", colour, theorem1_points(settings.L, a, epsilon)))
    own = [row for row in rows if row["module"] == "attention"]
    if own:
        largest = max(row["N"] for row in own)
        points = sorted((row["L"], row["theorem_threshold"]) for row in own if row["N"] == largest)
        curves.append((f"Theorem 2, N = {largest}", MARKS["attention"][0], points))
    curves = [(name, colour, points) for name, colour, points in curves if points]
    if not curves:
        return
    right = ax.twinx()
    for name, colour, points in curves:
        right.plot(*zip(*points, strict=True), color=colour, linestyle="--", linewidth=1.4)
        end, side, shift = (0, "left", 3) if name.startswith("Theorem 2") else (-1, "right", -3)
        text = right.annotate(name, points[end], (shift, 3), textcoords="offset points", ha=side, fontsize=8)
        text.set(color=colour, bbox=BEHIND)
    right.set_yscale("log")
    right.grid(visible=False)
    right.set_ylim(0.02, LARGEST_SCORE**2)
    right.set_yticks([1.0, 1e2, 1e4, 1e6, LARGEST_SCORE])
    right.set_ylabel("score that the theorem asks for (dashed)")


def _one_error(ax: "Axes", rows: Sequence[Row], colour: str, marker: str, label: str) -> None:
    points = sorted((row["L"], row["worst_case_error"], row["max_abs_error"], _met(row)) for row in rows)
    if not points:
        return
    x, y = [p[0] for p in points], [max(p[1], LEAST) for p in points]
    ax.plot(x, y, color=colour, linewidth=1.4)
    ax.plot([], [], marker=marker, color=colour, mfc="white", linewidth=1.4, label=label)
    for L, _, measured, met in points:
        face = colour if met else "white"
        ax.plot([L], [max(measured, LEAST)], marker, color=colour, mfc=face, clip_on=False, zorder=4)


def _met(row: Row) -> bool:
    threshold, score = row["theorem_threshold"], row["available_score"]
    return isinstance(threshold, float) and isinstance(score, float) and score >= threshold


def one_hot(rows: Sequence[Row]) -> list[Row]:
    """The rows of ssm-constant at the largest N that its widest state holds one-hot, where no other score is in the
    way; at the least N where there is none.
    """
    own = [row for row in rows if row["module"] == "ssm-constant"]
    widest = max((row["d_h"] for row in own), default=0)
    sizes = {row["N"] for row in own}
    N = max((n for n in sizes if n <= widest), default=min(sizes, default=0))
    return [row for row in own if row["N"] == N and row["d_h"] == widest]


def _scores(ax: "Axes", settings: SweepSettings, rows: Sequence[Row], epsilon: Fraction) -> None:
    """What must be put into a score: exact requirement of the weights (marks), thresholds of the theorems (lines)."""
    for a, colour in zip(settings.a_min, SHADES, strict=False):
        if a < 1 and "ssm-constant" in settings.modules:
            _one_threshold(ax, settings, a, epsilon, colour)
            _marks(ax, [row for row in one_hot(rows) if row["a_min"] == a], "L", "required_score", colour, "o")
    own = [row for row in rows if row["module"] == "attention" and row["L"] == min(settings.L)]
    if own:
        colour = MARKS["attention"][0]
        points = sorted((row["N"], row["theorem_threshold"] - _loudest(row)) for row in own)
        ax.plot(*zip(*points, strict=True), color=colour, linewidth=1.4, label="Theorem 2: log N + c above rho")
        gaps = [
            {**row, "gap": row["required_score"] - _loudest(row)} for row in own if row["required_score"] is not None
        ]
        _marks(ax, gaps, "N", "gap", colour, "v")
    _logarithmic(ax, "L (SSM), N (attention)", "score that is required", base=2)
    ax.set_yscale("log")
    highest = ax.dataLim.y1 if ax.lines else 1.0
    ax.set_ylim(0.5, min(LARGEST_SCORE, 300 * max(highest, 1.0)))
    ax.set_title("Required score: exponential against logarithm")
    _legend(ax)


def _loudest(row: Row) -> float:
    """rho: Theorem 2's threshold less its log L~ + c."""
    c = math.log(4.0 / float(row["epsilon"]))
    return row["theorem_threshold"] - c - math.log(max(row["L"], row["N"] - 1))


def theorem1_points(distances: Sequence[int], a: Fraction, epsilon: Fraction) -> list[tuple[int, float]]:
    """(L, threshold) of Theorem 1 with nothing else scored (delta = 0), the least it ever asks for; as far as it can be
    shown.
    """
    near = [L for L in distances if (L - 1) * -math.log10(a) < math.log10(LARGEST_SCORE)]
    return [(L, Theorem1(a, a, L, 0, epsilon, 1, 1).threshold()) for L in near]


def _one_threshold(ax: "Axes", settings: SweepSettings, a: Fraction, epsilon: Fraction, colour: str) -> None:
    points = theorem1_points(settings.L, a, epsilon)
    if points:
        ax.plot(*zip(*points, strict=True), color=colour, linewidth=1.4, label=f"Theorem 1, a = {number(a)}")


def _marks(ax: "Axes", rows: Sequence[Row], across: str, up: str, colour: str, marker: str) -> None:
    points = [(row[across], row[up]) for row in rows if isinstance(row[up], float)]
    points = [(x, y) for x, y in points if 0 < y < LARGEST_SCORE]
    if points:
        ax.plot(*zip(*points, strict=True), marker, color=colour, mfc="white", linestyle="none", zorder=4)


def _average(ax: "Axes", rows: Sequence[Row]) -> None:
    """All N values asked for after all are written, nothing forgotten."""
    own = [row for row in rows if row["rms_least"] is not None]
    for d_h, colour in zip(sorted({row["d_h"] for row in own}), SHADES, strict=False):
        points = [(row["N"] / d_h, row["rms_error"]) for row in own if row["d_h"] == d_h]
        label = f"ssm-constant, d_h = {d_h}, measured"
        ax.plot(*zip(*points, strict=True), "o", color=colour, mfc="white", linestyle="none", label=label, zorder=4)
    if own:
        low, high = (end(row["N"] / row["d_h"] for row in own) for end in (min, max))
        ratios = [low * (high / low) ** (k / 400) for k in range(401)] if high > low else [low]
        least = [mean_square_floor(max(round(x * 10**6), 1), 10**6) for x in ratios]
        ax.plot(ratios, least, color=INK, linewidth=1.3, label="sqrt(1 - d_h/N), least possible on average")
        _legend(ax, loc="lower right")
    else:
        ax.text(0.5, 0.5, "needs ssm-constant", transform=ax.transAxes, ha="center", color=FAINT)
    _logarithmic(ax, "N / d_h", "rms error / rms of values", base=2)
    ax.set_ylim(-0.03, 1.1)
    ax.set_title("Average case, all values asked for after all are written")


def _logarithmic(ax: "Axes", x: str, y: str, base: int) -> None:
    ax.set_xscale("log", base=base)
    ax.set_xlabel(x)
    ax.set_ylabel(y)


def _legend(ax: "Axes", loc: Literal["upper left", "lower right"] = "upper left", columns: int = 1) -> None:
    """The legend, where there is anything to name."""
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc=loc, fontsize=8, ncols=columns)
