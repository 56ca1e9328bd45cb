"""Random command lines, and a folder to type them in.

Options are read from the program itself, so that a new one is typed at random from the day on which it is there.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer
from hypothesis import strategies as st

from verify.bounds.settings import BoundsSettings
from verify.cli import app
from verify.copy.settings import CopySettings
from verify.deliver import Outcome, Report
from verify.dp.settings import DpSettings
from verify.gadgets.settings import GadgetsSettings
from verify.sweep.settings import SweepSettings
from verify.verdict import Result

COMMANDS = typer.main.get_command(app).commands  # pyright: ignore[reportAttributeAccessIssue]
GARBAGE = (
    *("", " ", "nan", "-nan", "inf", "-inf", "-1", "0", "-0", "+1", "1e400", "1e-400", "1e999999999", "9" * 200),
    *(
        "0." + "9" * 58,
        "..",
        "8..",
        "..8",
        "5..3",
        "3..3",
        "1..2..4",
        ",",
        ",,",
        "1,,2",
        "1, 2",
        "1/3",
        "0x10",
        "1_000",
    ),
    *("٣", "½", "\n", "\r", "\t3", "\x1b[31m", "\udcff", "a" * 300, "None", "true", "é", "-", "--", "--json", "-h"),
    *(
        "~",
        "/",
        ".",
        "/dev/null",
        "/dev/full",
        "/proc/nothing",
        "file",
        "file/below",
        "folder",
        "empty",
        "'",
        '"',
        "$(x)",
    ),
)
FILES = ("file", "empty", "bytes", "folder", "absent", "/dev/zero", "/proc/self/mem", "\udcff")
PROBLEMS = (
    "good.py:STAIRS",
    "good.py:NOTHING",
    "good.py:THREE",
    "nan.py:P",
    "broken.py:P",
    "raises.py:P",
    "exits.py:P",
)
README = Path(__file__).resolve().parents[3] / "README.md"
PROBLEM_FILES = {
    "good.py": README.read_text().partition("```python\n")[2].partition("```")[0] + "THREE = 3\n",
    "nan.py": "P = float('nan')\n",
    "broken.py": "P = (\n",
    "raises.py": "raise ZeroDivisionError('no\\nway')\n",
    "exits.py": "raise SystemExit(7)\n",
}
SMALL = {
    "N": ("1", "2", "7", "4,9", "1..16", "3e1"),
    "L": ("1", "2", "8", "1..8", "2,5"),
    "d": ("1", "3"),
    "d-h": ("1", "4", "2,8"),
    "n": ("0", "1", "2"),
    "instances": ("1", "2"),
    "m": ("1", "4", "40"),
    "T": ("1", "40", "90"),
    "trace": ("1", "4", "30"),
    "devices": ("1", "2", "9"),
    "seed": ("0", "7", "4294967295"),
    "mantissa-bits": ("1", "4", "7,9", ",".join(map(str, range(3, 25)))),
    "lemma": ("1", "2..5", "3", "all"),
    "theorem": ("4", "5", "both"),
    "module": ("all", "ssm-linear", "ssm-gated,attention", "ssm-constant"),
    "dtype": ("float32", "bfloat16", "float64,float16", "all"),
    "pos": ("random", "reverse", "first", "string", "lag:0", "lag:3", "lag:99"),
    "values": ("uniform", "adversarial", *(f"text:{name}" for name in FILES)),
    "keys": ("projection", "random"),
    "codes": ("binary", "circle"),
    "Delta": ("unit", "literal", "1"),
    "execution": ("auto", "dense", "sparse"),
    "layout": ("d_state=N", "d_state=1"),
    "name": ("select", "product", "indicator-gt"),
    "problem": ("lis", "edit-distance", "arithmetic", "subarray", "matrix-chain", *PROBLEMS),
    "input": ("", "3 1 2", "ab ba", "7*(7+5)", "nan", "1 nan", "1e5", "99999999999999999999", "(", "\x00", "x" * 2000),
    "mod": ("2", "11", "12", "integers"),
    "costs": ("1,1,1", "2,2,3", "0,0,0", "1,2", "1,2,nan", "-1,1,1"),
    "boundary": ("paper", "benchmark"),
    "to": ("hf-mamba", "mamba-ssm"),
    "topic": ("theorem-1", "Theorem 3", "theorem"),
    "ids": ("T1-16", "t2-rho", "X-BITS", "T1", "T1-99", "EQ1"),
    "what": ("copy", "gadget", "dp", "copies"),
    "folder": ("folder", "absent", "file", "export"),
    "out": ("reports", "folder", "a/b", "file", "file/below", "/proc/nothing", "/dev/full"),
    "store": ("s.sqlite", "a/s.sqlite", "file", "folder", "file/below", "empty", "/dev/full"),
    "csv": ("rows.csv", "a/rows.csv", "file", "folder", "file/below", "/dev/full"),
}
SMALLEST = {
    "bounds": ("--L", "1..8"),
    "copy": ("--N", "5", "--d", "2"),
    "gadgets": ("--lemma", "2", "--dtype", "float32"),
    "dp": ("--n", "1", "--instances", "1", "--theorem", "5"),
    "sweep": ("--N", "5", "--L", "2", "--d-h", "2", "--a-min", "0.9,1", "--dtype", "float32", "--epsilon", "0.1"),
    "claims": ("--fast",),
    "export": ("--seed", "0"),
    "check": (),
}
"""What is typed before anything else, so that a line that is run takes no minutes; `bench` and `all` have no size."""
ARGUMENT = {"dp": "subarray", "claims": "X-BITS", "check": "absent", "export": "copy"}
"""What is asked for where nothing is named: not everything that there is."""
DECIMALS = ("1", "0.5", "0.9", "0.99", "0.99999999999999999", "1e-3", "0.1", "2", "1e-30", "1e4", "0.9,0.5")


def texts(name: str, wild: bool) -> st.SearchStrategy[str]:
    """What may be typed for an option: mostly something that it knows; wild: else anything."""
    known = st.sampled_from(SMALL.get(name, DECIMALS))
    anything = st.sampled_from(GARBAGE) | st.text(st.characters(exclude_characters="\x00"))
    return st.one_of(known, known, known, anything) if wild else known


@st.composite
def command_lines(draw: st.DrawFn, commands: tuple[str, ...] = tuple(COMMANDS), wild: bool = True) -> list[str]:
    """A command with some of its options, each with a text, and rarely something that it has not."""
    name = draw(st.sampled_from(commands))
    words = [name, *(() if wild else SMALLEST[name])]
    drawn = draw(st.lists(st.sampled_from(COMMANDS[name].params), max_size=5, unique_by=lambda p: p.name))
    for parameter in drawn:
        if parameter.param_type_name == "argument":
            words.append(draw(texts(parameter.name, wild)))
        elif parameter.is_flag:
            words.append(draw(st.sampled_from((*parameter.opts, *parameter.secondary_opts))))
        else:
            words += [parameter.opts[0], draw(texts(parameter.opts[0].removeprefix("--"), wild))]
    if not wild and name in ARGUMENT and all(parameter.param_type_name == "option" for parameter in drawn):
        words.append(ARGUMENT[name])
    if wild and draw(st.integers(0, 19)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(st.sampled_from(("--help", "--nn", "-q", "extra", ""))))
    return words


@dataclass
class Place:
    """A folder to run in, and the commands that the stand-ins would name on their pages."""

    folder: Path
    asked: list[str] = field(default_factory=list)


def told(place: Place, command: str) -> Callable[..., Outcome]:
    """In the place of a command: an outcome with the request's document, and a page with its name and command."""

    def run(asked: Any, *_: object) -> Outcome:
        has = isinstance(asked, CopySettings | BoundsSettings | GadgetsSettings | DpSettings | SweepSettings)
        said, name = (asked.command(), asked.name()) if has else ("", command)
        place.asked.append(said)
        document = asked.document() if hasattr(asked, "document") else {}
        result = Result(command, document, {}, [], [], "nothing was run.")
        return Outcome(result, (), (), lambda: Report(name, f"# {said}\n"))

    return run


STANDS_FOR = {name: (f"verify.{name}.command", "run") for name in COMMANDS}
STANDS_FOR |= {"export": ("verify.export.command", "export"), "check": ("verify.export.command", "check")}


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands run in, with files in the way."""
    for name, data in {"file": b"three words here", "empty": b"", "bytes": bytes(range(256))}.items():
        (tmp_path / name).write_bytes(data)
    for name, text in PROBLEM_FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def place(filled: Path) -> Iterator[Place]:
    """The same; every command replaced by `told`."""
    with ExitStack() as stack:
        made = Place(filled)
        for name, (module, function) in STANDS_FOR.items():
            stack.enter_context(patch.object(import_module(module), function, told(made, name)))
        yield made


@pytest.fixture
def wild_lines() -> st.SearchStrategy[list[str]]:
    """Lines of all commands, with anything in them."""
    return command_lines()


@pytest.fixture
def small_lines() -> st.SearchStrategy[list[str]]:
    """Lines that are carried out within seconds: sizes are small, and nothing asks for all that there is."""
    return command_lines(tuple(SMALLEST), wild=False)
