"""The checks of `verify dp` on a run, and the faults that they catch; weights are arguments, so no fault compiles."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from constructions.linear import Action, LinearMap
from constructions.mamba import MambaBlock
from constructions.programs.stack import Stack
from verify.dp.alone import alone_checks
from verify.dp.cases import cases
from verify.dp.checks import checks, margin_check, range_check
from verify.dp.command import measure
from verify.dp.cost import Plan, plan
from verify.dp.dtypes import dtypes_check, first_unequal
from verify.dp.growth import growth_check, points
from verify.dp.quantities import quantities_checks
from verify.dp.run import Done, execute
from verify.dp.second import second_check
from verify.dp.settings import parse
from verify.verdict import Check, Verdict

RING = "copy of ending before"  # a reader of the ring


@pytest.fixture(scope="module")
def dp_done() -> Done:
    """Largest sums by Theorem 5, on one input and all short ones."""
    settings = parse({"problem": "subarray", "theorem": "5", "input": "3 -5 4 -1 2 7"})
    (case,) = cases(settings)
    assert case.task is not None
    return measure(plan(case, case.task, settings), settings)


def verdicts(found: list[Check]) -> dict[str, Verdict]:
    return {check.id.split("/")[-1]: check.verdict for check in found}


def all_checks(done: Done) -> dict[str, Check]:
    found = [*checks(done), *quantities_checks(done), *alone_checks(done), second_check(done)]
    return {check.id.split("/")[-1]: check for check in found}


def broken(stack: Stack, writes: str, change: Callable[[MambaBlock], MambaBlock]) -> Stack:
    """The stack with one block changed: the one that writes that scalar."""
    blocks = [replace(b, block=change(b.block)) if writes in b.writes else b for b in stack.blocks]
    assert sum(writes in b.writes for b in stack.blocks) == 1
    return replace(stack, blocks=tuple(blocks))


def rerun(done: Done, stack: Stack) -> Done:
    lengths = tuple(map(len, done.wanted))
    return execute(Plan(done.case, done.task, done.batch, done.limits, lengths), stack)


def with_entries(linear: LinearMap, change: Callable[[tuple[str, str], np.ndarray], np.ndarray]) -> LinearMap:
    actions = {key: Action(change(key, np.asarray(a.inner)), a.outer) for key, a in linear.actions.items()}
    return LinearMap(linear.domain, linear.codomain, actions)


def shifted_slot(block: MambaBlock) -> MambaBlock:
    """The gate of the ring's reader opens the next slot."""
    W_2 = with_entries(block.W_2, lambda key, m: np.roll(m, 1, axis=0) if key[1] == RING else m)
    return replace(block, W_2=W_2, b_2={**block.b_2, RING: np.roll(np.asarray(block.b_2[RING]), 1)})


def leaking(block: MambaBlock) -> MambaBlock:
    """A = 0: the ring forgets nothing."""
    assert isinstance(block.ssm.A, dict)
    A = {name: 0.0 * np.asarray(a) for name, a in block.ssm.A.items()}  # of all its readers, which share one state
    return replace(block, ssm=replace(block.ssm, A=A))


def dropped(scalar: str) -> Callable[[MambaBlock], MambaBlock]:
    """A scalar that is never written."""

    def change(block: MambaBlock) -> MambaBlock:
        return replace(block, W_3=with_entries(block.W_3, lambda key, m: 0.0 * m if key[1] == scalar else m))

    return change


def swapped(block: MambaBlock) -> MambaBlock:
    """The reader of the input reads two of its slots in each other's place."""

    def exchange(key: tuple[str, str], m: np.ndarray) -> np.ndarray:
        return m[[1, 0, *range(2, len(m))]] if key[1] == "copy of s_i" else m

    bias = np.asarray(block.b_2["copy of s_i"])
    return replace(
        block,
        W_2=with_entries(block.W_2, exchange),
        b_2={**block.b_2, "copy of s_i": bias[[1, 0, *range(2, len(bias))]]},
    )


