"""Independent claims decided in processes of their own: the precision of python-flint is one global, so no threads."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import jax

from verify.claims.claim import Claim, Setup
from verify.claims.decided import Decided, decide, failed, freeze, thaw
from verify.claims.ledger import claim_of
from verify.compiled import keep_compiled

_MOST_PROCESSES = 8


def prepare() -> None:
    """JAX as every decision expects it: doubles, on the processor unless the environment says otherwise, so that the
    same verdicts come out beside any device.
    """
    keep_compiled()
    jax.config.update("jax_enable_x64", True)
    if not os.environ.get("JAX_PLATFORMS"):
        jax.config.update("jax_platforms", "cpu")


def _begin() -> None:
    """Runs first in a process of the pool.  A parent that is killed outright cannot end it, so it watches for that."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def decide_all(claims: Sequence[Claim], setup: Setup) -> Generator[Decided, None, None]:
    """The claims of the ledger decided, each as soon as it is, the slow ones started first.

    Whatever ends the loop early, an interrupt too, ends the processes.  When a process dies, for want of memory say,
    what is not decided by then comes out UNDECIDED.
    """
    if not claims:
        return
    by_id = {claim.id: claim for claim in claims}
    slow_first = sorted(claims, key=lambda claim: not claim.slow)
    pool = ProcessPoolExecutor(_processes(len(claims)), multiprocessing.get_context("spawn"), initializer=_begin)
    others = set(multiprocessing.active_children())
    try:
        with _not_interrupted():  # the children inherit it: an interrupt is ours to handle
            futures: dict[Future[str], str] = {pool.submit(_decided, each.id, setup): each.id for each in slow_first}
        for future in as_completed(futures):
            yield _row(by_id[futures[future]], future)
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _row(claim: Claim, future: Future[str]) -> Decided:
    try:
        return Decided(claim, thaw(future.result()))
    except BrokenProcessPool as error:
        return failed(claim, error)


def _processes(claims: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(claims, cores, _MOST_PROCESSES)


@contextmanager
def _not_interrupted() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _decided(id: str, setup: Setup) -> str:
    """Runs in a process of the pool."""
    return freeze(decide(claim_of(id), setup).decision)
