"""What `verify dp` is asked: read, checked, and written back as a command and as a file name."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

from bounds.formats import FORMATS
from constructions.problems.catalogue import NAMES
from constructions.problems.edit_distance import BOUNDARIES, Costs
from verify.errors import BadInput, nothing_given, quoted
from verify.files import report_name
from verify.options import choice, integer

THEOREMS = ("4", "5", "both")
LARGEST_N, LARGEST_INSTANCES, LARGEST_SIZE = 1000, 10_000, 10**9
LARGEST_COST, LARGEST_SEED = 1000, 2**32 - 1
LARGEST_MODULUS = 1021  # float32 is exact to some 300, float64 to here and beyond
LONGEST_INPUT = 10**6
INTEGERS = "integers"  # of --mod: no modulus
_FILE = re.compile(r"(.+\.py)(?::(.*))?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")

# What only some problems read, and what needs one problem to speak of.
_BELONGS_TO = {"mod": "arithmetic", "costs": "edit-distance", "boundary": "edit-distance"}
_OF_ONE = ("input", "m", "T", "show-layers", "trace")


@dataclass(frozen=True)
class DpSettings:
    """One request.

    problem: a name of the catalogue, a file and a name in it, or None for all that ship.  input: an instance, or None
    for random ones: `instances` of size n.  Either way a small family is run as well, which `instances` = 0 leaves out
    beside an input.  m, T: sizes that the stacks are enlarged to.  modulus: None for the
    integers.  dtype: None for float32, and float64 where float32 cannot hold a number that is met.
    """

    problem: str | None = None
    input: str | None = None
    n: int = 12
    instances: int = 64
    seed: int = 0
    theorem: str = "both"
    m: int | None = None
    T: int | None = None
    modulus: int | None = 11
    costs: Costs = Costs()  # noqa: RUF009 - frozen
    dtype: str | None = None
    show_layers: bool = False
    trace: int | None = None

    @property
    def theorems(self) -> tuple[int, ...]:
        """Those that were asked for."""
        return (4, 5) if self.theorem == "both" else (int(self.theorem),)

    @property
    def file(self) -> tuple[str, str] | None:
        """The path and the name of a user's problem; an empty name where none was given."""
        found = _FILE.fullmatch(self.problem or "")
        return (found[1], found[2] or "") if found else None

    def document(self) -> dict[str, Any]:
        """The `settings` of the JSON document."""
        costs = [self.costs.insert, self.costs.delete, self.costs.substitute]
        named = ("problem", "input", "n", "instances", "seed", "theorem", "m", "T", "dtype")
        rest = {"mod": self.modulus, "costs": costs, "boundary": self.costs.boundary}
        return {name: getattr(self, name) for name in named} | rest

    def command(self) -> str:
        """The command line that asks the same again."""
        words = ["verify dp", *([shlex.quote(self.problem)] if self.problem else [])]
        words += [f"--{name} {shlex.quote(text)}" for name, text in self._said()]
        words += ["--show-layers"] if self.show_layers else []
        return " ".join(words + ([f"--trace {self.trace}"] if self.trace else []))

    def name(self) -> str:
        """A file name that tells settings apart, such as `dp-lis-n8`."""
        file = self.file
        problem = [file[1] if file else self.problem] if self.problem else []
        plain = [(option, text) for option, text in self._said() if option != "input"]
        parts = ["dp", *problem, *(f"{option}{text}" for option, text in plain)]
        parts += ["layers"] if self.show_layers else []
        parts += [f"trace{self.trace}"] if self.trace else []
        besides = [text for text in (self.input, file and file[0]) if text is not None]
        return report_name(parts, "\0".join(besides))

    def _said(self) -> list[tuple[str, str]]:
        """The options that differ from the defaults, as the user would type them."""
        usual = DpSettings()
        costs, usual_costs = _costs_text(self.costs), _costs_text(usual.costs)
        texts = {
            "input": (self.input, None),
            "n": (str(self.n), str(usual.n)),
            "instances": (str(self.instances), str(usual.instances)),
            "seed": (str(self.seed), str(usual.seed)),
            "theorem": (self.theorem, usual.theorem),
            "m": (None if self.m is None else str(self.m), None),
            "T": (None if self.T is None else str(self.T), None),
            "mod": (INTEGERS if self.modulus is None else str(self.modulus), str(usual.modulus)),
            "costs": (costs, usual_costs),
            "boundary": (self.costs.boundary, usual.costs.boundary),
            "dtype": (self.dtype, None),
        }
        return [(name, text) for name, (text, default) in texts.items() if text is not None and text != default]


