"""Past the paper: what each float format leaves of every gadget and of every other construction."""

from bounds.formats import format_of
from constructions.gadgets.integers import integer_scale
from verify.claims.certified import ALPHA, M, case_of
from verify.claims.claim import Claim, Decision, Setup
from verify.claims.float_gadgets import BITS, enumerated, gadget_check, product_loses_every_bit
from verify.claims.float_memories import chains, circles, exact_copies, gated_form
from verify.claims.settled import settled, stands
from verify.gadgets.float import Precision
from verify.gadgets.integers import exactness, exactness_check, reach
from verify.gadgets.past import far_check
from verify.verdict import Check, Verdict

DTYPES = ("bfloat16", "float16", "float32", "float64")
FAST = ("float32",)
INTEGERS = {"bfloat16": 15, "float16": 5, "float32": 3, "float64": 3}
"""Whole numbers tried up to this modulus, in bfloat16 all that the format allows."""
SELECT_SCALE = 8.0
LEMMAS = (1, 2, 3, 4, 5, None)


def floats(setup: Setup) -> Decision:
    """X-FLOAT: each gadget's best error within rounding, whole numbers exactly, memories and chains with their ranges,
    and no lambda for every t."""
    dtypes = FAST if setup.fast else DTYPES
    precisions = [*map(Precision, dtypes), *([] if setup.fast else [Precision(f"{p} bits", p) for p in BITS])]
    far = [far_check(case_of("select").build(SELECT_SCALE), M, ALPHA, Precision(name)) for name in dtypes]
    if setup.altered != "select holds for every t":
        far = [_loses(check) for check in far]
    return stands(
        *gadget_check(precisions, setup.fast, rounds=setup.altered != "nothing is rounded"),
        *([] if setup.fast else enumerated(("bfloat16", "float16"))),
        *(exactness_check(exactness(INTEGERS[name], Precision(name), LEMMAS)) for name in dtypes),
        *map(_largest_integer, dtypes),
        *map(product_loses_every_bit, dtypes),
        *far,
        *exact_copies(dtypes, setup.fast),
        *gated_form(dtypes),
        *([] if setup.fast else [*circles(dtypes), *chains(dtypes)]),
        again="import numpy as np; f = np.float32; x, kt = f(2), f(2.0**44); assert (x + kt) - kt == 0 != x",
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
    limit, n = min(2**format.precision, int(format.max / integer_scale(format))), reach(2**30, format)
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
        "X-FLOAT",
        "past the paper",
        "Past the paper",
        "In bfloat16, float16, float32, float64 and with 12 or 4 mantissa bits: every gadget errs by at most its worst "
        "real error plus the rounding bound, Lemma 1's least at a lambda in between; with lambda a power of two whose "
        "exponential vanishes the integer gadgets give every whole number exactly up to n with n^2 + n <= 2^p (in "
        "float16 range/lambda), and a product no odd a b beyond 2^p; the margin form of select loses x once k t is "
        "beyond 2^p x. Theorem 3's memory, and attention with binary codes at such a scale, copy bit by bit at every "
        "N; the gated form within rounding at every N; attention on a circle until neighbours' scores are rounded "
        "together, below N = 64 in bfloat16 and 256 in float16; chains of thought token by token up to the T at which "
        "a sum of moduli reaches 2^p, which in 16 bits is no T at all.",
        floats,
        Verdict.HELD,
        altered={"select holds for every t": Verdict.REFUTED, "nothing is rounded": Verdict.REFUTED},
        slow=True,
    ),
)
