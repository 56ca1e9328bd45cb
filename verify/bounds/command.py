"""`verify bounds`: rows, then checks, then an outcome. The numbers come from bounds/, the judgement is made here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from verify.bounds.attention import attention_checks
from verify.bounds.checks import block_checks
from verify.bounds.growth import growth_checks
from verify.bounds.limits import Limits, limits_of
from verify.bounds.rows import Row, rows_of
from verify.bounds.search import needed, sampled
from verify.bounds.settings import BoundsSettings
from verify.bounds.words import notes, sentence, table
from verify.console import Console
from verify.deliver import Outcome, Report
from verify.environment import environment
from verify.verdict import Check, Result


@dataclass
class Block:
    """What was found for one a_min; it grows while the command runs, so that an interrupt leaves what is done."""

    a_min: Fraction
    limits: Limits
    rows: list[Row] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def run(settings: BoundsSettings, console: Console) -> Outcome:
    """Carry out the request. An interrupt ends it early with the rows and checks that are done."""
    blocks: list[Block] = []
    interrupted = False
    try:
        with console.progress("rows", len(settings.a_min) * len(settings.L)) as advance:
            for a_min in settings.a_min:
                block = Block(a_min, limits_of(settings, a_min))
                blocks.append(block)
                _fill(block, settings, advance)
    except KeyboardInterrupt:
        interrupted = True
    result = _result(settings, blocks, interrupted)
    tables = tuple(table(settings, block.a_min, block.rows) for block in blocks)
    words = tuple(note for block in blocks for note in notes(block.a_min, block.limits, block.rows))
    return Outcome(result, tables, words, lambda: _report(settings, blocks, result))


def _fill(block: Block, settings: BoundsSettings, advance: Callable[[int], None]) -> None:
    for row in rows_of(settings, block.a_min, block.limits):
        row.decide()
        block.rows.append(row)
        advance(1)
    block.checks += [*block_checks(block.rows, block.limits), *growth_checks(block.rows)]
    block.checks += [*needed(block.rows), sampled(block.rows[0], settings.seed)]


def _result(settings: BoundsSettings, blocks: list[Block], interrupted: bool) -> Result:
    rows = [row for block in blocks for row in block.rows]
    checks = [check for block in blocks for check in block.checks]
    if interrupted:
        words = f"stopped after {len(rows)} of {len(settings.a_min) * len(settings.L)} rows."
    else:
        words = sentence([(block.a_min, block.rows) for block in blocks])
        checks += attention_checks([row.theorem2 for row in blocks[0].rows])
    return Result(
        "bounds",
        settings.document(),
        environment("numpy", "python-flint"),
        checks,
        [row.document() for row in rows],
        words,
        interrupted=interrupted,
    )


def _report(settings: BoundsSettings, blocks: list[Block], result: Result) -> Report:
    from verify.bounds.page import report

    return report(settings, [(block.a_min, block.limits, block.rows) for block in blocks], result)
