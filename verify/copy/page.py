"""The report of `verify copy`: what was built, what was run, what came out, and how to make it again."""

from collections.abc import Mapping, Sequence

from bounds.converse import longest_copy
from bounds.formats import format_of
from bounds.sizes import ssm_constant, ssm_linear, ssm_linear_layer
from constructions.memories.theorem3 import recorded_Delta
from verify.copy.figure import figure
from verify.copy.phase import Point
from verify.copy.rows import table
from verify.copy.settings import CopySettings
from verify.deliver import Report
from verify.notation import number
from verify.page import Page
from verify.table import Column, Table
from verify.verdict import Result

MODULES = {
    "ssm-linear": "Theorem 3 as proved (A.3): the SSM module of Eq. 6 with A = O, keys b_i = e_i and queries c_i = "
    "e_pos(i) in R^N. Row j of the state is v_j, so H_i^T e_pos(i) = v_pos(i), by products with 0 and 1 alone.",
    "ssm-gated": "The full layer of Eq. 1-3 with one state a channel (d_h = 1) and a channel for each (slot, "
    "coordinate): Delta writes into one slot, the gate silu(W_2 x) opens one slot. A slot also collects softplus(-S) "
    "of every other token, with S from epsilon.",
    "ssm-constant": "The SSM module of Eq. 6 with d_h states a channel whatever N is. Keys of the family "
    "`projection` are orthonormal up to N = d_h and the best possible in the mean square beyond; `random` are "
    "independent unit vectors.",
    "attention": "One softmax head whose keys are position codes: the bits of j (`binary`, d_k = ceil(log2 N)) or "
    "points of a circle (`circle`, d_k = 2), with the scale of the scores derived from epsilon and N.",
}
ALPHABET = 26


def report(settings: CopySettings, result: Result, phases: Mapping[int, Sequence[Point]]) -> Report:
    """The page and its picture.  phases: for each d_h that is drawn."""
    page = Page(f"COPY at N = {', '.join(map(str, settings.N))}")
    page.paragraph(f"**{result.verdict.value}**: {result.headline}")
    page.heading("What was run")
    page.bullets([f"`{name}`: {MODULES[name]}" for name in settings.modules])
    page.paragraph(_task_words(settings))
    page.table(table(result.rows, timed=False))
    page.paragraph(_reading())
    figures = _phase_section(page, settings, result, phases) if phases else {}
    _context(page, settings)
    page.checks(result.checks, 3)
    page.closing(settings.command(), dict(result.environment), _trusted())
    return Report(settings.name(), page.text(), figures)


def _task_words(settings: CopySettings) -> str:
    values = {
        "uniform": f"uniform in [-M, M]^{settings.d}",
        "adversarial": "the worst case of the exact error formula of each module",
        "text": f"the bytes of {settings.path}, embedded in [-M, M]^{settings.d}",
    }[settings.values]
    return (
        f"Step i is to put out v_pos(i), the value recorded at position pos(i) (Definition 1); pos: {settings.pos}. "
        f"Values: {values}, M = {number(settings.M)}, v = Delta x with Delta {settings.Delta}. Arithmetic: "
        f"{settings.dtype}. A module copies if no coordinate of any output is off by more than epsilon = "
        f"{number(settings.epsilon)}."
    )


def _reading() -> str:
    return (
        "*state entries* are carried from step to step (for attention: the keys and values of the context), *d_h* is "
        "the number of states a channel (for attention: d_k), *parameters* are nonzero weights, *ops/step* "
        "multiplications and additions of one step with nonzero weights and the whole state. *max error* was "
        "measured on the float program and decides *copies*. *worst case* is the exact supremum over all values in "
        "[-M, M]^d for the scores that the stored weights give, in real arithmetic: for outputs y_i = sum_j S_ij v_j "
        "(on the string task, where values are fed once more, S_ij is the sum of both weights of value j) "
        "it is M |Delta| (sum_{j != pos(i)} |S_ij| + |S_i,pos(i) - 1|); a measured error may exceed it by rounding. "
        "*first N failing* rebuilds the module for each N: by the worst case for `ssm-constant`, by measurement for "
        "the others."
    )


