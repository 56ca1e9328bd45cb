"""The common options, as Typer reads them; a command takes those that change what it does."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout and nothing else there.")]
Out = Annotated[str | None, typer.Option("--out", metavar="DIR", help="Folder of the report.", show_default="reports")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write no page and no figure.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="The verdict (or the document) alone; on stderr warnings alone.")]
Seed = Annotated[str, typer.Option("--seed", metavar="INT", help="Seed of everything random.")]
GivenSeed = Annotated[
    str | None, typer.Option("--seed", metavar="INT", help="Seed of everything random.", show_default="0")
]  # of commands that must know whether it was typed
Dtype = Annotated[str, typer.Option("--dtype", metavar="NAME", help="float32, float64, float16 or bfloat16.")]
