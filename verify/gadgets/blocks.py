"""Eq. 37 and Remark 2 run through the layer, and Lemma 5 as printed: what the blocks themselves show."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from flint import ctx

from bounds.formats import format_of
from bounds.reals import FLOATS, ends, float_at_most
from constructions.gadgets.gadget import Gadget
from constructions.gadgets.indicator import different_in_two_blocks, ordered_as_printed
from constructions.gadgets.passive import by_forgetting, leaked
from constructions.gadgets.run import run_stack, stream_of
from constructions.linear import Stream
from constructions.rows import Rows
from constructions.run import initial_state, step_block
from verify.gadgets.certificate import BITS, Part, supremum
from verify.gadgets.error import ErrorOf, Piece, exact
from verify.gadgets.float import rounding_bound
from verify.gadgets.network import layers
from verify.independent import dense_stream, layer
from verify.verdict import Check, Verdict

REFUTED = frozenset({Verdict.REFUTED})
STEPS = 64
DELTA, LEAK = 8.0, 2.0**-60


def deactivation_checks(gadget: Gadget) -> list[Check]:
    """Eq. 37, the printed L1-SSM, and both routes of deactivation, shown on a product gadget of Lemma 1."""
    return [degenerates(gadget), printed_state(), remark_2_printed(gadget), remark_2(gadget)]


def degenerates(gadget: Gadget) -> Check:
    """EQ3-MLP: the layer of Eq. 1-3 with the state off is W_3 silu(W_2 x + b_2), by the second route in NumPy."""
    stream = _inputs(gadget)
    ran = dense_stream(run_stack(gadget.blocks, stream))
    X = dense_stream(stream)
    expected = X + layer(gadget.blocks[0], X)
    off = float(np.abs(ran - expected).max())
    bound = 2 * float(rounding_bound(gadget, _values(gadget), format_of("float64")).max())
    return Check(
        "gadgets/EQ3-MLP",
        "EQ3-MLP",
        Verdict.HELD if off <= bound else Verdict.REFUTED,
        off,
        bound,
        f"the product gadget at lambda = {float(gadget.scale)!r} over {STEPS} fixed inputs, seed 0, through the layer "
        "in float64 and by Eq. 1-3 step by step in NumPy; bound: what rounding may do, twice",
        {"largest difference": off},
        "the float program of float64",
    )


def printed_state() -> Check:
    """L1-SSM: y = c^T 1 + 1 (.) 1 is 1 only if c^T 1 = 0; with W_b = O the state is O, not 1."""
    return Check(
        "gadgets/L1-SSM-printed",
        "L1-SSM",
        Verdict.REFUTED,
        2,
        1,
        "with c = 1 and d_h = 1 the printed c^T 1 + 1 (.) 1 is 2; with W_b = O the state stays O, c^T O + 1 (.) 1 = 1 "
        "for every c, which is what the layer computes (see EQ3-MLP)",
        {"c": [1], "c^T 1 + 1": 2},
        expected=REFUTED,
    )


def remark_2_printed(gadget: Gadget) -> Check:
    """EQ3-REM2: with Delta large and A very negative the state is about Delta b z_i, not about 0."""
    block = by_forgetting(gadget.blocks[0], DELTA, LEAK)
    one = stream_of(gadget.ports, {name: x[:1] for name, x in _values(gadget).items()}, np.dtype("float64"))
    vector = Stream(one.layout, {name: _first(rows) for name, rows in one.rows.items()})
    H, _ = step_block(block, initial_state(block.ssm, np.dtype("float64")), vector)
    largest = max(float(np.abs(np.asarray(entries)).max()) for entries in H.values())
    return Check(
        "gadgets/EQ3-REM2-printed",
        "EQ3-REM2",
        Verdict.REFUTED if largest >= DELTA / 2 else Verdict.HELD,
        largest,
        0,
        f"Delta = {DELTA:g}, exp(Delta A) = 2^-60, b = c = 1, one step of Eq. 1 from H = O: the past is forgotten, but "
        "the current input is written with Delta, so an entry of the state is Delta times the input 1, the value",
        {"Delta": DELTA, "exp(Delta A)": LEAK, "largest entry of H": largest},
        "the float program of float64",
        REFUTED,
    )


def remark_2(gadget: Gadget) -> Check:
    """EQ3-REM2 repaired: with D = 1 - Delta c^T b both routes give one function, up to the leak and rounding."""
    stream = _inputs(gadget)
    off_state = dense_stream(run_stack(gadget.blocks, stream))
    forgetting = tuple(by_forgetting(block, DELTA, LEAK) for block in gadget.blocks)
    off = float(np.abs(off_state - dense_stream(run_stack(forgetting, stream))).max())
    rounding = float(rounding_bound(gadget, _values(gadget), format_of("float64")).max())
    size = float(np.abs(gadget.blocks[0].W_3.dense()).max()) * 4 * 2 * float(_reach(gadget) / Fraction(gadget.scale))
    bound = size * leaked_share() + (2 + 4 * DELTA) * rounding
    return Check(
        "gadgets/EQ3-REM2",
        "EQ3-REM2",
        Verdict.HELD if off <= bound else Verdict.REFUTED,
        off,
        bound,
        f"the skip D = 1 - Delta takes the current term away; the two routes over {STEPS} inputs, seed 0, in "
        f"float64 at Delta = {DELTA:g} and exp(Delta A) = 2^-60; bound: the leak Delta rho / (1 - rho) and rounding, "
        "which Delta z + (1 - Delta) z enlarges",
        {"largest difference": off},
        "the float program of float64",
    )


def leaked_share() -> float:
    """Delta rho / (1 - rho) for the run above."""
    return float(leaked(DELTA, LEAK, FLOATS))


def printed_indicators(M: Fraction, alpha: Fraction, epsilon: Fraction, lam: float) -> list[Check]:
    """L5 as printed, for any a, b without a margin: the paper's blocks at a = b, and why no block can do."""
    why = (
        "a block is continuous in (a, b), while the target is 0 on a = b and 1 beside it: its errors at a = b and just "
        "beside it add up to 1, so one of them is at least 1/2 > eps for every block; "
    )
    at_equal = {name: _value(ordered_as_printed(name, M, alpha, lam)) for name in ("greater", "less")}
    both = 1 - (1 - at_equal["greater"]) * (1 - at_equal["less"])
    shown = {"L5-GT": at_equal["greater"], "L5-LT": at_equal["less"], "L5-NE": both}
    found = [
        Check(
            f"gadgets/{claim}-printed",
            claim,
            Verdict.REFUTED if value > epsilon else Verdict.UNDECIDED,
            float_at_most(value),
            epsilon,
            f"{why}value: at least this is what the printed construction gives at a = b = 0 with the paper's lambda = "
            f"{lam!r}, where the target is 0 (g(1, 0, a - b) is asked at its undefined t = 0), in balls of {BITS} bits",
            {"a": 0, "b": 0, "target": 0, "output_at_least": float_at_most(value)},
            expected=REFUTED,
        )
        for claim, value in shown.items()
    ]
    return [*found, blocks_without_margin(M, alpha, epsilon, lam)]


