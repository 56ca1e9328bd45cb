"""The options of `verify sweep`, as Typer reads them."""

from typing import Annotated

import typer

from verify.arguments import GivenSeed, Json, NoReport, Out, Quiet
from verify.errors import BadInput

Values = Annotated[str | None, typer.Option("--N", metavar="LIST", help="Values to copy.", show_default="16..4096")]
Distances = Annotated[
    str | None,
    typer.Option("--L", metavar="LIST", help="The value lies L - 1 steps back.", show_default="8..4096"),
]
Epsilon = Annotated[
    str | None, typer.Option("--epsilon", metavar="LIST", help="Errors allowed.", show_default="1e-1,1e-2,1e-3")
]
States = Annotated[
    str | None,
    typer.Option("--d-h", metavar="LIST", help="States a channel of ssm-constant.", show_default="16,64,256"),
]
Forgetting = Annotated[
    str | None,
    typer.Option("--a-min", metavar="LIST", help="Its forgetting.", show_default="0.9,0.99,0.999,1"),
]
Dtype = Annotated[
    str | None,
    typer.Option(
        "--dtype", metavar="LIST", help="bfloat16, float16, float32, float64.", show_default="bfloat16,float32"
    ),
]
Module = Annotated[
    str | None,
    typer.Option(
        "--module", metavar="LIST", help="ssm-linear, ssm-gated, ssm-constant, attention.", show_default="all"
    ),
]
Devices = Annotated[
    str | None, typer.Option("--devices", metavar="INT", help="Devices that share the work.", show_default="1")
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="FILE", help="Keeps finished runs; resumed.", show_default="sweep.sqlite beside the page"
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from what the store holds, as usual.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Make every run again.")]
Csv = Annotated[str | None, typer.Option("--csv", metavar="FILE", help="The rows as CSV too.", show_default="none")]


def sweep(
    N: Values = None,
    L: Distances = None,
    epsilon: Epsilon = None,
    d_h: States = None,
    a_min: Forgetting = None,
    dtype: Dtype = None,
    module: Module = None,
    seed: GivenSeed = None,
    devices: Devices = None,
    store: Store = None,
    resume: Resume = False,
    fresh: Fresh = False,
    csv: Csv = None,
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