def test_a_right_run_passes_every_check(dp_done):
    found = {name: check.verdict for name, check in all_checks(dp_done).items()}
    assert found.pop("range") is Verdict.PROVED
    assert found.pop("enumerated") is Verdict.PROVED
    assert set(found.values()) == {Verdict.HELD}
    assert {f"{what}-block-{k}" for what in ("quantities", "alone") for k in (1, 2, 3, 4)} <= set(found)


@pytest.mark.parametrize(
    ("scalar", "change", "block"),
    [
        (RING, shifted_slot, 3),
        (RING, leaking, 3),
        ("copy of s_i", swapped, 3),
        ("computes a state", dropped("computes a state"), 2),
        ("for the answer: best", dropped("for the answer: best"), 4),
        ("n1", dropped("n1"), 1),
    ],
    ids=["shifted slot", "leak", "swapped index", "dropped flag", "dropped register", "dropped size"],
)
def test_a_fault_in_the_weights_is_refuted_and_blamed_on_the_layer_that_has_it(dp_done, scalar, change, block):
    wrong = rerun(dp_done, broken(dp_done.stack, scalar, change))
    found = all_checks(wrong)
    assert found["enumerated"].verdict is Verdict.REFUTED
    assert found[f"quantities-block-{block}"].verdict is Verdict.REFUTED
    # Each block alone: those before and behind it, fed with exact values, are right.
    refuted = [name for name in found if name.startswith("alone-") and found[name].verdict is not Verdict.HELD]
    assert refuted == [f"alone-block-{block}"]
    witness = found[refuted[0]].witness
    layer = next(k for k, named in enumerate(wrong.stack.blocks, start=1) if scalar in named.writes)
    assert witness is not None
    assert witness["wrong layers"] == [layer]
    assert witness["block"] == f"layer {layer}, {wrong.stack.blocks[layer - 1].stage}"
    assert witness["space"] in wrong.stack.blocks[layer - 1].writes
    # The second route runs the same faulty weights and agrees; against the right ones it does not.
    assert verdicts([second_check(replace(wrong, stack=dp_done.stack))])["second-route"] is Verdict.REFUTED


def test_a_wrong_oracle_is_noticed_with_the_smallest_witness(dp_done):
    k = len(dp_done.batch.asked) + 5
    wanted = list(dp_done.wanted)
    wanted[k] = wanted[k].copy()
    wanted[k][-1, dp_done.fields.index("answer")] += 1
    found = {check.id: check for check in checks(replace(dp_done, wanted=tuple(wanted)))}
    check = found["subarray/T5/enumerated"]
    assert check.verdict is Verdict.REFUTED
    assert check.value == 1
    assert check.witness is not None
    assert check.witness["instance"] == dp_done.task.written(dp_done.batch.all[k])
    assert check.witness["token"] == len(wanted[k])
    assert found["subarray/T5/tokens"].verdict is Verdict.HELD


def test_a_run_that_ends_early_or_late_is_wrong(dp_done):
    early = replace(dp_done.run, lengths=dp_done.run.lengths - 1)
    assert not replace(dp_done, run=early).right.any()
    endless = replace(dp_done.run, stopped=np.zeros_like(dp_done.run.stopped))
    assert not replace(dp_done, run=endless).right.any()


def test_alone_a_block_that_writes_where_another_does_is_blamed(dp_done):
    """The run adds it to what is there; no later block is wrong by itself."""

    def beside(block: MambaBlock) -> MambaBlock:
        (key, action), *_ = block.W_3.actions.items()
        actions = block.W_3.actions | {(key[0], "computes a state"): action}
        return replace(block, W_3=LinearMap(block.W_3.domain, block.W_3.codomain, actions))

    found = {c.id: c for c in alone_checks(replace(dp_done, stack=broken(dp_done.stack, "n1", beside)))}
    first = found["subarray/T5/alone-block-1"].witness
    assert first is not None
    assert first["space"] == "a space of another block"
    assert sum(check.verdict is Verdict.REFUTED for check in found.values()) == 1


