"""Small constructions of every kind, written, loaded by transformers and judged."""

import hashlib
import json

import numpy as np
import pytest

from verify.cli import main
from verify.export import checks, command, page
from verify.export.attended import Attended
from verify.export.command import SHIPPED
from verify.export.construct import construct
from verify.export.disk import read, write
from verify.export.folder import VOCABULARY
from verify.export.in_transformers import InTransformers
from verify.export.page import PAGE, WITH_KERNELS, Found, page_of
from verify.export.settings import KINDS, LAYOUTS, parse
from verify.export.words import (
    ATTENTION,
    CARRIED,
    ELSEWHERE,
    LOADING,
    MATTERS,
    OTHER_PROMPTS,
)
from verify.verdict import Check, Result, Verdict

pytestmark = pytest.mark.usefixtures("extra")
SMALL = [
    ("copy", {"N": "5", "d": "2"}),
    ("copy", {"N": "5", "d": "2", "layout": "d_state=1", "to": "mamba-ssm", "M": "2"}),
    ("copy", {"N": "1", "d": "1"}),
    ("gadget", {"name": "select", "M": "2"}),
    ("gadget", {"name": "nearest", "M": "2", "alpha": "0.25"}),
    ("dp", {"problem": "subarray", "theorem": "5", "n": "2", "instances": "2"}),
]


@pytest.fixture(scope="module")
def language(tmp_path_factory):
    """A compiled program as files."""
    folder = tmp_path_factory.mktemp("language")
    what, texts = SMALL[-1]
    write(construct(parse(what, texts)), folder)
    return folder


@pytest.mark.parametrize(("what", "texts"), SMALL)
def test_small_constructions_hold(what, texts, tmp_path):
    write(construct(parse(what, texts)), tmp_path)
    found, row = checks.folder_checks(read(str(tmp_path)))
    assert {check.id.split("/")[-1] for check in found} >= {"weights", "ours"}
    for check in found:
        assert check.verdict in (Verdict.PROVED, Verdict.HELD), check.witness
    assert row["parameters"] >= row["nonzeros"] > 0


def test_the_chain_of_thought_is_transformers_own(extra, language):
    """Loaded and run as a stranger would, without this package."""
    torch, transformers = extra
    vocabulary = json.loads((language / VOCABULARY).read_text())
    model = transformers.MambaForCausalLM.from_pretrained(str(language), dtype=torch.float32)
    loaded = read(str(language)).construction.language
    assert loaded is not None
    for entry, chain in zip(vocabulary["prompts"], loaded[1].chains, strict=True):
        ids = model.generate(torch.tensor([entry["ids"]]), max_new_tokens=32, do_sample=False)[0].tolist()
        assert ids == chain.tolist()
        assert vocabulary["tokens"][ids[-1]][-1] == 1


@pytest.mark.usefixtures("ours_known")
def test_a_wrong_token_is_refuted(language, monkeypatch):
    """Planted: the last token of every run is another one."""
    right = InTransformers.generated

    def wrong(self, prompt, limit):
        ids = right(self, prompt, limit).copy()
        ids[-1] = (ids[-1] + 1) % 3
        return ids

    monkeypatch.setattr(InTransformers, "generated", wrong)
    found, _ = checks.folder_checks(read(str(language)))
    verdicts = {check.id.split("/")[-1]: check.verdict for check in found}
    assert verdicts["tokens"] is Verdict.REFUTED
    assert verdicts["logits"] is Verdict.HELD


@pytest.mark.usefixtures("ours_known")
def test_logits_that_are_off_are_refuted(language, monkeypatch):
    """Planted: one logit by the least that float32 shows beside 1."""
    right = InTransformers.logits

    def wrong(self, ids):
        found = right(self, ids).copy()
        found[-2, 0] += np.float32(2.0**-10)
        return found

    monkeypatch.setattr(InTransformers, "logits", wrong)
    found, _ = checks.folder_checks(read(str(language)))
    assert {check.id.split("/")[-1]: check.verdict for check in found}["logits"] is Verdict.REFUTED


@pytest.mark.parametrize(("planted", "wrong"), [("theirs", {"oracle", "torch", "ours"}), ("native", {"ours"})])
def test_an_output_that_is_off_is_refuted(tmp_path, monkeypatch, planted, wrong):
    """Planted: one program of the three puts out a hundredth too much."""
    write(construct(parse("copy", {"N": "5", "d": "2"})), tmp_path)
    if planted == "theirs":
        right = InTransformers.streamed
        monkeypatch.setattr(InTransformers, "streamed", lambda self, inputs: right(self, inputs) + np.float32(0.01))
        wrong = wrong | {"whole"}
    else:
        own = checks.native.streamed
        monkeypatch.setattr(checks.native, "streamed", lambda c, inputs: own(c, inputs) + np.float32(0.01))
    found, _ = checks.folder_checks(read(str(tmp_path)))
    assert {check.id.split("/")[-1] for check in found if check.verdict is Verdict.REFUTED} == wrong


