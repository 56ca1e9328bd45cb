"""Files are written whole or not at all, and folders are tried before the work."""

import os
from pathlib import Path

import pytest

from verify.errors import BadInput
from verify.files import prepare_folder, read_input, write_whole


def test_a_folder_is_made_with_its_parents_and_left_empty(tmp_path: Path):
    folder = prepare_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("tail", ["file", "file/below", "nul\0"])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, tail: str):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        BadInput, match=r"^--out .*cannot be written \(.*\); nearest that works: --out .* or --no-report$"
    ):
        prepare_folder(tmp_path / tail)


def test_text_and_bytes_replace_what_was_there(tmp_path: Path):
    path = tmp_path / "page.md"
    write_whole(path, "old")
    write_whole(path, "α\n")
    assert path.read_bytes() == "α\n".encode()
    write_whole(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert os.listdir(tmp_path) == ["page.md"]


def test_a_failure_keeps_the_old_file_and_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "page.md"
    write_whole(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="No space left on device"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.md"]


def test_a_user_s_file(tmp_path: Path):
    path = tmp_path / "text"
    path.write_bytes(b"abc")
    assert read_input(str(path), "--values") == b"abc"
    path.write_bytes(b"")
    with pytest.raises(BadInput, match="file is empty"):
        read_input(str(path), "--values")
    with pytest.raises(BadInput, match="no such regular file"):
        read_input(str(tmp_path / "missing"), "--values")
    with pytest.raises(BadInput, match="no such regular file"):
        read_input(str(tmp_path), "--values")
