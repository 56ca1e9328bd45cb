"""The ledger: every claim of the paper in its order, then ours, as one tuple."""

from verify.claims import (
    assumption3,
    beyond,
    examples,
    lemmas,
    preliminaries,
    theorem1,
    theorem2,
    theorem3,
    theorem4,
    theorem5,
)
from verify.claims.claim import Claim

LEDGER: tuple[Claim, ...] = (
    *preliminaries.CLAIMS,
    *theorem1.CLAIMS,
    *theorem2.CLAIMS,
    *theorem3.CLAIMS,
    *lemmas.CLAIMS,
    *assumption3.CLAIMS,
    *theorem4.CLAIMS,
    *theorem5.CLAIMS,
    *examples.CLAIMS,
    *beyond.CLAIMS,
)

_BY_ID = {claim.id: claim for claim in LEDGER}
TOPICS = tuple(dict.fromkeys(claim.topic for claim in LEDGER))
"""The topics in the order in which they first appear; a page each."""


def slug(topic: str) -> str:
    """The topic as one word, such as `theorem-1`: the name of its page, without suffix."""
    return "-".join(topic.lower().split())


def claim_of(id: str) -> Claim:
    """The claim of that id.  Raises KeyError for any other."""
    return _BY_ID[id]
