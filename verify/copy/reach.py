"""What a module must write down, against the largest number of the dtype: refused before the run where it cannot.

A sum that leaves the dtype is inf or NaN at some step of some run, depending on the values drawn; whether it can is
decided here in exact arithmetic, for all values in [-M, M]^d. The largest sums of moduli, as multiples of M:

- `ssm-linear`, and `ssm-constant` with one-hots (projection, N <= d_h): 1, since every sum has one term.
- `ssm-constant`, projection, N > d_h: the keys are the rows of a matrix with d_h orthonormal columns, each row of
  length sqrt(d_h / N). By Cauchy and Schwarz a state entry is at most sum_j |b_js| <= sqrt(N), and what is read of the
  state at most sum_j |c_i| |b_j| = N d_h / N = d_h. Forgetting and Delta <= 1 make both smaller.
- `ssm-constant`, random: N for both, since all keys are unit vectors.
- `ssm-gated`, `attention`: a slot holds its value and leaks of at most 2 epsilon <= M; a softmax numerator its value
  and, with e = epsilon / (4 M) <= 1/8, at most e / (1 - e) <= 1/7 of M. So below 2, which every format has room for
  up to the largest M. But a score of attention reaches its scale, for `circle` about N^2 log N.

Rounding adds to such sums; where that might pass the limit, the tolerance is infinite (verify.copy.tolerance).
"""

from fractions import Fraction
from math import isqrt

from bounds.formats import format_of
from bounds.scales import circle_scale_least
from verify.copy.modules import ROUNDING_SHARE
from verify.copy.settings import CopySettings
from verify.errors import BadInput
from verify.notation import not_above, number


def refuse_overflow(settings: CopySettings) -> None:
    """Raise BadInput, with an M that works, where a sum over values of modulus M can leave the dtype; and where
    attention's scale leaves it.
    """
    if "ssm-constant" in settings.modules:
        _refuse_sums(settings)
    if "attention" in settings.modules and settings.codes == "circle":
        _refuse_scale(settings)


def largest_sum(keys: str, N: int, d_h: int) -> int:
    """The largest sum of moduli that a recurrent memory with such keys meets, as a multiple of M, rounded up."""
    if keys == "one-hot" or (keys == "projection" and d_h >= N):
        return 1
    return N if keys == "random" else max(d_h, isqrt(N - 1) + 1)


def _refuse_sums(settings: CopySettings) -> None:
    largest = format_of(settings.dtype).max
    factor, N, d_h = max((largest_sum(settings.keys, N, d_h), N, d_h) for N in settings.N for d_h in settings.d_h)
    if factor * settings.M <= largest:
        return
    asked = f"--M {number(settings.M, 60)} with --dtype {settings.dtype}"
    reached = f"sums of ssm-constant at N = {N}, d_h = {d_h} reach {factor} M and {settings.dtype} ends at"
    fits = not_above(largest / factor)
    # An epsilon above M/2 is refused.
    nearest = f"--M {fits}" if 2 * settings.epsilon <= Fraction(fits) else "--dtype float32"
    raise BadInput(asked, f"{reached} {number(largest, 6)}", nearest)


def _refuse_scale(settings: CopySettings) -> None:
    steps = max(settings.N) * (2 if settings.pos == "string" else 1)
    share = float(settings.epsilon) * (1.0 - ROUNDING_SHARE)
    scale, largest = circle_scale_least(steps, float(settings.M), 1.0, share), format_of(settings.dtype).max
    if scale <= largest:
        return
    asked = f"--codes circle with --dtype {settings.dtype} and --N {max(settings.N)}"
    needs = f"attention needs a scale of {number(scale)} there and {settings.dtype} ends at {number(largest, 6)}"
    raise BadInput(asked, needs, "--codes binary")
