"""What `verify copy` is asked: read, checked, and written back as a command and as a file name."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from verify.copy.ranges import refuse_out_of_range, refuse_unreadable
from verify.errors import BadInput, nothing_given, quoted
from verify.files import read_input, report_name
from verify.notation import number
from verify.options import Domain, choice, choices, decimal, integer, integers
from verify.options import dtype as dtype_name

MODULES = ("ssm-linear", "ssm-gated", "ssm-constant", "attention")
EXECUTIONS = ("auto", "dense", "sparse")
KEYS = ("projection", "random")
CODES = ("binary", "circle")
DELTAS = ("unit", "literal")
POSITIONS = ("random", "reverse", "first", "lag:K", "string")

_ZERO, _ONE = Fraction(0), Fraction(1)
A = Domain("a", _ZERO, _ONE, "1")
M = Domain("M", _ZERO, Fraction(10) ** 4, "1", low_included=False)
EPSILON = Domain("epsilon", _ZERO, None, "1e-3", low_included=False)
LARGEST_N = 10**300  # all that can be read; what does not fit in memory is refused with the largest N that does
LARGEST_LAG = 10**15
LARGEST_WIDTH = 2**16
LARGEST_SEED = 2**32 - 1

# Paths that a report's name shows whole.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9.]*")

# What only some modules read; naming it for others contradicts --module.
_BELONGS_TO = {
    "d-h": ("ssm-constant",),
    "a": ("ssm-constant",),
    "keys": ("ssm-constant",),
    "codes": ("attention",),
    "Delta": MODULES[:3],
}


@dataclass(frozen=True)
class CopySettings:
    """One request.  N, d_h: one row (or block of rows) each.  pos: a kind of verify.copy.task.  values: uniform,
    adversarial, or text with `text` the bytes and `path` where they came from.  a: forgetting of ssm-constant.
    Delta: unit for v = x, literal for W_Delta = O.  M, epsilon, a: exact.
    """

    N: tuple[int, ...] = (4096,)
    d: int = 64
    d_h: tuple[int, ...] = (64,)
    modules: tuple[str, ...] = MODULES
    pos: str = "random"
    values: str = "uniform"
    path: str = ""
    text: bytes = b""
    a: Fraction = _ONE
    keys: str = "projection"
    codes: str = "binary"
    Delta: str = "unit"
    M: Fraction = _ONE
    epsilon: Fraction = Fraction("1e-3")
    dtype: str = "float32"
    execution: str = "auto"
    seed: int = 0

    def document(self) -> dict[str, Any]:
        """The `settings` of the JSON document."""
        values = f"text:{self.path}" if self.values == "text" else self.values
        lists = {"N": list(self.N), "d_h": list(self.d_h), "module": list(self.modules)}
        single = {name: getattr(self, name) for name in ("d", "pos", "a", "keys", "codes", "Delta", "M", "epsilon")}
        rest = {"dtype": self.dtype, "execution": self.execution, "seed": self.seed}
        return {**lists, **single, "values": values, **rest}

    def command(self) -> str:
        """The command line that asks the same again."""
        said = (f"--{name} {shlex.quote(text)}" for name, text in self._said(always="N"))
        return " ".join(["verify copy", *said])

    def name(self) -> str:
        """A file name that tells settings apart, such as `copy-N4096-pos-string`."""
        parts = [f"{option.replace('-', '')}{_in_a_name(text)}" for option, text in self._said(always="N")]
        return report_name(["copy", *parts], "" if _PLAIN_PATH.fullmatch(self.path) else self.path)

    def _said(self, always: str) -> list[tuple[str, str]]:
        """The options that differ from the defaults (and the one named), as the user would type them."""
        usual = CopySettings()
        texts = {
            "N": (_join(self.N), _join(usual.N)),
            "d": (str(self.d), str(usual.d)),
            "d-h": (_join(self.d_h), _join(usual.d_h)),
            "module": (",".join(self.modules), ",".join(usual.modules)),
            "pos": (self.pos, "string" if self.values == "text" else usual.pos),
            "values": (f"text:{self.path}" if self.values == "text" else self.values, usual.values),
            "a": (number(self.a, 60), number(usual.a)),
            "keys": (self.keys, usual.keys),
            "codes": (self.codes, usual.codes),
            "Delta": (self.Delta, usual.Delta),
            "M": (number(self.M, 60), number(usual.M)),
            "epsilon": (number(self.epsilon, 60), number(usual.epsilon)),
            "dtype": (self.dtype, usual.dtype),
            "execution": (self.execution, usual.execution),
            "seed": (str(self.seed), str(usual.seed)),
        }
        return [(name, text) for name, (text, default) in texts.items() if text != default or name == always]


def parse(texts: Mapping[str, str | None]) -> CopySettings:
    """The settings from the options' texts, by option name without dashes; None where an option was not given.

    Raises BadInput for the first one that cannot be read, and for options that contradict each other.
    """
    usual = CopySettings()
    given = {name: text for name, text in texts.items() if text is not None}
    modules = MODULES if given.get("module", "all").strip() == "all" else choices(given["module"], "--module", MODULES)
    _refuse_contradictions(given, modules)
    values, path, text = _values(given.get("values", usual.values))
    settings = CopySettings(
        N=_lengths(given.get("N"), text) or usual.N,
        d=integer(given.get("d", str(usual.d)), "--d", 1, LARGEST_WIDTH),
        d_h=integers(given.get("d-h", _join(usual.d_h)), "--d-h", 1, LARGEST_WIDTH),
        modules=modules,
        pos=_pos(given.get("pos", "string" if text else usual.pos)),
        values=values,
        path=path,
        text=text,
        a=decimal(given.get("a", "1"), "--a", A),
        keys=choice(given.get("keys", usual.keys), "--keys", KEYS),
        codes=choice(given.get("codes", usual.codes), "--codes", CODES),
        Delta=choice(given.get("Delta", usual.Delta), "--Delta", DELTAS),
        M=decimal(given.get("M", "1"), "--M", M),
        epsilon=decimal(given.get("epsilon", "1e-3"), "--epsilon", EPSILON),
        dtype=dtype_name(given.get("dtype", usual.dtype)),
        execution=choice(given.get("execution", usual.execution), "--execution", EXECUTIONS),
        seed=integer(given.get("seed", "0"), "--seed", 0, LARGEST_SEED),
    )
    refuse_out_of_range(settings.M, settings.epsilon, settings.dtype)
    if text:
        literal, approximate = settings.Delta == "literal", bool(set(modules) & {"ssm-gated", "attention"})
        refuse_unreadable(
            settings.M, settings.epsilon, settings.d, settings.dtype, literal=literal, approximate=approximate
        )
    return settings


def _refuse_contradictions(given: dict[str, str], modules: tuple[str, ...]) -> None:
    for option, owners in _BELONGS_TO.items():
        if option in given and not set(owners) & set(modules):
            asked = f"--{option} {quoted(given[option])} with --module {','.join(modules)}"
            raise BadInput(asked, f"--{option} says something of {', '.join(owners)} alone", f"leave out --{option}")


def _values(text: str) -> tuple[str, str, bytes]:
    """The kind, and for text:FILE the path and the bytes."""
    kind, mark, path = text.partition(":")
    if kind == "text" and mark:
        return "text", path, read_input(path, "--values text:")
    if text in ("uniform", "adversarial"):
        return text, "", b""
    reason = f"{nothing_given(text)}allowed are uniform, adversarial, text:FILE"
    raise BadInput(f"--values {quoted(text)}", reason, "--values uniform")


def _lengths(text: str | None, data: bytes) -> tuple[int, ...] | None:
    if text is None:
        return (len(data),) if data else None
    lengths = integers(text, "--N", 1, LARGEST_N, usual=len(data) or CopySettings.N[0])
    if data and lengths[-1] > len(data):
        raise BadInput(f"--N {quoted(text)}", f"the text has {len(data)} bytes", f"--N {len(data)}")
    return lengths


def _pos(text: str) -> str:
    kind, mark, lag = text.partition(":")
    if kind == "lag":
        if not (mark and lag.isdecimal() and lag.isascii() and int(lag) <= LARGEST_LAG):
            allowed = f"lag:K needs a whole number of steps from 0 to {LARGEST_LAG}"
            raise BadInput(f"--pos {quoted(text)}", allowed, "--pos lag:1")
        return f"lag:{int(lag)}"
    try:
        return choice(text, "--pos", POSITIONS)
    except BadInput as error:  # K stands for a number, which is to be typed
        raise BadInput(error.given, error.allowed, error.nearest.replace("lag:K", "lag:1")) from error


def _in_a_name(text: str) -> str:
    """Text that may stand in a file name: of a path its last part, and no separators."""
    kind, _, path = text.partition(":")
    tail = PurePath(path).name if kind == "text" else path
    return re.sub(r"[^A-Za-z0-9.,-]", "_", f"{kind}-{tail}" if tail else text)


def _join(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))
