"""Decided rows kept between runs, so that an interrupted run goes on where it was.

A row is taken only by the same code, the same packages and the same settings; a run that ends forgets its rows, so
that the next one decides everything anew.
"""

import hashlib
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from verify.claims.claim import Claim, Setup
from verify.claims.decided import Decided, freeze, thaw
from verify.errors import BadInput
from verify.files import cache_folder, write_whole

PACKAGES = ("bounds", "constructions", "verify")
ROOT = Path(__file__).parents[2]


def source_files() -> list[Path]:
    """Every file of code of the three packages, in one order."""
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def fingerprint(setup: Setup, environment: str) -> str:
    """What a decided row depends on, as a hash: the code, the packages' versions, the settings."""
    digest = hashlib.sha256(f"{setup!r}\0{environment}".encode())
    for path in source_files():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class Store:
    """A folder of rows, one file each, written whole.  A folder that cannot be written costs time, not results."""

    def __init__(self, key: str) -> None:
        self.folder = cache_folder() / "ledger" / key

    def read(self, claims: Sequence[Claim]) -> dict[str, Decided]:
        """The rows that are there, by id."""
        found = {claim.id: self._row(claim) for claim in claims}
        return {id: row for id, row in found.items() if row is not None}

    def write(self, row: Decided) -> None:
        """Keep a row."""
        with suppress(BadInput, OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / f"{row.claim.id}.json", freeze(row.decision))

    def forget(self) -> None:
        """Drop all rows of this key."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _row(self, claim: Claim) -> Decided | None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return Decided(claim, thaw((self.folder / f"{claim.id}.json").read_text(encoding="utf-8")))
        return None
