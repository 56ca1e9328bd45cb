"""Other implementations than transformers, each where it is installed; which there are, and how they are kept apart."""

import sys
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from verify.errors import BadInput
from verify.export import foreign, words
from verify.export.bound import FLOAT32, streamed, theirs
from verify.export.checks import folder_checks
from verify.export.construct import construct
from verify.export.disk import read, write
from verify.export.extra import KERNELS, MODELING, hidden, transformers
from verify.export.foreign import FURTHER, MAMBA_SSM, MAMBAPY, absent, further
from verify.export.settings import parse
from verify.verdict import Verdict

pytestmark = pytest.mark.usefixtures("extra", "ours_known")
SMALL = [
    ("copy", {"N": "5", "d": "3", "to": "mamba-ssm"}),
    ("copy", {"N": "5", "d": "3", "layout": "d_state=1"}),
    ("gadget", {"name": "nearest", "M": "2", "alpha": "0.25"}),
    # Regression: in mamba_ssm's naming transformers did not know which tokens end a chain, and ran past them.
    ("dp", {"problem": "subarray", "theorem": "5", "n": "2", "instances": "2", "to": "mamba-ssm"}),
]


@pytest.fixture
def other(request):
    """An implementation; the test is skipped where it cannot run."""
    if (reason := absent(request.param)) is not None:
        pytest.skip(f"{request.param.name}: {reason}")
    return request.param


def verdicts(folder):
    return {check.id.split("/")[-1]: check.verdict for check in folder_checks(read(str(folder)))[0]}


@pytest.mark.parametrize("other", FURTHER, indirect=True, ids=lambda each: each.name)
@pytest.mark.parametrize(("what", "texts"), SMALL)
def test_small_constructions_hold(other, what, texts, tmp_path):
    write(construct(parse(what, texts)), tmp_path)
    found = verdicts(tmp_path)
    assert found[other.name] is Verdict.HELD
    assert Verdict.REFUTED not in found.values()


@pytest.mark.parametrize("other", FURTHER, indirect=True, ids=lambda each: each.name)
@pytest.mark.parametrize(("what", "texts"), [SMALL[1], SMALL[3]])
def test_an_output_that_is_off_is_refuted(other, what, texts, tmp_path, monkeypatch):
    """Planted: a hundredth too much, or a chain that ends too early."""
    streamed, generated = other.load.streamed, other.load.generated
    monkeypatch.setattr(other.load, "streamed", lambda self, inputs: streamed(self, inputs) + np.float32(0.01))
    monkeypatch.setattr(other.load, "generated", lambda self, *asked: generated(self, *asked)[:-1])
    write(construct(parse(what, texts)), tmp_path)
    found = verdicts(tmp_path)
    assert found.pop(other.name) is Verdict.REFUTED
    assert Verdict.REFUTED not in found.values()


@pytest.mark.parametrize("other", FURTHER, indirect=True, ids=lambda each: each.name)
def test_logits_are_exact(other, tmp_path):
    """Of a sequence at once; `generated` takes single steps."""
    write(construct(parse(*SMALL[3])), tmp_path)
    loaded = read(str(tmp_path))
    assert loaded.construction.language is not None
    text = loaded.construction.language[1]
    tokens, chain, given = text.tokens.astype(np.float64), text.chains[0], len(text.prompts[0])
    exact = 2.0 * tokens[chain[given:]] @ tokens.T - (tokens**2).sum(axis=1)
    assert np.array_equal(other.load(loaded).logits(chain)[given - 1 : -1], exact)


def test_why_an_implementation_cannot_run(monkeypatch):
    def version(name):
        if name == "mambapy":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    assert absent(MAMBAPY) == "not installed"
    assert absent(MAMBA_SSM) in ("no CUDA device", "cannot be imported (ModuleNotFoundError)", None)
    monkeypatch.setattr(metadata, "version", lambda _: "1")
    with hidden(("mambapy", "mambapy.mamba")):
        assert absent(MAMBAPY) == "cannot be imported (ModuleNotFoundError)"


@pytest.mark.parametrize(("N", "runs"), [(256, True), (257, False)])
def test_the_kernel_runs_what_its_d_state_allows(N, runs, monkeypatch):
    monkeypatch.setattr(foreign, "absent", lambda _: None)
    loaded = foreign.Loaded(Path(), construct(parse("copy", {"N": str(N), "d": "1"})), {}, {})
    assert (MAMBA_SSM in further(loaded)) == runs
    assert MAMBAPY in further(loaded)


def test_an_export_that_the_kernel_refuses_is_refused():
    texts = {"N": "257", "d": "1", "to": "mamba-ssm"}
    with pytest.raises(BadInput, match="d_state up to 256; nearest that works: --N 257 --layout d_state=1"):
        construct(parse("copy", texts))
    assert construct(parse("copy", texts | {"layout": "d_state=1"})).model.sizes.d_state == 1


def test_transformers_keeps_to_its_own_code(extra, monkeypatch):
    """Planted: a `mamba_ssm` whose kernel runs nowhere; transformers would call it wherever its tensors lie."""
    torch, _ = extra
    planted = ModuleType("mamba_ssm")

    def kernel(*_, **__):
        raise RuntimeError("no device")

    planted.selective_scan_fn = kernel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mamba_ssm", planted)
    given = [torch.ones(shape) for shape in [(1, 2, 3), (1, 2, 3), (2, 1), (1, 1, 3), (1, 1, 3)]]
    before = sys.modules.pop(MODELING)
    try:
        with pytest.raises(RuntimeError, match="no device"):
            import_module(MODELING).mamba_selective_scan(*given)
        del sys.modules[MODELING]
        transformers()
        assert sys.modules[MODELING].mamba_selective_scan(*given).shape == (1, 2, 3)
        assert sys.modules[KERNELS[0]] is planted
    finally:
        sys.modules[MODELING] = before


@pytest.mark.parametrize(
    ("what", "code"), [("dp", words.LOAD_LANGUAGE), ("copy", words.LOAD_VECTORS)], ids=lambda part: part[:4]
)
def test_five_lines_load_it(what, code, tmp_path, monkeypatch, capsys):
    """As the page prints them, where `verify export` wrote into its usual folder."""
    monkeypatch.chdir(tmp_path)
    settings = parse(what, {})
    write(construct(settings), tmp_path / "exports" / settings.called())
    assert len(code.splitlines()) <= 5
    there: dict[str, Any] = {}
    exec(compile(code, "page", "exec"), there)
    said = capsys.readouterr().out
    if what == "copy":
        loaded = read(str(tmp_path / "exports" / settings.called()))
        bound = streamed(loaded.tensors, 1, there["stream"][0].numpy(), theirs(FLOAT32))
        assert float(said.split("(")[1].split(",")[0].split(")")[0]) <= bound.off[:, 521:529].max()
    else:
        loaded = read(str(tmp_path / "exports" / settings.called())).construction.language
        assert loaded is not None
        assert "".join(said.split()) == f"tensor([{loaded[1].chains[0].tolist()}])".replace(" ", "")
