"""Modules of `verify copy` on small tasks: measurements meet the closed forms, and planted faults change verdicts."""

from dataclasses import replace
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verify.copy.modules
from bounds.formats import format_of
from bounds.rounding import growth
from constructions.linear import Action, linear_map
from constructions.mamba import SSM
from constructions.memories.theorem3 import theorem3
from verify.copy.checks import checks
from verify.copy.command import measure
from verify.copy.exact import converse_check, theorem3_checks
from verify.copy.modules import prepare
from verify.copy.rows import closed_form_worst, first_failing, row
from verify.copy.settings import MODULES, CopySettings
from verify.copy.task import task
from verify.verdict import Verdict

N, D = 12, 3
SMALL = CopySettings(N=(N,), d=D, d_h=(5,))


def run(module, settings=SMALL, n=N, d_h=5):
    return measure(module, task(settings.pos, n, settings.seed), d_h, settings)


def again(module, n, d_h):
    return run(module, SMALL, n, d_h)


def verdicts(done, settings=SMALL):
    return {check.id.rsplit("/", 1)[1]: check for check in checks(done, settings)}


@pytest.mark.parametrize("pos", ["random", "reverse", "string"])
@pytest.mark.parametrize("module", MODULES)
def test_every_check_comes_out_as_expected(module, pos):
    settings = replace(SMALL, pos=pos)
    assert all(check.met for check in verdicts(run(module, settings), settings).values())


def test_the_linear_module_copies_bit_by_bit_and_the_constant_one_does_not():
    linear, constant = run("ssm-linear"), run("ssm-constant")
    assert (linear.outputs == linear.wanted(slice(None))).all()
    assert not row(constant, SMALL, 6)["copies"]
    assert constant.max_abs_error > float(SMALL.epsilon)


@pytest.mark.parametrize("module", ["ssm-gated", "ssm-constant", "attention"])
def test_adversarial_values_attain_the_exact_worst_case(module):
    settings = replace(SMALL, values="adversarial")
    found = verdicts(run(module, settings), settings)["worst-case"]
    assert found.verdict is Verdict.HELD
    assert found.value > 0


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_the_linear_module_is_exact_in_every_dtype(dtype):
    settings = replace(SMALL, dtype=dtype, pos="string")
    assert verdicts(run("ssm-linear", settings), settings)["copies"].value == 0.0


@pytest.mark.parametrize("execution", ["dense", "sparse"])
@pytest.mark.parametrize("module", MODULES[:3])
def test_both_executions_agree_with_the_second_route(module, execution):
    settings = replace(SMALL, execution=execution)
    assert verdicts(run(module, settings), settings)["two-routes"].verdict is Verdict.HELD


def test_the_literal_Delta_records_log_2_of_the_value_and_copies_that():
    settings = replace(SMALL, Delta="literal")
    done = run("ssm-linear", settings)
    wanted = done.wanted(slice(None))
    assert wanted.shape == (N, D)
    assert verdicts(done, settings)["copies"].value == 0.0
    assert np.abs(wanted).max() < np.log(2.0)


@pytest.mark.parametrize("module", ["ssm-gated", "attention"])
def test_the_tokens_that_reproduce_count_in_the_error_budget(module):
    settings = replace(SMALL, pos="string", values="adversarial")
    done = run(module, settings)
    assert done.second.worst.max() <= float(settings.epsilon)  # twice the share that the construction is given
    assert verdicts(done, settings)["copies"].verdict is Verdict.HELD


@pytest.mark.parametrize(("a", "pos"), [("0", "random"), ("0.9", "random"), ("0.5", "string"), ("1", "first")])
def test_forgetting_meets_its_closed_form(a, pos):
    settings = replace(SMALL, a=Fraction(a), pos=pos, values="adversarial")
    found = verdicts(run("ssm-constant", settings), settings)
    assert found["worst-case"].verdict is Verdict.HELD
    assert found["two-routes"].verdict is Verdict.HELD


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("module", MODULES)
def test_the_shortest_sequences(module, n):
    settings = replace(SMALL, N=(n,), d=1)
    assert all(check.met for check in verdicts(run(module, settings, n), settings).values())


