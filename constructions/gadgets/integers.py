"""Past the paper: one-hot, modulus and rounding, and the lambda for which integer gadgets are exact in floats.

*Why integers are exact.*  A ReLU network with integer weights has integer arguments at integer inputs: 0, or of modulus
at least `gap`.  Let lambda be a power of two so large that 1/(1 + e^(lambda gap)) is 0 in the format.  Then silu(0) = 0
and silu(lambda z) is lambda z or 0 without rounding, every sum is a sum of integers times lambda, and the division by
lambda is exact: the float program computes the ReLU network itself, with no error as long as the integers involved stay
below 2^p and lambda times them below the largest number.

*One-hot* of n in {0, ..., N - 1}: coordinate j is I[n = j] = relu(n - j + 1) - 2 relu(n - j) + relu(n - j - 1):
3 N units whose weights have O(N) entries in all.
*Modulus* of x in {0, ..., Q p - 1}: x - p sum_{q=1}^{Q-1} I[x >= q p], with I[x >= m] = relu(x - m + 1) - relu(x - m):
2 Q units.
*Rounding* of x within 1/2 - alpha of an integer of [low, high].  With h_j the halves between, s_j = (x - h_j)/alpha,
|s_j| >= 1, the first block writes u_j = 1 - relu(1/2 - s_j), which is 1 for s_j >= 1 and at most -1/2 for s_j <= -1;
the second adds all relu(u_j) to low.  In floats u_j is exactly 1 or relu(u_j) is exactly 0, whatever x is, so the
result is an exact integer for every x of the domain, not only for integers: it undoes the errors of what came before.
A constant is a pair of units (`units`).
"""

import math
from fractions import Fraction

import numpy as np

from bounds.formats import FloatFormat
from bounds.gadgets_beyond import LEAST, modulus_error, nearest_error, open_gate_error
from bounds.reals import ClosedForm, Number
from constructions.gadgets.gadget import Domain, Gadget, Values, above_zero, ports
from constructions.gadgets.units import Unit, bent, block_of, carried, network_block
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map
from constructions.mamba import MambaBlock


def integer_scale(format: FloatFormat, gap: Number = 1) -> int:
    """The least power of two lambda with e^(-lambda gap) below half the format's smallest number.

    Below half the smallest positive number an exponential rounds to 0, and so does 1/(1 + e^y), whether it is computed
    from e^y, which overflows before, or from e^-y.  e^(-lambda gap) < 2^(emin - p) says lambda gap > (p - emin) log 2.
    Raises ValueError unless gap is finite and above 0.
    """
    if not 0 < gap < math.inf:
        raise ValueError(f"gap = {gap} was given; it must be finite and above 0")
    least = Fraction((format.precision - format.emin) * math.log(2.0) * (1 + 2.0**-50)) / Fraction(gap)
    scale = 1
    while scale <= least:
        scale *= 2
    return scale


def one_hot(N: int, scale: Number) -> Gadget:
    """e_n in R^N for an integer n in {0, ..., N - 1}.  Raises ValueError for N < 1 or lambda not above 0."""
    _check(scale, N=N)
    stream = ports({"n": 1}, {"out": N})
    hidden = Layout(tuple(Space(name, 1, N) for name in ("above", "at", "below")))
    column, j = np.ones((N, 1)), np.arange(N, dtype=np.float64)
    block = network_block(
        linear_map(stream, hidden, {("n", name): Action(column) for name in hidden.names}),
        {"above": 1 - j, "at": -j, "below": -1 - j},
        linear_map(
            hidden,
            stream,
            {("above", "out"): Action(), ("at", "out"): Action(np.asarray(-2.0)), ("below", "out"): Action()},
        ),
        scale,
    )

    def target(inputs: Values) -> Values:
        return {"out": (inputs["n"] == np.arange(N)[None, :]).astype(np.float64)}

    return Gadget(
        name="one-hot",
        lemma=None,
        ports=stream,
        inputs=("n",),
        outputs=("out",),
        blocks=(block,),
        domain=Domain({"n": (0, N - 1)}, integer=True, isolated=True),
        target=target,
        error=_from("one-hot", scale, lambda reals: open_gate_error(scale, 2, reals), bends=2),
        lipschitz=0,
        scale=scale,
        gap=Fraction(1),
    )


