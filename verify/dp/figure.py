"""The figures of `verify dp`: operations and state entries against T; a stack's weights by named subspace."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from constructions.programs.stack import Stack
from verify.dp.growth import Point
from verify.dp.layers import weights
from verify.figures import FAINT, INK, PALETTE, draw, house_style, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = {4: ("-", "o"), 5: ("--", "s")}
ATTENDED = {4: ":", 5: "-."}  # the reads of a stack, by attention: of as many readers, so the curves may lie close
ROW_INCHES = 0.2  # of a block in the picture of the weights


def costs(curves: Sequence[tuple[str, int, Sequence[Point]]]) -> bytes:
    """Problem, theorem and sizes of each curve: operations of one token (left) and of a whole run (middle), entries
    carried (right), against T; dotted, and dashed and dotted for Theorem 5, attention heads with a cache in place of
    the memories.
    """
    colours = dict(zip(dict.fromkeys(name for name, _, _ in curves), PALETTE, strict=False))
    with house_style():
        canvas, axes = draw([["operations", "total", "state"]], height=5.0, width=13.0)
        for name, theorem, points in curves:
            line, marker = STYLES[theorem]
            style: dict[str, Any] = {"color": colours[name], "linestyle": line, "marker": marker}
            T = [p.T for p in points]
            label = f"{name}, Theorem {theorem}"
            axes["operations"].plot(T, [p.operations for p in points], label=label, **style)
            axes["total"].plot(T, [p.total for p in points], **style)
            beside: dict[str, Any] = {"color": colours[name], "linestyle": ATTENDED[theorem], "linewidth": 1.2}
            axes["operations"].plot(T, [p.attended for p in points], **beside)
            axes["total"].plot(T, [p.attended_total for p in points], **beside)
            axes["state"].plot(T, [p.carried.state_entries for p in points], **style)
        for theorem in sorted({theorem for _, theorem, _ in curves}):
            label = f"the reads of Theorem {theorem}'s stack by attention, KV cache"
            axes["operations"].plot([], [], color=INK, linestyle=ATTENDED[theorem], linewidth=1.2, label=label)
        _frame(axes["operations"], "Operations of one token", "multiplications and additions")
        _frame(axes["total"], "Operations of a whole run", "multiplications and additions")
        _frame(axes["state"], "Numbers carried from token to token", "state entries")
        handles, labels = axes["operations"].get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside lower left", ncols=3)
        return png(canvas)


def _frame(axes: "Axes", title: str, label: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title(title)
    axes.set_xlabel("T, tokens of a run (prompt included)")
    axes.set_ylabel(label)


def pictured(stack: Stack) -> bytes:
    """Nonzeros of W_1, W_2 (by the stage that wrote what they read) and W_3 (by the stage that it writes) of every
    block.
    """
    names, counts = weights(stack)
    blocks = [f"{named.stage}  {k}" for k, named in enumerate(stack.blocks, start=1)]
    largest = max(int(each.max()) for each in counts.values())
    with house_style():
        from matplotlib.colors import LogNorm

        canvas, axes = draw([list(counts)], height=2.0 + ROW_INCHES * len(blocks), width=11.0)
        image = None
        for title, each in counts.items():
            ax = axes[title]
            ax.grid(False)
            image = ax.imshow(np.ma.masked_equal(each, 0), aspect="auto", cmap="viridis", norm=LogNorm(1, largest + 1))
            ax.set_title(f"{title} {'writes' if title == 'W_3' else 'reads'}")
            ax.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
            ax.set_yticks(range(len(blocks)), blocks if title == "W_1" else [], fontsize=8)
            for k in range(1, len(stack.blocks)):
                if stack.blocks[k].stage != stack.blocks[k - 1].stage:
                    ax.axhline(k - 0.5, color=FAINT, linewidth=0.5)
        assert image is not None
        canvas.colorbar(image, ax=list(axes.values()), label="nonzero weights", shrink=0.6)
        return png(canvas)
