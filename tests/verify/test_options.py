"""The texts of options: what is read, what is refused, and that the nearest value named really works."""

import itertools
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.errors import BadInput
from verify.options import Domain, choice, choices, decimal, decimals, dtype, integer, integers

A_MIN = Domain("a_min", Fraction(0), Fraction(1), "0.9", low_included=False)
EPSILON = Domain("epsilon", Fraction(0), None, "0.1", low_included=False)
DELTA = Domain("delta", Fraction(0), None, "1e-3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8", (8,)),
        ("256, 64,256", (64, 256)),
        ("8..64", (8, 16, 32, 64)),
        ("8..40", (8, 16, 32, 40)),
        ("5..5", (5,)),
        ("1..2,7", (1, 2, 7)),
        ("1e3", (1000,)),
        ("2.5e1", (25,)),
        ("+4", (4,)),
    ],
)
def test_integers(text: str, expected: tuple[int, ...]):
    assert integers(text, "--L", 1, 4096) == expected


@pytest.mark.parametrize("text", ["", " "])
@pytest.mark.parametrize(
    "read",
    [
        lambda text: integer(text, "--x", 1, 9),
        lambda text: integers(text, "--x", 1, 9),
        lambda text: decimal(text, "--x", A_MIN),
        lambda text: decimals(text, "--x", A_MIN),
        lambda text: choice(text, "--x", ("lis", "subarray")),
        lambda text: choices(text, "--x", ("lis", "subarray")),
    ],
    ids=["integer", "integers", "decimal", "decimals", "choice", "choices"],
)
def test_an_empty_value_is_called_empty_in_one_wording(read: Callable[[str], object], text: str):
    """An empty text was once a number of immoderate size, and once a list with an empty entry."""
    with pytest.raises(BadInput, match=r"^--x ' ?': the value is empty; .*(allowed|<=)") as refusal:
        read(text)
    read(refusal.value.nearest.removeprefix("--x "))


@pytest.mark.parametrize(
    ("text", "expected"), [("1..5", (1, 2, 3, 4, 5)), ("2..2,5", (2, 5)), ("0..3", (0, 1, 2, 3)), ("4,1..2", (1, 2, 4))]
)
def test_a_range_of_things_that_are_counted_leaves_none_out(text: str, expected: tuple[int, ...]):
    """`verify gadgets --lemma 1..5` once left out Lemma 3, as a range doubled whatever it was of."""
    assert integers(text, "--lemma", 0, 5, consecutive=True) == expected
    with pytest.raises(BadInput, match="upwards") as refusal:
        integers("5..1", "--lemma", 1, 5, consecutive=True)
    assert refusal.value.nearest == "--lemma 1..5"


@pytest.mark.parametrize(
    ("text", "message", "nearest"),
    [
        ("0", "from 1 to 4096", "--L 1"),
        ("-3", "from 1 to 4096", "--L 1"),
        ("1e12", "from 1 to 4096", "--L 4096"),
        ("1e400", "not a whole number of moderate size", "--L 4096"),
        ("1e-400", "not a whole number", "--L 1"),
        ("2.5", "not a whole number", "--L 2"),
        ("nan", "not a whole number", "--L 1"),
        ("inf", "not a whole number", "--L 1"),
        ("", "empty", "--L 1"),
        ("64,,256", "empty", "--L 64,256"),
        ("64,", "empty", "--L 64"),
        ("64..8", "upwards", "--L 8..64"),
        ("8..", "a range has two ends", "--L 8"),
        ("8..64..128", "a range has two ends", "--L 8..128"),
        ("1_000", "not a whole number", "--L 1"),
        ("٣", "not a whole number", "--L 1"),
        ("eight\nlines", "eight", "--L 1"),
    ],
)
def test_integers_refused(text: str, message: str, nearest: str):
    with pytest.raises(BadInput, match=message) as refusal:
        integers(text, "--L", 1, 4096)
    assert refusal.value.nearest == nearest
    assert integers(nearest.removeprefix("--L "), "--L", 1, 4096)
    assert "\n" not in str(refusal.value)


def test_one_integer_is_not_a_list():
    assert integer(" 7 ", "--seed", 0, 9) == 7
    with pytest.raises(BadInput, match="one value, not a list"):
        integer("7,8", "--seed", 0, 9)


