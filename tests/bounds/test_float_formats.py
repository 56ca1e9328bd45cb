"""The formats' numbers against NumPy's own, which come from the hardware types."""

import struct
from fractions import Fraction

import numpy as np
import pytest

from bounds.formats import FORMATS, FloatFormat, format_of


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_derived_number_equals_numpys(dtype):
    ours, theirs = format_of(np.dtype(dtype).name), np.finfo(dtype)
    assert ours.max == Fraction(float(theirs.max))
    assert ours.tiny == Fraction(float(theirs.tiny))
    assert ours.smallest == Fraction(float(theirs.smallest_subnormal))
    assert 2 * ours.unit_roundoff == Fraction(float(theirs.eps))
    assert ours.bits == theirs.bits


def test_bfloat16_is_the_upper_half_of_float32():
    ours = format_of("bfloat16")
    largest, smallest_normal, next_above_one = (
        Fraction(struct.unpack(">f", bytes.fromhex(pattern))[0]) for pattern in ("7f7f0000", "00800000", "3f810000")
    )
    assert (ours.max, ours.tiny, 1 + 2 * ours.unit_roundoff) == (largest, smallest_normal, next_above_one)
    assert ours.bits == 16


def test_underflow_is_cautious_where_subnormals_may_be_flushed():
    assert format_of("float16").underflow == format_of("float16").smallest / 2
    assert format_of("float32").underflow == format_of("float32").tiny


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"'fp8'.*bfloat16, float16, float32, float64"):
        format_of("fp8")
    assert list(FORMATS) == ["bfloat16", "float16", "float32", "float64"]


@pytest.mark.parametrize(("precision", "emax", "emin"), [(1, 15, -14), (11, -14, 15)])
def test_impossible_formats_are_refused(precision, emax, emin):
    with pytest.raises(ValueError, match=r"at least 2 significant bits|emin must be below emax"):
        FloatFormat("wrong", precision, emax, emin)
