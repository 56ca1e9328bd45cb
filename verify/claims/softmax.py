"""Exact instances of Theorem 2's hypotheses, and inequalities over them: softmax attention at one position, with exp of
every score a fraction.

The weights of the softmax are then fractions too, so an instance that breaks an inequality of A.2 is a witness. Scores
and delta are given by their exponentials; |score| >= delta says that exp(score) or its inverse is at least exp(delta).
M = ||W_V|| = 1, since every side scales with M ||W_V||.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import sympy

from verify.claims.inequality import Argued, judged
from verify.claims.quotients import Open, positive
from verify.verdict import ESTABLISHED, Check, Verdict

ONE = Fraction(1)
EDGE = Fraction(2)  # exp(delta)
FULL = 4  # positions up to which the sides are compared with unknowns
REACH = f"all real instances of up to {FULL} positions with delta > 0"


@dataclass(frozen=True)
class Softmax:
    """One output position i = len(weights); positions are counted from 1, and pos is the last one.

    weights: exp(q_i^T k_j) for j = 1 .. i, above 0. L: the window i - L < j <= i. edge: exp(delta).
    """

    weights: tuple[Fraction, ...]
    L: int
    edge: Fraction

    @property
    def i(self) -> int:
        """The output position, which is also pos."""
        return len(self.weights)

    @property
    def own(self) -> Fraction:
        """exp of the score of pos."""
        return self.weights[-1]

    @property
    def rest(self) -> Fraction:
        """sum over j != pos of exp(q_i^T k_j)."""
        return sum(self.weights[:-1], Fraction(0))

    def matched(self) -> list[int]:
        """The (L, delta)-matching set of Definition 4."""
        return [j for j in range(max(1, self.i - self.L + 1), self.i + 1) if self._far(j)]

    def meets_assumption_2(self) -> bool:
        """Whether pos is matched, and every position that is not has a score below delta in modulus."""
        matched = self.matched()
        return self.i in matched and not any(self._far(j) for j in range(1, self.i + 1) if j not in matched)

    def _far(self, j: int) -> bool:
        return self.weights[j - 1] >= self.edge or 1 / self.weights[j - 1] >= self.edge

    def rho(self) -> Fraction:
        """exp of the largest score with j != pos; ValueError where there is no other position."""
        return max(self.weights[:-1])

    def rho_matched(self) -> Fraction:
        """exp of the largest matched score with j != pos; ValueError where nothing else is matched."""
        return max(self.weights[j - 1] for j in self.matched() if j != self.i)

    def share(self) -> Fraction:
        """a_{i,pos}."""
        return self.own / (self.own + self.rest)

    def worst_error(self) -> Fraction:
        """|y_i - v_pos| at values 1, but -1 at pos: the largest there is over [-1, 1] (bounds/exact.py)."""
        total = sum(self.weights)
        return sum((w / total for w in self.weights[:-1]), -self.own / total) + 1

    def spelled(self) -> dict[str, Any]:
        """All that is needed to evaluate it again."""
        return {"exp_scores": list(map(str, self.weights)), "pos": self.i, "L": self.L, "exp_delta": str(self.edge)}


Side = Callable[[Softmax], Fraction]
Length = Callable[[Softmax], int | Fraction]


@cache
def family() -> tuple[Softmax, ...]:
    """Small instances of Assumption 2, smallest first: up to 12 unmatched positions of one weight, up to 2 matched."""
    return tuple(x for x in _instances() if x.meets_assumption_2())


def _instances() -> Iterator[Softmax]:
    unmatched_weights = (ONE, Fraction(3, 4), Fraction(3, 2), Fraction(7, 4))
    matched_weights = (EDGE, Fraction(1, 2), Fraction(3))
    own_weights = (EDGE, Fraction(4), Fraction(16), Fraction(64))
    for unmatched, matched in product(range(13), range(3)):
        for u, w, own, wider in product(unmatched_weights, matched_weights, own_weights, range(2)):
            yield Softmax((*[u] * unmatched, *[w] * matched, own), matched + 1 + wider, EDGE)


def compared(
    claim: str,
    what: str,
    left: Side,
    right: Side,
    proof: Sequence[sympy.Expr],
    words: str,
    expected: frozenset[Verdict] = ESTABLISHED,
    admits: Callable[[Softmax], bool] = lambda _: True,
) -> Check:
    """left <= right for every instance of Assumption 2 that is admitted."""
    cases = [x for x in family() if admits(x)]
    worst = next((x for x in cases if left(x) > right(x)), None)
    among = f"{len(cases)} exact instances of Assumption 2 with i <= 15"
    found = worst and (left(worst), right(worst), worst.spelled())
    argued = Argued(proof, REACH, left_open(left, right, admits) if proof and not worst else "")
    return judged(claim, what, words, among, len(cases), found, argued, expected)


def left_open(left: Side, right: Side, admits: Callable[[Softmax], bool]) -> str:
    """The first of `cells` in which coefficients do not show left <= right; "" for none."""
    for x in cells():
        try:
            if admits(x) and left(x) > right(x):
                return f"its sides at i = {x.i}, L = {x.L}"
        except Open as error:
            return str(error)
    return ""


@cache
def cells() -> tuple[Softmax, ...]:
    """All instances of Assumption 2 of up to FULL positions at once, their numbers open (`quotients`).

    A cell fixes how many positions are unmatched, matched with a score of at least delta, and with one of at most
    -delta, in which way pos itself is matched, and L. Each kind rises, the matched ones stand in the window: no side
    depends on the order of positions otherwise. Equal scores are the limits of rising ones.
    """
    kinds = product(range(FULL), repeat=3)
    few = [kind for kind in kinds if sum(kind) < FULL]
    return tuple(
        _open(kind, high, L)
        for kind in sorted(few, key=sum)
        for high in (True, False)
        for L in range(kind[1] + kind[2] + 1, sum(kind) + 3)
    )


def _open(kind: tuple[int, ...], high: bool, L: int) -> Softmax:
    unmatched, above, below = kind
    count = unmatched + above + below
    *t, own, d = positive([f"t{k}" for k in range(count)] + ["own", "d"])
    edge = 1 + d
    weights, last = [], 1 / edge
    for k in range(unmatched):
        last = (last + t[k] * edge) / (1 + t[k])  # between the last one and exp(delta)
        weights.append(last)
    last = 1 / edge
    for k in range(unmatched, unmatched + below):
        last = last / (1 + t[k])
        weights.append(last)
    last = edge
    for k in range(unmatched + below, count):
        last = last + t[k]
        weights.append(last)
    return Softmax((*weights, edge + own if high else 1 / (edge + own)), L, edge)


def L_tilde(x: Softmax) -> int:
    """max{L, i - |S_i|}, as the theorem has it."""
    return max(x.L, x.i - len(x.matched()))


def L_tilde_in_the_proof(x: Softmax) -> int:
    """max{L, |S_i|}, as A.2 has it above Eq. 34; it is L."""
    return max(x.L, len(x.matched()))


def crowded(x: Softmax) -> bool:
    """Whether something is matched beside pos, so that rho over the matching set exists."""
    return len(x.matched()) > 1
