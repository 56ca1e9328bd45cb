"""Each constant does what its formula is for, and a clearly smaller one does not: decided in balls, by other routes."""

import itertools
import math
from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from bounds import scales
from bounds.formats import format_of
from bounds.reals import FLOATS, FRACTIONS, Irrational, Order, balls, decide, enclose, ends
from bounds.rounding import growth
from bounds.scales import (
    binary_scale,
    circle_scale,
    circle_scale_enough,
    circle_scale_least,
    circle_scale_required,
    circle_weight,
    circle_weight_bounds,
    gated_write_off,
    silu_unit_gate,
    softplus_inverse,
)

BITS = 200
POSITIVE = st.fractions(min_value=Fraction(1, 1000), max_value=30, max_denominator=1000)
SMALL = st.fractions(min_value=Fraction(1, 10**6), max_value=Fraction(1, 2), max_denominator=10**6)


def pins(ball: arb, exact: arb | Fraction) -> bool:
    """The ball holds the exact number and is narrow, so that holding it says something."""
    with ctx.workprec(BITS):
        low, high = ends(ball)
        inside = low <= exact <= high if isinstance(exact, Fraction) else ball.overlaps(exact)
        return inside and high - low < Fraction(1, 2 ** (BITS // 2)) * (1 + abs(low))


@given(POSITIVE)
def test_softplus_of_its_inverse(y):
    assert pins(enclose(lambda r: r.log1p(r.exp(softplus_inverse(y, r))), BITS), y)


def test_softplus_inverse_of_one_of_large_and_of_forbidden_numbers():
    assert pins(enclose(lambda r: softplus_inverse(1, r), BITS), enclose(lambda r: r.log(r.expm1(r.number(1))), BITS))
    assert softplus_inverse(1e4) == 1e4  # e^y alone would overflow
    for y in (0, -1, math.nan):
        with pytest.raises(ValueError, match="above 0 only"):
            softplus_inverse(y)


def test_the_unit_gate_is_lamberts_and_has_value_and_slope_one():
    k = enclose(silu_unit_gate, BITS)
    with ctx.workprec(BITS):
        gate = 1 / (1 + (-k).exp())
        assert pins(k, 1 + arb(-1).exp().lambertw())
        assert pins(k * gate, Fraction(1))
        assert pins(gate * (1 + k * (1 - gate)), Fraction(1))
    low, high = ends(k)
    assert abs(Fraction(silu_unit_gate()) - (low + high) / 2) <= growth(4, format_of("float64"))
    with pytest.raises(Irrational, match="interval"):
        silu_unit_gate(FRACTIONS)


@given(st.integers(2, 10**6), POSITIVE, SMALL)
def test_the_closed_gate_leaks_exactly_epsilon(N, M, epsilon):
    def leak(scale):
        return lambda r: (N - 1) * r.number(M) * r.log1p(r.exp(-gated_write_off(N, M, epsilon, r) * scale))

    S = gated_write_off(N, M, epsilon)
    if S == 0:  # open slots leak little enough
        assert decide(lambda r: (N - 1) * r.number(M) * r.log(r.number(2)), lambda r: r.number(epsilon)) is Order.LESS
    else:
        assert pins(enclose(leak(1), BITS), epsilon)
        assert decide(leak(1 / 2), lambda r: r.number(epsilon)) is Order.GREATER


def copy_error(others: list[arb], M, W_V) -> arb:
    """2 M W_V R / (1 + R), evaluated from the others' relative weights."""
    R = sum(others, arb(0))
    return balls(BITS).number(2 * Fraction(M) * Fraction(W_V)) * R / (1 + R)


def binary_error(N: int, s: arb, M, W_V) -> arb:
    """The largest error over pos, from the scores themselves: s (m - 2 h) for every pair of codes."""
    m = max(1, (N - 1).bit_length())
    codes = list(itertools.product((-1, 1), repeat=m))[:N]
    worst = arb(0)
    for pos in range(N):
        dots = [sum(a * b for a, b in zip(codes[pos], codes[j], strict=True)) for j in range(N)]
        error = copy_error([(s * (dots[j] - m)).exp() for j in range(N) if j != pos], M, W_V)
        worst = error if error > worst else worst
    return worst


@pytest.mark.parametrize("m", [1, 10, 1000, 10**5])
def test_the_binary_scale_grows_like_half_the_logarithm_of_the_number_of_bits(m):
    """x <= expm1(x) <= x e^x at x = t / m, so 2 s lies within x below log(m / t), t = -log(1 - e)."""
    e = Fraction(1, 20)
    s = enclose(lambda reals: binary_scale(2**m, 1, 1, 2 * e, reals), BITS)
    with ctx.workprec(BITS):
        x = -(1 - arb(e.numerator) / e.denominator).log() / m
        assert -x.log() - x < 2 * s < -x.log()


@given(st.integers(2, 17), POSITIVE, POSITIVE, SMALL)
def test_the_binary_scale_is_enough_and_for_full_codes_needed(N, M, W_V, share):
    epsilon = share * 2 * M * W_V
    s = enclose(lambda r: binary_scale(N, M, W_V, epsilon, r), BITS)
    with ctx.workprec(BITS):
        error = binary_error(N, s, M, W_V)
        if N & (N - 1) == 0:
            if s > 0:
                assert pins(error, epsilon)
            assert s <= 0 or binary_error(N, s / 2, M, W_V) > balls(BITS).number(epsilon)
        else:
            assert error < balls(BITS).number(epsilon)


@given(st.integers(2, 40), POSITIVE, POSITIVE, SMALL)
def test_the_circle_scales_are_enough_and_the_smaller_one_needed(N, M, W_V, share):
    epsilon = share * 2 * M * W_V
    sufficient, required = circle_scale(N, M, W_V, epsilon), circle_scale_required(N, M, W_V, epsilon)
    h = growth(32 * N, format_of("float64"))  # evaluation of log R in Newton's method, generously
    if required > 0:
        assert circle_scale_enough(required * (1 + h), N, M, W_V, epsilon) is Order.LESS
        assert circle_scale_enough(required * (1 - h), N, M, W_V, epsilon) is Order.GREATER
        assert circle_scale_enough(required / 2, N, M, W_V, epsilon) is Order.GREATER
    assert circle_scale_enough(sufficient * (1 + h), N, M, W_V, epsilon) is Order.LESS
    assert required <= sufficient * (1 + h)
    if N <= 3:
        assert required >= sufficient * (1 - h)


@given(st.integers(1, 5000), st.fractions(min_value=Fraction(1, 10**9), max_value=Fraction(999, 1000)))
def test_the_least_circle_scale_is_proved_and_hardly_above_what_is_required(N, share):
    """0.99 of it is not enough, and it is above what is required only by what evaluating log R in floats takes."""
    least, required = circle_scale_least(N, 1, 1, 2 * share), circle_scale_required(N, 1, 1, 2 * share)
    if least == 0:
        assert share / (1 - share) >= N - 1
        return
    assert circle_scale_enough(least, N, 1, 1, 2 * share) in (Order.LESS, Order.EQUAL)
    assert circle_scale_enough(Fraction(least) * Fraction(99, 100), N, 1, 1, 2 * share) is Order.GREATER
    assert required <= least <= required * (1 + growth(32 * N, format_of("float64")))


def test_a_scale_that_claims_too_little_is_not_taken(monkeypatch):
    """The search starts where Newton's method ends: one that ends too low is mended, not believed."""
    right = circle_scale_least(100, 1, 1, Fraction(1, 10))
    monkeypatch.setattr(scales, "circle_scale_required", lambda *_: right / 3)
    found = circle_scale_least(100, 1, 1, Fraction(1, 10))
    assert circle_scale_enough(found, 100, 1, 1, Fraction(1, 10)) is Order.LESS


@given(st.integers(3, 40), st.fractions(min_value=0, max_value=50, max_denominator=100), st.data())
def test_the_nearest_points_bound_the_circle_weight(N, s, data):
    near = data.draw(st.integers(1, (N - 1) // 2))
    low, high = (enclose(lambda r, end=end: circle_weight_bounds(s, N, near, r)[end], BITS) for end in (0, 1))
    with ctx.workprec(BITS):
        weight = circle_weight(s, N, balls(BITS))
        assert low <= weight or low.overlaps(weight)
        assert weight <= high or high.overlaps(weight)
    assert decide(lambda r: circle_weight_bounds(s, N, near, r)[0], lambda r: 2 * circle_weight(s, N, r)) is Order.LESS


@given(st.integers(1, 30), st.fractions(min_value=0, max_value=50, max_denominator=100))
def test_the_circle_weight_is_the_sum_over_the_other_points(N, s):
    with ctx.workprec(BITS):
        angles = [2 * arb.pi() * j / N for j in range(N)]
        direct = sum((balls(BITS).number(s) * (angle.cos() - 1)).exp() for angle in angles[1:]) + arb(0)
        assert direct.overlaps(circle_weight(s, N, balls(BITS)))


def test_a_circle_error_at_the_scale_comes_from_scores():
    N, M, W_V, epsilon = 12, Fraction(2), Fraction(3), Fraction(1, 100)
    with ctx.workprec(BITS):
        s = balls(BITS).number(circle_scale_required(N, M, W_V, epsilon) * (1 + growth(32 * N, format_of("float64"))))
        points = [((2 * arb.pi() * j / N).cos(), (2 * arb.pi() * j / N).sin()) for j in range(N)]
        scores = [s * (points[5][0] * x + points[5][1] * y) for x, y in points]
        error = copy_error([(scores[j] - scores[5]).exp() for j in range(N) if j != 5], M, W_V)
        assert error < balls(BITS).number(epsilon)


def test_nothing_is_asked_where_nothing_is_needed():
    for scale in (binary_scale, circle_scale):
        assert scale(1, 1, 1, Fraction(1, 100)) == 0
        assert scale(64, 1, 1, 2) == 0  # eps = 2 M W_V
        assert scale(2, 1, 1, Fraction(3, 2)) == 0  # the plain average is good enough
        assert enclose(lambda r, scale=scale: scale(2, 1, 1, Fraction(3, 2), r), BITS) == 0
    assert circle_scale_required(1, 1, 1, 0.1) == circle_scale_required(64, 1, 1, 2) == 0
    assert circle_scale_least(1, 1, 1, 0.1) == circle_scale_least(64, 1, 1, 2) == 0
    assert circle_scale_required(2, 1, 1, Fraction(3, 2)) == 0
    assert gated_write_off(1, 1, Fraction(1, 100)) == 0
    assert gated_write_off(2, 1, 1) == 0  # softplus(0) = log 2 < 1


@pytest.mark.parametrize("scale", [binary_scale, circle_scale, circle_scale_required, circle_scale_least])
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0, 1, 1, 1), "N = 0"),
        ((2, 0, 1, 1), "M = 0"),
        ((2, 1, math.inf, 1), "W_V = inf"),
        ((2, 1, 1, math.nan), "nan"),
    ],
)
def test_arguments_out_of_range_are_named(scale, arguments, name):
    with pytest.raises(ValueError, match=name):
        scale(*arguments)


def test_further_refusals():
    with pytest.raises(ValueError, match="epsilon = -1"):
        gated_write_off(2, 1, -1)
    with pytest.raises(ValueError, match="every scale is enough"):
        circle_scale_enough(1, 2, 1, 1, 2)
    with pytest.raises(ValueError, match="every scale is enough"):
        circle_scale_enough(1, 1, 1, 1, 1)


def test_floats_and_balls_read_one_text():
    epsilon = Fraction(1, 1000)
    for form in (
        lambda r: binary_scale(4096, 1, 1, epsilon, r),
        lambda r: circle_scale(4096, 1, 1, epsilon, r),
        lambda r: gated_write_off(4096, 1, epsilon, r),
        lambda r: softplus_inverse(Fraction(1, 3), r),
    ):
        low, high = ends(enclose(form, BITS))
        assert abs(Fraction(form(FLOATS)) - low) <= abs(high) * Fraction(growth(64, format_of("float64")))
