"""The matrix form of constructions.chunked in 16 bits: what it puts out lies in its enclosure, and faults do not."""

from collections.abc import Callable, Iterator
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bounds.enclosure import Interval, held
from bounds.formats import format_of
from constructions import chunked
from constructions.chunked import Part, chunk_length, chunks_together, running_products
from constructions.rows import Array, dense_rows
from verify.sweep import chunks
from verify.sweep.chunks import Signals, decays, side_by_side
from verify.sweep.devices import mesh
from verify.sweep.enclosure import enclosed
from verify.sweep.grid import D, Run
from verify.sweep.measure import pose
from verify.sweep.programs import AS_WRITTEN, Asked, Programs

BITS_16 = ("bfloat16", "float16")
T, Q, D_H, CHANNELS = 50, 4, 8, 3
ONE_ROUND, ROUNDS, SINGLE = 2**17, 20, Q  # steps side by side: 13 chunks at once, three rounds of five, one at a time


def compiled(f: Callable, *arrays: np.ndarray | None) -> jax.stages.Compiled:
    """A lambda is compiled afresh, so that what a test has planted is seen."""
    return jax.jit(f).lower(*arrays).compile(compiler_options=AS_WRITTEN)


def once(f: Callable, *arrays: np.ndarray | None) -> np.ndarray:
    return np.asarray(compiled(lambda *given: f(*given), *arrays)(*arrays)).astype(np.float64)


def drawn(dtype: str, a: float | None, one_hot: bool) -> tuple[tuple, Signals]:
    """The same signals for the program (a, b, c, v) and for its enclosure: T positions, some of them not written, that
    share D_H keys or have a projection's.
    """
    rng = np.random.default_rng(1)
    keys = np.tile(np.eye(D_H), (T, 1))[:T] if one_hot else np.linalg.qr(rng.standard_normal((T, D_H)))[0]
    keys = keys.astype(jnp.dtype(dtype))
    position, target = np.where(rng.random(T) < 0.1, -1, np.arange(T)), rng.integers(0, T, T)
    x = rng.uniform(-1, 1, (T, CHANNELS)).astype(jnp.dtype(dtype))
    stored = None if a is None else np.full(T, a, keys.dtype)
    b = np.where(position[:, None] < 0, np.zeros((), keys.dtype), keys[position])
    coefficient = None if stored is None else Interval.point(float(stored[0]))
    signals = Signals(coefficient, keys.astype(np.float64), position, target, Interval.point(x.astype(np.float64)))
    return (stored, b, keys[target], x), signals


def layer(a: Array | None, b: Array, c: Array, v: Array) -> Array | None:
    return chunked.side_by_side(Part(a, dense_rows(b), dense_rows(c), dense_rows(v), None), Q).fill


def enclosure(signals: Signals, dtype: str) -> Interval:
    return side_by_side(signals, np.arange(T), T, Q, format_of(dtype))


def inside(y: np.ndarray, found: Interval) -> np.ndarray:
    return (found.lo <= y) & (y <= found.hi)


@pytest.mark.parametrize("dtype", BITS_16)
@pytest.mark.parametrize("a", [0.99, 0.5, 1.0, 0.0])
def test_products_of_coefficients_are_those_of_the_program(dtype: str, a: float):
    """Equal: each product of two numbers of the format has one rounding.  In another order they are not equal."""
    stored = np.asarray(a, jnp.dtype(dtype))
    Q, every = 100, np.full(100, stored)
    found = decays(Interval.point(float(stored)), Q, format_of(dtype))
    y = once(running_products, every)
    np.testing.assert_array_equal(found.ahead.lo, y)
    np.testing.assert_array_equal(found.ahead.hi, y)
    below = np.tril(np.ones((Q, Q), bool), -1)
    masked = np.where(below, every[:, None], np.ones((), stored.dtype))
    np.testing.assert_array_equal(found.inside.lo, once(running_products, masked) * np.tril(np.ones((Q, Q))))
    (whole,) = once(lambda x: jnp.prod(x)[None], every)
    assert found.whole.lo[0] <= whole <= found.whole.hi[0]
    one_by_one = np.asarray([stored])
    for _ in range(Q - 1):
        one_by_one = np.append(one_by_one, (one_by_one[-1] * stored).astype(stored.dtype))
    assert (one_by_one.astype(np.float64) == y).all() == (a != 0.99)


@pytest.mark.parametrize(
    ("dtype", "steps"), [*((dtype, steps) for dtype in BITS_16 for steps in (ONE_ROUND, ROUNDS)), ("float16", SINGLE)]
)
def test_chunks_side_by_side_lie_inside(dtype: str, steps: int, monkeypatch: pytest.MonkeyPatch):
    """T is no multiple of Q and 13 chunks are odd at every level.  Where the enclosure is a point, a number two
    units off lies outside.
    """
    monkeypatch.setattr(chunked, "STEPS_SIDE_BY_SIDE", steps)
    program = compiled(lambda *arrays: layer(*arrays), *drawn(dtype, 0.9, one_hot=True)[0])
    for one_hot in (True, False):
        for a in (0.99, 0.9, 1.0, 0.0):
            arrays, signals = drawn(dtype, a, one_hot)
            y, found = np.asarray(program(*arrays)), enclosure(signals, dtype)
            assert inside(y.astype(np.float64), found).all()
            off = np.nextafter(np.nextafter(y, np.asarray(9, y.dtype)), np.asarray(9, y.dtype)).astype(np.float64)
            points = found.lo == found.hi
            assert points.any()
            assert not inside(off, found)[points].any()


