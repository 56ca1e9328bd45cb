"""X-FLOAT for the gadgets: the best error each can reach in each format, and every number of a format tried."""

from collections.abc import Iterator, Sequence
from functools import cache

import jax.numpy as jnp
import numpy as np

from bounds.formats import format_of
from constructions.gadgets.integers import integer_scale
from constructions.gadgets.product import product_by_gate
from constructions.gadgets.run import evaluate
from verify.claims.certified import ALPHA, EPSILON, M
from verify.claims.settled import settled
from verify.gadgets.beyond import beyond
from verify.gadgets.cases import Case, cases
from verify.gadgets.curves import Run, promised, run_case
from verify.gadgets.float import Measured, Precision, rounding_bound
from verify.gadgets.proofs import prove
from verify.verdict import Check, Verdict

BITS = (12, 4)
"""Mantissa bits of formats that no dtype has."""

FEW = ("product", "greater")
ONE_INPUT = ("absolute", "clip", "nearest")
"""Gadgets of one real input: all numbers of a 16-bit format fit in one run."""

SHARED = 8  # the lambda at which all numbers are tried, besides the power of two of the format


def gadget_check(precisions: Sequence[Precision], fast: bool, rounds: bool) -> Iterator[Check]:
    """One check a gadget: in every format and at every lambda tried no error beyond the real one plus rounding.
    rounds: whether rounding is allowed for; without it the statement is false."""
    for case in [*cases(M, EPSILON, ALPHA), *beyond(M, EPSILON, ALPHA)]:
        if not fast or case.name in FEW:
            proved = prove(case, EPSILON)
            yield _reached(case, [run_case(proved, precision) for precision in precisions], rounds)


def _reached(case: Case, runs: Sequence[Run], rounds: bool) -> Check:
    best = {run.precision.name: run.tried[run.best] for run in runs}
    broken = [
        {"format": run.precision.name, "lambda": lam, "inputs": at.inputs, "error": at.error}
        for run in runs
        for lam, at in run.tried.items()
        if not at.error <= promised(case, lam, at) - (0 if rounds else at.rounding)
    ]
    allowed = {run.precision.name: promised(case, run.best, run.tried[run.best]) for run in runs}
    valley = case.name != "product" or all(_lowest_inside(run) for run in runs)
    where = ", ".join(f"{run.precision.name} {run.best:g}" for run in runs)
    return Check(
        f"claims/X-FLOAT/best/{case.name}",
        "X-FLOAT",
        Verdict.REFUTED if broken or not valley else Verdict.HELD,
        {name: at.error for name, at in best.items()},
        allowed,
        f"M = {M}, alpha = {ALPHA}: the least error met at {len(runs[0].tried)} lambdas on {runs[0].sharp.points} "
        f"fixed points each, at lambda {where}; the bound is the worst real error plus what rounding may add there, "
        "and holds at every lambda tried"
        + "; at both ends of the lambdas the error is more"
        * (case.name == "product"),
        broken[0] if broken else {"lambda": "the least error lies at an end"} if not valley else None,
        f"the float programs of {', '.join(best)}",
    )


def _lowest_inside(run: Run) -> bool:
    """Below the best lambda the four units miss a b, above it lambda^2/2 enlarges their roundings."""
    return all(run.tried[run.best].error < run.curve[lam].error for lam in (min(run.curve), max(run.curve)))


def enumerated(dtypes: Sequence[str]) -> Iterator[Check]:
    """Gadgets of one real input on every number of the format in their domain: the worst error itself."""
    wanted = [case for case in beyond(M, EPSILON, ALPHA) if case.name in ONE_INPUT]
    for dtype in dtypes:
        exact = float(integer_scale(format_of(dtype), 0.25))
        for case in wanted:
            lams = (float(SHARED), exact)
            found = {lam: worst_of_all(case, lam, dtype) for lam in lams}
            good = all(error <= bound for error, bound, _ in found.values())
            yield settled(
                "X-FLOAT",
                f"{dtype}/all/{case.name}",
                good,
                [error for error, _, _ in found.values()],
                [bound for _, bound, _ in found.values()],
                f"M = {M}, lambda = {lams[0]:g} and {lams[1]:g}: all {found[exact][2]} numbers of {dtype} in the "
                "domain through the layer, the largest error itself; bound: the worst real error plus rounding's",
                {"gadget": case.name, "errors": [error for error, _, _ in found.values()]},
                speaks_of=f"the float program of {dtype}",
            )


def worst_of_all(case: Case, lam: float, dtype: str) -> tuple[float, float, int]:
    """The largest error over every number of the format in the domain, its bound, and how many numbers there are."""
    gadget = case.build(lam)
    inputs = {"x": every_number(dtype)[:, None]}
    inputs = {"x": inputs["x"][gadget.domain.holds(inputs)]}
    out, target = evaluate(gadget, inputs, dtype)["out"].astype(np.float64), gadget.target(inputs)["out"]
    error = float(np.where(np.isnan(out), np.inf, np.abs(out - target)).max())
    bound = float(rounding_bound(gadget, inputs, format_of(dtype)).max())
    return error, promised(case, lam, Measured(error, {}, bound, len(target))), len(target)


@cache
def every_number(dtype: str) -> np.ndarray:
    """All finite numbers of a 16-bit format, in float64."""
    bits = np.arange(2**16, dtype=np.uint16).view(jnp.dtype(dtype))
    with np.errstate(invalid="ignore"):  # some are no numbers
        numbers = bits.astype(np.float64)
    return numbers[np.isfinite(numbers)]


def product_loses_every_bit(dtype: str) -> Check:
    """Beyond 2^p: the product through the gate of a = 2^k + 1 and b = 2^j + 1, whose last bit has no place."""
    format = format_of(dtype)
    half = (format.precision + 1) // 2
    scale = integer_scale(format)
    a, b = 2**half + 1, 2 ** (format.precision - half) + 1
    kept = 2**half - 1, 2 ** (format.precision - half)
    gadget = product_by_gate(a, scale)
    inputs = {name: np.array([[x], [y]], float) for name, x, y in zip("ab", kept, (a, b), strict=True)}
    with np.errstate(over="ignore"):
        out = evaluate(gadget, inputs, dtype)["out"].astype(np.float64)[:, 0]
    in_range = scale * b < format.max
    exact = out[0] == kept[0] * kept[1] or not in_range
    lost_one = not np.isfinite(out[1]) or int(out[1]) != a * b
    return settled(
        "X-FLOAT",
        f"{dtype}/beyond",
        exact and lost_one,
        out[1] if np.isfinite(out[1]) else str(out[1]),
        a * b,
        f"the product through the gate, lambda = {scale}: {kept[0]} {kept[1]} comes out exactly; the bound, {a} {b}, "
        f"is odd and above 2^{format.precision}, so that no number of {dtype} is it",
        {"outputs": out.tolist()},
        speaks_of=f"the float program of {dtype}",
    )
