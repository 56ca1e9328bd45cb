"""What is carried of the compiled programs: every problem, by both theorems."""

import pytest

from constructions.problems.catalogue import NAMES, Options, entry
from verify.errors import BadInput
from verify.export import carried as module
from verify.export.carried import THEOREMS, carried
from verify.export.command import SHIPPED
from verify.export.construct import construct, largest_exact
from verify.export.settings import parse


def test_every_problem_is_carried_and_checked_or_says_why_not(monkeypatch):
    monkeypatch.setattr(module, "LARGEST_SIZE", 5)  # one more than float32 holds of one problem
    rows = {(row.problem, row.theorem): row for row in carried()}
    assert set(rows) == {(name, theorem) for name in NAMES for theorem in THEOREMS}
    shipped = {(each.problem, each.theorem) for each in SHIPPED if each.what == "dp"}
    assert shipped == {key for key, row in rows.items() if row.largest is not None}
    for (name, theorem), row in rows.items():
        assert (row.largest is None) == (theorem not in entry(name, Options()).tasks)
        assert (row.obstacle is None) == (row.largest == 5)
    assert rows["matrix-chain", 4].largest == 4


def test_a_size_that_float32_does_not_hold_is_refused_and_the_hint_is_taken():
    settings = parse("dp", {"problem": "matrix-chain", "n": "5"})
    largest = largest_exact(settings)
    assert 0 < largest < 5
    with pytest.raises(BadInput, match=f"nearest that works: --n {largest}$"):
        construct(settings)
    assert construct(parse("dp", {"problem": "matrix-chain", "n": str(largest)})).language is not None


@pytest.mark.parametrize("name", NAMES)
def test_instances_of_size_0_are_always_exact(name):
    for theorem in entry(name, Options()).tasks:
        settings = parse("dp", {"problem": name, "theorem": str(theorem), "n": "0"})
        assert construct(settings).language is not None
