"""Lists executed many steps at once, as accelerators do it, against step by step."""

import numpy as np
import pytest

from constructions import sparse
from constructions.mamba import SSM, Signals
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from constructions.recurrence import Execution, recur
from constructions.rows import VOID, Rows, one_hot_rows
from constructions.run import run_ssm

N, d = 67, 3


def outputs(memory: Memory, at_once: int, monkeypatch) -> np.ndarray:
    """What a memory puts out for integer values when so many steps go at once."""
    monkeypatch.setitem(sparse.STEPS_AT_ONCE, "cpu", at_once)
    rng = np.random.default_rng(3)
    x = rng.integers(-9, 10, (N, d)).astype(np.float64)
    target = np.array([rng.integers(0, i + 1) for i in range(N)])
    target[5] = VOID
    stream = memory.encoding.stream(x, np.arange(N), target, np.dtype("float64"))
    assert isinstance(memory.module, SSM)
    return np.asarray(run_ssm(memory.module, stream, Execution.SPARSE)["x"].dense())


@pytest.mark.parametrize("at_once", [2, 16, 67, 1024])
def test_theorem_3_is_the_same_bit_by_bit(at_once, monkeypatch):
    memory = theorem3(N, d)
    np.testing.assert_array_equal(outputs(memory, at_once, monkeypatch), outputs(memory, 1, monkeypatch))


@pytest.mark.parametrize("seed", range(4))
def test_values_that_list_one_block_a_step(seed, monkeypatch):
    """One channel a slot, as in the gated memory: the step's value lies in one of four blocks, another one is read."""
    rng = np.random.default_rng(seed)
    ones = Rows(np.ones((40, 1)), None, None, 1, 1)
    index, read = (rng.integers(VOID, 4, (40, 1)).astype(np.int32) for _ in range(2))
    v = Rows(None, index, rng.integers(-5, 6, (40, 1, 2)).astype(np.float64), 4, 2)
    found = []
    for at_once in (1, 7, 64):
        monkeypatch.setitem(sparse.STEPS_AT_ONCE, "cpu", at_once)
        found.append(recur(Signals(None, ones, ones, {"x": v}), {"x": read}, Execution.SPARSE)[1]["x"].dense())
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


def signals(rng: np.random.Generator, forgets: bool) -> Signals:
    """Keys that meet each other often, some steps that write or ask nothing, integer values."""
    write, ask = (rng.integers(VOID, 4, 40).astype(np.int32) for _ in range(2))
    values = rng.integers(-5, 6, (40, 2)).astype(np.float64)
    a = rng.integers(0, 2, 40).astype(np.float64) if forgets else None
    b, c = (one_hot_rows(index, 4, np.dtype("float64")) for index in (write, ask))
    return Signals(a, b, c, {"x": Rows(values, None, None, 1, 2)})


@pytest.mark.parametrize("seed", range(8))
def test_keys_that_are_written_again_and_steps_that_list_nothing(seed, monkeypatch):
    s = signals(np.random.default_rng(seed), False)
    plain = recur(s, {"x": None}, Execution.SCAN)[1]["x"].dense()
    for at_once in (1, 7, 64):
        monkeypatch.setitem(sparse.STEPS_AT_ONCE, "cpu", at_once)
        np.testing.assert_array_equal(recur(s, {"x": None}, Execution.SPARSE)[1]["x"].dense(), plain)


def test_what_forgets_goes_step_by_step(monkeypatch):
    s = signals(np.random.default_rng(0), True)
    plain = recur(s, {"x": None}, Execution.SCAN)[1]["x"].dense()
    monkeypatch.setitem(sparse.STEPS_AT_ONCE, "cpu", 7)
    np.testing.assert_array_equal(recur(s, {"x": None}, Execution.SPARSE)[1]["x"].dense(), plain)


def test_a_chunk_that_does_not_see_itself_is_caught(monkeypatch):
    """The planted fault: what the steps of a chunk read of each other is left out."""
    s = signals(np.random.default_rng(1), False)
    plain = recur(s, {"x": None}, Execution.SCAN)[1]["x"].dense()
    monkeypatch.setitem(sparse.STEPS_AT_ONCE, "cpu", 16)
    contract = sparse.contract
    monkeypatch.setattr(
        sparse, "contract", lambda how, p, q: contract(how, p, q) * (0.0 if how == "irjw,jwd->ird" else 1.0)
    )
    assert (np.asarray(recur(s, {"x": None}, Execution.SPARSE)[1]["x"].dense()) != np.asarray(plain)).any()


def test_keys_that_list_more_rows_than_queries_do(monkeypatch):
    rng = np.random.default_rng(2)
    index = np.stack([rng.permutation(5)[:2] for _ in range(9)]).astype(np.int32)
    b = Rows(None, index, rng.integers(-3, 4, (9, 2, 1)).astype(np.float64), 5, 1)
    c = one_hot_rows(rng.integers(0, 5, 9).astype(np.int32), 5, np.dtype("float64"))
    v = Rows(rng.integers(-5, 6, (9, 2)).astype(np.float64), None, None, 1, 2)
    s = Signals(None, b, c, {"x": v})
    plain = recur(s, {"x": None}, Execution.SCAN)[1]["x"].dense()
    for at_once in (1, 4):
        monkeypatch.setitem(sparse.STEPS_AT_ONCE, "cpu", at_once)
        np.testing.assert_array_equal(recur(s, {"x": None}, Execution.SPARSE)[1]["x"].dense(), plain)
