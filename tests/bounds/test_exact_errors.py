"""The exact worst cases against every corner of the box of values, and the values that attain them."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from bounds.exact import (
    attention_required_score,
    attention_worst_case,
    attention_worst_values,
    ssm_required_score,
    ssm_worst_case,
    ssm_worst_values,
)
from bounds.formats import format_of
from bounds.reals import Order, balls, decide, enclose, ends
from bounds.rounding import growth

SCORES = st.lists(st.fractions(min_value=-2, max_value=2, max_denominator=12), min_size=1, max_size=5)
POSITIVE = st.fractions(min_value=Fraction(1, 20), max_value=5, max_denominator=20)
WEIGHTS = st.lists(st.integers(1, 1000), min_size=1, max_size=5)


@st.composite
def ssm_rows(draw):
    scores = draw(SCORES)
    steps = draw(st.lists(POSITIVE, min_size=len(scores), max_size=len(scores)))
    return scores, draw(st.integers(0, len(scores) - 1)), draw(POSITIVE), steps


def ssm_error(scores, pos, Delta, x):
    """|y - v_pos| of Eq. 6 in one coordinate, from its definition."""
    return abs(sum(s * step * x_j for s, step, x_j in zip(scores, Delta, x, strict=True)) - Delta[pos] * x[pos])


@given(ssm_rows())
def test_the_ssm_worst_case_is_the_largest_error_over_all_corners(row):
    scores, pos, M, Delta = row
    (worst,) = ssm_worst_case([scores], [pos], M, Delta)
    corners = itertools.product((-M, M), repeat=len(scores))
    assert worst == max(ssm_error(scores, pos, Delta, x) for x in corners)
    (x,) = ssm_worst_values([scores], [pos], M)
    assert ssm_error(scores, pos, Delta, x) == worst
    assert all(abs(x_j) == M for x_j in x)


@given(ssm_rows(), st.lists(st.fractions(min_value=-1, max_value=1), min_size=5, max_size=5))
def test_no_inner_values_exceed_it_and_a_flipped_sign_falls_short(row, inner):
    scores, pos, M, Delta = row
    (worst,) = ssm_worst_case([scores], [pos], M, Delta)
    x = [M * y for y in inner[: len(scores)]]
    assert ssm_error(scores, pos, Delta, x) <= worst
    (x,) = ssm_worst_values([scores], [pos], M)
    weights = [s - (j == pos) for j, s in enumerate(scores)]
    if sum(w != 0 for w in weights) > 1:
        flipped = next(j for j, w in enumerate(weights) if w != 0)
        x[flipped] = -x[flipped]
        assert ssm_error(scores, pos, Delta, x) < worst


@given(st.lists(ssm_rows(), min_size=1, max_size=4))
def test_rows_of_floats_with_lengths_agree_with_exact_rows(rows):
    n, M = 5, Fraction(3, 2)
    floats = np.full((len(rows), n), np.nan)  # what a row does not see must not matter
    for r, (scores, *_) in enumerate(rows):
        floats[r, : len(scores)] = [float(s) for s in scores]
    pos, lengths = [row[1] for row in rows], [len(row[0]) for row in rows]
    computed = ssm_worst_case(floats, pos, M, 2, lengths)
    exact = [ssm_worst_case([row[0]], [row[1]], M, 2)[0] for row in rows]
    tolerance = growth(2 * n + 4, format_of("float64"))
    assert (np.abs(computed - np.array(exact, float)) <= tolerance * (1 + np.array(exact, float))).all()
    values = ssm_worst_values(floats, pos, M, lengths)
    for r, length in enumerate(lengths):
        assert (values[r, length:] == 0).all()
        assert (np.abs(values[r, :length]) == 1.5).all()


def test_balls_go_through_the_same_text():
    with ctx.workprec(100):
        root = arb(2).sqrt()
        (worst,) = ssm_worst_case([[root, arb(1)]], [1], 1, 1)
        assert worst.overlaps(root)
        assert worst.rel_accuracy_bits() > 90


def attention_weights(weights):
    return [Fraction(w, sum(weights)) for w in weights]


@given(WEIGHTS, POSITIVE, st.data())
def test_the_attention_worst_case_is_the_largest_error_over_all_corners(weights, M, data):
    pos = data.draw(st.integers(0, len(weights) - 1))
    a = attention_weights(weights)
    W_V = [[Fraction(2), Fraction(-1)], [Fraction(1, 2), Fraction(-3)]]
    norm = max(sum(map(abs, row)) for row in W_V)
    linear = [a_j - (j == pos) for j, a_j in enumerate(a)]

    def error(x):  # x[j] is a vector of two coordinates
        mixed = [sum(w * x_j[k] for w, x_j in zip(linear, x, strict=True)) for k in range(2)]
        return max(abs(sum(v * m for v, m in zip(row, mixed, strict=True))) for row in W_V)

    if len(weights) <= 3:
        corners = itertools.product(itertools.product((-M, M), repeat=2), repeat=len(weights))
        assert max(error(x) for x in corners) == 2 * M * norm * (1 - a[pos])
    (signs,) = attention_worst_values([[Fraction(w) for w in weights]], [pos], M)
    attaining = [[s * (1 if w >= 0 else -1) for w in W_V[1]] for s in signs]  # row 1 has the largest row sum
    assert error(attaining) == 2 * M * norm * (1 - a[pos])

    scores = [[math.log(w) for w in weights]]
    (computed,) = attention_worst_case(scores, [pos], M, norm)
    exact = float(2 * M * norm * (1 - a[pos]))
    assert abs(computed - exact) <= growth(64 * len(weights), format_of("float64"), library_calls=4) * exact


@pytest.mark.parametrize("gap", [1.0, 30.0, 300.0, 700.0])
def test_a_tiny_weight_off_pos_keeps_its_digits(gap):
    (computed,) = attention_worst_case([[5.0, 5.0 + gap, 5.0]], [1], 1, 1)
    low, high = ends(enclose(lambda r: 4 / (2 + r.exp(r.number(gap))), 200))
    assert low > 0
    assert abs(Fraction(computed) - low) <= high * Fraction(growth(16, format_of("float64"), library_calls=2))


def test_attention_ignores_what_a_row_does_not_see_and_reports_nan_as_nan():
    scores = [[0.0, 1.0, np.nan, np.inf], [0.0, np.nan, 0.0, 0.0]]
    seen, broken = attention_worst_case(scores, [0, 0], 1, 1, [2, 3])
    assert seen == attention_worst_case([[0.0, 1.0]], [0], 1, 1)[0]
    assert not broken <= 1e300
    (values,) = attention_worst_values([[0.0, 0.0, 0.0]], [1], 2, [2])
    assert values.tolist() == [2, -2, 0]
    assert attention_worst_case([[7.0]], [0], 1, 1) == 0  # nothing else to look at
    assert np.isnan(ssm_worst_case([[0.5, np.nan]], [0], 1, 1)[0])


@given(
    st.lists(st.fractions(min_value=-1, max_value=1, max_denominator=50), max_size=4),
    POSITIVE.filter(lambda alpha: alpha <= 1),
    POSITIVE,
    POSITIVE,
    POSITIVE,
)
def test_ssm_required_score_is_an_if_and_only_if(others, alpha_pos, M, Delta, epsilon):
    interval = ssm_required_score(others, alpha_pos, M, Delta, epsilon)

    def error(score):
        return ssm_worst_case([[*others, alpha_pos * score]], [len(others)], M, Delta)[0]

    if interval is None:
        assert error(1 / alpha_pos) > epsilon  # even the best score
        return
    low, high = interval
    assert error(low) == error(high) == epsilon
    step = (high - low) / 10 + Fraction(1, 10)
    assert error(low - step) > epsilon
    assert error(high + step) > epsilon
    assert error((low + high) / 2) <= epsilon


@given(
    st.lists(st.fractions(min_value=-9, max_value=9, max_denominator=50), min_size=1, max_size=5),
    POSITIVE,
    POSITIVE,
    st.fractions(min_value=Fraction(1, 10**6), max_value=Fraction(99, 100)),
)
def test_attention_required_score_is_an_if_and_only_if(others, M, W_V, share):
    epsilon = share * 2 * M * W_V

    def error(shift):
        def form(r):
            s = attention_required_score(others, M, W_V, epsilon, r) + r.number(shift)
            R = sum((r.exp(r.number(o) - s) for o in others), r.number(0))
            return 2 * r.number(M) * r.number(W_V) * R / (1 + R)

        return form

    with ctx.workprec(200):
        assert error(0)(balls(200)).overlaps(balls(200).number(epsilon))
    assert decide(error(Fraction(1, 1000)), lambda r: r.number(epsilon)) is Order.LESS
    assert decide(error(Fraction(-1, 1000)), lambda r: r.number(epsilon)) is Order.GREATER


def test_nothing_required_and_refusals():
    assert attention_required_score([], 1, 1, 0.1) is None
    assert attention_required_score([3], 1, 1, 2) is None
    with pytest.raises(ValueError, match="W_V = 0"):
        attention_required_score([3], 1, 0, 0.1)
    with pytest.raises(ValueError, match="alpha_pos = 0"):
        ssm_required_score([], 0, 1, 1, 0.1)


@pytest.mark.parametrize("worst", [ssm_worst_case, attention_worst_case])
@pytest.mark.parametrize(
    ("scores", "pos", "lengths", "message"),
    [
        ([1.0], [0], None, r"two axes"),
        ([[1.0]], [0, 0], None, r"one per row"),
        ([[1.0]], [0], [1, 1], r"one per row"),
        ([[1.0, 2.0]], [1], [1], r"0 <= pos < lengths <= 2"),
        ([[1.0]], [-1], None, r"0 <= pos < lengths"),
        ([[1.0]], [0], [2], r"lengths <= 1"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(worst, scores, pos, lengths, message):
    with pytest.raises(ValueError, match=message):
        worst(scores, pos, 1, 1, lengths)
