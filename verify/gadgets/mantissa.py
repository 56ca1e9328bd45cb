"""A gadget run with p mantissa bits: the same program, every result of every operation rounded by jax.lax.

The program is traced once; its operations are then carried out one after the other in float64, each followed by
`jax.lax.reduce_precision` to p stored mantissa bits and the eight exponent bits of float32. For p <= 24 the double
rounding of + - * / is the single one (52 >= 2 p + 2).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from constructions.gadgets.gadget import Gadget, Values
from constructions.gadgets.run import in_dtype, run_stack, stream_of

EXPONENT_BITS = 8
LARGEST_BITS = 24


def evaluate_with_bits(gadget: Gadget, inputs: Values, bits: int) -> Values:
    """The outputs with p = bits, 1 to 24, for inputs of shape (T, width); weights and inputs are rounded first.

    Raises ValueError for another number of bits.
    """
    if not 1 <= bits <= LARGEST_BITS:
        raise ValueError(f"{bits} mantissa bits were asked for; allowed are 1 to {LARGEST_BITS}")
    stream = stream_of(gadget.ports, {name: inputs[name] for name in gadget.inputs}, np.dtype("float64"))
    leaves, structure = jax.tree.flatten((in_dtype(gadget.blocks, "float64"), stream))
    rounded = [_round(jnp.asarray(leaf), bits) for leaf in leaves]

    def outputs(*leaves: jax.Array) -> list[jax.Array]:
        after = run_stack(*jax.tree.unflatten(structure, leaves))
        return [after[name].over(after.leading).dense() for name in gadget.outputs]

    found = _carry_out(jax.make_jaxpr(outputs)(*rounded), rounded, bits)
    return {name: np.asarray(values) for name, values in zip(gadget.outputs, found, strict=True)}


def _carry_out(program: Any, arguments: list[Any], bits: int) -> list[Any]:
    """The traced program on `arguments`; a program inside it (a jitted or differentiable function) is entered."""
    values = dict(zip(program.jaxpr.constvars, program.consts, strict=True))
    values |= zip(program.jaxpr.invars, arguments, strict=True)

    def read(atom: Any) -> Any:
        return atom.val if hasattr(atom, "val") else values[atom]

    for equation in program.jaxpr.eqns:
        given = [read(atom) for atom in equation.invars]
        inner = equation.params.get("jaxpr") or equation.params.get("call_jaxpr")
        if inner is not None:
            results = _carry_out(inner, given, bits)
        else:
            result = equation.primitive.bind(*given, **equation.params)
            results = list(result) if equation.primitive.multiple_results else [result]
        values |= zip(equation.outvars, (_round(x, bits) for x in results), strict=True)
    return [read(atom) for atom in program.jaxpr.outvars]


def _round(x: Any, bits: int) -> Any:
    return jax.lax.reduce_precision(x, EXPONENT_BITS, bits) if jnp.issubdtype(x.dtype, jnp.floating) else x
