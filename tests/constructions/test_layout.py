"""Named subspaces: where each lies in the concatenated vector, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructions.layout import Layout, Space

LAYOUT = Layout((Space("x", 1, 3), Space("position", 4), Space("memory", 2, 5)))


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=6))
def test_spaces_tile_the_vector_in_order(sizes):
    layout = Layout(tuple(Space(f"s{k}", *size) for k, size in enumerate(sizes)))
    covered = [i for space in layout for i in range(layout.dim)[layout.coordinates(space.name)]]
    assert covered == list(range(layout.dim))
    assert layout.dim == sum(blocks * width for blocks, width in sizes)


def test_access_by_name():
    assert LAYOUT["memory"] == Space("memory", 2, 5)
    assert LAYOUT.coordinates("position") == slice(3, 7)
    assert LAYOUT.names == ("x", "position", "memory")
    assert "x" in LAYOUT
    assert "y" not in LAYOUT
    assert LAYOUT.only(("memory", "x")).names == ("x", "memory"), "the order is the layout's, not the caller's"


@pytest.mark.parametrize("ask", [LAYOUT.__getitem__, LAYOUT.coordinates])
def test_an_unknown_name_lists_the_known_ones(ask):
    with pytest.raises(KeyError, match="no space 'y'; this layout has x, position, memory"):
        ask("y")


def test_bad_spaces_are_refused():
    with pytest.raises(ValueError, match="needs a name"):
        Space("")
    for blocks, width in ((0, 1), (1, 0), (-1, 2)):
        with pytest.raises(ValueError, match=f"{blocks} blocks of width {width}; both must be at least 1"):
            Space("x", blocks, width)
    with pytest.raises(ValueError, match=r"must differ, got \['x', 'x'\]"):
        Layout((Space("x"), Space("x", 2)))
