"""A table as data: the console and the page draw the same one, so they cannot disagree."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column. right: its cells are numbers, aligned at their right end.

    rank: what may be left out on a narrow screen; 0 always stays, and higher ranks go first.
    wraps: its cells are words, which may go on in a second line; numbers and names are never broken.
    """

    header: str
    right: bool = True
    rank: int = 0
    wraps: bool = False

    def __post_init__(self) -> None:
        if self.rank < 0:
            raise ValueError(f"the rank of column {self.header!r} is {self.rank}; allowed are 0 and above")


@dataclass(frozen=True)
class Table:
    """Cells as finished text, a tuple a row. Raises ValueError when a row and the columns differ in number."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: a row of {len(row)} cells for {len(self.columns)} columns")

    def without(self, index: int) -> "Table":
        """The same table less one column."""
        return Table(
            self.title,
            self.columns[:index] + self.columns[index + 1 :],
            tuple(row[:index] + row[index + 1 :] for row in self.rows),
        )

    def most_expendable(self) -> int | None:
        """The index of the column to leave out first: highest rank, the rightmost of those; None when all must stay."""
        index = max(range(len(self.columns)), key=lambda k: (self.columns[k].rank, k), default=None)
        return None if index is None or self.columns[index].rank == 0 else index
