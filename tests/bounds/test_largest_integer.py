"""The search for the last integer at which a condition holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.integers import largest_integer


@given(st.integers(-5, 50), st.integers(0, 10**6), st.integers(-10, 10**6))
def test_it_is_the_last_one(first, length, last):
    stop = first + length
    found = largest_integer(lambda n: n <= last, first, stop)
    assert found == (None if last < first else min(last, stop))


def test_a_far_answer_takes_logarithmically_many_tests():
    tested = []
    assert largest_integer(lambda n: tested.append(n) is None and n <= 10**15, 0, 10**300) == 10**15
    assert len(tested) <= 2 * (10**15).bit_length() + 2


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="stop is 1 and first is 2"):
        largest_integer(lambda n: n > 0, 2, 1)
