"""Folders that exports are written into: what is ours is replaced, what is not stays, and no half is left."""

import errno
import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

from verify.cli import main
from verify.export import command
from verify.export.certificate import CERTIFICATE
from verify.export.construct import construct
from verify.export.disk import contents, read, write
from verify.export.folder import CONFIG, LOADED_BESIDES, NAMES, VOCABULARY, WEIGHTS, as_typed
from verify.export.settings import parse

pytestmark = pytest.mark.usefixtures("extra")
COPY = ["export", "copy", "--N", "3", "--d", "1", "--quiet", "--out"]


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    """A compiled program as files."""
    folder = tmp_path_factory.mktemp("language") / "export"
    write(construct(parse("dp", {"problem": "subarray", "theorem": "5", "n": "1", "instances": "1"})), folder)
    return folder


@pytest.fixture
def folder(language, tmp_path):
    """A copy of it."""
    return shutil.copytree(language, tmp_path / "export")


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a refusal is."""
    assert main(words) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    return said.err


def test_an_older_export_is_replaced_and_nothing_of_it_left(folder):
    """Regression: the vocabulary of the language model stayed beside a memory; a stranger's file is none of ours."""
    (folder / "README.md").write_text("mine")
    assert (folder / VOCABULARY).is_file()
    assert main([*COPY, str(folder)]) == 0
    wanted = contents(construct(parse("copy", {"N": "3", "d": "1"})))
    assert state(folder) == wanted | {"README.md": b"mine"}


@pytest.mark.parametrize("name", [*NAMES, *LOADED_BESIDES])
@pytest.mark.parametrize("with_ours", [False, True])
def test_a_stranger_s_file_is_refused_and_stays(folder, name, with_ours, capsys):
    """Regression: a model of somebody else was overwritten without a word."""
    for path in () if with_ours else list(folder.iterdir()):
        path.unlink()
    (folder / name).write_bytes(b'{"mine": 1}')
    before = state(folder)
    said = refused([*COPY, str(folder)], capsys)
    assert (" is there, and not as `verify export` wrote it" in said, state(folder)) == (True, before)
    hint = shlex.split(said.split("nearest that works: ")[1])
    assert main([*COPY[:-1], *hint]) == 0
    assert sorted(path.name for path in folder.parent.iterdir()) == ["export", "export-2"]


@pytest.mark.parametrize("planted", ["{", '{"schema": "verify-export/1", "files": 3}', "[]", "[" * 100_000])
def test_a_certificate_that_is_none_makes_nothing_ours(folder, planted, capsys):
    (folder / CERTIFICATE).write_text(planted)
    before = state(folder)
    assert f"{CONFIG} is there" in refused([*COPY, str(folder)], capsys)
    assert state(folder) == before


