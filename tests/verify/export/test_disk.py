"""Files written and read again: what was tampered with is refused in one line, or refuted where it cannot be told."""

import hashlib
import json
import re
import shutil

import numpy as np
import pytest

from verify.cli import main
from verify.environment import commit
from verify.export import extra as packages
from verify.export.certificate import CERTIFICATE, keys
from verify.export.checks import folder_checks
from verify.export.construct import construct
from verify.export.disk import contents, read, write
from verify.export.extra import safetensors
from verify.export.folder import CONFIG, WEIGHTS
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


def recoded(folder, encoding):
    (folder / CERTIFICATE).write_text((folder / CERTIFICATE).read_text(), encoding=encoding)


def relabelled(folder, old, new):
    """Other words in the header of the weights, its length with them."""
    data = (folder / WEIGHTS).read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = data[8:end].replace(old, new)
    assert header != data[8:end]
    (folder / WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + data[end:])
    hashed_again(folder)


def twice(folder):
    """The last entry of the header, and the same one two times."""
    data = (folder / WEIGHTS).read_bytes()
    entry = re.findall(rb',"[^"]*":\{"dtype"[^}]*\}', data[8 : 8 + int.from_bytes(data[:8], "little")])[-1]
    return entry, entry * 2


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
    "a hash of another file": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c["files"].update({"../x": "0"})),
        "and no other file",
    ),
    "no error": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c.pop("error") and None),
        "certificate.json lacks error",
    ),
    "an entry more": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(note="")), "an entry of its own, note"),
    "an entry twice": (
        lambda f: (f / CERTIFICATE).write_text((f / CERTIFICATE).read_text().replace("{", '{"error": 5,', 1)),
        "certificate.json is not JSON",
    ),
    "not a number": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(error=np.nan)), "is not JSON"),
    "too large": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c["construction"].update(N="4096", d="1024")),
        "certificate.json: --N 4096 .*of memory",
    ),
    "64.0 for 64": (
        lambda f: (rewritten(f, CONFIG, lambda c: c.update(hidden_size=float(c["hidden_size"]))), hashed_again(f)),
        "config.json does not fit",
    ),
    "0 for false": (
        lambda f: (rewritten(f, CONFIG, lambda c: c.update(use_bias=0)), hashed_again(f)),
        "config.json does not fit",
    ),
    "another N": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c["construction"].update(N="4")),
        "does not fit the construction",
    ),
    "a byte of the weights": (
        lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-1] + b"\x01"),
        "SHA-256 differs",
    ),
    "another configuration": (
        lambda f: (rewritten(f, CONFIG, lambda c: c.update(hidden_act="relu")), hashed_again(f)),
        "does not fit the construction",
    ),
    "half of the weights": (
        lambda f: ((f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:500]), hashed_again(f)),
        "model.safetensors is malformed",
    ),
    "a pickle": (
        lambda f: ((f / WEIGHTS).write_bytes(b"\x80\x04\x95." * 9), hashed_again(f)),
        "model.safetensors is malformed",
    ),
    "a commit that is none": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(commit="x\n")), "commit or none"),
    "a commit of another kind": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(commit={})), "commit or none"),
    "made with nothing": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(made_with=[])), "commit or none"),
    "made with no program": (lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(made_with="")), "what it was made"),
    "made with control codes": (
        lambda f: rewritten(f, CERTIFICATE, lambda c: c.update(made_with=c["made_with"] + "\x1b[2J")),
        "what it was made",
    ),
    "a byte order mark": (lambda f: recoded(f, "utf-8-sig"), "certificate.json is not JSON"),
    "UTF-16": (lambda f: recoded(f, "utf-16"), "certificate.json is not JSON"),
    "weights of another program": (lambda f: relabelled(f, b'"format":"pt"', b'"format":"tf"'), "does not say .*pt"),
    "a tensor named twice": (lambda f: relabelled(f, *twice(f)), "header of model.safetensors is not JSON"),
    "other tensors": (lambda f: saved(f, {"a": np.zeros(2)}), "is absent|it is absent"),
    "another dtype": (
        lambda f: saved(f, {n: t.astype(np.float64) for n, t in read(str(f)).tensors.items()}),
        "is float64 of shape",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_files_get_one_clear_line(folder, name, capsys, monkeypatch):
    monkeypatch.setattr("verify.memory.available_bytes", lambda: 4 * 2**30)  # as on no large machine
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


@pytest.mark.parametrize("planted", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["out_proj.weight", "x_proj.weight", "in_proj.weight"])
def test_what_is_not_finite_is_refuted(folder, name, planted):
    """Planted: NaN passes no comparison, and no warning is left over."""
    tensors = read(str(folder)).tensors
    tensors[f"backbone.layers.0.mixer.{name}"][:] = planted
    saved(folder, tensors)
    checks, _ = folder_checks(read(str(folder)))
    verdicts = {c.id.split("/")[-1]: c.verdict for c in checks}
    assert verdicts.pop("certificate") is Verdict.PROVED
    assert set(verdicts.values()) == {Verdict.REFUTED}


CLAIMED = (
    *(("error", value) for value in (-5, 0, True, "1e999")),
    *(("claims", value) for value in (["T1"], {"T3": [[]]})),
    ("dtype", "float64"),
    ("speaks_of", "everything"),
    ("sizes", {}),
)


@pytest.mark.parametrize(("entry", "said"), CLAIMED)
def test_a_certificate_that_claims_something_else_is_refuted(folder, entry, said, capsys):
    """Planted: the files as they are, and one claim of the certificate that is not theirs."""
    rewritten(folder, CERTIFICATE, lambda c: c.update({entry: said}))
    claimed = (folder / CERTIFICATE).read_text().replace('"1e999"', "1e999")
    (folder / CERTIFICATE).write_text(claimed)
    assert main(["check", str(folder), "--no-report", "--json"]) == 1
    checks = {check["id"].split("/")[-1]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks.pop("certificate")["witness"]["entry"] == entry
    assert all(check["verdict"] in ("PROVED", "HELD") for check in checks.values())


def test_a_missing_package_is_named_and_not_a_malformed_file(original, monkeypatch, capsys):
    """Regression: without safetensors every file was called malformed."""

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(packages, "import_module", missing)
    assert main(["check", str(original), "--no-report"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "verify check: safetensors: this command needs the package, which is not installed; "
        "nearest that works: pip install -e '.[hf]'\n"
    )


@pytest.mark.parametrize(("option", "value"), [("M", "2"), ("epsilon", "0.1"), ("seed", "7")])
def test_what_no_file_depends_on_is_taken_on_trust_and_said(folder, option, value):
    """Regression: with keys in the state no weight depends on them, and nothing said so."""
    before = contents(construct(parse("copy", SMALL)))[WEIGHTS]
    assert contents(construct(parse("copy", SMALL | {option: value})))[WEIGHTS] == before
    rewritten(folder, CERTIFICATE, lambda c: c["construction"].update({option: value}))
    certificate = folder_checks(read(str(folder)))[0][0]
    assert certificate.verdict is Verdict.PROVED
    assert certificate.evidence.endswith("taken on trust: M, epsilon and the seed")
    other = SMALL | {"layout": "d_state=1"}
    depends = contents(construct(parse("copy", other)))[WEIGHTS]
    assert (contents(construct(parse("copy", other | {option: value})))[WEIGHTS] == depends) is (option == "seed")


def test_the_certificate_names_the_commit(original):
    written = json.loads((original / CERTIFICATE).read_text())
    assert written["commit"] == commit()
    assert set(written) == keys()


def test_the_error_of_a_certificate_is_not_said_of_the_files(original):
    """Regression: it read as if the rounded weights had the error 0, of which they are off by a rounding each."""
    written = json.loads((original / CERTIFICATE).read_text())
    assert written["error"] == 0.0
    assert "before its weights were rounded to float32" in written["speaks_of"]
