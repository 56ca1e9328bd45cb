"""Lemma 5: I[a > b], I[a < b], I[a != b], and I[a = b], as printed where that can be and on the domain where they hold.

No block, being continuous, is an indicator on both sides of a = b without a margin: between a = b and a = b + alpha the
output passes from 0 to 1.  With t = (a - b)/alpha and the domain "a = b or |a - b| >= alpha on the side that counts":

    I[a > b]  = relu(t) - relu(t - 1)                                       2 units
    I[a != b] = I[a > b] + I[b > a]                                         4 units, one block
    I[a = b]  = relu(t + 1) - 2 relu(t) + relu(t - 1)                       3 units

*As printed*, I[a > b] = g(1, 0, a - b) with the select g of Lemma 4: 4 units

    relu(1 + t) - relu(t) + relu(-t) - relu(-t)    (weights 1 and the bias 1 of W_0, b_0 folded into W_2, b_2),

right for |a - b| >= alpha, but 1 at a = b, where g promises nothing.
*As printed*, I[a != b] = 1 - (1 - I[a > b]) (1 - I[a < b]) in two blocks: 8 units for the two factors, which are
g(0, 1, .), so no outer bias is needed; then Lemma 1's 4 for minus their product.  The outer 1 is not in Eq. 3: a fifth
unit with a zero row of W_2 and b_2 = k, silu(k) = 1, adds it.  Since the printed I[a > b] is 1 at a = b, so would be
I[a != b]; here the factors ask for a - b >= alpha through g(0, 1, a - b - alpha/2), whose margin is alpha/2.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from bounds.gadgets import different_error, indicator_error, network_error
from bounds.gadgets_beyond import composed_error
from bounds.reals import ClosedForm, Number
from bounds.scales import silu_unit_gate
from constructions.gadgets.gadget import Domain, Gadget, Values, above_zero, ports
from constructions.gadgets.passive import degenerate
from constructions.gadgets.product import four_units
from constructions.gadgets.units import Form, Unit, block_of, negated
from constructions.layout import Layout, Space
from constructions.linear import Action, linear_map
from constructions.mamba import MambaBlock

PORTS = ports({"a": 1, "b": 1}, {"out": 1})
OUT = {"out": 1}
SHARP_FROM = Fraction(32, 25)  # lambda >= 1.28 is what `different_error` asks for
SIGNS = {"greater": 1, "less": -1}
RELATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "greater": np.greater,
    "less": np.less,
    "not-equal": np.not_equal,
    "equal": np.equal,
}


def ordered(name: str, M: Number, alpha: Number, scale: Number) -> Gadget:
    """I[a > b] ("greater") or I[a < b] ("less") by 2 units, right where a = b and beyond the margin alpha.

    Raises ValueError for another name or a number not above 0.
    """
    above_zero(M=M, alpha=alpha, scale=scale)
    units = _ramp(_difference(alpha, _sign(name)), OUT)
    domain = _two_sided(M, f"{'a - b' if name == 'greater' else 'b - a'} <= 0 or >= alpha", _beyond(_sign(name), alpha))
    return _gadget(name, 5, units, domain, alpha, scale, lambda reals: indicator_error(scale, reals))


def ordered_as_printed(name: str, M: Number, alpha: Number, scale: Number) -> Gadget:
    """I[a > b] or I[a < b] as g(1, 0, +-(a - b)), 4 units, for |a - b| >= alpha: at a = b it is 1.

    Raises ValueError for another name or a number not above 0.
    """
    above_zero(M=M, alpha=alpha, scale=scale)
    t = _difference(alpha, _sign(name))
    domain = _two_sided(M, "|a - b| >= alpha", lambda d, slack: np.abs(d) - slack >= float(alpha))
    units = _select_of(t, 0, x=1, y=0, writes=OUT)
    return _gadget(f"{name}-printed", 5, units, domain, alpha, scale, lambda reals: indicator_error(scale, reals))


def different(M: Number, alpha: Number, scale: Number) -> Gadget:
    """I[a != b] by 4 units in one block, for a = b or |a - b| >= alpha.  Raises ValueError for a number not above 0."""
    above_zero(M=M, alpha=alpha, scale=scale)
    units = (*_ramp(_difference(alpha, 1), OUT), *_ramp(_difference(alpha, -1), OUT))
    return _gadget("not-equal", 5, units, _apart_or_equal(M, alpha), alpha, scale, _different_error(scale))


def equal(M: Number, alpha: Number, scale: Number) -> Gadget:
    """I[a = b] by 3 units, for a = b or |a - b| >= alpha.  Raises ValueError for a number not above 0."""
    above_zero(M=M, alpha=alpha, scale=scale)
    t = _difference(alpha, 1)
    units = (Unit(t, 1, {"out": 1}), Unit(t, 0, {"out": -2}), Unit(t, -1, {"out": 1}))
    return _gadget("equal", None, units, _apart_or_equal(M, alpha), alpha, scale, _different_error(scale))


def different_in_two_blocks(M: Number, alpha: Number, scale: Number) -> Gadget:
    """I[a != b] by the printed widths 8 then 4, and 1 for the outer constant, for a = b or |a - b| >= alpha.

    Raises ValueError for a number not above 0.
    """
    above_zero(M=M, alpha=alpha, scale=scale)
    stream = ports({"a": 1, "b": 1}, {"out": 1}, {"not_greater": 1, "not_less": 1})
    units = []
    for name, sign in (("not_greater", 1), ("not_less", -1)):
        t = _difference(Fraction(alpha) / 2, sign)
        units += _select_of(t, -1, x=0, y=1, writes={name: 1})
    second = _one_minus_product(stream, ("not_greater", "not_less"), "out", scale)
    return Gadget(
        name="not-equal-printed",
        lemma=5,
        ports=stream,
        inputs=("a", "b"),
        outputs=("out",),
        blocks=(block_of(stream, units, scale), second),
        domain=_apart_or_equal(M, alpha),
        target=_target("not-equal"),
        error=_composed_error(scale),
        lipschitz=0,
        scale=scale,
    )


def _different_error(scale: Number) -> ClosedForm:
    """The error of I[a != b] in one block, and of I[a = b], whose units are 1 minus those of I[a != b]."""
    if scale < SHARP_FROM:
        return lambda reals: network_error(scale, 2, reals)
    return lambda reals: different_error(scale, reals)


def _composed_error(scale: Number) -> ClosedForm:
    """The error of I[a != b] in two blocks; below lambda = 1.28, where the sharp form ends, by hand: the factors miss 0
    or 1 by e <= 1/2 at most (`indicator_error`), so |P Q| <= (1 + e)^2, and |g(P, Q)| <= |P Q|."""
    if scale < SHARP_FROM:
        return lambda reals: reals.number(Fraction(9, 4))
    return lambda reals: composed_error(scale, reals)


def _one_minus_product(stream: Layout, factors: tuple[str, str], out: str, scale: Number) -> MambaBlock:
    """out += 1 - p q: Lemma 1's four units with weight -1, and a unit that is 1 whatever the stream holds."""
    four = four_units(stream, factors, out, scale, weight=-1.0)
    hidden = Layout((Space("hidden", 1, 4), Space("one")))
    return degenerate(
        linear_map(stream, hidden, four.W_2.actions),
        {"one": np.full(1, silu_unit_gate())},
        linear_map(hidden, stream, {**four.W_3.actions, ("one", out): Action()}),
    )


