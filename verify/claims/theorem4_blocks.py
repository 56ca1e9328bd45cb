"""Blocks 1 and 2 of A.6, bullet by bullet: problem size, next state, needed indices, flags.

*Block 1.*  Theorem 3's module needs the one-hot of the position that is copied in the token itself; where a separator
stood is what Block 1 is to find out, so it cannot ask for it.  Keys e^sep instead of positions (b = e^sep, A = O) keep
t_sep,j in one state each.  And f_I(n, e^state) sees e^state = 0 both at the separator that ends the inputs, where the
first state is due, and at the one that ends the states, where none is.

*Block 2.*  The value to compute is the next state's, so I_s and I_dp must be taken at the next state; with those of the
current one, what is copied does not determine the value.  Both flags are printed as I[.. != ..], the opposite of what
they are said to denote and of how Blocks 3 and 4 use them.
"""

from itertools import product

from constructions.problems.table import Table
from verify.claims.blocks import (
    EDIT,
    LIS,
    Place,
    Step,
    agrees,
    answer_states,
    compiled_check,
    computable,
    generating,
    positions,
    read_by,
    run_of,
    written,
)
from verify.claims.claim import Claim, Decision, Repair, Setup
from verify.claims.settled import fails
from verify.verdict import Check, Verdict

TOPIC = "Theorem 4"
REPAIRED = "as repaired"
LARGEST = 6  # of n1, n2, n3


def block1(setup: Setup) -> Decision:
    """T4-B1: where the separators are, n, and the next state."""
    mended = setup.altered == REPAIRED
    repair = Repair(
        "Keys e^sep_j in place of positions (A = O, one state a separator, O(N) in all) keep t_sep,j; n follows from "
        "them as printed. The next state is the first one at the separator that ends the inputs, f_I(n, e^state) at a "
        "state, none at the separator that ends the states.",
        (_queries(True), _sizes(), _next(True), compiled_check("T4-B1", _block1, "n and the next state")),
    )
    return fails(
        (_queries(mended), _sizes(), _next(mended)),
        repair,
        "Blocks 2 to 4 start from n and the next state. Theorem 4 stands with the repair.",
        "tokens = lambda n1, n2: ['x'] * n1 + ['|1'] + ['x'] * n2 + ['|2']; a, b = tokens(1, 0), tokens(0, 1); "
        "assert a[2] == b[2] and a.index('|1') != b.index('|1')",
    )


def _queries(mended: bool) -> Check:
    """What a query must name, t_sep,1 .. t_sep,N, against what it is formed from."""
    places = []
    for inputs in EDIT.every(2):
        kept = [0] * len(inputs)
        for step in run_of(EDIT, inputs):
            if 1 <= step.mark <= len(inputs):
                kept[step.mark - 1] += step.t  # H <- H + t e^sep, A = O
            if 0 not in kept:
                ends = tuple(sum(step.n[: j + 1]) + j + 1 for j in range(len(inputs)))
                token = (tuple(sorted(step.token.items())), step.t)
                places.append(Place(tuple(kept) if mended else token, ends, written(EDIT, step)))
    seen = "a state with keys e^sep" if mended else "the token x_t alone, which W_c sees"
    words = f"edit distance, strings of up to 2 letters; needed: t_sep,1 and t_sep,2; seen: {seen}"
    return computable("T4-B1", "separators", places, words, mended)


def _sizes() -> Check:
    """n_j = t_sep,j - t_sep,j-1 - 1 with t_sep,0 = 0."""
    cases = []
    for n in product(range(LARGEST + 1), repeat=3):
        t = [sum(n[: j + 1]) + j + 1 for j in range(3)]
        cases.append((f"lengths {n}", (t[0] - 1, t[1] - t[0] - 1, t[2] - t[1] - 1), n))
    return agrees("T4-B1", "problem size", cases, f"three sequences of 0 to {LARGEST} tokens, positions from 1", True)


def _next(mended: bool) -> Check:
    """f_I(n, e^state) at every token after which one is put out."""
    steps = list(generating(LIS, LIS.every(2)))
    places = [
        Place((step.n, step.state, *([step.mark] if mended else [])), step.upcoming, written(LIS, step))
        for step in steps
    ]
    seen = "n, e^state and e^sep" if mended else "n and e^state"
    return computable(
        "T4-B1", "next state", places, f"LIS of up to 2 numbers; needed: the next state; seen: {seen}", mended
    )


def _block1(task: Table, step: Step) -> dict[str, int]:
    if step.t < sum(step.n) + len(step.n):
        return {}
    sizes = task.problem.sizes(step.n)
    following = zip(task.problem.indices, step.upcoming or (), strict=False)
    return sizes | {f"next state {i}": x for i, x in following}


