"""The translation of a block, evaluated letter by letter in NumPy against Eq. 1-3: no other package is needed."""

from dataclasses import replace

import numpy as np
import pytest

from bounds.formats import format_of
from bounds.running import Running, given
from constructions.gadgets.passive import by_forgetting
from constructions.gadgets.product import product_by_gate
from constructions.memories.gated import gated
from constructions.memories.memory import values_only
from constructions.memories.theorem3 import theorem3_layer
from verify import independent
from verify.export.bound import FLOAT32, _State, mixed, ours, theirs
from verify.export.mixer import LAMBDA, Sizes, bare_channels, channels_of, mixer
from verify.export.model import EPSILON, LARGEST_SQUARE, K, model, norm_weight, padded_stream

WHOLE = ("position", "target", "one")


def _sigma(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def released_mixer(W: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The mixer from its definition, in the dtype of its arguments."""
    channels, d_state = W["A_log"].shape
    p, g = np.split(x @ W["in_proj.weight"].T, 2, axis=1)
    padded = np.concatenate([np.zeros((3, channels), x.dtype), p])
    p = sum(padded[k : k + len(x)] * W["conv1d.weight"][:, 0, k] for k in range(4)) + W["conv1d.bias"]
    u = p * _sigma(p)
    r, b, c = np.split(u @ W["x_proj.weight"].T, [W["dt_proj.weight"].shape[1], -d_state], axis=1)
    Delta, A = np.logaddexp(0, r @ W["dt_proj.weight"].T + W["dt_proj.bias"]), -np.exp(W["A_log"])
    H, y = np.zeros_like(A), np.zeros_like(u)
    for i in range(len(x)):
        H = np.exp(Delta[i][:, None] * A) * H + Delta[i][:, None] * b[i] * u[i][:, None]
        y[i] = H @ c[i] + W["D"] * u[i]
    return (y * g * _sigma(g)) @ W["out_proj.weight"].T


def translated(block, whole=()):
    """The tensors in float64, and where the constant lies."""
    channels = channels_of(block, whole)
    stream = block.W_1.domain.dim + 1
    sizes = Sizes(stream, -(-len(channels) // stream), block.ssm.d_h, block.ssm.W_Delta1.codomain.dim)
    return mixer(block, channels, stream - 1, sizes)


def inputs_of(block, T, seed=0):
    """Random inputs, with the constant behind them."""
    x = np.random.default_rng(seed).uniform(-1, 1, (T, block.W_1.domain.dim))
    return x, np.concatenate([x, np.ones((T, 1))], axis=1)


def allowed(tensors, block, with_one):
    """What two float64 programs may be apart: the mixer, and Eq. 1-3 evaluated otherwise."""
    width = block.W_1.domain.dim
    plain = mixer(block, bare_channels(block), width, Sizes(width + 1, 64, block.ssm.d_h, 64))
    format, rows = format_of("float64"), given(with_one, format_of("float64"))
    both = mixed(tensors, rows, replace(theirs(format), states=format)).off + mixed(plain, rows, ours(format)).off
    return both[:, :width]


@pytest.mark.parametrize("T", [1, 2, 65])
@pytest.mark.parametrize("seed", range(3))
def test_any_block_is_carried(random_block, seed, T):
    block = random_block(seed)
    tensors, (x, with_one) = translated(block), inputs_of(block, T)
    apart = np.abs(released_mixer(tensors, with_one)[:, :-1] - independent.layer(block, x))
    assert (apart <= allowed(tensors, block, with_one)).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_bound_covers_the_rounding_of_the_weights(random_block, seed):
    """The mixer in float64 on its weights as they should be, and as float32 stores them; planted: as 12 bits would."""
    block = random_block(seed)
    tensors, (_, x) = translated(block), inputs_of(block, 65, seed)
    allowed = mixed(tensors, given(x, FLOAT32), theirs(FLOAT32)).off
    for digits, covers in ((FLOAT32.precision, True), (FLOAT32.precision // 2, False)):
        stored = {name: _rounded(tensor, digits) for name, tensor in tensors.items()}
        apart = np.abs(released_mixer(stored, x) - released_mixer(tensors, x))
        assert (apart <= allowed).all() == covers


def _rounded(tensor: np.ndarray, digits: int) -> np.ndarray:
    """Numbers rounded to so many significant bits."""
    mantissa, exponent = np.frexp(tensor)
    return np.ldexp(np.round(np.ldexp(mantissa, digits)), exponent - digits)


def test_the_recurrence_is_bounded_as_its_sum_and_product_are():
    """`bounds.running`'s own operations, one step after the other, to the last bit."""
    rng = np.random.default_rng(0)
    kept, written = (Running(rng.standard_normal((9, 3, 2)), rng.random((9, 3, 2)), FLOAT32) for _ in range(2))
    found, H = _State((3, 2), theirs(FLOAT32)).behind(kept, written), given(np.zeros((3, 2)), FLOAT32)
    for i in range(9):
        H = kept[i] * H + written[i]
        assert np.array_equal(found[i].value, H.value)
        assert np.array_equal(found[i].off, H.off)


@pytest.mark.parametrize("name", ["in_proj.weight", "x_proj.weight", "dt_proj.weight", "A_log", "D", "out_proj.weight"])
def test_a_wrong_tensor_is_noticed(random_block, name):
    """Planted: one number of each tensor off by a hundredth."""
    block = random_block(0)
    tensors, (x, with_one) = translated(block), inputs_of(block, 65)
    wrong = tensors | {name: tensors[name].copy()}
    wrong[name][0] = tensors[name][0] * 1.01 + 0.01 * (name == "A_log")
    apart = np.abs(released_mixer(wrong, with_one)[:, :-1] - independent.layer(block, x))
    assert not (apart <= allowed(tensors, block, with_one)).all()


@pytest.mark.parametrize(("name", "planted"), [("conv1d.weight", 0.01), ("conv1d.bias", 0.01), ("dt_proj.bias", 0.01)])
def test_what_should_be_nothing_is_noticed(random_block, name, planted):
    block = random_block(0)
    tensors, (x, with_one) = translated(block), inputs_of(block, 65)
    wrong = tensors | {name: np.where(tensors[name] == 0.0, planted, tensors[name])}
    apart = np.abs(released_mixer(wrong, with_one)[:, :-1] - independent.layer(block, x))
    assert not (apart <= allowed(tensors, block, with_one)).all()


@pytest.mark.parametrize("build", [lambda: theorem3_layer(5, 2), lambda: gated(5, 2, 1.0, 1e-3)])
def test_whole_spaces_take_one_channel_each(build):
    """Positions and the constant are whole: only the values are carried twice."""
    block = values_only(build())
    inner = block.ssm.inner
    twice = sum(space.dim for space in inner if space.name not in WHOLE)
    assert len(channels_of(block, WHOLE)) == inner.dim + twice
    assert len(channels_of(block)) > inner.dim + twice


def test_lambda_makes_whole_numbers_exact_and_a_smaller_one_does_not():
    """silu(lambda z) / lambda - silu(-lambda z) / lambda in float32; at a quarter of lambda sigma is not yet 0."""
    z = np.arange(-100, 101, dtype=np.float32)

    def carried(scale: float) -> np.ndarray:
        up, down = (sign * np.float32(scale) * z for sign in (1, -1))
        return np.stack([up * _sigma(up), down * _sigma(down)]) / np.float32(scale)

    exact, smaller = carried(LAMBDA), carried(LAMBDA / 4)
    assert np.array_equal(exact[0] - exact[1], z)
    assert np.array_equal(exact[0], np.maximum(z, 0))
    assert not np.array_equal(smaller[0], np.maximum(z, 0))


def test_A_of_zero_is_zero_in_floats_and_its_logarithm_finite():
    tensors = translated(values_only(theorem3_layer(3, 1)), WHOLE)
    assert (tensors["A_log"] == -LAMBDA).all()
    assert (np.exp(tensors["A_log"].astype(np.float32)) == 0).all()


def test_a_constant_dwarfs_the_stream_in_the_norm():
    """Exactly in float32 up to the limit, and no longer at 64 times it."""
    for width, exact in ((64, True), (1024, True)):
        rng = np.random.default_rng(width)
        x = rng.uniform(-1, 1, width).astype(np.float32)
        x[-1] = K
        scale = np.float32(1) / np.sqrt(np.mean(x * x, dtype=np.float32) + np.float32(EPSILON))
        normed = x * scale * norm_weight(width).astype(np.float32)
        assert np.array_equal(normed[:-1], x[:-1]) == exact
        assert normed[-1] == 1.0
    x[0] = np.float32(np.sqrt(64 * LARGEST_SQUARE))
    assert np.mean(x * x, dtype=np.float32) != np.float32(K) ** 2 / np.float32(1024)


def test_the_stream_is_padded_to_a_power_of_four_with_room_for_the_constant():
    assert [padded_stream(n) for n in (1, 3, 4, 15, 16, 255, 256)] == [4, 4, 16, 16, 64, 256, 1024]


def test_a_block_that_forgets_everything_at_once_is_refused():
    block = by_forgetting(product_by_gate(1, 2).blocks[0], 1.0, 0.0)
    with pytest.raises(ValueError, match="A = -inf cannot be carried"):
        model((block,), ())


def test_sizes_that_are_too_small_are_refused(random_block):
    block = random_block(0)
    with pytest.raises(ValueError, match="exceeds Sizes"):
        mixer(block, channels_of(block), 5, Sizes(6, 1, 3, 2))
