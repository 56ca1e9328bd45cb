"""The worked examples in the ledger: committed verdicts, planted alterations, and the routes behind them."""

import pytest

from constructions.problems.arithmetic import Arithmetic
from constructions.problems.edit_rows import EditRows
from constructions.problems.expressions import read
from verify.claims.arithmetic import _symbols
from verify.claims.examples import CLAIMS, cheapest
from verify.claims.windows import UNIT, _agree, _tokens
from verify.dp.locality import conflict


def test_the_rows_come_in_the_order_of_the_paper():
    ids = ["A4-ED", "A5-ARITH", "A5-ED-MAX", "A5-ED-COPY", "A5-LIS", "A8-EX"]
    assert [claim.id for claim in CLAIMS] == ids


@pytest.mark.parametrize(
    ("abc", "s1", "s2", "cost"),
    [
        ((2, 3, 9), (), (1, 1), 4),
        ((2, 3, 9), (1, 1), (), 6),
        ((2, 3, 9), (1,), (2,), 5),
        ((2, 3, 4), (1,), (2,), 4),
        ((1, 1, 1), (1, 2), (2, 1), 2),
    ],
)
def test_the_cheapest_way_between_strings(abc, s1, s2, cost):
    """A substitution that costs more than a deletion and an insertion is not used."""
    assert cheapest(abc, s1, s2) == cost


def test_the_chain_whose_tokens_do_not_say_their_row():
    chain, start = _tokens(EditRows(UNIT), ((1, 2, 1), (2,)), rows=False)
    assert " ".join(chain) == "a b a | b / a b a | b 1 , a b a | b 1 , a b a | b 2 , / 2"
    assert start == 6
    assert conflict([(chain, start)], 10) is not None
    assert conflict([_tokens(EditRows(UNIT), ((1, 2, 1), (2,)), rows=True)], 10) is None


def test_the_sum_of_zeros_is_its_own_witness():
    chain = _symbols(read("0+0+0+0"), Arithmetic())
    assert "".join(map(str, chain)) == "0+0+0+0=0+0+0=0+0=0"
    assert conflict([(chain, 8)], 8) is not None
    assert conflict([(chain, 8)], 14) is None


def test_the_pair_of_lis_agrees_on_all_but_its_first_number():
    assert _agree(5, 9)
    assert not _agree(5, 10)