def blocks_without_margin(M: Fraction, alpha: Fraction, epsilon: Fraction, lam: float) -> Check:
    """L5-NE by the two blocks of widths 8 and 4 (and the unit of the outer 1): right with the margin, wrong inside."""
    at = (alpha / 4, -alpha / 4)
    part = _pointwise(different_in_two_blocks(M, alpha, lam), at, 1)
    worst = supremum([part], claimed=epsilon)
    return Check(
        "gadgets/L5-NE-blocks-printed",
        "L5-NE",
        Verdict.REFUTED if worst.low > epsilon else Verdict.UNDECIDED,
        float_at_most(worst.low),
        epsilon,
        f"the two blocks in sequence with the paper's lambda = {lam!r} at a - b = alpha/2, inside the margin: the "
        f"target is 1, the output is off by at least the value, in balls of {BITS} bits",
        {"a": at[0], "b": at[1], "target": 1, "error_at_least": float_at_most(worst.low)},
        expected=REFUTED,
    )


def _pointwise(gadget: Gadget, at: tuple[Fraction, ...], target: int) -> Part:
    """The gadget at one point of its inputs, as its weights are stored."""
    first, (second,) = layers(gadget)
    return Part(Piece(tuple((x, x) for x in at), (0,) * len(at), target), second, first)


def _value(gadget: Gadget) -> Fraction:
    """A lower bound for the output at a = b = 0."""
    _, (network,) = layers(gadget)
    with ctx.workprec(BITS):
        zero = (exact(0), exact(0))
        return ends(ErrorOf(network, Piece(((Fraction(0), Fraction(0)),) * 2, (0, 0)))(zero))[0]


def _reach(gadget: Gadget) -> Fraction:
    return max(Fraction(high) for _, high in gadget.domain.box.values())


def _values(gadget: Gadget) -> dict[str, np.ndarray]:
    rng, reach = np.random.default_rng(0), float(_reach(gadget))
    return {name: rng.uniform(-reach, reach, (STEPS, gadget.ports[name].dim)) for name in gadget.inputs}


def _inputs(gadget: Gadget) -> Stream:
    return stream_of(gadget.ports, _values(gadget), np.dtype("float64"))


def _first(rows: Rows) -> Rows:
    return rows if rows.fill is None else replace(rows, fill=rows.fill[0])
