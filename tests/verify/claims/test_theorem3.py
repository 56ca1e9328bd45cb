"""Theorem 3 in the ledger: committed verdicts, planted alterations, and what its checks would not let pass."""

import pytest
import sympy

from verify.claims.remark1 import CLAIMS as REMARK_1
from verify.claims.theorem3 import CLAIMS
from verify.claims.theorem3_sizes import N, _polynomial, d, factor


def test_the_rows_of_remark_1_are_among_them():
    assert [claim.id for claim in REMARK_1] == [claim.id for claim in CLAIMS[-2:]]


@pytest.mark.parametrize(
    ("form", "by", "least"),
    [(3 * N * d, N * d, 3), (N * d + N + 1, N * d, 3), (N**2, N * d, None), (100 * N * d, N * d, None)],
)
def test_a_factor_is_the_least_constant_or_none(form, by, least):
    assert factor(form, by) == least


def test_a_polynomial_is_recovered_and_another_function_is_refused():
    assert sympy.expand(_polynomial(lambda n, width: 2 * n * n * width + 5) - (2 * N**2 * d + 5)) == 0
    with pytest.raises(ValueError, match="is not the size at"):
        _polynomial(lambda n, width: 2**n + width)
