"""What a comparison of numbers decides: whole numbers in every program, others as far as their bound is small."""

from dataclasses import replace

import numpy as np
import pytest

from verify.cli import main
from verify.console import Console
from verify.export import checks, command, compared, native, torch_scan
from verify.export.bound import on_cuda
from verify.export.construct import construct
from verify.export.disk import read, write
from verify.export.foreign import MAMBAPY, absent
from verify.export.in_mambapy import InMambapy
from verify.export.in_transformers import InTransformers
from verify.export.settings import GADGETS, parse
from verify.export.words import BETWEEN, BOUNDED_LATER, NOTHING, VACUOUS
from verify.verdict import Verdict

pytestmark = pytest.mark.usefixtures("extra")


def outcome(folder):
    """The exit code of its check, what it says, and its checks by kind."""
    result = command.check(str(folder), Console(quiet=True)).result
    found = {check["id"].split("/")[-1]: check for check in result.document()["checks"]}
    return result.exit_code, f"{result.verdict.value}: {result.headline}", found


@pytest.fixture(scope="module")
def residues(tmp_path_factory):
    """x mod 5 for whole numbers up to 1000: rounding is bounded by 27, more than any two answers are apart."""
    folder = tmp_path_factory.mktemp("residues")
    write(construct(parse("gadget", {"name": "modulus", "M": "1000"})), folder)
    return folder


def test_whole_numbers_are_compared_where_the_bound_decides_nothing(residues):
    """Regression: each bounded comparison was HELD, which another residue would have been too."""
    code, said, found = outcome(residues)
    assert (code, "HELD: 1 construction: other implementations compute" in said) == (0, True)
    assert {found[kind]["verdict"] for kind in ("oracle", "ours", "torch")} == {"SKIPPED"}
    assert found["oracle"]["evidence"].endswith(f"skipped at all 512 outputs: {BETWEEN}")
    for kind in ("whole", "ours-whole", "torch-whole"):
        assert (found[kind]["verdict"], found[kind]["bound"]) == ("HELD", 0.0)


@pytest.mark.parametrize("kind", ["whole", "ours-whole", "torch-whole"])
def test_a_residue_that_is_off_by_1_is_refuted(residues, kind, monkeypatch):
    """Planted, in one program: 1 more at the third point alone.  Regression: HELD, as 1 is less than the bound."""
    owner = {"whole": InTransformers, "ours-whole": native, "torch-whole": torch_scan}[kind]
    right = owner.streamed

    def planted(*asked):
        outputs = right(*asked).copy()
        outputs[2, 1] += 1
        return outputs

    monkeypatch.setattr(owner, "streamed", planted)
    code, said, found = outcome(residues)
    assert (code, "of the checks came out wrong" in said, found[kind]["verdict"]) == (1, True, "REFUTED")
    witness = found[kind]["witness"]
    (given,) = witness["input"]
    assert witness == {"token": 3, "coordinate": 1, "input": [given], "found": given % 5 + 1, "wanted": given % 5}


def test_only_what_a_bound_decides_counts(tmp_path, monkeypatch):
    """Planted: a bound that is too large for all outputs but two, then for all.  Other implementations were said to
    compute what ours do though every comparison was empty.
    """
    settings = parse("gadget", {"name": "select", "M": "2"})
    write(construct(settings), tmp_path)
    right, deciding = compared.rounding_of, 2

    def large(*asked):
        off = right(*asked)
        return np.where(np.arange(off.size).reshape(off.shape) < deciding, off, 1e3)

    monkeypatch.setattr(compared, "rounding_of", large)
    code, said, found = outcome(tmp_path)
    assert (code, found["oracle"]["verdict"]) == (0, "HELD")
    assert f"{deciding} of 512 outputs are decided, at the others {VACUOUS}" in found["oracle"]["evidence"]
    deciding = 0
    code, said, found = outcome(tmp_path)
    assert (code, found["oracle"]["verdict"]) == (3, "UNDECIDED")
    assert f"UNDECIDED: 1 construction, first {settings.called()}: {NOTHING}" in said
    assert "other implementations compute what ours do" not in said


