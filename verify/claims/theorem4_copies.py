"""Blocks 3 and 4 of A.6, bullet by bullet: the copies, the transition, the aggregation, the answer.

*From a scalar to Theorem 3's one-hot.*  After Block 2 the stream holds positions as the scalars t and p_t.  Let the
letter a stand at place j = 1, 2 or 3, and let p_t = 2 at a later token i.  Its key b_j = W_b x_j is affine in j, so its
score c_i^T b_j is too, whatever c_i, W_b and the embeddings are; it must be 0, 1, 0.  The second difference of an
affine score is 0, that of 0, 1, 0 is -2.  What is built instead: with t^2 and p^2 in the stream, relu(1 - (p - j)^2) =
I[p = j] for integers, one unit a slot, so O(T) more.

*Its size.*  Inside the full layer with Remark 1's gate, Theorem 3's module has T (d + 2 T + 1) state entries.

*By flags.*  COPY copies a position.  With the flags as keys, b_j = f_j^answer and c = 1, Theorem 3's module puts out
the sum of all flagged values: the chains 1 2 2 2 and 1 1 2 3 of LIS have the sum 7 and the answers 2 and 3.
"""

from itertools import pairwise, product

import sympy

from bounds.sizes import ssm_gated, ssm_linear_layer
from constructions.oracle import dependencies, solve
from constructions.problems import lis
from constructions.problems.table import Table
from verify.claims.blocks import (
    LIS,
    Place,
    Step,
    agrees,
    answer_states,
    compiled_check,
    computable,
    copies,
    generating,
    run_of,
    written,
)
from verify.claims.claim import REFUTES, Claim, Decision, Repair, Setup
from verify.claims.settled import fails, settled
from verify.verdict import ESTABLISHED, Check, Verdict

TOPIC = "Theorem 4"
REPAIRED = "as repaired"
SLOTS = 24  # positions among which the repaired one-hot is looked at
LENGTHS = range(1, 33)  # T at which sizes are counted


def block3(setup: Setup) -> Decision:
    """T4-B3: the flag, the copies and their size, the value."""
    mended = setup.altered == REPAIRED
    repair = Repair(
        "Nothing is copied where f^state, 1 at the last state, is 1. The stream gets t^2 and p^2, and relu(1 - (p - "
        "j)^2) gives the one-hot of p, one unit a slot, as the gate of a memory with one state a channel: O((N_s + "
        "N_dp) T d) state entries. f_T gives e^next_dp.",
        (_guard(True), _scores(True), _sizes(True), compiled_check("T4-B3", _block3, "the copies and the next value")),
    )
    return fails(
        (_guard(mended), _scores(mended), _sizes(mended)),
        repair,
        "The size O(T) of Theorem 4 is the size of this block. Theorem 4 stands with the repair.",
        "score = lambda j: int(j == 2); assert score(1) - 2 * score(2) + score(3) == -2  # 0 for c^T (u j + w)",
    )


def _guard(mended: bool) -> Check:
    """What Block 3 copies, given f^state of Block 2, against what the next state reads."""
    cases = []
    for step in generating(LIS, LIS.every(2)):
        if step.state is not None:
            flag = (step.upcoming is None) if mended else (step.upcoming is not None)
            needed = 0 if step.upcoming is None else _reads(LIS, step)
            cases.append((written(LIS, step), 0 if flag else needed, needed))
    words = (
        "LIS of up to 2 numbers; tokens and values copied, none where f^state = 1; needed: what the next state reads"
    )
    return agrees("T4-B3", "flag", cases, words, mended)


def _reads(task: Table, step: Step) -> int:
    assert step.upcoming is not None
    return sum(map(len, dependencies(task.problem, step.upcoming, step.n)))


def _scores(mended: bool) -> Check:
    """The second difference of the scores at three positions, against that of the one-hot; or the repaired one-hot."""
    if mended:
        pairs = list(product(range(SLOTS), repeat=2))
        off = [(p, j) for p, j in pairs if max(1 - (p * p - 2 * p * j + j * j), 0) != int(p == j)]
        words = f"relu(1 - (p^2 - 2 p j + j^2)), linear in p and p^2, against I[p = j] for all p, j < {SLOTS}"
        witness = {"p, j": list(off[0])} if off else None
        why = f"{words}; in general (p - j)^2 >= 1 for integers p != j"
        return settled("T4-B3", "one-hot", not off, len(off), 0, why, witness)
    j = sympy.Symbol("j")
    c, u, w = (sympy.symbols(f"{name}1:4") for name in "cuw")
    score = sympy.Add(*(ck * (uk * j + wk) for ck, uk, wk in zip(c, u, w, strict=True)))
    difference = sympy.expand(score.subs(j, 1) - 2 * score.subs(j, 2) + score.subs(j, 3))
    needed = 0 - 2 * 1 + 0
    return settled(
        "T4-B3",
        "one-hot",
        difference == needed,
        str(difference),
        needed,
        "sympy: the score c^T (u j + w) of the same letter at j = 1, 2, 3, its second difference; needed: that of 0, "
        "1, 0, for p_t = 2",
        {"p_t": 2, "scores needed at j = 1, 2, 3": [0, 1, 0], "second difference": needed, "of any affine score": 0},
        REFUTES,
    )


