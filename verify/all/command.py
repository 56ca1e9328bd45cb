"""`verify all`: every claim decided in processes, rows kept as they come, then the pages from them."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from verify.all.pages import INDEX, pages
from verify.all.settings import AllSettings
from verify.all.stale import stale_check
from verify.backend import devices
from verify.claims.claim import Setup
from verify.claims.command import PACKAGES, result
from verify.claims.decided import Decided
from verify.claims.ledger import LEDGER
from verify.claims.pool import decide_all, prepare
from verify.claims.store import Store, fingerprint
from verify.claims.words import differences, outcomes
from verify.console import Console
from verify.deliver import Outcome, Report
from verify.environment import environment, line
from verify.verdict import Result


def run(settings: AllSettings, console: Console) -> Outcome:
    """Carry out the request.  An interrupt ends it early; what is decided is kept for the next run, no page is made."""
    prepare()
    devices()  # a claim that could not ask them would come out UNDECIDED
    store = Store(fingerprint(settings.setup, line(environment(*PACKAGES))))
    rows, interrupted = _decide(settings.setup, store, console)
    found = result("all", settings.document(), rows, len(LEDGER), interrupted)
    shown = (outcomes(rows),), differences(rows)
    if interrupted:
        console.say(f"{len(rows)} of {len(LEDGER)} rows are kept; the same command goes on from there")
        return Outcome(found, *shown)
    folder = settings.folder
    files = {} if folder is None else pages(rows, environment(*PACKAGES, "matplotlib"), folder)
    store.forget()
    if settings.check and folder is not None:
        return Outcome(_checked(found, files, folder), *shown)
    return Outcome(found, *shown, lambda: _report(files))


def _decide(setup: Setup, store: Store, console: Console) -> tuple[list[Decided], bool]:
    """The rows in the ledger's order, and whether an interrupt left some out."""
    done = store.read(LEDGER)
    if done:
        console.say(f"{len(done)} of {len(LEDGER)} rows come from a run that did not end")
    interrupted = False
    try:
        missing = [claim for claim in LEDGER if claim.id not in done]
        with console.progress("claims", len(LEDGER)) as advance, closing(decide_all(missing, setup)) as decided:
            advance(len(done))
            for row in decided:
                done[row.claim.id] = row
                if row.met:  # any other is looked at again
                    store.write(row)
                advance(1)
    except KeyboardInterrupt:
        interrupted = True
    return [done[claim.id] for claim in LEDGER if claim.id in done], interrupted


def _checked(found: Result, files: dict[str, bytes], folder: Path) -> Result:
    check = stale_check(files, folder)
    sentence = found.sentence if check.met else f"{found.sentence} Stale: {(check.witness or {})['stale']}."
    return replace(found, checks=[*found.checks, check], sentence=sentence)


def _report(files: dict[str, bytes]) -> Report:
    """The index as the page, everything else beside it: the index is written last."""
    beside = {name: content for name, content in files.items() if name != INDEX}
    return Report(INDEX.removesuffix(".md"), files[INDEX].decode(), beside)