def test_the_converse_speaks_only_where_a_task_makes_the_state_carry_too_much():
    done = run("ssm-constant", replace(SMALL, pos="string"))
    found = verdicts(done)["floor"]
    assert (found.verdict, found.bound) == (Verdict.HELD, done.second.scale)
    assert "floor" not in verdicts(run("ssm-constant", replace(SMALL, pos="lag:1")))


def test_the_mean_square_of_the_keys_is_the_least_possible_and_a_wrong_key_is_not():
    done = run("ssm-constant")
    found = verdicts(done)["mean-square"]
    assert found.verdict is Verdict.HELD
    assert found.value == pytest.approx(found.bound, rel=growth(8, format_of("float32")))
    codes = np.concatenate([np.asarray(done.prepared.memory.encoding.codes)[:-1], np.full((1, 5), 0.5, np.float32)])
    spoilt = replace(done.prepared.memory, encoding=replace(done.prepared.memory.encoding, codes=codes))
    worse = verdicts(replace(done, prepared=replace(done.prepared, memory=spoilt)))["mean-square"]
    assert worse.value > found.value


def test_a_text_is_copied_byte_by_byte():
    text = b"to be copied"
    settings = replace(SMALL, values="text", path="a file", text=text, pos="string", d=4)
    assert verdicts(run("ssm-linear", settings), settings)["text"].value == 0
    assert "text" not in verdicts(run("ssm-constant", settings), settings)


@pytest.mark.parametrize("execution", ["auto", "dense", "sparse"])
@pytest.mark.parametrize("n", [1, 2])
def test_one_slot_is_executed_like_many(n, execution):
    settings = replace(SMALL, N=(n,), execution=execution)
    assert all(check.met for check in verdicts(run("ssm-gated", settings, n), settings).values())


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("changed", [{"values": "adversarial"}, {"Delta": "literal"}, {"a": Fraction(0)}])
def test_the_string_task_comes_out_as_expected_in_every_setting(module, changed):
    settings = replace(SMALL, pos="string", **changed)
    assert all(check.met for check in verdicts(run(module, settings), settings).values())


@pytest.mark.parametrize(
    ("constant", "wrong", "module"),
    [
        ("constructions.memories.gated.silu_unit_gate", lambda: 1.0, "ssm-gated"),
        ("constructions.memories.gated.gated_write_off", lambda *_: 5.0, "ssm-gated"),
        ("constructions.memories.heads.binary_scale", lambda *_: 2.0, "attention"),
    ],
)
def test_a_wrong_constant_is_not_excused_by_the_dtype(monkeypatch, constant, wrong, module):
    monkeypatch.setattr(constant, wrong)
    found = verdicts(run(module))["stated-error"]
    assert found.verdict is Verdict.REFUTED
    assert not found.met


def test_the_first_failing_N_is_one_more_than_the_states():
    done = run("ssm-constant", d_h=5)
    assert first_failing("ssm-constant", done, SMALL, again) == 6
    assert closed_form_worst(prepare("ssm-constant", task("random", 5, 0), 5, SMALL), SMALL) == 0.0
    fits = run("ssm-constant", n=5)
    assert first_failing("ssm-constant", fits, SMALL, again) is None


def test_random_keys_fail_as_soon_as_two_of_them_meet():
    settings = replace(SMALL, keys="random")
    done = run("ssm-constant", settings)
    found = first_failing("ssm-constant", done, settings, again)
    assert found is not None
    worst = [
        closed_form_worst(prepare("ssm-constant", task("random", n, 0), 5, settings), settings) for n in (1, found)
    ]
    assert worst[0] <= settings.epsilon < worst[1]


def _faulty(change):
    """The memories as built, changed by `change`."""
    true_build = verify.copy.modules.build
    return lambda module, made, d_h, settings: change(true_build(module, made, d_h, settings))


def _negated_query(memory):
    module = memory.module
    wrong = linear_map(module.W_c.domain, module.W_c.codomain, {("target", "state"): Action(np.asarray(-1.0))})
    return replace(memory, module=replace(module, W_c=wrong))


def _forgetting(memory):
    return replace(memory, module=replace(memory.module, A=np.asarray(-1e-3)))


def _position_read_as_target(memory):
    module = memory.module
    wrong = linear_map(module.W_c.domain, module.W_c.codomain, {("position", "state"): Action()})
    return replace(memory, module=replace(module, W_c=wrong))


