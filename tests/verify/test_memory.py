"""What does not fit is refused with the estimate and the largest size that does."""

from pathlib import Path

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

import verify.copy.memory as copy
import verify.sweep.memory as sweep
from constructions.problems.catalogue import Options, entry
from verify import memory
from verify.copy.settings import CopySettings
from verify.dp import cost
from verify.errors import BadInput
from verify.memory import available_bytes, largest_that_fits, refuse_if_too_large
from verify.sweep.settings import SweepSettings

SUBARRAY = entry("subarray", Options()).tasks[5]
PROGRAM = SUBARRAY.program(SUBARRAY.limits([((1, 2, 3),)]))


def quadratic(n: int) -> int:
    return 1000 + 8 * n * n


def test_there_is_some_memory_here():
    assert 1 << 20 < available_bytes() < 1 << 50


def test_the_control_group_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    limit, used = tmp_path / "memory.max", tmp_path / "memory.current"
    monkeypatch.setattr(memory, "_CGROUPS", ((limit, used),))
    without = available_bytes()
    used.write_text("600\n")
    limit.write_text("max\n")
    assert available_bytes() > without // 2
    limit.write_text("1000\n")
    assert available_bytes() == 400
    used.write_text("2000\n")
    assert available_bytes() == 0


def test_refused_with_the_largest_that_fits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1 << 20)
    refuse_if_too_large("--N 64", "--N", 64, quadratic)
    with pytest.raises(BadInput, match=r"^--N 4096: would need about 128 MiB .* 1 MiB are available; .* --N 340$"):
        refuse_if_too_large("--N 4096", "--N", 4096, quadratic)
    refuse_if_too_large("--N 361", "--N", 361, quadratic)


def test_the_size_named_still_fits_when_a_tenth_of_the_memory_has_gone(monkeypatch: pytest.MonkeyPatch):
    for there in range(1 << 16, 1 << 20, 7919):
        monkeypatch.setattr(memory, "available_bytes", lambda there=there: there)
        with pytest.raises(BadInput) as refusal:
            refuse_if_too_large("--N 4096", "--N", 4096, quadratic)
        monkeypatch.setattr(memory, "available_bytes", lambda there=there: there - there // 10)
        refuse_if_too_large("--N", "--N", int(refusal.value.nearest.removeprefix("--N ")), quadratic)


def test_nothing_fits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 10)
    with pytest.raises(BadInput, match="a machine with more memory"):
        refuse_if_too_large("--N 2", "--N", 2, quadratic)


@pytest.mark.parametrize(
    "estimate",
    [
        lambda: copy.needed(64, CopySettings()),
        lambda: sweep.needed(64, SweepSettings(), 1, shared=True),
        lambda: cost.needed(PROGRAM, [4], 4),
    ],
    ids=["copy", "sweep", "dp"],
)
def test_every_estimate_counts_the_libraries_of_an_accelerator(estimate, monkeypatch: pytest.MonkeyPatch):
    before, base = estimate(), memory.process_bytes()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert estimate() - before >= memory.process_bytes() - base
    assert memory.process_bytes() > base > memory.PROCESS


@given(st.integers(1, 10**9), st.integers(2, 10**6))
def test_the_largest_is_the_largest(there: int, n: int):
    fits = largest_that_fits(quadratic, there, 1, n)
    if fits is None:
        assert quadratic(1) > there
    else:
        assert quadratic(fits) <= there
        assert fits == n - 1 or quadratic(fits + 1) > there
