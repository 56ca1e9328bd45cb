"""Verdicts, the checks that carry them, and the one document that a command hands over (`"schema": "verify/1"`)."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any

from verify.interrupts import EXIT_INTERRUPTED
from verify.notation import nearest_float

SCHEMA = "verify/1"
REAL_ARITHMETIC = "real arithmetic"

_NAMED_REFUTATIONS = 3

EXIT_EXPECTED = 0
EXIT_UNEXPECTED = 1
EXIT_UNDECIDED = 3


class Verdict(Enum):
    """What a check came to. The value is the word that tables and JSON print; `sentence` says what it means."""

    PROVED = "PROVED"
    HELD = "HELD"
    VACUOUS = "VACUOUS"
    SKIPPED = "SKIPPED"
    UNDECIDED = "UNDECIDED"
    REFUTED = "REFUTED"

    @property
    def sentence(self) -> str:
        """The meaning of the word, for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Verdict.PROVED: "settled by exact arithmetic, by full enumeration or by a ball that decides it",
    Verdict.HELD: "no counterexample among the samples named in the evidence",
    Verdict.VACUOUS: "the hypotheses cannot hold together in the region named, so nothing is claimed there",
    Verdict.SKIPPED: "not checkable here, for the reason named in the evidence",
    Verdict.UNDECIDED: "tried as far as the evidence says, and still open",
    Verdict.REFUTED: "a witness contradicts it, and anyone can evaluate that witness again",
}

ESTABLISHED = frozenset({Verdict.PROVED, Verdict.HELD})
_WEAKEST_LAST = (Verdict.PROVED, Verdict.HELD, Verdict.VACUOUS, Verdict.SKIPPED, Verdict.UNDECIDED, Verdict.REFUTED)


