"""A claim together with what came out of it: decided, put into words, and frozen as text that comes back the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verify.claims.claim import Claim, Decision, Repair, Setup
from verify.claims.reading import ARGUMENTS, KINDS, REMARKS, Kind
from verify.errors import one_line
from verify.verdict import Check, Verdict, plain

_LONGEST_FRACTION = 24  # characters; a longer one says less than the float next to it


@dataclass(frozen=True)
class Decided:
    """One row of the ledger with its decision."""

    claim: Claim
    decision: Decision

    @property
    def met(self) -> bool:
        """Whether the verdicts are those of the committed ledger, and every single check came to what it is to."""
        return self.claim.met(self.decision) and not self._missed

    @property
    def witness(self) -> Mapping[str, Any] | None:
        """What refutes the printed statement; None where nothing does."""
        refuting = (check for check in self.decision.printed if check.verdict is Verdict.REFUTED)
        return next((check.witness for check in refuting), None)

    @property
    def kind(self) -> Kind | None:
        """What is wrong with the printed statement, as the committed ledger has it; None where nothing refutes it."""
        return KINDS.get(self.claim.id) if self.decision.verdict is Verdict.REFUTED else None

    @property
    def _missed(self) -> str:
        """The checks that came to something else than they are to; "" for none."""
        return ", ".join(f"{check.id} {check.verdict.value}" for check in self.decision.checks if not check.met)

    def agreement(self) -> Check:
        """The verdicts against those of the committed ledger; any difference is REFUTED, with both."""
        committed = verdicts(self.claim.expected, self.claim.expected_repair)
        now = verdicts(self.decision.verdict, self.decision.repaired_verdict)
        now += f" ({self._missed})" if self._missed else ""
        evidence = (
            "the verdicts that came out, and of single checks any that is not expected, against the committed ledger"
        )
        witness = None if self.met else {"committed": committed, "now": now}
        verdict = Verdict.PROVED if self.met else Verdict.REFUTED
        return Check(f"ledger/{self.claim.id}", self.claim.id, verdict, now, committed, evidence, witness)

    def row(self) -> dict[str, Any]:
        """The fields of the JSON row."""
        decision, repair = self.decision, self.decision.repaired
        return {
            **listed(self.claim),
            "printed": decision.verdict,
            "repaired": decision.repaired_verdict,
            "evidence": "; ".join(f"{check.id}: {check.evidence}" for check in decision.checks),
            "witness": self.witness,
            "kind": self.kind,
            "repair": None if repair is None else repair.statement,
            "later": decision.later,
            "again": decision.again,
            "argument": ARGUMENTS.get(self.claim.id),
            "remark": REMARKS.get(self.claim.id),
        }


def listed(claim: Claim) -> dict[str, Any]:
    """The fields of the JSON row of a claim that is not decided: its committed verdicts, no evidence."""
    return {
        "id": claim.id,
        "where": claim.where,
        "statement": claim.statement,
        "printed": claim.expected,
        "repaired": claim.expected_repair,
        "evidence": None,
        "witness": None,
    }


def verdicts(printed: Verdict, repaired: Verdict | None) -> str:
    """Both verdicts in words, such as `REFUTED, repaired PROVED`."""
    return printed.value if repaired is None else f"{printed.value}, repaired {repaired.value}"


def decide(claim: Claim, setup: Setup) -> Decided:
    """The claim decided.  An error in deciding is no verdict: UNDECIDED, and the other rows go on."""
    try:
        return Decided(claim, claim.decide(setup))
    except Exception as error:
        return failed(claim, error)


def failed(claim: Claim, error: Exception) -> Decided:
    """The claim UNDECIDED, because deciding it ended in `error`."""
    evidence = f"deciding it ended in {type(error).__name__}: {one_line(str(error))}"
    check = Check(f"claims/{claim.id}/error", claim.id, Verdict.UNDECIDED, None, None, evidence)
    return Decided(claim, Decision((check,)))


def freeze(decision: Decision) -> str:
    """The decision as JSON text; short fractions in a witness keep their two numbers, as in "1/3"."""
    repair = decision.repaired
    document = {
        "printed": [_check(check) for check in decision.printed],
        "repaired": repair and {"statement": repair.statement, "checks": [_check(check) for check in repair.checks]},
        "later": decision.later,
        "again": decision.again,
    }
    return json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1)


def thaw(text: str) -> Decision:
    """The decision that `freeze` wrote.  Raises ValueError, KeyError or TypeError for any other text."""
    document = json.loads(text)
    repair = document["repaired"]
    return Decision(
        tuple(map(_checked, document["printed"])),
        repair and Repair(repair["statement"], tuple(map(_checked, repair["checks"]))),
        document["later"],
        document["again"],
    )


def _check(check: Check) -> dict[str, Any]:
    expected = sorted(verdict.value for verdict in check.expected)
    return {**check.document(), "witness": plain(_exact(check.witness)), "expected": expected}


def _checked(document: dict[str, Any]) -> Check:
    verdict, expected = Verdict(document["verdict"]), frozenset(map(Verdict, document["expected"]))
    return Check(**{**document, "verdict": verdict, "expected": expected})


def _exact(value: Any) -> Any:
    """`value` with short fractions as text, which a float would round."""
    if isinstance(value, Mapping):
        return {name: _exact(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(entry) for entry in value]
    if isinstance(value, Fraction) and len(str(value)) <= _LONGEST_FRACTION:
        return value.numerator if value.denominator == 1 else str(value)
    return value
