"""Whole runs of a task: as its oracle has them, as the program's interpreter does, and as the weights put them out."""

from dataclasses import replace

import pytest

from bounds.formats import format_of
from constructions.generate import generate, machine, prompt_tokens
from constructions.programs.interpreter import interpreted
from constructions.programs.stack import compiled


def _wanted(task, program, instance):
    fields = [field.name for field in program.fields]
    return prompt_tokens(fields, task.prompt(instance) + task.expected(instance))


def _same(got, want):
    return got.shape == want.shape and bool((got == want).all())


@pytest.fixture(scope="session")
def goes_wrong():
    """task, program, instances -> those whose chain is not the oracle's, or in which a quantity leaves its interval."""

    def check(task, program, instances):
        fields = [field.name for field in program.fields]
        wrong = []
        for instance in instances:
            try:
                tokens = [token for token, _ in interpreted(program, task.prompt(instance), program.longest)]
            except ValueError:  # the interpreter's word for a quantity outside its interval
                wrong.append(instance)
                continue
            if not _same(prompt_tokens(fields, tokens), _wanted(task, program, instance)):
                wrong.append(instance)
        return wrong

    return check


@pytest.fixture(scope="session")
def in_float32():
    """task, instances -> the stack for all of them, and its run with every stream kept."""

    def run(task, instances):
        limits = task.limits(instances)
        stack = compiled(task.program(limits), format_of("float32"))
        fields = [field.name for field in stack.program.fields]
        prompts = [prompt_tokens(fields, task.prompt(instance)) for instance in instances]
        return stack, generate(machine(stack), prompts, limits.longest, keep_streams=True)

    return run


@pytest.fixture(scope="session")
def wrong_runs():
    """task, program, instances, run -> the instances whose tokens or length are not the oracle's."""

    def check(task, program, instances, run):
        whole = [run.tokens[k, : run.lengths[k]] for k in range(len(instances))]
        return [x for x, got in zip(instances, whole, strict=True) if not _same(got, _wanted(task, program, x))]

    return check


@pytest.fixture(scope="session")
def differing_quantities():
    """task, stack, instance, streams of its run -> quantities that are not the interpreter's at some token."""

    def check(task, stack, instance, streams):
        where = {scalar: stack.stream.coordinates(scalar).start for scalar in stack.stream.names}
        tokens = list(interpreted(stack.program, task.prompt(instance), stack.program.longest))
        found = set()
        for row, (_, values) in zip(streams[: len(tokens)], tokens, strict=True):
            scalars = {scalar: float(row[place]) for scalar, place in where.items()}
            found |= {called for called, value in values.items() if stack.forms[called].at(scalars) != value}
        return found

    return check


@pytest.fixture(scope="session")
def planted():
    """program, name of a statement, changes -> the program with that statement changed."""

    def plant(program, called, **changes):
        assert called in {statement.name for statement in program.statements}
        statements = tuple(replace(s, **changes) if s.name == called else s for s in program.statements)
        return replace(program, statements=statements)

    return plant


def _window(chains, starts, cap):
    for m in range(cap + 1):
        after = {}
        windows = ((c[max(0, i - m) : i], c[i]) for c, s in zip(chains, starts, strict=True) for i in range(s, len(c)))
        if all(after.setdefault(window, following) == following for window, following in windows):
            return m
    return None


@pytest.fixture(scope="session")
def window():
    """chains of tokens, lengths of their prompts, cap -> the least m such that the last m tokens (fewer at the start)
    determine the next one in all of them; None beyond the cap.
    """
    return _window
