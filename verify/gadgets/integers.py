"""Gadgets of integers in floats: every integer input tried, equality demanded, and how far each format goes."""

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bounds.formats import format_of
from constructions.gadgets.catalogue import catalogue
from constructions.gadgets.gadget import Gadget, Values
from constructions.gadgets.integers import integer_scale
from constructions.gadgets.run import evaluate
from verify.verdict import Check, Verdict

MARGIN = Fraction(1)
"""Integers that differ, differ by 1."""

LARGEST_DOMAIN = 40_000
"""Inputs tried at once; a larger domain is left out, since only a whole one proves anything."""


@dataclass(frozen=True)
class Exactness:
    """One integer gadget in one dtype: how many inputs there are, and the first that came out wrong (None: none)."""

    gadget: str
    dtype: str
    lam: int
    inputs: int
    wrong: dict[str, list[float]] | None


def reach(M: int, dtype: str) -> int:
    """The largest n <= M for which every integer met is a number of the dtype, 0 if there is none.

    The largest are n^2 + n, of the linear map and of select's hidden units, and lambda times that.
    """
    format = format_of(dtype)
    largest = min(2**format.precision, int(format.max / integer_scale(format)))
    n = math.isqrt(largest)
    return min(M, n if n * n + n <= largest else n - 1)


def exactness(M: int, dtype: str, lemmas: tuple[int | None, ...]) -> list[Exactness]:
    """Every gadget of the lemmas that promises exactness, on all integers of modulus at most M in its domain."""
    found = []
    if M < 1:
        return found
    for entry in catalogue():
        if entry.lemma not in lemmas:
            continue
        gadget = entry.build(M, MARGIN, 8)
        if gadget.gap is None or (inputs := integers(gadget, M)) is None:
            continue
        lam = integer_scale(format_of(dtype), gadget.gap)
        found.append(_try(entry.build(M, MARGIN, lam), inputs, dtype, lam))
    return found


def integers(gadget: Gadget, M: int) -> Values | None:
    """All integer inputs of modulus at most M in the gadget's domain, or None where they are too many."""
    widths = [gadget.ports[name].dim for name in gadget.inputs]
    if (2 * M + 1) ** sum(widths) > LARGEST_DOMAIN:
        return None
    every = np.array(list(itertools.product(range(-M, M + 1), repeat=sum(widths))), dtype=np.float64)
    columns = np.split(every, np.cumsum(widths)[:-1], axis=1)
    inputs = dict(zip(gadget.inputs, columns, strict=True))
    inside = gadget.domain.holds(inputs)
    return {name: x[inside] for name, x in inputs.items()}


def exactness_check(found: list[Exactness]) -> Check:
    """X-FLOAT: with lambda the power of two of the dtype every integer input gives exactly the target."""
    wrong = [each for each in found if each.wrong is not None]
    dtype, inputs = found[0].dtype, sum(each.inputs for each in found)
    names = ", ".join(each.gadget for each in found)
    return Check(
        f"gadgets/X-FLOAT-integers/{dtype}",
        "X-FLOAT",
        Verdict.REFUTED if wrong else Verdict.PROVED,
        len(wrong),
        0,
        f"all {inputs} integer inputs of the domains of {names} through the layer, lambda = {found[0].lam} and beyond "
        "(a power of two so large that the exponential vanishes): every output is the target, compared with ==",
        {"gadget": wrong[0].gadget, "lambda": wrong[0].lam, "inputs": wrong[0].wrong} if wrong else None,
        f"the float program of {dtype}",
    )


def _try(gadget: Gadget, inputs: Values, dtype: str, lam: int) -> Exactness:
    with np.errstate(over="ignore"):
        run = evaluate(gadget, inputs, dtype)
    target = gadget.target(inputs)
    off = [np.asarray(run[name], np.float64) != target[name] for name in gadget.outputs]  # NaN differs from everything
    wrong = np.flatnonzero(np.concatenate(off, axis=1).any(axis=1))
    first = {name: x[wrong[0]].tolist() for name, x in inputs.items()} if wrong.size else None
    return Exactness(gadget.name, dtype, lam, len(off[0]), first)
