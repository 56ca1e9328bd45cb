"""What `verify gadgets` shows: integers as far as they are exact, what gadgets are really built for, its figures."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest

from bounds.formats import format_of
from verify.console import Console
from verify.figures import draw, house_style
from verify.gadgets.beyond import beyond
from verify.gadgets.cases import cases
from verify.gadgets.certificate import Supremum
from verify.gadgets.curves import Run, exponents
from verify.gadgets.figure import line_across, missing, responses, valleys
from verify.gadgets.float import Measured, Precision
from verify.gadgets.integers import domains, exactness, exactness_check, reach
from verify.gadgets.proofs import ANY, Proved
from verify.gadgets.rows import document, tables
from verify.gadgets.settings import GadgetsSettings, parse
from verify.gadgets.words import notes
from verify.verdict import Verdict


def measured_as(case, lam=64.0):
    """A run that measured nothing, for what is said and drawn of it."""
    at = Measured(0.5, {}, 0.0, 1)
    proved = Proved(case, lam, ANY, Supremum(Fraction(0), Fraction(1), (), 0), ())
    return Run(proved, Precision("float32"), at, None, {2.0**j: at for j in exponents(proved)})


def test_integers_are_exact_and_a_small_lambda_is_not(monkeypatch):
    float32 = Precision("float32")
    assert exactness_check(exactness(3, float32, (5,))).verdict is Verdict.PROVED
    monkeypatch.setattr("verify.gadgets.integers.integer_scale", lambda *_: 8)
    broken = exactness(3, float32, (5,))
    assert exactness_check(broken).verdict is Verdict.REFUTED
    worst = next(each for each in broken if each.largest < each.promised)
    assert exactness_check([worst]).witness == {"gadget": worst.gadget, "lambda": 8, "inputs": worst.beyond}
    assert exactness(0, float32, (5,)) == []


def test_integers_are_exact_as_far_as_the_table_says_and_no_further():
    """With --M 100 the check tried integers up to 15 in bfloat16 and did not say so, though 99 * 97 is no number there;
    and its "lambda = 32 and beyond" was false in float16."""
    found = [exactness(100, precision, (1, 4)) for precision in (Precision("bfloat16"), Precision("3 bits", 3))]
    product, select, _ = found[0]
    assert (product.promised, product.tried, product.largest) == (reach(100, format_of("bfloat16")), 99, 16)
    a, b = (each[0] for each in (product.beyond or {}).values())
    assert max(abs(a), abs(b)) == 17
    assert float(jnp.asarray(a * b, jnp.bfloat16)) != a * b
    assert (select.promised, select.tried, select.largest) == (15, 16, 15)
    rows = {row[0]: row[1:] for row in domains(found).rows}
    assert rows["product-gate"] == ("16 at 128", "4 at 128")
    assert rows["select-flag"][0] == "16+ at 128"
    check = exactness_check(found[0])
    assert check.verdict is Verdict.PROVED
    assert {"gadget": "product-gate", "lambda": 128, "largest": 16} in (check.witness or {})["domains"]
    assert "n = 15 at lambda = 128 for product-gate, select, select-flag:" in check.evidence
    assert "M (the whole part, 100)" in check.evidence


@pytest.mark.parametrize(("text", "formula", "used"), [("0.5", "0 (no step", 4), ("1e6", "5 (m(1)", 19)])
def test_what_gadgets_of_integers_are_built_for_is_said(text, formula, used):
    """They once stood under M = 1e6 while built for 16, and for M < 5 modulus had the formula of steps it has not."""
    settings = parse({"M": text})
    made = {case.name: case for case in beyond(settings.M, settings.epsilon, settings.alpha)}
    modulus, nearest = (measured_as(made[name]) for name in ("modulus", "nearest"))
    assert modulus.case.formula.startswith(formula)
    row = document(modulus, settings)
    assert (row["M"], row["domain"]) == (used, f"x in [0, {used}]; integers")
    row = document(nearest, settings)
    assert row["alpha"] == Fraction(1, 4)
    assert row["domain"].endswith("x within 1/4 of an integer")
    said = " ".join(notes(settings, [modulus.proved, nearest.proved]))
    assert f"modulus with M = {used}, nearest with M = " in said
    assert ("no integer but 0" in said) == (settings.M < 1)


@pytest.mark.parametrize(("M", "epsilon", "alpha"), [("0.001", "0.4", "0.001"), ("1e6", "1e-12", "1e6")])
def test_figures_of_extreme_sizes(M, epsilon, alpha):
    """Far from M = 10 floats overflowed, and the line through clip left its domain."""
    settings = parse({"M": M, "epsilon": epsilon, "alpha": alpha})
    numbers = settings.M, settings.epsilon, settings.alpha
    shown = ("product", "not-equal", "clip", "one-hot", "nearest")
    runs = [measured_as(case) for case in (*cases(*numbers), *beyond(*numbers)) if case.name in shown]
    clip = next(run for run in runs if run.case.name == "clip")
    assert clip.case.build(1.0).domain.holds(line_across(clip, settings)[1]).all()
    assert valleys(runs, settings)
    assert responses(runs, settings)


def test_curves_that_are_not_shown_are_told_in_a_line_each():
    """The words of two once lay on top of each other."""
    with house_style():
        _, panels = draw([["a"]], height=2.0)
        panels["a"].set_ylim(0.0, 1.0)
        missing(panels["a"], {name: np.array([y]) for name, y in (("one", -2.0), ("two", -3.0), ("three", 5.0))})
    words = [each.get_text() for each in panels["a"].texts]
    assert words == ["one: below, -2 to -2\ntwo: below, -3 to -3", "three: above, 5 to 5"]


def test_a_narrow_screen_keeps_the_paper_s_lambda_beside_the_sharp_one(monkeypatch, capsys):
    """At 80 columns the paper's once went before the errors did."""
    monkeypatch.setenv("COLUMNS", "80")
    settings = GadgetsSettings()
    (shown,) = tables(
        [document(measured_as(case), settings) for case in cases(settings.M, settings.epsilon, settings.alpha)],
        settings,
    )
    Console().table(shown)
    head, left_out = capsys.readouterr().out.rsplit("no room here for:", 1)
    assert "paper" not in left_out.replace("norm paper", "").replace("at paper's", "")
    assert all(word in head for word in ("paper", "sharp", "measured"))
