"""What `verify bounds` is asked: numbers as exact fractions, read, checked, and written back as a command."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypedDict

from bounds.theorem1 import Theorem1
from bounds.theorem2 import Theorem2
from verify.errors import BadInput
from verify.files import report_name
from verify.notation import nearest, number
from verify.options import Domain, decimal, decimals, dtype, integer, integers

_ZERO, _ONE = Fraction(0), Fraction(1)
A_MIN = Domain("a_min", _ZERO, _ONE, "0.9", low_included=False)
A_MAX = Domain("a_max", _ZERO, _ONE, "0.9")
# delta = 0 would make every position match, also those outside the window, which Assumption 1 excludes.
DELTA = Domain("delta", _ZERO, None, "1e-3", low_included=False)
EPSILON = Domain("epsilon", _ZERO, None, "0.1", low_included=False)
M = Domain("M", _ZERO, None, "1", low_included=False)
TIME_STEP = Domain("Delta", _ZERO, None, "1", low_included=False)
ALPHA_POS = Domain("alpha_pos", _ZERO, _ONE, "0.5", low_included=False)
RHO = Domain("rho", None, None, "1e-3")
LARGEST_L = 10**5
LARGEST_EXPONENT = 50_000
LARGEST_SEED = 2**32 - 1

DEFAULT_L = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True)
class BoundsSettings:
    """One request, all numbers exact. None in a_max, alpha_pos and rho stands for the default that follows others.

    a_min: one block of rows each. a_max: a_min where None. alpha_pos: the worst case a_min^(L-1) where None.
    rho: delta where None. Delta: the largest time step; attention's ||W_V|| is the same number, so that both modules
    copy values of the same size. dtype: the format whose range a score may leave. seed: of the sampled instances.
    """

    a_min: tuple[Fraction, ...]
    L: tuple[int, ...] = DEFAULT_L
    a_max: Fraction | None = None
    delta: Fraction = Fraction("1e-3")
    epsilon: Fraction = Fraction("0.1")
    M: Fraction = _ONE
    Delta: Fraction = _ONE
    alpha_pos: Fraction | None = None
    rho: Fraction | None = None
    dtype: str = "float32"
    seed: int = 0

    def theorem1(self, a_min: Fraction, L: int) -> Theorem1:
        """Theorem 1's parameters for one row."""
        a_max = a_min if self.a_max is None else self.a_max
        return Theorem1(a_min, a_max, L, self.delta, self.epsilon, self.M, self.Delta, self.alpha_pos)

    def theorem2(self, L: int) -> Theorem2:
        """Theorem 2's parameters for one row: the context is the window, i = L, so L~ = L whatever matches.

        matched = 1, pos alone, where delta allows it; no number of the row depends on it.
        """
        rho = self.delta if self.rho is None else self.rho
        return Theorem2(L=L, i=L, matched=1, rho=rho, epsilon=self.epsilon, M=self.M, W_V=self.Delta)

    def document(self) -> dict[str, Any]:
        """The `settings` of the JSON document; null for a default that follows others and differs among the rows."""
        return {
            "L": list(self.L),
            "a_min": list(self.a_min),
            "a_max": _only(set(self.a_min)) if self.a_max is None else self.a_max,
            "delta": self.delta,
            "epsilon": self.epsilon,
            "M": self.M,
            "Delta": self.Delta,
            "alpha_pos": self._alpha_pos(),
            "rho": self.delta if self.rho is None else self.rho,
            "dtype": self.dtype,
            "seed": self.seed,
        }

    def _alpha_pos(self) -> Fraction | float | str | None:
        """alpha_pos where it is one number for all rows; a power as its nearest float (it may have 10^6 digits)."""
        if self.alpha_pos is not None:
            return self.alpha_pos
        # Powers of different a_min or L are one number only by accident, save those of 1, or at L = 1.
        if self.L == (1,):
            return _ONE
        a_min = _only(set(self.a_min))
        if a_min is None or (a_min != 1 and len(self.L) > 1):
            return None
        return nearest(lambda reals: reals.number(a_min) ** (self.L[0] - 1))

    def command(self) -> str:
        """The command line that asks the same again."""
        options = [f"--a-min {_join(self.a_min)}", *(f"--{name} {text}" for name, text in self._changed())]
        return f"verify bounds {' '.join(options)}"

    def name(self) -> str:
        """A file name that tells settings apart, such as `bounds-amin0.9-delta0.01`."""
        parts = [f"{name.replace('-', '')}{text}" for name, text in self._changed()]
        return report_name(["bounds", f"amin{_join(self.a_min)}", *parts])

    def _changed(self) -> list[tuple[str, str]]:
        """The options that differ from the defaults, in the order of the command line, as the user would type them."""
        usual = BoundsSettings(self.a_min)
        texts = {
            "a-max": (self.a_max, usual.a_max),
            "L": (self.L, usual.L),
            "delta": (self.delta, usual.delta),
            "epsilon": (self.epsilon, usual.epsilon),
            "M": (self.M, usual.M),
            "Delta": (self.Delta, usual.Delta),
            "alpha-pos": (self.alpha_pos, usual.alpha_pos),
            "rho": (self.rho, usual.rho),
            "dtype": (self.dtype, usual.dtype),
            "seed": (self.seed, usual.seed),
        }
        return [(name, _text(value)) for name, (value, default) in texts.items() if value != default]


