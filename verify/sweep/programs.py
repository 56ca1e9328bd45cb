"""Compiled programs, each serving many cells: one for a module, a length that the run is padded to, a width of codes
and a dtype.  Weights, codes, positions and values are its arguments.  A program carries out as many runs at once as
there are devices, a run on each; a run that no device has room for is shared by all of them (verify.sweep.devices).

Padding changes no number that is read.  Steps after the last one neither write nor read (VOID).  A one-hot memory gets
slots that are never written, and codes get coordinates that are 0: both add zeros to sums.  `tests` compare a padded
run with the module at its own N, bit by bit.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Float, Int

from constructions.attention import Attention, attend
from constructions.encoding import POSITION, TARGET, VALUES, Encoding
from constructions.linear import Stream
from constructions.mamba import SSM, MambaBlock
from constructions.memories.constant import constant
from constructions.memories.gated import gated
from constructions.memories.heads import binary_head
from constructions.memories.memory import Memory
from constructions.memories.theorem3 import theorem3
from constructions.recurrence import Execution
from constructions.rows import VOID
from constructions.run import run_block, run_ssm, suited_execution
from verify.copy.modules import Prepared, as_stored
from verify.sweep.devices import AXIS, dealt
from verify.sweep.grid import D, Run

JUDGED = 64  # steps whose outputs are judged
SHORTEST = 4096  # the least padded length where a step's cost does not grow with the state
SHORTEST_16_BIT = 256  # XLA on a CPU widens the whole state of a 16-bit format at each step

AS_WRITTEN: dict[str, str | bool] = {"xla_allow_excess_precision": False}
"""Each operation of a 16-bit format is rounded to it, so that an enclosure can follow (verify.sweep.enclosure)."""


@dataclass(frozen=True)
class Kind:
    """What tells programs apart.  length: steps after padding; codes: width of a code, 0 for one-hots; shares: how many
    devices share a run, 1 where each device has its own.
    """

    module: str
    length: int
    codes: int
    forgets: bool
    dtype: str
    shares: int


@lru_cache(maxsize=2**16)
def kind_of(run: Run, shares: int = 1) -> Kind:
    """The program that serves a run: powers of four of steps, dealt out evenly over the devices that share it."""
    padded = SHORTEST if jnp.finfo(run.dtype).bits > 16 else SHORTEST_16_BIT
    while padded < run.steps:
        padded *= 4
    length = -(-padded // shares) * shares
    codes = {"ssm-constant": run.d_h, "attention": max(1, (length - 1).bit_length())}.get(run.module, 0)
    return Kind(run.module, length, codes, float(run.a) != 1.0, run.dtype, shares)  # as the weights are made


@dataclass(frozen=True, eq=False)
class Asked:
    """One run as a program takes it: the module on its task, values for every step, the steps to put out."""

    run: Run
    prepared: Prepared
    x: Float[np.ndarray, "T d"]
    steps: Int[np.ndarray, " R"]


class Programs:
    """The programs of a sweep on a mesh, compiled once each; those that will be needed, ahead of time beside the work
    where there is one device and nothing is exchanged with other hosts.
    """

    def __init__(self, mesh: Mesh, has_room: Callable[[Run], bool] = lambda _: True) -> None:
        self.mesh, self._has_room = mesh, has_room
        self._beside = ThreadPoolExecutor(1)
        self._compiled: dict[Kind, Future[_Program]] = {}

    def kind(self, run: Run) -> Kind:
        """The program that serves a run here."""
        return kind_of(run, 1 if self._has_room(run) else self.mesh.size)

    def batches(self, runs: Iterable[Run]) -> list[list[Run]]:
        """The runs in groups that one call carries out: of one program, at most one for each device; a run that all
        devices share is a group of its own.
        """
        alike: dict[Kind, list[Run]] = {}
        for run in runs:
            alike.setdefault(self.kind(run), []).append(run)
        return [
            group[k : k + self._at_once(kind)]
            for kind, group in alike.items()
            for k in range(0, len(group), self._at_once(kind))
        ]

    def _at_once(self, kind: Kind) -> int:
        return 1 if kind.shares > 1 else self.mesh.size

    def width(self, kind: Kind) -> int:
        """Coordinates of a value, such that all devices that share a run get as many."""
        return -(-D // kind.shares) * kind.shares

    def prepare(self, kind: Kind) -> "Future[_Program]":
        """Begin to compile it, unless that has begun."""
        if kind not in self._compiled:
            self._compiled[kind] = self._beside.submit(_compile, kind, self.mesh, self.width(kind))
        return self._compiled[kind]

    def outputs(self, asked: Sequence[Asked]) -> tuple[list[Float[np.ndarray, "R d"]], str]:
        """y of each run at its steps, at most JUDGED of them, and the name of the execution; the runs are a group of
        `batches`.  Devices without a run of their own repeat the last one, so that every run is carried out by the same
        program, whatever the number of devices.
        """
        kind = self.kind(asked[0].run)
        program = self.prepare(kind).result()
        own = [_leaves(each, kind, self.width(kind)) for each in asked]
        own += own[-1:] * (self._at_once(kind) - len(own))
        leaves = own[0] if kind.shares > 1 else [np.stack(leaf) for leaf in zip(*own, strict=True)]
        y = np.asarray(program.run(jax.device_put(leaves, program.shardings)))
        every = y[None] if kind.shares > 1 else y[: len(asked)]
        return [
            found[: len(each.steps), : each.x.shape[1]] for each, found in zip(asked, every, strict=True)
        ], program.execution

    def close(self) -> None:
        """Give up what is not compiled yet."""
        self._beside.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True, eq=False)
class _Program:
    run: jax.stages.Compiled
    shardings: list[NamedSharding]
    execution: str


def _compile(kind: Kind, mesh: Mesh, width: int) -> _Program:
    """The module of that kind, built at the padded length, as a program of the flat list of its arrays."""
    memory = as_stored(_padded_memory(kind, width), jnp.dtype(kind.dtype))
    nothing = np.full(kind.length, VOID)
    x = np.zeros((kind.length, width), jnp.dtype(kind.dtype))
    module, stream = _as_run(memory.module), memory.encoding.stream(x, nothing, nothing, x.dtype)
    leaves, structure = jax.tree.flatten((module, stream, _asked(0)))
    execution = None if isinstance(module, Attention) else _execution(module, stream, kind.dtype)

    def outputs(leaves: list[jax.Array]) -> jax.Array:
        module, stream, steps = structure.unflatten(leaves)
        if isinstance(module, Attention):
            return attend(module, stream, steps)
        run = run_ssm(module, stream, execution) if isinstance(module, SSM) else run_block(module, stream, execution)
        return run[VALUES].dense()[steps]

    shapes = [(np.shape(leaf), leaf.dtype) for leaf in leaves]
    if kind.shares > 1:
        program, shardings = outputs, _shardings(module, stream, mesh)
    else:
        program, shapes = _each_its_own(outputs, mesh), [((mesh.size, *shape), dtype) for shape, dtype in shapes]
        shardings = [dealt(mesh, 0, len(shape)) for shape, _ in shapes]
    whole = NamedSharding(mesh, PartitionSpec())
    arguments = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    lowered = jax.jit(program, in_shardings=(shardings,), out_shardings=whole).lower(arguments)
    narrow = jnp.finfo(kind.dtype).bits <= 16
    compiled = lowered.compile(compiler_options=AS_WRITTEN if narrow else {})
    return _Program(compiled, shardings, "row blocks" if execution is None else execution.value)


def _each_its_own(
    outputs: Callable[[list[jax.Array]], jax.Array], mesh: Mesh
) -> Callable[[list[jax.Array]], jax.Array]:
    """The program of one run on every device, each with its own run: the runs lie along a leading axis."""

    def own(leaves: list[jax.Array]) -> jax.Array:
        return outputs([leaf[0] for leaf in leaves])[None]

    cells = PartitionSpec(AXIS)
    return jax.shard_map(own, mesh=mesh, in_specs=(cells,), out_specs=cells, check_vma=False)


def _execution(module: SSM | MambaBlock, stream: Stream, dtype: str) -> Execution:
    """The suited execution; for the 16-bit formats on a CPU chunks instead of single steps, each of which widens the
    whole state and back.
    """
    suited = suited_execution(module, stream)
    narrow = jnp.finfo(dtype).bits <= 16 and jax.default_backend() == "cpu"
    return Execution.CHUNKED if narrow and suited is Execution.SCAN else suited


def _padded_memory(kind: Kind, width: int) -> Memory:
    """The memory whose shapes the program has; its weights are replaced by those of each run."""
    if kind.module == "ssm-linear":
        return theorem3(kind.length, width)
    if kind.module == "ssm-gated":
        return gated(kind.length, width, 1.0, 1.0)
    if kind.module == "attention":
        return binary_head(kind.length, width, 1.0, 1.0)
    return constant(kind.length, width, np.zeros((kind.length, kind.codes)), "none", 0.5 if kind.forgets else 1.0)


def _leaves(given: Asked, kind: Kind, width: int) -> list[np.ndarray]:
    """The arrays of a run, padded, in the order of the program's list."""
    prepared, x, steps = given.prepared, given.x, given.steps
    memory, silent = prepared.memory, np.full(kind.length - len(x), VOID)
    encoding = Encoding(kind.length, width) if memory.encoding.codes is None else _widened(memory.encoding, kind, width)
    padded = np.zeros((kind.length, width), x.dtype)
    padded[: len(x), : x.shape[1]] = x
    position, target = (np.concatenate([part, silent]) for part in (prepared.position, prepared.target))
    asked = _asked(int(steps[-1]))
    asked[: len(steps)] = steps
    return jax.tree.leaves((_as_run(memory.module), encoding.stream(padded, position, target, x.dtype), asked))


