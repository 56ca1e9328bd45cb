"""The same command on 1, 3 or 8 devices, and where they are absent."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bounds.formats import format_of
from bounds.rounding import growth

ROOT = Path(__file__).parents[2]
GRID = ("--N", "16,64", "--L", "8", "--epsilon", "0.1", "--d-h", "16", "--a-min", "0.9", "--dtype", "float32")
MEASURED = ("max_abs_error", "max_abs_error_random", "rms_error")


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


@pytest.fixture(scope="module")
def on_one(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    code, out, err = verify(tmp_path_factory.mktemp("one"), "--json")
    assert code == 0, err
    return json.loads(out)["rows"]


@pytest.mark.parametrize("devices", ["2", "3", "8"])
def test_the_results_are_those_of_one_device(tmp_path: Path, on_one: list[dict], devices: str):
    """N = 16 and 64 are runs of one program: 2 devices take a cell each, 3 and 8 share every cell."""
    code, out, err = verify(tmp_path, "--devices", devices, "--json")
    assert code == 0, err
    rows = json.loads(out)["rows"]
    assert len(rows) == len(on_one)
    for one, many in zip(on_one, rows, strict=True):
        for name in one.keys() - {"seconds", *MEASURED}:
            assert one[name] == many[name]
        # A cell of its own is what one device computes.  Shared, sparse sums do not change their order; both runs of
        # the others lie within the rounding bound of the same.
        alike = devices == "2" or one["execution"] == "sparse"
        room = 0.0 if alike else one["error_possibly"] - one["error_surely"]
        for name in MEASURED[:2]:
            assert abs(one[name] - many[name]) <= room
        assert abs(one["rms_error"] - many["rms_error"]) <= 2 * room + growth(8, format_of("float64"))


DEALT = """
from fractions import Fraction
from verify.sweep.devices import mesh
from verify.sweep.grid import Run
from verify.sweep.measure import measure
from verify.sweep.programs import Programs
runs = [Run("ssm-constant", 16, L, 8, Fraction("0.9"), None, "float32", 0) for L in range(1, 12)]
programs = Programs(mesh(8))
groups = programs.batches(runs)
assert [len(group) for group in groups] == [8, 1, 1, 1], groups
made = programs.prepare(programs.kind(groups[0])).result()
assert all(sharding.spec[0] == "devices" for sharding in made.shardings), made.shardings
many = measure(groups[0], programs)
one = Programs(mesh(1))
for run, record in zip(groups[0], many):
    (alone,) = measure([run], one)
    for name in ("measured", "attained", "random", "routes", "rms", "worst"):
        assert getattr(record, name) == getattr(alone, name), (run, name)
programs.close()
one.close()
"""


def test_eight_cells_lie_on_eight_devices_and_are_what_one_computes():
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", DEALT], env=os.environ | flags, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_devices_that_are_absent_are_refused(tmp_path: Path):
    code, out, err = verify(tmp_path, "--devices", "9")
    assert (code, out) == (2, "")
    assert err == "verify sweep: --devices 9: 8 cpu devices are here; nearest that works: --devices 8\n"


def test_a_platform_that_is_absent_is_refused(tmp_path: Path):
    code, out, err = verify(tmp_path, JAX_PLATFORMS="cuda")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("verify sweep: JAX_PLATFORMS=cuda: JAX cannot start so (")
    assert err.endswith("nearest that works: JAX_PLATFORMS=cpu\n")
    assert "Traceback" not in err


def test_two_hosts_of_four_devices_give_one_document(tmp_path: Path):
    """Each host runs the same command; the first tells the outcome, the second nothing.  Of ten runs eight are dealt
    out, a run each, and two are shared.
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
