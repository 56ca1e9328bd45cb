"""What a run of `verify copy` shows: its checks, each good only if its comparison is true, so that NaN fails."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Int

from bounds.converse import worst_case_floor
from bounds.formats import format_of
from bounds.rounding import growth
from constructions.attention import Attention
from constructions.mamba import SSM
from verify.copy.modules import Prepared, build
from verify.copy.rows import bytes_wrong
from verify.copy.run import Run, second_route
from verify.copy.settings import CopySettings
from verify.copy.task import ByteCode
from verify.copy.tolerance import derived_rounding, tolerance
from verify.verdict import Check, Verdict

# The statement of the ledger that says of each module that it copies (ssm-constant: where d_h >= N).
COPIES = {"ssm-linear": "T3", "ssm-gated": "X-T3-GATED", "ssm-constant": "T3", "attention": "X-ATT-SIZE"}

LAST_STEPS = 64
CODES_AT_ONCE = 2**14  # that are float64 at the same time


def checks(run: Run, settings: CopySettings) -> Iterator[Check]:
    """The checks of one row."""
    allowed = tolerance(run, float(settings.M), settings.dtype)
    if says_something(run, allowed):
        yield _two_routes(run, settings, allowed)
        there = allowed[[run.second.worst.argmax()]]
        if says_something(run, there):
            yield _worst_case(run, settings, allowed)
        else:
            yield _no_tolerance(run, settings, there, "worst-case", _form_claim(run))
    else:
        yield _no_tolerance(run, settings, allowed, "two-routes", _route_claim(run))
    if can_copy(run):
        yield _copies(run, settings, allowed)
        yield stated_error(run.prepared, run.steps, settings)
    elif run.prepared.memory.d_h < run.prepared.task.demand:
        yield _floor(run)
    memory = run.prepared.memory
    if isinstance(memory.module, SSM) and memory.module.A is None and memory.encoding.codes is not None:
        yield _mean_square(run)
    if settings.text and can_copy(run):
        yield _text(run, settings)


def says_something(run: Run, allowed: np.ndarray) -> bool:
    """Whether the rounding bound could refute a program: finite at every step, and at some step below 2 M |Delta|, the
    most that two answers in the range of the values are apart.
    """
    return bool(np.isfinite(allowed).all() and allowed.min() < 2.0 * run.second.scale)


def can_copy(run: Run) -> bool:
    """Whether the construction promises a copy: every one but a recurrent memory with fewer states than positions, or
    one that forgets."""
    memory = run.prepared.memory
    if memory.stated_error is not None:
        return True
    keeps_all = isinstance(memory.module, SSM) and memory.module.A is None
    return keeps_all and memory.keys == "projection" and memory.d_h >= run.prepared.task.N


def tag(prepared: Prepared) -> str:
    """The row that a check belongs to, in its id."""
    memory = prepared.memory
    states = f"/d_h={memory.d_h}" if memory.name == "ssm-constant" else ""
    return f"copy/{memory.name}/N={prepared.task.N}{states}"


def _no_tolerance(run: Run, settings: CopySettings, allowed: np.ndarray, what: str, claim: str) -> Check:
    """In place of a comparison for which the rounding model promises nothing: roundings may pass the dtype's largest
    number, or outgrow every bound, or the size of the outputs. What came of one run would say nothing of another.
    """
    T, size = run.prepared.task.steps, 2.0 * run.second.scale
    reason = f"sums over {T} steps may be rounded beyond what {settings.dtype} holds or can bound"
    if np.isfinite(allowed).all():
        reason = f"roundings over {T} steps in {settings.dtype} are bounded by {allowed.min():.3g} at best"
        reason += f", and answers in [-M |Delta|, M |Delta|] are no more than {size:.3g} apart"
    evidence = f"{reason}, so no disagreement would say anything; a smaller M or N, or float64, would"
    skipped = frozenset({Verdict.SKIPPED})
    speaks_of = f"the float program in {settings.dtype}"
    return Check(f"{tag(run.prepared)}/{what}", claim, Verdict.SKIPPED, None, None, evidence, None, speaks_of, skipped)


def _route_claim(run: Run) -> str:
    return "X-ATT-SIZE" if isinstance(run.prepared.memory.module, Attention) else "EQ1-EQ6"


def _form_claim(run: Run) -> str:
    return "X-ATT-EXACT" if isinstance(run.prepared.memory.module, Attention) else "X-SSM-EXACT"


def _two_routes(run: Run, settings: CopySettings, allowed: np.ndarray) -> Check:
    """The float program against NumPy float64 on the same stored weights, within the rounding bound; the step shown is
    the one that comes closest to its bound, or leaves it.
    """
    off = np.abs(run.outputs[run.compared].astype(np.float64) - run.second.outputs).max(axis=1)
    shown = int(np.argmax(np.where(np.isnan(off), np.inf, off / np.maximum(allowed, np.finfo(np.float64).tiny))))
    holds = bool((off <= allowed).all())
    witness = None if holds else _at(run, int(run.compared[shown]))
    steps = f"{len(run.compared)} of {len(run.steps)} steps"
    blank = int((allowed >= 2.0 * run.second.scale).sum())
    steps += f" ({blank} of them with a bound of 2 M |Delta| or more, which says nothing)" if blank else ""
    evidence = f"{_sample(settings)}; {steps} by score matrices in NumPy float64"
    return _check(run, settings, "two-routes", _route_claim(run), holds, off[shown], allowed[shown], evidence, witness)


def _worst_case(run: Run, settings: CopySettings, allowed: np.ndarray) -> Check:
    """The measured error against the exact worst case over all values: never above it, and reached by adversarial
    values at the step for which they are made.
    """
    off, worst = run.errors[run.compared], int(run.second.worst.argmax())
    measured, predicted, slack = float(off.max()), float(run.second.worst[worst]), float(allowed[worst])
    holds = bool((off <= run.second.worst + allowed).all())
    attains = settings.values == "adversarial"
    if attains:
        holds = holds and bool(off[worst] >= predicted - slack)
    relation = "equal to" if attains else "at most"
    evidence = f"measured {relation} the closed form within the rounding bound, {slack:.3g} there; {_sample(settings)}"
    witness = None if holds else _at(run, int(run.compared[int(np.argmax(off))]))
    return _check(run, settings, "worst-case", _form_claim(run), holds, measured, predicted, evidence, witness)


def _copies(run: Run, settings: CopySettings, allowed: np.ndarray) -> Check:
    """The largest error over all steps against the error allowed: none at all where the construction is exact.

    A construction whose rounding bound leaves room below epsilon has to hold; where it does not, the dtype decides,
    and a refutation of its float program is as much expected as a copy.
    """
    exact = run.prepared.memory.stated_error in (0.0, None)
    bound = 0.0 if exact else float(settings.epsilon)
    holds = run.max_abs_error <= bound
    promised = exact or bool((run.second.worst + allowed <= bound).all())
    evidence = f"{_sample(settings)}; every coordinate of {len(run.steps)} outputs{', bit by bit' if exact else ''}"
    witness = None if holds else _at(run, _worst_step(run))
    expected = frozenset({Verdict.HELD}) if promised else frozenset({Verdict.HELD, Verdict.REFUTED})
    claim = COPIES[run.prepared.memory.name]
    return _check(run, settings, "copies", claim, holds, run.max_abs_error, bound, evidence, witness, expected)


def stated_error(prepared: Prepared, steps: Int[np.ndarray, " R"], settings: CopySettings) -> Check:
    """The worst case of the weights as derived, before any rounding to the dtype, against the error that the
    construction states: what rounding may excuse in a float program, a wrong constant may not.
    """
    name, d_h = prepared.memory.name, prepared.memory.d_h
    derived = replace(prepared, memory=build(name, prepared.task, d_h, settings))
    steps = steps[-LAST_STEPS:]  # a later step has more to confuse its value with
    route = second_route(derived, np.zeros((prepared.task.steps, 0)), steps, float(settings.M))
    stated, worst = derived.memory.stated_error or 0.0, float(route.worst.max())
    slack = derived_rounding(derived.memory, prepared.task.steps, stated, route.scale)
    if not stated + slack < 2.0 * route.scale:
        return _cannot_be_told(prepared, stated, slack)
    holds = worst <= stated + slack
    evidence = f"closed form of the weights in float64 at the last {len(steps)} steps, rounding {slack:.1g}"
    witness = None if holds else {"step": int(steps[int(np.argmax(route.worst))]), "worst": worst}
    verdict = Verdict.HELD if holds else Verdict.REFUTED
    claim, speaks_of = COPIES[derived.memory.name], "real arithmetic on the derived weights"
    expected = frozenset({Verdict.HELD})
    return Check(f"{tag(prepared)}/stated-error", claim, verdict, worst, stated, evidence, witness, speaks_of, expected)


def _cannot_be_told(prepared: Prepared, stated: float, slack: float) -> Check:
    """In place of the stated error, where float64 does not resolve the scores of the weights as derived."""
    evidence = f"float64 evaluates the closed form up to {slack:.3g}, more than all answers are apart"
    claim, speaks_of = COPIES[prepared.memory.name], "real arithmetic on the derived weights"
    skipped = frozenset({Verdict.SKIPPED})
    return Check(
        f"{tag(prepared)}/stated-error", claim, Verdict.SKIPPED, None, stated, evidence, None, speaks_of, skipped
    )


def _floor(run: Run) -> Check:
    """The converse: with fewer states than values that the task makes it carry, the exact worst case is at least
    M |Delta|.
    """
    memory, task = run.prepared.memory, run.prepared.task
    bound = worst_case_floor(task.demand, memory.d_h, run.second.scale, 1)  # M |Delta| of the weights as stored
    worst = float(run.second.worst.max())
    # What summing T terms in float64 may take off a number that meets the floor exactly.
    holds = worst >= bound - growth(task.steps + 1, format_of("float64")) * worst
    carried = f"{task.demand} values to carry in {memory.d_h} states"
    evidence = f"closed form at {len(run.compared)} of {len(run.steps)} steps; {carried}"
    verdict, witness = Verdict.HELD if holds else Verdict.REFUTED, _at(run, _worst_step(run))
    speaks_of = "real arithmetic on the stored weights"
    return Check(f"{tag(run.prepared)}/floor", "X-CONVERSE", verdict, worst, bound, evidence, witness, speaks_of)


def _mean_square(run: Run) -> Check:
    """The exact root mean square of the error over independent values, beside the least possible one.

    With a = 1 and keys K, all N positions asked for after all are written, the scores are S = K K^T, and
    ||S - I||_F^2 = ||K^T K||_F^2 - 2 ||K||_F^2 + N; its N-th part is the mean square relative to the values'.
    """
    codes, N = run.prepared.memory.encoding.codes, run.prepared.task.N
    assert codes is not None
    d_h = codes.shape[1]
    tall = codes if d_h <= N else codes.T  # K K^T has the same norm and trace as K^T K
    gram = np.zeros((tall.shape[1],) * 2)
    for start in range(0, len(tall), CODES_AT_ONCE):
        K = tall[start : start + CODES_AT_ONCE].astype(np.float64)
        gram += K.T @ K
    parts = (float((gram**2).sum()), 2.0 * float(np.trace(gram)), float(N))
    value, floor = max(parts[0] - parts[1] + parts[2], 0.0) / N, 1.0 - min(d_h, N) / N
    # Any S = K K^T has rank <= d_h, also of rounded keys: only the evaluation in float64 needs room.
    slack = growth(2 * (N + d_h), format_of("float64")) * sum(parts) / N
    holds = value >= floor - slack
    evidence = "||S - I||_F^2 / N of the stored keys in NumPy float64, against 1 - d_h/N"
    witness = None if holds else {"N": N, "d_h": run.prepared.memory.d_h, "mean_square": value}
    verdict = Verdict.HELD if holds else Verdict.REFUTED
    speaks_of = "real arithmetic on the stored weights"
    return Check(f"{tag(run.prepared)}/mean-square", "X-AVERAGE", verdict, value, floor, evidence, witness, speaks_of)


def _text(run: Run, settings: CopySettings) -> Check:
    """The copied bytes against the file's."""
    wrong, margin = bytes_wrong(run, settings), ByteCode(settings.d, float(settings.M)).margin
    evidence = (
        f"{len(run.steps)} bytes of {settings.path}, each decoded to the nearest; an error below {margin:.3g} is safe"
    )
    witness = _at(run, _worst_step(run)) if wrong else None
    claim = COPIES[run.prepared.memory.name]
    return _check(run, settings, "text", claim, wrong == 0, wrong, 0, evidence, witness)


