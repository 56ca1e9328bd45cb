"""Instances that meet Assumption 1, in exact fractions: what errs, what does not, and from which score on.

The required score is an if-and-only-if: no instance errs above it, and just below it one does. The threshold is enough.
"""

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bounds.exact import ssm_worst_case
from bounds.reals import FLOATS, FRACTIONS, enclose, ends
from bounds.requirement import Requirement
from bounds.theorem1 import Status, Theorem1

HALF = Fraction(1, 2)
SHARES = st.fractions(min_value=0, max_value=Fraction(99, 100), max_denominator=100)
SIGNED_SHARES = st.fractions(min_value=Fraction(-99, 100), max_value=Fraction(99, 100), max_denominator=100)


@dataclass(frozen=True)
class Forgetting:
    """The coefficients up to pos (the last is a_pos) and after pos (the last is a_i), and what follows from them."""

    up_to_pos: list[Fraction]
    after_pos: list[Fraction]

    @property
    def pos(self) -> int:
        return len(self.up_to_pos)

    @property
    def alphas(self) -> list[Fraction]:
        """alpha_j = product of a_k, j < k <= i, for j = 1..i, at index j - 1."""
        alphas = [Fraction(1)]
        for a in reversed(self.up_to_pos + self.after_pos):
            alphas.append(alphas[-1] * a)
        return alphas[::-1]

    def window(self, L: int) -> list[int]:
        """The positions i - L < j <= i without pos, 0-based."""
        i = len(self.alphas)
        return [j for j in range(max(0, i - L), i) if j != self.pos]


def worst_error(p: Theorem1, forgetting: Forgetting, scores: list) -> Fraction:
    """The exact largest error over all inputs in [-M, M]^d."""
    weighted = [alpha * score for alpha, score in zip(forgetting.alphas, scores, strict=True)]
    return ssm_worst_case([weighted], [forgetting.pos], p.M, p.Delta)[0]


def meets_assumption_1(p: Theorem1, forgetting: Forgetting, scores: list) -> bool:
    window = {*forgetting.window(p.L), forgetting.pos}
    matched = [j for j in window if abs(scores[j]) >= p.delta]
    part = sum(forgetting.alphas[j] * abs(scores[j]) for j in matched)
    others = all(abs(scores[j]) < p.delta for j in range(len(scores)) if j not in matched)
    return forgetting.pos in matched and others and part < 1


def a_between(low, high):
    return st.fractions(min_value=low, max_value=high, max_denominator=12)


@st.composite
def parameters(draw):
    """Theorem 1's parameters together with a forgetting that they allow; delta and eps are in each other's reach."""
    a_min = draw(a_between(Fraction(1, 4), Fraction(11, 12)))
    a_max = draw(a_between(Fraction(0), Fraction(11, 12)))
    L = draw(st.integers(1, 5))
    after = draw(st.lists(a_between(a_min, 1), max_size=L - 1))
    up_to = draw(st.lists(a_between(0, a_max), max_size=3))
    forgetting = Forgetting(up_to, after)
    M, Delta = draw(a_between(Fraction(1, 2), 3)), draw(a_between(Fraction(1, 2), 3))
    e = draw(st.fractions(min_value=Fraction(1, 50), max_value=Fraction(5, 2), max_denominator=50))
    delta = draw(st.fractions(min_value=Fraction(1, 1000), max_value=e, max_denominator=1000))
    p = Theorem1(a_min, a_max, L, delta, e * M * Delta, M, Delta, forgetting.alphas[forgetting.pos])
    return p, forgetting


@st.composite
def other_scores(draw, p, forgetting, score):
    """Scores that meet Assumption 1 beside `score` at pos: some matched, as far as there is room, the rest not."""
    alphas = forgetting.alphas
    scores = [p.delta * draw(SIGNED_SHARES) for _ in alphas]
    room = 1 - alphas[forgetting.pos] * score
    window = [j for j in forgetting.window(p.L) if alphas[j] > 0]
    matched = draw(st.lists(st.sampled_from(window), unique=True, max_size=2)) if window else []
    if matched and p.delta * sum(alphas[j] for j in matched) < room:
        spare = (room - p.delta * sum(alphas[j] for j in matched)) * draw(SHARES)
        for j in matched:
            scores[j] = draw(st.sampled_from([-1, 1])) * (p.delta + spare / len(matched) / alphas[j])
    scores[forgetting.pos] = score
    return scores


def worst_forgetting(p: Theorem1, before: int) -> Forgetting:
    """pos farthest in the window, the decay to alpha_pos as near to pos as a_min allows, a_max up to pos."""
    n, a_min, alpha_pos = p.L - 1, Fraction(p.a_min), 1 / p.cap(FRACTIONS)
    P = [min(Fraction(1), alpha_pos * a_min ** (m - n)) for m in range(n + 1)]
    after = [P[m + 1] / P[m] for m in range(n)][::-1]
    return Forgetting([Fraction(p.a_max)] * before, after)


