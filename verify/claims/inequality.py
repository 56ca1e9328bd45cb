"""One displayed inequality of A.1, decided: first by instances that may break it, then by its proof.

An instance (verify/bounds/instances.py) is exact, so one that breaks the inequality is a witness. Three routes must
agree before it counts as proved: no instance of the family and none that a climb reaches breaks it; the two sides
themselves, as they are evaluated at instances, are compared with open numbers in the place of fractions
(open_instances.py), which proves them at small sizes; and the expressions of `proof`, the terms that the two sides are
made of, are nonnegative by their coefficients. From the terms to the sides at every size it is an induction in words,
beside `proof`. M = |Delta| = 1, since every side scales with M |Delta|.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import sympy

from verify.bounds.instances import Instance
from verify.claims.claim import Setup
from verify.claims.nonnegative import unproved
from verify.claims.open_instances import REACH, cells
from verify.claims.quotients import Open
from verify.notation import number
from verify.verdict import ESTABLISHED, Check, Verdict

HALF = Fraction(1, 2)
COEFFICIENTS = (HALF, Fraction(1))
DELTAS = (HALF, Fraction(1, 20))
BEFORE = (1, 2, 14)  # positions before pos in nearly tight instances
STARTS, STEPS = 6, 60
GRID = 20  # a climb moves coefficients by multiples of 1 / GRID, and scores by multiples of delta / GRID

_SMALL = "proved for {} by feeding both sides with unknowns: the slack has no negative coefficient"
_EVERY = (
    "at every size by the terms of both sides (sympy: no negative coefficients in nonnegative unknowns) and the "
    "induction in words beside them"
)

Side = Callable[[Instance], Fraction]


@dataclass(frozen=True)
class Inequality:
    """left <= right for every instance that `admits` lets through.

    proof: expressions that are nonnegative if the inequality holds in general, at every size; empty where it fails.
    """

    left: Side
    right: Side
    proof: Callable[[], Sequence[sympy.Expr]] = tuple
    admits: Callable[[Instance], bool] = Instance.meets_assumption_1

    def gap(self, x: Instance) -> Fraction | None:
        """left - right; None for an instance that does not count."""
        return self.left(x) - self.right(x) if self.admits(x) else None


def decided_inequality(
    claim: str,
    what: str,
    inequality: Inequality,
    setup: Setup,
    words: str,
    expected: frozenset[Verdict] = ESTABLISHED,
) -> Check:
    """The check of one inequality; `words` says what the two sides are."""
    tried, breaking = _first_breaking(inequality)
    starts = STARTS // 3 if setup.fast else STARTS
    if breaking is None:
        breaking = climb(inequality, setup.seed, starts)
    among = (
        f"{tried} exact instances, of up to 4 positions and nearly tight ones of up to {max(BEFORE) + 2} (Assumption 1 "
        f"as far as the inequality needs it), and {starts} climbs of {STEPS} steps from them, seed {setup.seed}"
    )
    found = breaking and (inequality.left(breaking), inequality.right(breaking), spelled(breaking))
    proof = inequality.proof()
    argued = Argued(proof, REACH, left_open(inequality) if proof and not breaking else "")
    return judged(claim, what, words, among, tried, found, argued, expected)


def left_open(inequality: Inequality) -> str:
    """The first of `cells` in which coefficients do not show left <= right; "" for none."""
    for x in cells():
        try:
            gap = inequality.gap(x)
            if gap is not None and gap > 0:
                return f"its sides at pos = {x.pos}, i = {len(x.scores)}"
        except Open as error:
            return str(error)
    return ""


@dataclass(frozen=True)
class Argued:
    """A proof. terms: expressions, one at least, that are nonnegative; sizes: up to which size the sides themselves
    were compared with unknowns, "" where the terms are the sides; missing: what that comparison left open."""

    terms: Sequence[sympy.Expr]
    sizes: str = ""
    missing: str = ""

    @property
    def unproved(self) -> str:
        """The first thing that is not proved; "" for nothing."""
        terms = unproved(self.terms) if self.terms else ["there is no proof"]
        return next(iter(terms), self.missing)

    @property
    def words(self) -> str:
        """What is proved, and how."""
        return f"{_SMALL.format(self.sizes)}; {_EVERY}" if self.sizes else f"proved {_EVERY}"


def judged(
    claim: str,
    what: str,
    words: str,
    among: str,
    tried: int,
    breaking: tuple[Any, Any, Mapping[str, Any]] | None,
    proof: Argued,
    expected: frozenset[Verdict] = ESTABLISHED,
) -> Check:
    """REFUTED by `breaking` (left, right, witness), VACUOUS if none of the `tried` instances counted, PROVED by the
    proof, else UNDECIDED. `among` says where a breaking one was looked for."""
    left, right, witness = breaking or (None, None, None)
    if breaking:
        verdict, found = Verdict.REFUTED, f"broken by one of {among}, in exact fractions"
    elif not tried:
        verdict, found = Verdict.VACUOUS, f"the hypotheses hold for none of {among}"
    elif proof.unproved:
        verdict, found = Verdict.UNDECIDED, f"not broken by {among}, but not proved: {proof.unproved}"
    else:
        verdict, found = Verdict.PROVED, f"{proof.words}; and not broken by {among}"
    return Check(f"claims/{claim}/{what}", claim, verdict, left, right, f"{words}; {found}", witness, expected=expected)


def sides(check: Check) -> str:
    """The line that compares the two sides of a broken inequality again."""
    return f"from fractions import Fraction as F; assert F('{check.value}') > F('{check.bound}')"


def spelled(x: Instance) -> dict[str, Any]:
    """All that is needed to evaluate an instance again, as exact fractions."""
    return {
        "a": list(map(str, x.forgetting)),
        "scores": list(map(str, x.scores)),
        "pos": x.pos,
        "L": x.L,
        "delta": number(x.delta),
    }


@cache
def family() -> tuple[Instance, ...]:
    """Nearly tight instances; then small ones, smallest first: every choice of coefficients, of scores on both sides of
    delta, of pos and L for up to three positions, and some of four."""
    return (*_tight(), *_instances())


def _tight() -> Iterator[Instance]:
    """Coefficients in (0, 1), as exp(Delta A) with A < 0 has them, and scores 49/50 of delta or nearer: geometric sums
    before pos, little forgotten at pos, and one step behind it that forgets half, or nearly all."""
    for n, delta, share in product(BEFORE, DELTAS, (Fraction(49, 50), Fraction(9999, 10000))):
        for high, own, low in product((HALF, Fraction(1, 100)), (Fraction(3, 4), Fraction(99, 100)), (HALF, HALF**7)):
            near = delta * share
            yield Instance((*[high] * n, own, low), (*[near] * n, delta, near), n + 1, 2, delta)


def _instances() -> Iterator[Instance]:
    for i, delta in product((1, 2, 3), (*DELTAS, Fraction(0))):
        near = delta * Fraction(9, 10)
        others = tuple(dict.fromkeys((Fraction(0), near, -near, delta, Fraction(3, 4))))
        own = tuple(dict.fromkeys((delta, Fraction(3, 4), -delta, Fraction(3, 2))))
        for pos in range(1, i + 1):
            levels = [own if j == pos else others for j in range(1, i + 1)]
            for a, scores in product(product(COEFFICIENTS, repeat=i), product(*levels)):
                for L in range(i - pos + 1, i + 1):
                    yield Instance(a, scores, pos, L, delta)
    for a, delta, last in product(product(COEFFICIENTS, repeat=4), DELTAS, DELTAS):
        near = delta * Fraction(9, 10)
        for pos in (2, 3):
            scores = [near, near, near, last * Fraction(9, 10)]
            scores[pos - 1] = delta
            yield Instance(a, tuple(scores), pos, 5 - pos, delta)


def _first_breaking(inequality: Inequality) -> tuple[int, Instance | None]:
    """How many instances counted, and the first that breaks the inequality."""
    tried = 0
    for x in family():
        gap = inequality.gap(x)
        tried += gap is not None
        if gap is not None and gap > 0:
            return tried, x
    return tried, None


def climb(inequality: Inequality, seed: int, starts: int) -> Instance | None:
    """An instance that breaks the inequality, hunted for by hill climbing on left - right in exact fractions."""
    rng = np.random.default_rng(seed)
    counting = [x for x in family() if inequality.admits(x)]
    for _ in range(starts if counting else 0):
        x = counting[int(rng.integers(len(counting)))]
        best = inequality.left(x) - inequality.right(x)
        for _ in range(STEPS):
            moved = _moved(x, rng)
            gap = inequality.gap(moved)
            if gap is not None and gap >= best:
                x, best = moved, gap
            if best > 0:
                return x
    return None


def _moved(x: Instance, rng: np.random.Generator) -> Instance:
    """The instance with one coefficient or one score changed."""
    j = int(rng.integers(len(x.scores)))
    if rng.integers(2):
        a = list(x.forgetting)
        a[j] = Fraction(int(rng.integers(1, GRID + 1)), GRID)
        return replace(x, forgetting=tuple(a))
    scores = list(x.scores)
    scores[j] += x.delta * Fraction(int(rng.integers(-GRID, GRID + 1)), GRID)
    return replace(x, scores=tuple(scores))
