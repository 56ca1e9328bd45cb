"""What `verify bench` times on any device: the machine's own roofs, then the memories as ratios and shares of them.

A row says what was timed: the execution (dense arithmetic over the whole state, or index lists), the dtype where it is
not float32, and whether the result was exact.  An aim is shown on the kind of device that it is set for: two CPU cores,
or one H100.
"""

import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np

from constructions.chunked import chunk_length
from constructions.layout import Layout, Space
from constructions.linear import Action, Stream, linear_map
from constructions.mamba import SSM, selective_ssm
from constructions.memories.constant import constant, projection_keys
from constructions.memories.heads import binary_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from constructions.precision import contract
from constructions.recurrence import Execution
from constructions.rows import Array, dense_rows
from constructions.run import run_ssm
from verify.bench.clock import best, process
from verify.bench.forgetting import judged
from verify.bench.memories import (
    ITEM,
    D,
    attended,
    attention_work,
    chunk_work,
    decoded,
    scan_work,
    sparse_work,
    timed,
)
from verify.bench.timing import Ratio, Roofs, Timing, Work
from verify.gadgets.cases import cases
from verify.gadgets.proofs import prove

N, D_H = 4096, 64
MATMUL, COPY = 2048, 2**26
LARGE_MATMUL, LARGE_COPY = 8192, 2**29  # where a smaller one would not fill the device
LONG = 2**20
DECODED = 256  # tokens
CASES = 18  # rows


def on_cpu() -> bool:
    """Whether JAX computes on the CPU."""
    return jax.default_backend() == "cpu"


def cpu_aim(number: float) -> float | None:
    """An aim that is set for two CPU cores."""
    return number if on_cpu() else None


def roofs() -> tuple[Roofs, tuple[Timing, Timing]]:
    """The rate of one large float32 matrix product at the pinned precision, and of a copy in memory (read and
    written).
    """
    n, count = (MATMUL, COPY) if on_cpu() else (LARGE_MATMUL, LARGE_COPY)
    product, _ = best(jax.jit(lambda a: contract("ij,jk->ik", a, a)), jnp.ones((n, n), jnp.float32))
    copied, _ = best(jax.jit(lambda x: x + 1), jnp.ones(count, jnp.float32))
    found = Roofs(2 * n**3 / product, 8 * count / copied)
    return found, (
        Timing(f"matrix product {n}^3", "roof", product, found.product / 1e9, "GFLOP/s"),
        Timing(f"copy of {count} numbers", "roof", copied, found.copy / 1e9, "GB/s"),
    )


def theorem3_cases(roofs: Roofs) -> Iterator[Timing]:
    """Theorem 3 at N = 4096: dense chunks against the product's roof and against the naive scan; index lists."""
    memory, what, work = theorem3(N, D), f"Theorem 3, N = {N}", chunk_work(N, D, N, chunk_length(N))
    chunked, exact = timed(memory, Execution.CHUNKED)
    rate = work.operations / chunked
    share, roofline = Ratio(rate / roofs.product, "of the product's rate", cpu_aim(0.55)), roofs.share(work, chunked)
    yield Timing(what, "dense, chunked", chunked, rate / 1e9, "GFLOP/s", share, exact=exact, roofline=roofline)
    scanned, exact = timed(memory, Execution.SCAN)
    slower, roofline = (
        Ratio(scanned / chunked, "times the chunked run", cpu_aim(3.0)),
        roofs.share(scan_work(N, D, N), scanned),
    )
    yield Timing(what, "dense, scan", scanned, ratio=slower, exact=exact, roofline=roofline)
    listed, exact = timed(memory, Execution.SPARSE)
    faster, roofline = Ratio(chunked / listed, "times faster than dense"), roofs.share(sparse_work(N, D), listed)
    yield Timing(what, "sparse", listed, N / listed / 1e6, "Mtoken/s", faster, exact=exact, roofline=roofline)


def long_sparse(roofs: Roofs) -> Timing:
    """Theorem 3 at a million values by index lists: the run itself."""
    seconds, exact = timed(theorem3(LONG, D), Execution.SPARSE)
    rate, roofline = LONG / seconds / 1e6, roofs.share(sparse_work(LONG, D), seconds)
    aim = 2.0 if on_cpu() else 0.05
    what = f"Theorem 3, N = {LONG}"
    return Timing(what, "sparse", seconds, rate, "Mtoken/s", at_most=aim, exact=exact, roofline=roofline)


