"""Arithmetic step by step: the chain of A.5 with its window and its length, and the example of A.8.

*The window.*  In 0+0+0+0=0+0+0=0+0=0 every order of reduction writes the same chain.  Its n = 8 tokens +0+0=0+0 occur
twice, before + and before =.  With L = n - 1 symbols in the first line, 2 L tokens are enough: the module docstring of
`constructions.problems.arithmetic` has the argument.

*The length.*  A line has at least 2 symbols less than the one before, so at most r = (L - 1) / 2 lines follow, with
(L - 2) + (L - 4) + .. + 1 symbols and r - 1 signs = at most: (L^2 - 5) / 4 tokens, reached by 0+0+..+0.
"""

from itertools import pairwise

from constructions.problems.arithmetic import Arithmetic
from constructions.problems.expressions import LARGEST as LARGEST_NUMBER
from constructions.problems.expressions import Line, Numbers, is_rewrite, lines, read, value
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled
from verify.dp.locality import Chain, conflict
from verify.verdict import ESTABLISHED, Check, Verdict

TOPIC = "Examples"
EXAMPLE = "7*(7+5+10)=7*(1+10)=7*0=0"
TRAINING = "4*(8-6/3)=4*(8-2)=4*6=24"
LENGTH = 4  # L of that example, as A.8 has it
SUMS = 12  # zeros of the longest sum
OPERATORS = 2  # of the expressions that are gone through


def arithmetic(setup: Setup) -> Decision:
    """A5-ARITH: the example in its arithmetic, the window, and the length of the chain."""
    mended = setup.altered == "modulo 11, window 2 n - 2"
    printed = (
        _example(11 if mended else None),
        _arithmetic_window(mended),
        _arithmetic_length(),
    )
    repair = Repair(
        "The example holds modulo 11 and modulo no other number. The last 2 n - 2 tokens determine the next one, where "
        "the leftmost possible reduction comes first. The chain has T - n <= n^2 / 4 generated tokens.",
        (_example(11), _only_modulus(), _arithmetic_window(True), _arithmetic_length()),
    )
    return fails(
        printed,
        repair,
        "Theorem 5 is used with m = n here; with m = 2 n - 2 it says the same, O(n).",
        'chain = "0+0+0+0=0+0+0=0+0=0"; n = chain.index("=") + 1; assert 7 + 5 != 1 and '
        'chain[11 - n : 11] == chain[17 - n : 17] == "+0+0=0+0" and chain[11] == "+" != chain[17] == "="',
    )


def _example(p: int | None) -> Check:
    """Both sides of every = of the example, modulo p, or as whole numbers."""
    values = [value(read(line), Numbers(None, LARGEST_NUMBER)) for line in EXAMPLE.split("=")]
    rest = values if p is None else [v % p for v in values]
    return settled(
        "A5-ARITH",
        "example" if p is None else f"example modulo {p}",
        len(set(rest)) == 1,
        str(rest),
        "equal values",
        f"{EXAMPLE}: the value of every line, " + ("as integers" if p is None else f"modulo {p}"),
        {"lines": EXAMPLE, "values": rest},
        REFUTES if p is None else ESTABLISHED,
    )


def _only_modulus() -> Check:
    moduli = [p for p in range(2, 10**4) if (7 + 5 - 1) % p == 0]
    return settled(
        "A5-ARITH",
        "modulus",
        moduli == [11],
        str(moduli),
        "[11]",
        "7 + 5 = 1 says that p divides 11; all p from 2 to 9999",
        {"moduli": moduli},
    )


def _arithmetic_window(mended: bool) -> Check:
    """No conflict of the last n (or 2 n - 2) tokens, among expressions with equally many tokens."""
    task = Arithmetic()
    sums = [read("+".join("0" * k)) for k in range(1, SUMS + 1)]
    groups: dict[int, list[tuple[Chain, int]]] = {}
    for line in dict.fromkeys([*sums, *task.every(OPERATORS)]):
        groups.setdefault(len(line) + 1, []).append((_symbols(line, task), len(line) + 1))
    found = {n: conflict(chains, 2 * n - 2 if mended else n) for n, chains in sorted(groups.items())}
    n, broken = next(((n, each) for n, each in found.items() if each), (None, None))
    window = "2 n - 2" if mended else "n"
    return settled(
        "A5-ARITH",
        f"window {window}",
        broken is None,
        n,
        None,
        f"{sum(map(len, groups.values()))} chains (all of at most {OPERATORS} operators over 0 and 2 modulo 11, and "
        f"sums of up to {SUMS} zeros), by n; looked for: the same last {window} tokens and different next ones; "
        "value: the least n",
        broken and {"n": n, "window": "".join(map(str, broken.window)), "next": [broken.first, broken.second]},
        ESTABLISHED if mended else REFUTES,
    )


