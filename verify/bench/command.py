"""`verify bench`: rates, ratios and memory of this machine in one run.  Times differ from run to run; ratios less
so.
"""

from collections.abc import Iterator, Sequence

from verify.bench import cases, large, peers, programs, sweeps
from verify.bench.cases import on_cpu
from verify.bench.forgetting import BLOCK, BLOCKS
from verify.bench.timing import Timing
from verify.console import Console
from verify.deliver import Outcome, Report
from verify.environment import environment
from verify.notation import NOTHING, number, seconds, size
from verify.page import Page
from verify.table import Column, Table
from verify.verdict import Result

COLUMNS = (
    Column("what", right=False, wraps=True),
    Column("run as", right=False, wraps=True),
    Column("time"),
    Column("rate", rank=2),
    Column("ratio"),
    Column("of", right=False, rank=1, wraps=True),
    Column("roofline", right=False, rank=3),
    Column("aim", right=False, rank=2),
    Column("reached", right=False),
    Column("exact", right=False, rank=4),
    Column("peak memory", rank=5),
)


def run(with_peers: bool, console: Console) -> Outcome:
    """Time everything; an interrupt keeps the rows that are done."""
    rows: list[Timing] = []
    interrupted = False
    try:
        with console.progress("timings", _count(with_peers)) as advance:
            for row in _timings(with_peers):
                rows.append(row)
                advance(1)
    except KeyboardInterrupt:
        interrupted = True
    aimed = [row for row in rows if row.reached is not None]
    reached = sum(bool(row.reached) for row in aimed)
    sentence = f"timings are no claims and have no verdict; {reached} of {len(aimed)} aims were reached in this run."
    result = Result(
        "bench",
        {"peers": with_peers},
        environment("numpy", "jax", "jaxlib"),
        [],
        [row.document() for row in rows],
        sentence,
        interrupted=interrupted,
    )
    return Outcome(result, (table(rows),), (), lambda: _report(rows, result, with_peers))


def _count(with_peers: bool) -> int:
    """Rows to come."""
    extra = (0 if on_cpu() else large.CASES) + (peers.CASES if with_peers else 0)
    return cases.CASES + sweeps.CASES + programs.CASES + extra


def _timings(with_peers: bool) -> Iterator[Timing]:
    yield from cases.whole_processes()  # first, while this process holds no memory and no device
    yield from sweeps.sweep_cases()
    roofs, measured = cases.roofs()
    yield from measured
    yield from cases.theorem3_cases(roofs)
    yield cases.decode(roofs)
    yield cases.long_sparse(roofs)
    yield from cases.other_modules(roofs)
    if not on_cpu():
        yield from large.large_cases(roofs)
    yield cases.certificates()
    yield from programs.program_cases()
    if with_peers:
        yield from peers.peers()


def table(rows: Sequence[Timing]) -> Table:
    """The rows for people."""
    return Table("Speed and memory", COLUMNS, tuple(_cells(row) for row in rows))


def _cells(row: Timing) -> tuple[str, ...]:
    rate = NOTHING if row.rate is None else f"{number(row.rate, 3)} {row.unit}"
    ratio = NOTHING if row.ratio is None else number(row.ratio.value, 3)
    peak = NOTHING if row.peak_bytes is None else size(row.peak_bytes)
    of = "" if row.ratio is None else row.ratio.of
    time = NOTHING if row.seconds is None else seconds(row.seconds)
    parts = (row.what, row.run_as, time, rate, ratio, of, row.roofline, row.aim)
    return (*parts, _yes_or_no(row.reached), _exact(row), peak)


def _yes_or_no(value: bool | None) -> str:
    return NOTHING if value is None else "yes" if value else "no"


def _exact(row: Timing) -> str:
    """Whether the outputs are right: bit by bit, or within what is allowed."""
    if row.off is None:
        return _yes_or_no(row.exact)
    error, allowed = (number(each, 2) for each in row.off)
    return f"within {allowed}" if row.correct else f"no: {error} > {allowed}"


def _report(rows: Sequence[Timing], result: Result, with_peers: bool) -> Report:
    device = result.environment["device"]
    page = Page(f"Speed and memory on {device}")
    page.paragraph(f"{result.sentence} Times were measured once and differ from run to run; read the ratios.")
    page.table(table(rows))
    missed = [row.missed for row in rows if row.missed]
    if missed:
        page.heading("Aims that were missed")
        page.bullets(missed)
    page.heading("How to read it")
    page.bullets(_READING)
    page.closing("verify bench --peers" if with_peers else "verify bench", dict(result.environment), [_TRUST])
    return Report(f"bench-{''.join(c if c.isalnum() else '-' for c in str(device).lower())}", page.text())


_READING = (
    "All is float32 at full precision, unless a row says bfloat16. exact: yes, every output of the timed run is the "
    "value to be copied, bit by bit; within: no output is off by more than the construction's stated error and the "
    "rounding of float32. Eq. 6 forgets, so it copies nothing: its outputs in "
    f"{BLOCKS} blocks of {BLOCK} steps, evenly spread and with both ends, are compared with NumPy float64, the "
    "difference relative to the largest of them. A row whose outputs are wrong reaches no aim.",
    "dense: arithmetic over the whole state; sparse: index lists, the same outputs. chunked: the matrix form; scan: "
    "the recurrence, step by step. On a GPU each step of a scan is a launch that costs more than its work, so that "
    "scans and small sizes stay far below the roofs there.",
    "roofline: the part of the binding roof that was reached, by the operations and bytes that the method needs at "
    "least, the state passing through memory once a chunk or step; more than 100 % of the copy means that caches hold "
    "it. Theorem 3's dense run on a GPU may exceed the float32 product's rate: a product with one-hots is formed, "
    "without a rounding, from three products of bfloat16 parts on tensor cores.",
    "Ratios to other implementations are to our run timed again beside theirs. aim: shown on the kind of device that "
    "it is set for, two CPU cores or one H100.",
)

_TRUST = (
    "The system's clock and its account of resident memory. Where a row says exact, every output of the timed run was "
    "compared; rows of Eq. 1 and bfloat16 are timed and not judged."
)
