"""Gadgets one after the other on the residual stream, with their errors added up.

The second gadget reads f_1(x), which is off g_1(x) by at most e_1, the first one's error.  Two ways to add up:

*The second target is calm.*  If all that lies within e_1 of g_1(x) is in the second domain,

    |f_2(f_1) - g_2(g_1)| <= |f_2(f_1) - g_2(f_1)| + |g_2(f_1) - g_2(g_1)| <= e_2 + L e_1,

L the Lipschitz constant of the second *target* (0 for an indicator).  The first error eats into the second's margin:
the chain's domain is smaller by that much.
*The second domain has isolated points* (integers, a = b): nothing around them is in it, but f_2 itself is continuous:

    |f_2(f_1) - g_2(g_1)| <= |f_2(f_1) - f_2(g_1)| + |f_2(g_1) - g_2(g_1)| <= S e_1 + e_2,

S the Lipschitz constant of the second *block*, from its weights (`slope`).
"""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from bounds.gadget_gap import larger
from bounds.gadget_rounding import SILU_SLOPE
from bounds.reals import enclose, ends
from constructions.gadgets.gadget import Domain, Gadget, Values
from constructions.gadgets.placing import placed
from constructions.layout import Layout, Space
from constructions.linear import LinearMap
from constructions.mamba import Vector


def chained(first: Gadget, second: Gadget, wiring: Mapping[str, str]) -> Gadget:
    """`second` after `first`: wiring[input of second] names an input or output of `first`.

    Inputs of `second` that are not wired become inputs of the chain; a name that both gadgets use for different spaces
    gets the second's name in front.  The chain's outputs are those of both.
    Raises ValueError for a wire from or to a space that does not exist, or of another width.
    """
    _check(first, second, wiring)
    names = {port.name: _place(port.name, first, second, wiring) for port in second.ports}
    added = tuple(Space(names[p.name], p.blocks, p.width) for p in second.ports if p.name not in wiring)
    stream = Layout((*first.ports, *added))
    off = ends(enclose(first.error, 64))[1]
    factor = slope(second, off) if second.domain.isolated else Fraction(second.lipschitz)
    moved = Fraction(first.lipschitz)

    def target(inputs: Values) -> Values:
        values = first.target(inputs)
        after = second.target(_handed_over(second, names, {**inputs, **values}))
        return {**values, **{names[name]: value for name, value in after.items()}}

    return Gadget(
        name=f"{second.name} of {first.name}",
        lemma=None,
        ports=stream,
        inputs=(*first.inputs, *(names[name] for name in second.inputs if name not in wiring)),
        outputs=(*first.outputs, *(names[name] for name in second.outputs)),
        blocks=(*placed(first, stream), *placed(second, stream, names)),
        domain=_domain(first, second, names, wiring, float(off)),
        target=target,
        error=lambda reals: larger(first.error(reals), reals.number(factor) * first.error(reals) + second.error(reals)),
        lipschitz=max(moved, Fraction(second.lipschitz) * max(moved, 1)),
        scale=second.scale,
        gap=_common_gap(first, second),
    )


def _handed_over(second: Gadget, names: Mapping[str, str], values: Values) -> Values:
    """The inputs of `second` among the values of the chain's spaces."""
    return {name: values[names[name]] for name in second.inputs}


def _domain(first: Gadget, second: Gadget, names: Mapping[str, str], wiring: Mapping[str, str], off: float) -> Domain:
    """Where the first domain holds and the second one for the exact values that reach it, with `off` around them unless
    its points are isolated.
    """
    box = {names[name]: ends for name, ends in second.domain.box.items() if name not in wiring}

    def admits(inputs: Values, slack: float) -> np.ndarray:
        own = {name: inputs[name] for name in first.inputs}
        reached = _handed_over(second, names, {**inputs, **first.target(own)})
        arriving = float(first.lipschitz) * slack + (0.0 if second.domain.isolated else off)
        return first.domain.holds(own, slack) & second.domain.holds(reached, max(slack, arriving))

    return Domain(
        {**first.domain.box, **box},
        "; then ".join(filter(None, (first.domain.condition, second.domain.condition))),
        admits,
        isolated=first.domain.isolated or second.domain.isolated,
    )


def slope(gadget: Gadget, beyond: Fraction = Fraction(0)) -> Fraction:
    """A Lipschitz constant of a gadget of one block, in the maximum norm, on its box widened by `beyond`.

    A unit is z silu(g) with z = W_1 x + b_1, g = W_2 x + b_2, so it moves by at most |z| sup |silu'| |W_2| + |silu(g)|
    |W_1| per unit of x, with |silu(g)| <= |g|, row sums of moduli for the matrices, and z = 1, W_1 = O in Eq. 37.
    Raises ValueError for more than one block, or where a unit z that moves meets a gate that is not bounded on the box.
    """
    if len(gadget.blocks) != 1:
        raise ValueError(f"gadget {gadget.name!r} has {len(gadget.blocks)} blocks; the slope is known for one")
    (block,) = gadget.blocks
    reach = {
        name: np.full(gadget.ports[name].width, max(abs(float(end)) for end in box) + float(beyond))
        for name, box in gadget.domain.box.items()
    }
    ones = {name: np.ones(gadget.ports[name].width) for name in gadget.inputs}
    z, g = (_bound(W, b, reach) for W, b in ((block.W_1, block.b_1), (block.W_2, block.b_2)))
    z_moves, g_moves = _bound(block.W_1, {}, ones), _bound(block.W_2, {}, ones)
    units = {n: _times(z[n], SILU_SLOPE * g_moves[n]) + _times(g[n], z_moves[n]) for n in z}
    steepest = max(float(entries.max()) for entries in _bound(block.W_3, {}, units).values())
    if not steepest < np.inf:
        raise ValueError(f"gadget {gadget.name!r} has no Lipschitz constant on its unbounded domain")
    return Fraction(steepest) * (1 + Fraction(1, 2**40))  # more than the roundings of these sums of positive numbers


def _times(size: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """size * moves, and 0 where nothing moves, even for an unbounded size."""
    return np.where(moves == 0.0, 0.0, np.where(moves == 0.0, 0.0, size) * moves)


def _bound(linear: LinearMap, bias: Vector, reach: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """|W| r + |b| for each space that is written; all spaces are single blocks."""
    sums = {s.name: np.abs(np.asarray(bias.get(s.name, np.zeros(s.width)), np.float64)) for s in linear.codomain}
    for (source, target), action in linear.actions.items():
        if source in reach:
            inner = np.abs(np.asarray(action.inner, np.float64))
            sums[target] = sums[target] + (inner * reach[source] if inner.ndim == 0 else inner @ reach[source])
    return sums


def _common_gap(first: Gadget, second: Gadget) -> Fraction | None:
    """The smaller gap, where both are exact in floats for one lambda."""
    if first.gap is None or second.gap is None or first.scale != second.scale:
        return None
    return min(first.gap, second.gap)


def _place(port: str, first: Gadget, second: Gadget, wiring: Mapping[str, str]) -> str:
    if port in wiring:
        return wiring[port]
    return f"{second.name} {port}" if port in first.ports else port


def _check(first: Gadget, second: Gadget, wiring: Mapping[str, str]) -> None:
    for into, source in wiring.items():
        if into not in second.inputs or source not in (*first.inputs, *first.outputs):
            raise ValueError(
                f"wire {source!r} -> {into!r}: {first.name} has {(*first.inputs, *first.outputs)}, "
                f"{second.name} reads {second.inputs}"
            )
