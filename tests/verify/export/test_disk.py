"""Files written and read again: what was tampered with is refused in one line, or refuted where it cannot be told."""

import hashlib
import json
import re
import shutil

import numpy as np
import pytest

from verify.cli import main
from verify.export.checks import folder_checks
from verify.export.construct import construct
from verify.export.disk import CERTIFICATE, CONFIG, WEIGHTS, contents, read, write
from verify.export.extra import safetensors
from verify.export.model import EMBEDDING
from verify.export.settings import parse
from verify.verdict import Verdict

pytestmark = pytest.mark.usefixtures("extra")
SMALL = {"N": "3", "d": "1"}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A folder as it is written."""
    folder = tmp_path_factory.mktemp("export")
    write(construct(parse("copy", SMALL)), folder)
    return folder


@pytest.fixture
def folder(original, tmp_path):
    """A copy of it, to be tampered with."""
    return shutil.copytree(original, tmp_path / "export")


def rewritten(folder, name, change):
    """A JSON file after `change`, which may return another document."""
    document = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(change(document) or document))


def hashed_again(folder):
    """The certificate made to name the files as they are."""
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (CONFIG, WEIGHTS)}
    rewritten(folder, CERTIFICATE, lambda c: c["files"].update(hashes))


def saved(folder, tensors):
    (folder / WEIGHTS).write_bytes(safetensors().save(tensors, metadata={"format": "pt"}))
    hashed_again(folder)


def test_what_is_written_is_read(original):
    loaded = read(str(original))
    assert loaded.construction.settings == parse("copy", SMALL)
    for name, tensor in loaded.construction.model.tensors.items():
        assert np.array_equal(loaded.tensors[name], tensor)


def test_the_same_settings_give_the_same_bytes():
    assert contents(construct(parse("copy", SMALL))) == contents(construct(parse("copy", SMALL)))


def test_the_names_of_mamba_ssm_differ_in_one_tensor():
    settings = parse("copy", SMALL | {"to": "mamba-ssm"})
    config = json.loads(contents(construct(settings))[CONFIG])
    assert config["ssm_cfg"] == {
        "layer": "Mamba1",
        "d_state": 3,
        "d_conv": 4,
        "expand": 1,
        "dt_rank": 1,
        "bias": False,
        "conv_bias": True,
    }
    assert (EMBEDDING["mamba-ssm"], EMBEDDING["hf-mamba"]) == (
        "backbone.embedding.weight",
        "backbone.embeddings.weight",
    )


TAMPERED = {
    "no certificate": (lambda f: (f / CERTIFICATE).unlink(), "there is no certificate.json"),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "there is no model.safetensors"),
    "not JSON": (lambda f: (f / CERTIFICATE).write_bytes(b"{\x80"), "certificate.json is not JSON"),
    "too deep": (lambda f: (f / CERTIFICATE).write_text("[" * 200_000), "certificate.json is not JSON"),
    "a list": (lambda f: (f / CERTIFICATE).write_text("[]"), "holds no JSON object"),
    "another schema": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(schema="x")), "does not say that it is"),
    "no settings": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.pop("construction") and c), "holds no settings"),
    "another setting": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c["construction"].update(speed="1")),
        "names the setting speed",
    ),
    "a bad setting": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c["construction"].update(N="-1")),
        "certificate.json: --N -1",
    ),
    "no hashes": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(files=[])), "does not name config.json"),
    "another N": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c["construction"].update(N="4")),
        "does not configure the construction|absent|shape",
    ),
    "a byte of the weights": (
        lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-1] + b"\x01"),
        "SHA-256 differs",
    ),
    "another configuration": (
        lambda f: (rewritten(f, CONFIG, lambda c: c.update(hidden_act="relu")), hashed_again(f)),
        "does not configure the construction",
    ),
    "half of the weights": (
        lambda f: ((f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:500]), hashed_again(f)),
        "model.safetensors is malformed",
    ),
    "a pickle": (
        lambda f: ((f / WEIGHTS).write_bytes(b"\x80\x04\x95." * 9), hashed_again(f)),
        "model.safetensors is malformed",
    ),
    "other tensors": (lambda f: saved(f, {"a": np.zeros(2)}), "is absent|has absent"),
    "another dtype": (
        lambda f: saved(f, {n: t.astype(np.float64) for n, t in read(str(f)).tensors.items()}),
        "is float64 of shape",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_files_get_one_clear_line(folder, name, capsys):
    change, reason = TAMPERED[name]
    change(folder)
    assert main(["check", str(folder), "--no-report"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"verify check: check {str(folder)[:20]}")
    assert re.search(reason, said.err)


@pytest.mark.parametrize("place", ["..", "/dev/null", "no such folder", "line\nbreak"])
def test_what_is_no_export_gets_one_clear_line(place, capsys):
    assert main(["check", place, "--no-report"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_number_that_was_changed_with_its_hash_is_refuted(folder):
    """Planted: one number of the file, the certificate made to fit it."""
    tensors = read(str(folder)).tensors
    name = "backbone.layers.0.mixer.x_proj.weight"
    tensors[name][1, np.flatnonzero(tensors[name][1])[0]] *= 1.5
    saved(folder, tensors)
    checks, _ = folder_checks(read(str(folder)))
    verdicts = {check.id.split("/")[-1]: check.verdict for check in checks}
    assert verdicts["weights"] is Verdict.REFUTED
    assert verdicts["oracle"] is Verdict.REFUTED
    weights = next(check for check in checks if check.id.endswith("weights"))
    assert weights.witness is not None
    assert weights.witness["tensor"] == name
    assert main(["check", str(folder), "--no-report", "--quiet"]) == 1


def test_nan_in_the_weights_is_refuted(folder):
    """Planted: NaN passes no comparison."""
    tensors = read(str(folder)).tensors
    tensors["backbone.layers.0.mixer.out_proj.weight"][:] = np.nan
    saved(folder, tensors)
    checks, _ = folder_checks(read(str(folder)))
    assert {c.id.split("/")[-1]: c.verdict for c in checks}["oracle"] is Verdict.REFUTED
