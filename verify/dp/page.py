"""The report of `verify dp`: what was built, what it put out, how its size grows, and how to make it again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from constructions.programs.stack import Stack
from verify.deliver import Report
from verify.dp.figure import costs, pictured
from verify.dp.rows import table
from verify.dp.settings import DpSettings
from verify.dp.words import instances_words
from verify.notation import number
from verify.page import Page
from verify.table import Column, Table
from verify.verdict import Result

if TYPE_CHECKING:
    from verify.dp.command import Shown

_BUILT = (
    "A problem is data: inputs, states in order, what each reads, transition, answer. The compiler lays it out as "
    "a stack of Mamba blocks (Eq. 1-3) over one residual stream of named scalars, in the four blocks of A.6. A "
    "token enters as its own coordinates, its position t and 1; nothing else. What the last block puts out is "
    "brought to the nearest token of the vocabulary and fed back. Every generated token is compared with an "
    "oracle in plain Python that knows no weights."
)
_LEFT_OUT = (
    "the first state, and the answer at a step of its own",
    "a slot for every state: the tokens of A.6 carry a scalar position, Theorem 3 asks for a one-hot; here the "
    "digits of the position and their squares form relu(1 - |q - p|^2), which is the one-hot",
    "for Theorem 5 a memory that forgets: with Theorem 3's own slots (A = O) what is written a second time is "
    "added to what was there, and the chain goes wrong (T5-PROOF); with A = -1 and Delta as the write flag a slot "
    "is replaced",
    "for Theorem 5 a place in the window that is no function of t alone: the token carries it, or a register "
    "keeps where the line began",
)
_READING = (
    "*tokens* are those of all runs, prompt included; *wrong* the runs with any token that differs from the "
    "oracle's; *margin* the least distance of any output from the point half way to another token (1/2: no "
    "rounding at all); *T* the tokens that the stack is compiled for; *m* the slots of its largest memory that "
    "forgets; *state entries* the numbers that outputs need from token to token, the slots of each reader counted "
    "(a run keeps one copy for all readers of a memory), *ops/token* multiplications and additions of one "
    "token with nonzero weights; *ops/token ~* and *ops in all ~* how these and those of a whole run grow between the "
    "last two T of the table of sizes (Theorem 4: at most T and T^2; Theorem 5: 1 and T); "
    "*parameters* the nonzero weights, *norm* the largest modulus of one."
)
_TRUSTED = (
    "The oracles in constructions/problem.py and constructions/problems: plain Python on integers.",
    "The interpreter of programs, against which every quantity of every stage is compared after a run, and, each layer "
    "alone on exact streams, every subspace that it writes: exact integers, no weights.",
    "JAX and XLA for the run, NumPy for the second route from dense matrices; a fault in either shows as a "
    "disagreement.",
    "Interval arithmetic over the program's quantities (constructions/programs/exactness.py), which says what no "
    "float of a run is rounded; it holds while the program keeps the bounds that it states, which the interpreter "
    "checks.",
    "What is PROVED by enumeration speaks of the float program on the named family; HELD of the instances drawn.",
)


def report(settings: DpSettings, result: Result, shown: Sequence["Shown"]) -> Report:
    """The page and its figures, named after the settings."""
    name = settings.name()
    page = Page("Theorems 4 and 5: dynamic programming, token by token")
    page.paragraph(f"**{result.verdict.value}** ({result.verdict.sentence}): {result.headline}")
    figures = {}
    if shown:
        caption = (
            "Operations of one token, of a whole run, and numbers carried, counted on the weights, against the length "
            "T of a run"
        )
        page.figure(f"{name}.png", caption)
        figures[f"{name}.png"] = costs([(s.done.case.name, s.done.case.theorem, s.points) for s in shown])
    page.heading("What was built")
    page.paragraph(_BUILT)
    page.paragraph("What the printed proofs leave out, and is built here:")
    page.bullets(_LEFT_OUT)
    page.heading("What came out")
    page.table(table(result.rows, timed=False))
    page.paragraph(_READING)
    reasons = [f"{r['problem']}, Theorem {r['theorem']}: {r['reason']}" for r in result.rows if r["reason"] is not None]
    page.bullets([f"no construction for {reason}." for reason in reasons])
    for each in shown:
        _chain(page, each)
    page.heading("How it grows")
    page.table(_growth(shown))
    page.table(_ranges(shown))
    figures |= _layers(page, settings, shown)
    page.checks(result.checks)
    page.closing(settings.command(), dict(result.environment), _TRUSTED)
    return Report(name, page.text(), figures)


def _chain(page: Page, shown: "Shown") -> None:
    done = shown.done
    page.paragraph(f"{done.case.name}, Theorem {done.case.theorem}: {instances_words(done.batch)}. The first one:")
    page.code(shown.chain)


def _growth(shown: Sequence["Shown"]) -> Table:
    """Sizes against T; the state as the layers are written beside what outputs need of it."""
    headers = ("problem", "theorem", "T", "m", "state entries", "as written", "ops/token", "ops in all", "parameters")
    headers += ("norm", "attention", "attention in all")
    columns = tuple(Column(header, right=header != "problem") for header in headers)
    rows = []
    for each in shown:
        case = each.done.case
        for p in each.points:
            m = p.m if case.theorem == 5 else "-"
            cells = (p.T, m, p.carried.state_entries, p.written.state_entries, p.operations, p.total)
            rest = (p.carried.parameters_nonzero, number(p.norm, 6), p.attended, p.attended_total)
            rows.append((case.name, str(case.theorem), *map(str, (*cells, *rest))))
    return Table(
        "Sizes against T (attention: operations of token T, and of all T, with a KV cache)", columns, tuple(rows)
    )


def _ranges(shown: Sequence["Shown"]) -> Table:
    """The largest T for which no number of a run is rounded, by format."""
    headers = ("problem", "theorem", "dtype", "largest T", "what ends it")
    columns = tuple(Column(header, right=header in ("theorem", "largest T")) for header in headers)
    rows = [
        (each.done.case.name, str(each.done.case.theorem), found.dtype, found.words, found.where or "-")
        for each in shown
        for found in each.ranges
    ]
    return Table("Guaranteed range of each format", columns, tuple(rows))


def _layers(page: Page, settings: DpSettings, shown: Sequence["Shown"]) -> dict[str, bytes]:
    """The tables that were asked for, and with --show-layers a picture of each stack's weights."""
    figures: dict[str, bytes] = {}
    for each in shown:
        if each.tables:
            page.heading(f"The stack of {each.done.stack.program.name}")
        for shown_table in each.tables:
            page.table(shown_table)
        if settings.show_layers:
            file = f"{settings.name()}-weights-T{each.done.case.theorem}.png"
            page.figure(file, _picture_words(each.done.stack))
            figures[file] = pictured(each.done.stack)
    return figures


def _picture_words(stack: Stack) -> str:
    scale = number(stack.scale)
    return (
        "Nonzero weights of every block by the stage of the named subspace that they read (W_1, W_2) or write (W_3); "
        f"lambda = {scale}"
    )
