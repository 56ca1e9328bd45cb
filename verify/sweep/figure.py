"""The figure of `verify sweep`: the atlas of break points, errors and scores against distance, the average case.

Nothing is written over what is drawn, whatever the settings are: a legend below each panel names what is in it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from bounds.converse import mean_square_floor, state_floor
from bounds.formats import format_of
from bounds.theorem1 import Theorem1
from verify.figures import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, draw, house_style, png
from verify.notation import number
from verify.sweep.frontier import at_distances
from verify.sweep.grid import D
from verify.sweep.panels import LARGEST_SCORE, Points, legend, line, logarithmic, marks, nothing, up_to_largest, upwards
from verify.sweep.settings import SweepSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
Value = TypeVar("Value")
MARKS = {
    "ssm-linear": (GREEN, "^"),
    "ssm-gated": (PURPLE, "D"),
    "ssm-constant": (BLUE, "o"),
    "attention": (VERMILION, "v"),
}
SHADES = (BLUE, ORANGE, SKY, INK, FAINT)
OF_A = "Theorem 1, colour of a"
CURVE = 200  # distances at which a theorem's line is computed, where there are so many


def figure(settings: SweepSettings, rows: Sequence[Row]) -> bytes:
    """The picture as PNG bytes, of the last dtype and the middle epsilon; one row or more."""
    dtype, epsilon = shown(rows)
    rows = [row for row in rows if row["dtype"] == dtype and row["epsilon"] == epsilon]
    far = at_distances(rows)
    asked = _asked(settings, far, epsilon)
    right = ["distance"] * 3 + ["asked"] * 2 if asked else ["distance"] * 5
    with house_style():
        canvas, axes = draw([*(["atlas", name] for name in right), *[["scores", "average"]] * 5], 12.0, 11.0)
        if far:
            _atlas(axes["atlas"], far, dtype, epsilon)
            _distance(axes["distance"], settings, far, epsilon)
        else:
            for name in ("atlas", "distance"):
                nothing(axes[name], "no run at a distance yet")
        if asked:
            _thresholds(axes["asked"], axes["distance"], asked, [row["L"] for row in far])
        legend(axes[right[-1]], axes["distance"])
        _scores(axes["scores"], settings, far, epsilon)
        _average(axes["average"], rows)
        return png(canvas)


def shown(rows: Sequence[Row]) -> tuple[str, Fraction]:
    """The dtype and the epsilon of the figure, of one row or more."""
    dtype = rows[-1]["dtype"]
    epsilons = sorted({row["epsilon"] for row in rows if row["dtype"] == dtype})
    return dtype, epsilons[len(epsilons) // 2]


def drawn(values: Sequence[Value]) -> list[Value]:
    """Those that have a colour: all of them, or where there are more than colours, both ends and some between them."""
    last, most = len(values) - 1, len(SHADES)
    if len(values) <= most:
        return list(values)
    return [values[round(k * last / (most - 1))] for k in range(most)]


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
                face, label = (colour, module) if copied else ("white", None if True in outcome.values() else module)
                marks(ax, points, colour, marker, face, label)
    N = sorted({row["N"] for row in rows})
    bits = format_of(dtype).bits
    floor = [(n, state_floor(n, D)) for n in N]
    least = [(n, max(least_entries(n, epsilon, bits), 1.0)) for n in N]
    line(ax, floor, INK, "converse: least real entries, d_h = N")
    line(ax, least, FAINT, f"counting: least {bits}-bit entries", dashed=True)
    logarithmic(ax, "N, values to copy", N)
    upwards(ax, "state entries", [row["state_entries"] for row in rows] + [entries for _, entries in floor + least])
    ax.set_title(f"Filled: copies at every distance (epsilon = {number(epsilon)})")
    legend(ax)


def _by_forgetting(rows: Sequence[Row], module: str) -> dict[tuple[int, int, Any], bool]:
    """Whether all cells of one N, state and forgetting copy."""
    found: dict[tuple[int, int, Any], bool] = {}
    for row in (row for row in rows if row["module"] == module):
        place = (row["N"], row["state_entries"], row["a_min"])
        found[place] = found.get(place, True) and row["copies"]
    return found


def _distance(ax: "Axes", settings: SweepSettings, rows: Sequence[Row], epsilon: Fraction) -> None:
    """Worst-case errors: closed form (lines), measured (marks, filled where the theorem's threshold is met)."""
    least = _least_error(epsilon)
    for a, colour in zip(drawn(settings.a_min), SHADES, strict=False):
        own = [row for row in one_hot(rows) if row["a_min"] == a]
        _one_error(ax, own, least, colour, "o", f"ssm-constant, a = {number(a)}")
    for module in ("ssm-linear", "ssm-gated", "attention"):
        own = [row for row in rows if row["module"] == module]
        _one_error(ax, [row for row in own if row["N"] == max(r["N"] for r in own)], least, *MARKS[module], module)
    ax.axhline(float(epsilon), color=FAINT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    ax.plot([], [], color=FAINT, linewidth=1.0, linestyle=(0, (4, 3)), label=f"epsilon = {number(epsilon)}")
    logarithmic(ax, "L, distance to the value + 1", [row["L"] for row in rows])
    _errors_upwards(ax, rows, least)
    said = " (filled: threshold met)" if any(map(_met, rows)) else " (no threshold is met)"
    ax.set_title("Error against distance" + said * any(row["theorem_threshold"] is not None for row in rows))


def _least_error(epsilon: Fraction) -> float:
    """Where the axis of errors ends: two powers of ten below epsilon or lower, within floats."""
    return 10.0 ** max(-300, min(-8, math.floor(math.log10(epsilon)) - 2))


def _errors_upwards(ax: "Axes", rows: Sequence[Row], least: float) -> None:
    errors = [row[name] for row in rows for name in ("worst_case_error", "max_abs_error")]
    largest = max([1.0, *filter(math.isfinite, errors)])
    low, high = round(math.log10(least)), math.floor(math.log10(largest))
    step = math.ceil((high - low) / 5)
    powers = range(low + step, high + 1, step)
    ax.set_yscale("log")
    ax.set_ylim(least / 3, 5 * largest)
    ax.set_yticks([least, *(10.0**power for power in powers)])
    ax.set_yticks([], minor=True)
    ax.set_yticklabels([f"0 to $10^{{{low}}}$", *(f"$10^{{{power}}}$" for power in powers)])
    ax.set_ylabel("largest error")


def _one_error(ax: "Axes", rows: Sequence[Row], least: float, colour: str, marker: str, label: str) -> None:
    points = sorted((row["L"], row["worst_case_error"], row["max_abs_error"], _met(row)) for row in rows)
    if not points:
        return
    ax.plot([p[0] for p in points], [max(p[1], least) for p in points], color=colour, linewidth=1.4)
    ax.plot([], [], marker=marker, color=colour, mfc="white", linewidth=1.4, label=label)
    for L, _, measured, met in points:
        marks(ax, [(L, max(measured, least))], colour, marker, colour if met else "white")


def _met(row: Row) -> bool:
    """Whether the score of the weights is at least the theorem's threshold; beyond floats both are decimals."""
    threshold, score = row["theorem_threshold"], row["available_score"]
    return threshold is not None and score is not None and Decimal(score) >= Decimal(threshold)


def _asked(settings: SweepSettings, rows: Sequence[Row], epsilon: Fraction) -> list[tuple[str, str, Points]]:
    """The score that each theorem asks for against distance: name, colour and points of Theorem 1 for each forgetting
    and of Theorem 2 at the largest N.
    """
    ssm = _theorem1(settings, rows, epsilon)
    curves = [(OF_A, colour, points) for _, colour, points in ssm if points]
    own = [row for row in rows if row["module"] == "attention" and row["theorem_threshold"] is not None]
    if own:
        largest = max(row["N"] for row in own)
        points = sorted((row["L"], row["theorem_threshold"]) for row in own if row["N"] == largest)
        curves.append((f"Theorem 2, N = {number(largest)}", MARKS["attention"][0], points))
    return curves


def _theorem1(settings: SweepSettings, rows: Sequence[Row], epsilon: Fraction) -> list[tuple[Fraction, str, Points]]:
    distances = [row["L"] for row in rows if row["module"] == "ssm-constant"]
    shades = zip(drawn(settings.a_min), SHADES, strict=False)
    return [(a, colour, theorem1_points(distances, a, epsilon)) for a, colour in shades if a < 1 and distances]


def theorem1_points(distances: Sequence[int], a: Fraction, epsilon: Fraction) -> list[tuple[int, float]]:
    """(L, threshold) of Theorem 1 with nothing else scored (delta = 0), the least it ever asks for; between the ends of
    `distances`, up to the first L whose threshold lies above LARGEST_SCORE, so that the line leaves the panel; none
    where all lie above.
    """
    low, high = min(distances), max(distances)
    powers = math.log10(a.denominator) - math.log10(a.numerator)  # of ten in 1 / a, which may be no float
    between = {round(low * (high / low) ** (k / CURVE)) for k in range(CURVE + 1)}
    points = []
    for L in sorted(between | {low, high}):
        if (L - 1) * powers > 300:  # nor its power
            break
        points.append((L, Theorem1(a, a, L, 0, epsilon, 1, 1).threshold()))
        if points[-1][1] > LARGEST_SCORE:
            break
    return points if points and points[0][1] <= LARGEST_SCORE else []


def _thresholds(ax: "Axes", errors: "Axes", curves: Sequence[tuple[str, str, Points]], L: Sequence[int]) -> None:
    """The panel below the errors, on the same distances."""
    for _, colour, points in curves:
        line(ax, points, colour, dashed=True)
    for name, colour in {name: colour for name, colour, _ in curves}.items():
        dash = INK if name == OF_A else colour
        errors.plot([], [], color=dash, linestyle="--", linewidth=1.4, label=name)
    scores = [score for _, _, points in curves for _, score in points]
    up_to_largest(ax, scores, "score asked for")
    ax.sharex(errors)
    logarithmic(ax, errors.get_xlabel(), L)
    errors.set_xlabel("")
    errors.tick_params(labelbottom=False)


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
    seen: list[tuple[int, float]] = []
    ssm = _theorem1(settings, rows, epsilon)
    for a, colour, points in ssm:
        line(ax, points, colour, f"Theorem 1, a = {number(a)}")
        exact = _above_0((row["L"], row["required_score"]) for row in one_hot(rows) if row["a_min"] == a)
        marks(ax, exact, colour, "o", "white")
        seen += [*points, *exact]
    if seen:
        ax.plot([], [], "o", color=INK, mfc="white", label="exact, ssm-constant as built")
    own = [row for row in rows if row["module"] == "attention" and row["theorem_threshold"] is not None]
    if own:
        colour, marker = MARKS["attention"]
        nearest = [row for row in own if row["L"] == min(row["L"] for row in own)]
        points = sorted((row["N"], row["theorem_threshold"] - _loudest(row)) for row in nearest)
        known = [row for row in nearest if row["required_score"] is not None]
        exact = _above_0((row["N"], row["required_score"] - _loudest(row)) for row in known)
        line(ax, points, colour, "Theorem 2: log N + c above rho")
        marks(ax, exact, colour, marker, "white", "exact, attention as built")
        seen += [*points, *exact]
    if seen:
        logarithmic(ax, "L (SSM), N (attention)", [x for x, _ in seen])
        up_to_largest(ax, [score for _, score in seen], "score that is required")
        legend(ax)
    else:
        nothing(ax, "all scores lie above $10^8$" if ssm else "needs ssm-constant with a_min < 1, or attention")
    ax.set_title("Required score: exponential against logarithm")


def _loudest(row: Row) -> float:
    """rho: Theorem 2's threshold less its log L~ + c."""
    c = math.log(4.0 / float(row["epsilon"]))
    return row["theorem_threshold"] - c - math.log(max(row["L"], row["N"] - 1))


def _above_0(points: Iterable[tuple[int, Any]]) -> list[tuple[int, float]]:
    """Those that a logarithmic axis can show."""
    return [(x, y) for x, y in points if isinstance(y, float) and 0 < y < LARGEST_SCORE]


def _average(ax: "Axes", rows: Sequence[Row]) -> None:
    """All N values asked for after all are written, nothing forgotten."""
    ax.set_title("Average case: all are asked for at the end")
    own = [row for row in rows if row["rms_least"] is not None]
    if not own:
        nothing(ax, "needs ssm-constant")
        return
    for d_h, colour in zip(drawn(states(own)), SHADES, strict=False):
        points = [(row["N"] / d_h, row["rms_error"]) for row in own if row["d_h"] == d_h]
        marks(ax, points, colour, "o", "white", f"measured, d_h = {d_h}")
    low, high = (end(row["N"] / row["d_h"] for row in own) for end in (min, max))
    if low == high:
        low, high = low / 4, high * 4
    ratios = [low * (high / low) ** (k / 400) for k in range(401)]
    least = [mean_square_floor(max(round(x * 10**6), 1), 10**6) for x in ratios]
    line(ax, list(zip(ratios, least, strict=True)), INK, "least on average, sqrt(1 - d_h/N)")
    logarithmic(ax, "N / d_h", ratios)
    ax.set_ylabel("rms error / rms of values")
    ax.set_ylim(-0.03, 1.05 * max([1.05, *(row["rms_error"] for row in own if math.isfinite(row["rms_error"]))]))
    legend(ax)


def states(rows: Sequence[Row]) -> list[int]:
    """The d_h of the average case, in order."""
    return sorted({row["d_h"] for row in rows if row["rms_least"] is not None})
