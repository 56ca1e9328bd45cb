"""The interpreter on programs whose quantities can be written down by hand."""

import pytest

from constructions.programs.expression import constant, name
from constructions.programs.interpreter import Interpreter, interpreted
from constructions.programs.program import Builder, Field, Program, Slots, address_if

x, w, t = name("x"), name("w"), name("t")
FIELDS = (Field("x", -9, 9), Field("w", 0, 1))


def written(fill) -> Program:
    build = Builder("p", FIELDS, 8)
    with build.stage("s"):
        fill(build)
    return build.program({"x": t}, stop=t >= 6)


def column(program: Program, called: str, tokens) -> list:
    machine = Interpreter(program)
    return [machine.step(dict(zip(("x", "w"), token, strict=True)))[0][called] for token in tokens]


TOKENS = [(1, 0), (2, 1), (3, 0), (4, 1), (5, 0), (6, 0)]


@pytest.mark.parametrize(
    ("fill", "right"),
    [
        (lambda b: b.register("q", x, w), [0, 2, 2, 4, 4, 4]),
        (lambda b: b.total("q", x, (0, 50)), [1, 3, 6, 10, 15, 21]),
        (lambda b: b.since("q", w, (0, 9)), [1, 0, 1, 0, 1, 2]),
        (lambda b: b.recall("q", Slots(2, w, x, True), 0), [1, 1, 3, 3, 5, 6]),
        (lambda b: b.recall("q", Slots(2, w, x, True), 1), [0, 2, 2, 4, 4, 4]),
        (lambda b: b.recall("q", Slots(2, w, x, True), 2), [0] * 6),
        (lambda b: b.recall("q", Slots(2, w, x, True), -1), [0] * 6),
        (lambda b: b.recall("q", Slots(2, w, x, True), 0, w), [0, 1, 0, 3, 0, 0]),
        (lambda b: b.recall("q", Slots(4, t, x, True), t - 1), [0, 1, 2, 3, 0, 0]),
        (lambda b: b.recall("q", Slots(4, t - 1, x, False), t - 2), [0, 1, 2, 3, 4, 0]),
        (lambda b: b.recall("q", Slots(2, w, t - 2 * t + 3, False), 1), [0, 1, 1, 0, 0, 0]),
    ],
)
def test_statements(fill, right):
    assert column(written(fill), "q", TOKENS) == right


@pytest.mark.parametrize(
    ("fill", "tokens", "says"),
    [
        (lambda b: b.define("q", x, (0, 5)), [(6, 0)], r"token 1: 'q' is 6, but must lie in \[0, 5\]"),
        (lambda b: b.total("q", x, (0, 5)), [(6, 0)], "'q' is 6"),
        (lambda b: b.register("q", x, w, (0, 5)), [(6, 1)], "'q' is 6"),
        (lambda b: b.define("q", x), [(10, 0)], "'x' is 10"),
        (lambda b: b.recall("q", Slots(2, address_if(w, 0), constant(1), False), 0), [(0, 1)] * 2, "'q' is 2"),
    ],
)
def test_a_broken_promise_is_refused(fill, tokens, says):
    with pytest.raises(ValueError, match=says):
        column(written(fill), "q", tokens)


def test_the_run_feeds_its_own_tokens_and_stops():
    program = written(lambda b: b.define("q", x))
    tokens = [token["x"] for token, _ in interpreted(program, [{"x": 7}, {"x": 7}, {"x": 7}], 99)]
    assert tokens == [7, 7, 7, 3, 4, 5, 6]
    assert len(list(interpreted(program, [{"x": 7}], 3))) == 3
    with pytest.raises(ValueError, match="no token"):
        next(interpreted(program, [], 3))


def test_a_stop_inside_the_prompt_is_not_the_end():
    program = written(lambda b: b.define("q", x))
    assert len(list(interpreted(program, [{"x": 1}] * 8, 99))) == 8