class Texts(TypedDict):
    """The options as typed; None where one was not given and follows others."""

    a_min: str
    a_max: str | None
    L: str
    delta: str
    epsilon: str
    M: str
    Delta: str
    alpha_pos: str | None
    rho: str | None
    dtype: str
    seed: str


def parse(texts: Texts) -> BoundsSettings:
    """The settings that the options' texts write.

    Raises BadInput for the first text that cannot be read, and for an alpha_pos that L - 1 coefficients of at least
    a_min cannot reach.
    """
    settings = BoundsSettings(
        a_min=decimals(texts["a_min"], "--a-min", A_MIN),
        L=integers(texts["L"], "--L", 1, LARGEST_L),
        a_max=_optional(texts["a_max"], "--a-max", A_MAX),
        delta=decimal(texts["delta"], "--delta", DELTA),
        epsilon=decimal(texts["epsilon"], "--epsilon", EPSILON),
        M=decimal(texts["M"], "--M", M),
        Delta=decimal(texts["Delta"], "--Delta", TIME_STEP),
        alpha_pos=_optional(texts["alpha_pos"], "--alpha-pos", ALPHA_POS),
        rho=_optional(texts["rho"], "--rho", RHO),
        dtype=dtype(texts["dtype"]),
        seed=integer(texts["seed"], "--seed", 0, LARGEST_SEED),
    )
    _check_size(settings)
    _check_alpha_pos(settings)
    return settings


def _optional(text: str | None, option: str, domain: Domain) -> Fraction | None:
    return None if text is None else decimal(text, option, domain)


def _check_size(settings: BoundsSettings) -> None:
    """Refuse scores whose exact digits would take minutes; the largest of all is near (1/a_min)^(L-1)."""
    a_min, L = settings.a_min[0], settings.L[-1]
    places = math.log10(a_min.denominator) - math.log10(a_min.numerator)
    if (L - 1) * places > LARGEST_EXPONENT:
        given = f"--L {L} with --a-min {number(a_min, 60)}"
        allowed = f"scores near (1/a_min)^(L-1) are allowed up to 1e{LARGEST_EXPONENT}"
        raise BadInput(given, allowed, f"--L {1 + int(LARGEST_EXPONENT / places)}")


def _check_alpha_pos(settings: BoundsSettings) -> None:
    if settings.alpha_pos is None:
        return
    # a_min^(L-1) is largest for the largest a_min and the smallest L.
    a_min, L = settings.a_min[-1], settings.L[0]
    try:
        settings.theorem1(a_min, L)
    except ValueError as error:
        shown = number(a_min, 60)
        given = f"--alpha-pos {number(settings.alpha_pos, 60)} with --a-min {shown} and --L {L}"
        allowed = f"alpha_pos is a product of at most L - 1 coefficients, so at least {shown}^{L - 1}"
        raise BadInput(given, allowed, "leave out --alpha-pos") from error


def _only(values: set[Fraction]) -> Fraction | None:
    """The one number of a set; None where there are several."""
    return next(iter(values)) if len(values) == 1 else None


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return _join(value)
    return value if isinstance(value, str) else number(value, 60)


def _join(values: tuple[Fraction, ...] | tuple[int, ...]) -> str:
    return ",".join(number(value, 60) for value in values)
