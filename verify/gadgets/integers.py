"""Gadgets of integers in floats: every integer input tried, equality demanded, and how far each arithmetic goes."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.formats import FloatFormat
from constructions.gadgets.catalogue import Entry, catalogue
from constructions.gadgets.gadget import Gadget, Values
from constructions.gadgets.integers import integer_scale
from verify.gadgets.float import Precision
from verify.notation import NOTHING
from verify.table import Column, Table
from verify.verdict import Check, Verdict

MARGIN = Fraction(1)
"""Integers that differ, differ by 1."""

LARGEST_DOMAIN = 40_000
"""Inputs tried at once; the integers go as far as that allows, as if there were two inputs at least."""


@dataclass(frozen=True)
class Exactness:
    """One integer gadget in one arithmetic, at one lambda, a power of two.

    asked: M. promised: the integers up to here must come out. tried: the most that was tried. largest: the gadget for
    the integers up to here is exact on all of them (0: not for those up to 1). beyond: inputs of least modulus that the
    gadget for the integers up to largest + 1 has wrong; None where largest is `tried`.
    """

    gadget: str
    dtype: str
    lam: int
    asked: int
    promised: int
    tried: int
    largest: int
    beyond: dict[str, list[float]] | None


def reach(M: int, format: FloatFormat) -> int:
    """The largest n <= M for which every integer met is a number of the format, 0 if there is none.

    The largest are n^2 + n, of the linear map and of select's hidden units, and lambda times that.
    """
    largest = min(2**format.precision, int(format.max / integer_scale(format)))
    n = math.isqrt(largest)
    return min(M, n if n * n + n <= largest else n - 1)


def exactness(M: int, precision: Precision, lemmas: tuple[int | None, ...]) -> list[Exactness]:
    """Every gadget of the lemmas that promises exactness, on the integers of modulus at most M in its domain, or at
    most `largest_tried` where M is larger. None for M < 1."""
    if M < 1:
        return []
    chosen = [entry for entry in catalogue() if entry.lemma in lemmas]
    gaps = [entry.build(1, MARGIN, 1).gap for entry in chosen]
    return [_search(entry, M, precision, gap) for entry, gap in zip(chosen, gaps, strict=True) if gap is not None]


def largest_tried(columns: int) -> int:
    """The largest n with (2n + 1)^columns at most `LARGEST_DOMAIN`; for one column as for two."""
    n = 1
    while (2 * n + 3) ** max(columns, 2) <= LARGEST_DOMAIN:
        n += 1
    return n


def integers(gadget: Gadget, M: int) -> Values:
    """All integer inputs of modulus at most M in the gadget's domain."""
    widths = [gadget.ports[name].dim for name in gadget.inputs]
    every = np.array(list(itertools.product(range(-M, M + 1), repeat=sum(widths))), dtype=np.float64)
    columns = np.split(every, np.cumsum(widths)[:-1], axis=1)
    inputs = dict(zip(gadget.inputs, columns, strict=True))
    inside = gadget.domain.holds(inputs)
    return {name: x[inside] for name, x in inputs.items()}


def exactness_check(found: Sequence[Exactness]) -> Check:
    """X-FLOAT: with lambda the power of two of the arithmetic every integer input promised gives exactly the target."""
    short = [each for each in found if each.largest < each.promised]
    dtype = found[0].dtype
    domains = [{"gadget": each.gadget, "lambda": each.lam, "largest": each.largest} for each in found]
    return Check(
        f"gadgets/X-FLOAT-integers/{dtype.replace(' ', '-')}",
        "X-FLOAT",
        Verdict.REFUTED if short else Verdict.PROVED,
        len(short),
        0,
        _evidence(found),
        {"gadget": short[0].gadget, "lambda": short[0].lam, "inputs": short[0].beyond}
        if short
        else {"domains": domains},
        f"the float program of {dtype}",
    )


