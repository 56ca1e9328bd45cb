"""What `verify claims` is asked: which rows, and how hard to try."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from verify.claims.claim import Claim, Setup
from verify.claims.ledger import LEDGER, TOPICS, slug
from verify.errors import BadInput, quoted
from verify.options import choice, integer

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class ClaimsSettings:
    """claims: the rows to decide, in the ledger's order; none to list them all."""

    claims: tuple[Claim, ...]
    setup: Setup

    def document(self) -> dict[str, Any]:
        """The settings of the JSON document."""
        return {"claims": [claim.id for claim in self.claims], "fast": self.setup.fast, "seed": self.setup.seed}


def parse(ids: Sequence[str], topic: str | None, fast: bool, seed: str) -> ClaimsSettings:
    """The request; ids may be separated by blanks or commas, in either case of letters.

    Raises BadInput for an unknown id or topic, which names the nearest, and for a seed that is none.
    """
    wanted = {_id(text.strip()) for given in ids for text in given.split(",")}
    if topic is not None:
        named = choice(slug(topic), "--topic", [slug(each) for each in TOPICS])
        wanted |= {claim.id for claim in LEDGER if slug(claim.topic) == named}
    chosen = tuple(claim for claim in LEDGER if claim.id in wanted)
    return ClaimsSettings(chosen, Setup(fast, integer(seed, "--seed", 0, LARGEST_SEED)))


def _id(text: str) -> str:
    ids = {claim.id.lower(): claim.id for claim in LEDGER}
    if text.lower() in ids:
        return ids[text.lower()]
    alike = difflib.get_close_matches(text.lower(), ids, n=1, cutoff=0.0)[0] if text else next(iter(ids))
    raise BadInput(f"claim {quoted(text)}", "`verify claims` lists the ids", f"verify claims {ids[alike]}")
