"""Past the paper: the sharp constants of the lemmas, and what floats leave of them."""

from dataclasses import replace

from bounds.formats import format_of
from constructions.gadgets.integers import integer_scale
from verify.claims.certified import ALPHA, EPSILON, NAMES, M, case_of, certified, proved
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.settled import settled, stands
from verify.gadgets.curves import Run, rounding_check, run_case
from verify.gadgets.float import Precision
from verify.gadgets.integers import exactness, exactness_check, reach
from verify.gadgets.past import far_check, steep_check
from verify.verdict import Check, Verdict

WHERE, TOPIC = "past the paper", "Past the paper"
DTYPES = ("bfloat16", "float16", "float32", "float64")
INTEGERS = {"bfloat16": 15, "float16": 5, "float32": 3, "float64": 3}
"""Whole numbers tried up to this modulus, in bfloat16 all that the format allows."""
SELECT_SCALE = 8.0
BITS = 12  # mantissa bits of a format that no dtype has
LEMMAS = (1, 2, 3, 4, 5, None)


def sharp(setup: Setup) -> Decision:
    """X-GADGET: at the smallest lambda the error is eps, at 0.99 of it more; both on the built weights."""
    names = [name for name in NAMES if not (setup.fast and name == "not-equal-printed")]
    checks = [check for name in names for check in certified(name, "X-GADGET")]
    if setup.altered == "0.99 of lambda is enough":
        checks = [_not_needed(check) if "needed" in check.id else check for check in checks]
    return stands(
        *checks,
        steep_check(case_of("select"), M, ALPHA, EPSILON),
        again="import numpy as np; lam = 0.99 * 7.192629589; u = 2 / lam; assert 2**2 * (1 - np.tanh(u) / u) > 0.1",
    )


def _not_needed(check: Check) -> Check:
    """The opposite of a check that a smaller lambda fails."""
    turned = Verdict.REFUTED if check.verdict is Verdict.PROVED else check.verdict
    return replace(check, verdict=turned)


def floats(setup: Setup) -> Decision:
    """X-FLOAT: whole numbers exactly, real ones within rounding, and no lambda for every t."""
    dtypes = DTYPES[2:3] if setup.fast else DTYPES
    integer = [exactness_check(exactness(INTEGERS[name], name, LEMMAS)) for name in dtypes]
    precisions = [*map(Precision, dtypes), *([] if setup.fast else [Precision(f"{BITS} bits", BITS)])]
    runs = [run_case(proved("product"), precision) for precision in precisions]
    far = [far_check(case_of("select").build(SELECT_SCALE), M, ALPHA, Precision(name)) for name in dtypes]
    if setup.altered != "select holds for every t":
        far = [_loses(check) for check in far]
    return stands(
        *integer,
        *map(_largest_integer, dtypes),
        *(check for run in runs for check in (rounding_check([run]), _best(run))),
        *far,
        again="import numpy as np; f = np.float32; x, kt = f(2), f(2.0**44); assert (x + kt) - kt == 0 != x",
    )


def _best(run: Run) -> Check:
    """Below the best lambda the four units miss a b, above it lambda^2/2 enlarges their roundings."""
    best, ends = run.curve[run.best].error, (min(run.curve), max(run.curve))
    holds = all(best < run.curve[lam].error for lam in ends)
    return Check(
        f"claims/X-FLOAT/{run.precision.name.replace(' ', '-')}/best",
        "X-FLOAT",
        Verdict.HELD if holds else Verdict.REFUTED,
        best,
        min(run.curve[lam].error for lam in ends),
        f"Lemma 1's four units, M = {M}, at powers of two from {ends[0]:g} to {ends[1]:g} on {run.sharp.points} fixed "
        f"points each: the value is the least error met, at lambda = {run.best:g}; the bound, met at an end, is more",
        {"lambda": run.best, "error": best},
        f"the float program of {run.precision.name}",
    )


def _loses(check: Check) -> Check:
    """Losing x is what the statement says."""
    lost = check.verdict is Verdict.REFUTED
    return settled(
        "X-FLOAT",
        check.id.rpartition("/")[2] + "/far",
        lost,
        check.value,
        check.bound,
        f"the margin form of select loses x, as stated: {check.evidence}",
        check.witness,
        speaks_of=check.speaks_of,
    )


def _largest_integer(dtype: str) -> Check:
    """The numbers met go up to n^2 + n, and lambda times that has to stay in range."""
    format = format_of(dtype)
    limit, n = min(2**format.precision, int(format.max / integer_scale(format))), reach(2**30, dtype)
    return settled(
        "X-FLOAT",
        f"{dtype}/reach",
        n * n + n <= limit < (n + 1) ** 2 + n + 1,
        n,
        limit,
        f"the largest n with n^2 + n at most the bound: 2^p with p = {format.precision}, or the largest number over "
        f"lambda = {integer_scale(format)}",
        {"n": n},
        speaks_of=f"the float program of {dtype}",
    )


CLAIMS = (
    Claim(
        "X-GADGET",
        WHERE,
        TOPIC,
        "Each lemma's smallest lambda: Lemma 1 the root of M^2 (1 - tanh(M/lambda) lambda/M) = eps, about "
        "M^2/sqrt(3 eps); Lemma 2 kappa M d/eps, kappa = W(1/e) = 0.278..; Lemma 3 and the product through the gate "
        "every lambda; Lemma 4 about 2 kappa/eps at most; Lemma 5 about kappa/eps.",
        sharp,
        altered={"0.99 of lambda is enough": Verdict.REFUTED},
        slow=True,
    ),
    Claim(
        "X-FLOAT",
        WHERE,
        TOPIC,
        "In bfloat16, float16, float32 and float64, with lambda a power of two whose exponential vanishes, the "
        "integer gadgets give every whole number exactly up to n with n^2 + n <= 2^p (in float16 range / lambda); "
        "Lemma 1's units err by at most the real error plus the rounding bound, least at a lambda in between; and "
        "the margin form of select loses x once k t is beyond 2^p x.",
        floats,
        Verdict.HELD,
        altered={"select holds for every t": Verdict.REFUTED},
        slow=True,
    ),
)