def domains(found: Sequence[Sequence[Exactness]]) -> Table:
    """One line a gadget, one column an arithmetic: up to which integers it is exact, and at which lambda."""
    cells: dict[str, dict[str, str]] = {}
    for each in itertools.chain.from_iterable(found):
        more = "" if each.largest < each.tried else "+"
        cells.setdefault(each.gadget, {})[each.dtype] = f"{each.largest}{more} at {each.lam}"
    dtypes = [each[0].dtype for each in found if each]
    columns = (Column("gadget", right=False), *map(Column, dtypes))
    rows = tuple((name, *(line.get(dtype, NOTHING) for dtype in dtypes)) for name, line in cells.items())
    return Table(
        "n at lambda: integers of modulus up to n come out exactly (+: a larger n was not tried; else n + 1 fails)",
        columns,
        rows,
    )


def _evidence(found: Sequence[Exactness]) -> str:
    groups: dict[tuple[int, int], list[str]] = {}
    for each in found:
        groups.setdefault((each.promised, each.lam), []).append(each.gadget)
    told = "; ".join(f"n = {n} at lambda = {lam} for {', '.join(names)}" for (n, lam), names in groups.items())
    further = [f"{each.gadget} up to {each.largest}" for each in found if each.largest > each.promised]
    return (
        f"all integer inputs of modulus at most n in the domains through the layer, {told}: every output is the "
        "target, compared with ==. Each lambda is a power of two so large that the exponential vanishes; no other is "
        f"tried. n is the least of M (the whole part, {found[0].asked}), of what keeps n^2 + n, and lambda times that, "
        f"within the integers of the format, and of what makes {LARGEST_DOMAIN} inputs at most"
        + (f". Found exact beyond: {', '.join(further)}" if further else "")
    )


def _search(entry: Entry, M: int, precision: Precision, gap: Fraction) -> Exactness:
    """Try as far as asked, then what is promised, then halve what lies between one that is exact and one that is not.

    A gadget for larger integers has larger weights, so each n is tried with its own.
    """
    format = precision.format
    lam = integer_scale(format, gap)
    first = entry.build(1, MARGIN, lam)
    tried = min(M, largest_tried(sum(first.ports[name].dim for name in first.inputs)))
    size = len(integers(entry.build(tried, MARGIN, lam), tried)[first.inputs[0]])
    promised = reach(tried, format)
    exact, fails, beyond, n = 0, tried + 1, None, tried
    while exact + 1 < fails:
        gadget = entry.build(n, MARGIN, lam)
        if (wrong := _wrong(gadget, integers(gadget, n), size, precision)) is None:
            exact = n
        else:
            fails, beyond = n, wrong
        n = promised if exact < promised < fails else (exact + fails) // 2
    return Exactness(first.name, precision.name, lam, M, promised, tried, exact, beyond)


def _wrong(gadget: Gadget, inputs: Values, size: int, precision: Precision) -> dict[str, list[float]] | None:
    """The inputs of least modulus whose output is not the target. They are filled up to `size`, so that what JAX has
    compiled serves again."""
    count = len(inputs[gadget.inputs[0]])
    filled = {name: np.concatenate([x, np.repeat(x[:1], size - count, axis=0)]) for name, x in inputs.items()}
    with np.errstate(over="ignore", invalid="ignore"):
        run: Any = precision.run(gadget, filled)
    target = gadget.target(inputs)
    off = [np.asarray(run[name], np.float64)[:count] != target[name] for name in gadget.outputs]  # NaN is off, too
    wrong = np.flatnonzero(np.concatenate(off, axis=1).any(axis=1))
    if not wrong.size:
        return None
    moduli = np.stack([np.abs(inputs[name][wrong]).max(axis=1) for name in gadget.inputs]).max(axis=0)
    first = wrong[int(moduli.argmin())]
    return {name: x[first].tolist() for name, x in inputs.items()}
