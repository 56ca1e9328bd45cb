"""The options of `verify claims`, as Typer reads them."""

from typing import Annotated

import typer

from verify.arguments import Json, Quiet, Seed

Fast = Annotated[bool, typer.Option("--fast", help="Smaller families and fewer samples.")]


def claims(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Rows to decide, as T1-16.", show_default="list all")
    ] = None,
    topic: Annotated[
        str | None, typer.Option("--topic", metavar="NAME", help="Decide all rows of one, as theorem-1.")
    ] = None,
    fast: Fast = False,
    seed: Seed = "0",
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """The ledger: every claim with its verdicts; those named are decided again, with evidence and witness."""
    from verify.claims.settings import parse
    from verify.deliver import deliver, delivery

    settings = parse(ids or (), topic, fast, seed)

    from verify.claims.command import run

    return deliver(delivery(None, True, json, quiet), lambda console: run(settings, console))
