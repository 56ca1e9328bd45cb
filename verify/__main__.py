"""The program's door: `verify` and `python -m verify`. An interrupt ends it with one line, also while it is still
loading.
"""

import gc
import os
import sys

from verify.interrupts import EXIT_INTERRUPTED, leave, prepare

OBJECTS_BETWEEN_COLLECTIONS = 100_000  # loading and tracing make many objects that stay; Python's 700 looks too often


def main() -> int:
    """Run the program on the process's arguments and return its exit code; an interrupted one ends the process."""
    prepare()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    # NumPy's products on one core: the same sums on every machine, and the other cores for JAX, which works beside it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from verify.cli import main as run

    code = run()
    if code == EXIT_INTERRUPTED:
        leave()
    return code


if __name__ == "__main__":
    sys.exit(main())
