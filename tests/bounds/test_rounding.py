"""The rounding bounds hold for NumPy runs against exact fractions, and they are not idle: smaller ones are exceeded."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.formats import FORMATS, format_of
from bounds.reals import enclose, ends
from bounds.rounding import (
    attention_error,
    dot_error,
    growth,
    recurrence_error,
    recurrence_roundings,
    silu_error,
    softplus_error,
)

DTYPES = ["float16", "float32", "float64"]


def exact(array):
    return np.array([Fraction(float(x)) for x in np.ravel(array)], dtype=object).reshape(np.shape(array))


@pytest.mark.parametrize("name", FORMATS)
def test_growth_is_the_compound_growth(name):
    u = FORMATS[name].unit_roundoff
    for k in (0, 1, 2, 7, 100):
        assert abs(Fraction(growth(k, FORMATS[name])) - ((1 + u) ** k - 1)) <= (k + 1) * u * Fraction(1, 2**40)
    assert growth(3, FORMATS[name], library_calls=2) > growth(3, FORMATS[name])
    assert growth(10**8, FORMATS["bfloat16"]) == math.inf
    with pytest.raises(ValueError, match="neither may be negative"):
        growth(-1, FORMATS[name])


@pytest.mark.parametrize("name", DTYPES)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 60))
def test_products_of_k_roundings(name, seed, k):
    factors = np.random.default_rng(seed).uniform(0.5, 2, k + 1).astype(name)
    computed = factors[0]
    for j, factor in enumerate(factors[1:]):
        computed = computed * factor if j % 3 else computed / factor
    true = Fraction(float(factors[0]))
    for j, factor in enumerate(exact(factors[1:])):
        true = true * factor if j % 3 else true / factor
    if true > format_of(name).tiny * 2**8:
        assert abs(Fraction(float(computed)) / true - 1) <= growth(k, format_of(name))


def scalar_scan(a, b, c, x):
    """One channel of Eq. 6, step by step in the arrays' own precision, and the last output."""
    state = np.zeros(b.shape[1], b.dtype)
    for a_i, b_i, x_i in zip(a, b, x, strict=True):
        state = a_i * state + b_i * x_i
    output = b.dtype.type(0)
    for c_s, h_s in zip(c, state, strict=True):
        output = output + c_s * h_s
    return output


def matrix_form(a, b, c, x):
    """The same through scores and cumulative products, added in the other order."""
    alpha = np.ones(len(a), b.dtype)
    for j in range(len(a) - 2, -1, -1):
        alpha[j] = alpha[j + 1] * a[j + 1]
    output = b.dtype.type(0)
    for j in range(len(a) - 1, -1, -1):
        score = b.dtype.type(0)
        for c_s, b_s in zip(c, b[j], strict=True):
            score = score + c_s * b_s
        output = output + (alpha[j] * score) * x[j]
    return output


@pytest.mark.parametrize("run", [scalar_scan, matrix_form])
@pytest.mark.parametrize("name", DTYPES)
@given(seed=st.integers(0, 10**6), T=st.integers(1, 40), d_h=st.integers(1, 4))
def test_the_recurrence_stays_within_its_bound(run, name, seed, T, d_h):
    rng = np.random.default_rng(seed)
    a, b, c, x = rng.uniform(0, 1, T), rng.normal(size=(T, d_h)), rng.normal(size=d_h), rng.normal(size=T)
    a, b, c, x = (array.astype(name) for array in (a, b, c, x))
    alpha = np.array([math.prod(exact(a)[j + 1 :], start=Fraction(1)) for j in range(T)], dtype=object)
    terms = alpha[:, None] * exact(b) * exact(c) * exact(x)[:, None]
    entry = max(1.0, *(float(np.abs(array).max()) for array in (b, c, x)))
    bound = recurrence_error(float(np.abs(terms).sum()), T, d_h, format_of(name), entry)
    assert abs(Fraction(float(run(a, b, c, x))) - terms.sum()) <= bound


