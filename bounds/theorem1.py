"""Theorem 1 (COPY by the SSM module): the paper's threshold, where it can hold at all, and what is really required.

Eq. 6 weighs value j by alpha_j c_i^T b_j, alpha_j the forgetting from j to i. Under Assumption 1 the scores outside the
matching set are below delta in modulus and the matched part sum_{j in S} alpha_j |c_i^T b_j| is below 1. Theorem 1
promises an error of at most eps once the score c_i^T b_pos reaches `threshold`; Assumption 1 itself keeps that score
below `cap`; `required` is the score that is enough in every instance and, in the worst one, needed.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import Any

from bounds.formats import FloatFormat
from bounds.integers import largest_integer
from bounds.reals import FLOATS, FRACTIONS, Number, Order, Reals, decide
from bounds.requirement import Requirement


class Status(Enum):
    """What Theorem 1 says for given parameters; the value is a sentence for the reader."""

    SATISFIABLE = "some instance meets both Assumption 1 and the threshold"
    VACUOUS = "no instance meets both Assumption 1 and the threshold, so the theorem says nothing"
    UNDEFINED = "the printed formula divides by zero"


@dataclass(frozen=True)
class Theorem1:
    """The parameters of Theorem 1. Numbers may be int, float (taken as exact binary numbers) or Fraction.

    The printed definition of a_max leaves out a_pos, although by Eq. 12 every alpha_j / alpha_pos with j < pos contains
    it; here a_max bounds a_pos too, without which Eq. 16 is false. (Eq. 19 and the threshold hold either way: the
    factor adds at most 1 to the first sum, and Eq. 19 has dropped 1 / (1 - a_min) >= 1 from the second.) a_min is any
    lower bound of the a_k after pos: the statements below hold for all instances whose smallest a_k is at least that.

    The scores are those of one output position i; "before" and "after" mean positions below and above pos.

    Args:
        a_min: lower bound of the forgetting coefficients a_k, pos < k <= i; in (0, 1].
        a_max: upper bound of the a_k, 1 < k <= pos; in [0, 1].
        L: length of the window i - L < j <= i that holds the matching set and pos.
        delta: unmatched scores are below it in modulus, matched ones are not; at least 0.
        epsilon: allowed error in the maximum norm, above 0.
        M: bound of the inputs' moduli, above 0.
        Delta: ||Delta||_inf, the largest step size, above 0.
        alpha_pos: forgetting from pos to i, in [a_min^(L-1), 1]; by default the worst case a_min^(L-1).

    Raises:
        ValueError: an argument outside these ranges.
    """

    a_min: Number
    a_max: Number
    L: int
    delta: Number
    epsilon: Number
    M: Number
    Delta: Number
    alpha_pos: Number | None = None

    def __post_init__(self) -> None:
        if not 0 < self.a_min <= 1:
            raise ValueError(f"a_min = {self.a_min} was given; allowed are numbers in (0, 1]")
        if not 0 <= self.a_max <= 1:
            raise ValueError(f"a_max = {self.a_max} was given; allowed are numbers in [0, 1]")
        if not (isinstance(self.L, int) and self.L >= 1):
            raise ValueError(f"L = {self.L} was given; allowed are integers from 1 on")
        if not 0 <= self.delta < math.inf:
            raise ValueError(f"delta = {self.delta} was given; allowed are finite numbers from 0 on")
        for name in ("epsilon", "M", "Delta"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)} was given; allowed are finite numbers above 0")
        if self.alpha_pos is not None:
            self._check_alpha_pos(self.alpha_pos)

    def _check_alpha_pos(self, alpha_pos: Number) -> None:
        least = f"a_min^(L-1) = ({self.a_min})^{self.L - 1}"
        if not 0 < alpha_pos <= 1 or decide(lambda r: r.number(alpha_pos), self._least_alpha) is Order.LESS:
            raise ValueError(f"alpha_pos = {alpha_pos} was given; allowed are numbers from {least} to 1")

    @property
    def undefined(self) -> str | None:
        """Why the printed formula has no value, or None if it has one."""
        zeros = [f"1 - {name} = 0" for name in ("a_min", "a_max") if getattr(self, name) == 1]
        stand = "stands in a denominator" if len(zeros) == 1 else "stand in denominators"
        return f"{' and '.join(zeros)} {stand}" if zeros else None

    def c(self, reals: Reals = FLOATS) -> Any:
        """c = delta / (2 (1 - a_min)) of Eq. 25, or None where the formula is undefined."""
        if self.undefined:
            return None
        return reals.number(self.delta) / (2 * (1 - reals.number(self.a_min)))

    def d(self, reals: Reals = FLOATS) -> Any:
        """d of Eq. 25, the sum of the last two parts, or None where the formula is undefined.

        It is a constant only if alpha_pos is: with alpha_pos = a_min^(L-1) it grows with L like the other term.
        """
        parts = self.parts(reals)
        return None if parts is None else parts["scale"] + parts["before"]

    def parts(self, reals: Reals = FLOATS) -> dict[str, Any] | None:
        """The addends of Eq. 24, or None where the formula is undefined.

        "after": delta / (2 (1 - a_min)) (1/a_min)^(L-1), the unmatched positions after pos (Eq. 19, second part);
        "scale": (1 - eps / (2 M Delta)) / alpha_pos, which brings alpha_pos times the score near 1 (Eq. 11);
        "before": delta a_max / (2 (1 - a_max)), the unmatched positions before pos (Eq. 19, first part).
        """
        if self.undefined:
            return None
        a_max, delta = reals.number(self.a_max), reals.number(self.delta)
        return {
            "after": self.c(reals) * self._inverse_least_alpha(reals),
            "scale": (1 - self._share(reals) / 2) * self._inverse_alpha(reals),
            "before": delta * a_max / (2 * (1 - a_max)),
        }

    def threshold(self, reals: Reals = FLOATS) -> Any:
        """The score c_i^T b_pos from which Theorem 1 promises an error of at most eps: c (1/a_min)^(L-1) + d, Eq. 25.

        None where the formula is undefined. Floats raise OverflowError beyond their range; balls and fractions go on.
        """
        parts = self.parts(reals)
        return None if parts is None else parts["after"] + parts["scale"] + parts["before"]

    def cap(self, reals: Reals = FLOATS) -> Any:
        """1 / alpha_pos: below it Assumption 1 keeps the score, as pos is matched and alpha_pos |c_i^T b_pos| < 1."""
        return self._inverse_alpha(reals)

    def admits_instances(self, before: int | None = None) -> bool:
        """Whether Assumption 1 can hold at position i at all, proved.

        pos is matched, so delta <= |score| < 1 / alpha_pos. And no score has a modulus below 0, so delta = 0 leaves no
        room for unmatched positions: none may lie before the window (`before`, see `required`).
        """
        _check_before(before)
        if self.delta == 0:
            return before == 0
        return decide(lambda r: r.number(self.delta), self.cap) is Order.LESS

    def status(self, before: int | None = None) -> Status:
        """Whether Assumption 1 and the threshold can hold together, proved: there must be scores from threshold to cap.

        If there are, take one that is also at least delta, and 0 for all other scores: all hypotheses hold.
        """
        if self.undefined:
            return Status.UNDEFINED
        if self.admits_instances(before) and decide(self.threshold, self.cap) is Order.LESS:
            return Status.SATISFIABLE
        return Status.VACUOUS

    def largest_delta(self, reals: Reals = FLOATS) -> Any:
        """The delta below which (not at which) Theorem 1 is satisfiable, all else fixed; None where it is undefined.

        threshold < cap says delta G / 2 + (1 - e/2) / alpha_pos < 1 / alpha_pos with e = eps / (M Delta) and
        G = (1/a_min)^(L-1) / (1 - a_min) + a_max / (1 - a_max), hence delta < e / (alpha_pos G). Besides, delta < cap.
        """
        if self.undefined:
            return None
        if decide(self._share, self._unmatched_weight) is Order.LESS:
            return self._share(reals) * self._inverse_alpha(reals) / self._unmatched_weight(reals)
        return self.cap(reals)

    def largest_holdable_L(self, format: FloatFormat) -> int | None:
        """The largest L whose threshold does not exceed the format's largest number, proved.

        All else is fixed, and alpha_pos = a_min^(L-1). 0 if not even L = 1 will do; None if there is no largest, which
        happens when eps is so large that the threshold never grows: it is
        g (1/a_min)^(L-1) + delta a_max / (2 (1 - a_max)) with g = delta / (2 (1 - a_min)) + 1 - eps / (2 M Delta), so
        it grows exactly if g > 0. Then (1/a_min)^(L-1) >= 1 + (L-1) (1/a_min - 1) (Bernoulli) bounds the search.

        Raises:
            ValueError: the formula is undefined.
        """
        if self.undefined:
            raise ValueError(f"the threshold has no value: {self.undefined}")
        g = self.c(FRACTIONS) + 1 - self._share(FRACTIONS) / 2
        if g <= 0:
            return None
        step = 1 / Fraction(self.a_min) - 1
        stop = 2 + int(format.max / (g * step))

        def holds(L: int) -> bool:
            worst = replace(self, L=L, alpha_pos=None)
            return decide(worst.threshold, lambda r: r.number(format.max)) in (Order.LESS, Order.EQUAL)

        return largest_integer(holds, 1, stop) or 0

    def required(self, reals: Reals = FLOATS, before: int | None = None) -> Any:
        """The least score from which the error is at most eps in every instance that meets Assumption 1.

        If and only if: for each smaller score (of at least delta) some instance errs by more. The threshold is never
        below it, except that no score below delta is matched at all, whatever the threshold. Derived in
        bounds/requirement.py.

        Args:
            before: the largest number of positions before pos; by default any number is possible.

        Returns:
            The score, or None if there is none below the cap, or no instance at all (`admits_instances`).

        Raises:
            ValueError: a negative `before`.
        """
        if not self.admits_instances(before) or (self.a_max == 1 and before is None):
            return None
        e = Fraction(self.epsilon) / (Fraction(self.M) * Fraction(self.Delta))
        return Requirement(self.a_min, self.a_max, self.L, self.delta, e, self.alpha_pos, before).score(reals)

    def _share(self, reals: Reals) -> Any:
        """e = eps / (M Delta)."""
        return reals.number(self.epsilon) / (reals.number(self.M) * reals.number(self.Delta))

    def _least_alpha(self, reals: Reals) -> Any:
        return reals.number(self.a_min) ** (self.L - 1)

    def _inverse_least_alpha(self, reals: Reals) -> Any:
        return (1 / reals.number(self.a_min)) ** (self.L - 1)

    def _inverse_alpha(self, reals: Reals) -> Any:
        if self.alpha_pos is None:
            return self._inverse_least_alpha(reals)
        return 1 / reals.number(self.alpha_pos)

    def _unmatched_weight(self, reals: Reals) -> Any:
        """G of `largest_delta`: Eq. 19 over delta."""
        a_min, a_max = reals.number(self.a_min), reals.number(self.a_max)
        return self._inverse_least_alpha(reals) / (1 - a_min) + a_max / (1 - a_max)


def _check_before(before: int | None) -> None:
    if before is not None and before < 0:
        raise ValueError(f"before = {before} was given; allowed are integers from 0 on, or None for any number")
