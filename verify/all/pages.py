"""Every file of the reports, made in memory from decided rows; nothing here decides anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from verify.all.counts import BEGIN, counts, with_section
from verify.all.errata import errata
from verify.all.index import index
from verify.all.meter import PAGE, PICTURE, meter_figure, meter_page
from verify.all.topic_page import topic_page
from verify.all.trust import trust
from verify.claims.claim import Claim
from verify.claims.decided import Decided
from verify.claims.ledger import slug
from verify.errors import BadInput, quoted
from verify.page import Page

INDEX = "README.md"
_ABOVE = f"../{INDEX}"  # the program's own, where the reports lie in its tree


def pages(rows: Sequence[Decided], environment: Mapping[str, str], folder: Path) -> dict[str, bytes]:
    """File name, relative to `folder`, to content: the index, a page a topic, errata, what is trusted, figures, and the
    README above the folder where that has a place for the table of claims.
    """
    texts = {INDEX: index(rows, environment)}
    for topic in dict.fromkeys(row.claim.topic for row in rows):
        chosen = [row for row in rows if row.claim.topic == topic]
        texts[f"{slug(topic)}.md"] = topic_page(topic, chosen, environment)
    texts["errata.md"] = errata(rows, environment)
    texts["trust.md"] = trust(environment)
    texts[PAGE] = meter_page(environment)
    above = _readme(folder / _ABOVE, [row.claim for row in rows])
    if above is not None:
        texts[_ABOVE] = above
    return {PICTURE: meter_figure()} | {name: text.encode() for name, text in texts.items()}


def claims_section(claims: Sequence[Claim]) -> str:
    """What stands between the markers of README.md."""
    page = Page("")
    page.table(counts(claims, "reports/"))
    return page.text().split("\n", 1)[1]


def _readme(path: Path, claims: Sequence[Claim]) -> str | None:
    """The README at `path` with its table of claims made again; None where there is none with a place for it.

    Raises BadInput where the place has no end, or there are two.
    """
    try:
        there = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if BEGIN not in there:
        return None
    try:
        return with_section(there, claims_section(claims))
    except ValueError as error:
        given = f"the table of claims in {quoted(str(path))}"
        raise BadInput(given, str(error), "the two markers, or --out with a folder elsewhere") from error