def test_a_sum_that_is_no_quantity_s_is_refuted(dp_done):
    """Whoever reads a quantity that no block writes would add up something else."""
    form = dp_done.stack.forms["no more states"]
    assert len(form.terms) > 1
    stack = replace(dp_done.stack, forms=dp_done.stack.forms | {"no more states": form.plus(1)})
    (wrong,) = [c for c in alone_checks(replace(dp_done, stack=stack)) if c.verdict is not Verdict.HELD]
    assert wrong.id.endswith("alone-block-2")
    assert wrong.witness is not None
    assert wrong.witness["quantity"] == "no more states"


def test_alone_a_nan_is_no_agreement(dp_done):
    def spoiled(block: MambaBlock) -> MambaBlock:
        return replace(block, b_2={n: np.full_like(b, np.nan) for n, b in block.b_2.items()})

    found = verdicts(alone_checks(replace(dp_done, stack=broken(dp_done.stack, "n1", spoiled))))
    assert found.pop("alone-block-1") is Verdict.REFUTED
    assert set(found.values()) == {Verdict.HELD}


@pytest.mark.parametrize("margin", [np.nan, 0.4999])
def test_a_margin_below_the_guaranteed_one_is_refuted(dp_done, margin):
    margins = dp_done.run.margins.copy()
    margins[3, dp_done.run.lengths[3] - 1] = margin
    check = margin_check(replace(dp_done, run=replace(dp_done.run, margins=margins)))
    assert check.verdict is Verdict.REFUTED
    assert check.witness is not None
    assert check.witness["token"] == dp_done.run.lengths[3]


def test_a_stack_beyond_its_format_claims_nothing(dp_done):
    reach = tuple(replace(r, share=2 * r.share / dp_done.stack.worst.share) for r in dp_done.stack.reach)
    done = replace(dp_done, stack=replace(dp_done.stack, reach=reach))
    assert range_check(done).verdict is Verdict.SKIPPED
    assert margin_check(done).bound == 0
    assert Verdict.REFUTED in margin_check(done).expected


def test_a_nan_in_the_stream_is_no_agreement(dp_done):
    streams = {k: each.copy() for k, each in dp_done.streams.items()}
    for each in streams.values():
        each[2, dp_done.stack.stream.coordinates("n1")] = np.nan
    found = all_checks(replace(dp_done, streams=streams))
    assert found["quantities-block-1"].verdict is Verdict.REFUTED
    assert found["second-route"].verdict is Verdict.REFUTED


def test_sizes_that_grow_with_T_refute_theorem_5(dp_done):
    found = points(dp_done)
    assert growth_check(dp_done, found).verdict is Verdict.PROVED
    assert len({p.carried.state_entries for p in found}) == 1
    grown = replace(found[-1], carried=replace(found[-1].carried, state_entries=found[-1].carried.state_entries + 1))
    assert growth_check(dp_done, [*found[:-1], grown]).verdict is Verdict.REFUTED


def test_more_slots_than_tokens_are_named(dp_done):
    """Planted in a stack by Theorem 4: the witness says which field gives them."""
    found = points(dp_done)
    many = [replace(p, slots=p.readers * p.T + 1) for p in found]
    table = replace(dp_done, case=replace(dp_done.case, theorem=4))
    witness = growth_check(table, many).witness
    assert witness is not None
    assert witness["reason"].startswith("`slots` gives")


def test_first_differences():
    rows = np.arange(6).reshape(3, 2)
    other = rows.copy()
    other[1, 1] = 9
    assert first_unequal(rows, rows) is None
    assert first_unequal(other, rows) == 2
    assert first_unequal(rows[:2], rows) == 3


def test_a_finer_format_that_differs_is_refuted_and_a_coarser_one_is_evidence(dp_done):
    assert dtypes_check(dp_done, {"bfloat16": 3, "float32": None, "float64": None}).verdict is Verdict.HELD
    check = dtypes_check(dp_done, {"bfloat16": 3, "float32": None, "float64": 5})
    assert check.verdict is Verdict.REFUTED
    assert not check.met