def plain(value: Any) -> Any:
    """`value` as JSON can hold it without losing its meaning.

    Fractions become the nearest float; where a float would overflow or vanish they become a decimal string such as
    "3.1872e+410". NaN and the infinities, which JSON has no token for, become the strings "nan", "inf", "-inf". None
    means that there is no such number (nothing required, never reached). NumPy scalars become Python's.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, Fraction):
        return nearest_float(value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"no JSON form for a {type(value).__name__}; give a number, text, None, or lists and mappings of them"
    )


@dataclass(frozen=True)
class Check:
    """One claim decided once.

    id: stable name such as `bounds/T1-consistency`. claim: the id of the ledger (claims.md) that it speaks to.
    value, bound: what was found and what it was compared with (numbers, text, or None where there is none).
    evidence: how it was decided; a HELD says seed, count and domain here, a VACUOUS its region, a SKIPPED its reason.
    witness: the data that anyone can evaluate again; a REFUTED must have one.
    speaks_of: `real arithmetic`, or the float program of a named dtype.
    expected: the verdicts that the ledger expects; any other makes the command exit with 1 (UNDECIDED: 3).
    beside: it goes over once more what other checks decide, as a second route does: where it is SKIPPED and may be, the
    whole is no weaker for it.
    Raises ValueError for an empty text and for a REFUTED without a witness.
    """

    id: str
    claim: str
    verdict: Verdict
    value: Any
    bound: Any
    evidence: str
    witness: Mapping[str, Any] | None = None
    speaks_of: str = REAL_ARITHMETIC
    expected: frozenset[Verdict] = ESTABLISHED
    beside: bool = False

    def __post_init__(self) -> None:
        for name in ("id", "claim", "evidence", "speaks_of"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty; every check of {self.id or 'a command'} must fill it in")
        if self.verdict is Verdict.REFUTED and not self.witness:
            raise ValueError(f"{self.id} is REFUTED without a witness; give the data that refutes it")

    @property
    def met(self) -> bool:
        """Whether it came out as the ledger expects."""
        return self.verdict in self.expected

    def document(self) -> dict[str, Any]:
        """The JSON object of this check."""
        return {
            "id": self.id,
            "claim": self.claim,
            "verdict": self.verdict.value,
            "value": plain(self.value),
            "bound": plain(self.bound),
            "evidence": self.evidence,
            "witness": plain(self.witness),
            "speaks_of": self.speaks_of,
        }


def decided(holds: bool) -> Verdict:
    """PROVED only if `holds` is true; whoever calls this must have a witness at hand for the other case."""
    return Verdict.PROVED if holds else Verdict.REFUTED


def weakest(checks: Iterable[Check]) -> Verdict:
    """The word for a whole document: the weakest of its checks, in the order PROVED, HELD, VACUOUS, SKIPPED, UNDECIDED,
    REFUTED. A refutation that the ledger expects counts as PROVED here, since its witness settles it; so REFUTED on top
    always means that something came out against the ledger, and `Result.headline` names the others. A check `beside`
    others that is skipped, and may be, is left to the headline as well. No check at all is SKIPPED."""
    counted = [check for check in checks if not (check.beside and check.met and check.verdict is Verdict.SKIPPED)]
    words = [Verdict.PROVED if check.met and check.verdict is Verdict.REFUTED else check.verdict for check in counted]
    return max(words, key=_WEAKEST_LAST.index, default=Verdict.SKIPPED)


def _named(check: Check) -> str:
    return check.id if check.speaks_of == REAL_ARITHMETIC else f"{check.id} ({check.speaks_of})"


def _few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _NAMED_REFUTATIONS
    return ", ".join(names[:_NAMED_REFUTATIONS]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class Result:
    """Everything a command found; `document()` is the whole of `--json`.

    settings, environment: what was asked and where it ran, no more than the numbers depend on, so that equal settings
    give equal documents. rows: one mapping a table row, with the field names of the command's contract. report: path
    of the page written, None without one. sentence: the verdict for people (not part of the document). interrupted: the
    user stopped the run; what was done is here, the verdict is UNDECIDED, the exit code 130.
    """

    command: str
    settings: Mapping[str, Any]
    environment: Mapping[str, Any]
    checks: Sequence[Check]
    rows: Sequence[Mapping[str, Any]]
    sentence: str
    report: str | None = None
    interrupted: bool = field(default=False, kw_only=True)

    @property
    def verdict(self) -> Verdict:
        """One word for the whole, see `weakest`."""
        return Verdict.UNDECIDED if self.interrupted else weakest(self.checks)

    @property
    def headline(self) -> str:
        """The sentence; what came out otherwise than the ledger expects; the refutations that do not weaken the
        verdict because the ledger expects them; and what was skipped.
        """
        missed = [f"{_named(check)} is {check.verdict.value}" for check in self.checks if not check.met]
        expected = [_named(check) for check in self.checks if check.met and check.verdict is Verdict.REFUTED]
        told = [self.sentence]
        told += [f"Not as expected: {_few(missed)}."] if missed else []
        told += [f"Refuted, as expected: {_few(expected)}."] if expected else []
        skipped = [check for check in self.checks if check.met and check.verdict is Verdict.SKIPPED]
        reasons = list(dict.fromkeys(check.evidence for check in skipped))
        told += [f"Skipped: {_few([check.id for check in skipped])} ({'; '.join(reasons)})."] if skipped else []
        return " ".join(told)

    @property
    def exit_code(self) -> int:
        """0 all as expected, 1 something not, 3 undecided (an unexpected outcome outweighs it), 130 interrupted."""
        if self.interrupted:
            return EXIT_INTERRUPTED
        missed = [check.verdict for check in self.checks if not check.met]
        if any(verdict is not Verdict.UNDECIDED for verdict in missed):
            return EXIT_UNEXPECTED
        return EXIT_UNDECIDED if missed else EXIT_EXPECTED

    def document(self) -> dict[str, Any]:
        """The JSON document: these keys and no others."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "settings": plain(self.settings),
            "environment": plain(self.environment),
            "checks": [check.document() for check in self.checks],
            "rows": [plain(row) for row in self.rows],
            "verdict": self.verdict.value,
            "report": self.report,
        }

    def json(self) -> str:
        """The document as text that ends with a line break; never holds NaN or Infinity tokens."""
        return json.dumps(self.document(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
