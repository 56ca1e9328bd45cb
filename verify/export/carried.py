"""Which of the compiled programs that ship a Mamba model carries, and what stands in the way of the others."""

from dataclasses import dataclass

from constructions.problems.catalogue import NAMES, Options, entry
from verify.export.construct import largest_exact
from verify.export.settings import LARGEST_SIZE, parse

THEOREMS = (4, 5)


@dataclass(frozen=True)
class Carried:
    """One problem by one theorem.

    largest: the largest size, up to LARGEST_SIZE, whose instances float32 holds exactly; None where nothing is carried.
    obstacle: what stands in the way of the rest; None where nothing does.
    """

    problem: str
    theorem: int
    largest: int | None
    obstacle: str | None


def carried() -> list[Carried]:
    """All problems that ship by both theorems, in the order of `verify dp`."""
    return [_one(name, theorem) for name in NAMES for theorem in THEOREMS]


def _one(name: str, theorem: int) -> Carried:
    known = entry(name, Options())
    if theorem not in known.tasks:
        return Carried(name, theorem, None, f"no such construction: {known.missing[theorem]}")
    settings = parse("dp", {"problem": name, "theorem": str(theorem), "n": str(LARGEST_SIZE)})
    largest = largest_exact(settings)
    beyond = None if largest == LARGEST_SIZE else "larger values: float32 does not hold the logits exactly"
    return Carried(name, theorem, largest, beyond)
