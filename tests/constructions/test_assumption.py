"""Assumption 3: what holds, and each bullet broken on purpose."""

from dataclasses import replace

import pytest

from constructions.assumption import assumption
from constructions.problem import ValueRead
from constructions.problems import edit_distance, lis, matrix_chain, subarray
from constructions.problems.edit_distance import Costs
from constructions.programs.expression import constant, modulo, name

EDITS = edit_distance.edit_distance(Costs())
GOOD = {
    "lis": (lis.two_indices(), lis.notation(), 4, [(4,), (8,), (16,)]),
    "edits": (EDITS, edit_distance.notation(), 2, [(3, 3), (6, 6), (12, 12)]),
    "subarray": (subarray.subarray(), subarray.notation(), 3, [(4,), (16,)]),
    "matrix chain": (matrix_chain.matrix_chain(), matrix_chain.notation(), 3, [(4,), (8,)]),
}


@pytest.mark.parametrize("key", GOOD)
def test_the_problems_meet_all_bullets(key):
    problem, notation, n, lengths = GOOD[key]
    findings = assumption(problem, list(notation.every(n)), lengths)
    assert [finding.bullet for finding in findings] == [0, 1, 2, 3]
    assert [finding.violation for finding in findings] == [None] * 4


def test_the_chain_of_section_4_breaks_the_first_bullet():
    problem, lengths = lis.one_index(), [(4,), (8,), (16,)]
    findings = assumption(problem, list(lis.notation().every(3)), lengths)
    assert findings[0].holds
    assert findings[2].holds
    assert findings[1].violation is not None
    assert "N_dp = 15" in findings[1].found
    assert findings[3].violation is not None


@pytest.mark.parametrize(
    ("bullet", "planted", "message"),
    [
        (
            0,
            {"slot": lambda _: name("k") - 1},
            "state (2, 2): `slot` is false: it asks for (1, 1), but its slot 0 holds",
        ),
        (0, {"slots": lambda _: 2}, "state (2, 1): `slots` is false: its slot is 2, there are 0 to 1"),
        (0, {"index_bounds": lambda _: ((1, 1), (1, 2))}, "state (2, 1): `index_bounds` is false: j = 2"),
        (
            0,
            {"following": (constant(1), constant(1)), "last": constant(0)},
            "`following` is false: it leads from (1, 1) back",
        ),
        (0, {"locality": lambda lengths: lengths[1]}, "state (2, 2): `locality` is false: 'corner' is 3 states back"),
        (0, {"count": lambda lengths: lengths[0] * lengths[1] + 1}, "`count` is false"),
        (0, {"count": lambda lengths: max(lengths[0] * lengths[1] - 2, 0)}, "stated"),
        (0, {"reads": (*EDITS.reads[:-1], ValueRead("corner", (name("j"), name("k"))))}, "not solved yet"),
        (
            0,
            {"reads": (*EDITS.reads[:2], replace(EDITS.reads[2], distance=constant(2)), *EDITS.reads[3:])},
            "state (1, 2): `distance` is false: 'left' is 1 state back, 2 is stated",
        ),
        (2, {"value_bounds": lambda _: (0, 3)}, "outside"),
        (2, {"value_bounds": lambda lengths: (0, 99 * 2 ** (2 * sum(lengths)))}, "faster"),
        (3, {"transition": modulo(EDITS.transition, 5)}, "units at n"),
    ],
)
def test_a_broken_bullet_is_named(bullet, planted, message):
    problem = replace(EDITS, **planted)
    instances = list(edit_distance.notation().every(2))
    findings = {f.bullet: f for f in assumption(problem, instances, [(3, 3), (24, 24)])}
    assert findings[bullet].violation is not None
    assert message in findings[bullet].violation


def test_growth_needs_two_lengths():
    with pytest.raises(ValueError, match="at least two"):
        assumption(EDITS, [], [(3, 3)])


def test_a_base_of_two_is_no_polynomial():
    """Between n = 6 and n = 12 alone, 10 * 2^n grows like n^6."""
    problem = replace(EDITS, value_bounds=lambda lengths: (0, 10 * 2 ** sum(lengths)))
    findings = assumption(problem, [], [(3, 3), (6, 6)])
    assert findings[2].violation is not None


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        (
            {"transition": name("lef")},
            "transition: it names 'lef'; above, corner, j, k, left, n1, n2, s1_j, s2_k may be",
        ),
        ({"first": (name("j"), constant(1))}, "first: it names 'j'; n1, n2 may be"),
        ({"answer": name("left")}, "answer: it names 'left'; n1, n2, whole may be"),
        (
            {"reads": (*EDITS.reads, ValueRead("w", (name("s1_j"), name("k"))))},
            "w: it names 's1_j'; j, k, n1, n2 may be",
        ),
    ],
)
def test_what_is_read_where_is_a_function_of_the_state_and_n(planted, message):
    with pytest.raises(ValueError, match=message):
        replace(EDITS, **planted)


@pytest.mark.parametrize("called", ["j", "n1", "", "left"])
def test_a_read_has_a_name_of_its_own(called):
    with pytest.raises(ValueError, match="a read is called"):
        replace(EDITS, reads=(*EDITS.reads[:4], replace(EDITS.reads[4], name=called)))
