"""reports/trust.md: what a wrong verdict could come from, how large each part is, and what checks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.claims.store import ROOT
from verify.page import Page
from verify.table import Column, Table


@dataclass(frozen=True)
class Part:
    """A part of this program.  paths: files and folders.  wrong: what a mistake there could do.  checked: by what."""

    name: str
    paths: tuple[str, ...]
    wrong: str
    checked: str


PARTS = (
    Part(
        "verdicts",
        ("verify/verdict.py", "verify/deciding.py"),
        "a refutation counted as a proof, or a check dropped",
        "tests on each word and each combination; a NaN or an open comparison is never good",
    ),
    Part(
        "the claims",
        ("verify/claims",),
        "a statement decided that is not the one printed",
        "the statement stands beside the verdict; each row has planted alterations that must change its verdict",
    ),
    Part(
        "the checks that claims share with commands",
        ("verify/bounds", "verify/copy", "verify/gadgets", "verify/dp", "verify/independent.py"),
        "a comparison with the wrong side, a search that cannot find",
        "planted faults: a weight off, a sign, an index, a wrong constant, a NaN; two routes that share no code",
    ),
    Part(
        "closed forms, balls, fractions",
        ("bounds",),
        "a formula with a slip; a comparison of balls taken for more than it says",
        "each formula stands beside its derivation, and is compared with exact enumeration and with runs; only a true "
        "comparison of balls decides",
    ),
    Part(
        "weights and the layers that run them",
        ("constructions",),
        "weights that are not those of the proof, a layer that is not that of Eq. 1-3",
        "a second implementation in NumPy and in exact fractions; dense against indexed runs; every small instance",
    ),
    Part(
        "pages and tables",
        ("verify/all", "verify/page.py", "verify/notation.py", "verify/table.py"),
        "a page that says something other than what was found",
        "pages and JSON are made from the same records; the last digit printed is decided in balls",
    ),
)
_PACKAGES = (
    (
        "python-flint",
        "balls (Arb) that enclose real numbers, exact integers",
        "a ball that does not contain its value",
        "known values at rising precision; ties and rational values are decided again in Python's fractions",
    ),
    (
        "sympy",
        "identities and derivatives with symbols",
        "a simplification that is wrong for some values",
        "the same identity in exact fractions at points, or in balls",
    ),
    (
        "numpy",
        "sampled searches, the second route of runs",
        "a wrong float result",
        "witnesses found in floats count only after exact arithmetic has confirmed them",
    ),
    (
        "jax",
        "the runs of the layers",
        "a compiler's rewriting, a product at lower precision",
        "products pinned at the highest precision; runs against NumPy within derived rounding bounds, or bit by bit",
    ),
    (
        "matplotlib",
        "the figures",
        "a picture that misleads; no verdict rests on one",
        "figures are drawn from the numbers of the tables",
    ),
    (
        "Python",
        "fractions, integers, the enumeration of cases",
        "a fault of the interpreter",
        "nothing here: it is believed",
    ),
)


def trust(environment: Mapping[str, str]) -> str:
    """The text of the page."""
    page = Page("What is trusted")
    page.paragraph(
        "A verdict is as good as what it rests on. PROVED means that exact arithmetic, an enumeration of all cases or "
        "a ball decided the statement; it does not mean that a proof assistant checked this program. These are the "
        "parts that a wrong verdict could come from, with what is done about each."
    )
    page.heading("Parts of this program")
    columns = (
        Column("part", right=False),
        Column("lines"),
        Column("what a fault could do", right=False),
        Column("what checks it", right=False),
    )
    rows = tuple((part.name, about(lines(part.paths)), part.wrong, part.checked) for part in PARTS)
    page.table(Table("", columns, rows))
    page.paragraph("Lines are those of the files, comments and derivations included, to two digits.")
    page.heading("Packages")
    names = ("package", "used for", "what a fault could do", "what checks it")
    page.table(Table("", tuple(Column(name, right=False) for name in names), _PACKAGES))
    page.heading("What no check here can see")
    page.bullets(_BEYOND)
    page.closing(
        "verify all", environment, ("This page's own words: they are written by hand, the numbers are counted.",)
    )
    return page.text()


_BEYOND = (
    "That an induction in words carries what is proved to every size. Rows of Theorems 1 and 2 that are proved 'at "
    "every size' rest on three things: the row's own two sides with unknowns for numbers, which is a proof at small "
    "sizes; sympy on the terms that the sides are made of; and the step from terms to sides, which stands in words in "
    "`verify/claims/theorem1_proofs.py` and `theorem2_steps.py`. The arguments that pages print behind 'for all sizes "
    "and values' are words as well.",
    "That the statement of a row is the one that the paper means: read it beside the paper. Where the paper leaves "
    "something open (what may depend on the values, which indices a maximum runs over), the row says how it is read.",
    "HELD rows are evidence: seed, count and domain are named, and a counterexample outside them would change the row.",
    "What is true of real numbers and what a float program does are different statements; each check says which one it "
    "speaks of.",
)


def lines(paths: Sequence[str]) -> int:
    """How many lines the Python files named, or below the folders named, have."""
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for path in paths for file in _files(ROOT / path))


def about(number: int) -> str:
    """A count to two digits, so that a line more or less does not make a page stale."""
    unit = 10 ** max(len(str(number)) - 2, 0)
    return str(round(number / unit) * unit)


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]
