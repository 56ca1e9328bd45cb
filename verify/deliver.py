"""What happens to a command's outcome: the page is written, the table or the document printed, the exit code returned.

A command is a function from a Console to an Outcome. It computes and judges; it neither prints nor writes files.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from verify.console import Console
from verify.errors import BadInput, nothing_given, quoted
from verify.files import prepared, refuse_in_the_way, write_whole
from verify.interrupts import EXIT_INTERRUPTED, SAID, work
from verify.table import Table
from verify.verdict import Result

DEFAULT_FOLDER = "reports"
_SET_ASIDE = "-interrupted"


@dataclass(frozen=True)
class Report:
    """A page and what lies beside it. name: file name without suffix. figures: file name to the bytes of a picture (or
    of another page). interrupted: making it was stopped, and it holds what was there by then; it is set aside.
    """

    name: str
    page: str
    figures: Mapping[str, bytes] = field(default_factory=dict)
    interrupted: bool = False

    def set_aside(self) -> "Report":
        """The same under names of its own, so that an unfinished run does not replace what a finished one wrote."""
        page, figures = self.page, {}
        for name, picture in self.figures.items():
            path = Path(name)
            figures[f"{path.stem}{_SET_ASIDE}{path.suffix}"] = picture
            page = page.replace(f"]({name})", f"]({path.stem}{_SET_ASIDE}{path.suffix})")
        return Report(f"{self.name}{_SET_ASIDE}", page, figures)


@dataclass(frozen=True)
class Outcome:
    """What a command hands over.

    opening, tables, notes: what stdout shows, in this order. report: makes the page; called only when one is wanted, so
    that Matplotlib is imported only then; None where there is none to make.  amiss: raised once all that is told.
    """

    result: Result
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    report: Callable[[], Report] | None = None
    opening: tuple[str, ...] = ()
    amiss: BadInput | None = None


@dataclass(frozen=True)
class Delivery:
    """Where an outcome goes: the common options `--json --out --no-report --quiet`. folder: None for no page."""

    folder: Path | None
    json: bool
    quiet: bool


def delivery(out: str | None, no_report: bool, json: bool, quiet: bool) -> Delivery:
    """The common options as given. Raises BadInput for --out together with --no-report, and for a folder whose name is
    empty or holds what cannot be shown (a line break, say): messages and documents name it.
    """
    if out is not None and no_report:
        raise BadInput(f"--out {quoted(out)} --no-report", "the two contradict each other", f"--out {quoted(out)}")
    if out is not None and not (out.strip() and out.isprintable()):
        allowed = f"{nothing_given(out)}the name of a folder, in characters that can be shown, is allowed"
        raise BadInput(f"--out {quoted(out)}", allowed, f"--out {DEFAULT_FOLDER}")
    return Delivery(None if no_report else Path(out or DEFAULT_FOLDER), json, quiet)


def deliver(to: Delivery, command: Callable[[Console], Outcome]) -> int:
    """Run `command`, print and write what it found, and return the exit code (see Result.exit_code).

    The folder is tried before the work starts, and tables are shown before the page is made, so that neither a full
    disk nor an interrupt takes away what is computed; the document and the verdict are told before anything that was
    raised while the page was made goes on. A folder made for nothing is taken away again. Raises BadInput when the
    folder or the page cannot be written.
    """
    console = Console(to.quiet, to.json)
    with work():
        try:
            with nullcontext() if to.folder is None else prepared(to.folder):
                return _delivered(to, command(console), console)
        except KeyboardInterrupt:  # that the command did not catch: nothing was done that could be kept
            console.warn(SAID)
            return EXIT_INTERRUPTED


def _delivered(to: Delivery, outcome: Outcome, console: Console) -> int:
    for text in outcome.opening:
        console.paragraph(text)
    for table in outcome.tables:
        console.table(table)
    result: Result = outcome.result
    failed: Exception | None = outcome.amiss
    if to.folder is not None and outcome.report is not None:
        try:
            report = outcome.report()
            result = replace(result, interrupted=result.interrupted or report.interrupted)
            result = replace(result, report=_write(report, result.interrupted, to.folder))
        except KeyboardInterrupt:
            result = replace(result, interrupted=True)
        except Exception as error:
            failed = error
    _conclude(console, outcome, result)
    if failed is not None:
        raise failed
    return result.exit_code


def _write(report: Report, interrupted: bool, folder: Path) -> str:
    """Write the figures, then the page that shows them; return its path as JSON and messages name it."""
    if interrupted:
        report = report.set_aside()
    path = folder / f"{report.name}.md"
    refuse_in_the_way(path)  # before a picture is written that no page shows
    for name, picture in report.figures.items():
        write_whole(folder / name, picture)
    return write_whole(path, report.page).as_posix()


def _conclude(console: Console, outcome: Outcome, result: Result) -> None:
    if console.json:
        console.document(result.json())
    for note in outcome.notes:
        console.paragraph(note)
    console.sentence(f"{result.verdict.value}: {result.headline}")
    if result.report is not None:
        console.say(f"report: {result.report}")