def nearly_worst_instance(p: Theorem1, before: int, score: Fraction, h: Fraction):
    """All bounds used up but for a part h: of delta, and where it pays of the room that the matched part leaves."""
    forgetting = worst_forgetting(p, before)
    scores = [p.delta * (1 - h) for _ in forgetting.alphas]
    room = 1 - forgetting.alphas[before] * score
    if p.L > 1:
        alpha = forgetting.alphas[before + 1]  # the least of the window
        if (1 - h) * room > p.delta * alpha:
            scores[before + 1] = (1 - h) * room / alpha
    scores[before] = score
    return forgetting, scores


@given(parameters(), SHARES, st.data())
def test_enough_no_instance_errs_from_the_required_score_on(case, share, data):
    p, forgetting = case
    required = p.required(FRACTIONS, before=forgetting.pos)
    assume(required is not None)
    score = required + share * (p.cap(FRACTIONS) - required)
    scores = data.draw(other_scores(p, forgetting, score))
    assert meets_assumption_1(p, forgetting, scores)
    assert worst_error(p, forgetting, scores) <= p.epsilon


@given(parameters(), st.fractions(min_value=Fraction(1, 10**6), max_value=1))
def test_needed_an_instance_errs_at_every_smaller_score(case, share):
    p, forgetting = case
    before = forgetting.pos
    assume(p.admits_instances(before))
    required = p.required(FRACTIONS, before=before)
    if required is None:  # no score is enough
        score = p.delta + (1 - share) * (p.cap(FRACTIONS) - p.delta)
        spare = p.alpha_pos * (p.cap(FRACTIONS) - score)
    else:
        assume(required > p.delta)
        score = required - share * (required - p.delta)
        spare = p.alpha_pos * (required - score)
    forgetting, scores = nearly_worst_instance(p, before, score, spare / (8 + 8 * sum(forgetting.alphas) + 8 * p.L))
    assert meets_assumption_1(p, forgetting, scores)
    assert worst_error(p, forgetting, scores) > p.epsilon


def test_a_required_score_planted_too_low_is_caught():
    """The bound without the matched position's part, delta W + u alone, calls a score enough that is not."""
    p = Theorem1(Fraction(1, 2), Fraction(1, 2), 3, Fraction(1, 100), Fraction(1, 2), 1, 1, Fraction(1, 4))
    terms = Requirement(p.a_min, p.a_max, p.L, p.delta, Fraction(p.epsilon), p.alpha_pos, 2)
    too_low = (1 - terms.slack(FRACTIONS)) / p.alpha_pos
    assert too_low < p.required(FRACTIONS, before=2)
    forgetting, scores = nearly_worst_instance(p, 2, too_low, Fraction(1, 1000))
    assert meets_assumption_1(p, forgetting, scores)
    assert worst_error(p, forgetting, scores) > p.epsilon


def least_upper_bound(alphas, pos, window, delta, u):
    """Steps 1 and 2 of the derivation by trying every set of matched positions."""
    bounds = [delta * sum(a for j, a in enumerate(alphas) if j != pos) + u]
    for size in range(1, len(window) + 1):
        for matched in itertools.combinations(window, size):
            if delta * sum(alphas[j] for j in matched) < u:
                bounds.append(bounds[0] + u - delta * sum(alphas[j] for j in matched))
    return max(bounds)


@pytest.mark.parametrize("decays", range(4))
@pytest.mark.parametrize("before", [0, 1, 2])
def test_the_bound_is_the_largest_over_all_forgetting_sequences(decays, before):
    """Step 3: all sequences over a grid, pos anywhere in the window of length 4, alpha_pos = a_min^decays."""
    a_min, a_max, L, delta = Fraction(1, 2), Fraction(2, 3), 4, Fraction(1, 10)
    alpha_pos = a_min**decays
    terms = Requirement(a_min, a_max, L, delta, Fraction(0), alpha_pos, before)
    after = [list(a) for n in range(L) for a in itertools.product((a_min, a_min**2, Fraction(1)), repeat=n)]
    up_to = [list(a) for n in range(before + 1) for a in itertools.product((Fraction(0), a_max), repeat=n)]
    candidates = [Forgetting(u, a) for u in up_to for a in after if min([*a, 1]) >= a_min]
    candidates = [f for f in candidates if f.alphas[f.pos] == alpha_pos]
    for u in (Fraction(1, 100), Fraction(1, 15), Fraction(1, 3), Fraction(1)):
        largest = max(least_upper_bound(f.alphas, f.pos, f.window(L), delta, u) for f in candidates)
        without, spread = -terms.slack(FRACTIONS), terms.spread(FRACTIONS)
        assert largest == without + u + max(0, u - spread)


