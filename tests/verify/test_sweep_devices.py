"""The same command on 1, 2 or 8 devices gives the same rows bit by bit, and what befalls where devices are absent."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRID = ("--N", "16,64,128", "--L", "8", "--epsilon", "0.1", "--d-h", "16", "--a-min", "0.9", "--dtype", "float32")
GRID += ("--module", "ssm-gated,ssm-constant,attention")


def verify(folder: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "verify", "sweep", *GRID, "--no-report", *words],
        cwd=folder,
        env=os.environ | flags | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def rows(folder: Path, *words: str) -> list[dict]:
    """The rows of the grid, less the seconds that they took."""
    code, out, err = verify(folder, *words, "--json")
    assert code == 0, err
    return [{name: value for name, value in row.items() if name != "seconds"} for row in json.loads(out)["rows"]]


def test_the_results_are_those_of_one_device(tmp_path: Path):
    """Three runs of each program: on 2 devices the last group is one run and its copy, on 8 the only one three runs and
    five copies.
    """
    on_one = rows(tmp_path)
    assert len(on_one) == 3 * (3 + 1)  # the modules and the average case
    assert all(row["devices"] == 1 for row in on_one)
    for devices in ("2", "8"):
        assert rows(tmp_path, "--devices", devices) == on_one


ON_EIGHT = """
from fractions import Fraction
from verify.sweep.devices import mesh
from verify.sweep.grid import Run
from verify.sweep.measure import measure
from verify.sweep.programs import Programs
def run(module, L, a="1", epsilon=None, dtype="float32"):
    return Run(module, 16, L, 8 if module == "ssm-constant" else 0, Fraction(a), epsilon, dtype, 0)
def same(record, alone):
    names = ("measured", "attained", "random", "routes", "rms", "worst")
    return [name for name in names if getattr(record, name) != getattr(alone, name)]
"""
DEALT = """
runs = [run("ssm-constant", L, "0.9", dtype="bfloat16") for L in range(1, 12)]
many, one = Programs(mesh(8)), Programs(mesh(1))
groups = many.batches(runs)
assert [len(group) for group in groups] == [8, 3], groups
made = many.prepare(many.kind(runs[0])).result()
assert all(sharding.spec[0] == "devices" for sharding in made.shardings), made.shardings
for group in groups:
    for each, record in zip(group, measure(group, many), strict=True):
        assert record.devices == 1
        assert not same(record, measure([each], one)[0]), each
"""
SHARED = """
many, one = Programs(mesh(8), has_room=lambda run: run.L == 1), Programs(mesh(1))
for module in ("ssm-linear", "ssm-constant", "attention"):
    runs = [run(module, L, epsilon=Fraction(1, 10) if module == "attention" else None) for L in (1, 2, 3)]
    assert [[each.L for each in group] for group in many.batches(runs)] == [[1], [2], [3]]
    (record,), (alone,) = measure([runs[1]], many), measure([runs[1]], one)
    assert (record.devices, alone.devices) == (8, 1)
    assert many.width(many.kind(runs[1])) % 8 == 0
    room = 0.0 if record.exact else record.possibly - record.surely
    assert abs(record.measured - alone.measured) <= room
    assert abs(record.random - alone.random) <= room
"""


@pytest.mark.parametrize("code", [DEALT, SHARED], ids=["dealt", "shared"])
def test_cells_lie_on_eight_devices_a_cell_each_and_only_those_without_room_are_shared(code: str):
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", f"{ON_EIGHT}{code}many.close()\none.close()\n"]
    done = subprocess.run(words, env=os.environ | flags, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_devices_that_are_absent_are_refused(tmp_path: Path):
    code, out, err = verify(tmp_path, "--devices", "9")
    assert (code, out) == (2, "")
    assert err == "verify sweep: --devices 9: 8 cpu devices are here; nearest that works: --devices 8\n"


def test_a_platform_that_is_absent_is_refused(tmp_path: Path):
    code, out, err = verify(tmp_path, JAX_PLATFORMS="rocm")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("verify sweep: JAX_PLATFORMS=rocm: JAX cannot start so (")
    assert err.endswith("nearest that works: JAX_PLATFORMS=cpu\n")
    assert "Traceback" not in err


def test_two_hosts_of_four_devices_give_one_document(tmp_path: Path):
    """Each host runs the same command; the first tells the outcome, the second nothing.  Of ten runs eight are dealt
    out, then two, a run each.
    """
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "verify", "sweep", "--N", "16,64", "--L", "1..16", "--epsilon", "0.1"]
    words += ["--module", "ssm-linear", "--dtype", "float32", "--no-report", "--json"]
    own = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    own |= {"JAX_COORDINATOR_ADDRESS": f"localhost:{port}", "JAX_NUM_PROCESSES": "2"}
    hosts = [
        subprocess.Popen(
            words,
            cwd=tmp_path,
            env=os.environ | own | {"JAX_PROCESS_ID": str(k)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for k in range(2)
    ]
    (first, said), (second, _) = (host.communicate() for host in hosts)
    assert [host.returncode for host in hosts] == [0, 0], said
    rows = json.loads(first)["rows"]
    assert [(row["N"], row["L"]) for row in rows] == [(N, L) for N in (16, 64) for L in (1, 2, 4, 8, 16)]
    assert all(row["copies"] and row["max_abs_error"] == 0.0 for row in rows)
    assert second == ""