@pytest.mark.parametrize("name", ["greater", "less", "not-equal-printed", "not-equal", "equal"])
def test_an_indicator_is_asked_for_both_of_its_values(name):
    """Regression: random numbers are never equal, so I[a = b] was only asked where it is 0, and I[a != b] where 1."""
    sample = construct(parse("gadget", {"name": name})).sample
    assert sample is not None
    assert set(np.unique(sample.wanted)) == {0.0, 1.0}
    assert min(np.unique(sample.wanted, return_counts=True)[1]) > len(sample.wanted) / 8


def test_the_shipped_ones_are_of_every_kind_and_layout():
    assert {settings.what for settings in SHIPPED} == set(KINDS)
    assert {settings.layout for settings in SHIPPED} == set(LAYOUTS)
    assert len({settings.called() for settings in SHIPPED}) == len(SHIPPED)


def test_export_and_check_as_typed(tmp_path, capsys):
    folder = tmp_path / "weights"
    words = ["--N", "4", "--d", "1", "--out", str(folder)]
    assert main(["export", "copy", *words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["command"], document["verdict"], document["settings"]["N"]) == ("export", "PROVED", "4")
    assert sorted(file.name for file in folder.iterdir()) == ["certificate.json", "config.json", "model.safetensors"]
    pages = []
    for name in ("one", "two"):
        assert main(["check", str(folder), "--out", str(tmp_path / name), "--quiet"]) == 0
        pages.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert pages[0] == pages[1]
    assert list(pages[0]) == ["check-copy-N4-d1-d_state-N-hf-mamba.md"]


def test_weights_that_are_all_0_are_refuted(tmp_path):
    """Regression: where no channel is read, the bound divided by their number."""
    safetensors = pytest.importorskip("safetensors.numpy")
    folder = tmp_path / "weights"
    assert main(["export", "gadget", "--name", "greater", "--out", str(folder), "--quiet"]) == 0
    weights, certificate = folder / "model.safetensors", folder / "certificate.json"
    tensors = safetensors.load_file(weights)
    safetensors.save_file({n: 0 * x for n, x in tensors.items()}, weights, metadata={"format": "pt"})
    stated = json.loads(certificate.read_text())
    stated["files"]["model.safetensors"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    certificate.write_text(json.dumps(stated))
    assert main(["check", str(folder), "--no-report", "--quiet"]) == 1


@pytest.mark.parametrize("done", [0, 2])
def test_an_interrupted_check_says_what_was_done(done, tmp_path, monkeypatch, capsys):
    """Regression: of no construction it said that other implementations compute it."""
    calls = iter(range(done))

    def judged(_):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        settings = SHIPPED[0]
        row = dict.fromkeys((*page_fields, "construction", "to"), 0) | {"construction": "x", "to": "y"}
        held = Check(f"{settings.called()}/oracle", "T3", Verdict.HELD, 0.0, 0.0, "none ran", None, "a stand-in")
        return Found(settings, [held], row)

    page_fields = (*page._FIELDS, *page._MEASURED)
    monkeypatch.setattr(command, "write", lambda *_: {})
    monkeypatch.setattr(command, "construct", lambda _: None)
    monkeypatch.setattr(command, "_judged", judged)
    main(["check", "--out", str(tmp_path)])
    said = " ".join(capsys.readouterr().out.split())
    (written,) = [file.read_text() for file in tmp_path.iterdir()]
    for text in (said, written):
        assert ("other implementations compute" in text) is (done > 0)
        assert (f"{done} of {len(SHIPPED)} constructions" if done else "no construction was judged") in text
    assert ("The programs that ran" in written) is (done > 0)


def test_an_exported_program_says_which_prompts_it_knows(tmp_path, capsys):
    what, texts = SMALL[-1]
    words = [word for option, text in texts.items() for word in (f"--{option}", text)]
    assert main(["export", what, *words, "--out", str(tmp_path)]) == 0
    assert OTHER_PROMPTS in " ".join(capsys.readouterr().out.split())


@pytest.mark.long
def test_all_that_ship_hold(tmp_path):
    assert main(["check", "--out", str(tmp_path), "--quiet"]) == 0
    assert (tmp_path / "real-mamba.md").exists()


@pytest.mark.parametrize(("name", "here"), [(PAGE, True), (WITH_KERNELS, False)])
def test_what_kernels_do_not_change_is_said_once(name, here, monkeypatch):
    """On the page of all that ship, and not beside the kernels' numbers, which point to it."""
    for made in ("additions", "carried"):
        monkeypatch.setattr(page, made, list)
    for made in ("attended", "layered"):
        monkeypatch.setattr(page, made, lambda *_: Attended("binary", 1, 0.0, 0.0, 0.0, 0.0))
    result = Result("check", {"folder": None}, {"verify": "0"}, [], [], "nothing was checked")
    text = page_of(name, result, []).page
    assert (ELSEWHERE in text) is not here
    for said in (MATTERS, ATTENTION, LOADING, CARRIED):
        assert text.count(said) == here
