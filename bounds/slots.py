"""X-RING: what a memory of N slots, a register and a total leak in real arithmetic, where no exponential is 0.

The cell of `constructions.programs.blocks`: one state for each slot, b = c = 1, A = -1, a scale lambda, and
    writing   Delta = softplus(lambda r), r = 1 in the slot that is written, r <= -1 in every other;
    reading   the gate silu(lambda g), g = 1 in the slot that is read and an integer g <= 0 in every other (N of them);
    output    sum over the slots of gate times state, times W_3 = 1 / lambda^2.
All values are in [-V, V], T tokens have been read.  With q = e^-lambda and s = log1p(q) = softplus(-lambda):

*The state of a slot that is read.*  Written last with the value v, it should be lambda v.  That write puts
softplus(lambda) v = (lambda + s) v there, and keeps exp(-Delta) = e^-(lambda + s) = q / (1 + q) of what was there.
Each of the k later tokens writes elsewhere: it multiplies the state by e^-d and adds d v', with some d in [0, s] and
|v'| <= V.  Two things follow.
  (1) Any state is at most R = (lambda + s) V / (1 - e^-(lambda + s)) in modulus: D <= lambda + s and |H| <= R give
      |e^-D H + D v| <= e^-D R + D V <= R, since D / (1 - e^-D) grows with D (and is 1 at D = 0).
  (2) A later token changes a state by at most (1 - e^-d) R + d V <= s (R + V).
So the state is off lambda v by at most  s V + R q / (1 + q) + k s (R + V), with k <= T - 1; before its first write it
should be 0 and is off by at most T s V: each token adds d v' and shrinks the rest.  `state_off` covers both.

*The gates.*  silu(lambda) = lambda / (1 + q) instead of lambda, and |silu(-lambda j)| = lambda j e^(-lambda j) / (1 +
e^(-lambda j)) instead of 0, which falls in j from j = 1 on for lambda >= 1.28 (behind silu's minimum): at most
silu = lambda q / (1 + q).  N - 1 such gates read states of at most R each.  (A number that names no slot closes the
N-th gate too, which lets through less than the first two terms below.)

Together, with G = lambda / (1 + q):
    |read - ideal| <= [ G state_off + (lambda - G) lambda V + (N - 1) (lambda q / (1 + q)) R ] / lambda^2.
The three terms are about T q V, q V and (N - 1) q V: a leak that falls like e^-lambda and grows like T + N only.

*How it grows.*  With W = W(1/e) = 0.278.. let lambda >= 1 + W and r = R / V.  Then q <= e^-(1 + W) = W.  Since e^D >=
1 + D, r = D / (1 - e^-D) <= D + 1, and D = lambda + s <= lambda + q, so r <= lambda + 1 + W <= 2 lambda and r + 1 <=
2.79 lambda.  With s <= q and 1 / (1 + q) <= 1 the bound is at most q V / lambda times
1 + r + (T - 1) (r + 1) + lambda + (N - 1) r, so
    slots_leak <= q V (0.79 + 2 + 2.79 (T - 1) + 1 + 2 (N - 1)) <= 3 (T + N) V e^-lambda.

*A register* is a memory of one slot.  Its gate is open at all times and nothing else is read: N = 1.
*A total*: A = 0 and Delta = softplus(lambda) at every token, so it holds (lambda + s) sum v, read by G / lambda^2.

Raises: every function raises ValueError for numbers outside its domain: lambda below 1.28, V or eps not above 0, T or
N below 1.
"""

import math
from fractions import Fraction
from typing import Any

from bounds.gadgets import PEAK_ABOVE, above_zero
from bounds.reals import FLOATS, Number, Order, Reals, decide

LEAST = 1 + PEAK_ABOVE
"""silu falls up to -lambda from here on: its minimum lies above -1.28."""


def slots_leak(lam: Number, V: Number, T: int, N: int, reals: Reals = FLOATS) -> Any:
    """A bound of |read - ideal| for a memory of N slots that forgets, after T tokens with values in [-V, V]."""
    _check(lam, T=T, N=N)
    above_zero(V=V)
    scale, value = reals.number(lam), reals.number(V)
    q = reals.exp(-scale)
    share = q / (1 + q)
    return (
        state_off(lam, V, T, reals) / (1 + q) + scale * value * share + (N - 1) * share * state_bound(lam, V, reals)
    ) / scale


def slots_leak_simple(lam: Number, V: Number, T: int, N: int, reals: Reals = FLOATS) -> Any:
    """3 (T + N) V e^-lambda, which `slots_leak` never exceeds: lambda = log(3 (T + N) V / eps) is enough for eps."""
    _check(lam, T=T, N=N)
    above_zero(V=V)
    return 3 * (T + N) * reals.number(V) * reals.exp(-reals.number(lam))


def register_leak(lam: Number, V: Number, T: int, reals: Reals = FLOATS) -> Any:
    """The same for a register: one slot, always read."""
    return slots_leak(lam, V, T, 1, reals)


def total_leak(lam: Number, largest: Number, reals: Reals = FLOATS) -> Any:
    """The exact error of a total of modulus `largest`: largest |(1 + s / lambda) / (1 + q) - 1|.

    Attained: the total read is (lambda + s) G / lambda^2 times the true one.  (1 + s / lambda) / (1 + q) - 1 is
    (s / lambda - q) / (1 + q), and s / lambda < q for lambda >= 1.
    """
    _check(lam)
    above_zero(largest=largest)
    scale = reals.number(lam)
    q = reals.exp(-scale)
    return reals.number(largest) * (q - reals.log1p(q) / scale) / (1 + q)


def state_bound(lam: Number, V: Number, reals: Reals = FLOATS) -> Any:
    """R = D V / (1 - e^-D), D = softplus(lambda): what a state can be at most."""
    Delta = reals.number(lam) + reals.log1p(reals.exp(-reals.number(lam)))
    return Delta * reals.number(V) / -reals.expm1(-Delta)


def state_off(lam: Number, V: Number, T: int, reals: Reals = FLOATS) -> Any:
    """What a state is off lambda times its ideal value at most: s V + R q / (1 + q) + (T - 1) s (R + V).

    T s V, the bound before the first write, is smaller for every T >= 1.
    """
    q = reals.exp(-reals.number(lam))
    s, R, value = reals.log1p(q), state_bound(lam, V, reals), reals.number(V)
    return s * value + R * q / (1 + q) + (T - 1) * s * (R + value)


def slots_scale(V: Number, T: int, N: int, epsilon: Number) -> int:
    """The least power of two lambda, 2 at least, for which `slots_leak` is proved to be at most eps.

    The leak falls like e^-lambda, so doubling ends soon.  A power of two is what the blocks need: it scales floats
    without rounding.
    """
    above_zero(epsilon=epsilon)
    scale = 2
    while not leaks_at_most(scale, V, T, N, epsilon):
        scale *= 2
    return scale


def leaks_at_most(lam: Number, V: Number, T: int, N: int, epsilon: Number) -> bool:
    """Whether balls prove `slots_leak` <= eps."""
    order = decide(lambda reals: slots_leak(lam, V, T, N, reals), lambda reals: reals.number(epsilon))
    return order in (Order.LESS, Order.EQUAL)


def _check(lam: Number, **counts: int) -> None:
    if not LEAST <= lam < math.inf:
        raise ValueError(f"lambda = {lam} was given; the bound holds from {float(Fraction(LEAST))} on")
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} = {count} was given; it must be at least 1")
