"""`verify claims`: the rows of the ledger as committed, or those named, decided again."""

from collections.abc import Sequence

from verify.backend import devices
from verify.claims.decided import Decided, decide, listed
from verify.claims.ledger import LEDGER
from verify.claims.pool import prepare
from verify.claims.settings import ClaimsSettings
from verify.claims.words import count, differences, listing, outcomes, told
from verify.console import Console
from verify.deliver import Outcome
from verify.environment import environment
from verify.verdict import Result

PACKAGES = ("numpy", "jax", "jaxlib", "sympy", "python-flint")


def run(settings: ClaimsSettings, console: Console) -> Outcome:
    """Carry out the request.  An interrupt ends it early with the rows that are done."""
    return _decided(settings, console) if settings.claims else _listed(settings)


def _listed(settings: ClaimsSettings) -> Outcome:
    printed = count([claim.expected for claim in LEDGER])
    sentence = f"nothing was decided; {len(LEDGER)} claims, committed as printed: {printed}. Name some to decide them."
    rows = [listed(claim) for claim in LEDGER]
    result = Result("claims", settings.document(), environment(), [], rows, sentence)
    return Outcome(result, (listing(LEDGER),), ())


def _decided(settings: ClaimsSettings, console: Console) -> Outcome:
    prepare()
    devices()  # a claim that could not ask them would come out UNDECIDED
    rows: list[Decided] = []
    interrupted = False
    try:
        with console.progress("claims", len(settings.claims)) as advance:
            for claim in settings.claims:
                rows.append(decide(claim, settings.setup))
                advance(1)
    except KeyboardInterrupt:
        interrupted = True
    outcome = result("claims", settings.document(), rows, len(settings.claims), interrupted)
    return Outcome(outcome, (outcomes(rows),), (*map(told, rows), *differences(rows)))


def result(
    command: str, settings: dict[str, object], rows: Sequence[Decided], wanted: int, interrupted: bool
) -> Result:
    """The result of decided rows: the checks of each, then whether it came out as committed."""
    checks = [check for row in rows for check in (*row.decision.checks, row.agreement())]
    sentence = f"stopped after {len(rows)} of {wanted} claims." if interrupted else summary(rows)
    documents = [row.row() for row in rows]
    return Result(command, settings, environment(*PACKAGES), checks, documents, sentence, interrupted=interrupted)


def summary(rows: Sequence[Decided]) -> str:
    """The rows in one sentence."""
    others = sum(not row.met for row in rows)
    printed = count([row.decision.verdict for row in rows])
    repaired = count([verdict for row in rows if (verdict := row.decision.repaired_verdict)])
    repairs = f"; repaired: {repaired}" if repaired else ""
    agree = "all as the committed ledger has them" if not others else f"{others} not as the committed ledger has them"
    claims = "1 claim" if len(rows) == 1 else f"{len(rows)} claims"
    return f"{claims} decided, as printed: {printed}{repairs}; {agree}."
