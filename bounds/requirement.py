"""What Assumption 1 alone makes of the SSM's score: the if-and-only-if counterpart of Theorem 1's threshold.

An instance is a choice of forgetting coefficients, scores and inputs that meets Assumption 1 at position i: pos and
every other matched position lie in the window i - L < j <= i, matched scores are at least delta in modulus, all others
below it, and the matched part sum_{j in S} alpha_j |c_i^T b_j| is below 1. Write x = alpha_pos c_i^T b_pos, in (0, 1),
u = 1 - x and e = eps / (M Delta).

1. For given scores the worst error over the inputs is M Delta (T + U + u), where T and U are the sums of
   alpha_j |c_i^T b_j| over the matched j != pos and over the unmatched j (bounds/exact.py). Assumption 1 allows T < u.

2. Let W = sum_{j != pos} alpha_j. With nothing else matched, T = 0 and U comes as near to delta W as one likes. With a
   set Q matched besides pos, which needs delta sum_Q alpha_j < u, T comes as near to u and U to
   delta (W - sum_Q alpha_j). The best Q is the one position of the window with the least alpha_j, alpha'. So the least
   upper bound of the error is

       M Delta max(delta W + u, delta (W - alpha') + 2 u),

   for where such a Q is not allowed, delta alpha' >= u, the second is not above the first.

3. Over the forgetting coefficients: let n = i - pos <= L - 1. The positions after pos have alpha_j = P_(i-j) with
   P_0 = 1 >= P_1 >= .. >= P_n = alpha_pos and P_(m+1) >= a_min P_m. Hence P_m <= min(1, alpha_pos a_min^(m-n)), and
   these upper bounds are themselves such a sequence: it makes W and W - alpha' as large as they can be for this n. For
   a larger n the sum over them has more terms, each min(1, alpha_pos a_min^-m) = 1 since alpha_pos >= a_min^n. So a
   pos nearer than L - 1 has a W smaller by at least 1, hence by at least the alpha' <= 1 of the farthest pos: both
   terms of the maximum are largest at n = L - 1, where pos is the farthest of the window and nothing before it is
   matched:

       W = alpha_pos sum_{m=1}^{before} a_max^m + sum_{m=1}^{L-1} min(1, alpha_pos a_min^-m),
       alpha' = min(1, alpha_pos / a_min), and no alpha' if L = 1.

   For alpha_pos = a_min^(L-1) the second sum is (1 - a_min^(L-1)) / (1 - a_min).

4. The least upper bound is not attained, so the error is at most eps in every instance exactly if the bound is, that
   is, if u <= u*:

       u* = e - delta W                          if that is at most delta alpha', or L = 1,
       u* = (e - delta W + delta alpha') / 2     otherwise,

   and the required score is (1 - u*) / alpha_pos, or delta if that is larger. If u* <= 0 no score is enough.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from bounds.integers import largest_integer
from bounds.reals import Number, Order, Reals, decide


@dataclass(frozen=True)
class Requirement:
    """The quantities of the derivation above; ranges as in `Theorem1`, which checks them.

    Args:
        e: eps / (M Delta).
        before: the largest number of positions before pos; None if any number is possible (then a_max < 1).
    """

    a_min: Number
    a_max: Number
    L: int
    delta: Number
    e: Fraction
    alpha_pos: Number | None
    before: int | None

    def alpha(self, reals: Reals) -> Any:
        """alpha_pos, by default a_min^(L-1)."""
        if self.alpha_pos is None:
            return reals.number(self.a_min) ** (self.L - 1)
        return reals.number(self.alpha_pos)

    def weight_before(self, reals: Reals) -> Any:
        """sum_{m=1}^{before} a_max^m: the positions before pos, relative to alpha_pos."""
        a_max = reals.number(self.a_max)
        if self.before is None:
            return a_max / (1 - a_max)
        if self.a_max == 1:
            return reals.number(self.before)
        return a_max * (1 - a_max**self.before) / (1 - a_max)

    def weight_after(self, reals: Reals) -> Any:
        """sum_{m=1}^{L-1} min(1, alpha_pos a_min^-m): the positions after pos.

        The terms below 1, those with a_min^m > alpha_pos, come first and make a geometric sum.
        """
        if self.a_min == 1:
            return reals.number(self.L - 1)
        a_min, alpha = reals.number(self.a_min), self.alpha(reals)
        if self.alpha_pos is None:
            return (1 - alpha) / (1 - a_min)
        k = self._terms_below_one
        return alpha * (a_min**-k - 1) / (1 - a_min) + (self.L - 1 - k)

    @cached_property
    def _terms_below_one(self) -> int:
        def above(m: int) -> bool:
            return decide(lambda r: r.number(self.a_min) ** m, self.alpha) is Order.GREATER

        return largest_integer(above, 0, self.L - 1) or 0

    def spread(self, reals: Reals) -> Any:
        """delta alpha': the most that the window's most forgotten position may weigh unmatched; 0 if L = 1."""
        delta, a_min = reals.number(self.delta), reals.number(self.a_min)
        if self.L == 1:
            return 0 * delta
        if self.alpha_pos is None:
            return delta * a_min ** (self.L - 2)
        return delta * reals.number(min(Fraction(1), Fraction(self.alpha_pos) / Fraction(self.a_min)))

    def slack(self, reals: Reals) -> Any:
        """e - delta W: what the unmatched scores leave of e."""
        weight = self.alpha(reals) * self.weight_before(reals) + self.weight_after(reals)
        return reals.number(self.e) - reals.number(self.delta) * weight

    def shortfall(self, reals: Reals) -> Any:
        """u*, the most that alpha_pos times the score may stay below 1."""
        if self._matching_pays:
            return (self.slack(reals) + self.spread(reals)) / 2
        return self.slack(reals)

    @cached_property
    def _matching_pays(self) -> bool:
        """Whether at u* the error is largest with the window's most forgotten position matched."""
        return self.L > 1 and decide(self.slack, self.spread) is Order.GREATER

    def bare_score(self, reals: Reals) -> Any:
        """(1 - u*) / alpha_pos, by the inverse of a_min so that floats overflow there rather than divide by 0."""
        if self.alpha_pos is None:
            return (1 - self.shortfall(reals)) * (1 / reals.number(self.a_min)) ** (self.L - 1)
        return (1 - self.shortfall(reals)) / self.alpha(reals)

    def score(self, reals: Reals) -> Any:
        """max(delta, (1 - u*) / alpha_pos), or None if u* <= 0; every choice is proved."""
        if decide(self.slack, lambda r: r.number(0)) is not Order.GREATER:
            return None
        if decide(self.bare_score, lambda r: r.number(self.delta)) is Order.LESS:
            return reals.number(self.delta)
        return self.bare_score(reals)
