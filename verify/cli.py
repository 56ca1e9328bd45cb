"""The command line: options in, exit code out. It parses and dispatches; each command lives in a module of its own.

Nothing but Typer is imported before a command is chosen, so that `verify --help` answers at once.
"""

import difflib
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from verify.all.arguments import all_claims
from verify.arguments import Dtype, Json, NoReport, Out, Quiet, Seed
from verify.claims.arguments import claims
from verify.dp.arguments import dp
from verify.errors import EXIT_BAD_INPUT, BadInput, one_line, quoted
from verify.export.arguments import check, export
from verify.sweep.arguments import sweep

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Decide the claims of 'Exploring the Limitations of Mamba in COPY and CoT Reasoning' by running them.",
    epilog="Exit code: 0 all as expected, 1 something not, 2 bad input, 3 undecided, 130 interrupted.",
)


@app.callback(invoke_without_command=True)
def top(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Options of the program itself."""
    if version:
        from verify.environment import version as installed

        sys.stdout.write(f"verify {installed()}\n")
        raise typer.Exit(0)


@app.command()
def bounds(
    a_min: Annotated[
        str, typer.Option("--a-min", metavar="LIST", help="Least forgetting coefficient after pos.")
    ] = "0.9",
    a_max: Annotated[
        str | None,
        typer.Option("--a-max", metavar="NUM", help="Largest coefficient before pos.", show_default="a-min"),
    ] = None,
    L: Annotated[str, typer.Option("--L", metavar="LIST", help="Window lengths, 8..4096 doubles.")] = "8..4096",
    delta: Annotated[str, typer.Option("--delta", metavar="NUM", help="Scores below it do not match.")] = "1e-3",
    epsilon: Annotated[str, typer.Option("--epsilon", metavar="NUM", help="Error allowed.")] = "0.1",
    M: Annotated[str, typer.Option("--M", metavar="NUM", help="Inputs lie in [-M, M].")] = "1",
    Delta: Annotated[str, typer.Option("--Delta", metavar="NUM", help="Largest time step, also ||W_V||.")] = "1",
    alpha_pos: Annotated[
        str | None,
        typer.Option("--alpha-pos", metavar="NUM", help="Decay since pos.", show_default="a_min^(L-1), the worst"),
    ] = None,
    rho: Annotated[
        str | None,
        typer.Option("--rho", metavar="NUM", help="Attention's largest other score.", show_default="delta"),
    ] = None,
    dtype: Dtype = "float32",
    seed: Seed = "0",
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Theorems 1 and 2 over L: thresholds, exact requirements, and where they can hold at all."""
    from verify.bounds.command import run
    from verify.bounds.settings import Texts, parse
    from verify.deliver import deliver, delivery

    texts = Texts(
        a_min=a_min,
        a_max=a_max,
        L=L,
        delta=delta,
        epsilon=epsilon,
        M=M,
        Delta=Delta,
        alpha_pos=alpha_pos,
        rho=rho,
        dtype=dtype,
        seed=seed,
    )
    settings = parse(texts)
    return deliver(delivery(out, no_report, json, quiet), lambda console: run(settings, console))


@app.command()
def copy(
    N: Annotated[str | None, typer.Option("--N", metavar="LIST", help="Values to copy.", show_default="4096")] = None,
    d: Annotated[str | None, typer.Option("--d", metavar="INT", help="Values lie in R^d.", show_default="64")] = None,
    d_h: Annotated[
        str | None,
        typer.Option("--d-h", metavar="LIST", help="States a channel of ssm-constant.", show_default="64"),
    ] = None,
    module: Annotated[
        str | None,
        typer.Option(
            "--module", metavar="LIST", help="ssm-linear, ssm-gated, ssm-constant, attention.", show_default="all"
        ),
    ] = None,
    pos: Annotated[
        str | None,
        typer.Option("--pos", metavar="KIND", help="random, reverse, first, lag:K, string.", show_default="random"),
    ] = None,
    values: Annotated[
        str | None,
        typer.Option("--values", metavar="KIND", help="uniform, adversarial, text:FILE.", show_default="uniform"),
    ] = None,
    a: Annotated[
        str | None, typer.Option("--a", metavar="NUM", help="Forgetting of ssm-constant.", show_default="1")
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option("--keys", metavar="KIND", help="ssm-constant: projection, random.", show_default="projection"),
    ] = None,
    codes: Annotated[
        str | None,
        typer.Option("--codes", metavar="KIND", help="attention: binary, circle.", show_default="binary"),
    ] = None,
    Delta: Annotated[
        str | None,
        typer.Option("--Delta", metavar="KIND", help="unit: v = x; literal: W_Delta = O.", show_default="unit"),
    ] = None,
    M: Annotated[str, typer.Option("--M", metavar="NUM", help="Values lie in [-M, M].")] = "1",
    epsilon: Annotated[str, typer.Option("--epsilon", metavar="NUM", help="Error allowed.")] = "1e-3",
    execution: Annotated[
        str, typer.Option("--execution", metavar="KIND", help="auto, dense (matrices), sparse (index lists).")
    ] = "auto",
    dtype: Dtype = "float32",
    seed: Seed = "0",
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Theorem 3 and its rivals: which memories copy N values, at what size, and from which N on one fails."""
    from verify.copy.settings import parse
    from verify.deliver import deliver, delivery

    given = {"N": N, "d": d, "d-h": d_h, "module": module, "pos": pos, "values": values, "a": a, "keys": keys}
    given |= {"codes": codes, "Delta": Delta, "M": M, "epsilon": epsilon, "execution": execution}
    settings = parse(given | {"dtype": dtype, "seed": seed})
    to = delivery(out, no_report, json, quiet)

    from verify.copy.command import run

    return deliver(to, lambda console: run(settings, console))


@app.command()
def bench(
    with_peers: Annotated[
        bool, typer.Option("--peers", help="Time other implementations too, where they are installed.")
    ] = False,
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Speed and memory of this machine: rates, ratios of one run, whole processes."""
    from verify.deliver import deliver, delivery

    to = delivery(out, no_report, json, quiet)

    from verify.bench.command import run

    return deliver(to, lambda console: run(with_peers, console))


@app.command()
def gadgets(
    lemma: Annotated[str | None, typer.Option("--lemma", metavar="LIST", help="1..5.", show_default="all")] = None,
    M: Annotated[
        str | None, typer.Option("--M", metavar="NUM", help="Inputs lie in [-M, M].", show_default="10")
    ] = None,
    epsilon: Annotated[
        str | None, typer.Option("--epsilon", metavar="NUM", help="Error allowed.", show_default="1e-3")
    ] = None,
    alpha: Annotated[
        str | None, typer.Option("--alpha", metavar="NUM", help="Margin of Lemmas 4 and 5.", show_default="1")
    ] = None,
    dtype: Annotated[
        str | None,
        typer.Option("--dtype", metavar="LIST", help="bfloat16, float16, float32, float64.", show_default="all"),
    ] = None,
    mantissa_bits: Annotated[
        str | None,
        typer.Option("--mantissa-bits", metavar="LIST", help="Also with so many stored bits.", show_default="none"),
    ] = None,
    json: Json = False,
    out: Out = None,
    no_report: NoReport = False,
    quiet: Quiet = False,
) -> int:
    """Lemmas 1-5: the SiLU gadgets as blocks, their certified errors, sharp constants, and what floats leave."""
    from verify.deliver import deliver, delivery

    to = delivery(out, no_report, json, quiet)

    from verify.gadgets.settings import parse

    given = {"lemma": lemma, "M": M, "epsilon": epsilon, "alpha": alpha, "dtype": dtype}
    settings = parse(given | {"mantissa-bits": mantissa_bits})

    from verify.gadgets.command import run

    return deliver(to, lambda console: run(settings, console))


app.command()(dp)
app.command()(sweep)
app.command()(claims)
app.command("all")(all_claims)
app.command()(export)
app.command()(check)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program on `arguments` (those of the process when None) and return its exit code.

    Bad usage and bad input end as one line on stderr and 2, and so does whatever a command raised where JAX does not
    start as the environment asks; an interrupt that no command caught ends with 130.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = "verify"
    try:
        name = _program(words)
        code: Any = app(args=words, prog_name="verify", standalone_mode=False)
    except BadInput as error:
        return _refuse(name, str(error))
    except typer.TyperException as error:
        return _refuse(name, _usage(error, name))
    except SystemExit:  # Click's way out where the reader of its help has gone
        return 0
    except OSError as error:
        return _refuse(name, f"the output cannot be written: {error.strerror or error}")
    except Exception:
        from verify.backend import why_it_does_not_start

        refusal = why_it_does_not_start()
        if refusal is None:
            raise
        return _refuse(name, str(refusal))
    if (twice := _repeated(words)) and "--quiet" not in words:
        _say(name, f"{twice} given more than once: the last was taken")
    return code if isinstance(code, int) else 0


def _program(words: Sequence[str]) -> str:
    """The program and its command as typed, to head a complaint. Raises BadInput when the command does not exist."""
    names = tuple(str(info.name or getattr(info.callback, "__name__", "")) for info in app.registered_commands)
    if not words:
        raise BadInput("no command given", f"allowed are {', '.join(names)}", f"verify {names[0]}")
    command = next((word for word in words if not word.startswith("-")), None)
    if command is None:
        return "verify"
    if command not in names:
        alike = difflib.get_close_matches(command, names, n=1, cutoff=0.0)[0]
        raise BadInput(f"no command {quoted(command)}", f"allowed are {', '.join(names)}", f"verify {alike}")
    return f"verify {command}"


def _usage(error: typer.TyperException, name: str) -> str:
    """Typer's complaint as one line that says where the allowed options are listed, and the nearest if there is one."""
    wanted, alike = getattr(error, "option_name", ""), getattr(error, "possibilities", None) or []
    alike = [option for option in alike if _is_like(option, wanted)]
    nearest = f"; nearest that works: {alike[0]}" if alike else ""
    return f"{getattr(error, 'message', str(error)).rstrip('.')}; `{name} --help` lists what is allowed{nearest}"


def _is_like(option: str, typed: str) -> bool:
    """Whether an option may be what was meant: two single letters are alike only if they are the same letter."""
    known, text = option.lstrip("-").lower(), typed.lstrip("-").lower()
    return known == text or min(len(known), len(text)) > 1


def _repeated(words: Sequence[str]) -> str:
    """The options that stand more than once, of which the last counts."""
    options = [word.partition("=")[0] for word in words if word.startswith("--") and len(word) > 2]
    return ", ".join(option for option in dict.fromkeys(options) if options.count(option) > 1)


def _say(name: str, text: str) -> None:
    with suppress(OSError, AttributeError):  # nobody may be there to read it, or no stream at all
        sys.stderr.write(f"{name}: {one_line(text)}\n")
        sys.stderr.flush()


def _refuse(name: str, text: str) -> int:
    _say(name, text)
    return EXIT_BAD_INPUT
