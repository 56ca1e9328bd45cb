"""The lower bounds: nothing beats them, something reaches them, and the witnesses are exact."""

import itertools
from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from bounds.converse import (
    kernel_witness,
    longest_copy,
    mean_square_floor,
    state_floor,
    success_ceiling,
    worst_case_floor,
)
from bounds.exact import ssm_worst_case
from bounds.reals import balls, enclose, ends

ENTRIES = st.fractions(min_value=-3, max_value=3, max_denominator=6)
UNIT = st.fractions(min_value=0, max_value=1, max_denominator=8)
POSITIVE = st.fractions(min_value=Fraction(1, 20), max_value=5, max_denominator=20)


def matrices(rows, columns, entries=ENTRIES):
    return st.lists(st.lists(entries, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


def product(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


@st.composite
def small_memories(draw):
    """d_h < N, keys (N, d_h), decays of each state entry at each step (N, d_h), step sizes (N,)."""
    N = draw(st.integers(1, 5))
    d_h = draw(st.integers(0, N - 1))
    keys, decays = draw(matrices(N, d_h)), draw(matrices(N, d_h, UNIT))
    return N, d_h, keys, decays, draw(st.lists(POSITIVE, min_size=N, max_size=N))


def written(keys, decays, Delta, x):
    """The state of one coordinate after the recurrence of Eq. 1, step by step."""
    state = [Fraction(0)] * len(keys[0])
    for b, a, step, x_j in zip(keys, decays, Delta, x, strict=True):
        state = [a_s * h_s + b_s * step * x_j for a_s, h_s, b_s in zip(a, state, b, strict=True)]
    return state


@given(small_memories(), POSITIVE, st.data())
def test_two_inputs_that_leave_one_state_force_the_floor(memory, M, data):
    N, d_h, keys, decays, Delta = memory
    keep = sorted(range(N), key=lambda j: -Delta[j])[: d_h + 1]
    columns = [written(keys, decays, Delta, [Fraction(j == k) for k in range(N)]) for j in keep]
    state_map = [list(row) for row in zip(*columns, strict=True)] if d_h else [[0] * len(keep)]
    u = kernel_witness(state_map)
    assert u is not None
    x = [Fraction(0)] * N
    for j, u_j in zip(keep, u, strict=True):
        x[j] = M * u_j
    assert max(map(abs, x)) == M
    assert written(keys, decays, Delta, x) == written(keys, decays, Delta, [-x_j for x_j in x])
    p = next(j for j in keep if abs(x[j]) == M)
    answer = data.draw(ENTRIES)  # any answer whatever, made from the common state
    floor = worst_case_floor(N, d_h, M, Delta)
    assert max(abs(answer - Delta[p] * x[p]), abs(answer + Delta[p] * x[p])) >= floor > 0


@given(small_memories(), POSITIVE, st.data())
def test_no_queries_beat_the_floor_in_the_exact_worst_case(memory, M, data):
    N, d_h, keys, decays, Delta = memory
    queries = data.draw(matrices(N, d_h))
    unit = [written(keys, decays, [1] * N, [Fraction(j == k) for k in range(N)]) for j in range(N)]
    scores = [[sum((c_s * h_s for c_s, h_s in zip(c, h, strict=True)), Fraction(0)) for h in unit] for c in queries]
    assert max(ssm_worst_case(scores, range(N), M, Delta)) >= worst_case_floor(N, d_h, M, Delta)


@given(small_memories(), POSITIVE)
def test_the_floor_is_reached_by_storing_the_largest_steps(memory, M):
    N, d_h, _, _, Delta = memory
    kept = set(sorted(range(N), key=lambda j: -Delta[j])[:d_h])
    scores = [[Fraction(j == p and p in kept) for j in range(N)] for p in range(N)]  # rank d_h
    assert max(ssm_worst_case(scores, range(N), M, Delta)) == worst_case_floor(N, d_h, M, Delta)


def test_one_step_size_and_enough_entries():
    assert worst_case_floor(8, 7, Fraction(3, 2), 2) == 3
    assert worst_case_floor(8, 8, 1, 1) == worst_case_floor(8, 9, 1, 1) == 0
    assert worst_case_floor(1, 0, 1, 1) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 1, 1), "N = 0"),
        ((2, -1, 1, 1), "d_h = -1"),
        ((2, 1, -1, 1), "none of them may be negative"),
        ((2, 1, 1, [1, 1, 1]), "3 step sizes were given for N = 2"),
        ((2, 1, 1, [1, -1]), "none of them may be negative"),
    ],
)
def test_the_floor_refuses_what_makes_no_sense(arguments, message):
    with pytest.raises(ValueError, match=message):
        worst_case_floor(*arguments)


@given(st.integers(1, 5).flatmap(lambda N: st.integers(1, 6).flatmap(lambda rows: matrices(rows, N))))
def test_a_witness_is_in_the_kernel_or_the_kernel_is_trivial(matrix):
    u = kernel_witness(matrix)
    if u is None:
        small = itertools.product((-1, 0, 1), repeat=len(matrix[0]))
        assert len(matrix) >= len(matrix[0])
        assert not any(any(v) and not any(product(matrix, v)) for v in small)
    else:
        assert max(map(abs, u)) == 1
        assert not any(product(matrix, u))


