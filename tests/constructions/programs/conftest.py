"""Random expressions and programs, and three routes of evaluating a compiled one beside the interpreter."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bounds.formats import format_of
from constructions.generate import generate, machine, prompt_tokens
from constructions.linear import Stream
from constructions.programs.expression import (
    Expr,
    absolute,
    bounds,
    clipped,
    constant,
    differ,
    equal,
    maximum,
    minimum,
    modulo,
    name,
    quotient,
    select,
    square,
    table,
)
from constructions.programs.interpreter import Interpreter
from constructions.programs.program import POSITION, Builder, Field, Slots
from constructions.programs.stack import compiled
from constructions.rows import dense_rows
from constructions.run import initial_state, step_block
from verify import independent

LARGEST = 200  # of a part of a random expression, so that quotients stay small
TOKENS = 40


def _flag(rng, given, depth) -> Expr:
    """A random flag; names of flags are those whose interval is [0, 1]."""
    flags = [n for n, interval in given.items() if interval == (0, 1)]
    if depth == 0 and flags:
        return name(str(rng.choice(flags)))
    a, b = _expression(rng, given, depth - 1), _expression(rng, given, depth - 1)
    compare = [lambda: a < b, lambda: a <= b, lambda: a > b, lambda: a >= b, lambda: equal(a, b), lambda: differ(a, b)]
    flag = compare[rng.integers(6)]()
    if depth > 1 and rng.random() < 0.4:
        other = _flag(rng, given, depth - 1)
        return [flag & other, flag | other, ~flag][rng.integers(3)]
    return flag


def _expression(rng, given, depth) -> Expr:
    """A random expression over the quantities `given` with their intervals; its own interval stays below LARGEST."""
    if depth <= 0:
        return name(str(rng.choice(list(given)))) if rng.random() < 0.8 else constant(int(rng.integers(-3, 4)))
    a, b = _expression(rng, given, depth - 1), _expression(rng, given, depth - 1)
    p, low = int(rng.integers(1, 6)), int(rng.integers(-5, 3))
    values = [int(v) for v in rng.integers(-4, 5, rng.integers(1, 7))]
    kinds = [
        lambda: a + b,
        lambda: int(rng.integers(-3, 4)) * a - b,
        lambda: maximum(a, b),
        lambda: minimum(a, b),
        lambda: absolute(a),
        lambda: clipped(a, low, low + 4),
        lambda: a * b,
        lambda: square(a),
        lambda: quotient(a, p),
        lambda: modulo(a, p),
        lambda: table(a, low, values),
        lambda: select(_flag(rng, given, depth - 1), a, b),
        lambda: _flag(rng, given, depth),
        lambda: (a * (a + 1)) * Fraction(1, 2),
    ]
    found = kinds[rng.integers(len(kinds))]()
    return found if max(map(abs, bounds(found, given))) <= LARGEST else clipped(found, -9, 9)


@pytest.fixture(scope="session")
def random_expression():
    """rng, intervals of the names, depth -> an expression."""
    return _expression


def _program(rng):
    """Registers, totals and memories of every kind over three fields; addresses leave the memory on both sides."""
    fields = (Field("x", -4, 6), Field("f", 0, 1), Field("a", -2, 8))
    build = Builder("random", fields, TOKENS)
    t, x, f, a = (name(n) for n in (POSITION, "x", "f", "a"))
    given = {"x": (-4, 6), "f": (0, 1), "a": (-2, 8)}

    def keep(called, quantity, interval):
        given[called] = interval
        return quantity

    with build.stage("one"):
        first = _expression(rng, given, 2)
        keep("d", build.define("d", first), bounds(first, given))
        keep("r", build.register("r", _expression(rng, given, 1), _flag(rng, given, 1)), (-LARGEST, LARGEST))
        total = clipped(_expression(rng, given, 1), -3, 5)
        build.total("s", total, (-3 * TOKENS, 5 * TOKENS))
        ring = Slots(int(rng.choice([1, 2, 6])), a, _expression(rng, given, 1), True)
        once = Slots(TOKENS, select(f, t - 1, -1), x, False)
        for called, memory, query in (("v", ring, a + 1), ("w", ring, clipped(name("d"), -1, 7)), ("u", once, t - a)):
            build.recall(called, memory, query, _flag(rng, given, 1) if rng.random() < 0.5 else None)
    with build.stage("two"):
        second = clipped(name("v") + name("u") - name("r") + modulo(name("s"), 3), -9, 9)
        build.define("e", second)
        build.register("q", name("e"), equal(a, name("w")))
        build.recall("z", Slots(4, modulo(name("e"), 5), name("e") + 1, True), modulo(x, 4))
    with build.stage("out"):
        outputs = {
            "x": clipped(name("z") - name("q"), -4, 6),
            "f": name("e") > name("w"),
            "a": select(a >= 8, -2, a + 1),
        }
    return build.program(outputs, stop=t >= TOKENS)


@pytest.fixture(scope="session")
def random_program():
    """rng -> a program with every kind of statement, for at most TOKENS tokens."""
    return _program


@pytest.fixture(scope="session")
def random_tokens():
    """program, count, rng -> tokens drawn from the fields' intervals."""

    def draw(program, count, rng):
        return [{f.name: int(rng.integers(f.low, f.high + 1)) for f in program.fields} for _ in range(count)]

    return draw


