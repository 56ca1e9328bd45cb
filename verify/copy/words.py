"""The verdict of `verify copy` in one sentence, made of what the rows hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from verify.notation import number


def sentence(rows: Sequence[Mapping[str, Any]], interrupted: bool) -> str:
    """What happened at the largest N, one clause a module."""
    if not rows:
        return "stopped before the first module was done."
    N = max(r["N"] for r in rows)
    clauses = [_clause(r) for r in rows if r["N"] == N]
    stopped = "stopped early; " if interrupted else ""
    return f"{stopped}at N = {N}, {'; '.join(clauses)}."


def _clause(r: Mapping[str, Any]) -> str:
    name, entries, error = r["module"], r["state_entries"], r["max_abs_error"]
    with_state = f"{name} ({entries} state entries{_keys(r)})"
    if r["copies"]:
        how = "bit by bit" if error == 0.0 else f"within epsilon (error {number(error, 2)}{_bytes(r)})"
        bytes_read = _bytes(r) if error == 0.0 else ""
        if not r["worst_case_error"] <= r["epsilon"]:
            worst = f"though not all: the worst case is {number(r['worst_case_error'], 2)}"
            return f"{with_state} copies these values {how}, {worst}{bytes_read}"
        return f"{with_state} copies every value {how}{bytes_read}"
    since = r["first_failing_N"]
    fails = "" if since is None else f"; so built it fails from N = {since} on"
    return f"{with_state} does not copy (error {number(error, 2)}{_bytes(r)}{fails})"


def _bytes(r: Mapping[str, Any]) -> str:
    wrong = r.get("bytes_wrong")
    return "" if wrong is None else f", bytes decoded wrongly: {wrong} of {r['N']}"


def _keys(r: Mapping[str, Any]) -> str:
    symbol = {"attention": "d_k", "ssm-constant": "d_h"}.get(r["module"])
    return "" if symbol is None else f", {symbol} = {r['d_h']}"
