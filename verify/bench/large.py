"""What is timed on an accelerator alone: the sizes that are out of reach of two CPU cores, with the aims of one H100.

Everything is float32 and exact where the row says so.  Theorem 3's dense run forms products with one-hots as three
products of bfloat16 parts (`constructions.one_hot`), so its share of the float32 roof may exceed 100 %.
"""

from collections.abc import Iterator

import jax

from constructions.chunked import ONE_HOT_CHUNK, chunk_length
from constructions.memories.theorem3 import theorem3
from constructions.recurrence import Execution
from verify.bench.cases import attention, forgetful
from verify.bench.forgetting import judged
from verify.bench.memories import D, chunk_work, timed
from verify.bench.timing import Ratio, Roofs, Timing

DENSE = {2**16: 0.09, 2**20: 20.0}  # N, and the seconds aimed at
STEPS, STATES = 2**22, 128
TOKENS_A_SECOND = 1e8
ATTENTION, ATTENTION_SECONDS = 2**18, 1.0
DEVICE_BYTES = 20 * 10**9
CASES = 5  # rows


def large_cases(roofs: Roofs) -> Iterator[Timing]:
    """Theorem 3 dense, a constant state at four million tokens, attention at a quarter million, and the memory."""
    for N, aim in DENSE.items():
        seconds, exact = timed(theorem3(N, D), Execution.CHUNKED)
        work = chunk_work(N, D, N, ONE_HOT_CHUNK)
        rate, roofline = work.operations / seconds / 1e9, roofs.share(work, seconds)
        what, run_as = f"Theorem 3, N = {N}", "dense, chunked"
        yield Timing(what, run_as, seconds, rate, "GFLOP/s", at_most=aim, exact=exact, roofline=roofline)
    seconds, off = judged(forgetful(STEPS, STATES), Execution.CHUNKED)
    roofline = roofs.share(chunk_work(STEPS, D, STATES, chunk_length(STEPS)), seconds)
    what, rate, aim = f"Eq. 6, d_h = {STATES}, a = 0.99, N = {STEPS}", STEPS / seconds / 1e6, STEPS / TOKENS_A_SECOND
    yield Timing(what, "dense, chunked", seconds, rate, "Mtoken/s", at_most=aim, off=off, roofline=roofline)
    yield attention(roofs, ATTENTION, ATTENTION_SECONDS)
    yield device_memory()


def device_memory() -> Timing:
    """The most memory of the device that this process has used."""
    used = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    if not used:
        return Timing("memory of the device, most used", "not told by this device", None)
    ratio = Ratio(DEVICE_BYTES / used, "20 GB / most used", 1.0)
    return Timing("memory of the device, most used", "all rows so far", None, ratio=ratio, peak_bytes=used)
