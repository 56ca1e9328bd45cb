"""Theorem 2 (COPY by softmax attention): the paper's threshold and what is really required.

Attention weighs value j by the softmax of the scores q_i^T k_j over j <= i. With rho the largest score of the others,
Theorem 2 promises an error of at most eps once the score of pos exceeds rho by log L~ + c. No cap stands against it:
softmax normalises by itself, so the theorem is never vacuous.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds.formats import FloatFormat
from bounds.reals import FLOATS, Number, Reals


@dataclass(frozen=True)
class Theorem2:
    """The parameters of Theorem 2. Numbers may be int, float (taken as exact binary numbers) or Fraction.

    Args:
        L: length of the window i - L < j <= i that holds the matching set, at least 1.
        i: the output position, counted from 1, so that i scores enter the softmax.
        matched: |S_i|, the size of the matching set, pos included; from 1 to min(L, i).
        rho: the largest score q_i^T k_j with j != pos, any finite number.
        epsilon: allowed error in the maximum norm, above 0.
        M: bound of the inputs' moduli, above 0.
        W_V: ||W_V||_inf, the largest absolute row sum of the value map, above 0.

    Raises:
        ValueError: an argument outside these ranges.
    """

    L: int
    i: int
    matched: int
    rho: Number
    epsilon: Number
    M: Number
    W_V: Number

    def __post_init__(self) -> None:
        for name in ("L", "i"):
            value = getattr(self, name)
            if not (isinstance(value, int) and value >= 1):
                raise ValueError(f"{name} = {value} was given; allowed are integers from 1 on")
        most = min(self.L, self.i)
        if not (isinstance(self.matched, int) and 1 <= self.matched <= most):
            raise ValueError(f"matched = {self.matched} was given; allowed are 1 to min(L, i) = {most}, pos included")
        if not -math.inf < self.rho < math.inf:
            raise ValueError(f"rho = {self.rho} was given; allowed are finite numbers")
        for name in ("epsilon", "M", "W_V"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)} was given; allowed are finite numbers above 0")

    @property
    def L_tilde(self) -> int:
        """max{L, i - |S_i|}, as the theorem states it."""
        return max(self.L, self.i - self.matched)

    @property
    def L_tilde_in_the_proof(self) -> int:
        """max{L, |S_i|}, as the proof prints it above Eq. 34: always L, since the matching set lies in the window."""
        return max(self.L, self.matched)

    def c(self, reals: Reals = FLOATS) -> Any:
        """c = log(4 M W_V / eps), the constant of Eq. 35."""
        return reals.log(reals.number(self._exp_c))

    @property
    def _exp_c(self) -> Fraction:
        return 4 * Fraction(self.M) * Fraction(self.W_V) / Fraction(self.epsilon)

    def threshold(self, reals: Reals = FLOATS) -> Any:
        """The score q_i^T k_pos from which Theorem 2 promises an error of at most eps: log L~ + rho + c."""
        return self._threshold(self.L_tilde, reals)

    def threshold_in_the_proof(self, reals: Reals = FLOATS) -> Any:
        """The same with the proof's own L~, which counts none of the unmatched positions (Eq. 34-35)."""
        return self._threshold(self.L_tilde_in_the_proof, reals)

    def _threshold(self, L_tilde: int, reals: Reals) -> Any:
        # One logarithm of log L~ + c together, so that a threshold of exactly rho has its digits: log 1 is exactly 0.
        return reals.number(self.rho) + reals.log(reals.number(L_tilde * self._exp_c))

    def required(self, reals: Reals = FLOATS) -> Any:
        """The least score from which the error is at most eps in every instance whose other scores are at most rho.

        By bounds/exact.py the exact worst error is 2 M W_V R / (R + exp(s)), R the sum of exp over the i - 1 other
        scores. It falls in s and grows in R, and R <= (i - 1) exp(rho), so with e = eps / (2 M W_V) the demand is

            s >= rho + log(i - 1) + log((1 - e) / e).

        Needed too: all other scores equal to rho is an instance. (With a score of pos above |rho|, Assumption 2 admits
        it: delta between the two leaves only pos matched.)

        `threshold` is never below it: exp(threshold - required) = 2 L~ / ((i - 1) (1 - e)), and 2 L~ >= i because the
        larger of L >= |S_i| and i - |S_i| is at least half of their sum. With the proof's L~ = L it is below as soon as
        (i - 1) (1 - e) > 2 L.

        Returns:
            The score, or None if none is required: i = 1, or eps >= 2 M W_V.
        """
        e = self._share()
        if self.i == 1 or e >= 1:
            return None
        return reals.number(self.rho) + reals.log(reals.number((self.i - 1) * (1 - e) / e))

    def _share(self) -> Fraction:
        """e = eps / (2 M W_V): the part of the softmax weight that may lie off pos."""
        return Fraction(self.epsilon) / (2 * Fraction(self.M) * Fraction(self.W_V))

    def log10_largest_L_tilde(self, format: FloatFormat, reals: Reals = FLOATS) -> Any:
        """log10 of the largest L~ whose threshold does not exceed the format's largest number.

        threshold <= max says log L~ <= max - rho - c. The answer is a logarithm because L~ itself is astronomic: with
        rho = 0, M = W_V = 1 and eps = 0.1 it is 10^28446 in float16, whose largest number is 65504. Nothing else in
        the format limits L~ in this way: a score between two numbers is rounded up to the next, which only helps, and
        exp is taken of differences of scores that are at most 0, so it does not overflow. What limits sooner are the
        roundings of long sums (bounds/rounding.py) and a construction's own need of digits.
        """
        room = reals.number(format.max) - reals.number(self.rho) - self.c(reals)
        return room / reals.log(reals.number(10))