def _sizes(mended: bool) -> Check:
    """The state entries of the copying layer, a polynomial in T of degree 2 at most: is its second difference 0?"""
    size = ssm_gated if mended else ssm_linear_layer
    entries = [size(T, 1).state_entries for T in LENGTHS]
    second = [x - 2 * y + z for x, y, z in zip(entries, entries[1:], entries[2:], strict=False)]
    layer = "one state a channel, T d + T + 1" if mended else "Remark 1's block, T (d + 2 T + 1)"
    return settled(
        "T4-B3",
        "state entries",
        set(second) == {0},
        second[0],
        0,
        f"second difference of the state entries at T = {LENGTHS[0]}..{LENGTHS[-1]}, d = 1, 0 where they grow like T: "
        f"{layer}",
        {"T": list(LENGTHS)[:3], "state entries": entries[:3]},
        ESTABLISHED if mended else REFUTES,
    )


def _block3(task: Table, step: Step) -> dict[str, int]:
    if step.upcoming is None:
        return {}
    return copies(task, step) | {"next dp": step.solution.values[step.upcoming]}


def block4(setup: Setup) -> Decision:
    """T4-B4: when the answer is due, what is collected, and where it is put out."""
    mended = setup.altered == REPAIRED
    repair = Repair(
        "One register for each state that the answer reads keeps its value, written where its own flag is 1. After the "
        "last state the model puts out the separator; at the separator, which e^sep shows, f_A is put out.",
        (
            _solved(True),
            _collected(True),
            _timing(True),
            compiled_check("T4-B4", _block4, "f_A's arguments and answer"),
        ),
    )
    return fails(
        (_solved(mended), _collected(mended), _timing(mended)),
        repair,
        "Nothing but Theorem 4 itself, which stands with the repair.",
        "c = lambda s: s and (lambda v: v + [1 + max([v[i] for i in range(len(v)) if s[i] < s[-1]], default=0)])"
        "(c(s[:-1])); a, b = c([1, 2, 2, 2]), c([2, 1, 2, 3]); assert sum(a) == sum(b) == 7 and max(a) != max(b)",
    )


def _solved(mended: bool) -> Check:
    """f^state = 1 as Block 2 prints it, against: all values have been solved."""
    cases = []
    for step in generating(LIS, LIS.every(2)):
        if step.state is not None:
            flag = (step.upcoming is None) if mended else (step.upcoming is not None)
            cases.append((written(LIS, step), int(flag), int(step.last)))
    return agrees(
        "T4-B4", "flag", cases, "LIS of up to 2 numbers; f^state; needed: 1 where all values are solved", mended
    )


def _collected(mended: bool) -> Check:
    """What is collected of the flagged values, against the answer; in the chain of Section 4 the answer reads all."""
    problem, places = lis.one_index(), []
    for (s,) in lis.every(4):
        if len(s) == 4:
            solution = solve(problem, (s,))
            values = tuple(solution.values.values())
            places.append(Place(values if mended else sum(values), solution.answer, " ".join(map(str, s))))
    kept = "the values, one register each" if mended else "their sum, which keys f^answer and the query 1 give"
    words = f"LIS with one index, 4 numbers of 1 to 3; needed: the answer; seen: {kept}"
    return computable("T4-B4", "collected", places, words, mended)


def _timing(mended: bool) -> Check:
    """What kind of token is put out, against Section 4's format: states, the separator, A."""
    cases = []
    for inputs in filter(lambda each: each[0], LIS.every(2)):
        steps = run_of(LIS, inputs)
        for step, following in pairwise(steps[len(inputs[0]) :]):
            needed = "a state" if following.state else "|" if following.mark else "A"
            cases.append((written(LIS, step), (_repaired if mended else _as_printed)(step), needed))
    return agrees("T4-B4", "timing", cases, "LIS of 1 or 2 numbers; the kind of the next token", mended)


def _as_printed(step: Step) -> str:
    """A at the last state; elsewhere the next state, which is f_I(n, 0), the first one, at any separator."""
    return "A" if step.last else "a state"


def _repaired(step: Step) -> str:
    """A at the separator that ends the states; the separator where no state is left."""
    return "A" if step.mark == 2 else "|" if step.upcoming is None else "a state"


def _block4(task: Table, step: Step) -> dict[str, int]:
    if step.mark != len(step.inputs) + 1:
        return {}
    kept = answer_states(task, step)
    values = {f"for the answer: {name}": step.solution.values[state] for name, state in kept.items()}
    return values | {"the answer": step.solution.answer}


CLAIMS = (
    Claim(
        "T4-B3",
        "A.6, Block 3",
        TOPIC,
        "Where f^state = 1 nothing is copied; otherwise Theorem 3's module, O((N_s + N_dp) t d) in size, copies at the "
        "positions p_t of Block 2, scalars of the stream, and f_T gives the value of the next state.",
        block3,
        Verdict.REFUTED,
        Verdict.PROVED,
        {REPAIRED: Verdict.PROVED},
    ),
    Claim(
        "T4-B4",
        "A.6, Block 4",
        TOPIC,
        "Where f^state = 1 all values are solved; COPY collects those with f^answer = 1, and f_A gives the answer, "
        "in the format (i, dp(i)) .. | A of Section 4.",
        block4,
        Verdict.REFUTED,
        Verdict.PROVED,
        {REPAIRED: Verdict.PROVED},
    ),
)
