"""What `verify gadgets` is asked: lemmas, M, epsilon, alpha as exact fractions, and the arithmetics to run in."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds.formats import FORMATS
from verify.files import report_name
from verify.gadgets.float import Precision
from verify.gadgets.mantissa import LARGEST_BITS
from verify.notation import number
from verify.options import Domain, choices, decimal, integers

LEMMAS = (1, 2, 3, 4, 5)
LARGEST_M = Fraction(10**6)
LEAST_ALPHA = Fraction(1, 10**6)  # below it no number of float16 may be that far from 0
M = Domain("M", Fraction(1, 1000), LARGEST_M, "10")
EPSILON = Domain("epsilon", Fraction(1, 10**12), Fraction(2, 5), "1e-3")  # from 1/2 on a constant meets Lemma 5
LEAST_BITS = 3


@dataclass(frozen=True)
class GadgetsSettings:
    """One request. dtypes: formats to run in. bits: further runs with so many mantissa bits. Raises ValueError where
    alpha > M: a and b in [-M, M] could then differ by the margin only outside."""

    lemmas: tuple[int, ...] = LEMMAS
    M: Fraction = Fraction(10)
    epsilon: Fraction = Fraction(1, 1000)
    alpha: Fraction = Fraction(1)
    dtypes: tuple[str, ...] = tuple(FORMATS)
    bits: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.alpha > self.M:
            raise ValueError(f"alpha = {self.alpha} and M = {self.M} were given; alpha is at most M")

    @property
    def all_lemmas(self) -> bool:
        """Whether all lemmas are asked for, and so the gadgets past them too."""
        return self.lemmas == LEMMAS

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """The arithmetics to run in, dtypes first."""
        return (*map(Precision, self.dtypes), *(Precision(f"{bits} bits", bits) for bits in self.bits))

    def document(self) -> dict[str, Any]:
        """The `settings` of the JSON document."""
        return {
            "lemma": list(self.lemmas),
            "M": self.M,
            "epsilon": self.epsilon,
            "alpha": self.alpha,
            "dtype": list(self.dtypes),
            "mantissa_bits": list(self.bits),
        }

    def command(self) -> str:
        """The command line that asks the same again."""
        return " ".join(["verify gadgets", *(f"--{name} {text}" for name, text in self._changed())])

    def name(self) -> str:
        """A file name that tells settings apart, such as `gadgets-epsilon0.01`."""
        return report_name(["gadgets", *(f"{name.replace('-', '')}{text}" for name, text in self._changed())])

    def _changed(self) -> list[tuple[str, str]]:
        usual = GadgetsSettings()
        texts = {
            "lemma": (_join(self.lemmas), _join(usual.lemmas)),
            "M": (number(self.M, 60), number(usual.M, 60)),
            "epsilon": (number(self.epsilon, 60), number(usual.epsilon, 60)),
            "alpha": (number(self.alpha, 60), number(usual.alpha, 60)),
            "dtype": (",".join(self.dtypes), ",".join(usual.dtypes)),
            "mantissa-bits": (_join(self.bits), ""),
        }
        return [(name, text) for name, (text, default) in texts.items() if text != default]


def parse(texts: Mapping[str, str | None]) -> GadgetsSettings:
    """The settings that the options' texts write (None: not given); raises BadInput for the first that is no good."""
    given = {name: text for name, text in texts.items() if text is not None}
    found: dict[str, Any] = {}
    if "lemma" in given:
        found["lemmas"] = integers(given["lemma"], "--lemma", LEMMAS[0], LEMMAS[-1], consecutive=True)
    if "mantissa-bits" in given:
        bits = integers(given["mantissa-bits"], "--mantissa-bits", LEAST_BITS, LARGEST_BITS, consecutive=True)
        found["bits"] = bits
    if "dtype" in given:
        found["dtypes"] = choices(given["dtype"], "--dtype", tuple(FORMATS))
    for name, domain in (("M", M), ("epsilon", EPSILON)):
        if name in given:
            found[name] = decimal(given[name], f"--{name}", domain)
    size = found.get("M", GadgetsSettings.M)
    usual = min(GadgetsSettings.alpha, size)
    margin = Domain("alpha", LEAST_ALPHA, size, number(usual, 60))
    found["alpha"] = decimal(given["alpha"], "--alpha", margin) if "alpha" in given else usual
    return GadgetsSettings(**found)


def _join(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))
