"""Closed-form sizes against matrices written out and counted."""

import subprocess
import sys

import numpy as np
import pytest

from bounds.converse import longest_copy, state_floor
from bounds.formats import format_of
from bounds.sizes import Size, attention, ssm_constant, ssm_gated, ssm_linear, ssm_linear_layer

SIZES = [(1, 1), (2, 1), (3, 4), (7, 2)]


def count(matrices, vectors):
    """Dense, nonzero and index-encoded counts of matrices and vectors written out."""
    nonzeros = sum(int(np.count_nonzero(m)) for m in matrices)
    constants = sum(int(np.count_nonzero(v)) for v in vectors)
    dense = sum(m.size for m in (*matrices, *vectors))
    return dense, nonzeros + constants, 3 * nonzeros + constants


def parameters(size):
    return size.parameters_dense, size.parameters_nonzero, size.parameters_index_encoded


def one_hot_maps(K, d):
    O = np.zeros((K, d))
    return np.hstack([O, np.eye(K), np.zeros((K, K + 1))]), np.hstack([O, np.zeros((K, K)), np.eye(K), O[:, :1]])


def one_entry(D):
    row = np.zeros((1, D))
    row[0, -1] = 0.5
    return row


@pytest.mark.parametrize(("N", "d"), SIZES)
def test_theorem_3s_module(N, d):
    D = d + 2 * N + 1
    maps = [*one_hot_maps(N, d), one_entry(D), np.ones((d, 1))]
    size = ssm_linear(N, d)
    assert parameters(size) == count(maps, [np.zeros(D), np.zeros((N, d))])
    assert size.state_entries == N * d == state_floor(N, d)


@pytest.mark.parametrize(("N", "d"), SIZES)
def test_theorem_3_inside_the_full_layer(N, d):
    D = d + 2 * N + 1
    maps = [np.eye(D), np.zeros((D, D)), np.eye(D), *one_hot_maps(N, d), one_entry(D), np.ones((D, 1))]
    size = ssm_linear_layer(N, d)
    assert parameters(size) == count(maps, [np.zeros(D), np.zeros(D), np.ones(D), np.zeros((N, D))])
    assert size.state_entries == N * D


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize(("d_h", "d"), SIZES)
def test_a_state_of_constant_size(d_h, d, forgets):
    D = d + 2 * d_h + 1
    A = np.full((d_h, d), -0.1 if forgets else 0.0)
    size = ssm_constant(d, d_h, forgets)
    assert parameters(size) == count([*one_hot_maps(d_h, d), one_entry(D), np.ones((1, 1))], [np.zeros(D), A])
    assert size.state_entries == d_h * d
    assert size.operations_per_step - ssm_constant(d, d_h, False).operations_per_step == forgets * d_h * d


@pytest.mark.parametrize(("N", "d"), SIZES)
def test_the_gated_form(N, d):
    D, inner = d + 2 * N + 1, N * d + N + 1
    slots = np.kron(np.eye(N), np.ones((d, 1)))  # (N d, N): slot to its coordinates
    W_1, W_2 = np.zeros((inner, D)), np.zeros((inner, D))
    W_1[: N * d, :d], W_1[N * d : -1, d : d + N], W_1[-1, -1] = np.tile(np.eye(d), (N, 1)), np.eye(N), 1
    W_2[: N * d, d + N : d + 2 * N] = 1.3 * slots
    W_3 = np.zeros((D, inner))
    W_3[:d, : N * d] = np.tile(np.eye(d), N)
    W_Delta1 = np.zeros((2 * N, inner))
    W_Delta1[:N, N * d : -1], W_Delta1[N:, N * d : -1], W_Delta1[N:, -1] = np.eye(N), -np.eye(N), 1
    W_Delta2 = np.zeros((inner, 2 * N))
    W_Delta2[: N * d, :N], W_Delta2[: N * d, N:] = 0.54 * slots, -(9.0 if N > 1 else 0.0) * slots
    maps = [W_1, W_2, W_3, one_entry(inner), one_entry(inner), W_Delta1, W_Delta2]
    size = ssm_gated(N, d)
    assert parameters(size) == count(maps, [np.zeros(inner)] * 3 + [np.zeros((1, inner))])
    assert size.state_entries == inner


@pytest.mark.parametrize(("context", "d", "d_k"), [(1, 2, 1), (2, 1, 1), (9, 3, 4)])
def test_attention(context, d, d_k):
    D = d + 2 * d_k + 1
    W_k, W_q = one_hot_maps(d_k, d)
    size = attention(context, d, d_k)
    assert parameters(size) == count([W_k, W_q * 3.0 * (context > 1), np.eye(d, D)], [])
    assert size.state_entries == context * (d_k + d)


@pytest.mark.parametrize("of", [ssm_linear, ssm_gated, lambda N, d: ssm_constant(d, N, True)])
def test_a_dense_step_touches_every_state_entry(of):
    for N, d in SIZES:
        size = of(N, d)
        assert size.operations_per_step >= 4 * size.state_entries + 2 * (size.parameters_nonzero - size.state_entries)


def test_growth_with_N_is_what_the_paper_compares():
    small, large = ssm_linear(512, 4), ssm_linear(1024, 4)
    assert large.state_entries == 2 * small.state_entries
    assert ssm_linear_layer(1024, 4).state_entries > 3 * ssm_linear_layer(512, 4).state_entries  # N^2, not N d
    assert ssm_gated(1024, 4).state_entries < 2 * ssm_gated(512, 4).state_entries
    assert attention(1024, 4, 10).parameters_nonzero < 30


def test_bits_of_state_meet_the_information_bound():
    size = ssm_constant(64, 16, True)
    assert size.state_bits(format_of("float16")) == 16 * 64 * 16
    assert longest_copy(size.state_bits(format_of("float16")), 26) == 3485


def test_sizes_out_of_range_are_named():
    with pytest.raises(ValueError, match="state_entries = -1"):
        Size(1, 1, 1, -1, 1)
    for call in (lambda: ssm_linear(0, 1), lambda: ssm_gated(1, 0), lambda: ssm_constant(1, 0, False)):
        with pytest.raises(ValueError, match="it must be at least 1"):
            call()


def test_importing_bounds_loads_no_framework():
    listed = "import bounds, sys; print([m for m in ('jax', 'sympy', 'matplotlib') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
