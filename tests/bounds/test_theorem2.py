"""Theorem 2's threshold is enough, the requirement is exact, and the proof's own L~ is not enough."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.exact import attention_worst_case
from bounds.formats import FORMATS, format_of
from bounds.reals import FLOATS, Order, decide, digits, enclose, ends
from bounds.rounding import growth
from bounds.theorem2 import Theorem2

SCORES = st.fractions(min_value=-8, max_value=8, max_denominator=16)
POSITIVE = st.fractions(min_value=Fraction(1, 20), max_value=5, max_denominator=20)
SHARES = st.fractions(min_value=Fraction(1, 1000), max_value=Fraction(99, 100), max_denominator=1000)
TENTH = Fraction(1, 10)


@st.composite
def cases(draw):
    """Parameters and the scores of the other positions, the largest of them rho."""
    others = draw(st.lists(SCORES, min_size=1, max_size=8))
    i, L = len(others) + 1, draw(st.integers(1, 12))
    matched = draw(st.integers(1, min(L, i)))
    M, W_V = draw(POSITIVE), draw(POSITIVE)
    return Theorem2(L, i, matched, max(others), draw(SHARES) * 2 * M * W_V, M, W_V), others


def worst_error(p, others, score):
    """2 M W_V R / (1 + R) as a closed form, the score a closed form too."""

    def form(r):
        R = sum((r.exp(r.number(other) - score(r)) for other in others), r.number(0))
        return 2 * r.number(p.M) * r.number(p.W_V) * R / (1 + R)

    return form


@given(cases())
def test_the_threshold_and_the_required_score_are_enough(case):
    p, others = case
    for score in (p.threshold, p.required):
        above = worst_error(p, others, lambda r, score=score: score(r) + r.number(Fraction(1, 10**9)))
        assert decide(above, lambda r: r.number(p.epsilon)) is Order.LESS


@given(cases(), st.fractions(min_value=Fraction(1, 10**6), max_value=3))
def test_below_the_required_score_equal_scores_err(case, missing):
    p, _ = case
    error = worst_error(p, [p.rho] * (p.i - 1), lambda r: p.required(r) - r.number(missing))
    assert decide(error, lambda r: r.number(p.epsilon)) is Order.GREATER
    exactly = enclose(worst_error(p, [p.rho] * (p.i - 1), p.required), 200)
    low, high = ends(exactly)
    assert low <= p.epsilon <= high
    assert high - low < p.epsilon / 2**100


@given(cases())
def test_the_threshold_is_never_below_what_is_required(case):
    p, _ = case
    assert decide(p.required, p.threshold) is Order.LESS


@given(st.integers(1, 40), st.data())
def test_twice_L_tilde_counts_every_position(i, data):
    L = data.draw(st.integers(1, 50))
    matched = data.draw(st.integers(1, min(L, i)))
    p = Theorem2(L, i, matched, 0, TENTH, 1, 1)
    assert 2 * p.L_tilde >= i
    assert p.L_tilde_in_the_proof == L


def test_the_proofs_own_L_tilde_is_refuted_by_a_witness():
    """Long context, short window: 100 unmatched scores at rho, which max{L, |S|} = 4 does not count."""
    p = Theorem2(L=4, i=101, matched=1, rho=0, epsilon=TENTH, M=1, W_V=1)
    error = worst_error(p, [0] * 100, p.threshold_in_the_proof)
    assert decide(error, lambda r: r.number(p.epsilon)) is Order.GREATER
    assert decide(worst_error(p, [0] * 100, p.threshold), lambda r: r.number(p.epsilon)) is Order.LESS


def test_by_hand_and_in_floats_from_the_softmax_itself():
    p = Theorem2(L=8, i=20, matched=3, rho=1, epsilon=TENTH, M=2, W_V=3)
    assert p.L_tilde == 17
    low, _ = ends(enclose(lambda r: r.exp(p.threshold(r) - r.number(1)), 200))
    assert round(low) == 17 * 4 * 6 * 10
    score = p.required(FLOATS)
    (error,) = attention_worst_case([[1.0] * 19 + [score]], [19], 2, 3)
    tolerance = growth(4 * 20 + int(abs(score)) + 8, format_of("float64"), library_calls=8)
    assert abs(error - 0.1) <= tolerance * 0.1


def test_nothing_is_required_of_a_single_position_or_a_large_epsilon():
    p = Theorem2(L=1, i=1, matched=1, rho=0, epsilon=TENTH, M=1, W_V=1)
    assert p.required() is None
    assert replace(p, i=5, epsilon=2).required() is None
    assert replace(p, i=5).required() is not None


def test_a_threshold_of_exactly_rho_has_its_digits():
    """L~ 4 M W_V = eps: log L~ and c cancel, which two logarithms would leave as an enclosure of 0."""
    p = Theorem2(L=8, i=8, matched=1, rho=0, epsilon=96, M=1, W_V=3)
    assert digits(p.threshold, 5) == "0"
    assert digits(replace(p, rho=Fraction(1, 8)).threshold, 5) == "0.12500"


@pytest.mark.parametrize("name", FORMATS)
def test_the_largest_L_tilde_uses_up_the_format(name):
    p, format = Theorem2(4, 8, 2, -3, TENTH, 2, 1), format_of(name)

    def score_at_the_limit(r):
        return p.log10_largest_L_tilde(format, r) * r.log(r.number(10)) + r.number(p.rho) + p.c(r)

    low, high = ends(enclose(score_at_the_limit, 2000))
    assert low <= format.max <= high
    assert high - low < 1
    small = ends(enclose(lambda r: p.log10_largest_L_tilde(format_of("float16"), r), 64))
    assert 28440 < small[0] < 28450


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"L": 0}, "L = 0 was given; allowed are integers from 1 on"),
        ({"i": 0}, "i = 0"),
        ({"matched": 0}, "matched = 0 was given; allowed are 1 to min"),
        ({"matched": 5}, "= 4, pos included"),
        ({"rho": float("nan")}, "rho = nan"),
        ({"rho": float("inf")}, "rho = inf"),
        ({"epsilon": 0}, "epsilon = 0"),
        ({"M": float("nan")}, "M = nan"),
        ({"W_V": -1}, "W_V = -1"),
    ],
)
def test_parameters_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(Theorem2(4, 9, 2, 0, TENTH, 1, 1), **changes)
