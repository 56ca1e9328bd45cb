"""The problems that `verify dp` runs, each with one theorem's construction: those that ship, or a user's own."""

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from constructions.problem import Problem
from constructions.problems.catalogue import NAMES, Options, entry
from constructions.problems.plain import plain
from constructions.problems.table import Table
from constructions.problems.task import Task
from verify.dp.settings import DpSettings
from verify.errors import BadInput, quoted
from verify.files import read_input


@dataclass(frozen=True)
class Case:
    """A problem with one theorem.  task: None where the problem has no such construction, for that `reason`."""

    name: str
    theorem: int
    task: Task | None
    reason: str = ""

    @property
    def tag(self) -> str:
        """How checks and rows name it, such as `lis/T4`."""
        return f"{self.name}/T{self.theorem}"


def cases(settings: DpSettings) -> list[Case]:
    """The cases in the order of the table.  Raises BadInput where a file cannot be used, where the one problem that was
    asked for has no construction of the one theorem, and for --m where none of Theorem 5 is asked for or there.
    """
    found = _of_file(*settings.file, settings) if settings.file is not None else _that_ship(settings)
    if settings.problem is not None and len(found) == 1 and found[0].task is None:
        reason = f"{found[0].name} has no construction of Theorem {settings.theorem}: {found[0].reason}"
        raise BadInput(f"--theorem {settings.theorem}", reason, _other(settings, 9 - found[0].theorem))
    if settings.m is not None and not any(case.theorem == 5 and case.task is not None for case in found):
        four = settings.theorem == "4"
        asked = f"--m {settings.m}{' with --theorem 4' if four else ''}"
        reason = "Theorem 4 has no m" if four else f"{settings.problem} has no construction of Theorem 5"
        raise BadInput(asked, reason, "leave out --m")
    return found


def _other(settings: DpSettings, theorem: int) -> str:
    """The theorem to ask for instead.  An --m goes with the one that was asked for: Theorem 4 has none, and what
    Theorem 5's construction takes is told when it is asked for.
    """
    return f"--theorem {theorem}" + ("" if settings.m is None else " and leave out --m")


def _that_ship(settings: DpSettings) -> list[Case]:
    found = []
    for name in NAMES if settings.problem is None else (settings.problem,):
        known = entry(name, Options(settings.costs, settings.modulus))
        found += [
            Case(name, theorem, known.tasks.get(theorem), known.missing.get(theorem, ""))
            for theorem in settings.theorems
            if theorem in known.tasks or theorem in known.missing
        ]
    return found


def _of_file(path: str, name: str, settings: DpSettings) -> list[Case]:
    """A user's problem by both theorems if it states a locality, or a user's task as it is."""
    given = loaded(path, name)
    if not isinstance(given, Problem):
        if given.theorem not in settings.theorems:
            asked = f"--theorem {settings.theorem}"
            reason = f"{name} has Theorem {given.theorem}'s construction"
            raise BadInput(asked, reason, _other(settings, given.theorem))
        return [Case(_label(given.name), given.theorem, given)]
    found = []
    for theorem in settings.theorems:
        if theorem == 5 and given.locality is None:
            found.append(Case(_label(given.name), theorem, None, f"{given.name} states no locality"))
        else:
            found.append(Case(_label(given.name), theorem, Table(given, plain(given), theorem)))
    return found


def loaded(path: str, name: str) -> Any:
    """The Problem or Task called `name` in a Python file, which is run; what it prints goes to stderr.

    Raises BadInput, with the error's kind and text, for a file that does not run or does not hold it.
    """
    read_input(path, "PROBLEM")
    asked = quoted(f"{path}:{name}" if name else path)
    try:
        with redirect_stdout(sys.stderr):
            found = runpy.run_path(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the file is anyone's, and so is what it raises
        reason = f"running the file ended with {type(error).__name__}: {error}"
        raise BadInput(asked, reason, "a file that runs") from error
    fitting = [key for key, value in found.items() if _fits(value)]
    if name not in found or not _fits(found[name]):
        what = f"{name} is no Problem and no Task" if name in found else f"{name} is not defined there"
        what = what if name else "no name in the file is given"
        there = f"defined are {', '.join(fitting)}" if fitting else "none is defined there"
        nearest = quote(f"{path}:{fitting[0]}") if fitting else "a file with a constructions.problem.Problem in it"
        raise BadInput(asked, f"{what}; {there}", nearest)
    return found[name]


def _fits(value: Any) -> bool:
    return not isinstance(value, type) and isinstance(value, Problem | Task)


def _label(name: str) -> str:
    """A user's name for a problem as one printable word."""
    return "".join(c if c.isprintable() and c not in " /|" else "-" for c in name) or "problem"


@contextmanager
def blamed(settings: DpSettings) -> Iterator[None]:
    """What goes wrong inside is the fault of the problem that was given: ValueErrors of a construction, and anything
    that a user's own code raises but an interrupt, end as BadInput.  What that code prints goes to stderr, and what it
    imports is looked for in its file's folder first.
    """
    try:
        with nullcontext() if settings.file is None else _at_home(settings.file[0]):
            yield
    except (BadInput, KeyboardInterrupt):
        raise
    except ValueError as error:
        raise BadInput(settings.problem or "all problems", str(error), _within_reach(settings)) from error
    except BaseException as error:
        if settings.file is None:
            raise
        reason = f"the problem raised {type(error).__name__}: {error}"
        raise BadInput(quoted(settings.problem or ""), reason, "a problem whose parts can be evaluated") from error


@contextmanager
def _at_home(path: str) -> Iterator[None]:
    """As `python path` would run it: with the file's folder first on the path of imports."""
    folder = str(Path(path).resolve().parent)
    sys.path.insert(0, folder)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        with suppress(ValueError):  # the file may have taken it off
            sys.path.remove(folder)


def _within_reach(settings: DpSettings) -> str:
    return "a problem that meets Assumption 3" if settings.file is not None else "a smaller --n or --input"
