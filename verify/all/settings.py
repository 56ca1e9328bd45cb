"""What `verify all` is asked: how hard to try, and what becomes of the pages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.claims.claim import Setup
from verify.errors import BadInput, quoted


@dataclass(frozen=True)
class AllSettings:
    """folder: where the pages belong; None for no pages.  check: compare with what lies there and write nothing."""

    setup: Setup
    folder: Path | None
    check: bool

    @property
    def written(self) -> Path | None:
        """The folder that is written to; None for none."""
        return None if self.check else self.folder

    def document(self) -> dict[str, Any]:
        """The settings of the JSON document."""
        return {"fast": self.setup.fast, "seed": self.setup.seed, "check": self.check}


def parse(folder: Path | None, named: bool, check: bool, fast: bool) -> AllSettings:
    """The request.  folder: where pages are wanted, None for none; named: whether the user named it.

    With --fast no pages are made: they speak of the whole run. Raises BadInput where --check has no folder to look at,
    or pages of the whole run to compare with fast ones, and for --fast with a folder for pages.
    """
    if check and folder is None:
        raise BadInput("--check --no-report", "the check needs the folder of the reports", "verify all --check")
    if check and fast:
        raise BadInput("--check --fast", "the pages to compare with come from the whole run", "verify all --check")
    if fast and named:
        raise BadInput(f"--fast --out {quoted(str(folder))}", "--fast writes no page", "verify all --fast")
    if check and named and folder is not None and not folder.is_dir():
        allowed = "--check compares with the pages in a folder, and there is none of that name"
        raise BadInput(f"--check --out {quoted(str(folder))}", allowed, "verify all --check")
    return AllSettings(Setup(fast), None if fast else folder, check)