def _gadget(
    name: str,
    lemma: int | None,
    units: tuple[Unit, ...],
    domain: Domain,
    alpha: Number,
    scale: Number,
    error: ClosedForm,
) -> Gadget:
    """One block of units; integers of distance 0 or at least 1 = alpha leave integer arguments."""
    return Gadget(
        name=name,
        lemma=lemma,
        ports=PORTS,
        inputs=("a", "b"),
        outputs=("out",),
        blocks=(block_of(PORTS, units, scale),),
        domain=domain,
        target=_target(name.removesuffix("-printed")),
        error=error,
        lipschitz=0,
        scale=scale,
        gap=Fraction(1) if Fraction(alpha) == 1 else None,
    )


def _difference(alpha: Number, sign: int) -> Form:
    """sign (a - b) / alpha."""
    return {"a": sign / Fraction(alpha), "b": -sign / Fraction(alpha)}


def _ramp(t: Form, writes: Form) -> tuple[Unit, ...]:
    """relu(t) - relu(t - 1): 0 for t <= 0, 1 for t >= 1."""
    return Unit(t, 0, writes), Unit(t, -1, negated(writes))


def _select_of(t: Form, bias: int, x: int, y: int, writes: Form) -> tuple[Unit, ...]:
    """Lemma 4's four units for constants x, y in [-1, 1]: with T = t + bias, x for T >= 1 and y for T <= -1."""
    back, taken = negated(t), negated(writes)
    return Unit(t, bias + x, writes), Unit(t, bias, taken), Unit(back, y - bias, writes), Unit(back, -bias, taken)


def _two_sided(
    M: Number, condition: str, of_difference: Callable[[np.ndarray, float], np.ndarray], isolated: bool = False
) -> Domain:
    """a, b in [-M, M] under a condition on d = a - b, which moves by 2 slack when a and b move by slack."""
    return Domain(
        {"a": (-M, M), "b": (-M, M)},
        condition,
        lambda inputs, slack: of_difference(inputs["a"] - inputs["b"], 2 * slack)[:, 0],
        isolated=isolated,
    )


def _beyond(sign: int, alpha: Number) -> Callable[[np.ndarray, float], np.ndarray]:
    return lambda d, slack: (sign * d + slack <= 0) | (sign * d - slack >= float(alpha))


def _apart_or_equal(M: Number, alpha: Number) -> Domain:
    def apart_or_equal(d: np.ndarray, slack: float) -> np.ndarray:
        return (np.abs(d) - slack >= float(alpha)) | ((d == 0) & (slack == 0.0))

    return _two_sided(M, "a = b or |a - b| >= alpha", apart_or_equal, isolated=True)


def _target(relation: str) -> Callable[[Values], Values]:
    return lambda inputs: {"out": RELATIONS[relation](inputs["a"], inputs["b"]).astype(np.float64)}


def _sign(name: str) -> int:
    if name not in SIGNS:
        raise ValueError(f"no order is called {name!r}; there are {', '.join(SIGNS)}")
    return SIGNS[name]
