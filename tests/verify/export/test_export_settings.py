"""What `verify export` takes and refuses, and what it says without the extra; no other package is needed."""

from fractions import Fraction

import numpy as np
import pytest

from verify.cli import main
from verify.errors import BadInput
from verify.export import extra as packages
from verify.export.construct import construct
from verify.export.memory import check_bytes, copy_sizes, model_bytes, refuse_large_check
from verify.export.settings import GADGETS, KINDS, VALUES, ExportSettings, parse

REFUSED = [
    (("export", "model"), "allowed are copy, gadget, dp"),
    (("export", "copy", "--N", "0"), "a whole number from 1 to 4096"),
    (("export", "copy", "--N", "4,8"), "takes one value"),
    (("export", "copy", "--layout", "d_state=2"), "allowed are d_state=N, d_state=1"),
    (("export", "copy", "--to", "gguf"), "allowed are hf-mamba, mamba-ssm"),
    (("export", "copy", "--name", "select"), "--name says something of gadget alone"),
    (("export", "copy", "--epsilon", "1"), "epsilon"),
    (("export", "gadget", "--M", "2", "--alpha", "3"), "alpha <= 2; nearest that works: --alpha 2"),
    (("export", "gadget", "--name", "nearest", "--alpha", "1"), "alpha <= 0.5; nearest that works: --alpha 0.5"),
    (("export", "gadget", "--N", "4"), "--N says something of copy alone"),
    (("export", "gadget", "--name", "selct"), "nearest that works: --name select"),
    (("export", "dp", "--problem", "knapsack"), "allowed are lis"),
    (("export", "dp", "--theorem", "6"), "allowed are 4, 5"),
    (("export", "dp", "--M", "2"), "--M says something of copy, gadget alone"),
    (("export", "copy", "--out", "a\nb"), "in characters that can be shown"),
    (("export", "copy", "--out", ""), "the name of a folder, in characters that can be shown, is allowed"),
]


@pytest.mark.parametrize(("words", "reason"), REFUSED, ids=lambda part: " ".join(part) if part is not str else part)
def test_bad_options_get_one_clear_line(words, reason, capsys):
    assert main(list(words)) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert reason in said.err


BEYOND_FLOAT32 = [
    ("copy", {"M": "1e-300"}),
    ("copy", {"M": "1e-27"}),
    ("copy", {"layout": "d_state=1", "epsilon": "1e-40"}),
    ("copy", {"layout": "d_state=1", "M": "1e4", "epsilon": "5.9e-4"}),
    ("copy", {"layout": "d_state=1", "M": "1e-3"}),
    ("gadget", {"name": "greater", "alpha": "1e-40"}),
    ("gadget", {"name": "select", "M": "1e-37"}),
    ("gadget", {"name": "relu-network", "M": "2000"}),
    ("gadget", {"name": "relu-network", "M": "1e4"}),
]


@pytest.mark.parametrize(("what", "texts"), BEYOND_FLOAT32)
def test_what_float32_cannot_carry_is_refused_and_the_hint_accepted(what, texts):
    """Regression: these were written, with weights that are not finite or that their own check refuted."""
    with pytest.raises(BadInput) as refused:
        construct(parse(what, {"N": "3", "d": "1"} | texts if what == "copy" else texts))
    words = refused.value.nearest.split()
    hint = {option.removeprefix("--"): text for option, text in zip(words[::2], words[1::2], strict=True)}
    construct(parse(what, {"N": "3", "d": "1"} | texts | hint if what == "copy" else texts | hint))


def test_weights_that_are_not_finite_are_never_made():
    """Planted: a margin below what the options take."""
    with pytest.raises(BadInput, match="not finite in float32"):
        construct(ExportSettings("gadget", M=Fraction(10), name="greater", alpha=Fraction(1, 10**40)))


