"""What `verify bench` times: the machine's own roofs, then the memories, as rates of those roofs and ratios of one run.

A row says what was timed: the execution (dense arithmetic over the whole state, or index lists), the dtype, and
whether the result was exact.  Aims are for two CPU cores; on other devices they are shown for comparison only.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from constructions.attention import attend
from constructions.chunked import chunk_length
from constructions.encoding import VALUES
from constructions.memories.constant import constant, projection_keys
from constructions.memories.heads import binary_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from constructions.precision import contract
from constructions.recurrence import Execution
from constructions.run import run_ssm
from verify.bench.clock import best, process
from verify.copy.task import task, uniform_values
from verify.gadgets.cases import cases
from verify.gadgets.proofs import prove

N, D, D_H = 4096, 64, 64
MATMUL, COPY = 2048, 2**26
LONG = 2**20


@dataclass(frozen=True)
class Ratio:
    """A number of this run over another one of it, in words, and the least that it should be (None: no aim)."""

    value: float
    of: str
    at_least: float | None = None


@dataclass(frozen=True)
class Timing:
    """One row.  rate in `unit`; at_most: the seconds aimed at; exact: whether every output was the value to be
    copied.
    """

    what: str
    run_as: str
    seconds: float
    rate: float | None = None
    unit: str = ""
    ratio: Ratio | None = None
    at_most: float | None = None
    exact: bool | None = None
    peak_bytes: int | None = None

    @property
    def aim(self) -> str:
        """What should be reached, in words."""
        if self.at_most is not None:
            return f"<= {self.at_most:g} s"
        return "" if self.ratio is None or self.ratio.at_least is None else f">= {self.ratio.at_least:g}"

    @property
    def reached(self) -> bool | None:
        """Whether it was; None where nothing is aimed at."""
        if self.at_most is not None:
            return self.seconds <= self.at_most
        return None if self.ratio is None or self.ratio.at_least is None else self.ratio.value >= self.ratio.at_least

    def document(self) -> dict[str, Any]:
        """The fields of the row."""
        ratio = {"ratio": None, "of": ""} if self.ratio is None else {"ratio": self.ratio.value, "of": self.ratio.of}
        return {**vars(self), **ratio, "aim": self.aim, "reached": self.reached}


def roofs() -> tuple[Timing, Timing]:
    """The rate of one large float32 matrix product at the pinned precision, and of a copy in memory (read and
    written).
    """
    a = jnp.ones((MATMUL, MATMUL), jnp.float32)
    product = best(jax.jit(lambda a: contract("ij,jk->ik", a, a)), a)
    x = jnp.ones(COPY, jnp.float32)
    copied = best(jax.jit(lambda x: x + 1), x)
    return (
        Timing(f"matrix product {MATMUL}^3", "roof", product, 2 * MATMUL**3 / product / 1e9, "GFLOP/s"),
        Timing(f"copy of {COPY} numbers", "roof", copied, 8 * COPY / copied / 1e9, "GB/s"),
    )


def theorem3_cases(roof: Timing) -> Iterator[Timing]:
    """Theorem 3 at N = 4096: dense chunks against the product's roof and against the naive scan; index lists."""
    assert roof.rate is not None
    memory, what, Q = theorem3(N, D), f"Theorem 3, N = {N}", chunk_length(N)
    chunked, exact = _run(memory, Execution.CHUNKED)
    operations = (N // Q) * (2 * Q * Q * N + 4 * Q * N * D + 2 * Q * Q * D)
    rate = operations / chunked / 1e9
    share = Ratio(rate / roof.rate, "of the product's rate", 0.55)
    yield Timing(what, "dense, chunked", chunked, rate, "GFLOP/s", share, exact=exact)
    scanned, exact = _run(memory, Execution.SCAN)
    yield Timing(
        what, "dense, scan", scanned, ratio=Ratio(scanned / chunked, "times the chunked run", 3.0), exact=exact
    )
    listed, exact = _run(memory, Execution.SPARSE)
    faster = Ratio(chunked / listed, "times faster than dense")
    yield Timing(what, "sparse", listed, N / listed / 1e6, "Mtoken/s", faster, exact=exact)


def other_modules() -> Iterator[Timing]:
    """A constant-size state with forgetting, and attention."""
    length = 4 * N
    memory, what = (
        constant(length, D, projection_keys(length, D_H), "projection", 0.99),
        f"Eq. 6, d_h = {D_H}, a = 0.99",
    )
    for execution in (Execution.SCAN, Execution.CHUNKED):
        seconds, _ = _run(memory, execution)
        run_as = f"dense, {execution.value}"
        yield Timing(f"{what}, N = {length}", run_as, seconds, length / seconds / 1e6, "Mtoken/s")
    head = binary_head(N, D, 1.0, 1e-3)
    module, stream, _ = _inputs(head)
    attended = best(jax.jit(attend), module, stream, jnp.arange(N))
    yield Timing(f"attention, binary codes, N = {N}", "row blocks", attended, N / attended / 1e6, "Mtoken/s")


def whole_processes() -> Iterator[Timing]:
    """`verify copy` as a user runs it: with an empty compilation cache, with a warm one, with the report, and at N =
    2^20.
    """
    with tempfile.TemporaryDirectory() as folder:
        usual = ["copy", "--N", str(N), "--quiet"]
        yield _process("verify copy --N 4096 --no-report, cold cache", [*usual, "--no-report"], folder, 5.0)
        yield _process("verify copy --N 4096 --no-report, warm cache", [*usual, "--no-report"], folder, 2.5)
        _process("", [*usual, "--out", folder], folder, 0.0)
        yield _process("verify copy --N 4096 with its report, warm cache", [*usual, "--out", folder], folder, 6.0)
        long = ["copy", "--N", str(LONG), "--module", "ssm-linear", "--execution", "sparse", "--no-report", "--quiet"]
        _process("", long, folder, 0.0)
        yield _process(f"verify copy --N {LONG} --module ssm-linear --execution sparse", long, folder, None)


def long_sparse() -> Timing:
    """Theorem 3 at a million values by index lists: the run itself."""
    seconds, exact = _run(theorem3(LONG, D), Execution.SPARSE)
    return Timing(
        f"Theorem 3, N = {LONG}", "sparse", seconds, LONG / seconds / 1e6, "Mtoken/s", at_most=2.0, exact=exact
    )


def certificates() -> Timing:
    """Proving every lemma's error at (M, epsilon) = (10, 1e-3): balls over the whole domain, on one core."""
    epsilon = Fraction("1e-3")
    begin = time.perf_counter()
    for case in cases(Fraction(10), epsilon, Fraction(1)):
        prove(case, epsilon)
    return Timing("certificates of Lemmas 1-5, M = 10", "balls", time.perf_counter() - begin, at_most=10.0)


def _process(what: str, words: list[str], folder: str, at_most: float | None) -> Timing:
    done = process(words, folder)
    if done.exit_code != 0:
        what = f"{what} (FAILED: exit code {done.exit_code})"
    return Timing(what, "whole process", done.seconds, at_most=at_most, peak_bytes=done.peak_bytes)


def _inputs(memory: Memory) -> tuple[Any, Any, np.ndarray]:
    """Weights and a random task's stream on the device, and what is to be copied."""
    length = memory.encoding.N
    made = task("random", length, 0)
    x = uniform_values(length, D, 1.0, 0, np.dtype(np.float32))
    stream = memory.encoding.stream(x, made.position, made.target, jnp.dtype(np.float32))
    module = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), memory.module)
    return *jax.device_put((module, stream)), x[made.target]


def _run(memory: Memory, execution: Execution) -> tuple[float, bool]:
    """Seconds of the module by that execution, and whether every output was the value to be copied, bit by bit."""
    module, stream, wanted = _inputs(memory)
    program = jax.jit(lambda module, z: run_ssm(module, z, execution)[VALUES].dense())
    seconds = best(program, module, stream)
    return seconds, bool((np.asarray(program(module, stream)) == wanted).all())
