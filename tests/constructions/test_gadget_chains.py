"""Gadgets in larger streams and one after the other: RES-CAT, and errors added up by a function."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.formats import FORMATS
from bounds.reals import FLOATS
from constructions.gadgets.catalogue import catalogue
from constructions.gadgets.chaining import chained, slope
from constructions.gadgets.gadget import Domain, Gadget, ports
from constructions.gadgets.indicator import different, different_in_two_blocks, equal, ordered, ordered_as_printed
from constructions.gadgets.integers import integer_scale, modulus, nearest, one_hot
from constructions.gadgets.network import linear_by_gate, linear_by_open_gate, relu_network
from constructions.gadgets.order import absolute, clip, maximum
from constructions.gadgets.placing import placed, placed_block, residual_from_concatenation
from constructions.gadgets.product import product, product_by_gate
from constructions.gadgets.run import evaluate, in_dtype, run_stack, stream_of
from constructions.gadgets.select import select, select_by_flag
from constructions.gadgets.units import Unit, block_of
from constructions.layout import Layout, Space
from constructions.run import run_block
from verify.gadgets.float import rounding_bound

T = 200
ENTRIES = {each.name: each for each in catalogue()}
FLOAT64 = FORMATS["float64"]
STREAM = Layout((Space("one"), Space("p"), Space("memory", 4, 2), Space("q"), Space("r")))


def dense(stream, name: str) -> np.ndarray:
    return np.asarray(stream[name].over(stream.leading).dense())


def test_a_gadget_placed_in_a_stream_does_there_what_it_does_alone():
    gadget = product_by_gate(8, 64)
    a, b = np.random.default_rng(0).integers(-8, 9, (2, T)).astype(float)
    stream = stream_of(STREAM, {"one": np.ones(T), "p": a, "r": b}, "float64")
    after = run_stack(in_dtype(placed(gadget, STREAM, {"a": "p", "b": "r", "out": "q"}), "float64"), stream)
    np.testing.assert_array_equal(dense(after, "q"), evaluate(gadget, {"a": a, "b": b})["out"])
    np.testing.assert_array_equal(dense(after, "p")[:, 0], a)
    np.testing.assert_array_equal(dense(after, "one")[:, 0], np.ones(T))
    assert after["memory"].is_zero


def test_a_space_that_holds_something_is_added_to():
    gadget = absolute(8, 1024)
    stream = stream_of(STREAM, {"p": np.array([-3.0, 2.0]), "q": np.array([10.0, 20.0])}, "float64")
    after = run_stack(in_dtype(placed(gadget, STREAM, {"x": "p", "out": "q"}), "float64"), stream)
    np.testing.assert_array_equal(dense(after, "q")[:, 0], [13.0, 22.0])


def test_concatenation_is_the_residual_connection_and_back():
    """RES-CAT: f: R^3 -> R^3 as a block that writes only its output; g = f placed in [x, y] gives [x, 0] + g([x, 0]) =
    [x, f(x)]; and [I, I] of that is x + f(x), which is f with the residual connection of Eq. 2.
    """
    rng = np.random.default_rng(1)
    W_2, W_3 = rng.integers(-3, 4, (4, 3)).astype(float), rng.integers(-3, 4, (3, 4)).astype(float)
    f = relu_network(W_2, W_3, 1024).blocks[0]
    x, both = ports({"x": 3}, {}), ports({"x": 3}, {"y": 3})
    values = {"x": rng.integers(-5, 6, (T, 3)).astype(float)}
    g = placed_block(f, both, {"out": "y"})
    concatenated = run_stack((g,), stream_of(both, values, "float64"))
    f_of_x = np.maximum(values["x"] @ W_2.T, 0) @ W_3.T
    np.testing.assert_array_equal(dense(concatenated, "x"), values["x"])
    np.testing.assert_array_equal(dense(concatenated, "y"), f_of_x)
    residual = replace(
        placed_block(f, both, {"out": "y"}),
        W_1=type(f.W_1)(x, f.W_1.codomain, {}),
        W_2=type(f.W_2)(x, f.W_2.codomain, f.W_2.actions),
        W_3=type(f.W_3)(f.W_3.domain, x, {(h, "x"): action for (h, _), action in f.W_3.actions.items()}),
    )
    stream = stream_of(x, values, "float64")
    back = residual_from_concatenation(both, {"x": "y"})(concatenated)
    np.testing.assert_array_equal(dense(back, "x"), dense(stream + run_block(residual, stream), "x"))
    np.testing.assert_array_equal(dense(back, "x"), values["x"] + f_of_x)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"a": "p", "b": "p", "out": "q"}, "two ports share a space"),
        ({"a": "p", "b": "s", "out": "q"}, "port 'b' is placed at 's', but the stream has"),
        ({"a": "p", "b": "memory", "out": "q"}, "port 'b' has 1 x 1 coordinates, 'memory' has 4 x 2"),
    ],
)
def test_places_must_fit(names, reason):
    with pytest.raises(ValueError, match=reason):
        placed(product_by_gate(8, 64), STREAM, names)


CHAINS = {
    "product, then maximum": (lambda s: chained(product(4, s), maximum(32, s), {"a": "out"}), {"a": 4, "b": 4}),
    "absolute, then network": (
        lambda s: chained(absolute(4, s), relu_network(np.full((2, 1), 3.0), np.full((1, 2), -2.0), s), {"x": "out"}),
        {"x": 4},
    ),
    "product, then indicator": (lambda s: chained(product(2, s), ordered("greater", 8, 1, s), {"a": "out"}), {}),
    "indicator, then flag": (lambda s: chained(ordered("less", 4, 1, s), select_by_flag(4, s), {"t": "out"}), {}),
    "product, then rounding": (lambda s: chained(product(2, s), nearest(-5, 5, 0.25, s), {"x": "out"}), {}),
    "maximum, then equality": (lambda s: chained(maximum(4, s), equal(4, 1, s), {"a": "out", "b": "b"}), {}),
    "linear, then select": (
        lambda s: chained(linear_by_gate(np.array([[2.0]])), select(4, 1, s), {"t": "out"}),
        {},
    ),
}


@settings(max_examples=4)
@pytest.mark.parametrize("name", CHAINS)
@given(rng=st.integers(0, 2**32 - 1).map(np.random.default_rng), scale=st.sampled_from([16.0, 60.0, 256.0]))
def test_errors_add_up(name, rng, scale):
    """The measured error of a chain is within its stated one, up to roundings: T = 200 terms of that size at most."""
    chain = CHAINS[name][0](scale)
    inputs = {}
    for each in chain.inputs:
        low, high = (float(np.clip(float(end), -40, 40)) for end in chain.domain.box[each])
        grid = rng.integers(int(low * 64), int(high * 64) + 1, T) / 64
        inputs[each] = np.where(rng.random(T) < 0.6, np.rint(grid), grid)[:, None]
    admitted = chain.domain.holds(inputs)
    assert admitted.sum() > 5
    outputs, targets = evaluate(chain, inputs), chain.target(inputs)
    assert set(chain.outputs) == set(targets)
    roundings = rounding_bound(chain, inputs, FLOAT64)[admitted, None]
    for each in chain.outputs:
        off = np.abs(outputs[each] - targets[each])[admitted]
        assert (off <= chain.error(FLOATS) + roundings).all()


def test_a_margin_is_eaten_by_the_error_that_arrives():
    """3/4 is a margin for I[a > b] on exact numbers, but not when a is only known to within the error of a product."""
    first, second = product(4, 8.0), ordered("greater", 40, 0.75, 64.0)
    error = first.error(FLOATS)
    inputs = {"a": np.array([[3.0], [3.0]]), "b": np.array([[2.0], [2.0]])}
    chain = chained(first, second, {"a": "out"})
    assert chain.inputs == ("a", "b", "greater b")
    near, far = 6.0 - 0.75, 6.0 - 0.75 - 2 * error - 0.01
    inputs["greater b"] = np.array([[near], [far]])
    assert second.domain.holds({"a": np.full((2, 1), 6.0), "b": inputs["greater b"]}).all()
    np.testing.assert_array_equal(chain.domain.holds(inputs), [False, True])


def test_rounding_undoes_an_error_so_that_chains_stay_exact():
    """A coarse product is off by up to 0.4; after rounding, an equality of integers is right, and exactly so."""
    scale = integer_scale(FLOAT64, 0.25)
    coarse = product(2, 3.5)
    snapped = chained(coarse, nearest(-5, 5, 0.05, scale), {"x": "out"})
    chain = chained(snapped, one_hot(6, scale), {"n": "nearest out"})
    a, b = (g.ravel() for g in np.meshgrid(np.arange(0, 3.0), np.arange(0, 3.0)))
    outputs = evaluate(chain, {"a": a, "b": b})
    assert np.abs(outputs["out"][:, 0] - a * b).max() > 0.3
    np.testing.assert_array_equal(outputs["nearest out"][:, 0], a * b)
    np.testing.assert_array_equal(outputs["one-hot out"], (a * b)[:, None] == np.arange(6)[None, :])


def test_the_gap_of_a_chain_is_the_smaller_one():
    both = chained(product_by_gate(4, 512), nearest(-16, 16, 0.25, 512), {"x": "out"})
    assert both.gap == Fraction(1, 4)
    assert chained(product_by_gate(4, 64), nearest(-16, 16, 0.25, 512), {"x": "out"}).gap is None
    assert chained(product(4, 512), modulus(5, 4, 512), {"x": "out"}).gap is None


@settings(max_examples=6)
@pytest.mark.parametrize("name", ["product-gate", "equal", "maximum", "select-flag", "modulus", "one-hot", "product"])
@given(rng=st.integers(0, 2**32 - 1).map(np.random.default_rng))
def test_no_secant_is_steeper_than_the_slope(name, rng):
    gadget = ENTRIES[name].build(4, 1, 16)
    ends = {n: (float(low), float(high)) for n, (low, high) in gadget.domain.box.items()}
    x = {n: rng.uniform(*end, (T, gadget.ports[n].width)) for n, end in ends.items()}
    y = {n: np.clip(v + rng.uniform(-0.1, 0.1, v.shape), *ends[n]) for n, v in x.items()}
    moved = np.max([np.abs(x[n] - y[n]).max(axis=1) for n in x], axis=0)
    apart = np.abs(evaluate(gadget, x)["out"] - evaluate(gadget, y)["out"]).max(axis=1)
    roundings = rounding_bound(gadget, x, FLOAT64) + rounding_bound(gadget, y, FLOAT64)
    assert (apart <= float(slope(gadget)) * moved + roundings).all()


def test_what_cannot_be_chained():
    with pytest.raises(ValueError, match=r"wire 'y' -> 'x': product has \('a', 'b', 'out'\), absolute reads \('x',\)"):
        chained(product(4, 8), absolute(16, 8), {"x": "y"})
    with pytest.raises(ValueError, match="port 'n' has 1 x 1 coordinates, 'out' has 1 x 5"):
        chained(one_hot(5, 8), one_hot(5, 8), {"n": "out"})
    with pytest.raises(ValueError, match="has 2 blocks; the slope is known for one"):
        slope(ENTRIES["nearest"].build(4, 0.25, 64))


def domain(**changes) -> Domain:
    return Domain({"x": (0, 4)}, **changes)


def test_domains():
    x = {"x": np.array([[0.0], [0.5], [4.0], [4.5], [np.nan]])}
    np.testing.assert_array_equal(domain().holds(x), [True, True, True, False, False])
    np.testing.assert_array_equal(domain().holds(x, 0.25), [False, True, False, False, False])
    np.testing.assert_array_equal(domain(integer=True, isolated=True).holds(x), [True, False, True, False, False])
    assert not domain(integer=True, isolated=True).holds({"x": np.array([[2.0]])}, 1e-9).any()
    with pytest.raises(ValueError, match=r"the interval of 'x' is \[1, 0\]; its ends must be in order"):
        Domain({"x": (1, 0)})
    with pytest.raises(ValueError, match="integers have no others around them"):
        domain(integer=True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"blocks": ()}, "has no blocks"),
        ({"inputs": ("z",)}, "must be ports"),
        ({"scale": 0}, "lambda = 0 was given; it must be finite and above 0"),
        ({"scale": float("nan")}, "lambda = nan was given"),
        ({"ports": ports({"x": 1}, {"out": 1, "more": 1})}, r"a block reads \('x', 'out'\)"),
    ],
)
def test_a_record_checks_itself(changes, reason):
    with pytest.raises(ValueError, match=reason):
        replace(absolute(4, 8), **changes)


def test_inputs_must_fit_the_ports():
    with pytest.raises(ValueError, match=r"'a' has shape \(3, 2\); wanted \(T, 1\) in one block"):
        evaluate(product(4, 8), {"a": np.zeros((3, 2)), "b": np.zeros(3)})
    with pytest.raises(ValueError, match=r"all inputs must have one length, got \[2, 3\]"):
        evaluate(product(4, 8), {"a": np.zeros(2), "b": np.zeros(3)})


BUILDERS = {
    "product": lambda M, _, scale: product(M, scale),
    "product by the gate": lambda M, _, scale: product_by_gate(M, scale),
    "linear": lambda M, _, scale: linear_by_open_gate(np.eye(2), M, scale),
    "select": select,
    "flag": lambda M, _, scale: select_by_flag(M, scale),
    "order": lambda M, alpha, scale: ordered("less", M, alpha, scale),
    "printed order": lambda M, alpha, scale: ordered_as_printed("less", M, alpha, scale),
    "different": different,
    "different in two blocks": different_in_two_blocks,
    "equal": equal,
    "maximum": lambda M, _, scale: maximum(M, scale),
    "catalogue": ENTRIES["linear-gate"].build,
}
WITH_MARGIN = ["select", "order", "printed order", "different", "different in two blocks", "equal", "catalogue"]


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("name", "number"),
    [*((n, k) for n in BUILDERS for k in ("M", "lambda")), *((n, "alpha") for n in WITH_MARGIN)],
)
def test_numbers_must_be_finite_and_above_zero(name, number, bad):
    given_numbers = {"M": 4, "alpha": 1, "lambda": 64} | {number: bad}
    with pytest.raises(ValueError, match=f"{number} = {bad} was given; it must be finite and above 0"):
        BUILDERS[name](*given_numbers.values())


def test_other_arguments_are_checked():
    with pytest.raises(ValueError, match=r"steepness = 1/2 was given; below 1"):
        select(4, 1, 64, steepness=Fraction(1, 2))
    with pytest.raises(ValueError, match="no order is called 'above'; there are greater, less"):
        ordered("above", 4, 1, 64)
    with pytest.raises(ValueError, match="low = 3 and high = 2 were given; low must not be above high"):
        clip(3, 2, 4, 64)
    with pytest.raises(ValueError, match=r"W_2 of shape \(2, 3\) and W_3 of shape \(1, 3\) were given"):
        relu_network(np.ones((2, 3)), np.ones((1, 3)), 64)
    with pytest.raises(ValueError, match=r"W of shape \(3,\) was given; wanted \(d_2, d_1\)"):
        linear_by_gate(np.ones(3))
    with pytest.raises(ValueError, match="share a name"):
        ports({"x": 1}, {"x": 1})


def test_the_printed_order_is_wrong_where_its_margin_ends():
    """g(1, 0, a - b) is 1 at a = b, where I[a > b] is 0: outside the printed gadget's domain, inside the other's."""
    at = {"a": np.zeros((1, 1)), "b": np.zeros((1, 1))}
    printed, repaired = ENTRIES["greater-printed"].build(4, 1, 1024), ENTRIES["greater"].build(4, 1, 1024)
    assert evaluate(printed, at)["out"] == 1
    assert not printed.domain.holds(at)
    assert evaluate(repaired, at)["out"] == 0
    assert repaired.domain.holds(at)


def test_a_unit_is_what_it_says():
    stream = ports({"x": 1}, {"out": 1})
    block = block_of(stream, (Unit({"x": 2}, -3, {"out": 5}),), 1024)
    gadget = replace(absolute(4, 1024), ports=stream, blocks=(block,))
    assert isinstance(gadget, Gadget)
    np.testing.assert_array_equal(evaluate(gadget, {"x": np.array([1.0, 4.0])})["out"][:, 0], [0.0, 25.0])
