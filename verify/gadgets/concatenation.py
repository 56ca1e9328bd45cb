"""RES-CAT: a block that is concatenated, and the residual connection of Eq. 2, both ways, equal bit by bit."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from bounds.formats import FORMATS
from constructions.gadgets.gadget import ports
from constructions.gadgets.integers import integer_scale
from constructions.gadgets.network import relu_network
from constructions.gadgets.placing import placed_block, residual_from_concatenation
from constructions.gadgets.run import run_stack, stream_of
from constructions.linear import Stream, linear_map
from constructions.mamba import MambaBlock
from verify.verdict import Check, Verdict

WIDTH, HIDDEN, LARGEST = 2, 3, 5
X, BOTH = ports({"x": WIDTH}, {}), ports({"x": WIDTH}, {"y": WIDTH})


def residual_check() -> Check:
    """Every integer x of a square, a network f of integer weights: [x, 0] + g([x, 0]) = [x, f(x)], and [I, I] of that
    is x + f(x), the block f with the residual connection. All are integers, so that every comparison is an equality."""
    rng = np.random.default_rng(0)
    W_2, W_3 = (rng.integers(-3, 4, shape).astype(np.float64) for shape in ((HIDDEN, WIDTH), (WIDTH, HIDDEN)))
    f = relu_network(W_2, W_3, integer_scale(FORMATS["float64"])).blocks[0]
    line = np.arange(-LARGEST, LARGEST + 1, dtype=np.float64)
    x = np.stack([axis.ravel() for axis in np.meshgrid(line, line)], axis=1)
    return compared(f, x, np.maximum(x @ W_2.T, 0.0) @ W_3.T)


def compared(f: MambaBlock, x: Float[np.ndarray, "T n"], f_of_x: Float[np.ndarray, "T n"]) -> Check:
    """The check for a block `f` from x to out, and the values that it should have."""
    concatenated = run_stack((placed_block(f, BOTH, {"out": "y"}),), stream_of(BOTH, {"x": x}, "float64"))
    back = residual_from_concatenation(BOTH, {"x": "y"})(concatenated)
    residual = run_stack((_onto_itself(f),), stream_of(X, {"x": x}, "float64"))
    pairs = {
        "x in [x, f(x)]": (_dense(concatenated, "x"), x),
        "f(x) in [x, f(x)]": (_dense(concatenated, "y"), f_of_x),
        "[I, I] [x, f(x)]": (_dense(back, "x"), _dense(residual, "x")),
        "x + f(x)": (_dense(residual, "x"), x + f_of_x),
    }
    wrong = {name: int((got != wanted).sum()) for name, (got, wanted) in pairs.items() if (got != wanted).any()}
    return Check(
        "gadgets/RES-CAT",
        "RES-CAT",
        Verdict.REFUTED if wrong else Verdict.HELD,
        sum(wrong.values()),
        0,
        f"one network f of {HIDDEN} units with integer weights, seed 0, at {len(x)} integer inputs: a block g of f's "
        "parameters and zeros elsewhere gives [x, 0] + g([x, 0]) = [x, f(x)], the linear map [I, I] brings that back "
        "to x + f(x), and f with the residual connection is the same, compared with ==; value: entries that differ",
        {"entries that differ": wrong} if wrong else None,
        "the float program of float64",
    )


def _onto_itself(f: MambaBlock) -> MambaBlock:
    """f: R^n -> R^n over the stream x alone: it reads x and adds to x, as Eq. 2 does."""
    return replace(
        f,
        W_1=linear_map(X, f.W_1.codomain, {}),
        W_2=linear_map(X, f.W_2.codomain, f.W_2.actions),
        W_3=linear_map(f.W_3.domain, X, {(hidden, "x"): action for (hidden, _), action in f.W_3.actions.items()}),
    )


def _dense(stream: Stream, name: str) -> np.ndarray:
    return np.asarray(stream[name].over(stream.leading).dense())
