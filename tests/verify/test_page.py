"""Pages: Markdown that renders, the same bytes each time."""

import pytest

from verify.page import Page
from verify.table import Column, Table

TABLE = Table("Sizes", (Column("L"), Column("status", right=False)), (("8", "a|b"), ("4096", "two\nlines")))


def test_a_table_is_aligned_and_a_bar_stays_in_its_cell():
    page = Page("T")
    page.table(TABLE)
    assert page.text() == (
        "# T\n\n**Sizes**\n\n|    L | status    |\n| ---: | --------- |\n|    8 | a\\|b      |\n| 4096 | two lines |\n"
    )


def test_a_whole_page():
    def build() -> str:
        page = Page("COPY")
        page.heading("Figure")
        page.paragraph("Text.")
        page.figure("copy.png", "Error against N")
        page.closing("verify copy --N 64", {"verify": "0.1.0", "python": "3.11"}, ["The formats."])
        return page.text()

    text = build()
    assert text == build()
    assert "![Error against N](copy.png)" in text
    assert "```sh\nverify copy --N 64\n```" in text
    assert "Made with verify 0.1.0, python 3.11." in text
    assert text.endswith("## What is trusted\n\n- The formats.\n")


def test_a_table_checks_its_rows_and_its_columns():
    with pytest.raises(ValueError, match="a row of 1 cells for 2 columns"):
        Table("t", TABLE.columns, (("8",),))
    with pytest.raises(ValueError, match="rank of column 'L' is -1"):
        Column("L", rank=-1)


def test_the_most_expendable_column_goes_first():
    table = Table(
        "", (Column("a"), Column("b", rank=1), Column("c", rank=2), Column("d", rank=1)), (("1", "2", "3", "4"),)
    )
    dropped = []
    while (index := table.most_expendable()) is not None:
        dropped.append(table.columns[index].header)
        table = table.without(index)
    assert dropped == ["c", "d", "b"]
    assert table.rows == (("1",),)
