"""What a program is, and which ones are refused."""

import pytest

from constructions.programs.expression import name
from constructions.programs.program import Builder, Define, Field, Program, Slots, address_if

x, t = name("x"), name("t")
X = Field("x", -2, 3)


def program(*statements: Define, fields=(X,), outputs=None, stop=x) -> Program:
    return Program("p", fields, statements, {"x": x} if outputs is None else outputs, stop, 9)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Field("x", 1, 0), "in order"),
        (lambda: program(fields=(X, X)), "share a name"),
        (lambda: program(fields=(X, Field("t", 0, 1))), "'t'"),
        (lambda: program(fields=(X, Field("1", 0, 1))), "'1'"),
        (lambda: program(Define("a", "s", name("b"))), r"\['b'\] are not defined"),
        (lambda: program(Define("x", "s", t)), "the name is taken"),
        (lambda: program(Define("a", "s", t), Define("a", "s", t)), "the name is taken"),
        (lambda: program(outputs={}), "must be the fields"),
        (lambda: program(stop=name("y")), "'y'"),
        (lambda: Builder("p", (X,), 0), "longest = 0"),
        (lambda: Builder("p", (X,), 9).program({"y": 1}, x), "no fields"),
        (lambda: program(Define("a", "s", x, (4, 9))).intervals, "no value is left"),
        (
            lambda: program(Define("a", "one", x), Define("b", "two", x), Define("c", "one", name("b"))),
            "its stage 'one' runs before 'b'",
        ),
    ],
)
def test_refusals(build, says):
    with pytest.raises(ValueError, match=says):
        build()


def test_intervals_of_every_kind_of_statement():
    build = Builder("p", (X,), 9)
    with build.stage("s"):
        build.define("d", 2 * x + t)
        build.define("narrow", 2 * x + t, (0, 4))
        build.register("r", x + 5, x > 0)
        build.register("r narrow", x + 5, x > 0, (0, 6))
        build.total("s", x, (-5, 5))
        memory = Slots(3, address_if(x > 0, x), t, True)
        build.recall("v", memory, 0)
        build.since("c", x > 0, (0, 9))
    intervals = build.program({}, x > 0).intervals
    wanted = {"x": (-2, 3), "t": (1, 9), "d": (-3, 15), "narrow": (0, 4), "r": (0, 8), "r narrow": (0, 6)}
    wanted |= {"s": (-5, 5), "v": (0, 9), "c: last reset": (0, 9), "c": (0, 9)}
    assert intervals == wanted


def test_stages_are_in_order_and_outputs_default_to_0():
    build = Builder("p", (X, Field("y", 0, 1)), 9)
    for stage in ("one", "two"):
        with build.stage(stage):
            build.define(stage, x)
    made = build.program({"x": name("two")}, x > 0)
    assert made.stages == ("one", "two")
    assert made.outputs["y"].data == (0,)
