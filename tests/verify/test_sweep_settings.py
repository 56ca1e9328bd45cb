"""What may be asked of a sweep, and the runs that are enough for it."""

from dataclasses import replace
from fractions import Fraction

import pytest

from verify.errors import BadInput
from verify.sweep.grid import cells, distinct
from verify.sweep.settings import SweepSettings, parse


def test_what_is_typed_is_read_and_written_back():
    typed = {"N": "64..256", "L": "8", "epsilon": "0.1", "d-h": "16", "a-min": "0.9,1", "dtype": "bfloat16"}
    settings = parse(typed | {"module": "attention,ssm-constant", "seed": "3"}, fresh=False)
    assert settings.N == (64, 128, 256)
    assert settings.a_min == (Fraction("0.9"), Fraction(1))
    assert settings.modules == ("ssm-constant", "attention")
    words = settings.command().split()
    again = dict(zip((word.removeprefix("--") for word in words[2::2]), words[3::2], strict=True))
    assert parse(again, fresh=False) == settings
    assert parse({}, fresh=False).command() == "verify sweep"
    assert parse({"module": "all"}, fresh=False) == parse({"module": "attention, all"}, fresh=False) == SweepSettings()
    assert parse({}, fresh=False).name() == "sweep" != settings.name()


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        ({"N": "nan"}, r"^--N nan: .*whole number.*; nearest that works: --N \d+$"),
        ({"N": "0"}, r"nearest that works: --N 1$"),
        ({"a-min": "nan"}, r"0 < a_min <= 1; nearest that works: --a-min 0.9$"),
        ({"a-min": "0"}, r"0 < a_min <= 1; nearest that works: --a-min 0.9$"),
        ({"epsilon": "nan"}, r"0 < epsilon <= 0.5; nearest that works: --epsilon 1e-3$"),
        ({"epsilon": "0.6"}, r"nearest that works: --epsilon 0.5$"),
        ({"dtype": "int8"}, r"allowed are bfloat16, float16, float32, float64; nearest that works: --dtype"),
        ({"module": "mamba"}, r"allowed are ssm-linear, .*, all; nearest that works: --module"),
        ({"module": "attention", "d-h": "16"}, r"says something of ssm-constant alone; .*leave out --d-h$"),
        ({"N": "64", "L": "128"}, r"no step lies L - 1 steps behind another of N <= 64; nearest that works: --L 64$"),
        ({"devices": "0"}, r"nearest that works: --devices 1$"),
        ({"store": ""}, r"the name of a file"),
        ({"csv": "/"}, r"the name of a file"),
    ],
)
def test_bad_input_is_one_line(texts: dict[str, str], line: str):
    with pytest.raises(BadInput, match=line) as refused:
        parse(texts, fresh=False)
    assert "\n" not in str(refused.value)


def test_parameters_that_a_module_ignores_multiply_nothing():
    settings = SweepSettings(
        N=(16, 64), L=(4, 32), d_h=(8, 16), a_min=(Fraction("0.9"), Fraction(1)), dtypes=("float32", "bfloat16")
    )
    places, epsilons, dtypes = 3, len(settings.epsilon), 2  # of N and L, those with L <= N
    runs = {
        "ssm-linear": places,
        "ssm-gated": places * epsilons,
        "ssm-constant": 2 * (2 * places + 2),  # for each d_h: two a_min, and once more after all is written
        "attention": places * epsilons,
    }
    all_cells = cells(settings)
    for module, count in runs.items():
        own = [cell for cell in all_cells if cell.run.module == module]
        assert len(distinct(own)) == dtypes * count
        derived = module in ("ssm-gated", "attention")
        assert len(own) == dtypes * count * (1 if derived else epsilons)
        assert all((cell.run.epsilon == cell.epsilon) is derived for cell in own)
    assert len({run.key for run in distinct(all_cells)}) == len(distinct(all_cells))


def test_the_average_case_is_run_whatever_forgetting_is_listed():
    """With nothing forgotten, once for each N and d_h; beside it a_min = 1 stands at distances only where listed."""
    settings = SweepSettings(N=(16, 64), L=(4,), d_h=(8, 16), a_min=(Fraction("0.9"),), dtypes=("float32",))
    found = distinct(cells(settings))
    average = [run for run in found if run.L is None]
    assert [(run.N, run.d_h, run.a) for run in average] == [(N, d_h, 1) for N in (16, 64) for d_h in (8, 16)]
    assert {run.a for run in found if run.module == "ssm-constant" and run.L} == {Fraction("0.9")}
    with_one = distinct(cells(replace(settings, a_min=(Fraction("0.9"), Fraction(1)))))
    assert [run for run in with_one if run.L is None] == average
    assert not any(run.L is None for run in distinct(cells(replace(settings, modules=("ssm-linear", "attention")))))


def test_no_cell_asks_further_back_than_there_are_values():
    assert all(cell.run.L is None or cell.run.L <= cell.run.N for cell in cells(SweepSettings(N=(8, 64), L=(8, 64))))
