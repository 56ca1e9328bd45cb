"""The program's door: `verify` and `python -m verify`. An interrupt ends it with one line, also while it is still
loading.
"""

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

INTERRUPTED = 130
OBJECTS_BETWEEN_COLLECTIONS = 100_000  # loading and tracing make many objects that stay; Python's 700 looks too often


def main() -> int:
    """Run the program on the process's arguments and return its exit code; an interrupted one ends the process."""
    code = _run()
    if code == INTERRUPTED:
        _leave()
    return code


def _leave() -> NoReturn:
    """End at once, all being told: a computation that XLA has begun ends by itself alone, and Python's own exit would
    wait for it, maybe minutes, while a second interrupt would kill the process by signal.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or never there
            stream.flush()
    if "multiprocessing" in sys.modules:
        for child in sys.modules["multiprocessing"].active_children():
            child.terminate()
    os._exit(INTERRUPTED)


def _run() -> int:
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    # NumPy's products on one core: the same sums on every machine, and the other cores for JAX, which works beside it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from verify.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("verify: interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
