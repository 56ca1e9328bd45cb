"""X-FLOAT's checks: what they find, and faults that they do not let pass."""

from dataclasses import replace

import numpy as np
import pytest

from bounds.formats import format_of
from constructions.gadgets.order import absolute
from constructions.memories.heads import binary_head
from constructions.memories.theorem3 import theorem3
from constructions.problems.catalogue import Options, entry
from verify.claims import float_memories
from verify.claims.certified import ALPHA, EPSILON, M, proved
from verify.claims.float_gadgets import _reached, every_number, product_loses_every_bit, worst_of_all
from verify.claims.float_memories import SLOTS, _chain, _copied, _first_wrong, _sharpened
from verify.gadgets.beyond import beyond
from verify.gadgets.curves import run_case
from verify.gadgets.float import Precision
from verify.verdict import Verdict

FLOAT16 = Precision("float16")


def test_every_number_of_a_format_is_there_once():
    for dtype in ("float16", "bfloat16"):
        format, numbers = format_of(dtype), every_number(dtype)
        finite = 2**16 - 2 * 2 ** (format.precision - 1)  # one exponent is kept for infinities and NaN, of both signs
        assert len(numbers) == finite
        assert len(np.unique(numbers)) == finite - 1  # 0 and -0
        assert numbers.max() == float(format.max)


def test_a_gadget_beyond_its_bound_is_refuted():
    case = proved("product").case
    run = run_case(proved("product"), FLOAT16)
    assert _reached(case, [run], rounds=True).verdict is Verdict.HELD
    assert _reached(case, [run], rounds=False).verdict is Verdict.REFUTED
    for broken in (1e9, np.nan):
        planted = replace(run, sharp=replace(run.sharp, error=broken))
        assert _reached(case, [planted], rounds=True).verdict is Verdict.REFUTED
    ends = dict.fromkeys(run.curve, next(iter(run.curve.values())))
    assert _reached(case, [replace(run, curve=ends)], rounds=True).verdict is Verdict.REFUTED


def test_all_numbers_of_a_format_show_a_wrong_gadget():
    case = next(case for case in beyond(M, EPSILON, ALPHA) if case.name == "absolute")
    error, bound, count = worst_of_all(case, 8.0, "float16")
    assert 0 < error <= bound
    assert count == (np.abs(every_number("float16")) <= float(M)).sum()
    wrong = replace(case, build=lambda lam: replace(absolute(M, lam), target=lambda v: {"out": -np.abs(v["x"])}))
    error, bound, _ = worst_of_all(wrong, 8.0, "float16")
    assert error > bound


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
def test_an_odd_product_beyond_2_to_the_p_has_no_number(dtype):
    check = product_loses_every_bit(dtype)
    assert check.verdict is Verdict.PROVED
    assert check.bound % 2 == 1
    assert check.bound > 2 ** format_of(dtype).precision


def test_copies_bit_by_bit_and_blunt_keys_that_do_not():
    values = np.random.default_rng(0).uniform(-1, 1, (SLOTS, 2))
    assert _copied("ssm-linear", theorem3(SLOTS, 2), values, False, "float32").verdict is Verdict.HELD
    head = binary_head(2 * SLOTS, 2, 1.0, 0.5)
    assert _copied("attention", _sharpened(head, 64), values, False, "float32").verdict is Verdict.HELD
    blunt = _copied("attention", _sharpened(head, 1), values, False, "float32")
    assert blunt.verdict is Verdict.REFUTED
    assert blunt.witness


def test_a_chain_that_leaves_the_oracle_inside_its_range_is_refuted(monkeypatch):
    task, dtypes = entry("subarray", Options()).tasks[4], ("float16", "float32")
    monkeypatch.setattr(float_memories, "_first_wrong", lambda *_: None)
    held = _chain(task, dtypes)
    assert held.verdict is Verdict.HELD
    assert held.value["float16"] == "0"  # so that only float32 runs
    monkeypatch.setattr(float_memories, "_first_wrong", lambda *_: 3)
    wrong = _chain(task, dtypes)
    assert wrong.verdict is Verdict.REFUTED
    assert wrong.witness == {"float32": 3}
    assert _chain(task, dtypes[:1]).verdict is Verdict.REFUTED  # nothing ran


@pytest.mark.long
def test_a_chain_in_a_format_without_range_goes_wrong():
    """subarray, Theorem 5, has no guaranteed T in float16; from 16 values on a run shows it."""
    task = entry("subarray", Options()).tasks[5]
    instance = task.draw(16, np.random.default_rng(0))
    assert _first_wrong(task, instance, format_of("float16")) is not None
