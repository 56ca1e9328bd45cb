"""One record for each row of the ledger: what is claimed, how it is decided, and what came out.

A claim is decided twice: *printed*, exactly as the paper prints it with its own index ranges and hypotheses, and, where
that is not established, *repaired*: the nearest true statement, decided likewise.  The verdicts that the committed
ledger expects stand in the record; any other outcome is a change that someone has to look at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from verify.verdict import ESTABLISHED, Check, Verdict, weakest


@dataclass(frozen=True)
class Setup:
    """How hard to try, with which seed, and, for tests, which planted alteration of the statement to decide instead."""

    fast: bool = False
    seed: int = 0
    altered: str | None = None


@dataclass(frozen=True)
class Repair:
    """The nearest true statement, and what decided it."""

    statement: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Decision:
    """What came out of one claim.

    Args:
        printed: the checks of the statement as printed, at least one.
        repaired: the repair; None where the printed statement stands.
        later: whether anything that the paper concludes later depends on the printed statement; "" where it stands.
        again: one line of Python (numpy or fractions only) that evaluates the witness again; "" where there is none.

    Raises ValueError without a check, or where a refuted statement has no line to evaluate again or says nothing of
    what depends on it.
    """

    printed: tuple[Check, ...]
    repaired: Repair | None = None
    later: str = ""
    again: str = ""

    def __post_init__(self) -> None:
        if not self.printed:
            raise ValueError("a decision needs at least one check of the printed statement")
        if self.verdict is Verdict.REFUTED and not (self.again and self.later):
            raise ValueError(f"{self.printed[0].claim} is refuted; say what depends on it and how to evaluate it again")

    @property
    def verdict(self) -> Verdict:
        """The printed statement's verdict: the weakest of its checks, a refutation being one."""
        refuted = any(check.verdict is Verdict.REFUTED for check in self.printed)
        return Verdict.REFUTED if refuted else weakest(self.printed)

    @property
    def repaired_verdict(self) -> Verdict | None:
        """The repair's verdict; None without one."""
        return None if self.repaired is None else weakest(self.repaired.checks)

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks, those of the repair last."""
        return self.printed + (self.repaired.checks if self.repaired else ())


@dataclass(frozen=True)
class Claim:
    """One row of the ledger.

    Args:
        id: as in the list of claims, such as T1-16.
        where: the place in the paper.
        topic: the page that the row belongs to, such as "Theorem 1".
        statement: in our words, with its hypotheses.
        decide: how it is decided.
        expected: the verdict of the printed statement in the committed ledger.
        expected_repair: the verdict of the repair there; None where there is none.
        altered: planted alterations of the statement by name, each with the verdict that it must get instead.
        slow: whether deciding it takes more than a few seconds.
    """

    id: str
    where: str
    topic: str
    statement: str
    decide: Callable[[Setup], Decision]
    expected: Verdict = Verdict.PROVED
    expected_repair: Verdict | None = None
    altered: Mapping[str, Verdict] = field(default_factory=dict)
    slow: bool = False

    def met(self, decision: Decision) -> bool:
        """Whether it came out as the committed ledger has it."""
        return (decision.verdict, decision.repaired_verdict) == (self.expected, self.expected_repair)


REFUTES = frozenset({Verdict.REFUTED})  # what a check of a false printed statement is expected to come to
SPEAKS = ESTABLISHED  # what a check of a true one is expected to come to
