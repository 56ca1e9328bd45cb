"""The ledger counted by topic: the table of README.md and of the index."""

from collections import Counter
from collections.abc import Sequence

from verify.claims.claim import Claim
from verify.claims.ledger import slug
from verify.table import Column, Table
from verify.verdict import Verdict

BEGIN, END = "<!-- claims: made by `verify all` -->", "<!-- end of claims -->"


def counts(claims: Sequence[Claim], folder: str = "") -> Table:
    """A line a topic: how many rows, and how many of each verdict as printed.  folder: where the pages lie, as a link
    has to name it.

    The committed verdicts are counted: `verify all` fails where any other comes out.
    """
    words = [verdict for verdict in Verdict if any(claim.expected is verdict for claim in claims)]
    columns = (
        Column("about", right=False),
        Column("claims"),
        *(Column(verdict.value) for verdict in words),
        Column("with a repair"),
    )
    topics = dict.fromkeys(claim.topic for claim in claims)
    rows = [_line(f"[{topic}]({folder}{slug(topic)}.md)", claims, topic, words) for topic in topics]
    return Table("", columns, (*rows, _line("all", claims, None, words)))


def _line(name: str, claims: Sequence[Claim], topic: str | None, words: Sequence[Verdict]) -> tuple[str, ...]:
    chosen = [claim for claim in claims if topic in (None, claim.topic)]
    found = Counter(claim.expected for claim in chosen)
    repaired = sum(claim.expected_repair is not None for claim in chosen)
    return name, str(len(chosen)), *(str(found[verdict] or "") for verdict in words), str(repaired or "")


def with_section(readme: str, section: str) -> str:
    """`readme` with what stands between the two markers replaced.  Raises ValueError where they are not there once."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"the markers {BEGIN} and {END} must stand there once each, in this order")
    return f"{before}{BEGIN}\n\n{section.strip()}\n\n{END}{after}"