@pytest.mark.parametrize("name", GADGETS)
def test_at_the_least_M_and_alpha_all_weights_are_finite(name):
    made = construct(parse("gadget", {"name": name, "M": str(float(VALUES["gadget"].low or 0)), "alpha": "1e-6"})).model
    assert all(np.isfinite(tensor).all() for tensor in made.tensors.values())


def test_the_usual_margin_is_one_that_the_gadget_takes():
    """Regression: rounding was said to have the margin 1, and had 1/4; values of [-1/2, 1/2] had the margin 1 too."""
    assert parse("gadget", {"name": "nearest"}).alpha == Fraction(1, 4)
    assert parse("gadget", {"M": "0.5"}).alpha == Fraction(1, 2)
    assert parse("gadget", {"M": "7"}).alpha == 1


@pytest.mark.parametrize("what", KINDS)
def test_a_command_asks_the_same_again(what):
    settings = parse(what, {"seed": "3", "to": "mamba-ssm"})
    words = settings.command().split()[3:]
    texts = {option.removeprefix("--"): text for option, text in zip(words[::2], words[1::2], strict=True)}
    assert parse(what, texts) == settings
    assert parse(what, dict(settings.texts())) == settings


NAMES = {
    "copy-N256-d8-d_state-N-hf-mamba": ("copy", {}),
    "copy-N4-d8-d_state-1-M2-epsilon0.01-hf-mamba": (
        "copy",
        {"N": "4", "layout": "d_state=1", "M": "2", "epsilon": ".01"},
    ),
    "gadget-nearest-hf-mamba": ("gadget", {"name": "nearest", "alpha": "0.25"}),
    "gadget-product-M3-hf-mamba": ("gadget", {"name": "product", "M": "3"}),
    "gadget-greater-M0.5-hf-mamba": ("gadget", {"name": "greater", "M": "0.5", "alpha": "0.5"}),
    "gadget-greater-alpha0.5-seed3-mamba-ssm": (
        "gadget",
        {"name": "greater", "alpha": ".5", "seed": "3", "to": "mamba-ssm"},
    ),
    "dp-lis-T4-n4-instances2-hf-mamba": ("dp", {"instances": "2"}),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_differs_has_a_folder_of_its_own(name):
    """Regression: M, epsilon, alpha, the seed and the instances were left out, and exports replaced each other."""
    assert parse(*NAMES[name]).called() == name


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch, capsys, tmp_path):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(packages, "import_module", missing)
    assert main(["export", "copy", "--N", "3", "--d", "1", "--out", str(tmp_path / "weights")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pip install -e '.[hf]'" in said
    assert not (tmp_path / "weights").exists()


def test_a_theorem_that_a_problem_lacks_is_refused():
    with pytest.raises(BadInput, match="nearest that works: --problem lis --theorem 4"):
        construct(parse("dp", {"theorem": "5"}))


@pytest.mark.parametrize("layout", ["d_state=N", "d_state=1"])
def test_the_memory_estimate_covers_what_is_made(layout):
    """The sizes are those that are made, the parameters a part of the bytes, and these grow with N."""
    settings = parse("copy", {"N": "16", "d": "2", "layout": layout})
    made, (small, large) = construct(settings).model, (copy_sizes(settings, N) for N in (16, 64))
    assert made.sizes == small
    assert 8 * made.parameters < model_bytes(small, 1) < model_bytes(large, 1) < check_bytes(settings, 64)


def test_what_does_not_fit_is_refused(monkeypatch):
    """Planted: a machine with one megabyte."""
    settings = parse("copy", {})
    monkeypatch.setattr("verify.memory.available_bytes", lambda: 2**20)
    monkeypatch.setattr("verify.export.memory.available_bytes", lambda: 2**20)
    with pytest.raises(BadInput, match="1 MiB are available"):
        construct(settings)
    with pytest.raises(BadInput, match="a smaller --M"):
        construct(parse("gadget", {"name": "nearest", "M": "100"}))
    with pytest.raises(BadInput, match="an export with a smaller --N"):
        refuse_large_check("folder", settings)