@given(parameters(), st.integers(0, 4))
def test_more_positions_before_pos_only_make_it_harder(case, before):
    p, _ = case
    some, more, any_number = (p.required(FRACTIONS, before=k) for k in (before, before + 1, None))
    if any_number is not None:
        assert some <= more <= any_number
        assert any_number - p.required(FRACTIONS, before=400) <= p.delta * Fraction(p.a_max) ** 400 * 13
    if some is None:
        assert more is None


@given(parameters())
def test_the_default_alpha_pos_is_the_worst_one_written_out(case):
    p, _ = case
    worst = replace(p, alpha_pos=None)
    written_out = replace(p, alpha_pos=Fraction(p.a_min) ** (p.L - 1))
    assert worst.required(FRACTIONS) == written_out.required(FRACTIONS)
    assert worst.required(FRACTIONS, before=2) == written_out.required(FRACTIONS, before=2)


@given(parameters())
def test_floats_and_balls_agree_with_fractions(case):
    p, _ = case
    exact = p.required(FRACTIONS)
    if exact is None:
        assert p.required(FLOATS) is None
        assert enclose(lambda r: p.required(r) or r.number(-1), 64) == -1
        return
    low, high = ends(enclose(p.required, 200))
    assert low <= exact <= high
    assert high - low < exact / 2**150
    assert abs(Fraction(p.required(FLOATS)) - exact) < exact / 10**9


def test_edges():
    def required(a_min, a_max, L, delta, e, before=None, alpha_pos=None):
        return Theorem1(a_min, a_max, L, delta, e, 1, 1, alpha_pos).required(FRACTIONS, before=before)

    half, tenth, hundredth = Fraction(1, 2), Fraction(1, 10), Fraction(1, 100)
    assert required(half, half, 1, hundredth, half) == half + hundredth  # L = 1: slack e - delta, no matched partner
    assert required(1, half, 3, hundredth, half) == 1 - (half - 3 * hundredth + hundredth) / 2  # a_min = 1
    assert required(half, 1, 1, hundredth, half, before=3) == 1 - (half - 3 * hundredth)  # a_max = 1, finitely many
    assert required(half, 1, 1, hundredth, half) is None  # a_max = 1, any number
    assert required(half, 0, 2, hundredth, half, before=5) == required(half, 0, 2, hundredth, half, before=0)
    assert required(half, half, 2, tenth, 5) == tenth  # every matched score is enough
    assert required(half, half, 2, half, tenth) is None  # the unmatched alone may exceed eps
    assert required(half, half, 2, 2, 9) is None  # delta >= 1 / alpha_pos: pos cannot be matched
    assert required(half, half, 2, 0, half) is None  # delta = 0: nothing may be unmatched, yet something is
    assert required(half, half, 2, 0, half, before=0) == (1 - Fraction(1, 4)) / half
    with pytest.raises(ValueError, match="before = -1"):
        required(half, half, 2, half, half, before=-1)


def test_a_float_near_the_edge_is_decided_exactly():
    """slack = e - delta W is a rounding error above or below 0; floats alone could not tell."""
    for sign, found in ((1, True), (-1, False)):
        p = Theorem1(Fraction(1, 3), 0, 2, Fraction(1, 10), Fraction(1, 10) + sign * Fraction(1, 10**40), 1, 1)
        assert (p.required(FLOATS) is not None) is found


@given(parameters(), SHARES, st.data())
def test_the_threshold_is_enough(case, share, data):
    p, forgetting = case
    threshold, cap = max(p.threshold(FRACTIONS), p.delta), p.cap(FRACTIONS)
    assume(threshold < cap)
    score = threshold + share * (cap - threshold)
    scores = data.draw(other_scores(p, forgetting, score))
    assert meets_assumption_1(p, forgetting, scores)
    assert worst_error(p, forgetting, scores) <= p.epsilon


@pytest.mark.parametrize("dropped", ["after", "scale"])
def test_a_threshold_without_one_of_its_parts_is_caught(dropped):
    p = Theorem1(HALF, HALF, 3, Fraction(1, 50), Fraction(1, 10), 1, 1)
    parts = p.parts(FRACTIONS)
    assert parts is not None
    score = p.threshold(FRACTIONS) - parts[dropped]
    forgetting = Forgetting([HALF] * 4, [HALF] * 2)
    scores = [p.delta * Fraction(99, 100)] * 7
    scores[5] = Fraction(9, 10) * (1 - Fraction(1, 4) * score) / HALF  # the matched part nearly fills its room
    scores[4] = score
    assert meets_assumption_1(p, forgetting, scores)
    assert worst_error(p, forgetting, scores) > p.epsilon


@given(parameters(), SHARES)
def test_a_satisfiable_theorem_has_an_instance(case, share):
    p, forgetting = case
    assume(p.status() is Status.SATISFIABLE)
    least, cap = max(p.threshold(FRACTIONS), p.delta), p.cap(FRACTIONS)
    scores = [Fraction(0)] * len(forgetting.alphas)
    scores[forgetting.pos] = least + share * (cap - least)
    assert meets_assumption_1(p, forgetting, scores)
