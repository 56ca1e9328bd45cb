"""One house style for every figure: readable at 900 pixels, colours that all can tell apart, the same bytes each time.

Matplotlib is imported inside the functions, because only a run that writes a report needs it.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, in an order that keeps neighbours far apart in lightness.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
INK = "#222222"
FAINT = "#8A8A8A"
GRID = "#DDDDDD"

_DOTS_PER_INCH = 150
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.0,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


def load() -> None:
    """Import what drawing needs; done in a thread beside other work, the first figure need not wait for it."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


@contextmanager
def house_style() -> Iterator[None]:
    """The settings that `draw`, everything drawn, and `png` belong inside; they are undone at the end."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        yield


def draw(panels: Sequence[Sequence[str]], height: float, width: float = 9.0) -> "tuple[Figure, dict[str, Axes]]":
    """A figure of `width` x `height` inches with named panels, laid out as a grid of names (a name may span cells)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplot_mosaic([list(row) for row in panels])


def png(figure: "Figure") -> bytes:
    """The picture as PNG bytes; nothing in it tells the version or the time."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def label_line(axes: "Axes", y: float, text: str) -> None:
    """A thin horizontal line at `y`, named at its right end just above it."""
    axes.axhline(y, color=FAINT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    axes.annotate(
        text,
        xy=(1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 2),
        textcoords="offset points",
        ha="right",
        color=FAINT,
        fontsize=9,
    )
