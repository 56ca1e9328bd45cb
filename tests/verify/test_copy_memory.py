"""The memory estimate of `verify copy` is an upper bound of what a process really takes."""

from dataclasses import replace

import pytest

from verify.bench.clock import process
from verify.copy.memory import needed
from verify.copy.settings import MODULES, CopySettings

N = 2**17  # large enough that the arrays, not the interpreter, decide


@pytest.mark.parametrize("module", MODULES)
def test_the_estimate_covers_the_true_peak(module, tmp_path):
    done = process(["copy", "--N", str(N), "--module", module, "--no-report", "--quiet"], str(tmp_path))
    assert done.exit_code == 0
    assert done.peak_bytes <= needed(N, replace(CopySettings(), modules=(module,)))
