"""What the released block adds: neutralised, the copy holds; left as it is, it is off by more than M/2."""

from fractions import Fraction

import pytest

from verify.errors import BadInput
from verify.export import additions
from verify.export.bound import FLOAT32, Program, streamed
from verify.export.construct import construct
from verify.export.model import embedded
from verify.export.programs import Text, head_of
from verify.export.settings import ExportSettings, parse

pytestmark = pytest.mark.usefixtures("extra")


def test_every_addition_breaks_the_copy_unless_it_is_undone(monkeypatch):
    monkeypatch.setattr(additions, "SIZE", {"N": "16", "d": "4"})
    rows, made = additions.additions(), construct(parse("copy", additions.SIZE))
    assert made.sample is not None
    stream = embedded(made.sample.inputs, made.model.sizes.stream)
    allowed = streamed(made.model.tensors, 1, stream, Program(FLOAT32, FLOAT32)).off[:, made.sample.outputs].max()
    assert len({row.name for row in rows}) == len(rows) == 5
    for row in rows:
        assert row.kept_error <= allowed
        assert row.as_is_error > made.settings.M / 2


def test_a_gadget_whose_domain_is_empty_is_refused():
    """Planted: no two numbers of [-1, 1] are 5 apart."""
    with pytest.raises(BadInput, match="a smaller --alpha"):
        construct(ExportSettings("gadget", M=Fraction(1), name="greater-printed", alpha=Fraction(5)))


def test_logits_beyond_what_float32_holds_are_refused():
    """Planted: a token of the size 2^12."""
    language = construct(parse("dp", {"problem": "subarray", "n": "2", "instances": "2"})).language
    assert language is not None
    stack, text = language[:2]
    large = Text(text.fields, text.tokens + 2**12, text.prompts, text.chains)
    with pytest.raises(ValueError, match="more than float32 holds exactly"):
        head_of(stack, large)