def _check(
    run: Run,
    settings: CopySettings,
    what: str,
    claim: str,
    holds: bool,
    value: Any,
    bound: Any,
    evidence: str,
    witness: dict[str, Any] | None,
    expected: frozenset[Verdict] = frozenset({Verdict.HELD}),
) -> Check:
    verdict = Verdict.HELD if holds else Verdict.REFUTED
    speaks_of = f"the float program in {settings.dtype}"
    return Check(f"{tag(run.prepared)}/{what}", claim, verdict, value, bound, evidence, witness, speaks_of, expected)


def _sample(settings: CopySettings) -> str:
    values = {"text": f"values from {settings.path}"}.get(settings.values, f"{settings.values} values")
    return f"{values} in [-M, M]^{settings.d}, pos {settings.pos}, seed {settings.seed}"


def _worst_step(run: Run) -> int:
    """The index into the computed steps of the largest error, NaN counting as the largest."""
    return int(np.argmax(np.where(np.isnan(run.errors), np.inf, run.errors)))


def _at(run: Run, index: int) -> dict[str, Any]:
    """What a reader needs to see one step again: the step, the position asked for, the worst coordinate, both
    numbers.
    """
    got, wanted = run.outputs[index].astype(np.float64), run.wanted(np.array([index]))[0].astype(np.float64)
    off = np.abs(got - wanted)
    k = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    step = int(run.steps[index])
    return {
        "step": step,
        "pos": int(run.prepared.task.target[step]),
        "coordinate": k,
        "y": float(got[k]),
        "v_pos": float(wanted[k]),
    }
