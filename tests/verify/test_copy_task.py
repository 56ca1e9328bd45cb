"""The COPY task and the byte code, against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructions.rows import VOID
from verify.copy.task import ByteCode, Task, task, uniform_values

KINDS = st.sampled_from(["random", "reverse", "first", "lag:0", "lag:3", "string"])


@given(KINDS, st.integers(1, 40), st.integers(0, 5))
def test_every_step_asks_for_a_position_that_is_written_by_then(kind, N, seed):
    made = task(kind, N, seed)
    written_at = {int(p): t for t, p in enumerate(made.position) if p != VOID}
    assert sorted(written_at) == list(range(N))
    for step in range(made.first_judged, made.steps):
        assert written_at[int(made.target[step])] <= step
    assert (made.target[: made.first_judged] == VOID).all()


def test_the_kinds_are_what_they_are_called():
    assert task("reverse", 5, 0).target.tolist() == [0, 1, 2, 1, 0]
    assert task("first", 3, 0).target.tolist() == [0, 0, 0]
    assert task("lag:2", 4, 0).target.tolist() == [0, 0, 0, 1]
    string = task("string", 3, 0)
    assert string.position.tolist() == [0, 1, 2, VOID, VOID, VOID]
    assert string.target.tolist() == [VOID, VOID, VOID, 0, 1, 2]


def test_reproducing_steps_are_fed_what_was_reproduced_before():
    values = np.arange(1.0, 4.0)[:, None]
    assert task("string", 3, 0).sequence(values)[:, 0].tolist() == [1, 2, 3, 0, 1, 2]


def test_the_seed_decides_the_random_task():
    assert (task("random", 30, 1).target == task("random", 30, 1).target).all()
    assert (task("random", 30, 1).target != task("random", 30, 2).target).any()


@given(KINDS, st.integers(1, 25), st.integers(0, 5))
def test_demand_counts_what_must_be_carried_past_a_step(kind, N, seed):
    made = task(kind, N, seed)
    written_at = {int(p): t for t, p in enumerate(made.position) if p != VOID}
    carried = [
        len({int(p) for p in made.target[t:] if p != VOID and written_at[int(p)] < t}) for t in range(made.steps + 1)
    ]
    assert made.demand == max(carried)


@pytest.mark.parametrize(("kind", "N"), [("random", 0), ("backwards", 4), ("lag:", 4), ("lag:-1", 4), ("lag:x", 4)])
def test_other_tasks_are_refused(kind, N):
    with pytest.raises(ValueError, match=r"needs N >= 1|pos must be one of"):
        task(kind, N, 0)


@given(st.integers(1, 12), st.floats(0.01, 100.0))
def test_every_byte_decodes_from_anything_within_the_margin(d, M):
    code = ByteCode(d, M)
    data = bytes(range(256))
    vectors = code.encode(data)
    assert np.abs(vectors).max() <= M
    assert code.decode(vectors) == data
    nudged = vectors + 0.99 * code.margin * np.where(np.arange(d) % 2, 1.0, -1.0)
    assert code.decode(nudged) == data


def test_the_margin_is_needed():
    code = ByteCode(8, 1.0)
    beyond = code.encode(b"a") + 1.01 * code.margin * np.sign(code.encode(b"b") - code.encode(b"a"))
    assert code.decode(beyond) != b"a"


def test_a_vector_with_nan_decodes_to_nothing():
    assert ByteCode(8, 1.0).decode(np.full((1, 8), np.nan)) == b""


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform_values_fill_their_range(dtype):
    values = uniform_values(400, 3, 2.0, 7, np.dtype(dtype))
    assert values.dtype == dtype
    assert np.abs(values).max() <= 2.0
    assert values.min() < -1.9
    assert values.max() > 1.9


def test_a_task_knows_its_first_judged_step():
    assert task("random", 4, 0).first_judged == 0
    assert Task("string", 2, np.array([0, 1, -1, -1]), np.array([-1, -1, 0, 1])).first_judged == 2