def _phase_section(
    page: Page, settings: CopySettings, result: Result, phases: Mapping[int, Sequence[Point]]
) -> dict[str, bytes]:
    name, drawn = f"{settings.name()}.png", ", ".join(map(str, phases))
    Delta = recorded_Delta(settings.Delta == "literal")
    page.heading("The phase change at N = d_h")
    page.paragraph(
        f"`ssm-constant` with d_h = {drawn} on the string task (N values are read, then all of them reproduced). "
        f"{_first_failures(settings, phases)} From N = d_h + 1 on, with one Delta for all positions, no choice of "
        "keys, queries and forgetting that does not depend on the values can bring the worst case below M |Delta| "
        "(X-CONVERSE; with step sizes Delta_j it is M times the (d_h + 1)-th largest), nor, read out linearly, the "
        "root mean square over uncorrelated values of one variance below sqrt(1 - d_h/N) of the values' own "
        "(X-AVERAGE). Measured on one sample of uniform values, the root mean square scatters around its expectation, "
        "a little below it too."
    )
    caption = (
        f"Error of ssm-constant (d_h = {drawn}) on the string task against N, measured and in closed form; marks of "
        f"the other modules are those of the table (pos {settings.pos})"
    )
    if len(settings.d_h) > len(phases):
        caption += "; the least of the d_h asked: the table holds the others"
    page.figure(name, caption)
    for d_h, points in phases.items():
        page.table(_phase_table(d_h, points))
    return {name: figure(settings, phases, result.rows, float(settings.M) * Delta)}


def _first_failures(settings: CopySettings, phases: Mapping[int, Sequence[Point]]) -> str:
    if settings.a == 1 and settings.keys == "projection":
        return "Up to N = d_h it is exact."
    fails = {
        d_h: next((p.N for p in points if not p.worst <= settings.epsilon), None) for d_h, points in phases.items()
    }
    return "So built it fails from N = " + ", ".join(f"{N} (d_h = {d_h})" for d_h, N in fails.items()) + " or before."


def _phase_table(d_h: int, points: Sequence[Point]) -> Table:
    headers = ("N", "worst case", "measured", "rms / rms of values, one sample", "least possible")
    cells = [(p.N, p.worst, p.reached, p.mean_square, p.floor) for p in points]
    rows = tuple((str(c[0]), *(number(float(x), 4) for x in c[1:])) for c in cells)
    title = f"Error of ssm-constant, d_h = {d_h}, on the string task"
    return Table(title, tuple(Column(h) for h in headers), rows)


def _context(page: Page, settings: CopySettings) -> None:
    """Sizes that the table does not show: the literal full layer, index lists, and the bound in bits."""
    N, d, d_h = max(settings.N), settings.d, settings.d_h[0]
    literal = settings.Delta == "literal"
    layer, linear = ssm_linear_layer(N, d), ssm_linear(N, d, literal_Delta=literal)
    touched = ssm_linear(1, d, literal_Delta=literal).operations_per_step
    constant = ssm_constant(d, d_h, forgets=settings.a < 1)
    bits = constant.state_bits(format_of(settings.dtype))
    page.heading("Sizes, to the letter")
    page.bullets(
        [
            f"Theorem 3's module at N = {N} has N d = {N * d} state entries. Put inside the full layer of Eq. 1-3 as "
            "Remark 1 says, every channel of [x, e_i, e_pos(i), 1] carries N states: N (d + 2N + 1) = "
            f"{layer.state_entries}. The gated form has N (d + 1) + 1.",
            f"As dense matrices the module alone holds {linear.parameters_dense} parameters, of which "
            f"{linear.parameters_nonzero} are not zero; as (row, column, value) lists they take "
            f"{linear.parameters_index_encoded} numbers.",
            f"With index lists a step touches one row of the state: {touched} operations whatever N is, against "
            f"{linear.operations_per_step} over the whole state.",
            f"In bits: a state of {constant.state_entries} entries (d_h = {d_h}) of {settings.dtype} ({bits} bits) "
            f"tells at most 2^{bits} strings apart, so of random strings over {ALPHABET} letters it copies no more "
            f"than {longest_copy(bits, ALPHABET)} letters with a chance of at least 1/2 (counting; the form of "
            "Jelassi, Brandfonbrener, Kakade and Malach 2024, Theorem 2.7, as quoted).",
        ]
    )


def _trusted() -> list[str]:
    return [
        "The measured errors: JAX and XLA for the layer, NumPy for the comparison; a fault in either shows as a "
        "disagreement of the two routes.",
        "The second route: NumPy float64 products of score matrices built from the stored weights; it shares no code "
        "with the layer.",
        "The tolerance between the routes: bounds/rounding.py, with its stated assumption on the accuracy of exp.",
        "The exact checks: Python's integers and fractions; python-flint finds the kernel vectors, which are replayed.",
        "What is HELD speaks of the inputs named in its evidence and of this dtype; what is PROVED of real arithmetic.",
    ]
