"""`verify gadgets`: settings, floats, printed claims, and the whole command on a small request."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from bounds.gadgets import enough
from bounds.reals import ends
from constructions.gadgets.product import product
from constructions.gadgets.run import evaluate
from verify.cli import main
from verify.errors import BadInput
from verify.files import LONGEST_NAME
from verify.gadgets.blocks import deactivation_checks, printed_indicators
from verify.gadgets.cases import cases
from verify.gadgets.curves import Run, promised, rounding_check, run_case
from verify.gadgets.float import Measured, Precision, measure
from verify.gadgets.mantissa import evaluate_with_bits
from verify.gadgets.norms import FORMULAS, growths, norm_check
from verify.gadgets.paper import lemma_1_checks, third_maximum
from verify.gadgets.past import far_check, steep_check
from verify.gadgets.proofs import prove
from verify.gadgets.rows import document, tables
from verify.gadgets.settings import GadgetsSettings, parse
from verify.gadgets.words import at_papers, notes, sentence
from verify.page import Page
from verify.verdict import Verdict

M, EPSILON, ALPHA = Fraction(10), Fraction(1, 1000), Fraction(1)
CASES = {case.name: case for case in cases(M, EPSILON, ALPHA)}


def test_options_are_read_exactly():
    settings = parse({"lemma": "1,4", "M": "2.5", "epsilon": "0.1", "alpha": "0.3", "dtype": "float32,float16"})
    dtypes = ("float16", "float32")
    assert settings == GadgetsSettings((1, 4), Fraction(5, 2), Fraction(1, 10), Fraction(3, 10), dtypes)
    assert parse({}) == GadgetsSettings()
    assert parse({"M": "0.5"}).alpha == Fraction(1, 2)
    assert parse({"lemma": "1..5"}).all_lemmas
    assert parse({"mantissa-bits": "7..10"}).bits == (7, 8, 9, 10)
    assert "--lemma 1,4 --M 2.5 --epsilon 0.1 --alpha 0.3" in settings.command()


@pytest.mark.parametrize(
    ("option", "text"),
    [("lemma", "6"), ("M", "0"), ("epsilon", "0.5"), ("alpha", "11"), ("dtype", "int8"), ("mantissa-bits", "60")],
)
def test_bad_options_name_what_is_allowed(option, text):
    with pytest.raises(BadInput, match="nearest that works"):
        parse({option: text})


def test_a_long_request_has_a_name_that_a_file_may_have():
    long = {"mantissa-bits": ",".join(map(str, range(3, 25))), "M": "9." + "9" * 57, "epsilon": "0.3" + "3" * 57}
    names = {parse(long | {"alpha": alpha}).name() for alpha in ("1", "2")}
    assert len(names) == 2
    assert all(len(name) <= LONGEST_NAME for name in names)


def test_printed_steps_come_out_as_expected():
    checks = {check.id.removeprefix("gadgets/"): check for check in lemma_1_checks()}
    assert all(check.met for check in checks.values())
    assert checks["L1-TAYLOR-third-printed"].verdict is Verdict.REFUTED
    assert checks["L1-R2-printed"].verdict is Verdict.REFUTED
    assert checks["L1-R2"].verdict is Verdict.PROVED


def test_third_derivative_maximum_against_differences():
    """A difference over h^3 is silu''' somewhere between its ends, which in balls needs no tolerance: on [-1, 1] none
    is above the enclosure, and just behind 1, where silu''' still rises, it is above the lower end, its value at 1."""

    def silu(x):
        return x / (1 + (-x).exp())

    def third(x):
        return abs(silu(x + 3 * h) - 3 * silu(x + 2 * h) + 3 * silu(x + h) - silu(x)) / h**3

    low, high = third_maximum()
    with ctx.workprec(512):
        h = arb(2) ** -100
        assert all(ends(third(x))[1] <= high for x in (*(arb(k) / 64 for k in range(-64, 64)), 1 - 3 * h))
        assert ends(third(arb(1)))[0] >= low


def test_both_deactivations_and_a_planted_fault():
    gadget = product(10, 100.0)
    assert all(check.met for check in deactivation_checks(gadget))
    D = {name: entries * 1.001 for name, entries in (gadget.blocks[0].ssm.D or {}).items()}
    broken = replace(gadget, blocks=(replace(gadget.blocks[0], ssm=replace(gadget.blocks[0].ssm, D=D)),))
    verdicts = {check.id: check.verdict for check in deactivation_checks(broken)}
    assert verdicts["gadgets/EQ3-REM2"] is Verdict.REFUTED  # the other route ignores the broken skip


def test_lemma_5_is_refuted_as_printed_only_where_it_fails():
    checks = printed_indicators(M, ALPHA, EPSILON, 4000.0)
    assert [check.verdict for check in checks] == [Verdict.REFUTED] * 4
    assert all(check.value > Fraction(1, 2) for check in checks)
    assert [check.verdict for check in printed_indicators(M, ALPHA, Fraction(2), 4000.0)] == [Verdict.UNDECIDED] * 4


def test_paper_lambda_in_float32_is_useless_and_sharp_is_not():
    case = CASES["product"]
    assert case.paper is not None
    assert case.lambda_sharp is not None
    paper, sharp = (measure(case, lam, Precision("float32")) for lam in (case.paper, enough(case.lambda_sharp)))
    assert paper.error > 10_000 * EPSILON > sharp.error


@pytest.mark.parametrize("name", ["product", "select", "greater"])
@pytest.mark.parametrize("precision", [Precision("float32"), Precision("float16"), Precision("7 bits", 7)])
def test_measured_errors_respect_the_bound(name, precision):
    case = CASES[name]
    for lam in (1.5, 8.0, 60.0):
        measured = measure(case, lam, precision)
        assert measured.error <= promised(case, lam, measured)


def test_a_run_beyond_its_bound_is_refuted():
    proved = prove(CASES["relu-network"], EPSILON)
    run = run_case(proved, Precision("float32"))
    assert rounding_check([run]).verdict is Verdict.HELD
    for broken in (1.0, np.nan):
        planted = replace(run, sharp=replace(run.sharp, error=broken))
        assert rounding_check([planted]).verdict is Verdict.REFUTED
        assert run.paper is not None  # what the page shows at the paper's lambda was once left out
        planted = replace(run, paper=replace(run.paper, error=broken))
        assert rounding_check([planted]).verdict is Verdict.REFUTED


def test_float32_mantissa_is_float32():
    """23 stored bits through jax.lax.reduce_precision and the float32 program differ by rounding, 4 bits by more."""
    gadget = product(4, 4.0)
    case = replace(CASES["product"], build=lambda lam: product(4, lam))
    rounding = measure(case, 4.0, Precision("float32")).rounding
    rng = np.random.default_rng(0)
    inputs = {name: rng.uniform(-4, 4, (50, 1)).astype(np.float32).astype(np.float64) for name in ("a", "b")}
    float32 = evaluate(gadget, inputs, "float32")["out"].astype(np.float64)
    off = [np.abs(evaluate_with_bits(gadget, inputs, bits)["out"] - float32).max() for bits in (4, 23)]
    assert off[1] <= 2 * rounding < off[0]
    with pytest.raises(ValueError, match="allowed are 1 to 24"):
        evaluate_with_bits(gadget, inputs, 53)


def test_steep_select_and_unbounded_t():
    assert steep_check(CASES["select"], M, ALPHA, EPSILON).verdict is Verdict.PROVED
    far = far_check(CASES["select"].build(556.93), M, ALPHA, Precision("float32"))
    assert far.verdict is Verdict.REFUTED
    assert far.met


def test_norms_grow_as_the_formulas_say(monkeypatch):
    assert norm_check(growths((1, 2))).verdict is Verdict.HELD
    of_lambda, paper, sharp = FORMULAS["product"]
    for wrong in (replace(paper, exponents={**paper.exponents, "M": 5}), replace(paper, constant=5831)):
        monkeypatch.setitem(FORMULAS, "product", (of_lambda, wrong, sharp))
        assert norm_check(growths((1,))).verdict is Verdict.REFUTED


def test_command_writes_one_document_and_a_page(tmp_path, capsys):
    code = main(
        [
            "gadgets",
            "--lemma",
            "1",
            "--epsilon",
            "0.1",
            "--M",
            "2",
            "--dtype",
            "float32",
            "--json",
            "--out",
            str(tmp_path),
        ]
    )
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {check["claim"] for check in document["checks"]} >= {
        "L1",
        "L1-TAYLOR",
        "L1-R2",
        "L1-SSM",
        "EQ3-MLP",
        "X-FLOAT",
    }
    fields = {"lemma", "gadget", "M", "epsilon", "lambda_paper", "lambda_sharp", "error_certified", "error_measured"}
    assert fields | {"dtype", "parameters_norm"} <= set(document["rows"][0])
    page = (tmp_path / document["report"].rsplit("/", 1)[-1]).read_text()
    assert "--lemma 1 --M 2 --epsilon 0.1" in page
    assert len(list(tmp_path.glob("*.png"))) == 2


def test_the_table_says_what_a_lambda_is():
    """Where 0.99 of it is not known to fail, and where every lambda does; and what the paper's own comes to."""
    settings = GadgetsSettings((1, 5), Fraction(3, 10), Fraction(3, 10), Fraction(3, 10))
    wanted = [case for case in cases(settings.M, settings.epsilon, settings.alpha) if case.lemma in (1, 5)]
    found = {case.name: prove(case, settings.epsilon) for case in wanted}
    at = Measured(0.25, {}, 0.0, 1), Measured(0.5, {}, 0.0, 1)
    runs = [Run(each, Precision("float16"), at[0], at[each.case.name != "greater"]) for each in found.values()]
    rows = [document(run, settings) for run in runs]
    kinds = {row["gadget"]: (row["lambda_kind"], row["lambda_sharp"]) for row in rows}
    assert kinds["product"] == ("any", None)
    assert kinds["greater"][0] == "sharp"
    assert kinds["not-equal-printed"] == ("bound", 1.28)
    cells = {row[1]: row[4] for row in tables(rows, settings)[0].rows}
    assert (cells["product"], cells["not-equal-printed"]) == ("any", "1.28 bound")
    assert Fraction(cells["greater"]) >= Fraction(found["greater"].lam)
    said = notes(settings, list(found.values()))
    assert "not-equal-printed: the formula speaks from lambda = 1.28 on" in said[0]
    assert "Lemma 1 needs no lambda in particular" in sentence(rows, [], False)
    checks = [check for each in found.values() for check in each.checks]
    said = at_papers(rows, checks)
    assert "In float16 it misses epsilon = 0.3 for product by 0.5 (at lambda 9.72), less by 0.5" in said
    assert "it keeps it for greater." in said
    assert said.startswith("In real arithmetic the paper's lambda is enough for each of these gadgets")
    planted = [replace(c, verdict=Verdict.UNDECIDED) if c.id == "gadgets/L5-GT/greater" else c for c in checks]
    assert "enough for each of these gadgets but greater (UNDECIDED)." in at_papers(rows, planted)
    assert "but product (not decided here)" in at_papers(rows, checks[3:])
    assert sentence(rows[:1], [], False).startswith("1 gadget in 1 format: 0 statements proved")


def test_a_bound_from_below_is_shown_as_one():
    """A value just under 1 was once told as "at least 1.0"."""
    found = printed_indicators(M, ALPHA, EPSILON, 4000.0)
    for check in found:
        (shown,) = [value for name, value in (check.witness or {}).items() if name.endswith("_at_least")]
        assert isinstance(shown, float)
        assert Fraction(shown) == Fraction(check.value)
    page = Page("t")
    page.checks([replace(found[0], witness={"output_at_least": 1 - 2.0**-53})])
    assert "output_at_least = 0.999999." in page.text()
