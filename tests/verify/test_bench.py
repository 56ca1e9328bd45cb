"""`verify bench`: what its rows say, and that what it times is what it says. No time is judged here."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import verify.bench.command
from constructions.memories.constant import constant, projection_keys
from constructions.memories.heads import binary_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from constructions.recurrence import Execution
from verify.bench import clock, forgetting, memories, peers
from verify.bench.timing import Ratio, Roofs, Timing, Work
from verify.cli import main

ROWS = [
    Timing("a roof", "roof", 1.0, 2.0, "GFLOP/s"),
    Timing("a ratio", "dense", 1.0, ratio=Ratio(0.5, "of the roof", 0.55), exact=True),
    Timing("a process", "whole process", 1.0, at_most=2.0, peak_bytes=2**20),
    Timing("a peer", "not run: RuntimeError", None, at_most=1.0),
]


def test_an_aim_is_reached_or_not_or_not_set():
    assert [row.reached for row in ROWS] == [None, False, True, None]
    assert [row.aim for row in ROWS] == ["", ">= 0.55", "<= 2 s", "<= 1 s"]
    assert Timing("nan", "", 1.0, ratio=Ratio(float("nan"), "", 0.55)).reached is False


@pytest.mark.parametrize("wrong", [{"exact": False}, {"off": (0.2, 0.1)}, {"off": (float("nan"), 0.1)}])
def test_wrong_outputs_reach_no_aim(wrong):
    # A wrong attention once would have counted as fast enough.
    assert Timing("fast", "", 1.0, at_most=2.0, **wrong).reached is False
    assert Timing("near its roof", "", 1.0, ratio=Ratio(1.0, "", 0.5), **wrong).reached is False
    assert Timing("fast", "", 1.0, at_most=2.0, off=(0.1, 0.1)).reached is True


def test_an_aim_that_is_missed_is_told_with_its_reason():
    missed = Timing("many", "batched", 1.0, ratio=Ratio(0.1, "one / all", 0.5), bound_by="arithmetic")
    assert missed.missed == "many, batched: 0.1 where >= 0.5 is aimed at; arithmetic."
    wrong = Timing("fast", "dense", 3.0, at_most=4.0, exact=False, roofline="9 % of copy")
    assert wrong.missed == "fast, dense: 3 s where <= 4 s is aimed at; its outputs are wrong."
    assert Timing("slow", "", 3.0, at_most=2.0, roofline="9 % of copy").missed.endswith("it reached 9 % of copy.")
    assert Timing("slow", "", 3.0, at_most=2.0).missed.endswith("not explained.")
    assert [row.missed for row in ROWS if row.reached is not False] == ["", "", ""]


def test_decoding_and_attention_are_judged():
    assert memories.decoded(theorem3(6, 2), 5)[1]
    error, allowed = memories.attended(binary_head(9, 2, 1.0, 1e-3))[1]
    assert 0 < error <= allowed < 2e-3


def crowded(a: float) -> Memory:
    """300 keys of 4 dimensions."""
    return constant(300, 2, projection_keys(300, 4), "projection", a)


def put_out(a: float) -> jax.Array:
    return memories.ran(crowded(a), Execution.SCAN)[1]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 steps that look back 60 steps, so that most leave something out: 0.9^60 = 0.002 of it."""
    monkeypatch.setattr(forgetting, "BLOCK", 8)
    monkeypatch.setattr(forgetting, "WINDOW", 60)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("execution", [Execution.SCAN, Execution.CHUNKED])
def test_a_memory_that_forgets_is_judged(execution):
    error, allowed = forgetting.judged(crowded(0.9), execution)[1]
    assert 0 < error <= allowed


FAULTS = {
    "another a": lambda _: put_out(0.91),
    "a step late": lambda y: jnp.concatenate([y[:1], y[:-1]]),
    "nothing at the last step": lambda y: y.at[-1].set(0.0),
    "one coordinate 1 % off": lambda y: y.at[0, 1].multiply(1.01),
    "NaN": lambda y: y.at[150].set(jnp.nan),
}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_memory_that_forgets_wrongly_is_seen(fault, monkeypatch):
    monkeypatch.setattr(forgetting, "BLOCKS", 38)  # every step
    y = put_out(0.9)
    assert right(y)
    assert not right(FAULTS[fault](y))


