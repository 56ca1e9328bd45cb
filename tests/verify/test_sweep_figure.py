"""The figure of `verify sweep`: of any settings all words lie in the picture and on nothing, every axis has ticks."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

import verify.sweep.figure
from bounds.theorem1 import Theorem1
from tests.verify.test_sweep_closed_forms import COPIED
from verify.sweep.figure import LARGEST_SCORE, SHADES, _met, drawn, figure, theorem1_points
from verify.sweep.grid import Run, cells
from verify.sweep.measure import Record
from verify.sweep.page import _caption
from verify.sweep.rows import row
from verify.sweep.settings import SweepSettings

ATTENTION = replace(COPIED, score=9.0, log_others=0.0, loudest=0.0)
NINE_A = tuple(map(Fraction, ["0.001", "0.5", "0.8", "0.9", "0.95", "0.99", "0.999", "0.9999", "1"]))
NINE_D_H = (5, 7, 11, 13, 17, 19, 23, 50, 99)
SETTINGS = {
    "three of each": SweepSettings(
        N=(48, 96, 192), L=(6, 24, 90, 192), epsilon=(Fraction(1, 50),), d_h=(12, 100), a_min=NINE_A[3:6]
    ),
    "nine of ssm-constant": SweepSettings(
        N=(7, 100), L=(3, 100), epsilon=(Fraction(1, 2),), d_h=NINE_D_H, a_min=NINE_A,
        modules=("ssm-constant", "attention"),
    ),
    "no power in sight": SweepSettings(
        N=(1000,), L=(999, 1000), epsilon=(Fraction(1, 10),), modules=("attention",)
    ),
    "one of everything": SweepSettings(
        N=(1,), L=(1,), epsilon=(Fraction("1e-12"),), modules=("ssm-linear",)
    ),
}  # fmt: skip


def record(run: Run) -> Record:
    entries = {"ssm-constant": 16 * run.d_h, "attention": 17 * run.N}.get(run.module, 16 * run.N)
    made = replace(ATTENTION if run.module == "attention" else COPIED, d_h=run.d_h, state_entries=entries)
    if run.L is None:
        return replace(made, rms_least=0.0)
    return replace(made, score=0.95 * float(run.a) ** (run.L - 1)) if run.module == "ssm-constant" else made


def rows_of(settings: SweepSettings) -> list[dict[str, Any]]:
    return [row(cell, record(cell.run)) for cell in cells(replace(settings, dtypes=("float32",)))]


def panels(monkeypatch: pytest.MonkeyPatch, settings: SweepSettings, rows: list[dict[str, Any]]) -> dict[str, Axes]:
    """The panels as the figure leaves them."""
    kept: dict[str, Axes] = {}
    right = verify.sweep.figure.draw

    def keeping(*words: Any, **named: Any) -> Any:
        canvas, axes = right(*words, **named)
        kept.update(axes)
        return canvas, axes

    monkeypatch.setattr(verify.sweep.figure, "draw", keeping)
    assert figure(settings, rows).startswith(b"\x89PNG")
    return kept


def words(ax: Axes) -> Iterator[Text]:
    """All that is written in and around a panel, without the ticks that are out of sight."""
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        labels = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        yield from (label for label in labels if label.get_visible())
        yield axis.label
    yield ax._left_title  # pyright: ignore[reportAttributeAccessIssue]  # where the house style puts it
    yield from ax.texts
    if (legend := ax.get_legend()) is not None:
        yield from legend.get_texts()


def misplaced(axes: dict[str, Axes]) -> list[str]:
    """Words outside the picture, words on words, and legends on a panel."""
    canvas = next(iter(axes.values())).figure
    boxes = [
        (text.get_text(), text.get_window_extent()) for ax in axes.values() for text in words(ax) if text.get_text()
    ]
    outside = [
        text for text, box in boxes
        if box.x0 < 0 or box.y0 < 0 or box.x1 > canvas.bbox.width or box.y1 > canvas.bbox.height
    ]  # fmt: skip
    clashing = [f"{one} on {other}" for (one, a), (other, b) in combinations(boxes, 2) if a.overlaps(b)]
    legends = [(name, legend.get_window_extent()) for name, ax in axes.items() if (legend := ax.get_legend())]
    covering = [
        f"the legend of {name} on {panel}"
        for name, box in legends for panel, ax in axes.items() if box.overlaps(ax.get_window_extent())
    ]  # fmt: skip
    return outside + clashing + covering


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_all_words_are_in_the_picture_and_every_axis_has_ticks(
    monkeypatch: pytest.MonkeyPatch, settings: SweepSettings
):
    """Legends lay over the points, a title ran out of the picture, the distances 999 and 1000 were at no tick."""
    axes = panels(monkeypatch, settings, rows_of(settings))
    assert misplaced(axes) == []
    for ax in axes.values():
        empty = not ax.lines
        for axis, several in ((ax.xaxis, len(settings.N) > 1), (ax.yaxis, True)):
            low, high = sorted(axis.get_view_interval())
            assert empty or sum(low <= tick <= high for tick in axis.get_ticklocs()) >= 1 + several
    if settings.L == (999, 1000):
        assert axes["asked"].get_xticks().tolist() == [999, 1000]


def test_words_that_are_misplaced_are_seen(monkeypatch: pytest.MonkeyPatch):
    settings = SETTINGS["no power in sight"]
    axes = panels(monkeypatch, settings, rows_of(settings))
    axes["distance"].set_title("Error against distance (filled: where its own score meets the threshold)", loc="left")
    axes["atlas"].legend(loc="upper left")
    axes["asked"].text(-0.2, 0.5, "Theorem 1", transform=axes["asked"].transAxes)
    axes["atlas"].figure.draw_without_rendering()  # pyright: ignore[reportAttributeAccessIssue]
    found = misplaced(axes)
    assert any(text.startswith("Error against distance") for text in found)
    assert "the legend of atlas on atlas" in found
    assert any("Theorem 1" in text for text in found)


def test_what_is_not_drawn_is_named():
    settings = SETTINGS["nine of ssm-constant"]
    rows = rows_of(settings)
    said = _caption(settings, "float32", "0.5", rows)
    assert "5 of 9 a_min (0.001, 0.8, 0.95, 0.999, 1) and 5 of 9 d_h (5, 11, 17, 23, 99) are drawn" in said
    assert "a mark is filled where the threshold is met: the score of the weights is at least" in said
    assert "marks the exact requirement of the weights as built" in said
    assert "A line that ends at the upper edge goes on above it" in said
    assert "finite" not in said
    lost = [found | {"max_abs_error": math.nan} for found in rows]
    assert "errors are no finite numbers and not shown" in _caption(settings, "float32", "0.5", lost)
    few = SETTINGS["three of each"]
    assert "are drawn" not in _caption(few, "float32", "0.02", rows_of(few))


def test_both_ends_are_among_those_that_are_drawn():
    for count in range(1, 30):
        values = list(range(count))
        kept = drawn(values)
        assert len(kept) == len(set(kept)) == min(count, len(SHADES))
        assert (kept[0], kept[-1]) == (0, count - 1)
        assert kept == sorted(kept)


def test_a_line_of_theorem_1_leaves_the_panel_or_ends_with_the_distances():
    epsilon = Fraction(1, 10)
    for a, beyond in ((Fraction("0.9"), True), (Fraction("0.999"), False)):
        points = theorem1_points((8, 4096), a, epsilon)
        assert all(score <= LARGEST_SCORE for _, score in points[:-1])
        assert (points[-1][1] > LARGEST_SCORE) is beyond
        assert points[0][0] == 8
        assert beyond or points[-1][0] == 4096
        assert points[-1][1] == Theorem1(a, a, points[-1][0], 0, epsilon, 1, 1).threshold()
    assert theorem1_points((100, 200), Fraction("0.001"), epsilon) == []
    assert theorem1_points((2, 2**20), Fraction(1, 10**400), epsilon) == []


@pytest.mark.parametrize(
    ("score", "threshold", "met"),
    [
        (2.0, 2.0, True),
        (1.9, 2.0, False),
        ("1.2e+400", 2.0, True),
        (2.0, "1.2e+400", False),
        ("1.2e+400", "1.3e+400", False),
        (2.0, None, False),
        (None, None, False),
    ],
)
def test_a_threshold_is_met_by_a_score_that_is_no_less_also_beyond_floats(score: Any, threshold: Any, met: bool):
    assert _met({"available_score": score, "theorem_threshold": threshold}) is met


def test_marks_are_filled_where_the_threshold_is_met(monkeypatch: pytest.MonkeyPatch):
    settings = replace(SETTINGS["one of everything"], modules=("ssm-constant",), d_h=(1,), a_min=NINE_A[3:4])
    (found,) = [found for found in rows_of(settings) if found["L"] is not None]
    for score, met in ((2.0, True), (1.9, False)):
        rows = [{**found, "available_score": score, "theorem_threshold": 2.0}]
        ax = panels(monkeypatch, settings, rows)["distance"]
        faces = {line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"}
        assert (SHADES[0] in faces) is met
        assert ax.get_title(loc="left").endswith("(filled: threshold met)" if met else "(no threshold is met)")
