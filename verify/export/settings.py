"""What `verify export` is asked: read, checked, and written back as a command, as a name and into the certificate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from constructions.gadgets.catalogue import catalogue
from constructions.problems.catalogue import NAMES as PROBLEMS
from verify.errors import BadInput, quoted
from verify.export.model import FORMAT, TARGETS
from verify.files import report_name
from verify.gadgets.settings import LEAST_ALPHA
from verify.gadgets.settings import M as GADGET_M
from verify.notation import not_above, not_below, number
from verify.options import Domain, choice, decimal, integer

KINDS = ("copy", "gadget", "dp")
LAYOUTS = ("d_state=N", "d_state=1")
GADGETS = tuple(entry.name for entry in catalogue())
LARGEST_N, LARGEST_D, LARGEST_SIZE, LARGEST_SEED = 4096, 1024, 12, 2**32 - 1
# The norm divides a coordinate by the model's constant K = 2^47 first.  Values of [-M, M], drawn in steps of M 2^-24,
# keep every digit if M 2^-24 / K is a normal number, M >= 2^-55; the least power of ten is 1e-16.
_COPIED = Domain("M", Fraction(1, 10**16), Fraction(10) ** 4, "1")
VALUES = {"copy": _COPIED, "gadget": Domain("M", GADGET_M.low, Fraction(10) ** 4, "10"), "dp": _COPIED}
ALPHA = Domain("alpha", LEAST_ALPHA, Fraction(10) ** 4, "1")
# Up to half of the distance of two integers: `constructions.gadgets.integers.nearest`.
NEAREST_ALPHA = Domain("alpha", LEAST_ALPHA, Fraction(1, 2), "0.25")
EPSILON = Domain("epsilon", Fraction(0), Fraction(1, 2), "1e-3", low_included=False)

USUAL_M = {"copy": "1", "gadget": "10", "dp": "1"}

# Which constructions read an option; for the others it would say nothing.
_BELONGS_TO = {
    "N": ("copy",),
    "d": ("copy",),
    "layout": ("copy",),
    "epsilon": ("copy",),
    "M": ("copy", "gadget"),
    "name": ("gadget",),
    "alpha": ("gadget",),
    "problem": ("dp",),
    "theorem": ("dp",),
    "n": ("dp",),
    "instances": ("dp",),
}


@dataclass(frozen=True)
class ExportSettings:
    """One construction to be written.

    what: copy, gadget or dp.  copy: Theorem 3 for N values of [-M, M]^d, with keys in the state (d_state=N) or one
    channel a slot (d_state=1, error at most epsilon).  gadget: the one called `name`, for values in [-M, M] and the
    margin alpha.  dp: the stack of a problem for `instances` random instances of size n.  seed: of these, and of the
    inputs of a check.
    """

    what: str = "copy"
    N: int = 256
    d: int = 8
    layout: str = LAYOUTS[0]
    M: Fraction = Fraction(1)
    epsilon: Fraction = Fraction("1e-3")
    name: str = "select"
    alpha: Fraction = Fraction(1)
    problem: str = "lis"
    theorem: int = 4
    n: int = 4
    instances: int = 8
    seed: int = 0
    to: str = TARGETS[0]

    def texts(self) -> dict[str, str]:
        """The options that this construction reads, as they are typed: what a certificate holds."""
        read = [option for option, owners in _BELONGS_TO.items() if self.what in owners]
        said = {option: getattr(self, option) for option in (*read, "seed", "to")}
        return {option: value if isinstance(value, str) else number(value, 60) for option, value in said.items()}

    def document(self) -> dict[str, Any]:
        """The `settings` of the JSON document."""
        return {"what": self.what, **self.texts()}

    def command(self) -> str:
        """The command line that asks the same again."""
        usual = ExportSettings(what=self.what, M=Fraction(USUAL_M[self.what])).texts()
        said = [f"--{option} {text}" for option, text in self.texts().items() if text != usual[option]]
        return " ".join(["verify export", self.what, *said])

    def called(self) -> str:
        """A file name that tells settings apart, such as `copy-N256-d8-d_state-1-M2-hf-mamba`."""
        parts = {"copy": [f"N{self.N}", f"d{self.d}", self.layout.replace("=", "-")], "gadget": [self.name]}
        own = parts.get(self.what, [self.problem, f"T{self.theorem}", f"n{self.n}"])
        usual = ExportSettings(M=Fraction(USUAL_M[self.what]), alpha=Fraction(margin_of(self.name, self.M).example))
        texts, default = self.texts(), replace(usual, what=self.what).texts()
        besides = ("M", "epsilon", "alpha", "instances", "seed")
        own += [f"{option}{texts[option]}" for option in besides if texts.get(option) != default.get(option)]
        return report_name([self.what, *own, self.to])

    def on_trust(self) -> str:
        """The options that change no file of the export, so that nothing in the files can contradict a certificate."""
        if self.what == "dp":
            return "none, as the vocabulary lists the instances"
        if self.what == "gadget":
            return "the seed, and M or alpha where the gadget has no use for them"
        return "M, epsilon and the seed" if self.layout == LAYOUTS[0] else "the seed"


def parse(what: str, texts: Mapping[str, str | None]) -> ExportSettings:
    """The settings from the options' texts, by option name without dashes; None where an option was not given.

    Raises BadInput for the first one that cannot be read, and for options that say nothing of this construction.
    """
    what, usual = choice(what, "export", KINDS), ExportSettings()
    given = {option: text for option, text in texts.items() if text is not None}
    for option, text in given.items():
        owners = _BELONGS_TO.get(option, KINDS)
        if what not in owners:
            asked = f"--{option} {quoted(text)} with {what}"
            raise BadInput(asked, f"--{option} says something of {', '.join(owners)} alone", f"leave out --{option}")

    def whole(option: str, smallest: int, largest: int) -> int:
        return integer(given.get(option, str(getattr(usual, option))), f"--{option}", smallest, largest)

    M = decimal(given.get("M", USUAL_M[what]), "--M", VALUES[what])
    name = choice(given.get("name", usual.name), "--name", GADGETS)
    margin = margin_of(name, M) if what == "gadget" else ALPHA
    settings = ExportSettings(
        what=what,
        N=whole("N", 1, LARGEST_N),
        d=whole("d", 1, LARGEST_D),
        layout=choice(given.get("layout", usual.layout), "--layout", LAYOUTS),
        M=M,
        epsilon=decimal(given.get("epsilon", "1e-3"), "--epsilon", EPSILON),
        name=name,
        alpha=decimal(given.get("alpha", margin.example), "--alpha", margin),
        problem=choice(given.get("problem", usual.problem), "--problem", PROBLEMS),
        theorem=int(choice(given.get("theorem", str(usual.theorem)), "--theorem", ("4", "5"))),
        n=whole("n", 0, LARGEST_SIZE),
        instances=whole("instances", 1, 64),
        seed=whole("seed", 0, LARGEST_SEED),
        to=choice(given.get("to", usual.to), "--to", TARGETS),
    )
    if what == "copy" and settings.layout == LAYOUTS[1]:
        _refuse_epsilon(settings)
    return settings


def margin_of(name: str, M: Fraction) -> Domain:
    """The margins of a gadget for values in [-M, M], with the usual one as example: at most M, as in `verify gadgets`,
    and at most 1/2 for rounding.
    """
    return NEAREST_ALPHA if name == "nearest" else Domain("alpha", LEAST_ALPHA, M, number(min(Fraction(1), M), 60))


def _refuse_epsilon(settings: ExportSettings) -> None:
    """Raise BadInput where epsilon is less than one rounding of a value, or so much that the output 0 is a copy."""
    M, least = settings.M, Fraction(FORMAT.unit_roundoff) * settings.M
    given = f"--epsilon {number(settings.epsilon, 60)} with --M {number(M, 60)}"
    if settings.epsilon < least:
        allowed = f"the weights are float32, which carries no error below 2^-{FORMAT.precision} M = {number(least)}"
        raise BadInput(given, allowed, f"--epsilon {not_below(least, 2)}")
    if settings.epsilon > M / 2:
        allowed = f"epsilon may be at most M/2 = {number(M / 2)}: from M on the output 0 would pass as a copy"
        raise BadInput(given, allowed, f"--epsilon {not_above(M / 2)}")
