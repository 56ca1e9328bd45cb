"""What `verify sweep` is asked: read, checked, and written back as a command and as a file name."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from bounds.formats import FORMATS
from verify.copy.settings import LARGEST_SEED, MODULES
from verify.errors import BadInput, nothing_given, one_line, quoted
from verify.files import in_the_way, report_name
from verify.notation import number
from verify.options import Domain, choices, decimals, integer, integers

A_MIN = Domain("a_min", Fraction(0), Fraction(1), "0.9", low_included=False)
EPSILON = Domain("epsilon", Fraction(0), Fraction(1, 2), "1e-3", low_included=False)
"""From M |Delta| / 2 on, modules built for half of epsilon would pass with the output 0 in reach (verify.copy)."""
ALL = "all"  # of the modules
LARGEST_N = 10**300  # all that can be read; what does not fit in memory is refused with the largest N that does
LARGEST_L = 2**20
LARGEST_D_H = 4096
LARGEST_DEVICES = 2**16


@dataclass(frozen=True)
class SweepSettings:
    """One grid.  N, L (the value asked for lies L - 1 steps back), epsilon, d_h and a_min (of ssm-constant), dtypes.

    devices: how many share the work, None for one.  store: where finished runs are kept, None for the report's folder.
    fresh: forget what the store holds of this grid.  csv: a file for the rows, None for none.
    """

    N: tuple[int, ...] = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
    L: tuple[int, ...] = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
    epsilon: tuple[Fraction, ...] = (Fraction("1e-3"), Fraction("1e-2"), Fraction("1e-1"))
    d_h: tuple[int, ...] = (16, 64, 256)
    a_min: tuple[Fraction, ...] = (Fraction("0.9"), Fraction("0.99"), Fraction("0.999"), Fraction(1))
    dtypes: tuple[str, ...] = ("bfloat16", "float32")
    modules: tuple[str, ...] = MODULES
    seed: int = 0
    devices: int | None = None
    store: Path | None = None
    csv: Path | None = None
    fresh: bool = False

    def document(self) -> dict[str, Any]:
        """The `settings` of the JSON document: what the numbers depend on."""
        lists = {"N": self.N, "L": self.L, "epsilon": self.epsilon, "d_h": self.d_h, "a_min": self.a_min}
        return {**lists, "dtype": self.dtypes, "module": self.modules, "seed": self.seed}

    def command(self) -> str:
        """The command line that asks the same again."""
        said = (f"--{name} {shlex.quote(text)}" for name, text in self._said())
        return " ".join(["verify sweep", *said])

    def name(self) -> str:
        """A file name that tells grids apart; `sweep` for the usual one."""
        return report_name(["sweep", *(f"{name.replace('-', '')}{text}" for name, text in self._said())])

    def _said(self) -> list[tuple[str, str]]:
        """The options that differ from the defaults, as the user would type them."""
        usual = SweepSettings()
        texts = {
            "N": (_join(self.N), _join(usual.N)),
            "L": (_join(self.L), _join(usual.L)),
            "epsilon": (_join(self.epsilon), _join(usual.epsilon)),
            "d-h": (_join(self.d_h), _join(usual.d_h)),
            "a-min": (_join(self.a_min), _join(usual.a_min)),
            "dtype": (",".join(self.dtypes), ",".join(usual.dtypes)),
            "module": (",".join(self.modules), ",".join(usual.modules)),
            "seed": (str(self.seed), str(usual.seed)),
        }
        return [(name, text) for name, (text, default) in texts.items() if text != default]


def parse(texts: Mapping[str, str | None], fresh: bool) -> SweepSettings:
    """The settings from the options' texts, by option name without dashes; None where an option was not given.

    Raises BadInput for the first one that cannot be read, for options of ssm-constant without it, and for a grid in
    which every L is larger than every N.
    """
    usual = SweepSettings()
    given = {name: text for name, text in texts.items() if text is not None}
    modules = _modules(given.get("module", ALL))
    for option in ("d-h", "a-min"):
        if option in given and "ssm-constant" not in modules:
            asked = f"--{option} {quoted(given[option])} with --module {','.join(modules)}"
            raise BadInput(asked, f"--{option} says something of ssm-constant alone", f"leave out --{option}")
    N = integers(given["N"], "--N", 1, LARGEST_N, usual=4096) if "N" in given else usual.N
    L = integers(given["L"], "--L", 1, LARGEST_L, usual=8) if "L" in given else usual.L
    if min(L) > max(N):
        asked = f"--L {quoted(given.get('L', _join(L)))} with --N {quoted(given.get('N', _join(N)))}"
        raise BadInput(asked, f"no step lies L - 1 steps behind another of N <= {number(max(N))}", f"--L {max(N)}")
    return SweepSettings(
        N=N,
        L=L,
        epsilon=decimals(given["epsilon"], "--epsilon", EPSILON) if "epsilon" in given else usual.epsilon,
        d_h=integers(given["d-h"], "--d-h", 1, LARGEST_D_H) if "d-h" in given else usual.d_h,
        a_min=decimals(given["a-min"], "--a-min", A_MIN) if "a-min" in given else usual.a_min,
        dtypes=choices(given["dtype"], "--dtype", tuple(FORMATS)) if "dtype" in given else usual.dtypes,
        modules=modules,
        seed=integer(given.get("seed", "0"), "--seed", 0, LARGEST_SEED),
        devices=integer(given["devices"], "--devices", 1, LARGEST_DEVICES) if "devices" in given else None,
        store=_path(given.get("store"), "--store", "sweep.sqlite"),
        csv=_path(given.get("csv"), "--csv", "sweep.csv"),
        fresh=fresh,
    )


def _modules(text: str) -> tuple[str, ...]:
    named = choices(text, "--module", (*MODULES, ALL))
    return MODULES if ALL in named else named


def _path(text: str | None, option: str, example: str) -> Path | None:
    if text is None:
        return None
    given, nearest = f"{option} {quoted(text)}", f"{option} {example}"
    try:
        if not (text.strip() and text.isprintable()) or Path(text).is_dir():
            named = "the name of a file, in characters that can be shown, is allowed"
            raise BadInput(given, f"{nothing_given(text)}{named}", nearest)
        if in_the_way(Path(text)):  # a device or a pipe, which would be renamed over or waited for
            raise BadInput(given, "what is there is not a regular file", nearest)
    except OSError as error:  # a name that is too long, a folder on the way that may not be searched
        raise BadInput(given, f"cannot be looked at ({one_line(error.strerror or str(error))})", nearest) from error
    return Path(text)


def _join(values: tuple[int, ...] | tuple[Fraction, ...]) -> str:
    return ",".join(number(value, 60) for value in values)
