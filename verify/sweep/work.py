"""The work of a sweep: runs are claimed, carried out and kept one by one, by as many processes as share the store."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from verify.sweep.devices import agreed, leads
from verify.sweep.estimate import Estimate, family
from verify.sweep.grid import Run
from verify.sweep.measure import Record, measure
from verify.sweep.programs import Programs
from verify.sweep.store import Store

AT_ONCE = 4  # runs claimed together, so that another process finds work until the end
AHEAD = 32  # groups of runs whose programs are compiled beside the work
WAIT_SECONDS = 0.2  # between looks at what another process has still to finish


@dataclass
class Done:
    """The records there are, by run.  made: how many this process made itself.  version: of the code that made them,
    read once, since the sources may change meanwhile.
    """

    records: dict[Run, Record] = field(default_factory=dict)
    made: int = 0
    version: str = ""


def work(runs: Sequence[Run], store: Store[Record], programs: Programs, done: Done, say: Callable[[str], None]) -> None:
    """Fill `done` with the records of all runs, from the store or made here and kept; what another process works on is
    waited for.  An interrupt leaves in `done` what there is.
    """
    by_key, number_of = {run.key: run for run in runs}, {run.key: k for k, run in enumerate(runs)}
    estimate, devices = Estimate(runs, programs.kind, say), programs.mesh.size
    at_once = max(AT_ONCE // devices, 1) * devices
    try:
        while agreed(len(missing := _missing(by_key, store, done))):
            estimate.left(list(missing.values()))
            groups = untimed_first(programs.batches(missing.values()), estimate)
            order = [run.key for group in groups for run in group]
            claimed = store.claim(order, at_once) if leads() else []
            numbers = _agreed([number_of[key] for key in claimed])
            if not numbers:
                time.sleep(WAIT_SECONDS)
            for group in groups[:AHEAD] if numbers else []:
                programs.prepare(programs.kind(group[0]))
            for group in programs.batches(runs[number] for number in numbers):
                _make(group, store, programs, done, estimate)
    finally:
        store.release(by_key)


def untimed_first(groups: list[list[Run]], estimate: Estimate) -> list[list[Run]]:
    """The groups, led by one for each size at which a family of runs has still to be timed."""
    wanted = estimate.wanted(run for group in groups for run in group)
    first, others = [], []
    for group in groups:
        sizes = wanted.get(family(group[0]), set())
        timed = {run.N for run in group} & sizes
        sizes -= timed
        (first if timed else others).append(group)
    return first + others


def _missing(by_key: Mapping[str, Run], store: Store[Record], done: Done) -> dict[str, Run]:
    """The runs without a record; those that the store has got are taken over."""
    missing = {key: run for key, run in by_key.items() if run not in done.records}
    for key, record in store.finished(missing).items():
        done.records[missing.pop(key)] = record
    return missing


def _make(group: Sequence[Run], store: Store[Record], programs: Programs, done: Done, estimate: Estimate) -> None:
    kind, began = programs.kind(group[0]), time.monotonic()
    programs.prepare(kind).result()
    estimate.waited(kind, time.monotonic() - began)
    for run, record in zip(group, measure(group, programs), strict=True):
        if leads():
            store.save(run.key, record.document())
        done.records[run] = record
        done.made += 1
        estimate.made(run, record.seconds)


def _agreed(numbers: Sequence[int]) -> list[int]:
    """The leading process's numbers, on all hosts."""
    return [agreed(numbers[k] if k < len(numbers) else -1) for k in range(agreed(len(numbers)))]