def _asked(step: int) -> Int[np.ndarray, " R"]:
    """One step JUDGED times, as integers of the width that JAX counts positions in."""
    return np.full(JUDGED, step, jax.dtypes.canonicalize_dtype(np.int64))


def _widened(encoding: Encoding, kind: Kind, width: int) -> Encoding:
    assert encoding.codes is not None
    missing = kind.codes - encoding.codes.shape[1]
    return replace(encoding, d=width, codes=np.pad(encoding.codes, ((0, 0), (0, missing))))


def _as_run(module: SSM | MambaBlock | Attention) -> SSM | MambaBlock | Attention:
    """A full layer without the channels that the output's value space does not read."""
    return module.restricted((VALUES,)) if isinstance(module, MambaBlock) else module


def _shardings(module: SSM | MambaBlock | Attention, stream: Stream, mesh: Mesh) -> list[NamedSharding]:
    """For each array of the list: attention's keys and values along the context, values of recurrences along their
    coordinates, everything else whole.
    """
    along = {VALUES: 0, POSITION: 0, TARGET: 0} if isinstance(module, Attention) else {VALUES: 1}
    weights = [dealt(mesh, None, np.ndim(leaf)) for leaf in jax.tree.leaves(module)]
    sequences = [
        dealt(mesh, along.get(name), np.ndim(leaf))
        for name in sorted(stream.rows)  # the order in which JAX lists a dictionary
        for leaf in jax.tree.leaves(stream.rows[name])
    ]
    return [*weights, *sequences, dealt(mesh, None, 1)]