def _expected(program, tokens):
    """Quantities, outputs and stop of every token, by the interpreter: arrays by name, outputs under their spaces."""
    interpreter = Interpreter(program)
    rows = [interpreter.step(token) for token in tokens]
    return {n: np.array([float(values[n]) for values, _, _ in rows]) for n in rows[0][0]}, rows


def _on(form, where) -> np.ndarray:
    """A form on the columns of a stream."""
    start = np.full(len(where[POSITION]), float(form.constant))
    return start + sum(float(c) * where[n] for n, c in form.terms.items())


def _differing(stack, streams, tokens) -> set[str]:
    """The quantities and outputs that the streams (T, dim) hold wrongly at any token."""
    expected, rows = _expected(stack.program, tokens)
    where = {n: streams[:, stack.stream.coordinates(n).start] for n in stack.stream.names}
    wrong = {n for n, values in expected.items() if not (_on(stack.forms[n], where) == values).all()}
    outputs = [[*(out[field.name] for field in stack.program.fields), stop] for _, out, stop in rows]
    got = np.stack([where[n] for n in stack.outputs], axis=1)
    return wrong | {
        n for n, same in zip(stack.outputs, (got == np.array(outputs)).all(axis=0), strict=True) if not same
    }


@pytest.fixture(scope="session")
def differing():
    """stack, streams, tokens -> the names of what is wrong in the streams; the interpreter is right."""
    return _differing


@pytest.fixture(scope="session")
def streams():
    """Three routes: `numpy` follows Eq. 1-3 from dense matrices, `packed` is `generate`, `plain` is `step_block`."""

    def entered(stack, tokens):
        X = np.zeros((len(tokens), stack.stream.dim))
        given = {POSITION: range(1, len(tokens) + 1), "1": [1] * len(tokens)}
        given |= {f.name: [token.get(f.name, 0) for token in tokens] for f in stack.program.fields}
        for n, values in given.items():
            X[:, stack.stream.coordinates(n).start] = values
        return X

    def by_numpy(stack, tokens):
        X = entered(stack, tokens)
        for named in stack.blocks:
            X = X + independent.layer(named.block, X)
        return X

    def by_packed(stack, tokens, dtype=None):
        prompt = prompt_tokens([f.name for f in stack.program.fields], tokens)
        seen = generate(machine(stack, dtype), [prompt], len(tokens), keep_streams=True).streams
        assert seen is not None
        return seen[0].astype(np.float64)

    def by_plain(stack, tokens, dtype="float32"):
        blocks = [jax.tree.map(lambda w: np.asarray(w, dtype), named.block) for named in stack.blocks]
        one = jax.jit(step_block)
        states = [initial_state(block.ssm, jnp.dtype(dtype)) for block in blocks]
        out = []
        for row in entered(stack, tokens).astype(dtype):
            x = Stream(stack.stream, {n: dense_rows(row[stack.stream.coordinates(n)]) for n in stack.stream.names})
            for k, block in enumerate(blocks):
                states[k], y = one(block, states[k], x)
                x = x + y
            out.append(np.concatenate([np.asarray(x[n].dense(), np.float64) for n in stack.stream.names]))
        return np.array(out)

    return {"numpy": by_numpy, "packed": by_packed, "plain": by_plain}


@pytest.fixture(scope="session")
def compiled_for():
    """program, format's name -> its stack."""
    return lambda program, dtype: compiled(program, format_of(dtype))
