"""One module of `verify copy`: its weights are built, run, and its outputs compared with the second route."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from bounds.exact import ssm_worst_case
from bounds.formats import format_of
from bounds.sizes import Size
from constructions.attention import Attention, attend
from constructions.encoding import VALUES
from constructions.linear import Stream
from constructions.mamba import SSM, MambaBlock
from constructions.memories.memory import Memory
from constructions.recurrence import Execution
from constructions.run import run_block, run_ssm, suited_execution
from constructions.sizes import size_of
from verify.copy.modules import Prepared, step_of_slot, weights_of_values
from verify.copy.settings import CopySettings
from verify.independent import recorded_Delta, scores, weighed

SECOND_ROUTE_PRODUCTS = 2**31  # multiply-adds that NumPy spends on a module; fewer steps are compared where N is large
ENTRIES_AT_ONCE = 2**18  # of a block of scores, so that the caches hold it
ROWS_AT_LEAST = 8  # of a block of scores, so that codes and values are converted to float64 for several rows
ROWS_AT_ONCE = 2**11  # of outputs compared with what is wanted
DENSE = {SSM: Execution.CHUNKED, MambaBlock: Execution.SCAN}


@dataclass(frozen=True, eq=False)
class SecondRoute:
    """For C steps, in NumPy float64: the outputs, and the exact worst case of the step's error over all values in
    [-M, M]^d.

    apart: the same if every step's input were a value of its own; in the string task, where steps that reproduce are
    fed the values once more, that is more than can happen, and what rounding bounds are relative to.  scale: M Delta.
    capped: of attention, sum_j min(w_j, u) over the weights of a step; 0 elsewhere.
    """

    outputs: Float[np.ndarray, "C d"]
    worst: Float[np.ndarray, " C"]
    apart: Float[np.ndarray, " C"]
    scale: float
    capped: Float[np.ndarray, " C"]

    @property
    def magnitude(self) -> Float[np.ndarray, " C"]:
        """At least the output on absolute values, sum_j |S_ij| M Delta, which rounding bounds are relative to:
        |S_pos| <= |S_pos - 1| + 1, so it is at most that worst case and once more `scale` = M Delta.
        """
        return self.apart + self.scale


@dataclass(frozen=True, eq=False)
class Run:
    """What came of one module on one task.

    x: the inputs of all T steps.  steps: the R steps whose outputs y_i were computed.  compared: indices into `steps`
    of those that the second route evaluated.  seconds: the execution alone, compiled and with its input on the device
    before, and with nothing running beside it.
    """

    prepared: Prepared
    size: Size
    execution: str
    steps: Int[np.ndarray, " R"]
    outputs: Float[np.ndarray, "R d"]
    x: Float[np.ndarray, "T d"]
    compared: Int[np.ndarray, " C"]
    second: SecondRoute
    seconds: float

    def wanted(self, at: Int[np.ndarray, " S"] | slice) -> Float[np.ndarray, "S d"]:
        """v_pos(i), as the program records it, for the computed steps of those indices."""
        task = self.prepared.task
        return np.asarray(self.prepared.memory.Delta, self.x.dtype) * self.x[task.target[self.steps[at]]]

    @cached_property
    def errors(self) -> Float[np.ndarray, " R"]:
        """The largest |y_i - v_pos(i)| of each step computed, in float64; NaN where an output is NaN."""
        errors = np.empty(len(self.steps))
        for start in range(0, len(self.steps), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            off = self.outputs[rows].astype(np.float64) - self.wanted(rows).astype(np.float64)
            errors[rows] = np.abs(off, out=off).max(axis=1)
        return errors

    @property
    def max_abs_error(self) -> float:
        """The largest error over all steps computed; NaN if any output is NaN."""
        return float(self.errors.max())


def execute(prepared: Prepared, values: Float[np.ndarray, "N d"], settings: CopySettings) -> Run:
    """Run one module on given values of the N positions, in the settings' dtype, and evaluate the second route beside
    it: NumPy works while the module is compiled, and has ended when it is timed.
    """
    dtype, memory, task = jnp.dtype(settings.dtype), prepared.memory, prepared.task
    x = task.sequence(values.astype(dtype, copy=False))
    steps = computed_steps(prepared)
    chosen = compared(prepared, steps)
    with ThreadPoolExecutor(1) as beside:
        second = beside.submit(second_route, prepared, x, steps[chosen], float(settings.M))
        stream = memory.encoding.stream(x, prepared.position, prepared.target, dtype)
        program, execution = _compiled(memory, stream, steps, settings.execution)
        route = second.result()
    outputs, seconds = program()
    return Run(prepared, size_of(memory, task.steps), execution, steps, outputs, x, chosen, route, seconds)


def second_route(
    prepared: Prepared, x: Float[np.ndarray, "T d"], steps: Int[np.ndarray, " C"], M: float
) -> SecondRoute:
    """What NumPy makes of the given steps, a block of rows of scores at a time, each as long as its context."""
    Delta, reach = recorded_Delta(prepared.memory), _reach(prepared)
    slots = step_of_slot(prepared)
    attends, u = isinstance(prepared.memory.module, Attention), float(format_of(x.dtype.name).unit_roundoff)
    outputs, (worst, apart, capped) = np.empty((len(steps), x.shape[1])), np.zeros((3, len(steps)))
    height = max(ROWS_AT_LEAST, ENTRIES_AT_ONCE // min(int(steps.max()) + 1, reach))
    for start in range(0, len(steps), height):
        stop = start + height
        rows = steps[start:stop]
        S = scores(prepared.memory, prepared.position[: min(int(rows.max()) + 1, reach)], prepared.target, rows)
        outputs[start:stop] = Delta * weighed(S, x)
        pos, together = slots[prepared.target[rows]], weights_of_values(prepared, S)
        apart[start:stop] = ssm_worst_case(S, pos, M, Delta)
        worst[start:stop] = apart[start:stop] if together is S else ssm_worst_case(together, pos, M, Delta)
        if attends:
            capped[start:stop] = np.minimum(S, u).sum(axis=1)
    return SecondRoute(outputs, worst, apart, M * Delta, capped)


def _reach(prepared: Prepared) -> int:
    """So many steps can weigh in an output: in Eq. 6 none after the last that writes; elsewhere all."""
    if isinstance(prepared.memory.module, SSM):
        return int(np.flatnonzero(prepared.position >= 0).max()) + 1
    return len(prepared.position)


def computed_steps(prepared: Prepared) -> Int[np.ndarray, " R"]:
    """All judged steps; for attention, whose steps share no work, no more than the second route can follow."""
    task = prepared.task
    steps = np.arange(task.first_judged, task.steps)
    if isinstance(prepared.memory.module, Attention):
        steps = steps[_spread(len(steps), task.steps * prepared.memory.encoding.d)]
    return steps


def compared(prepared: Prepared, steps: Int[np.ndarray, " R"]) -> Int[np.ndarray, " C"]:
    """Indices of the computed steps that the second route follows."""
    return _spread(len(steps), prepared.task.steps * prepared.memory.encoding.d)


def _spread(count: int, products_each: int) -> Int[np.ndarray, " C"]:
    """Indices below `count`, evenly spread and with both ends, as many as the budget of the second route allows."""
    affordable = min(count, max(2, SECOND_ROUTE_PRODUCTS // products_each))
    return np.unique(np.linspace(0, count - 1, affordable).round().astype(np.int64))


def _compiled(
    memory: Memory, x: Stream, steps: np.ndarray, asked: str
) -> tuple[Callable[[], tuple[np.ndarray, float]], str]:
    """A program that gives the outputs at `steps` and the seconds it took, and the execution's name."""
    module, x = jax.device_put((_as_needed(memory.module), x))
    if isinstance(module, Attention):
        return _compiled_on(attend, (module, x, jnp.asarray(steps))), "row blocks"
    wanted = {"sparse": Execution.SPARSE, "dense": DENSE[type(module)]}
    execution = wanted[asked] if asked in wanted else suited_execution(module, x)
    return _compiled_on(partial(_outputs, execution=execution, first=int(steps[0])), (module, x)), execution.value


def _compiled_on(function: Callable[..., jax.Array], arguments: tuple) -> Callable[[], tuple[np.ndarray, float]]:
    """The function on those arguments, ready to be timed.  It is compiled on the flat list of its arrays: while
    lowering, JAX fills trees with descriptions that are no arrays.
    """
    leaves, structure = jax.tree.flatten(arguments)
    program = jax.jit(lambda leaves: function(*structure.unflatten(leaves))).lower(leaves).compile()
    jax.block_until_ready(leaves)

    def timed() -> tuple[np.ndarray, float]:
        begin = time.perf_counter()
        y = jax.block_until_ready(program(leaves))
        return np.asarray(y), time.perf_counter() - begin

    return timed


def _as_needed(module: SSM | MambaBlock | Attention) -> SSM | MambaBlock | Attention:
    """A full layer without the channels that the output's value space does not read."""
    return module.restricted((VALUES,)) if isinstance(module, MambaBlock) else module


def _outputs(module: SSM | MambaBlock, x: Stream, *, execution: Execution, first: int) -> jax.Array:
    """The value space of the module's output from step `first` on."""
    y = run_ssm(module, x, execution) if isinstance(module, SSM) else run_block(module, x, execution)
    return y[VALUES].dense()[first:]