def test_a_planted_error_in_the_state_map_gives_a_vector_that_is_no_witness():
    matrix = [[1, 2, 3], [0, 1, 4]]
    wrong = kernel_witness([[1, 2, 3], [0, 1, 5]])
    assert wrong is not None
    assert any(product(matrix, wrong))


def test_kernels_of_identities_and_of_no_matrix():
    assert kernel_witness([[1, 0], [0, 1]]) is None
    with pytest.raises(ValueError, match="all of one length"):
        kernel_witness([[1, 2], [3]])
    with pytest.raises(ValueError, match="one row or more"):
        kernel_witness([])


@given(st.integers(1, 3), st.integers(1, 2), st.data())
def test_fewer_than_N_d_entries_confuse_two_inputs_even_if_coordinates_are_mixed(N, d, data):
    entries = state_floor(N, d)
    assert entries == N * d
    matrix = data.draw(matrices(max(1, entries - 1), entries))
    u = kernel_witness(matrix)
    if entries > 1:
        assert u is not None
        offset = data.draw(st.lists(ENTRIES, min_size=len(matrix), max_size=len(matrix)))
        plus, minus = ([a + b for a, b in zip(product(matrix, v), offset, strict=True)] for v in (u, [-x for x in u]))
        assert plus == minus
    assert kernel_witness([[int(r == k) for k in range(entries)] for r in range(entries)]) is None


def test_state_floor_refuses_no_coordinates():
    with pytest.raises(ValueError, match="d = 0"):
        state_floor(3, 0)


@given(
    st.integers(1, 5).flatmap(lambda N: st.integers(0, N).flatmap(lambda k: st.tuples(matrices(N, k), matrices(N, k))))
)
def test_no_linear_memory_is_below_the_mean_square_floor(maps):
    queries, keys = maps
    N, d_h = len(keys), len(keys[0])
    answers = [[sum((q * k for q, k in zip(c, b, strict=True)), Fraction(0)) for b in keys] for c in queries]
    square = sum((answers[p][j] - (p == j)) ** 2 for p in range(N) for j in range(N)) / Fraction(N)
    low, _ = ends(enclose(lambda r: mean_square_floor(N, d_h, r), 100))
    assert square >= low * abs(low)


@pytest.mark.parametrize("d_h", range(5))
def test_a_projection_reaches_the_mean_square_floor_exactly(d_h):
    hadamard = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    keys = [[Fraction(entry, 2) for entry in row[:d_h]] for row in hadamard]  # orthonormal columns
    answers = [[sum((q * k for q, k in zip(c, b, strict=True)), Fraction(0)) for b in keys] for c in keys]
    square = sum((answers[p][j] - (p == j)) ** 2 for p in range(4) for j in range(4)) / Fraction(4)
    with ctx.workprec(100):
        floor = mean_square_floor(4, d_h, balls(100))
        assert (floor * floor).overlaps(balls(100).number(square))
        assert (floor - arb(4 - d_h).sqrt() / 2).overlaps(arb(0))
    assert mean_square_floor(4, d_h) == (1 - d_h / 4) ** 0.5
    assert mean_square_floor(4, 5) == 0


@pytest.mark.parametrize(("bits", "length", "alphabet"), [(0, 2, 2), (1, 2, 2), (1, 1, 3), (2, 1, 3), (1, 2, 3)])
def test_no_coder_and_reader_beat_the_ceiling(bits, length, alphabet):
    strings = list(itertools.product(range(alphabet), repeat=length))
    best = 0
    for coder in itertools.product(range(2**bits), repeat=len(strings)):  # the best reader answers one string a state
        best = max(best, len(set(coder)))
    assert Fraction(best, len(strings)) == success_ceiling(bits, length, alphabet)


@given(st.integers(0, 400), st.integers(2, 40))
def test_longest_copy_is_the_last_length_with_an_even_chance(bits, alphabet):
    L = longest_copy(bits, alphabet)
    assert success_ceiling(bits, L, alphabet) >= Fraction(1, 2) > success_ceiling(bits, L + 1, alphabet)


@pytest.mark.parametrize(
    ("bits", "alphabet", "longest"),
    [
        (1024 * 16, 26, 3485),
        (1024 * 32, 26, 6971),
        (24 * 1024 * 16, 26, 83655),
        (0, 2, 1),  # one bit short: 2^1 strings, one state, chance 1/2
        (0, 3, 0),
        (7, 4, 4),  # 4^4 = 2^8 exactly
        (10**12, 2**20, (10**12 + 1) // 20),
    ],
)
def test_longest_copy_of_known_sizes(bits, alphabet, longest):
    assert longest_copy(bits, alphabet) == longest


def test_bits_and_alphabets_out_of_range():
    for call in (lambda: longest_copy(-1, 2), lambda: longest_copy(1, 1), lambda: success_ceiling(1, 1, 1)):
        with pytest.raises(ValueError, match="bits >= 0, alphabet >= 2"):
            call()
    with pytest.raises(ValueError, match="length = -1"):
        success_ceiling(1, -1, 2)
