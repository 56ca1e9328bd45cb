"""The program's door: `verify` and `python -m verify`. An interrupt ends it with one line, also while it is still
loading.
"""

import sys

INTERRUPTED = 130


def main() -> int:
    """Run the program on the process's arguments and return its exit code."""
    try:
        from verify.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("verify: interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
