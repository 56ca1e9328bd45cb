"""The layer of Eq. 1-3 against transformers' mixer and a scan in PyTorch, on random and on constructed weights."""

import jax
import numpy as np
import pytest

from bounds.formats import format_of
from bounds.running import given
from constructions.encoding import Encoding
from constructions.gadgets.run import in_dtype
from constructions.linear import Stream
from constructions.memories.gated import gated
from constructions.memories.memory import values_only
from constructions.memories.theorem3 import theorem3_layer
from constructions.recurrence import Execution
from constructions.rows import VOID, dense_rows
from constructions.run import run_block
from verify.export import neox
from verify.export.attended import EPSILON, attended
from verify.export.bound import Program, mixed, ours, theirs
from verify.export.mixer import Sizes, bare_channels, channels_of, mixer
from verify.export.neox import layered
from verify.export.torch_scan import scanned

WHOLE = ("position", "target", "one")
CASES = [
    *[(T, dtype) for T in (1, 64) for dtype in ("float32", "float64")],
    (4096, "float32"),
    *[
        pytest.param(T, dtype, marks=pytest.mark.long)
        for T, dtype in ((2, "float32"), (2, "float64"), (4096, "float64"))
    ],
]
SLOTS = 16  # of the constructed memories, at every length
run = jax.jit(lambda block, stream: run_block(block, stream, Execution.SCAN))


