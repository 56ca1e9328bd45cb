"""The memory estimate of a sweep against what an enclosure allocates."""

import tracemalloc
from dataclasses import replace
from fractions import Fraction

import jax
import pytest

from verify.sweep.enclosure import enclosed
from verify.sweep.grid import D, Run
from verify.sweep.measure import pose
from verify.sweep.memory import of_enclosure
from verify.sweep.programs import kind_of

RUN = Run("ssm-constant", 600, 8, 512, Fraction("0.99"), None, "bfloat16", 0)


@pytest.mark.parametrize("backend", ["cpu", "gpu"])
def test_the_enclosure_of_chunks_is_counted(backend: str, monkeypatch: pytest.MonkeyPatch):
    """Beside its codes, which are counted for every dtype, it takes less than what 16 bits are counted for, and more
    than a fifth of it.
    """
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    asked, kind = pose(RUN, D).asked, kind_of(RUN)
    tracemalloc.start()
    assert enclosed(asked, "chunked", kind) is not None
    peak = tracemalloc.get_traced_memory()[1] - 8 * RUN.N * RUN.d_h
    tracemalloc.stop()
    assert of_enclosure(RUN) / 5 < peak <= of_enclosure(RUN)
    assert of_enclosure(replace(RUN, dtype="float32")) == of_enclosure(replace(RUN, module="ssm-linear")) == 0