def test_a_link_to_a_stranger_s_file_is_no_file_of_ours(folder, tmp_path, capsys):
    (tmp_path / "weights").write_bytes(b"mine")
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).symlink_to(tmp_path / "weights")
    refused([*COPY, str(folder)], capsys)
    assert (tmp_path / "weights").read_bytes() == b"mine"


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_a_full_disk_leaves_the_folder_as_it_was(folder, there, monkeypatch, capsys):
    """Planted: no room for the last file."""
    before, calls, sync = state(folder), iter(range(2)), os.fsync
    if not there:
        shutil.rmtree(folder)

    def full(file):
        if next(calls, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    monkeypatch.setattr(os, "fsync", full)
    said = refused([*COPY, str(folder)], capsys)
    assert said.endswith("(No space left on device); nearest that works: --out with a folder you may write to\n")
    assert state(folder) == before if there else list(folder.parent.iterdir()) == []


@pytest.mark.parametrize("name", LOADED_BESIDES)
def test_what_transformers_would_load_besides_is_refused(folder, name, capsys):
    """Regression: how to generate was not taken from there by the check, but by everyone who loads the folder."""
    (folder / name).write_text("{}")
    said = refused(["check", str(folder), "--no-report"], capsys)
    assert f"{name} lies there too: {LOADED_BESIDES[name]}" in said


def test_what_nothing_reads_is_named(tmp_path, capsys):
    """A pickle and a module beside an export; neither is opened."""
    folder = tmp_path / "export"
    assert main([*COPY, str(folder)]) == 0
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04\x95.")
    (folder / "modeling_mamba.py").write_text("raise SystemExit(9)")
    capsys.readouterr()
    assert main(["check", str(folder), "--out", str(tmp_path)]) == 0
    words = "Not read and not judged, 2 beside the export: modeling_mamba.py, pytorch_model.bin."
    assert words in " ".join(capsys.readouterr().out.split())
    (page,) = tmp_path.glob("*.md")
    assert words in page.read_text().replace("\\", "")
    assert main(["check", str(folder), "--no-report", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["not_read"] == ["modeling_mamba.py", "pytorch_model.bin"]


@pytest.mark.parametrize("other", [True, False], ids=["an export", "a part of one"])
def test_another_process_that_writes_there_is_named(other, tmp_path, monkeypatch, capsys):
    """Planted: behind our back, an export with another N, or another certificate.  Regression: REFUTED, by no cause."""
    folder, right = tmp_path / "export", command.write

    def interfered(construction, place):
        files = right(construction, place)
        if other:
            write(construct(parse("copy", {"N": "4", "d": "1"})), place)
        else:
            (place / CERTIFICATE).write_text("{}")
        return files

    monkeypatch.setattr(command, "write", interfered)
    said = refused([*COPY, str(folder)], capsys)
    assert "as it was written a moment ago: another process wrote there meanwhile" in said
    monkeypatch.undo()
    assert main([*COPY[:-1], *shlex.split(said.split("nearest that works: ")[1])]) == 0


def test_the_hint_for_what_is_no_export_can_be_pasted(tmp_path, monkeypatch, capsys):
    """Regression: it was prose."""
    monkeypatch.chdir(tmp_path)
    hint = refused(["check", "nosuch"], capsys).split("nearest that works: ")[1]
    first, second = (shlex.split(part) for part in hint.split("&&"))
    assert (first[0], main([*first[1:], "--quiet"])) == ("verify", 0)
    assert (second[0], read(second[-1]).construction.settings) == ("verify", parse("copy", {}))


def test_a_narrow_screen_gets_a_table(tmp_path, monkeypatch, capsys):
    """Regression: at 60 columns each of eleven lines became a block of two; nothing of the commit is lost."""
    monkeypatch.setenv("COLUMNS", "60")
    assert main([*(word for word in COPY if word != "--quiet"), str(tmp_path / "export")]) == 0
    said = capsys.readouterr().out
    table = said.split("PROVED")[0]
    stated = json.loads((tmp_path / "export" / CERTIFICATE).read_text())["commit"]
    assert "what" in table.splitlines()[1]
    assert max(map(len, table.splitlines())) <= 60
    assert stated is None or stated in "".join(line.split()[-1] for line in table.splitlines() if line.strip())


def test_a_refused_check_leaves_no_folder_of_reports(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    refused(["check", "nosuch"], capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_gets_a_hint_of_options_that_there_are(capsys):
    assert main(["export", "copy", "--N", "3", "--d", "1", "--out", "/dev/null/x"]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "no-report" in said) == (1, False)
    assert said.endswith("nearest that works: --out with a folder you may write to\n")


@pytest.mark.parametrize("name", ["a b", "it's", "$HOME", "-dash"])
def test_the_command_that_is_shown_can_be_typed(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", "copy", "--N", "3", "--d", "1", f"--out={name}"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"`verify check {as_typed(name)}` runs it" in said
    (word,) = shlex.split(as_typed(name))
    assert not word.startswith("-")
    assert (tmp_path / word / CERTIFICATE).is_file()


def test_what_a_tree_that_was_never_installed_exports_is_read(tmp_path, monkeypatch):
    """It was refused for its certificate, which names no version."""
    monkeypatch.setattr("verify.environment.DISTRIBUTION", "never-installed")
    assert main(["export", "gadget", "--name", "product", "--out", str(tmp_path), "--quiet"]) == 0
    assert read(str(tmp_path)).claimed["made_with"].endswith(" source tree")