@pytest.mark.parametrize(
    ("name", "M", "said"), [("select", "1e4", "1411"), ("modulus", "1000", "27"), ("one-hot", "5", "")]
)
def test_an_export_warns_of_rounding_beyond_what_is_certified(name, M, said, tmp_path, capsys):
    """Regression: the certified 0.0044 stood alone where float32 is off by 14.9."""
    assert main(["export", "gadget", "--name", name, "--M", M, "--out", str(tmp_path / "export")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "rounding, at most" in shown
    assert (f"bounded by {said}" in shown) is bool(said)
    assert BOUNDED_LATER not in shown


def test_an_export_bounds_no_rounding_where_that_takes_longer_than_the_rest(tmp_path, monkeypatch, capsys):
    """Planted: a limit below the smallest gadget.  Regression: rounding up to 1000 took ten seconds more."""
    monkeypatch.setattr(command, "BOUNDED_AT_ONCE", 1)
    monkeypatch.setattr(command, "rounding_of", None)
    assert main(["export", "gadget", "--out", str(tmp_path / "export")]) == 0
    assert f"rounding, at most {BOUNDED_LATER}" in " ".join(capsys.readouterr().out.split())


def test_a_bound_as_large_as_the_values_is_vacuous(tmp_path, capsys):
    """Regression: Lemma 1's product of numbers up to 10^4, whose stated error is as large, was HELD."""
    folder = tmp_path / "export"
    assert main(["export", "gadget", "--name", "product", "--M", "1e4", "--out", str(folder), "--quiet"]) == 0
    capsys.readouterr()
    assert main(["check", str(folder), "--no-report"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "vacuous" in said.split("VACUOUS: ")[0]
    assert VACUOUS in said.split("VACUOUS: ")[1]
    found = {check.id.split("/")[-1]: check for check in checks.folder_checks(read(str(folder)))[0]}
    assert {found[kind].verdict for kind in ("ours", "torch")} == {Verdict.HELD}
    assert found["oracle"].verdict is Verdict.VACUOUS
    assert found["oracle"].evidence.endswith(VACUOUS)


def test_which_gadgets_have_whole_outputs_and_which_are_exact():
    """Indicators are promised for real numbers, within an error that no rounding hides."""
    made = {name: construct(parse("gadget", {"name": name})) for name in GADGETS}
    exact = {"one-hot", "modulus", "nearest"}
    indicators = {"greater", "less", "not-equal", "equal", "greater-printed", "less-printed", "not-equal-printed"}
    assert {name for name, each in made.items() if each.whole is not None} == exact | indicators
    assert {name for name in exact | indicators if made[name].exact} == exact
    for name in exact | indicators:
        whole = made[name].whole
        assert whole is not None
        assert np.array_equal(whole.wanted, np.rint(whole.wanted))


@pytest.mark.parametrize(("off", "verdict"), [(0.25, "HELD"), (0.5, "REFUTED"), (np.nan, "REFUTED")])
def test_a_program_whose_norm_rounds_is_asked_for_the_nearest_whole_numbers(residues, off, verdict, monkeypatch):
    """Planted: outputs that are off in a program as that of `mamba_ssm` is; mambapy stands in for it."""
    if (reason := absent(MAMBAPY)) is not None:
        pytest.skip(reason)
    right = InMambapy.streamed
    monkeypatch.setattr(InMambapy, "streamed", lambda self, inputs: right(self, inputs) + np.float32(off))
    monkeypatch.setattr(compared, "further", lambda _: [replace(MAMBAPY, program=on_cuda())])
    _, _, found = outcome(residues)
    assert (found["mambapy-whole"]["verdict"], found["mambapy-whole"]["bound"]) == (verdict, compared.APART)
