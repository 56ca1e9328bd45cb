"""`python -m verify` is the same program as the console script `verify`."""

import sys

from verify.cli import main

if __name__ == "__main__":
    sys.exit(main())
