"""What the comparisons of `verify copy` allow: no bound refutes what is right, and none lets everything pass."""

from dataclasses import replace
from fractions import Fraction

import jax
import numpy as np
import pytest

from constructions.memories import heads
from verify.copy.checks import checks, stated_error
from verify.copy.command import measure
from verify.copy.modules import prepare
from verify.copy.settings import CopySettings
from verify.copy.task import task
from verify.verdict import Verdict

N, D = 12, 3
SMALL = CopySettings(N=(N,), d=D, d_h=(5,))


def run(module, settings=SMALL, n=N, d_h=5):
    return measure(module, task(settings.pos, n, settings.seed), d_h, settings)


def verdicts(done, settings=SMALL):
    return {check.id.rsplit("/", 1)[1]: check for check in checks(done, settings)}


def stated(n, settings):
    """The check of the derived weights alone, without a run."""
    prepared = prepare("attention", task(settings.pos, n, 0), 5, settings)
    return stated_error(prepared, np.arange(prepared.task.first_judged, prepared.task.steps), settings)


@pytest.mark.parametrize("n", [2, 3, 64, 65, 200, 500, 1000, 4000, 4097, 4292, 5000])
@pytest.mark.parametrize("epsilon", ["0.5", "0.1", "1e-3"])
def test_what_float64_makes_of_the_circle_refutes_no_derived_scale(n, epsilon):
    """Its points are off by a few 1e-16 and its scale is up to 1e7, so the worst case found exceeds what is stated by
    far more than the sum's own roundings; balls prove the scale.
    """
    settings = replace(SMALL, d=1, modules=("attention",), codes="circle", epsilon=Fraction(epsilon))
    found = stated(n, settings)
    assert found.verdict is Verdict.HELD
    assert found.value == pytest.approx(found.bound, rel=1e-6)


@pytest.mark.parametrize("n", [64, 5000])
def test_a_circle_whose_scale_is_a_millionth_too_small_is_refuted(monkeypatch, n):
    least = heads.circle_scale_least
    monkeypatch.setattr(heads, "circle_scale_least", lambda *words: least(*words) * (1 - 1e-6))
    settings = replace(SMALL, d=1, modules=("attention",), codes="circle")
    assert stated(n, settings).verdict is Verdict.REFUTED


def test_a_stated_error_that_float64_cannot_tell_is_skipped(monkeypatch):
    monkeypatch.setattr(heads, "circle_scale_least", lambda *_: 1e15)
    found = stated(8, replace(SMALL, modules=("attention",), codes="circle"))
    assert (found.verdict, found.met) == (Verdict.SKIPPED, True)


@pytest.mark.parametrize(
    ("module", "n", "skipped"),
    [
        ("ssm-linear", 2048, set()),
        ("ssm-gated", 400, set()),
        ("ssm-gated", 2048, {"two-routes"}),
        ("ssm-constant", 2048, {"two-routes"}),
        ("attention", 2048, {"two-routes"}),
    ],
)
def test_a_rounding_bound_as_large_as_the_outputs_decides_nothing(module, n, skipped):
    settings = replace(SMALL, N=(n,), d=1, dtype="bfloat16", modules=(module,), pos="string")
    found = verdicts(run(module, settings, n), settings)
    assert {name for name, check in found.items() if check.verdict is Verdict.SKIPPED} == skipped
    assert all("bounded by" in found[name].evidence for name in skipped)
    routes = found["two-routes"]
    assert routes.bound is None or routes.bound < 2


def test_one_wrong_output_in_bfloat16_is_seen_among_many_steps():
    """A planted fault half the size of a value: bounds that grow with the steps let it pass."""
    settings = replace(SMALL, N=(2048,), d=1, dtype="bfloat16", modules=("ssm-linear",))
    done = run("ssm-linear", settings, 2048)
    outputs = done.outputs.copy()
    outputs[1999] += 0.5
    assert verdicts(replace(done, outputs=outputs), settings)["two-routes"].verdict is Verdict.REFUTED


@pytest.mark.parametrize("execution", ["dense", "sparse"])
@pytest.mark.parametrize("a", ["0", "0.5", "0.99", "1"])
def test_forgetting_keeps_the_bound_of_bfloat16_small(a, execution):
    """A term's roundings multiply what is left of it, not the sum."""
    settings = replace(SMALL, N=(17,), d=1, dtype="bfloat16", a=Fraction(a), execution=execution)
    found = verdicts(run("ssm-constant", settings, 17), settings)["two-routes"]
    assert found.verdict is Verdict.HELD
    assert found.bound < 2


@pytest.mark.parametrize("module", ["ssm-gated", "attention"])
@pytest.mark.parametrize("n", [2, 3, 12])
def test_the_string_task_has_one_weight_for_each_value(module, n):
    """Steps that reproduce are fed the values again, so that two weights act on one value: the worst case is below that
    of free inputs, and adversarial values reach it.
    """
    settings = replace(SMALL, N=(n,), d=1, pos="string", dtype="float64", values="adversarial", epsilon=Fraction("0.4"))
    with jax.enable_x64():
        done = run(module, settings, n)
    assert float(done.second.worst.max()) < float(done.second.apart.max())
    found = verdicts(done, settings)["worst-case"]
    assert found.verdict is Verdict.HELD
    assert "equal to" in found.evidence
    assert found.value == pytest.approx(found.bound, rel=1e-12)
    outputs = done.wanted(slice(None)) + 0.99 * (done.outputs - done.wanted(slice(None)))
    assert verdicts(replace(done, outputs=outputs), settings)["worst-case"].verdict is Verdict.REFUTED


def test_adversarial_values_are_made_for_a_step_that_is_compared(monkeypatch):
    monkeypatch.setattr("verify.copy.run.SECOND_ROUTE_PRODUCTS", 3 * N * D)
    settings = replace(SMALL, values="adversarial", pos="reverse")
    done = run("ssm-constant", settings)
    assert len(done.compared) == 3 < len(done.steps)
    assert verdicts(done, settings)["worst-case"].verdict is Verdict.HELD