def sizes_for(block, channels):
    stream = block.W_1.domain.dim + 1
    return Sizes(stream, -(-len(channels) // stream), block.ssm.d_h, block.ssm.W_Delta1.codomain.dim)


def in_transformers(extra, sizes, tensors, x):
    """transformers' mixer with those tensors, in their dtype."""
    torch, package = extra
    config = package.MambaConfig(
        hidden_size=sizes.stream,
        expand=sizes.expand,
        state_size=sizes.d_state,
        time_step_rank=sizes.rank,
        num_hidden_layers=1,
        vocab_size=1,
    )
    layer = package.models.mamba.modeling_mamba.MambaMixer(config, 0).eval().to(getattr(torch, x.dtype.name))
    layer.load_state_dict({name: torch.tensor(tensor) for name, tensor in tensors.items()}, strict=True)
    with torch.no_grad():
        return layer(torch.tensor(x)[None])[0].numpy()


def compared(extra, block, stream, x, whole, dtype):
    """Differences of theirs and of the scan from ours, each with what is allowed."""
    format, channels = format_of(dtype), channels_of(block, whole)
    sizes, bare = sizes_for(block, channels), bare_channels(block)
    one = sizes.stream - 1
    tensors = {name: tensor.astype(dtype) for name, tensor in mixer(block, channels, one, sizes).items()}
    plain = {name: tensor.astype(dtype) for name, tensor in mixer(block, bare, one, sizes_for(block, bare)).items()}
    with_one = np.concatenate([x, np.ones((len(x), 1))], axis=1).astype(dtype)
    after = run(in_dtype((block,), dtype)[0], stream)
    outputs = block.W_3.codomain
    own = np.concatenate([np.asarray(after[name].over((len(x),)).dense()) for name in outputs.names], axis=1)
    rows = given(with_one, format)
    own_off = mixed(plain, rows, ours(format)).off
    found = {}
    for name, program, output in (
        ("theirs", theirs(format), in_transformers(extra, sizes, tensors, with_one)),
        ("scan", Program(format, format), scanned(tensors, with_one, dtype)),
    ):
        off = mixed(tensors, rows, program).off + own_off
        found[name] = np.abs(output[:, : outputs.dim] - own), off[:, : outputs.dim]
    return found


@pytest.mark.parametrize(("T", "dtype"), CASES)
def test_random_weights(extra, random_block, T, dtype):
    block = random_block(T)
    x = np.random.default_rng(T).uniform(-1, 1, (T, 5)).astype(dtype)
    stream = Stream(block.W_1.domain, {"stream": dense_rows(x)})
    for apart, allowed in compared(extra, block, stream, x, (), dtype).values():
        assert apart.shape == (T, 5)
        assert (apart <= allowed).all()


def test_a_different_block_is_noticed(extra, random_block):
    """Planted: the mixer of another block, and one whose A is off by a hundredth."""
    block, other = random_block(0), random_block(1)
    x = np.random.default_rng(0).uniform(-1, 1, (64, 5)).astype("float32")
    format, channels = format_of("float32"), channels_of(block)
    sizes = sizes_for(block, channels)
    right = {n: t.astype("float32") for n, t in mixer(block, channels, 5, sizes).items()}
    with_one = np.concatenate([x, np.ones((64, 1), "float32")], axis=1)
    bound = mixed(right, given(with_one, format), theirs(format))
    wrong = {n: t.astype("float32") for n, t in mixer(other, channels, 5, sizes).items()}
    moved = right | {"A_log": right["A_log"] + np.log(np.float32(1.01))}
    for tensors, within in ((right, True), (wrong, False), (moved, False)):
        found = in_transformers(extra, sizes, tensors, with_one)
        assert (
            np.abs(found - bound.value) <= bound.off + mixed(right, given(with_one, format), theirs(format)).off
        ).all() == within


@pytest.mark.parametrize(("T", "dtype"), CASES)
@pytest.mark.parametrize("layout", ["d_state=N", "d_state=1"])
def test_constructed_weights(extra, layout, T, dtype):
    """Theorem 3 in both layouts: the first tokens write, all ask for something that was written."""
    N, d = SLOTS, 2
    block = values_only(theorem3_layer(N, d) if layout == "d_state=N" else gated(N, d, 1.0, 1e-3, steps=T))
    rng, steps = np.random.default_rng(T), np.arange(T)
    position = np.where(steps < N, steps, VOID)
    target = rng.integers(0, np.minimum(steps, N - 1) + 1)
    values = rng.uniform(-1, 1, (T, d)).astype(dtype)
    stream = Encoding(N, d).stream(values, position, target, np.dtype(dtype))
    hot = np.eye(N + 1)[:, :N]  # the last row, which VOID = -1 names, is zero
    x = np.concatenate([values, hot[position], hot[target], np.ones((T, 1))], axis=1)
    for apart, allowed in compared(extra, block, stream, x, WHOLE, dtype).values():
        assert apart.shape == (T, d)
        assert (apart <= allowed).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("N", [1, 64, 1024])
@pytest.mark.parametrize("codes", ["binary", "circle"])
@pytest.mark.usefixtures("extra")
def test_attention_is_pytorchs(codes, N, dtype):
    found = attended(codes, N, dtype)
    assert found.apart <= found.tolerance
    assert max(found.theirs_off, found.ours_off) <= EPSILON + found.tolerance


def test_another_scale_of_attention_is_noticed(extra, monkeypatch):
    """Planted: PyTorch's own scale, 1 / sqrt(d_k), in the place of 1."""
    torch, _ = extra
    right = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional,
        "scaled_dot_product_attention",
        lambda q, k, v, is_causal, **_: right(q, k, v, is_causal=is_causal),
    )
    found = attended("binary", 64, "float32")
    assert not found.apart <= found.tolerance


@pytest.mark.parametrize("N", [1, 2, 64, 1024])
@pytest.mark.usefixtures("extra")
def test_attention_is_a_layer_of_gpt_neox(N):
    found = layered(N)
    assert found.apart <= found.tolerance
    assert max(found.theirs_off, found.ours_off) <= EPSILON + found.tolerance


@pytest.mark.parametrize("planted", ["rotary", "norm", "weight"])
@pytest.mark.usefixtures("extra")
def test_a_layer_that_is_off_is_noticed(monkeypatch, planted):
    """Planted: half of the coordinates turned; a norm that is not the constant; one weight off by a hundredth."""
    right, config = neox.layer, neox.configuration
    if planted == "rotary":
        rotary = {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}
        monkeypatch.setattr(neox, "configuration", lambda width: config(width) | {"rope_parameters": rotary})
    elif planted == "norm":
        monkeypatch.setattr(neox, "layer", lambda d_k, scale, squared: right(d_k, scale, 1.01 * squared))
    else:
        name = "gpt_neox.layers.0.attention.dense.weight"
        wrong = lambda *asked: {n: t * np.float32(1 + 0.01 * (n == name)) for n, t in right(*asked).items()}  # noqa: E731
        monkeypatch.setattr(neox, "layer", wrong)
    found = layered(64)
    assert not found.apart <= found.tolerance


def in_mambapy(sizes, tensors, x):
    """mambapy's mixer, whose scan is parallel, in the dtype of the tensors."""
    torch, package = pytest.importorskip("torch"), pytest.importorskip("mambapy.mamba")
    names = {"d_model": sizes.stream, "expand_factor": sizes.expand, "d_state": sizes.d_state, "dt_rank": sizes.rank}
    layer = package.MambaBlock(package.MambaConfig(n_layers=1, **names)).to(getattr(torch, x.dtype.name))
    layer.load_state_dict({name: torch.tensor(tensor) for name, tensor in tensors.items()}, strict=True)
    with torch.no_grad():
        return layer(torch.tensor(x)[None])[0].numpy()


@pytest.mark.parametrize(("T", "dtype"), CASES)
@pytest.mark.usefixtures("extra")
def test_a_parallel_scan_stays_within_the_bound_of_any_order(random_block, T, dtype):
    block, format = random_block(T), format_of(dtype)
    channels = channels_of(block)
    sizes = sizes_for(block, channels)
    tensors = {name: tensor.astype(dtype) for name, tensor in mixer(block, channels, 5, sizes).items()}
    x = np.random.default_rng(T).uniform(-1, 1, (T, 6)).astype(dtype)
    x[:, 5] = 1.0
    bound = mixed(tensors, given(x, format), Program(format, format_of("float32"), in_turn=False))
    real = mixed(tensors, given(x, format), ours(format_of("float64"))).off if dtype == "float64" else 0.0
    assert (np.abs(in_mambapy(sizes, tensors, x) - bound.value) <= bound.off + real).all()
    wrong = tensors | {"D": tensors["D"] + np.array(0.1, dtype)}
    assert not (np.abs(in_mambapy(sizes, wrong, x) - bound.value) <= bound.off).all()
