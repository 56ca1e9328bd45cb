"""The devices that share a sweep's work: a mesh of one axis, and what is dealt out along it.

Cells: as many runs of one program as there are devices are carried out at once, a run on each.  Nothing is exchanged,
and each device runs the program that a single one would run, so the results are equal bit by bit whatever the number of
devices.  Where fewer runs are left than devices, the last one is repeated and its copies are dropped.

A run that one device has no room for (verify.sweep.memory; the row names how many devices took part) is shared:

Recurrences: the coordinates of the values are dealt out.  Each coordinate has a recurrence of its own, so every device
runs all steps on its share and nothing is exchanged.
Attention: the positions of the context, which are its slots, are dealt out with their keys and values; the largest
score and the two sums of the softmax are joined over the devices.
Where products are formed (scan, chunked, attention) the order of sums may change with the shape of a share; the results
lie within the rounding bound of one device's.

Several hosts: where JAX_COORDINATOR_ADDRESS is set (and, unless a cluster that JAX knows tells them,
JAX_NUM_PROCESSES and JAX_PROCESS_ID), all processes start the same command and run the same sequence of
programs over the devices of all of them; the first process alone keeps the store and writes.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from verify.backend import devices
from verify.errors import BadInput, one_line

AXIS = "devices"
COORDINATOR, PROCESSES, PROCESS = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"


def mesh(count: int | None) -> Mesh:
    """The first `count` devices, one where None (all that there are on several hosts).

    Raises BadInput where there are fewer, where the platform asked for in JAX_PLATFORMS is absent, or where the hosts
    cannot reach each other.
    """
    there = _devices()
    several = jax.process_count() > 1
    asked = (len(there) if several else 1) if count is None else count
    kind = there[0].platform
    if asked > len(there):
        allowed = f"{len(there)} {kind} device{'s are' if len(there) > 1 else ' is'} here"
        raise BadInput(f"--devices {asked}", allowed, f"--devices {len(there)}")
    if several and asked != len(there):
        allowed = f"over {jax.process_count()} hosts all {len(there)} devices take part"
        raise BadInput(f"--devices {asked}", allowed, f"--devices {len(there)}")
    return Mesh(np.array(there[:asked]), (AXIS,))


@contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """On several hosts, what the libraries that connect them print goes to stderr: stdout belongs to the document."""
    if COORDINATOR not in os.environ:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def leads() -> bool:
    """Whether this is the process that keeps the store and writes."""
    return jax.process_index() == 0


def agreed(number: int) -> int:
    """The leading process's number, on all hosts."""
    if jax.process_count() == 1:
        return number
    from jax.experimental import multihost_utils

    return int(multihost_utils.broadcast_one_to_all(jnp.asarray(number, jnp.int32)))


def dealt(mesh: Mesh, axis: int | None, rank: int) -> NamedSharding:
    """How an array of that rank lies on the mesh: dealt out along one of its axes, or whole on every device (None)."""
    return NamedSharding(mesh, PartitionSpec(*(AXIS if k == axis else None for k in range(rank))))


def _devices() -> Sequence[Any]:
    hosts = os.environ.get(COORDINATOR)
    if not hosts:
        return devices()
    try:
        if not jax.distributed.is_initialized():
            jax.distributed.initialize(num_processes=_count(PROCESSES), process_id=_count(PROCESS))
        return jax.devices()
    except (RuntimeError, ValueError, AssertionError) as error:  # the last one where a platform has no plugin
        why = f"JAX cannot start so ({one_line(str(error)) or 'no such platform here'})"
        raise BadInput(f"{COORDINATOR}={hosts}", why, f"without {COORDINATOR}") from error


def _count(name: str) -> int | None:
    """A whole number of the environment; None where it is not set."""
    return int(os.environ[name]) if name in os.environ else None
