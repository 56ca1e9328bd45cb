"""Every product of a JAX program of `constructions` is formed in one place, with its precision pinned.

NumPy multiplies in the format of its numbers, so files without JAX may form products as they state weights.
"""

import ast
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import constructions
from constructions.attention import attend
from constructions.memories.constant import constant, random_keys
from constructions.memories.gated import gated
from constructions.memories.heads import binary_head
from constructions.memories.theorem3 import theorem3_layer
from constructions.precision import contract
from constructions.recurrence import Execution
from constructions.run import run_block, run_ssm

PRODUCTS = {"dot", "einsum", "matmul", "tensordot", "vdot", "vecdot", "inner", "matvec", "vecmat", "dot_general"}
SOURCES = [path for path in sorted(Path(constructions.__path__[0]).rglob("*.py")) if "import jax" in path.read_text()]


def products(source: str) -> list[int]:
    """The lines that form a matrix product by a call or by @, of NumPy or JAX."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        by_operator = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult)
        callee = node.func if isinstance(node, ast.Call) else None
        name = callee.attr if isinstance(callee, ast.Attribute) else callee.id if isinstance(callee, ast.Name) else ""
        if isinstance(node, ast.expr | ast.stmt) and (by_operator or name in PRODUCTS):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_product_outside_precision(path):
    found = products(path.read_text())
    assert len(found) == (3 if path.name == "precision.py" else 0), f"{path}: lines {found}"


@pytest.mark.parametrize(
    "planted",
    ["y = a @ b", "a @= b", "jnp.dot(a, b)", "a.dot(b)", "np.einsum('ij,j', a, b)", "lax.dot_general(a, b, d)"],
)
def test_a_planted_product_is_found(planted):
    assert products(f"def f(a, b):\n    {planted}\n") == [2]


def dots(function, *arguments) -> list[str]:
    """The dot_general operations of the lowered program."""
    return re.findall(r"stablehlo\.dot_general.*", jax.jit(lambda: function(*arguments)).lower().as_text())


def pinned(operations: list[str]) -> bool:
    return bool(operations) and all("precision = [HIGHEST, HIGHEST]" in line for line in operations)


def programs():
    """The programs of all memories in all executions, with a stream for each."""
    position, target = np.arange(3), np.array([0, 0, 1])
    for memory in (
        gated(3, 2, 1.0, 0.1),
        theorem3_layer(3, 2),
        constant(3, 2, random_keys(3, 2, np.random.default_rng(0)), "random", 0.5),
    ):
        stream = memory.encoding.stream(np.zeros((3, 2)), position, target, np.dtype("float64"))
        run = run_ssm if memory.name == "ssm-constant" else run_block
        for execution in Execution if memory.name == "ssm-constant" else (None,):
            yield lambda m, z, r=run, e=execution: r(m, z, e), memory.module, stream
    head = binary_head(3, 2, 1.0, 0.1)
    stream = head.encoding.stream(np.zeros((3, 2)), position, target, np.dtype("float64"))
    yield lambda m, z: attend(m, z, jnp.arange(3)), head.module, stream


def test_every_product_of_every_program_is_pinned():
    assert all(pinned(dots(*program)) for program in programs())


def test_the_pin_is_there_because_the_default_is_not():
    ones = jnp.ones((2, 2), jnp.float32)
    assert pinned(dots(lambda a, b: contract("ij,jk->ik", a, b), ones, ones))
    assert not pinned(dots(lambda a, b: jnp.einsum("ij,jk->ik", a, b), ones, ones))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_sixteen_bit_products_are_summed_in_float32(dtype):
    """4096 ones add up to 4096; summed in 11 bits they would stall at 2048, in 8 bits at 256."""
    ones = jnp.ones(4096, dtype)
    total = contract("i,i->", ones, ones)
    assert total.dtype == dtype
    assert float(total) == 4096
    (operation,) = dots(lambda a, b: contract("i,i->", a, b), ones, ones)
    assert operation.rstrip().endswith("tensor<f32>")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_wider_formats_keep_their_own_sum(dtype):
    (operation,) = dots(lambda a: contract("i,i->", a, a), jnp.ones(2, dtype))
    assert operation.rstrip().endswith(f"tensor<f{dtype[-2:]}>")