def _symbols(line: Line, task: Arithmetic) -> Chain:
    """The tokens of a chain as they are written."""
    found = list(line)
    for following in lines(line, task.numbers):
        found += ["=", *following]
    return tuple(found)


def _arithmetic_length() -> Check:
    """The length of every small chain and of sums, against (L^2 - 5) / 4 generated tokens."""
    task = Arithmetic()
    sums = [read("+".join("0" * k)) for k in range(2, SUMS + 1)]
    every = [line for line in task.every(OPERATORS) if len(line) > 1]
    over = [line for line in (*every, *sums) if 4 * len(task.expected(line)) > len(line) ** 2 - 5]
    reached = all(4 * len(task.expected(line)) == len(line) ** 2 - 5 for line in sums)
    return settled(
        "A5-ARITH",
        "length",
        not over and reached,
        "(L^2 - 5) / 4",
        "n^2 / 4, n = L + 1",
        f"generated tokens of all {len(every)} expressions of 1 to {OPERATORS} operators, and of sums of 2 to {SUMS} "
        "zeros, which reach it",
        {"lines": ["".join(map(str, line)) for line in over[:1]], "reached": reached},
    )


def training(setup: Setup) -> Decision:
    """A8-EX: the chain, the arithmetic that it is in, and its number of steps."""
    counted = "lines" if setup.altered == "L counts lines" else "steps"
    repair = Repair(
        "The chain holds over the integers, not modulo 11, where its last value is 2. It takes 3 steps, one an "
        "operator, and has 4 lines.",
        (_chain_holds(), _not_modulo(), _steps("steps", 3)),
    )
    return fails(
        (_chain_holds(), _steps(counted, LENGTH)),
        repair,
        "Nothing of the theory. Who sets up the experiment must know whether L = 4..7 counts operators or lines.",
        f'chain = "{TRAINING}"; assert chain.count("=") == 3 != 4 and 4 * 6 % 11 == 2 != 24',
    )


def _chain_holds() -> Check:
    """Every line has the same value over the integers and is the line before with one node reduced."""
    numbers = Numbers(None, LARGEST_NUMBER)
    chain = [read(line) for line in TRAINING.split("=")]
    values = [value(line, numbers) for line in chain]
    legal = all(is_rewrite(before, after, numbers) for before, after in pairwise(chain))
    return settled(
        "A8-EX",
        "chain",
        legal and set(values) == {24},
        str(values),
        "24",
        f"{TRAINING}: the value of every line over the integers, and every line one reduction of the one before",
        {"values": values, "reductions": legal},
    )


def _not_modulo() -> Check:
    reached = 4 * 6 % 11
    return settled(
        "A8-EX",
        "modulo 11",
        reached == 2,
        reached,
        24,
        "4*6 modulo 11, the arithmetic of A.5's example; its numbers are 0 to 10, and 24 is none of them",
        {"4*6": reached},
    )


def _steps(counted: str, stated: int) -> Check:
    found = TRAINING.count("=") + (counted == "lines")
    return settled(
        "A8-EX",
        f"{counted} are {stated}",
        found == stated,
        found,
        stated,
        f"{counted} of {TRAINING}, which A.8 gives as an example of L = {LENGTH} steps",
        {"chain": TRAINING, counted: found, "L": stated},
        REFUTES if stated == LENGTH else ESTABLISHED,
    )


CLAIMS = (
    Claim(
        "A5-ARITH",
        "A.5",
        TOPIC,
        "7*(7+5+10)=7*(1+10)=7*0=0 holds; besides the input, each next token needs a window of at most n tokens, n "
        "being the input's with its =; and the chain of an expression of n tokens has T = O(n^2) tokens.",
        arithmetic,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"modulo 11, window 2 n - 2": Verdict.PROVED},
    ),
    Claim(
        "A8-EX",
        "A.8",
        TOPIC,
        "4*(8-6/3)=4*(8-2)=4*6=24 holds, and is an example of task length L = 4, L being the number of steps.",
        training,
        Verdict.REFUTED,
        Verdict.PROVED,
        {"L counts lines": Verdict.PROVED},
    ),
)
