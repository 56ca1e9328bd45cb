"""The figure of `verify bounds`: it is drawn whatever was asked, the same bytes each time."""

import io
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from verify.bounds import figure as bounds_figure
from verify.bounds.figure import Blocks, figure
from verify.bounds.limits import limits_of
from verify.bounds.rows import rows_of
from verify.bounds.settings import BoundsSettings


def blocks(*a_mins: str, **fields: Any) -> Blocks:
    settings = BoundsSettings(tuple(map(Fraction, a_mins)), **fields)
    return [(a_min, list(rows_of(settings, a_min, limits_of(settings, a_min)))) for a_min in settings.a_min]


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def test_the_same_settings_draw_the_same_bytes():
    asked = blocks("0.9", "0.99", L=(8, 64, 512))
    picture = figure(asked)
    assert picture == figure(asked)
    assert pixels(picture).shape[1] == 1350
    assert b"Software" not in picture
    assert b"Matplotlib" not in picture
    assert picture != figure(blocks("0.9", "0.99", L=(8, 64, 512), delta=Fraction("0.0009")))


def test_scores_are_labelled_at_whole_powers(monkeypatch: pytest.MonkeyPatch):
    drawn: list[Axes] = []
    right = bounds_figure._scores
    monkeypatch.setattr(bounds_figure, "_scores", lambda axes, asked: (right(axes, asked), drawn.append(axes)))
    for L in ((1, 2), (8, 64), (8, 4096)):
        figure(blocks("0.9", L=L))
        ticks = drawn[-1].get_yticks()
        assert len(ticks) >= 3
        assert all(float(tick).is_integer() for tick in ticks)


@pytest.mark.parametrize(
    ("a_mins", "fields"),
    [
        (("1",), {"L": (8, 16)}),
        (("0.9",), {"L": (1,), "epsilon": Fraction(3)}),
        (("0.5",), {"L": (8, 65536), "alpha_pos": Fraction(1, 2)}),
        (
            ("0.9",),
            {"L": (16, 256, 10**5), "delta": Fraction(10**30), "epsilon": Fraction(10**300), "alpha_pos": Fraction(1)},
        ),
    ],
)
def test_it_is_drawn_at_the_corners(a_mins: tuple[str, ...], fields: dict[str, Any]):
    """Undefined thresholds, one point, negative thresholds, numbers beyond any float: no warning, nothing clipped."""
    picture = pixels(figure(blocks(*a_mins, **fields)))
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edge == 255).all()


def drawn(monkeypatch: pytest.MonkeyPatch, made: Blocks) -> dict[str, Axes]:
    """The panels as the figure leaves them."""
    kept: dict[str, Axes] = {}
    true_draw = bounds_figure.draw

    def keeping(*words: Any, **named: Any) -> Any:
        canvas, axes = true_draw(*words, **named)
        kept.update(axes)
        return canvas, axes

    monkeypatch.setattr(bounds_figure, "draw", keeping)
    figure(made)
    return kept


def test_a_curve_of_one_point_is_seen(monkeypatch: pytest.MonkeyPatch):
    panels = drawn(monkeypatch, blocks("0.9", L=(7,)))
    lines = [line for panel in panels.values() for line in panel.lines if len(np.asarray(line.get_xdata())) == 1]
    assert len(lines) == 8
    assert all(line.get_marker() not in ("", "None") for line in lines)


def test_a_panel_whose_points_all_lie_beyond_it_says_so(monkeypatch: pytest.MonkeyPatch):
    panels = drawn(monkeypatch, blocks("0.9", delta=Fraction(5)))
    assert [text.get_text() for text in panels["shares"].texts] == ["every score is more than 2 times the cap"]
    assert not drawn(monkeypatch, blocks("0.9"))["shares"].texts