def modulus(p: int, Q: int, scale: Number) -> Gadget:
    """x mod p for an integer x in {0, ..., Q p - 1}.  Raises ValueError for p or Q < 1, or lambda not above 0."""
    _check(scale, p=p, Q=Q)
    stream = ports({"x": 1}, {"out": 1})
    steps = [
        unit
        for q in range(1, Q)
        for unit in (Unit({"x": 1}, 1 - q * p, {"out": -p}), Unit({"x": 1}, -q * p, {"out": p}))
    ]
    return Gadget(
        name="modulus",
        lemma=None,
        ports=stream,
        inputs=("x",),
        outputs=("out",),
        blocks=(block_of(stream, (*carried({"x": 1}, 0, {"out": 1}), *steps), scale),),
        domain=Domain({"x": (0, Q * p - 1)}, integer=True, isolated=True),
        target=lambda inputs: {"out": inputs["x"] % p},
        error=_from("modulus", scale, lambda reals: modulus_error(scale, p, Q, reals), bends=p * max(Q - 1, 1)),
        lipschitz=0,
        scale=scale,
        gap=Fraction(1),
    )


def nearest(low: int, high: int, alpha: Number, scale: Number) -> Gadget:
    """The integer of {low, ..., high} within 1/2 - alpha of x, 0 < alpha <= 1/2.

    Exact in floats from lambda = `integer_scale(format, 1/4)` on, for every x in the domain with high - low and |x| /
    alpha so small that x/alpha is known to within 1/4.
    Raises ValueError for low >= high, alpha outside (0, 1/2], or lambda not above 0.
    """
    if not low < high or not 0 < alpha <= Fraction(1, 2):
        raise ValueError(f"low = {low}, high = {high}, alpha = {alpha}: low < high and 0 < alpha <= 1/2 are needed")
    _check(scale)
    n = high - low
    stream = ports({"x": 1}, {"out": 1}, {"steps": n})

    def near(inputs: Values, slack: float) -> np.ndarray:
        off = np.abs(inputs["x"] - np.rint(inputs["x"]))
        return (off + slack <= 0.5 - float(alpha))[:, 0]

    return Gadget(
        name="nearest",
        lemma=None,
        ports=stream,
        inputs=("x",),
        outputs=("out",),
        blocks=(_upper_clipped(stream, low, Fraction(alpha), scale), _stairs(stream, low, scale)),
        domain=Domain(
            {"x": (low - Fraction(1, 2), high + Fraction(1, 2))},
            f"x within {Fraction(1, 2) - Fraction(alpha)} of an integer",
            near,
        ),
        target=lambda inputs: {"out": np.rint(inputs["x"])},
        error=_from("nearest", scale, lambda reals: nearest_error(scale, n, reals), bends=2 * n),
        lipschitz=0,
        scale=scale,
        gap=Fraction(1, 4),
    )


def _upper_clipped(stream: Layout, low: int, alpha: Fraction, scale: Number) -> MambaBlock:
    """steps_j += 1 - relu(1/2 - s_j)."""
    n = stream["steps"].width
    hidden = Layout((Space("steps", 1, n), Space("one"), Space("minus one")))
    halves = np.array([float(Fraction(1, 2) + (low + j + Fraction(1, 2)) / alpha) for j in range(n)])
    ones = np.ones((n, 1))
    reads = {("x", "steps"): Action(np.full((n, 1), float(-1 / alpha)))}
    writes = {
        ("steps", "steps"): Action(np.asarray(-1.0)),
        ("one", "steps"): Action(ones),
        ("minus one", "steps"): Action(-ones),
    }
    bias = {"steps": halves, "one": np.ones(1), "minus one": -np.ones(1)}
    return network_block(linear_map(stream, hidden, reads), bias, linear_map(hidden, stream, writes), scale)


def _stairs(stream: Layout, low: int, scale: Number) -> MambaBlock:
    """out += low + sum_j relu(steps_j)."""
    n = stream["steps"].width
    hidden = Layout((Space("steps", 1, n), Space("low"), Space("minus low")))
    writes = {
        ("steps", "out"): Action(np.ones((1, n))),
        ("low", "out"): Action(),
        ("minus low", "out"): Action(np.asarray(-1.0)),
    }
    bias = {"low": np.full(1, float(low)), "minus low": np.full(1, float(-low))}
    reads = linear_map(stream, hidden, {("steps", "steps"): Action()})
    return network_block(reads, bias, linear_map(hidden, stream, writes), scale)


def _from(form: str, scale: Number, sharp: ClosedForm, bends: int) -> ClosedForm:
    """The sharp form where it speaks; for a smaller lambda kappa bends/lambda: `bends` units of one sign at weight 1
    miss no more (`units.bent`). Two blocks: the second, of slope 1, hands on what each of the first misses."""
    return sharp if scale >= LEAST[form] else bent(bends, scale)


def _check(scale: Number, **counts: int) -> None:
    above_zero(scale=scale)
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} = {count} was given; it must be at least 1")
