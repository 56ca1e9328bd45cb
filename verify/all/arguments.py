"""The options of `verify all`, as Typer reads them."""

from dataclasses import replace
from typing import Annotated

import typer

from verify.arguments import Json, NoReport, Out, Quiet
from verify.claims.arguments import Fast


def all_claims(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail where the pages that are there differ.")
    ] = False,
    fast: Fast = False,
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Decide every claim and write the reports: an index, a page a topic, errata, what is trusted."""
    from verify.all.settings import parse
    from verify.deliver import deliver, delivery

    to = delivery(out, no_report, json, quiet)
    settings = parse(to.folder, out is not None, check, fast)

    from verify.all.command import run

    return deliver(replace(to, folder=settings.written), lambda console: run(settings, console))