@given(st.lists(st.integers(1, 4096), min_size=1, max_size=8))
def test_integers_reads_what_it_is_given(values: list[int]):
    assert integers(",".join(map(str, values)), "--L", 1, 4096) == tuple(sorted(set(values)))


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_range_doubles_and_keeps_both_ends(one: int, other: int):
    low, high = sorted((one, other))
    values = integers(f"{low}..{high}", "--L", 1, 10**6)
    assert (values[0], values[-1]) == (low, high)
    assert all(b == 2 * a for a, b in itertools.pairwise(values[:-1]))


def test_decimals_are_exact():
    assert decimals("0.99,0.9,.9", "--a-min", A_MIN) == (Fraction(9, 10), Fraction(99, 100))
    assert decimal("1e-3", "--delta", DELTA) == Fraction(1, 1000)


@pytest.mark.parametrize(
    ("text", "domain", "message", "nearest"),
    [
        ("0", A_MIN, "0 < a_min <= 1", "--x 0.9"),
        ("1.5", A_MIN, "0 < a_min <= 1", "--x 1"),
        ("-0.1", DELTA, "0 <= delta", "--x 0"),
        ("0", EPSILON, "0 < epsilon", "--x 0.1"),
        ("-1", EPSILON, "0 < epsilon", "--x 0.1"),
        ("nan", DELTA, "finite decimal", "--x 1e-3"),
        ("inf", DELTA, "finite decimal", "--x 1e-3"),
        ("1e400", DELTA, "moderate size", "--x 1e-3"),
        ("1e999999999", DELTA, "moderate size", "--x 1e-3"),
        ("9" * 61, DELTA, "moderate size", "--x 1e-3"),
        ("inf", A_MIN, "finite decimal", "--x 1"),
        ("+Infinity", A_MIN, "finite decimal", "--x 1"),
        ("-inf", DELTA, "finite decimal", "--x 0"),
        ("-inf", A_MIN, "finite decimal", "--x 0.9"),
        ("1e400", A_MIN, "moderate size", "--x 1"),
        ("-1e400", DELTA, "moderate size", "--x 0"),
        ("1e-400", A_MIN, "moderate size", "--x 0.9"),
        ("0e400", DELTA, "moderate size", "--x 0"),
        ("1/3", DELTA, "finite decimal", "--x 1e-3"),
        ("abc", DELTA, "finite decimal", "--x 1e-3"),
        ("0.1..0.2", DELTA, "list the decimals", "--x 0.1,0.2"),
        ("", DELTA, "empty", "--x 1e-3"),
    ],
)
def test_decimals_refused(text: str, domain: Domain, message: str, nearest: str):
    with pytest.raises(BadInput, match=message) as refusal:
        decimals(text, "--x", domain)
    assert refusal.value.nearest == nearest
    assert decimals(nearest.removeprefix("--x "), "--x", domain)


@pytest.mark.parametrize("text", ["1,2", "1..2"])
def test_one_decimal_is_not_a_list(text: str):
    with pytest.raises(BadInput, match="one value, not a list or a range") as refusal:
        decimal(text, "--M", DELTA)
    assert refusal.value.nearest == "--M 1"


def test_a_domain_checks_itself():
    with pytest.raises(ValueError, match="no value between"):
        Domain("x", Fraction(1), Fraction(0), "1")
    with pytest.raises(ValueError, match="example 2 is not in the domain"):
        Domain("x", Fraction(0), Fraction(1), "2")
    assert Domain("x", None, None, "0").text == "x"


def test_names():
    assert choices("b,a,b", "--module", ("a", "b", "c")) == ("a", "b")
    assert choice(" attention", "--module", ("ssm", "attention")) == "attention"
    assert dtype("float16") == "float16"
    with pytest.raises(BadInput, match="bfloat16, float16, float32, float64; nearest that works: --dtype float32"):
        dtype("float23")
    with pytest.raises(BadInput, match="allowed are ssm, attention; nearest that works: --module attention"):
        choice("ATTENTION", "--module", ("ssm", "attention"))


@pytest.mark.parametrize(
    ("text", "nearest"), [("8..1e9", "8..100"), ("0..8", "1..8"), ("nan..8", "1..8"), ("0..1e9", "1..100")]
)
def test_a_bad_end_refuses_the_whole_range_as_typed(text: str, nearest: str):
    """`--L 8..1e9` was refused as `--L 1e9`, which nobody had typed."""
    with pytest.raises(BadInput) as refusal:
        integers(text, "--L", 1, 100)
    assert (refusal.value.given, refusal.value.nearest) == (f"--L {text}", f"--L {nearest}")
    integers(nearest, "--L", 1, 100)
