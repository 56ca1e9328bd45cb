"""`verify gadgets`: each gadget proved, then run in each arithmetic, then checks and an outcome."""

from dataclasses import dataclass, field
from typing import Any

import jax

from constructions.gadgets.product import product
from verify.compiled import keep_compiled
from verify.console import Console
from verify.deliver import Outcome, Report
from verify.environment import environment
from verify.gadgets.beyond import beyond
from verify.gadgets.blocks import deactivation_checks, printed_indicators
from verify.gadgets.cases import Case, cases
from verify.gadgets.concatenation import residual_check
from verify.gadgets.curves import Run, rounding_check, run_case
from verify.gadgets.integers import Exactness, exactness, exactness_check
from verify.gadgets.norms import growths, norm_check
from verify.gadgets.paper import lemma_1_checks
from verify.gadgets.past import far_check, steep_check
from verify.gadgets.proofs import Proved, prove
from verify.gadgets.rows import document, tables
from verify.gadgets.settings import GadgetsSettings
from verify.gadgets.words import notes, sentence
from verify.verdict import Check, Result


@dataclass
class Found:
    """What a run has found so far; an interrupt leaves what is done."""

    proved: list[Proved] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    exact: list[list[Exactness]] = field(default_factory=list)
    interrupted: bool = False


def run(settings: GadgetsSettings, console: Console) -> Outcome:
    """Carry out the request. An interrupt ends it early with what is done."""
    keep_compiled()
    jax.config.update("jax_enable_x64", True)
    found = Found()
    numbers = settings.M, settings.epsilon, settings.alpha
    wanted = [case for case in cases(*numbers) if case.lemma in settings.lemmas]
    wanted += beyond(*numbers) if settings.all_lemmas else []
    try:
        with console.progress("gadgets", len(wanted) * (1 + len(settings.precisions))) as advance:
            for case in wanted:
                found.proved.append(prove(case, settings.epsilon))
                found.checks += found.proved[-1].checks
                advance(1)
                for precision in settings.precisions:
                    found.runs.append(run_case(found.proved[-1], precision))
                    found.rows.append(document(found.runs[-1], settings))
                    advance(1)
        found.checks += [*_real_checks(settings, wanted, found), *_float_checks(settings, found)]
    except KeyboardInterrupt:
        found.interrupted = True
    result = Result(
        "gadgets",
        settings.document(),
        environment("numpy", "jax", "jaxlib", "sympy", "python-flint"),
        found.checks,
        found.rows,
        sentence(found.rows, found.checks, found.interrupted),
        interrupted=found.interrupted,
    )
    return Outcome(
        result,
        tables(found.rows, settings),
        tuple(notes(settings, found.proved)),
        lambda: _report(settings, result, found),
    )


def _real_checks(settings: GadgetsSettings, wanted: list[Case], found: Found) -> list[Check]:
    """What is decided in real arithmetic besides each gadget's own checks, and about the blocks of Eq. 37."""
    M, epsilon, alpha = settings.M, settings.epsilon, settings.alpha
    checks: list[Check] = []
    if 1 in settings.lemmas:
        checks += [*lemma_1_checks(), *deactivation_checks(product(M, found.proved[0].lam)), residual_check()]
    if 4 in settings.lemmas:
        checks.append(steep_check(_named(wanted, "select"), M, alpha, epsilon))
    if 5 in settings.lemmas:
        lam = _named(wanted, "greater").paper
        checks += printed_indicators(M, alpha, epsilon, 1.0 if lam is None else lam)
    return [*checks, norm_check(growths(settings.lemmas))]


def _float_checks(settings: GadgetsSettings, found: Found) -> list[Check]:
    """What is decided about the float programs."""
    checks = []
    beyond = (*settings.lemmas, *((None,) if settings.all_lemmas else ()))
    for precision in settings.precisions:
        checks.append(rounding_check([each for each in found.runs if each.precision == precision]))
        selects = [each for each in found.proved if each.case.name == "select"]
        checks += [far_check(each.case.build(each.lam), settings.M, settings.alpha, precision) for each in selects]
        if exact := exactness(int(settings.M), precision, beyond):
            found.exact.append(exact)
            checks.append(exactness_check(exact))
    return checks


def _named(wanted: list[Case], name: str) -> Case:
    return next(case for case in wanted if case.name == name)


def _report(settings: GadgetsSettings, result: Result, found: Found) -> Report:
    from verify.gadgets.page import report

    return report(settings, result, found.runs, found.exact)
