"""Decided rows between runs: taken again only by the same code and settings, and never half of one."""

from pathlib import Path

import pytest

from verify.claims import store as module
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.decided import Decided
from verify.claims.store import Store, fingerprint, source_files
from verify.verdict import Check, Verdict

DECISION = Decision((Check("claims/T/printed", "T", Verdict.PROVED, 1, 2, "by symbols"),))
CLAIMS = [Claim(id, "A.1", "Theorem 1", "it is", lambda _: DECISION) for id in ("T", "S")]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_rows_are_kept_until_they_are_forgotten():
    store = Store("key")
    assert store.read(CLAIMS) == {}
    store.write(Decided(CLAIMS[0], DECISION))
    found = Store("key").read(CLAIMS)
    assert {id: row.decision for id, row in found.items()} == {"T": DECISION}
    assert Store("other").read(CLAIMS) == {}
    store.forget()
    assert store.read(CLAIMS) == {}
    store.forget()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"printed": []}'])
def test_a_damaged_row_is_decided_again(content: bytes):
    store = Store("key")
    store.write(Decided(CLAIMS[0], DECISION))
    (store.folder / "T.json").write_bytes(content)
    assert store.read(CLAIMS) == {}


def test_a_folder_that_cannot_be_written_loses_time_alone(cache: Path):
    cache.write_text("in the way")
    store = Store("key")
    store.write(Decided(CLAIMS[0], DECISION))
    assert store.read(CLAIMS) == {}


def test_the_key_names_the_code_the_packages_and_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = tmp_path / "bounds" / "one.py"
    source.parent.mkdir()
    source.write_text("a = 1\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    keys = {fingerprint(Setup(), "numpy 2"), fingerprint(Setup(fast=True), "numpy 2"), fingerprint(Setup(), "numpy 3")}
    assert fingerprint(Setup(), "numpy 2") in keys
    source.write_text("a = 2\n")
    keys.add(fingerprint(Setup(), "numpy 2"))
    assert len(keys) == 4


def test_the_code_is_all_three_packages():
    names = {path.relative_to(module.ROOT).parts[0] for path in source_files()}
    assert names == {"bounds", "constructions", "verify"}
    assert Path(module.__file__) in source_files()
