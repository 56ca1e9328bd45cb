"""The options of `verify dp`, as Typer reads them."""

from typing import Annotated

import typer

from verify.arguments import GivenSeed, Json, NoReport, Out, Quiet

Problem = Annotated[
    str | None,
    typer.Argument(
        metavar="[PROBLEM]",
        help="lis, edit-distance, arithmetic, subarray, matrix-chain, or FILE.py:NAME; the file is run as code.",
        show_default="all that ship",
    ),
]
Input = Annotated[str | None, typer.Option("--input", metavar="TEXT", help="One instance, as in 'xgv xgo'.")]
Size = Annotated[str | None, typer.Option("--n", metavar="INT", help="Size of random instances.", show_default="12")]
Instances = Annotated[
    str | None,
    typer.Option(
        "--instances",
        metavar="INT",
        help="How many of them. 0 beside --input: without the small family that is run as well.",
        show_default="64",
    ),
]
Theorem = Annotated[
    str | None, typer.Option("--theorem", metavar="4|5|both", help="Which construction.", show_default="both")
]
Window = Annotated[
    str | None, typer.Option("--m", metavar="INT", help="Theorem 5: slots.", show_default="as many as needed")
]
Tokens = Annotated[
    str | None,
    typer.Option("--T", metavar="INT", help="Tokens, prompt included.", show_default="as many as needed"),
]
Mod = Annotated[
    str | None,
    typer.Option("--mod", metavar="P", help="arithmetic: a prime, or integers.", show_default="11"),
]
Costs = Annotated[str | None, typer.Option("--costs", metavar="A,B,C", help="edit-distance.", show_default="2,2,3")]
Boundary = Annotated[
    str | None,
    typer.Option("--boundary", metavar="KIND", help="edit-distance: paper, benchmark.", show_default="paper"),
]
ShowLayers = Annotated[bool, typer.Option("--show-layers", help="The stack block by block.")]
Trace = Annotated[str | None, typer.Option("--trace", metavar="K", help="Token K through all named subspaces.")]
Dtype = Annotated[
    str | None,
    typer.Option(
        "--dtype",
        metavar="NAME",
        help="float32, float64, float16 or bfloat16.",
        show_default="float32, float64 beyond its range",
    ),
]


def dp(
    problem: Problem = None,
    input: Input = None,
    n: Size = None,
    instances: Instances = None,
    theorem: Theorem = None,
    m: Window = None,
    T: Tokens = None,
    mod: Mod = None,
    costs: Costs = None,
    boundary: Boundary = None,
    show_layers: ShowLayers = False,
    trace: Trace = None,
    dtype: Dtype = None,
    seed: GivenSeed = None,
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Theorems 4 and 5: dynamic programming compiled into hand-set layers, run token by token against an oracle."""
    from verify.deliver import deliver, delivery

    to = delivery(out, no_report, json, quiet)

    from verify.dp.settings import parse

    given = {"problem": problem, "input": input, "n": n, "instances": instances, "seed": seed, "theorem": theorem}
    given |= {"m": m, "T": T, "mod": mod, "costs": costs, "boundary": boundary, "dtype": dtype, "trace": trace}
    settings = parse(given, show_layers)

    from verify.dp.command import run

    return deliver(to, lambda console: run(settings, console))
