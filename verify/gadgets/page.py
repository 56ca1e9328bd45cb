"""The page of `verify gadgets`: question, answer, figures, table, formulas, checks."""

from collections.abc import Sequence

from bounds.gadget_gap import gap_peak
from verify.deliver import Report
from verify.gadgets.curves import Run
from verify.gadgets.figure import responses, valleys
from verify.gadgets.integers import Exactness, domains
from verify.gadgets.norms import growths
from verify.gadgets.rows import papers, promises, tables
from verify.gadgets.settings import GadgetsSettings
from verify.gadgets.words import at_papers, notes
from verify.notation import closed
from verify.page import Page
from verify.table import Column, Table
from verify.verdict import Result

_QUESTION = (
    "How well do the SiLU gadgets of Lemmas 1-5 compute what they are meant to, run as degenerate blocks of Eq. 3, how "
    "large must lambda be, and what do floats leave of that?"
)
_FORMULAS = (
    "phi(x) = x/(e^x + 1),  kappa = max phi = phi(k),  S(m) = max(phi(m), max over v of phi(v) - phi(v + m))\n"
    "Lemma 1  worst error M^2 (1 - tanh(u)/u), u = M/lambda       lambda about M^2/sqrt(3 eps)   paper 108 M^3/eps\n"
    "Lemma 2  worst error kappa M d/lambda                        lambda = kappa M d/eps         paper M d/eps\n"
    "Lemma 3  worst error 0: silu(x) - silu(-x) = x               any lambda                     paper 2 d_1 M/eps\n"
    "Lemma 4  worst error (2/lambda) S(lambda M)                  lambda about 2 kappa/eps       paper 4M/(alpha eps)\n"
    "Lemma 5  worst error S(lambda)/lambda                        lambda about kappa/eps         paper 4/(alpha eps)\n"
    "G(m) = max over v of phi(v) - 2 phi(v + m) + phi(v + 2m),  m(z) = phi(lambda z)/lambda = z/(e^(lambda z) + 1)\n"
    "g: Lemma 1's product at lambda;  n: stairs;  d = 1, ..., Q - 2 for Q multiples of 5"
)
_BUILT = (
    "Each is one block of Eq. 37 (state off, skip on), or two where two numbers of units stand. Outside W_3 Eq. 3 has "
    "no bias: a constant is a pair of units, silu(1) - silu(-1) = 1, or one unit whose gate is held at silu(k) = 1. "
    "One after the other, their errors add up by `constructions/gadgets/chaining.py`: e_2 + L e_1, L the Lipschitz "
    "constant of the second target, or of the second block where its domain has isolated points. A product of bounded "
    "integers is product-gate on integers with |a b| <= 2^p. Norm: the largest modulus of a parameter at lambda sharp."
)
_INTEGERS = (
    "With lambda a power of two so large that e^-lambda vanishes, a gadget of integers computes its ReLU network "
    "without any rounding, as long as no number on the way is beyond the integers of the format. Built for all "
    "integers of modulus up to n in its domain and run on all of them; the margin, where one is needed, is 1 (nearest: "
    "1/4)."
)
_TRUSTED = (
    "The ball arithmetic of python-flint, which decides every comparison and encloses the error over every box.",
    "The reading of the weights off the blocks (verify/gadgets/network.py) and the search "
    "(verify/gadgets/certificate.py): they know nothing of the closed forms beside them, and both must agree. A weight "
    "that float64 rounds from c lambda^q is read as that number, since the statements are about real ones.",
    "The derivations written beside the closed forms in bounds/gadgets.py, gadgets_beyond.py and gadget_gap.py.",
    "A measured error is the largest over a fixed set of points: evidence, no proof. Integers are tried one and all.",
)


def report(
    settings: GadgetsSettings, result: Result, runs: Sequence[Run], exact: Sequence[Sequence[Exactness]]
) -> Report:
    """The page and its figures, named after the settings."""
    name = settings.name()
    page = Page("The SiLU gadgets of Lemmas 1-5")
    page.paragraph(_QUESTION)
    page.paragraph(f"**{result.verdict.value}** ({result.verdict.sentence}): {result.sentence}")
    figures = {}
    if runs:
        page.figure(
            f"{name}.png",
            "Measured error against lambda: truncation falls, rounding rises (0 is drawn at 1e-16; a curve ends where "
            "its format overflows)",
        )
        page.figure(
            f"{name}-responses.png",
            "Each gadget across its decision boundary, at three lambdas, and its target (rings: points without others "
            "around them)",
        )
        figures = {f"{name}.png": valleys(runs, settings), f"{name}-responses.png": responses(runs, settings)}
    page.heading("The numbers")
    rows, proved = [dict(row) for row in result.rows], list({run.case.name: run.proved for run in runs}.values())
    for shown in tables(rows, settings):
        page.table(shown)
    page.bullets(notes(settings, proved))
    page.heading("The paper's own lambda in floats")
    if runs:
        page.paragraph(at_papers(rows, result.checks))
        page.table(papers(rows))
    if exact:
        page.heading("Where integers come out exactly")
        page.paragraph(_INTEGERS)
        page.table(domains(exact))
    page.heading("What they promise")
    page.paragraph(_BUILT)
    page.table(promises(rows))
    page.heading("The formulas")
    page.code(f"{_FORMULAS}\nkappa = {closed(gap_peak, 12)}")
    _norms(page, settings)
    page.checks(result.checks)
    page.closing(settings.command(), result.environment, _TRUSTED)
    return Report(name, page.text(), figures)


def _norms(page: Page, settings: GadgetsSettings) -> None:
    columns = (
        Column("gadget", right=False),
        Column("lambda", right=False),
        Column("largest parameter", right=False),
        Column("that is", right=False),
        *(Column(f"{symbol}: fitted") for symbol in ("M", "1/eps", "1/alpha")),
        *(Column(f"{symbol}: formula") for symbol in ("M", "1/eps", "1/alpha")),
    )
    rows = tuple(
        (
            each.gadget,
            each.which,
            each.of_lambda,
            each.stated.text,
            *(f"{value + 0.0:.3f}".replace("-0.000", "0.000") for value in each.fitted.values()),
            *map(str, each.stated.exponents.values()),
        )
        for each in growths(settings.lemmas)
    )
    page.table(Table("Exponents of the largest parameter", columns, rows))