def test_nothing_forgotten_lies_inside(monkeypatch: pytest.MonkeyPatch):
    """Without coefficients, in rounds; one-hot keys give points."""
    monkeypatch.setattr(chunked, "STEPS_SIDE_BY_SIDE", ROUNDS)
    for one_hot in (True, False):
        arrays, signals = drawn("bfloat16", None, one_hot)
        found = enclosure(signals, "bfloat16")
        assert inside(once(layer, *arrays), found).all()
        assert (found.lo == found.hi).all() == one_hot


def in_sequence(then: Callable, elements: tuple) -> tuple:
    """The same prefixes as `jax.lax.associative_scan`, joined from left to right."""
    prefixes = [jax.tree.map(lambda x: x[:1], elements)]
    for k in range(1, len(elements[0])):
        prefixes.append(then(prefixes[-1], jax.tree.map(lambda x, k=k: x[k : k + 1], elements)))
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *prefixes)


@pytest.mark.parametrize("dtype", BITS_16)
def test_another_order_is_seen(dtype: str, monkeypatch: pytest.MonkeyPatch):
    """The states joined from left to right, not pair by pair."""
    arrays, signals = drawn(dtype, None, one_hot=True)
    monkeypatch.setattr(jax.lax, "associative_scan", in_sequence)
    assert not inside(once(layer, *arrays), enclosure(signals, dtype)).all()


def test_a_chunk_that_forgets_once_too_often_is_seen(monkeypatch: pytest.MonkeyPatch):
    arrays, signals = drawn("float16", 0.99, one_hot=False)
    kept = chunked._kept
    monkeypatch.setattr(chunked, "_kept", lambda part: kept(part) * part.a[0])
    assert not inside(once(layer, *arrays), enclosure(signals, "float16")).all()


def test_another_division_into_rounds_is_seen(monkeypatch: pytest.MonkeyPatch):
    """The program computes 13 chunks at once, the enclosure takes them for rounds of five, or the other way round."""
    arrays, signals = drawn("float16", None, one_hot=True)
    y, found = once(layer, *arrays), enclosure(signals, "float16")
    monkeypatch.setattr(chunked, "STEPS_SIDE_BY_SIDE", ROUNDS)
    assert not inside(y, enclosure(signals, "float16")).all()
    assert not inside(once(layer, *arrays), found).all()


@pytest.mark.parametrize("dtype", BITS_16)
def test_products_that_are_not_rounded_before_a_sum_lie_inside(dtype: str, monkeypatch: pytest.MonkeyPatch):
    """What an accelerator may do: A' W + W' rounded once, and both products of an output added in float32.  Rounded as
    it is written, the program puts out other numbers, and an enclosure that rounds those products misses these.
    """
    arrays, signals = drawn(dtype, 0.99, one_hot=False)
    found, as_written = enclosure(signals, dtype), once(layer, *arrays)
    contract, scan = chunked.contract, jax.lax.associative_scan

    def unrounded(subscripts: str, left: jax.Array, right: jax.Array) -> jax.Array:
        added = subscripts in ("ij,jc->ic", "is,cs->ic")
        return contract(subscripts, *(x.astype(jnp.float32) if added else x for x in (left, right)))

    def fused(_: Callable, elements: tuple) -> tuple:
        def contracted(first, second):
            (A, W), (A_later, W_later) = first, second
            wide = [x.astype(jnp.float32) for x in (A_later[:, None, None], W, W_later)]
            return A * A_later, (wide[0] * wide[1] + wide[2]).astype(W.dtype)

        return scan(contracted, elements)

    monkeypatch.setattr(chunked, "contract", unrounded)
    monkeypatch.setattr(jax.lax, "associative_scan", fused)
    y = once(layer, *arrays).astype(jnp.dtype(dtype)).astype(np.float64)
    assert inside(y, found).all()
    assert (y != as_written).any() or jax.default_backend() != "cpu"
    monkeypatch.setattr(chunks, "contractible", held)
    assert not inside(y, enclosure(signals, dtype)).all()


@pytest.fixture
def accelerated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    """Programs as an accelerator takes them; where there is none, carried out by this machine's CPU."""
    made = Programs(mesh(None))
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(chunked, "STEPS_SIDE_BY_SIDE", 3 * 128)
    yield made
    made.close()


@pytest.mark.parametrize("dtype", BITS_16)
def test_runs_of_a_sweep_lie_inside(dtype: str, accelerated: Programs):
    """Padded from 700 to 1024 steps, 8 chunks in rounds of three; outputs one unit off are seen."""
    assert chunks_together(1024, chunk_length(1024)) == 3
    run = Run("ssm-constant", 700, 8, 12, Fraction("0.99"), None, dtype, 0)
    kind = accelerated.kind(run)
    asked: Asked = pose(run, D).asked
    (y,), execution = accelerated.outputs([asked])
    found = enclosed(asked, execution, kind)
    assert found is not None
    assert inside(y.astype(np.float64), found).all()
    off = np.nextafter(y, np.asarray(9, y.dtype)).astype(np.float64)
    assert not inside(off, found).all()
