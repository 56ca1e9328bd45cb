"""One page a theorem or lemma: what it says, what was built and run, then each of its rows."""

from collections.abc import Mapping, Sequence

from verify.all.row import anchor, index_table, section, told_as
from verify.all.topics import ABOUT
from verify.claims.decided import Decided
from verify.claims.ledger import slug
from verify.claims.words import count
from verify.page import Page


def topic_page(topic: str, rows: Sequence[Decided], environment: Mapping[str, str]) -> str:
    """The text of the page; `rows` are those of the topic, in the ledger's order."""
    about = ABOUT[topic]
    page = Page(about.title)
    page.paragraph(about.says)
    repaired = [verdict for row in rows if (verdict := row.decision.repaired_verdict)]
    tail = f"; repaired: {count(repaired)}" if repaired else ""
    page.paragraph(f"**As {told_as(rows[0].claim)}: {count([row.decision.verdict for row in rows])}{tail}.**")
    page.table(index_table(rows, [f"#{anchor(row.claim.id)}" for row in rows]))
    page.heading("What was built and run")
    page.paragraph(about.built)
    for figure in about.figures:
        page.figure(figure.file, figure.caption)
    if about.pages:
        page.bullets([f"[{name}]({file}): {what}" for file, name, what in about.pages])
    for row in rows:
        section(page, row)
    page.closing(
        f"verify claims --topic {slug(topic)}    # decides these rows again\nverify all", environment, _TRUSTED
    )
    return page.text()


_TRUSTED = ("[What is trusted](trust.md) says what a wrong verdict could come from, and what checks each part.",)
