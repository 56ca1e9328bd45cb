"""Claims, checks, verdicts, reports and the command line; the only package that judges.

Modules are imported where they are needed, so that `verify --help` and `verify bounds` never pay for JAX or Matplotlib.
"""