def _poisoned(memory):
    spoilt = jax.tree.map(lambda leaf: np.asarray(leaf * np.nan), memory.module.W_Delta1)
    return replace(memory, module=replace(memory.module, W_Delta1=spoilt))


def _louder_query(memory):
    return replace(memory, module=replace(memory.module, W_c=_scaled(memory.module.W_c, 1.01)))


def _scaled(linear, factor):
    return jax.tree.map(lambda leaf: np.asarray(leaf * factor), linear)


@pytest.mark.parametrize("fault", [_negated_query, _forgetting, _louder_query, _poisoned])
def test_a_fault_in_the_weights_of_theorem_3_is_refuted_with_a_witness(monkeypatch, fault):
    monkeypatch.setattr(verify.copy.modules, "build", _faulty(fault))
    found = verdicts(run("ssm-linear"))["copies"]
    assert found.verdict is Verdict.REFUTED
    assert not found.met
    assert found.witness is not None
    assert set(found.witness) == {"step", "pos", "coordinate", "y", "v_pos"}


def test_a_scale_too_small_for_epsilon_is_refuted(monkeypatch):
    def halved(memory):
        return replace(memory, module=replace(memory.module, W_q=_scaled(memory.module.W_q, 0.5)))

    monkeypatch.setattr(verify.copy.modules, "build", _faulty(halved))
    settings = replace(SMALL, values="adversarial")
    assert verdicts(run("attention", settings), settings)["copies"].verdict is Verdict.REFUTED


def test_outputs_that_the_weights_do_not_give_are_seen_by_the_second_route():
    done = run("ssm-constant")
    outputs = done.outputs.copy()
    outputs[3, 1] += 1e-3
    found = verdicts(replace(done, outputs=outputs))["two-routes"]
    assert found.verdict is Verdict.REFUTED
    assert found.witness is not None
    assert found.witness["step"] == 3


def test_nan_fails_every_comparison():
    done = run("ssm-linear")
    spoiled = replace(done, outputs=np.full_like(done.outputs, np.nan))
    refuted = {name for name, check in verdicts(spoiled).items() if check.verdict is Verdict.REFUTED}
    assert refuted == {"two-routes", "worst-case", "copies"}
    assert not row(spoiled, SMALL, None)["copies"]


def test_exact_arithmetic_proves_theorem_3_and_refutes_a_shifted_state():
    assert [check.verdict for check in theorem3_checks(3)] == [Verdict.PROVED, Verdict.PROVED]

    def reads_the_position(n, d):
        memory = theorem3(n, d)
        assert isinstance(memory.module, SSM)
        return _position_read_as_target(memory)

    def writes_twice(n, d):
        memory = theorem3(n, d)
        module = memory.module
        assert isinstance(module, SSM)
        both = {("position", "state"): Action(), ("target", "state"): Action()}
        return replace(memory, module=replace(module, W_b=linear_map(module.W_b.domain, module.W_b.codomain, both)))

    output, state = theorem3_checks(3, reads_the_position)
    assert (output.verdict, state.verdict) == (Verdict.REFUTED, Verdict.PROVED)
    output, state = theorem3_checks(3, writes_twice)
    assert (output.verdict, state.verdict) == (Verdict.REFUTED, Verdict.REFUTED)
    with pytest.raises(ValueError, match="needs A = O"):
        theorem3_checks(2, lambda n, d: _forgetting(theorem3(n, d)))


def test_the_converse_is_replayed_and_a_wrong_kernel_is_seen(monkeypatch):
    assert converse_check(0, 5).verdict is Verdict.HELD
    monkeypatch.setattr("verify.copy.exact.kernel_witness", lambda rows: [Fraction(1)] * len(rows[0]))
    assert converse_check(0, 5).verdict is Verdict.REFUTED
    monkeypatch.setattr("verify.copy.exact.kernel_witness", lambda rows: [Fraction(0)] * len(rows[0]))
    assert converse_check(0, 5).verdict is Verdict.REFUTED


def test_stored_weights_are_what_the_program_multiplies():
    prepared = prepare("attention", task("random", N, 0), 5, replace(SMALL, dtype="bfloat16"))
    assert {leaf.dtype for leaf in jax.tree.leaves(prepared.memory.module)} == {jnp.dtype("bfloat16")}