@pytest.mark.parametrize("name", DTYPES)
def test_a_bound_with_a_quarter_of_the_roundings_is_exceeded(name):
    """1 + 3/4 u + 3/4 u + ..: every addition is rounded away, as it may be; the loss is of the order of T u."""
    T, format = 200, format_of(name)
    ones = np.ones(T, name)
    x = np.where(np.arange(T) == 0, 1.0, 0.75 * float(format.unit_roundoff)).astype(name)
    total = exact(x).sum()
    error = total - Fraction(float(scalar_scan(ones, ones[:, None], ones[:1], x)))
    assert error > growth(recurrence_roundings(T, 1) // 4, format) * float(total)
    assert error <= recurrence_error(float(total), T, 1, format)


@pytest.mark.parametrize("magnitude", [0.0, 1.0])
def test_where_the_growth_leaves_float64_nothing_is_promised(magnitude):
    """Not even beside a magnitude of 0, where inf times 0 is no number."""
    bfloat16 = format_of("bfloat16")
    assert recurrence_error(magnitude, 2**17, 256, bfloat16) == math.inf
    assert dot_error(magnitude, 2**18, bfloat16) == math.inf
    assert attention_error(1.0, 2**17, 0.0, 0.0, bfloat16, others=0.0) == math.inf


def test_the_count_of_roundings():
    assert recurrence_roundings(1, 1) == 6
    assert recurrence_roundings(4096, 64) == 2 * 4096 + 64 + 3


@pytest.mark.parametrize("name", DTYPES)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60))
def test_scaled_dot_products(name, seed, n):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n).astype(name), rng.normal(size=n).astype(name)
    scale = np.asarray(rng.uniform(0.1, 10), name)
    computed = a.dtype.type(0)
    for a_s, b_s in zip(a, b, strict=True):
        computed = computed + a_s * b_s
    computed = scale * computed
    terms = exact(a) * exact(b) * exact(scale)[()]
    bound = dot_error(float(np.abs(terms).sum()), n, format_of(name))
    assert abs(Fraction(float(computed)) - terms.sum()) <= bound + float(format_of(name).underflow) * n * 10


def softmax_read(scores, values):
    """One output of attention in the arrays' own precision; NumPy's exp."""
    weights = np.exp(scores - scores.max())
    numerator = denominator = scores.dtype.type(0)
    for w, v in zip(weights, values, strict=True):
        numerator, denominator = numerator + w * v, denominator + w
    return numerator / denominator


def exact_softmax_read(scores, values):
    def form(r):
        weights = [r.exp(r.number(s) - r.number(max(scores))) for s in scores]
        total = sum(weights, r.number(0))
        return sum((w * r.number(v) for w, v in zip(weights, values, strict=True)), r.number(0)) / total

    low, _ = ends(enclose(form, 300))
    return low


@pytest.mark.parametrize("name", DTYPES)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 40), reach=st.floats(1, 40))
def test_attention_stays_within_its_bound(name, seed, n, reach):
    """With nothing known, with the others' weight, and with the weights themselves."""
    rng, format, wide = np.random.default_rng(seed), format_of(name), format_of("float64")
    true_scores, values = rng.uniform(-reach, reach, n), rng.uniform(-2, 2, n).astype(name)
    scores = true_scores.astype(name)
    score_error = float(max(abs(exact(scores) - exact(true_scores))))
    weights = np.exp(true_scores - true_scores.max())
    weights *= (1 + growth(4 * n, wide, library_calls=4)) / weights.sum()
    others = min(1.0, float(np.sort(weights)[:-1].sum()))
    capped = float(np.minimum(weights, float(format.unit_roundoff)).sum())
    computed = Fraction(float(softmax_read(scores, values)))
    true = exact_softmax_read(list(exact(true_scores)), list(exact(values)))
    known: dict[str, float] = {}
    bounds = []
    for more in ({}, {"others": others}, {"capped": capped}):
        known |= more
        bounds.append(attention_error(2.0, n, score_error, float(np.ptp(true_scores)), format, **known))
    assert abs(computed - true) <= min(bounds)
    assert sorted(bounds, reverse=True) == bounds