def parse(texts: Mapping[str, str | None], show_layers: bool = False) -> DpSettings:
    """The settings from the options' texts, by option name without dashes; None where an option was not given.

    Raises BadInput for the first one that cannot be read, and for options that contradict each other.
    """
    usual = DpSettings()
    given = {name: text for name, text in texts.items() if text is not None}
    problem = None if "problem" not in given else _problem(given["problem"])
    _refuse_contradictions(given, problem, show_layers)
    theorem = choice(given.get("theorem", usual.theorem), "--theorem", THEOREMS)

    def whole(name: str, smallest: int, largest: int, otherwise: int | None) -> int | None:
        return integer(given[name], f"--{name}", smallest, largest) if name in given else otherwise

    return DpSettings(
        problem=problem,
        input=_input(given.get("input")),
        n=whole("n", 0, LARGEST_N, usual.n) or 0,
        instances=whole("instances", 0 if "input" in given else 1, LARGEST_INSTANCES, usual.instances) or 0,
        seed=whole("seed", 0, LARGEST_SEED, usual.seed) or 0,
        theorem=theorem,
        m=whole("m", 1, LARGEST_SIZE, None),
        T=whole("T", 1, LARGEST_SIZE, None),
        modulus=_modulus(given["mod"]) if "mod" in given else usual.modulus,
        costs=_costs(given),
        dtype=choice(given["dtype"], "--dtype", tuple(FORMATS)) if "dtype" in given else None,
        show_layers=show_layers,
        trace=whole("trace", 1, LARGEST_SIZE, None),
    )


def _problem(text: str) -> str:
    """A built-in name, or path/to/file.py:NAME.  A file that is there passes without a good name too: whoever runs it
    can say which names it has.
    """
    found = _FILE.fullmatch(text)
    if found and text.isprintable() and (_NAME.fullmatch(found[2] or "") or _is_file(found[1])):
        return text
    try:
        return choice(text, "PROBLEM", NAMES)
    except BadInput as error:
        allowed = f"{error.allowed}, or path/to/file.py:NAME"
        given = repr(text) if text.endswith(":") else quoted(text)
        raise BadInput(given, allowed, error.nearest.removeprefix("PROBLEM ")) from error


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _refuse_contradictions(given: Mapping[str, str], problem: str | None, show_layers: bool) -> None:
    for option, owner in _BELONGS_TO.items():
        if option in given and problem != owner:
            asked = f"--{option} {quoted(given[option])} with {problem or 'all problems'}"
            raise BadInput(asked, f"--{option} says something of {owner} alone", f"leave out --{option}")
    for option in _OF_ONE:
        if problem is None and (option in given or (option == "show-layers" and show_layers)):
            raise BadInput(
                f"--{option}", "it needs a problem to speak of, as in verify dp lis", f"leave out --{option}"
            )
    for option in ("n", "instances", "seed"):
        if "input" in given and option in given and (option != "instances" or given[option].strip() != "0"):
            asked = f"--input with --{option} {quoted(given[option])}"
            reason, nearest = "with an input nothing is drawn at random", f"leave out --{option}"
            if option == "instances":
                reason, nearest = f"{reason}; 0 leaves out the small family that is run beside it", "--instances 0"
            raise BadInput(asked, reason, nearest)


def _input(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST_INPUT:
        return text
    raise BadInput(f"--input {quoted(text)}", f"{len(text)} characters; at most {LONGEST_INPUT}", "a shorter input")


def _modulus(text: str) -> int | None:
    if text.strip() == INTEGERS:
        return None
    try:
        p = integer(text, "--mod", 2, LARGEST_MODULUS)
    except BadInput as error:
        reason = f"{error.allowed} ({INTEGERS} too): a product modulo p takes 2 p hidden units, and as many names"
        raise BadInput(error.given, reason, error.nearest) from error
    if _is_prime(p):
        return p
    near = next(q for q in range(p, 1, -1) if _is_prime(q))
    raise BadInput(f"--mod {quoted(text)}", f"a prime, or {INTEGERS}, is allowed", f"--mod {near}")


def _is_prime(p: int) -> bool:
    return all(p % q for q in range(2, isqrt(p) + 1))


def _costs(given: Mapping[str, str]) -> Costs:
    usual = Costs()
    parts = [part.strip() for part in given.get("costs", _costs_text(usual)).split(",")]
    if len(parts) != 3 or not all(parts):
        nothing = nothing_given(given["costs"])
        allowed = f"{nothing}three costs a,b,c of an insertion, a deletion and a substitution are allowed"
        raise BadInput(f"--costs {quoted(given['costs'])}", allowed, f"--costs {_costs_text(usual)}")
    a, b, c = (_cost(part, parts, k) for k, part in enumerate(parts))
    boundary = choice(given.get("boundary", usual.boundary), "--boundary", BOUNDARIES)
    return Costs(a, b, c, boundary)


def _cost(part: str, parts: list[str], place: int) -> int:
    try:
        return integer(part, "--costs", 0, LARGEST_COST)
    except BadInput as error:
        usual = _costs_text(Costs()).split(",")
        near = [other if other.isdecimal() and len(other) < 4 else usual[k] for k, other in enumerate(parts)]
        near[place] = error.nearest.removeprefix("--costs ")
        raise BadInput(f"--costs {quoted(','.join(parts))}", error.allowed, f"--costs {','.join(near)}") from error


def _costs_text(costs: Costs) -> str:
    return f"{costs.insert},{costs.delete},{costs.substitute}"
