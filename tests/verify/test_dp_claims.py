"""What `verify dp` decides of A.4-A.7 without running a stack: windows, Assumption 3, leaks; how chains are written."""

from dataclasses import replace
from typing import Any

import pytest

from bounds.formats import format_of
from bounds.slots import slots_leak
from constructions.problems.catalogue import Options, entry
from constructions.problems.edit_distance import Costs
from constructions.programs.program import Recall
from constructions.programs.stack import reach_of
from verify.dp.assumption import chain_findings
from verify.dp.dtypes import LONGEST, Range, range_by_length
from verify.dp.instances import _with_slots, batch, limits, window
from verify.dp.layers import refuse_token
from verify.dp.leak import SMALL, Ring, measured
from verify.dp.locality import REPEATS, conflict, least_window, unforgetting
from verify.dp.memory import needed
from verify.dp.rows import as_written
from verify.dp.settings import DpSettings, parse
from verify.errors import BadInput


def task(name: str, theorem: int, **options: Any):
    return entry(name, Options(**options)).tasks[theorem]


@pytest.mark.parametrize(
    ("name", "theorem", "text", "written"),
    [
        ("lis", 4, "13 32 12 39 84", "13 32 12 39 84 | 1 2 1 3 4 | 4"),
        ("lis", 4, "17 42 8 9 60", "17 42 8 9 60 | 1 2 1 2 3 | 3"),
        ("lis", 4, "30 30 31", "30 30 31 | 1 1 2 | 2"),
        ("edit-distance", 4, "xgv xgo", "x g v | x g o | 0 2 4 , 2 0 2 , 4 2 3 , | 3"),
        ("edit-distance", 4, "a|ba", "a | b a | 3 2 , | 2"),
        ("arithmetic", 5, "7*(7+5+10)", "7*(7+5+10)=7*(1+10)=7*0=0"),
    ],
)
def test_the_golden_samples_are_written_as_the_paper_does(name, theorem, text, written):
    found = task(name, theorem)
    instance = found.parse(text)
    assert as_written(found, instance, found.expected(instance)) == written


def test_the_benchmark_s_boundary():
    found = task("edit-distance", 4, costs=Costs(boundary="benchmark"))
    instance = found.parse("a|ba")
    assert as_written(found, instance, found.expected(instance)) == "a | b a | 3 1 , | 1"


def test_a_window_conflict_is_two_equal_windows_with_different_next_tokens():
    chain = (tuple("0+1+0+1=1+0+1=1+1=2"), 8)
    found = conflict([chain], 8)
    assert found is not None
    assert ("".join(found.window), {found.first, found.second}) == ("1+0+1=1+", {"0", "1"})
    assert conflict([chain], 9) is None
    assert least_window([chain]) == 9
    assert least_window([(tuple("aaab"), 1)]) == 3
    assert task("arithmetic", 5).parse(REPEATS)


def test_without_forgetting_every_memory_adds():
    program = task("subarray", 5).program(task("subarray", 5).limits([((1, 2, 3),)]))
    recalls = [s for s in unforgetting(program).statements if isinstance(s, Recall)]
    assert recalls
    assert not any(s.memory.forgets for s in recalls)
    shared = {id(s.memory) for s in program.statements if isinstance(s, Recall)}
    assert len({id(s.memory) for s in recalls}) == len(shared)


def test_arithmetic_meets_the_bullets():
    found = chain_findings(task("arithmetic", 5))
    assert [finding.bullet for finding in found] == [1, 2, 3]
    assert all(finding.holds for finding in found)


@pytest.mark.parametrize("A", [0.0, -0.1])
def test_a_ring_that_leaks_more_exceeds_its_bound(A):
    ring = Ring(12, 8, 256)
    bound = float(slots_leak(SMALL, ring.V, ring.T, ring.N))
    assert measured(ring, SMALL)[0] <= bound
    assert measured(ring, SMALL, A)[0] > bound


def test_m_enlarges_the_ring_and_T_the_run():
    found = task("edit-distance", 5)
    settings = DpSettings("edit-distance", "ab|cd")
    instances = batch(found, settings).all
    at = limits(found, instances, replace(settings, m=40, T=5000))
    assert at.longest == 5000
    assert window(found.program(at)) >= 40
    shorter = replace(at, lengths=tuple(n - 1 for n in at.lengths))
    assert window(found.program(shorter)) < 40
    with pytest.raises(BadInput, match="need m ="):
        limits(found, instances, replace(settings, m=2))
    with pytest.raises(BadInput, match="small family included"):
        limits(found, instances, replace(settings, T=5))
    with pytest.raises(BadInput, match="whatever the lengths are"):
        _with_slots(task("subarray", 5), task("subarray", 5).limits([((1,),)]), 9)


def test_a_format_s_range_ends_where_the_first_number_is_rounded():
    found = task("subarray", 5)
    at = found.limits([((1, 2),)])

    def exact(dtype: str, T: int) -> bool:
        reach = reach_of(found.program(replace(at, longest=T)), format_of(dtype))
        return max(each.share for each in reach) <= 1

    for dtype in ("bfloat16", "float32"):
        end = range_by_length(found, at, dtype)
        assert end.T == 0 or exact(dtype, end.T)
        assert not exact(dtype, (end.T or at.longest - 1) + 1)
        assert end.where
    assert range_by_length(found, at, "float64") == Range("float64", LONGEST, True, "")


def test_an_input_that_is_none_is_refused_with_one_that_is():
    with pytest.raises(BadInput, match="nearest that works: --input"):
        batch(task("lis", 4), parse({"problem": "lis", "input": "one two"}))


def test_a_token_that_the_run_does_not_have_is_refused():
    found = task("lis", 4)
    instance = found.parse("3 1 2")
    length = len(found.prompt(instance)) + len(found.expected(instance))
    refuse_token(found, instance, length)
    with pytest.raises(BadInput, match=f"nearest that works: --trace {length}"):
        refuse_token(found, instance, length + 1)


def test_the_estimate_of_memory_grows_with_everything_that_grows():
    found = task("lis", 4)
    small, large = (found.program(found.limits([((1,) * n,)])) for n in (5, 50))
    sizes = [(small, 1, 1, 9, 4), (large, 1, 1, 9, 4), (large, 64, 64, 9, 4), (large, 64, 640, 9, 4)]
    found_sizes = [needed(*each) for each in (*sizes, (large, 64, 640, 99, 4), (large, 64, 640, 99, 8))]
    assert found_sizes == sorted(set(found_sizes))
