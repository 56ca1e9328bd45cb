"""The second route itself: against fractions worked out by hand, and its two halves against each other."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bounds.formats import FORMATS
from bounds.rounding import growth, recurrence_roundings
from constructions.attention import Attention
from constructions.layout import Layout, Space
from constructions.linear import Action, identity, linear_map, zero
from constructions.mamba import MambaBlock, mamba_block, selective_ssm
from constructions.memories.constant import constant, projection_keys, random_keys
from constructions.memories.gated import gated
from constructions.memories.heads import binary_codes, binary_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3, theorem3_layer
from verify import independent

FLOAT64 = FORMATS["float64"]
N = 5
POSITIONS, TARGETS = np.arange(N), np.array([0, 0, 2, 1, 3])


def test_a_layer_worked_out_by_hand():
    """Two channels u, w and two states. W_Delta = O makes Delta = log 2, so A = -1 keeps 1/2 a step, -2 keeps 1/4,
    0 all and -inf nothing; the gate is silu(1). b = (u, w), c = (1, u), D = (3, 0), W_3 = [[1, 1], [0, 2]].

    In units of log 2, for (u, w) = (1, 2), (3, -1), (2, 4) with A = [[0, -inf], [-1, -2]], rows the states:
    H^u = (1, 2), (10, -2), (14, 7);  H^w = (2, 4), (-3, 2), (8, 33/2);
    y^u = 1 + 2 = 3, 10 - 6 = 4, 14 + 14 = 28;  y^w = 2 + 4 = 6, -3 + 6 = 3, 8 + 33 = 41;
    beside these the skip 3 u, without log 2.
    """
    inner, state, rank = (
        Layout((Space("u"), Space("w"), Space("one"))),
        Layout((Space("h", 1, 2),)),
        Layout((Space("r"),)),
    )
    entry = lambda *rows: Action(np.array(rows, float))  # noqa: E731
    ssm = selective_ssm(
        ("u", "w"),
        linear_map(inner, state, {("u", "h"): entry([1], [0]), ("w", "h"): entry([0], [1])}),
        linear_map(inner, state, {("one", "h"): entry([1], [0]), ("u", "h"): entry([0], [1])}),
        zero(inner, rank),
        zero(rank, inner.only(("u", "w"))),
        {"u": np.array([[0.0], [-1.0]]), "w": np.array([[-np.inf], [-2.0]])},
        {"u": np.array([3.0])},
    )
    W_3 = linear_map(inner, inner, {("u", "u"): Action(), ("w", "u"): Action(), ("w", "w"): Action(np.asarray(2.0))})
    block = mamba_block(identity(inner), {}, zero(inner, inner), {"u": np.ones(1), "w": np.ones(1)}, W_3, ssm)
    y_u, y_w, skip = np.array([3, 4, 28]), np.array([6, 3, 41]), np.array([3, 9, 6])
    u, w = y_u * math.log(2) + skip, y_w * math.log(2)
    expected = np.stack([u + w, 2 * w, np.zeros(3)], axis=1) / (1 + math.exp(-1))
    f = independent.layer(block, np.array([[1.0, 2.0, 1.0], [3.0, -1.0, 1.0], [2.0, 4.0, 1.0]]))
    size = np.array([[12, 12, 0], [40, 18, 0], [81, 82, 0]])  # the same sums of absolute terms
    roundings = recurrence_roundings(3, 2) + 2 + 3 + 3 + 2 + 1  # Delta, exponents, W_3, skip, gate
    allowed = 2 * growth(roundings, FLOAT64, library_calls=2 + 3 + 1) * size
    assert (np.abs(f - expected) <= allowed).all()


def rounding(S: np.ndarray, v: np.ndarray, d_h: int) -> np.ndarray:
    """What rounding may change in both routes' S v; |S| <= 2 |gate| covers silu's absolute error."""
    roundings = recurrence_roundings(len(v), d_h) + 2 + 2 + 2 + N
    return 4 * growth(roundings, FLOAT64, library_calls=3 + len(v)) * (np.abs(S) @ np.abs(v))


def inputs(memory: Memory, x: np.ndarray) -> np.ndarray:
    return independent.dense_stream(memory.encoding.stream(x, POSITIONS, TARGETS, np.dtype("float64")))


def all_scores(memory: Memory) -> np.ndarray:
    return independent.scores(memory, POSITIONS, TARGETS, np.arange(N))


@pytest.mark.parametrize("literal_Delta", [False, True])
def test_scores_of_the_gated_memory_are_those_of_its_full_layer(literal_Delta):
    memory, x = gated(N, 2, 1.0, 0.1, literal_Delta=literal_Delta), np.random.default_rng(0).uniform(-1, 1, (N, 2))
    assert isinstance(memory.module, MambaBlock)
    f = independent.layer(memory.module, inputs(memory, x))
    S, v = all_scores(memory), independent.recorded_Delta(memory) * x
    assert (np.abs(f[:, :2] - S @ v) <= rounding(S, v, 1)).all()
    assert not f[:, 2:].any(), "W_3 writes nothing but the values"


@pytest.mark.parametrize("literal_Delta", [False, True])
@pytest.mark.parametrize(
    "build",
    [
        lambda **given: theorem3(N, 2, **given),
        lambda **given: constant(N, 2, random_keys(N, 3, np.random.default_rng(1)), "random", 0.9, **given),
        lambda **given: constant(N, 2, random_keys(N, 3, np.random.default_rng(1)), "random", 0.0, **given),
        lambda **given: constant(N, 2, projection_keys(N, 3), "projection", **given),
    ],
)
def test_scores_of_a_module_are_those_of_eq_1(build, literal_Delta):
    memory, x = build(literal_Delta=literal_Delta), np.random.default_rng(2).uniform(-1, 1, (N, 2))
    Y = independent.ssm(memory.module, inputs(memory, x))
    S, v = all_scores(memory), independent.recorded_Delta(memory) * x
    codes = memory.encoding.codes
    size = np.abs(S) if codes is None else np.tril(np.abs(codes)[TARGETS] @ np.abs(codes).T)
    assert (np.abs(Y[:, :2] - S @ v) <= rounding(size, v, memory.d_h)).all()
    assert not Y[:, 2:].any(), "only the values carry a state"


def test_scores_of_theorem_3_pick_the_target():
    np.testing.assert_array_equal(all_scores(theorem3(N, 1)), np.eye(N)[TARGETS])


def test_rows_may_be_asked_in_any_order():
    memory, rows = gated(N, 1, 1.0, 0.1), np.array([3, 0, 3])
    S = independent.scores(memory, POSITIONS, TARGETS, rows)
    np.testing.assert_array_equal(S, all_scores(memory)[rows])


def test_scores_of_attention_are_the_softmax():
    memory = binary_head(N, 1, 1.0, 0.1)
    assert isinstance(memory.module, Attention)
    codes, scale = binary_codes(N), float(memory.module.W_q.actions["target", "key"].inner)
    for i, row in enumerate(all_scores(memory)):
        weights = [math.exp(scale * sum(codes[TARGETS[i]] * codes[j])) for j in range(i + 1)]
        expected = np.array([w / sum(weights) for w in weights] + [0.0] * (N - 1 - i))
        exponent = math.ceil(4 * scale * memory.d_h)  # scores and their difference, in units u
        assert (np.abs(row - expected) <= growth(exponent * 3 + 2 * N, FLOAT64, library_calls=4) * expected).all()


def test_a_nan_weight_is_a_nan_score():
    memory = gated(N, 1, 1.0, 0.1)
    key = ("target", "memory")
    assert isinstance(memory.module, MambaBlock)
    W_2 = replace(memory.module.W_2, actions={key: Action(np.full((1, 1), np.nan))})
    S = all_scores(replace(memory, module=replace(memory.module, W_2=W_2)))
    assert np.isnan(S).any()


def test_no_scores_are_made_up_for_other_layers():
    with pytest.raises(TypeError, match="no scores are known for MambaBlock"):
        all_scores(theorem3_layer(N, 1))


def test_the_dense_stream_holds_the_blocks_in_order():
    memory = theorem3(2, 1)
    X = independent.dense_stream(
        memory.encoding.stream(np.array([[5.0], [7.0]]), np.array([0, -1]), np.array([1, 0]), np.dtype("float64"))
    )
    np.testing.assert_array_equal(X, [[5, 1, 0, 0, 1, 1], [7, 0, 0, 1, 0, 1]])
