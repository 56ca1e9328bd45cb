"""The options of `verify sweep`, as Typer reads them."""

from typing import Annotated

import typer

from verify.arguments import Json, NoReport, Out, Quiet
from verify.errors import BadInput


def sweep(
    N: Annotated[
        str | None, typer.Option("--N", metavar="LIST", help="Values to copy.", show_default="16..4096")
    ] = None,
    L: Annotated[
        str | None,
        typer.Option("--L", metavar="LIST", help="The value lies L - 1 steps back.", show_default="8..4096"),
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option("--epsilon", metavar="LIST", help="Errors allowed.", show_default="1e-1,1e-2,1e-3")
    ] = None,
    d_h: Annotated[
        str | None,
        typer.Option("--d-h", metavar="LIST", help="States a channel of ssm-constant.", show_default="16,64,256"),
    ] = None,
    a_min: Annotated[
        str | None,
        typer.Option("--a-min", metavar="LIST", help="Its forgetting.", show_default="0.9,0.99,0.999,1"),
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option(
            "--dtype", metavar="LIST", help="bfloat16, float16, float32, float64.", show_default="bfloat16,float32"
        ),
    ] = None,
    module: Annotated[
        str | None,
        typer.Option(
            "--module", metavar="LIST", help="ssm-linear, ssm-gated, ssm-constant, attention.", show_default="all"
        ),
    ] = None,
    seed: Annotated[
        str | None, typer.Option("--seed", metavar="INT", help="Seed of everything random.", show_default="0")
    ] = None,
    devices: Annotated[
        str | None, typer.Option("--devices", metavar="INT", help="Devices that share the work.", show_default="1")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="FILE", help="Keeps finished runs; resumed.", show_default="sweep.sqlite beside the page"
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from what the store holds, as usual.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make every run again.")] = False,
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="The rows as CSV too.", show_default="none")
    ] = None,
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Where each module stops copying: a grid of runs beside their closed forms, kept in a store and resumed."""
    from verify.deliver import deliver, delivery

    if resume and fresh:
        raise BadInput("--resume --fresh", "the two contradict each other", "leave out --fresh")
    to = delivery(out, no_report, json, quiet)

    from verify.sweep.settings import parse

    given = {"N": N, "L": L, "epsilon": epsilon, "d-h": d_h, "a-min": a_min, "dtype": dtype, "module": module}
    settings = parse(given | {"seed": seed, "devices": devices, "store": store, "csv": csv}, fresh)

    from verify.sweep.command import run

    return deliver(to, lambda console: run(settings, to.folder, console))