@pytest.mark.usefixtures("small")
def test_what_the_window_leaves_out_is_needed(monkeypatch):
    y = put_out(0.9)
    monkeypatch.setattr(forgetting, "_older", lambda _: 0.0)
    assert not right(y)


def right(y: jax.Array) -> bool | None:
    return Timing("", "", 1.0, off=forgetting.distance(crowded(0.9), y, Execution.SCAN)).correct


def test_only_a_memory_that_forgets_is_judged_by_its_last_values():
    with pytest.raises(ValueError, match="one A < 0"):
        forgetting.judged(theorem3(9, 3), Execution.SCAN)


def test_a_wrong_decode_is_seen(monkeypatch):
    first = memories.initial_state
    monkeypatch.setattr(memories, "initial_state", lambda *a: {name: H + 1 for name, H in first(*a).items()})
    assert not memories.decoded(theorem3(6, 2), 5)[1]


def test_the_best_of_several_runs_leaves_out_the_first():
    calls = []

    def program(x):
        calls.append(x)
        return jnp.zeros(())

    assert clock.best(program, 1)[0] < float("inf")
    assert len(calls) == clock.REPEATS + 1


def test_a_process_reports_its_exit_code_and_memory(tmp_path):
    done = clock.process(["bounds", "--L", "0"], str(tmp_path))
    assert done.exit_code == 2
    assert done.peak_bytes > 2**20


def test_exactness_is_that_of_the_timed_run(monkeypatch):
    memory = theorem3(9, 3)
    assert memories.timed(memory, Execution.SPARSE)[1]
    true_inputs = memories.inputs
    monkeypatch.setattr(memories, "inputs", lambda memory: (*true_inputs(memory)[:2], np.zeros((9, 3), np.float32)))
    assert not memories.timed(memory, Execution.SPARSE)[1]


def test_the_roof_that_binds_is_named():
    roofs = Roofs(product=100.0, copy=10.0)
    assert roofs.share(Work(operations=100.0, moved=1.0), 2.0) == "50 % of product"
    assert roofs.share(Work(operations=100.0, moved=40.0), 8.0) == "50 % of copy"


def test_work_is_counted_as_the_loops_do_it():
    """The matrix form's products at N = 8, d = 2, four states, chunks of 4, multiplied out by hand."""
    scores, inside, read, write = 2 * 4 * 4 * 4, 2 * 4 * 4 * 2, 2 * 4 * 4 * 2, 2 * 4 * 4 * 2
    assert memories.chunk_work(8, 2, 4, 4).operations == 2 * (scores + inside + read + write)
    assert memories.attention_work(2, 2).operations == 3 * (2 * 1 + 2 * 2)


def test_a_peer_that_fails_is_a_row_that_says_so():
    def broken(_what: str) -> Timing:
        raise RuntimeError("no kernel\nsecond line")

    row = peers._kept(broken, "a peer")
    assert (row.seconds, row.reached) == (None, None)
    assert row.run_as == "not run: RuntimeError: no kernel"


def test_the_document_and_the_page(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(verify.bench.command, "_timings", lambda *_: iter(ROWS))
    assert main(["bench", "--json", "--out", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["reached"] for row in found["rows"]] == [None, False, True, None]
    assert found["verdict"] == "SKIPPED"
    (page,) = tmp_path.iterdir()
    assert "verify bench" in page.read_text()


def test_an_interrupt_keeps_the_rows_that_are_done(monkeypatch, capsys):
    def interrupted(*_):
        yield ROWS[0]
        raise KeyboardInterrupt

    monkeypatch.setattr(verify.bench.command, "_timings", interrupted)
    assert main(["bench", "--json", "--no-report"]) == 130
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 1


@pytest.mark.parametrize("words", [["--nope"], ["--out", "x", "--no-report"]])
def test_bad_input_is_one_line(words, capsys):
    assert main(["bench", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
