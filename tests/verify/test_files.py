"""Files are written whole or not at all, and folders are tried before the work."""

import os
import stat
from pathlib import Path

import pytest

from verify.errors import BadInput
from verify.files import LONGEST_NAME, prepare_folder, prepared, read_input, report_name, write_whole
from verify.sweep.settings import parse as parse_sweep


def test_a_folder_is_made_with_its_parents_and_left_empty(tmp_path: Path):
    folder = prepare_folder(tmp_path / "a" / "b")
    assert folder.is_dir()
    assert list(folder.iterdir()) == []


def test_folders_that_were_made_for_nothing_are_taken_away_and_others_stay(tmp_path: Path):
    (tmp_path / "there").mkdir()
    with prepared(tmp_path / "there" / "a" / "b"), prepared(tmp_path / "there"):
        assert (tmp_path / "there" / "a" / "b").is_dir()
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]
    with prepared(tmp_path / "there" / "a" / "b"):
        (tmp_path / "there" / "a" / "file").write_text("")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "file", "there"]


@pytest.mark.parametrize("tail", ["file", "file/below", "nul\0"])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, tail: str):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        BadInput, match=r"^--out .*cannot be written \(.*\); nearest that works: --out .* or --no-report$"
    ):
        prepare_folder(tmp_path / tail)


def test_a_folder_that_takes_short_names_alone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The page's name would be found too long only after the work."""
    write = Path.write_bytes

    def encrypted(self: Path, data: bytes) -> int:
        if len(self.name) > 143:  # what an encrypting file system leaves of 255
            raise OSError(36, "File name too long")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", encrypted)
    with pytest.raises(BadInput, match=r"cannot be written \(File name too long\)"):
        prepare_folder(tmp_path)


def test_a_name_says_its_parts_or_ends_in_their_hash():
    assert report_name(["bounds", "amin0.9,0.99"]) == "bounds-amin0.9_0.99"
    long = [report_name(["copy", "N" + ",".join(map(str, range(n)))]) for n in (99, 100)]
    assert len(set(long)) == 2
    assert {len(name) for name in long} == {LONGEST_NAME}
    assert report_name(["copy"], "a/b") != report_name(["copy"], "c/b") != report_name(["copy"])


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


def standing(kind: str, path: Path) -> None:
    """Something that is no regular file."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to nothing":
        path.symlink_to(path.with_name("nothing"))
    else:
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 7))
        except PermissionError:
            pytest.skip("making a device needs a superuser")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to nothing"])
def test_what_is_no_regular_file_is_left_as_it_is(tmp_path: Path, kind: str):
    """`--csv /dev/full`, as a superuser, once put a file in the device's place: the rename asks no device."""
    path = tmp_path / "rows.csv"
    standing(kind, path)
    before = path.lstat()
    with pytest.raises(BadInput, match="not a regular file"):
        write_whole(path, "rows")
    assert path.lstat() == before
    assert os.listdir(tmp_path) == ["rows.csv"]
    for option in ("store", "csv"):
        with pytest.raises(BadInput, match=r"^--(store|csv) .*not a regular file|the name of a file") as refusal:
            parse_sweep({option: str(path)}, fresh=False)
        assert parse_sweep({option: refusal.value.nearest.split()[-1]}, fresh=False)


def test_a_link_to_a_file_stays_one(tmp_path: Path):
    file, link = tmp_path / "a" / "file", tmp_path / "link"
    file.parent.mkdir()
    file.write_text("old")
    link.symlink_to(file)
    write_whole(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert os.listdir(file.parent) == ["file"]