def block2(setup: Setup) -> Decision:
    """T4-B2: indices and both flags."""
    mended = setup.altered == REPAIRED
    repair = Repair(
        "p^s = I_s(n, e^next_state) and p^dp = I_dp(n, e^next_state), each state with a position of its own, gamma "
        "for every entry that is empty; f^answer = 1 - I[e^state != e_j^state], one flag for each j; f^state = "
        "I[e^next_state = 0]: all about the state to be computed. That I_s, I_dp and the positions are constant-size "
        "networks has to be read into Assumption 3, which lists f_I, f_T, f_A and A(n); A = f(n, s) is A(n).",
        (
            _indices(True),
            _answer_flag(),
            _state_flag("T4-B2", True),
            compiled_check("T4-B2", _block2, "flags and positions"),
        ),
    )
    return fails(
        (_indices(mended), _answer_flag(), _state_flag("T4-B2", mended)),
        repair,
        "Blocks 3 and 4 copy by these positions and flags. Theorem 4 stands with the repair.",
        "d = lambda s, t: len(t) * 2 if not s else len(s) * 2 if not t else min(d(s, t[:-1]) + 2, d(s[:-1], t) + 2, "
        "d(s[:-1], t[:-1]) + 3 * (s[-1] != t[-1])); assert d('a', 'b') == 3 and d('a', 'ba') != d('a', 'bb')",
    )


def _indices(mended: bool) -> Check:
    """Whether what is copied, with n, the states and the current value, determines the next value."""
    places = []
    for step in generating(EDIT, EDIT.every(2)):
        if step.state is not None and step.upcoming is not None:
            copied = read_by(EDIT.problem, step.upcoming if mended else step.state, step)
            seen = step.n, step.state, step.upcoming, step.value, copied
            places.append(Place(seen, step.solution.values[step.upcoming], written(EDIT, step)))
    which = "next" if mended else "current"
    words = (
        "edit distance, strings of up to 2 letters; needed: dp of the next state; seen: n, the current and the next "
        f"state, the current dp, and the tokens and values at I_s and I_dp of the {which} state"
    )
    return computable("T4-B2", "indices", places, words, mended)


def _answer_flag() -> Check:
    """1 - I[e^state != e_j^state] against: the answer needs this state's value, f^answer = 1 in Block 4."""
    cases = []
    for step in generating(LIS, LIS.every(2)):
        if step.state is not None:
            needed = answer_states(LIS, step).values()
            differs = all(step.state != wanted for wanted in needed)
            cases.append((written(LIS, step), int(not differs), int(step.state in needed)))
    return agrees("T4-B2", "f^answer", cases, "LIS of up to 2 numbers; needed: 1 where A reads the state's value", True)


def _state_flag(claim: str, mended: bool) -> Check:
    """I[e^next_state != 0] against: this is the last state, as Block 3 reads f^state = 1."""
    cases = []
    for step in generating(LIS, LIS.every(2)):
        if step.state is not None:
            follows = step.upcoming is not None
            cases.append((written(LIS, step), int(not follows if mended else follows), int(step.last)))
    return agrees(claim, "f^state", cases, "LIS of up to 2 numbers; needed: 1 at the last state", mended)


def _block2(task: Table, step: Step) -> dict[str, int]:
    if step.t < sum(step.n) + len(step.n) or (step.state is None and not step.mark):
        return {}
    found = {"computes a state": int(step.upcoming is not None)}
    if step.state is not None:
        wanted = answer_states(task, step)
        found |= {f"the answer reads it: {name}": int(step.state == state) for name, state in wanted.items()}
    return found | {f"position of {name}": place for name, place in positions(task, step).items()}


CLAIMS = (
    Claim(
        "T4-B1",
        "A.6, Block 1",
        TOPIC,
        "From the tokens [e^input, e^state, e^dp, e^answer, e^sep, t, 1] Theorem 3's COPY gives the positions of the "
        "separators, their differences less 1 give n, and f_I(n, e^state) gives the next state.",
        block1,
        Verdict.REFUTED,
        Verdict.PROVED,
        {REPAIRED: Verdict.PROVED},
    ),
    Claim(
        "T4-B2",
        "A.6, Block 2",
        TOPIC,
        "I_s(n, e^state) and I_dp(n, e^state) are what the next value needs; f^answer, by I[e^state != e_j^state], "
        "marks the states that the answer needs; f^state = I[e^next_state != 0] marks the last state.",
        block2,
        Verdict.REFUTED,
        Verdict.PROVED,
        {REPAIRED: Verdict.PROVED},
    ),
)
