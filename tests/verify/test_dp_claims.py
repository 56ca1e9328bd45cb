"""What `verify dp` decides of A.4-A.7 without running a stack: windows, Assumption 3, leaks; how chains are written."""

import shlex
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
from verify.dp.cases import Case, cases
from verify.dp.command import planned
from verify.dp.cost import needed, plan, seconds
from verify.dp.dtypes import LONGEST, Range, range_by_length
from verify.dp.instances import _with_slots, batch, limits, refuse_short, window
from verify.dp.layers import refuse_token
from verify.dp.leak import SMALL, Ring, measured
from verify.dp.locality import REPEATS, conflict, least_window, unforgetting
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
    assert window(found.program(at)) == 40
    assert all(n <= larger for n, larger in zip((2, 2), at.lengths, strict=True))
    with pytest.raises(BadInput, match="need m ="):
        limits(found, instances, replace(settings, m=2))
    with pytest.raises(BadInput, match=r"small family included.*--T 43"):
        refuse_short([19, 43], replace(settings, T=20))
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


@pytest.mark.parametrize(
    ("name", "theorem", "text", "nearest"),
    [
        ("lis", 4, "one two", None),
        ("lis", 4, "5000 -3 7", "999 0 7"),
        ("lis", 4, "1 two 3", "1 3"),
        ("lis", 4, "1 2 | 3", "1 2"),
        ("matrix-chain", 4, "2 x 30", "2 9"),
        ("edit-distance", 4, "abc", "abc|"),
        ("edit-distance", 5, "aB|C", "ab|c"),
        ("edit-distance", 4, "a|b|c", "a|b"),
        ("arithmetic", 5, "7*(2+", "7*(2)"),
        ("arithmetic", 5, "12+3", "1+3"),
        ("arithmetic", 5, "-3+1", "8+1"),
        ("arithmetic", 5, "5--13", "5-9"),
        ("arithmetic", 5, "12-13", "1-2"),
        ("arithmetic", 5, "(2+3", "(2+3)"),
        ("arithmetic", 5, "-(3+1)", "(3+1)"),
        ("arithmetic", 5, "7)*(3+12", "(3+1)"),
        ("arithmetic", 5, "3+7/0", "3+7"),
        ("arithmetic", 5, "&", None),
    ],
)
def test_an_input_that_is_none_is_refused_with_the_nearest_that_a_shell_can_take(name, theorem, text, nearest):
    """None: nothing of it can be kept, so an example is named."""
    found = task(name, theorem)
    with pytest.raises(BadInput) as refusal:
        batch(found, parse({"problem": name, "input": text}))
    option, typed = shlex.split(refusal.value.nearest)
    assert option == "--input"
    assert found.written(found.parse(typed)) == typed
    assert nearest in (typed, None)


def test_a_token_that_the_run_does_not_have_is_refused():
    """By Theorem 4 the run is the shorter one: the token that is named must be there by both."""
    settings = DpSettings("edit-distance", "ab|c")
    plans = [
        plan(Case("edit-distance", k, task("edit-distance", k)), task("edit-distance", k), settings) for k in (4, 5)
    ]
    (length, longer) = (each.lengths[0] for each in plans)
    assert length < longer
    refuse_token(plans, replace(settings, trace=length))
    with pytest.raises(BadInput, match=f"nearest that works: --trace {length}"):
        refuse_token(plans, replace(settings, trace=length + 1))


def test_the_estimate_of_memory_grows_with_everything_that_grows():
    found = task("lis", 4)
    small, large = (found.program(found.limits([((1,) * n,)])) for n in (5, 50))
    sizes = [(small, [9], 4), (large, [9], 4), (large, [9] * 64, 4), (large, [9] * 640, 4)]
    found_sizes = [needed(*each) for each in (*sizes, (large, [99] * 640, 4), (large, [99] * 640, 8))]
    assert found_sizes == sorted(set(found_sizes))


def test_what_is_too_costly_is_refused_with_a_size_that_is_not(monkeypatch: pytest.MonkeyPatch):
    settings = parse({"problem": "lis", "n": "300", "instances": "3"})
    monkeypatch.setattr("verify.dp.cost.LONGEST", 0.5 * sum(map(seconds, planned(cases(settings), settings).values())))
    with pytest.raises(BadInput, match="would take about") as refusal:
        planned(cases(settings), settings)
    option, n = refusal.value.nearest.split()
    assert option == "--n"
    at = replace(settings, n=int(n))
    planned(cases(at), at)
    given = replace(parse({"problem": "lis"}), input=" ".join(map(str, range(300))))
    with pytest.raises(BadInput, match="would take about") as refusal:
        planned(cases(given), given)
    shorter = replace(given, input=shlex.split(refusal.value.nearest)[1])
    assert (shorter.input or "").startswith("0 1 2 3")
    planned(cases(shorter), shorter)