def other_modules(roofs: Roofs) -> Iterator[Timing]:
    """A constant-size state with forgetting, one coefficient a step and one a state and channel; and attention."""
    length = 4 * N
    memory = forgetful(length, D_H)
    for execution in (Execution.SCAN, Execution.CHUNKED):
        seconds, off = judged(memory, execution)
        chunks = chunk_work(length, D, D_H, chunk_length(length))
        work = chunks if execution is Execution.CHUNKED else scan_work(length, D, D_H)
        what, run_as = f"Eq. 6, d_h = {D_H}, a = 0.99, N = {length}", f"dense, {execution.value}"
        rate, roofline = length / seconds / 1e6, roofs.share(work, seconds)
        yield Timing(what, run_as, seconds, rate, "Mtoken/s", off=off, roofline=roofline)
    yield channelwise(roofs, length)
    yield attention(roofs, N, None)


def attention(roofs: Roofs, length: int, at_most: float | None) -> Timing:
    """A head of binary codes; its error is within what is allowed, or the row counts as not reached."""
    seconds, off = attended(binary_head(length, D, 1.0, 1e-3))
    what, roofline = f"attention, binary codes, N = {length}", roofs.share(attention_work(length, D), seconds)
    rate = length / seconds / 1e6
    return Timing(what, "row blocks", seconds, rate, "Mtoken/s", at_most=at_most, off=off, roofline=roofline)


def decode(roofs: Roofs) -> Timing:
    """Theorem 3 as a model that is asked for one token after the other."""
    seconds, exact = decoded(theorem3(N, D), DECODED)
    what, rate = f"Theorem 3, N = {N}, decoding {DECODED} tokens", DECODED / seconds / 1e3
    roofline = roofs.share(Work(DECODED * 5 * N * D, DECODED * 2 * N * D * ITEM), seconds)
    return Timing(what, "dense, single steps", seconds, rate, "ktoken/s", exact=exact, roofline=roofline)


def forgetful(length: int, d_h: int) -> Memory:
    """`ssm-constant` with a = 0.99."""
    return constant(length, D, projection_keys(length, d_h), "projection", 0.99)


def channelwise(roofs: Roofs, length: int, states: int = 16) -> Timing:
    """Eq. 1 with a rate for each state and channel, as in Mamba: no matrix form exists, the recurrence is scanned."""
    layout, state = Layout((Space("x", 1, D),)), Layout((Space("state", 1, states),))
    rng = np.random.default_rng(0)

    def dense(rows: int) -> Action:
        return Action(inner=rng.standard_normal((rows, D)) / D)

    W_b, W_c = (linear_map(layout, state, {("x", "state"): dense(states)}) for _ in range(2))
    W_Delta1, W_Delta2 = (linear_map(layout, layout, {("x", "x"): dense(D)}) for _ in range(2))
    A: dict[str, Array] = {"x": -np.tile(np.arange(1.0, states + 1)[:, None], (1, D))}
    exact = selective_ssm(("x",), W_b, W_c, W_Delta1, W_Delta2, A)
    module = jax.tree.map(lambda w: np.asarray(w, np.float32), exact)
    x = Stream(layout, {"x": dense_rows(rng.uniform(-1, 1, (length, D)).astype(np.float32))})

    def run(module: SSM, x: Stream) -> jax.Array:
        return run_ssm(module, x, Execution.SCAN)["x"].dense()

    seconds, _ = best(jax.jit(run), *jax.device_put((module, x)))
    work = Work(length * (7 * states * D + 4 * D * D), scan_work(length, D, states).moved)
    what = f"Eq. 1, {states} rates a channel, N = {length}"
    return Timing(what, "dense, scan", seconds, length / seconds / 1e6, "Mtoken/s", roofline=roofs.share(work, seconds))


def whole_processes() -> Iterator[Timing]:
    """`verify copy` as a user runs it: with an empty compilation cache, with a warm one, with the report, and at N =
    2^20: on a CPU Theorem 3's memory, on an accelerator all modules.
    """
    with tempfile.TemporaryDirectory() as folder:
        usual = ["copy", "--N", str(N), "--quiet"]
        yield _process("verify copy --N 4096 --no-report, cold cache", [*usual, "--no-report"], folder, cpu_aim(5.0))
        yield _process("verify copy --N 4096 --no-report, warm cache", [*usual, "--no-report"], folder, cpu_aim(2.5))
        _process("", [*usual, "--out", folder], folder, None)
        yield _process(
            "verify copy --N 4096 with its report, warm cache", [*usual, "--out", folder], folder, cpu_aim(6.0)
        )
        sparse = ["--module", "ssm-linear", "--execution", "sparse"] if on_cpu() else []
        long, aim = ["copy", "--N", str(LONG), *sparse], None if on_cpu() else 40.0
        yield _process(" ".join(["verify", *long]), [*long, "--no-report", "--quiet"], folder, aim)


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
    why = "imports, tracing and loading compiled programs take most of a process this short"
    return Timing(what, "whole process", done.seconds, at_most=at_most, peak_bytes=done.peak_bytes, bound_by=why)
