"""A row of `verify bench`: what was timed, how, against what, and how near it came to the machine's own roofs."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ratio:
    """A number of this run over another one of it, in words, and the least that it should be (None: no aim)."""

    value: float
    of: str
    at_least: float | None = None


@dataclass(frozen=True)
class Work:
    """What a run has to do at least: floating-point operations, and bytes to and from memory where no cache holds the
    state of a memory longer than a chunk.
    """

    operations: int | float
    moved: int | float


@dataclass(frozen=True)
class Roofs:
    """Rates measured in the same run: operations a second in one large float32 product at the pinned precision, bytes a
    second in a copy.
    """

    product: float
    copy: float

    def share(self, work: Work, seconds: float) -> str:
        """The roof that binds and how much of it was reached, such as `83 % of product`.

        The roofline model: the work takes at least the longer of operations / product and bytes / copy.  More than
        100 % is possible where caches hold what is counted as moved, or where products leave float32 units (one-hots).
        """
        least = {"product": work.operations / self.product, "copy": work.moved / self.copy}
        roof = max(least, key=lambda name: least[name])
        return f"{100 * least[roof] / seconds:.0f} % of {roof}"


@dataclass(frozen=True)
class Timing:
    """One row.  seconds: None where it could not be run, `run_as` then says why.  rate in `unit`; at_most: the seconds
    aimed at; exact: whether every output was the value to be copied, bit by bit; off: for what is not exact, the
    largest error of an output and what is allowed; roofline: `Roofs.share`; bound_by: what keeps the run from its aim,
    told where it is missed.
    """

    what: str
    run_as: str
    seconds: float | None
    rate: float | None = None
    unit: str = ""
    ratio: Ratio | None = None
    at_most: float | None = None
    exact: bool | None = None
    off: tuple[float, float] | None = None
    peak_bytes: int | None = None
    roofline: str = ""
    bound_by: str = ""

    @property
    def aim(self) -> str:
        """What should be reached, in words."""
        if self.at_most is not None:
            return f"<= {self.at_most:.3g} s"
        return "" if self.ratio is None or self.ratio.at_least is None else f">= {self.ratio.at_least:.3g}"

    @property
    def correct(self) -> bool | None:
        """Whether the outputs are what they should be; None where that is not looked at.  NaN is not."""
        return self.exact if self.off is None else self.off[0] <= self.off[1]

    @property
    def reached(self) -> bool | None:
        """Whether it was, by a run whose outputs are right; None where nothing is aimed at or nothing was timed."""
        if self.at_most is not None:
            met = None if self.seconds is None else self.seconds <= self.at_most
        else:
            met = None if self.ratio is None or self.ratio.at_least is None else self.ratio.value >= self.ratio.at_least
        return None if met is None else met and self.correct is not False

    @property
    def missed(self) -> str:
        """By how much the aim was missed, and why; empty where it was reached or there is none."""
        if self.reached is not False:
            return ""
        if self.correct is False:
            why = "its outputs are wrong"
        else:
            why = self.bound_by or (f"it reached {self.roofline}" if self.roofline else "not explained")
        found = f"{self.seconds:.3g} s" if self.at_most is not None or self.ratio is None else f"{self.ratio.value:.3g}"
        return f"{self.what}, {self.run_as}: {found} where {self.aim} is aimed at; {why}."

    def document(self) -> dict[str, Any]:
        """The fields of the row."""
        ratio = {"ratio": None, "of": ""} if self.ratio is None else {"ratio": self.ratio.value, "of": self.ratio.of}
        off, allowed = self.off or (None, None)
        told = {"off": off, "allowed": allowed, "correct": self.correct, "aim": self.aim, "reached": self.reached}
        return {**vars(self), **ratio, **told}
