"""What the released block adds: undone it leaves nothing or a rounding, as it is it breaks what it reaches."""

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


SMALL = (
    ("copy", {"N": "16", "d": "4"}),
    ("gadget", {"name": "select"}),
    ("dp", {"problem": "subarray", "theorem": "5", "n": "2", "instances": "1"}),
)


@pytest.fixture(scope="module")
def rows():
    """The rows of a small construction of each kind, by name."""
    made = [additions.subject(construct(parse(what, texts))) for what, texts in SMALL]
    return {what: {row.name: row for row in additions.rows_of(of)} for (what, _), of in zip(SMALL, made, strict=True)}


def rounding(texts):
    """What float32 may lose of a copy."""
    made = construct(parse("copy", texts))
    assert made.sample is not None
    stream = embedded(made.sample.inputs, made.model.sizes.stream)
    return streamed(made.model.tensors, 1, stream, Program(FLOAT32, FLOAT32)).off[:, made.sample.outputs].max()


def test_what_an_addition_leaves_when_undone_is_its_own(rows):
    """Regression: one error of the copy with all five undone was printed five times."""
    for what, found in rows.items():
        assert list(found) == [additions.NONE, *additions.ADDITIONS, additions.ALL]
        for name in additions.ADDITIONS:
            exact = name != additions.SILU or what != "copy"
            assert found[name].left == 0.0 if exact else 0.0 < found[name].left <= rounding(SMALL[0][1])
    assert rows["copy"][additions.NONE].as_is_error == rows["dp"][additions.NONE].as_is_error == 0.0


def test_every_addition_breaks_what_has_a_state_unless_it_is_undone(rows):
    """The gadget has none, so that A alone does not matter there."""
    certified = construct(parse(*SMALL[1])).error
    for name in (*additions.ADDITIONS, additions.ALL):
        assert rows["copy"][name].as_is_error > parse(*SMALL[0]).M / 2
        assert rows["dp"][name].wrong[0] > 0
        plain, found = (rows["gadget"][each].as_is_error for each in (additions.NONE, name))
        assert found == plain if name == additions.FORGETTING else found > certified
    assert rows["dp"][additions.NONE].wrong[0] == 0


@pytest.mark.parametrize("planted", additions.ADDITIONS)
def test_an_addition_that_is_not_undone_is_seen(planted, monkeypatch):
    """Planted: what is called undone is as it is."""
    of = additions.subject(construct(parse("copy", {"N": "4", "d": "1"})))
    right = additions.outputs

    def wrong(of, block):
        as_is = {planted: additions.State.AS_IT_IS} if block[planted] is additions.State.UNDONE else {}
        return right(of, block | as_is)

    monkeypatch.setattr(additions, "outputs", wrong)
    found = {row.name: row.left for row in additions.rows_of(of)}
    assert found[planted] > max(found[name] for name in additions.ADDITIONS if name != planted)


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
