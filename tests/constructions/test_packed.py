"""Packed blocks against the plain step of `constructions.run` on random weights.

Weights and inputs are multiples of 1/2, so every linear map is exact in float64: what may differ is the order of what
comes after softplus, exp and silu.  Both routes take each step from the same state, so a bound of one step is enough.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import format_of
from bounds.rounding import growth
from constructions.layout import Layout, Space
from constructions.linear import Action, LinearMap, Outer, Stream, linear_map, zero
from constructions.mamba import LN_2, SHARED, MambaBlock, mamba_block, selective_ssm
from constructions.packed import initial, packed, step
from constructions.rows import Rows, dense_rows
from constructions.run import step_block

FLOAT64 = format_of("float64")
plain_step, packed_step = jax.jit(step_block), jax.jit(step)


def halves(rng, *shape) -> np.ndarray:
    return rng.integers(-3, 4, shape) / 2


def random_layout(rng, called: str, N: int) -> Layout:
    return Layout(
        tuple(
            Space(f"{called}{k}", int(rng.choice([1, N])), int(rng.integers(1, 4))) for k in range(rng.integers(2, 5))
        )
    )


def random_map(rng, domain: Layout, codomain: Layout) -> LinearMap:
    """An entry between about half of the pairs whose blocks fit."""
    actions = {}
    for a in domain:
        for b in codomain:
            outer = {a.blocks == 1: Outer.SPREAD, b.blocks == 1: Outer.GATHER, a.blocks == b.blocks: Outer.EACH}.get(
                True
            )
            if outer is not None and rng.random() < 0.6:
                actions[a.name, b.name] = Action(halves(rng, b.width, a.width), outer)
    return linear_map(domain, codomain, actions)


def random_block(seed: int, d_h: int, shared: bool, A: str) -> MambaBlock:
    rng = np.random.default_rng(seed)
    stream, inner = random_layout(rng, "x", 3), random_layout(rng, "z", 3)
    channels = tuple(n for n in inner.names if rng.random() < 0.7) or inner.names[:1]
    state, rank = Layout((Space("state", 1, d_h),)), Layout((Space("rank", 1, 2),))
    values = np.array([0.0, -0.25, -1.0, -np.inf])
    arrays = {n: rng.choice(values, (int(rng.choice([1, d_h])), inner[n].width)) for n in channels}
    ssm = selective_ssm(
        channels,
        random_map(rng, inner, state),
        random_map(rng, inner, state),
        random_map(rng, inner, rank),
        random_map(rng, rank, Layout((Space(SHARED),)) if shared else inner.only(channels)),
        {"none": None, "number": rng.choice(values)[...], "arrays": arrays}[A],
        {n: halves(rng, inner[n].width) for n in inner.names if rng.random() < 0.5} if rng.random() < 0.7 else None,
    )
    bias = [{n: halves(rng, inner[n].width) for n in inner.names if rng.random() < 0.5} for _ in range(2)]
    W_3 = random_map(rng, inner, stream)
    read = (channels[0], stream.names[0])
    if read not in W_3.actions and inner[channels[0]].blocks == stream[stream.names[0]].blocks:
        shape = (stream[stream.names[0]].width, inner[channels[0]].width)
        W_3 = linear_map(inner, stream, W_3.actions | {read: Action(halves(rng, *shape))})
    return mamba_block(random_map(rng, stream, inner), bias[0], random_map(rng, stream, inner), bias[1], W_3, ssm)


def readable(block: MambaBlock) -> bool:
    return any(source in block.ssm.channels for source, _ in block.W_3.actions)


def flat(H: dict) -> dict:
    return {n: np.asarray(h).reshape(h.shape[0], -1) for n, h in H.items()}


def constant(vector, layout: Layout) -> np.ndarray:
    return np.concatenate([np.tile(vector.get(s.name, np.zeros(s.width)), s.blocks) for s in layout])


def magnitudes(block: MambaBlock, H: dict, x: np.ndarray) -> tuple[dict, np.ndarray, float]:
    """The new state and the output on moduli, silu by its argument, and the largest finite |Delta A|."""
    ssm, inner = block.ssm, block.ssm.inner
    z, pre = (W.dense() @ x + constant(b, inner) for W, b in ((block.W_1, block.b_1), (block.W_2, block.b_2)))
    b, c = (np.abs(W.dense() @ z) for W in (ssm.W_b, ssm.W_c))
    Delta = np.logaddexp(ssm.W_Delta2.dense() @ (ssm.W_Delta1.dense() @ z), 0)
    state, y, exponent = {}, np.zeros(inner.dim), 0.0
    for n in ssm.channels:
        at, own = inner.coordinates(n), ssm.W_Delta2.codomain
        rate = Delta if ssm.shares_Delta else Delta[own.coordinates(n)]
        A = np.zeros((1, 1)) if ssm.A is None else np.atleast_2d(ssm.A[n] if isinstance(ssm.A, dict) else ssm.A)
        A = np.tile(np.broadcast_to(A, (A.shape[0], inner[n].width)), (1, inner[n].blocks))
        finite = np.where(np.isneginf(A), 0, A) * rate
        exponent = max(exponent, float(np.abs(finite).max()))
        state[n] = np.where(np.isneginf(A), 0, np.exp(finite)) * np.abs(H[n]) + np.outer(b, rate * np.abs(z[at]))
        y[at] = c @ state[n] + np.abs(constant(ssm.D or {}, inner)[at] * z[at])
    return state, np.abs(x) + np.abs(block.W_3.dense()) @ (y * np.abs(pre)), exponent


def allowed(block: MambaBlock, exponent: float) -> float:
    """Twice the most that one route's roundings change a term: products, d_h and inner.dim additions, the residual's,
    softplus (two library functions), exp and silu; an error of the exponent counts as many more roundings.
    """
    off = exponent * growth(4, FLOAT64, library_calls=2) / float(FLOAT64.unit_roundoff)
    return 2 * growth(12 + block.ssm.d_h + block.ssm.inner.dim + int(off) + 1, FLOAT64, library_calls=4)


def disagreement(block: MambaBlock, other: MambaBlock, seed: int) -> float:
    """The largest difference between `block` packed and `other` step by step, as a part of what is allowed."""
    rng, stream, worst = np.random.default_rng(seed), block.W_1.domain, 0.0
    small = packed(block, "float64")
    assert set(initial(small)) <= set(block.ssm.channels)
    H = {s.name: jnp.zeros((block.ssm.d_h, s.blocks, s.width)) for s in block.ssm.inner.only(block.ssm.channels)}
    for _ in range(2):
        x = halves(rng, stream.dim)
        rows = {
            s.name: dense_rows(x[stream.coordinates(s.name)]) if s.blocks == 1 else blocks(x, stream, s) for s in stream
        }
        plain, y = plain_step(other, H, Stream(stream, rows))
        before = {n: jnp.asarray(h)[None] for n, h in flat(H).items() if n in initial(small)}
        after, out = packed_step(small, before, jnp.asarray(x)[None])
        states, output, exponent = magnitudes(block, flat(H), x)
        part = allowed(block, exponent)
        image = np.concatenate([dense(y[s.name], s) for s in stream])
        pairs = [(out[0], x + image, output), *((after[n][0], flat(plain)[n], states[n]) for n in after)]
        for got, right, size in pairs:
            off = np.abs(np.asarray(got) - right)
            worst = max(worst, float(np.where(off > 0, off / np.maximum(part * size, 1e-300), 0).max()))
        H = {**H, **plain}
    return worst


def blocks(x: np.ndarray, layout: Layout, space: Space):
    values = x[layout.coordinates(space.name)].reshape(space.blocks, space.width)
    return Rows(None, np.arange(space.blocks, dtype=np.int32), values, space.blocks, space.width)


def dense(rows, space: Space) -> np.ndarray:
    return np.zeros(space.dim) if rows.is_zero else np.asarray(rows.dense())


@settings(max_examples=4)
@pytest.mark.parametrize("shared", [True, False])
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.sampled_from(["none", "number", "arrays"]))
def test_packed_is_the_plain_step(shared, seed, d_h, A):
    block = random_block(seed, d_h, shared, A)
    if readable(block):
        assert disagreement(block, block, seed) <= 1
    else:
        with pytest.raises(ValueError, match="reads none of the channels"):
            packed(block, "float64")


FAULTS = {
    "W_b": lambda b: replace(b, ssm=replace(b.ssm, W_b=doubled(b.ssm.W_b))),
    "W_c": lambda b: replace(b, ssm=replace(b.ssm, W_c=doubled(b.ssm.W_c))),
    "W_Delta2": lambda b: replace(b, ssm=replace(b.ssm, W_Delta2=doubled(b.ssm.W_Delta2))),
    "W_1": lambda b: replace(b, W_1=doubled(b.W_1)),
    "W_2": lambda b: replace(b, W_2=doubled(b.W_2)),
    "W_3": lambda b: replace(b, W_3=doubled(b.W_3)),
    "A": lambda b: replace(b, ssm=replace(b.ssm, A=np.asarray(-0.5))),
    "D": lambda b: replace(b, ssm=replace(b.ssm, D={n: 2 * d for n, d in b.ssm.D.items()})),
}


def doubled(linear: LinearMap) -> LinearMap:
    return replace(linear, actions={k: Action(2 * a.inner, a.outer) for k, a in linear.actions.items()})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_weight_is_seen(fault):
    rng = np.random.default_rng(7)
    one = Layout((Space("x", 1, 2),))
    inner, state, rank = Layout((Space("z", 1, 3),)), Layout((Space("state", 1, 2),)), Layout((Space("rank", 1, 2),))

    def full(domain, codomain):
        a, b = domain.spaces[0], codomain.spaces[0]
        return linear_map(domain, codomain, {(a.name, b.name): Action(halves(rng, b.dim, a.dim) + 0.25)})

    ssm = selective_ssm(
        ("z",), full(inner, state), full(inner, state), full(inner, rank), full(rank, inner), np.asarray(-1.0),
        {"z": np.array([1.0, 0.5, 2.0])},
    )  # fmt: skip
    block = mamba_block(full(one, inner), {"z": np.ones(3)}, full(one, inner), {}, full(inner, one), ssm)
    assert disagreement(block, block, 0) <= 1
    assert disagreement(block, FAULTS[fault](block), 0) > 1


def test_spaces_with_the_same_weights_share_one_state():
    """Two readers that differ by their gates, and a third that forgets otherwise."""
    stream, inner = Layout((Space("x", 1, 2),)), Layout((Space("a"), Space("b"), Space("other"), Space("one")))
    state, rank = Layout((Space("state"),)), Layout((Space("rank"),))
    ssm = selective_ssm(
        inner.names,
        linear_map(inner, state, {("one", "state"): Action()}),
        linear_map(inner, state, {("one", "state"): Action()}),
        linear_map(inner, rank, {("one", "rank"): Action()}),
        linear_map(rank, inner, {("rank", n): Action() for n in inner.names}),
        {n: np.full((1, 1), -0.5 if n == "other" else -1.0) for n in inner.names},
    )
    reads = {("x", n): Action(np.array([[1.0, 0.5]])) for n in ("a", "b", "other")}
    gates = {("x", n): Action(np.array([[1.0, k]])) for k, n in enumerate(("a", "b", "other"))}
    writes = {(n, "x"): Action(np.ones((2, 1))) for n in ("a", "b", "other")}
    W_3 = linear_map(inner, stream, writes)
    W_1, W_2 = linear_map(stream, inner, reads), linear_map(stream, inner, gates)
    block = mamba_block(W_1, {"one": np.ones(1)}, W_2, {}, W_3, ssm)
    assert set(initial(packed(block, "float64"))) == {"a", "other"}
    assert disagreement(block, block, 0) <= 1


def test_a_module_without_writing_keeps_no_state():
    block = random_block(3, 2, True, "number")
    off = replace(block, ssm=replace(block.ssm, W_b=zero(block.ssm.inner, block.ssm.W_b.codomain)))
    assert readable(off)
    assert initial(packed(off, "float64")) == {}
    assert disagreement(off, off, 0) <= 1


def test_a_Delta_without_weights_is_softplus_of_0():
    """W_Delta = O leaves Delta = log 2 everywhere, not none."""
    inner, stream, state = Layout((Space("z"),)), Layout((Space("x"),)), Layout((Space("state"),))
    one, rank = linear_map(stream, inner, {("x", "z"): Action()}), Layout((Space("rank"),))
    to_state = linear_map(inner, state, {("z", "state"): Action()})
    ssm = selective_ssm(("z",), to_state, to_state, zero(inner, rank), zero(rank, inner))
    block = mamba_block(one, {}, one, {}, linear_map(inner, stream, {("z", "x"): Action()}), ssm)
    H, _ = step(packed(block, "float64"), initial(packed(block, "float64")), jnp.ones((1, 1)))
    assert abs(float(H["z"][0, 0, 0]) - LN_2) <= growth(4, FLOAT64, library_calls=2)
