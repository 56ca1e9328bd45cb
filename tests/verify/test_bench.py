"""`verify bench`: what its rows say, and that what it times is what it says. No time is judged here."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

import verify.bench.command
from constructions.memories.theorem3 import theorem3
from constructions.recurrence import Execution
from verify.bench import cases, clock
from verify.bench.cases import Ratio, Timing
from verify.cli import main

ROWS = [
    Timing("a roof", "roof", 1.0, 2.0, "GFLOP/s"),
    Timing("a ratio", "dense", 1.0, ratio=Ratio(0.5, "of the roof", 0.55), exact=True),
    Timing("a process", "whole process", 1.0, at_most=2.0, peak_bytes=2**20),
]


def test_an_aim_is_reached_or_not_or_not_set():
    assert [row.reached for row in ROWS] == [None, False, True]
    assert [row.aim for row in ROWS] == ["", ">= 0.55", "<= 2 s"]
    assert Timing("nan", "", 1.0, ratio=Ratio(float("nan"), "", 0.55)).reached is False


def test_the_best_of_several_runs_leaves_out_the_first():
    calls = []

    def program(x):
        calls.append(x)
        return jnp.zeros(())

    assert clock.best(program, 1) < float("inf")
    assert len(calls) == clock.REPEATS + 1


def test_a_process_reports_its_exit_code_and_memory(tmp_path):
    done = clock.process(["bounds", "--L", "0"], str(tmp_path))
    assert done.exit_code == 2
    assert done.peak_bytes > 2**20


def test_exactness_is_that_of_the_timed_run(monkeypatch):
    monkeypatch.setattr(cases, "D", 3)
    memory = theorem3(9, 3)
    assert cases._run(memory, Execution.SPARSE)[1]
    true_inputs = cases._inputs
    monkeypatch.setattr(cases, "_inputs", lambda memory: (*true_inputs(memory)[:2], np.zeros((9, 3), np.float32)))
    assert not cases._run(memory, Execution.SPARSE)[1]


def test_the_document_and_the_page(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(verify.bench.command, "_timings", lambda *_: iter(ROWS))
    assert main(["bench", "--json", "--out", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["reached"] for row in found["rows"]] == [None, False, True]
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
