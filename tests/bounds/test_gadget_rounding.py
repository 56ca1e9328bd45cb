"""The rounding bound of a block where its weights lie below the normal range."""

import numpy as np

from bounds.formats import format_of
from bounds.gadget_rounding import block_rounding


def test_an_outer_weight_below_the_normal_range_loses_more_than_its_share():
    """Once the bound left this loss out, and a network with M / lambda = 1.5e-6 in float16 went beyond it."""
    w, x = 2.0**-20 * 1.51, np.array([[10.0]])  # the spacing of float16 is 2^-24 there
    one, none = np.ones((1, 1)), np.zeros((1, 1))
    bound = block_rounding(
        none, np.ones(1), one, np.zeros(1), np.array([[w]]), x, np.zeros((1, 1)), format_of("float16")
    )
    silu = 10.0 / (1 + np.exp(-10.0))
    assert abs(float(np.float16(w)) - w) * silu > 2.0**-11 * w * silu
    assert bound[0, 0] > abs(float(np.float16(w)) - w) * silu
