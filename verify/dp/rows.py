"""A row of `verify dp`: its fields for programs, its cells for people; and a problem's chain as the paper writes it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from constructions.gadgets.gadget import largest_entry
from constructions.problems.arithmetic import Arithmetic
from constructions.problems.task import Instance, Task
from constructions.programs.interpreter import Token
from constructions.sizes import carried_size, stack_size
from verify.dp.cases import Case
from verify.dp.instances import window
from verify.dp.run import Done
from verify.notation import NOTHING, number
from verify.table import Column, Table

COLUMNS = (
    Column("problem", right=False),
    Column("theorem"),
    Column("runs"),
    Column("tokens"),
    Column("wrong"),
    Column("margin"),
    Column("T", rank=2),
    Column("m"),
    Column("blocks", rank=4),
    Column("state entries"),
    Column("ops/token", rank=1),
    Column("ops/token ~", rank=6),
    Column("ops in all ~", rank=6),
    Column("parameters", rank=5),
    Column("norm", rank=5),
    Column("dtype", right=False, rank=6),
    Column("tokens/s", rank=7),
)


def row(done: Done) -> dict[str, Any]:
    """The fields of a row; chain, answer and oracle are those of the first instance."""
    blocks = [named.block for named in done.stack.blocks]
    written, carried = stack_size(blocks), carried_size(blocks)
    first, tokens = done.batch.all[0], sum(map(int, done.run.lengths))
    shown = done.task.shown(first, done.chain(0))
    return {
        "problem": done.case.name,
        "theorem": done.case.theorem,
        "input": done.task.written(first),
        "chain": shown.chain,
        "answer": shown.answer,
        "oracle": done.task.shown(first, done.task.expected(first, done.limits)).answer,
        "exact": bool(done.right.all()),
        "tokens": tokens,
        "margin": done.run.margin,
        "state_entries": carried.state_entries,
        "tokens_per_second": tokens / done.seconds,
        "instances": len(done.wanted),
        "family_instances": len(done.batch.enumerated),
        "family_size": done.batch.family,
        "instances_wrong": int((~done.right).sum()),
        "T": done.limits.longest,
        "m": window(done.stack.program),
        "blocks": len(blocks),
        "state_entries_written": written.state_entries,
        "parameters_nonzero": carried.parameters_nonzero,
        "parameters_norm": max(map(largest_entry, blocks)),
        "operations_per_token": carried.operations_per_step,
        "dtype": done.dtype,
        "seconds": done.seconds,
        "reason": None,
    }


def missing_row(case: Case) -> dict[str, Any]:
    """The row of a problem that has no such construction: nothing but the reason."""
    fields = ("input", "chain", "answer", "oracle", "exact", "tokens", "margin", "state_entries", "tokens_per_second")
    return {"problem": case.name, "theorem": case.theorem, **dict.fromkeys(fields), "reason": case.reason}


def table(rows: Sequence[Mapping[str, Any]], timed: bool = True) -> Table:
    """The rows for people; without the speed, which differs from run to run, where a page must not."""
    columns = tuple(column for column in COLUMNS if timed or column.header != "tokens/s")
    cells = [_cells(r) for r in rows]
    drawn = tuple(tuple(c[column.header] for column in columns) for c in cells)
    return Table("Theorems 4 and 5: tokens generated against the oracle", columns, drawn)


def as_written(task: Task, instance: Instance, tokens: Sequence[Token]) -> str:
    """Prompt, chain and answer on one line, as the paper writes them."""
    shown, prompt = task.shown(instance, tokens), spaced(task.written(instance))
    if isinstance(task, Arithmetic):
        return f"{prompt}={shown.chain}{shown.answer}"
    return " | ".join(" ".join(part.split()) for part in (prompt, shown.chain, shown.answer))


def spaced(text: str) -> str:
    """Letters and bars apart, as in x g v | x g o."""
    return re.sub(r"(?<=[a-z|])(?=[a-z|])", " ", text)


def _cells(r: Mapping[str, Any]) -> dict[str, str]:
    named = {"problem": r["problem"], "theorem": str(r["theorem"])}
    if r["reason"] is not None:
        return dict.fromkeys((column.header for column in COLUMNS), NOTHING) | named
    return named | {
        "runs": str(r["instances"]),
        "tokens": str(r["tokens"]),
        "wrong": str(r["instances_wrong"]),
        "margin": number(r["margin"], 3),
        "T": str(r["T"]),
        "m": str(r["m"]) if r["theorem"] == 5 else NOTHING,
        "blocks": str(r["blocks"]),
        "state entries": str(r["state_entries"]),
        "ops/token": str(r["operations_per_token"]),
        "ops/token ~": _power(r.get("exponent_per_token")),
        "ops in all ~": _power(r.get("exponent_in_total")),
        "parameters": str(r["parameters_nonzero"]),
        "norm": number(r["parameters_norm"], 6),
        "dtype": r["dtype"],
        "tokens/s": number(float(round(r["tokens_per_second"])), 3),
    }


def _power(exponent: float | None) -> str:
    """How operations grow; nothing where a run was interrupted before its sizes were counted."""
    return NOTHING if exponent is None else f"T^{exponent:.2f}"
