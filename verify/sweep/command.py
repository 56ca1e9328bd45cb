"""`verify sweep`: the runs of a grid, made or taken from the store, then its rows, checks and break points."""

from functools import partial
from pathlib import Path
from typing import Any

import jax
from jax.sharding import Mesh

from verify.compiled import keep_compiled
from verify.console import Console
from verify.deliver import Outcome, Report
from verify.environment import environment
from verify.errors import BadInput, quoted
from verify.files import write_whole
from verify.memory import refuse_if_too_large
from verify.sweep.checks import checks
from verify.sweep.devices import leads, mesh, stdout_kept_clean
from verify.sweep.frontier import frontiers, tables
from verify.sweep.grid import Cell, cells, distinct
from verify.sweep.measure import Record
from verify.sweep.memory import needed, needed_of_each, on_device, smallest_room
from verify.sweep.places import prepare, store_of
from verify.sweep.programs import Programs
from verify.sweep.rows import csv_text, row
from verify.sweep.settings import SweepSettings
from verify.sweep.store import Store, missing_from
from verify.sweep.version import version
from verify.sweep.work import Done, work
from verify.verdict import Result


def run(settings: SweepSettings, folder: Path | None, console: Console) -> Outcome:
    """Carry out the request; `folder` is the report's, where the store lies unless another was named.

    Raises BadInput, before anything is allocated, where a size would not fit in memory or a device is absent, and where
    the store or the CSV file cannot be written.
    """
    keep_compiled()
    if "float64" in settings.dtypes:
        jax.config.update("jax_enable_x64", True)
    wanted, done = cells(settings), Done()
    with stdout_kept_clean():
        devices = mesh(settings.devices)
        _refuse_too_large(settings, devices)
        prepare(settings, folder)
        interrupted = _carry_out(settings, devices, folder, wanted, done, console)
    if not leads():  # the first process of several hosts tells the outcome
        raise SystemExit(0)
    known = [cell for cell in wanted if cell.run in done.records]
    rows = [row(cell, done.records[cell.run]) for cell in known]
    result = Result(
        "sweep",
        settings.document(),
        environment("numpy", "jax", "jaxlib", "python-flint", dtype=" ".join(settings.dtypes)),
        checks(known, done.records, rows),
        rows,
        _sentence(rows, len(wanted), interrupted),
        interrupted=interrupted,
    )
    if settings.csv is not None and not interrupted:  # half a table does not replace a whole one
        write_whole(settings.csv, csv_text(rows))
    lost = _lost(store_of(settings, folder), done)
    return Outcome(
        result, tables(frontiers(rows)), (), lambda: _report(settings, result, len(done.records)), amiss=lost
    )


def _refuse_too_large(settings: SweepSettings, devices: Mesh) -> None:
    """By this machine's memory, and by the devices' own where they have any."""
    given, most, room = f"--N {quoted(str(max(settings.N)))}", max(settings.N), smallest_room(devices)
    refuse_if_too_large(given, "--N", most, lambda n: needed(n, settings, devices.size, shared=room is None))
    if room is not None:
        each, of = partial(needed_of_each, settings=settings, devices=devices.size), "each device's memory"
        refuse_if_too_large(given, "--N", most, each, there=room, of=of)


def _carry_out(
    settings: SweepSettings, devices: Mesh, folder: Path | None, wanted: list[Cell], done: Done, console: Console
) -> bool:
    """Fill `done`; whether an interrupt came before all was done."""
    room = smallest_room(devices)
    programs, runs = Programs(devices, lambda run: room is None or on_device(run) <= room), distinct(wanted)
    path, done.version = store_of(settings, folder), version()
    store = Store(path if leads() else None, done.version, Record.read, console.warn)
    try:
        if settings.fresh:
            store.forget([run.key for run in runs])
        kept = len(store.finished(run.key for run in runs))
        plan = f"{len(wanted)} cells, {len(runs)} distinct runs"
        console.say(f"{plan}, {kept} of them in {path}" if kept else plan)
        work(runs, store, programs, done, console.say)
    except KeyboardInterrupt:
        return True
    finally:
        programs.close()
        store.close()
    if others := len(runs) - kept - done.made:
        console.say(f"{done.made} runs made here, {others} by another process")
    return False


def _lost(store: Path | None, done: Done) -> BadInput | None:
    """What to say where the store does not hold what was put into it: its file was removed or written over."""
    keys = [run.key for run in done.records]
    gone = missing_from(store, done.version, keys) if store is not None else []
    if store is None or not gone:
        return None
    allowed = f"{len(gone)} of {len(keys)} finished runs are not in it: it was removed or written over meanwhile"
    return BadInput(f"--store {quoted(str(store))}", allowed, "the same command again, which makes them anew")


def _sentence(rows: list[dict[str, Any]], wanted: int, interrupted: bool) -> str:
    """What was found, for people."""
    if not rows:
        return "stopped before the first run was done."
    copying, rounding = sum(r["copies"] for r in rows), sum(r["copies_predicted"] is None for r in rows)
    stopped = f"stopped early, with {len(rows)} of {wanted} cells; " if interrupted else ""
    return (
        f"{stopped}{copying} of {len(rows)} cells copy; {len(rows) - rounding} are predicted beforehand, "
        f"{rounding} are left to rounding."
    )


def _report(settings: SweepSettings, result: Result, runs: int) -> Report:
    from verify.sweep.page import report

    return report(settings, result, runs)
