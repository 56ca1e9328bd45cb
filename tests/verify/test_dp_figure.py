"""The figure of `verify dp`: what is drawn of both theorems can be told apart."""

import pytest

import verify.dp.figure
from bounds.sizes import Size
from verify.dp.figure import costs
from verify.dp.growth import Point


def point(T: int, m: int) -> Point:
    size = Size(m, m, m, m, m)
    return Point(T, m, 3, 3 * m, 4, size, size, 1.0, 9 * T, 9 * T * T)


def test_no_two_curves_of_a_panel_are_alike(monkeypatch: pytest.MonkeyPatch):
    """Attention beside Theorem 4 and beside Theorem 5 was dotted in one colour, under one name."""
    seen = []
    right = verify.dp.figure.draw
    monkeypatch.setattr(verify.dp.figure, "draw", lambda *args, **more: seen.append(right(*args, **more)) or seen[-1])
    lengths = (16, 64, 256)
    costs([("edit-distance", 4, [point(T, T) for T in lengths]), ("edit-distance", 5, [point(T, 8) for T in lengths])])
    ((_, axes),) = seen
    for panel in ("operations", "total", "state"):
        drawn = [line for line in axes[panel].get_lines() if len(line.get_xdata())]
        looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in drawn}
        assert len(looks) == len(drawn) > 0
    _, names = axes["operations"].get_legend_handles_labels()
    assert len(names) == 4
