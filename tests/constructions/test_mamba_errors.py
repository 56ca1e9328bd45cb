"""What a module and a block refuse, and what they say."""

import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from constructions.layout import Layout, Space
from constructions.linear import Action, identity, linear_map, zero
from constructions.mamba import SHARED, SSM, forgotten, mamba_block, selective_ssm

INNER = Layout((Space("x", 1, 2), Space("slots", 3)))
STATE, RANK, OTHER = Layout((Space("state", 4),)), Layout((Space("rank"),)), Layout((Space("z"),))
TWO = Layout((Space("s"), Space("t")))


def module(**changes) -> SSM:
    """A sound module of two channel spaces, but for what is changed."""
    given = {
        "channels": INNER.names,
        "W_b": zero(INNER, STATE),
        "W_c": zero(INNER, STATE),
        "W_Delta1": zero(INNER, RANK),
        "W_Delta2": zero(RANK, INNER),
    }
    return selective_ssm(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W_c": zero(OTHER, STATE)}, "must read one inner layout"),
        ({"W_Delta1": zero(OTHER, RANK)}, "must read one inner layout"),
        ({"W_c": zero(INNER, OTHER)}, "W_b, W_c write one state space"),
        ({"W_b": zero(INNER, TWO), "W_c": zero(INNER, TWO)}, "W_b, W_c write one state space"),
        ({"W_Delta2": zero(OTHER, INNER)}, "W_Delta2 must read what W_Delta1 writes"),
        ({"W_Delta2": zero(RANK, OTHER)}, "and write the channels .* got .*'z'"),
        (
            {"channels": ("x", "y"), "W_Delta2": zero(RANK, Layout((Space("x", 1, 2), Space("y"))))},
            r"channels \['y'\] are not in",
        ),
        ({"W_Delta2": zero(RANK, Layout((Space("x", 1, 3), Space("slots", 3))))}, "and write the channels"),
        ({"W_Delta2": zero(RANK, Layout((Space("slots", 3), Space("x", 1, 2))))}, "and write the channels"),
        ({"A": np.asarray(0.1)}, r"A must be <= 0 .* got 0.1 for 'x'"),
        ({"A": np.asarray(np.nan)}, "A must be <= 0"),
        (
            {"A": {"x": np.zeros((4, 2)), "slots": np.array([[0.0], [-1.0], [1e-9], [0.0]])}},
            r"A must be <= 0 (?s:.)* for 'slots'",
        ),
        ({"A": {"x": np.zeros((4, 2))}}, r"A must be given for each of the channels \('x', 'slots'\), got \('x',\)"),
        ({"A": {"x": np.zeros((4, 2)), "slots": np.zeros((4, 1)), "y": np.zeros((4, 1))}}, "A must be given for each"),
        ({"A": {"x": np.zeros(2), "slots": np.zeros((4, 1))}}, r"A for 'x' has shape \(2,\), which does not broadcast"),
        ({"A": {"x": np.zeros((4, 2, 1)), "slots": np.zeros((4, 1))}}, "which does not broadcast"),
        ({"A": {"x": np.zeros((3, 2)), "slots": np.zeros((4, 1))}}, r"A for 'x' has shape \(3, 2\), which"),
        ({"D": {"y": np.zeros(1)}}, r"D\['y'\] has shape \(1,\); the layout has \[\('x', 2\), \('slots', 1\)\]"),
        ({"D": {"x": np.zeros(3)}}, r"D\['x'\] has shape \(3,\)"),
    ],
)
def test_a_bad_module_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        module(**changes)


@pytest.mark.parametrize("changed", ["W_1", "W_2", "W_3"])
def test_maps_must_meet_the_inner_layout(changed):
    maps = {name: identity(INNER) for name in ("W_1", "W_2", "W_3")}
    maps[changed] = zero(OTHER, OTHER)
    with pytest.raises(ValueError, match=rf"{changed} must meet the inner layout \('x', 'slots'\) .* got \('z',\)"):
        mamba_block(maps["W_1"], {}, maps["W_2"], {}, maps["W_3"], module())


def test_biases_must_fit():
    eye = identity(INNER)
    with pytest.raises(ValueError, match=r"b_1\['slots'\] has shape \(3,\)"):
        mamba_block(eye, {"slots": np.zeros(3)}, eye, {}, eye, module())
    with pytest.raises(ValueError, match=r"b_2\['y'\] has shape \(1,\)"):
        mamba_block(eye, {}, eye, {"y": np.zeros(1)}, eye, module())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_constants_must_be_finite(bad):
    eye, constant = identity(INNER), {"x": np.array([0.0, bad])}
    for b_1, b_2, name in ((constant, {}, "b_1"), ({}, constant, "b_2")):
        with pytest.raises(ValueError, match=rf"{name}\['x'\] must hold finite numbers, got"):
            mamba_block(eye, b_1, eye, b_2, eye, module())
    with pytest.raises(ValueError, match=r"D\['x'\] must hold finite numbers"):
        module(D=constant)
    with pytest.raises(ValueError, match="'x' -> 'x': the weights hold NaN or an infinity"):
        linear_map(INNER, INNER, {("x", "x"): Action(np.asarray(bad))})


def test_ranks_are_refused_by_name_where_no_types_are_checked():
    """The tests' own type checks come first in this process; a program without them must get the same answer."""
    code = """
import numpy as np
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map, zero
from constructions.mamba import selective_ssm
one, state = Layout((Space("x", 1, 2),)), Layout((Space("state", 2),))
for build in (
    lambda: linear_map(one, one, {("x", "x"): Action(np.ones(2))}),
    lambda: selective_ssm(("x",), zero(one, state), zero(one, state), zero(one, state), zero(state, one), -np.ones(2)),
):
    try:
        build()
    except ValueError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    inner, A = done.stdout.splitlines()
    assert "inner factor of shape (2,); a number or a matrix" in inner
    assert A.startswith("A has shape (2,); give one number, or for each channel space an array")


def test_what_a_sound_module_says_of_itself():
    shared = module(W_Delta2=linear_map(RANK, Layout((Space(SHARED),)), {("rank", SHARED): Action()}))
    assert shared.shares_Delta
    assert not module().shares_Delta
    assert shared.d_h == 4
    assert shared.state_entries == 4 * 5
    assert module(channels=("x",), W_Delta2=zero(RANK, INNER.only(("x",)))).state_entries == 4 * 2
    assert len(shared.maps()) == 4


def test_everything_is_forgotten_at_minus_infinity_even_where_Delta_underflowed():
    """0 times -inf would be NaN."""
    A = np.array([-np.inf, -np.inf, 0.0, -1.0])
    kept = np.asarray(forgotten(jnp.array([0.0, 3.0, 3.0, 0.0]), jnp.array(A)))
    np.testing.assert_array_equal(kept, [0.0, 0.0, 1.0, 1.0])
