"""The options of `verify export` and `verify check`, as Typer reads them."""

from typing import Annotated

import typer

from verify.arguments import Json, NoReport, Out, Quiet


def export(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="copy, gadget or dp.")] = "copy",
    N: Annotated[str | None, typer.Option("--N", metavar="INT", help="copy: values.", show_default="256")] = None,
    d: Annotated[str | None, typer.Option("--d", metavar="INT", help="copy: values in R^d.", show_default="8")] = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="KIND", help="copy: d_state=N or d_state=1.", show_default="d_state=N"),
    ] = None,
    M: Annotated[
        str | None, typer.Option("--M", metavar="NUM", help="Values in [-M, M].", show_default="1; gadget: 10")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option("--epsilon", metavar="NUM", help="copy: error allowed.", show_default="1e-3")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="gadget: which.", show_default="select")
    ] = None,
    alpha: Annotated[
        str | None,
        typer.Option("--alpha", metavar="NUM", help="gadget: margin.", show_default="1, at most M; nearest: 1/4"),
    ] = None,
    problem: Annotated[
        str | None, typer.Option("--problem", metavar="NAME", help="dp: which.", show_default="lis")
    ] = None,
    theorem: Annotated[
        str | None, typer.Option("--theorem", metavar="4|5", help="dp: which construction.", show_default="4")
    ] = None,
    n: Annotated[
        str | None, typer.Option("--n", metavar="INT", help="dp: size of instances.", show_default="4")
    ] = None,
    instances: Annotated[
        str | None, typer.Option("--instances", metavar="INT", help="dp: how many.", show_default="8")
    ] = None,
    seed: Annotated[
        str | None, typer.Option("--seed", metavar="INT", help="Seed of all that is random.", show_default="0")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="FORMAT", help="hf-mamba, mamba-ssm.", show_default="hf-mamba")
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Folder of the files.", show_default="exports/NAME")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write a construction as weights that other Mamba code loads: config.json, model.safetensors, certificate.json."""
    from pathlib import Path

    from verify.deliver import Delivery, deliver, delivery
    from verify.export.settings import parse

    given = {"N": N, "d": d, "layout": layout, "M": M, "epsilon": epsilon, "name": name, "alpha": alpha}
    given |= {"problem": problem, "theorem": theorem, "n": n, "instances": instances, "seed": seed, "to": to}
    settings = parse(what, given)
    folder = delivery(f"exports/{settings.called()}" if out is None else out, False, json, quiet).folder or Path()

    from verify.export.command import export as run

    return deliver(Delivery(None, json, quiet), lambda _: run(settings, folder))


def check(
    folder: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="What `verify export` wrote.", show_default="all that ship")
    ] = None,
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Run exported weights in transformers, in PyTorch and here, and compare all with the oracle."""
    from verify.deliver import deliver, delivery

    to = delivery(out, no_report, json, quiet)

    from verify.export.command import check as run

    return deliver(to, lambda console: run(folder, console))