def test_what_one_large_weight_swallows_is_counted():
    """Weights of 0.4 u are lost when they are added to 1 one by one: the bound says so, and hardly more."""
    format, n = format_of("float32"), 200
    u = float(format.unit_roundoff)
    scores = np.concatenate([[0.0], np.full(n - 1, math.log(0.4 * u))]).astype("float32")
    values = np.where(np.arange(n) == 0, -1.0, 1.0).astype("float32")
    weights = np.exp(scores.astype(np.float64))
    weights /= weights.sum()
    off = abs(float(softmax_read(scores, values)) - float(weights @ values))
    others, capped = float(weights[1:].sum()), float(np.minimum(weights, u).sum())
    bound = attention_error(1.0, n, 0.0, 0.0, format, others, capped)
    assert 0.95 * bound < off <= bound < 0.5 * attention_error(1.0, n, 0.0, 0.0, format)


def test_attention_with_an_unstated_score_error_is_caught():
    """A score moved by 1/4 moves the output beyond the bound for exact scores, not beyond the one that says so."""
    scores, values = np.array([0.0, 0.0]), np.array([1.0, -1.0])
    moved = abs(float(softmax_read(scores + np.array([0.25, 0.0]), values)))  # from 0
    assert moved > attention_error(1.0, 2, 0.0, 0.0, format_of("float64"))
    assert moved <= attention_error(1.0, 2, 0.25, 0.0, format_of("float64"))


def test_subtracting_scores_far_apart_is_counted():
    """-16 - 0.0075 is rounded to -16 in float16, and the weight of that score changes by as much."""
    float16, scores = format_of("float16"), np.array([-16.0, 0.0075], "float16")
    lost = abs(float(scores[0] - scores[1]) - (float(scores[0]) - float(scores[1])))
    counted = attention_error(1.0, 2, 0.0, 16.0075, float16) - attention_error(1.0, 2, 0.0, 0.0, float16)
    assert 0 < math.expm1(2 * lost) <= counted


def test_the_part_of_attention_that_scores_move_vanishes_with_the_others_weight():
    float64 = format_of("float64")
    evaluation = attention_error(1.0, 8, 0.0, 0.0, float64)
    alone = attention_error(1.0, 8, 0.0, 0.0, float64, others=0.0)
    assert attention_error(1.0, 8, 1e-3, 10.0, float64, others=0.0) == alone < evaluation
    assert attention_error(1.0, 8, 1e9, 10.0, float64) <= 2.0 + evaluation  # never more than between two values
    assert attention_error(1.0, 8, math.nan, 10.0, float64) <= 2.0 + evaluation


@pytest.mark.parametrize("name", DTYPES)
@given(x=st.floats(-60, 60, width=16))
def test_softplus_and_silu_of_numpy_are_within_the_assumed_accuracy(name, x):
    format, x = format_of(name), np.asarray(x, name)[()]
    one = x.dtype.type(1)
    with np.errstate(over="ignore", under="ignore"):
        softplus = np.maximum(x, one * 0) + np.log1p(np.exp(-np.abs(x)))
        silu = x * (one / (one + np.exp(-x)))
    low, _ = ends(enclose(lambda r: r.log1p(r.exp(r.number(float(x)))), 300))
    assert abs(Fraction(float(softplus)) - low) <= softplus_error(float(x), format)
    low, _ = ends(enclose(lambda r: r.number(float(x)) / (1 + r.exp(-r.number(float(x)))), 300))
    assert abs(Fraction(float(silu)) - low) <= silu_error(float(x), format)


def test_counts_below_one_are_refused():
    float32 = format_of("float32")
    for call in (
        lambda: recurrence_error(1.0, 0, 1, float32),
        lambda: recurrence_error(1.0, 1, 0, float32),
        lambda: recurrence_error(1.0, 1, 1, float32, entry=0.5),
        lambda: dot_error(1.0, 0, float32),
        lambda: attention_error(1.0, 0, 0.0, 0.0, float32),
    ):
        with pytest.raises(ValueError, match="it must be at least 1"):
            call()
