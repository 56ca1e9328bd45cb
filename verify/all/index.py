"""reports/README.md: what the paper says, what was found, and every claim on one line."""

from collections import Counter
from collections.abc import Mapping, Sequence

from verify.all.counts import counts
from verify.all.findings import FINDINGS, Finding, stands
from verify.all.meter import PAGE
from verify.all.row import index_table, link, told_as
from verify.claims.decided import Decided
from verify.claims.reading import Kind
from verify.claims.words import count
from verify.page import Page
from verify.table import Column, Table
from verify.verdict import Verdict

_PAPER = (
    "A Mamba layer carries a state of fixed size from token to token; an attention layer keeps every token. The paper "
    "*Exploring the Limitations of Mamba in COPY and CoT Reasoning* (Ren, Li, Liu) asks what the small state costs, in "
    "two tasks. **COPY**: at step i, put out again the value that was recorded at an earlier step pos(i). **Chain of "
    "thought**: solve a dynamic-programming problem by writing its table out, token by token."
)
_WORDS = (
    "Either layer puts out a sum of the recorded values. Each value is weighed by its *score*, which says how well its "
    "position fits what is asked for. Attention turns scores into shares of 1 (softmax); in the state of a Mamba layer "
    "values also fade, as every step multiplies what is kept by a *forgetting coefficient* a between 0 and 1."
)
_THEOREMS = (
    "**Theorem 1**: a state space module (SSM) of constant size copies within epsilon if the score of the wanted "
    "position is at least c (1/a_min)^(L-1) + d: exponential in the window L.",
    "**Theorem 2**: softmax attention of constant size does so if that score is log L above the others.",
    "**Theorem 3**: an SSM whose size grows with the length N copies exactly.",
    "**Theorem 4**: with size O(T), Mamba layers solve any dynamic-programming problem of T tokens by chain of "
    "thought, and **Theorem 5**: with size O(m), where each token depends on the m before it alone.",
    "**Lemmas 1-5**: single blocks multiply, select and compare, within any error.",
)
_HERE = (
    "Each statement of the paper that can be checked is a row below, decided twice: *as printed*, with its own "
    "hypotheses and index ranges, and, where that does not stand, *repaired*, the nearest true statement. Every "
    "displayed step is judged by itself: a step can be false and the theorem that it is to prove true. The rows X-... "
    "go beyond the paper. The training experiments of its Section 5 are not decided here."
)
_OTHERS = (
    ("errata.md", "every misprint and gap, with its smallest correction"),
    (PAGE, "where the hypotheses of Theorem 1 can hold together at all"),
    ("trust.md", "what a wrong verdict could come from, and what checks it"),
    ("copy-N4096.md", "`verify copy`: 4096 values copied in four ways, and the length at which each memory fails"),
    ("bounds-amin0.9.md", "`verify bounds`: the scores that Theorems 1 and 2 ask for, beside those that are needed"),
    ("gadgets.md", "`verify gadgets`: the blocks of Lemmas 1-5, certified, and run in four float formats"),
    ("dp.md", "`verify dp`: dynamic programming compiled into hand-set layers, run token by token"),
    ("sweep.md", "`verify sweep`: at which N each module stops copying, over sizes, forgetting and formats"),
    (
        "real-mamba.md",
        "`verify check`: the constructions as tensors of released Mamba code, run by other implementations",
    ),
    ("real-mamba-cuda.md", "`verify check`: the same where the CUDA kernels of `mamba_ssm` take part"),
    ("bench-cpu.md", "`verify bench`: speed and memory on two CPU cores"),
    ("bench-nvidia-h100-80gb-hbm3.md", "`verify bench`: the same on one H100, with the sizes out of a CPU's reach"),
)


def index(rows: Sequence[Decided], environment: Mapping[str, str]) -> str:
    """The text of the index."""
    page = Page("The ledger: every claim of the paper, decided")
    page.paragraph(_PAPER)
    page.paragraph(_WORDS)
    page.bullets(_THEOREMS)
    page.paragraph(_HERE)
    page.heading("What was found")
    page.paragraph(_summary(rows))
    page.bullets([_finding(finding, rows) for finding in FINDINGS if stands(finding, rows)])
    page.table(counts([row.claim for row in rows]))
    page.heading("What a verdict means")
    page.table(_meanings(rows))
    page.paragraph("A refuted statement can be a misprint that everyone reads over, or a claim that people quote:")
    page.table(_kinds(rows))
    page.heading("Every claim")
    page.table(index_table(rows, [link(row.claim) for row in rows]))
    page.heading("The other pages")
    page.bullets([f"[{file}]({file}): {what}" for file, what in _OTHERS])
    page.closing("verify all", environment, ("[What is trusted](trust.md), part by part.",))
    return page.text()


def _summary(rows: Sequence[Decided]) -> str:
    printed = [row.decision.verdict for row in rows if told_as(row.claim) == "printed"]
    ours = [row.decision.verdict for row in rows if told_as(row.claim) == "stated"]
    refuted = [row for row in rows if row.decision.verdict is Verdict.REFUTED]
    repaired = count([verdict for row in refuted if (verdict := row.decision.repaired_verdict)])
    past = f" Of {len(ours)} statements past it: {count(ours)}." if ours else ""
    kinds = Counter(row.kind for row in refuted if row.kind)
    faults = ", ".join(f"{kinds[kind]} {kind.value}{'s' if kinds[kind] > 1 else ''}" for kind in Kind if kinds[kind])
    those = (
        f" The refuted ones are {faults}. Each has a witness that a line of Python evaluates again, and a repair (of "
        f"these, {repaired})."
    )
    return f"**Of {len(printed)} claims of the paper, as printed: {count(printed)}.**{those if refuted else ''}{past}"


def _finding(finding: Finding, rows: Sequence[Decided]) -> str:
    named = ", ".join(f"[{row.claim.id}]({link(row.claim)})" for row in rows if row.claim.id in finding.rows)
    return f"{finding.text} ({named})"


def _kinds(rows: Sequence[Decided]) -> Table:
    found = Counter(row.kind for row in rows)
    columns = (Column("kind", right=False), Column("what it means", right=False), Column("rows"))
    return Table("", columns, tuple((kind.value, kind.sentence, str(found[kind])) for kind in Kind))


def _meanings(rows: Sequence[Decided]) -> Table:
    used = [row.decision.verdict for row in rows]
    columns = (Column("verdict", right=False), Column("what it means", right=False), Column("rows"))
    cells = tuple((verdict.value, verdict.sentence, str(used.count(verdict))) for verdict in Verdict)
    return Table("", columns, cells)
